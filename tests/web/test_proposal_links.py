"""What a proposal's link opens, to whom, how often; and how it is sent again."""

from typing import Any

import httpx
import pytest

from service import db
from service.proposals import acceptance, following, review
from tests.proposals.making import ADA, link_of, make_proposal
from tests.visits import Page, counted, dump, send
from tests.web.proposing import WHEN, look, press, stands

PRIVATE = ("draft", "submitted", "asked", "accepted", "declined", "withdrawn")  # its page is not the host's yet
VERBS = ("hand-in", "answer", "withdraw", "edit")
ODD: tuple[Any, ...] = ("a\0b", "x" * 10_000, "a\ud800", b"\xff\xfe", "9" * 40, "")


async def test_a_link_opens_its_own_proposal_and_no_other(visitor: httpx.AsyncClient) -> None:
    one = await make_proposal("asked")
    other = await make_proposal("asked", title="Le secret des autres", email="autre@forge.test", contact_name="Paul")
    other_link = link_of(other).rpartition("/")[2]

    found = await visitor.get(link_of(one))
    assert [word for word in ("secret", "autre@forge.test", "Paul", other_link) if word in found.text] == []
    await press(visitor, one, "answer", words="Deux")
    await press(visitor, one, "withdraw", sure="yes")
    assert (await stands(one), await stands(other)) == ("withdrawn", "asked")


async def test_of_the_people_of_its_structure_the_company_reads_nothing(visitor: httpx.AsyncClient) -> None:
    accepted = await acceptance.accept((await make_proposal(contact_name="Ancienne Contact")).id, ADA)
    assert accepted.organisation
    again = await make_proposal(email="nouveau@verrerie.test")

    for path in (link_of(again), f"{link_of(again)}/edit", "/propose"):
        answer = await visitor.get(path)
        assert ("Ancienne" in answer.text, "ines@verrerie.test" in answer.text) == (False, False)


@pytest.mark.parametrize("below", ["", "/edit", "/answer", "/withdraw", "/hand-in"])
@pytest.mark.parametrize("token", ["x", "a" * 32, "%00", "%FF%FE", "é" * 40, "find.", "x" * 290])
async def test_a_link_that_is_none_is_a_404_that_says_what_to_do(
    visitor: httpx.AsyncClient, token: str, below: str
) -> None:
    method = "GET" if below in ("", "/edit") else "POST"
    answer = await visitor.request(method, f"/proposals/{token}{below}", params={"lang": "en"})

    assert answer.status_code == 404
    if token == "a" * 32:
        found = Page.of(answer)
        assert "We do not know this proposal" in found.words
        assert found.all("a", href="/proposals/find?lang=en")


async def test_nothing_that_is_sent_breaks_a_page(visitor: httpx.AsyncClient) -> None:
    for state in ("draft", "asked"):
        proposal = await make_proposal(state)
        for verb in VERBS:
            for odd in ODD:
                fields = dict.fromkeys(("words", "sure", "version", "title", "seats", *WHEN), odd)
                answer = await press(visitor, proposal, verb, **fields)
                assert (state, verb, answer.status_code < 500) == (state, verb, True)
            await db.fetch("DELETE FROM rate_clock")


@pytest.mark.parametrize("state", PRIVATE)
async def test_looking_changes_nothing(visitor: httpx.AsyncClient, state: str) -> None:
    proposal = await make_proposal(state)
    before = await dump()

    for below in ("", "?sent=yes", "/edit", "?sure=yes&words=Deux", "/withdraw", "/answer", "/hand-in"):
        assert (await visitor.get(link_of(proposal) + below)).status_code < 500
    assert await dump() == before


async def test_a_link_is_changed_so_often_an_hour_and_no_more(visitor: httpx.AsyncClient) -> None:
    proposal, other = await make_proposal("asked"), await make_proposal("asked", email="b@verrerie.test")

    answers = [(await press(visitor, proposal, "answer", words="")).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    assert (await press(visitor, other, "answer", words="")).status_code == 422


async def test_the_page_takes_as_many_statements_with_a_long_journal(visitor: httpx.AsyncClient) -> None:
    short, long = await make_proposal(), await make_proposal(email="b@verrerie.test")
    for number in range(5):
        await review.ask(long.id, f"Question {number} ?", ADA)
        await following.answer(long, "Oui")

    counts = []
    for proposal in (short, long):
        with counted() as statements:
            await look(visitor, proposal)
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_the_links_of_an_address_are_sent_to_it_and_the_answer_is_always_the_same(
    visitor: httpx.AsyncClient,
) -> None:
    await make_proposal()

    known = await send(visitor, "/proposals/find", {"email": "INES@verrerie.test"}, lang="en")
    unknown = await send(visitor, "/proposals/find", {"email": "personne@exemple.test"}, lang="en")

    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text
    rows = await db.fetch("SELECT recipient FROM email WHERE letter = 'proposal_links'")
    assert [row["recipient"] for row in rows] == ["INES@verrerie.test"]


@pytest.mark.parametrize("typed", ["", "ines", "a\0@b.test", "x" * 5000])
async def test_an_address_that_is_none_is_asked_for_again(visitor: httpx.AsyncClient, typed: str) -> None:
    answer = await send(visitor, "/proposals/find", {"email": typed}, lang="en")

    assert (answer.status_code, Page.of(answer).has_mistake("email")) == (422, True)
