"""The queue of proposals: what it shows first, how it is narrowed, what it costs; and what Today says of it."""

from datetime import timedelta
from uuid import UUID

import pytest
from litestar import Litestar

from service import clock, db
from service.proposals import review
from tests.proposals.test_listing import COPIES, a_proposal
from tests.visits import counted
from tests.web.office.harness import browser_of, somebody
from tests.web.office.test_proposal import HERE, page_of, path_of


async def test_the_queue_says_what_waits_since_when_and_who_looks_after_it(app: Litestar) -> None:
    ben = await somebody("organiser")
    waits, asked = await a_proposal(title="Le four"), await a_proposal("asked", title="La forge")
    await review.assign(asked.id, ben.id, "test")
    await db.fetch("UPDATE proposal SET waits_since = $1", clock.now() - timedelta(days=9))
    async with browser_of(app, ben) as client:
        page = await page_of(client)
    for words in ("For the campus to answer", "New proposal", "For 9 days", "The others", "Question asked", ben.name):
        assert words in page.words
    assert page.words.index("Le four") < page.words.index("La forge")
    assert page.all("a", href=f"{path_of(waits)}?lang=en")


async def test_the_queue_is_narrowed_by_its_address(app: Litestar) -> None:
    ben = await somebody("organiser")
    mine = await a_proposal(title="Élan", kind="workshop")
    await a_proposal("asked", title="Autre")
    await review.assign(mine.id, ben.id, "test")
    async with browser_of(app, ben) as client:
        for query in ({"q": "elan"}, {"state": "submitted"}, {"kind": "workshop"}, {"by": "mine"}, {"by": str(ben.id)}):
            words = (await page_of(client, **query)).words
            assert ("Élan" in words, "Autre" in words) == (True, False)
        assert "Nothing waits for the campus." not in words
        assert "Nothing matches" in (await page_of(client, q="introuvable")).words
        newest = (await page_of(client, sort="newest")).words
    assert newest.index("Autre") < newest.index("Élan")


@pytest.mark.parametrize(
    "query",
    ["page=99", "page=x", "page=-1", f"by={UUID(int=7)}&kind=%00&state=7&sort=%27", "q=%00%ff", "q=" + "x" * 500],
)
async def test_an_odd_address_of_the_queue_is_no_error(app: Litestar, query: str) -> None:
    await a_proposal()
    async with browser_of(app, await somebody("admin")) as client:
        assert (await client.get(f"{HERE}?{query}")).status_code == 200


async def test_an_empty_queue_says_what_to_do(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client)
        assert ("No proposal yet" in page.words, bool(page.all("a", href="/propose?lang=en"))) == (True, True)
        await a_proposal("asked")
        assert "Nothing waits for the campus." in (await page_of(client)).words


async def test_queue_and_page_cost_the_same_with_one_and_with_three_hundred(app: Litestar) -> None:
    proposal = await a_proposal("asked")
    async with browser_of(app, await somebody("organiser")) as client:
        costs = []
        for more in (0, 299):
            await db.fetch(COPIES, more)
            for path in (HERE, path_of(proposal)):
                with counted() as statements:
                    page = await page_of(client, path)
                costs.append(len(statements))
                assert len(page.all("a", **{"class": "title"})) <= 50
        assert "Page 1 of 6" in (await page_of(client)).words
    assert costs == [3, 6, 3, 6]


async def test_today_tells_the_deciders_how_many_wait_and_the_oldest_first(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        assert "Proposals to answer" not in (await page_of(client, "/office")).words
        for title, days in (("Hier", 1), ("Vieux", 6)):
            proposal = await a_proposal(title=title)
            since = clock.now() - timedelta(days=days)
            await db.fetch("UPDATE proposal SET waits_since = $2 WHERE id = $1", proposal.id, since)
        page = await page_of(client, "/office")
    assert ("Proposals to answer · 2" in page.words, "Waits for the campus for 6 days" in page.words) == (True, True)
    assert page.words.index("Vieux") < page.words.index("Hier")
