"""The agenda and the page of one event."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from service import clock, db
from tests.makers import make_booking, make_event, make_slot
from tests.visits import Page, counted

ODD_QUERIES = [
    "page=99999999999",
    "page=0",
    "page=-1",
    "page=1e3",
    "page=%D9%A3",
    "page=9999",
    "from_date=garbage",
    "from_date=0001-01-01",
    "from_date=9999-12-31&until_date=9999-12-31",
    "until_date=2026-W01-1",
    "from_date=%00",
    "kind=%00",
    "kind=nonsense",
    "town=%00%FF%ED%A0%80",
    "town=" + "x" * 10_000,
    "town='; DROP TABLE slot; --",
    "level=%E2%80%AE",
    "with_seats=maybe",
    "lang=de",
    "lang=%00",
    "lang=en&lang=fr",
    "lang[]=en",
    "address=x&language=y&request=z&status=500&template=/etc/passwd&self=1",
    "a[b][c][d]=1&a=&=&&&;",
    "&".join(f"x{n}={n}" for n in range(500)),
    "%",
    "%%%zz",
]


async def test_an_empty_agenda_says_so_and_what_to_do(visitor: httpx.AsyncClient) -> None:
    page = Page.of(await visitor.get("/", params={"lang": "en"}))

    assert "Nothing is planned yet" in page.words
    assert page.all("a", href="mailto:contact@campus.test")


async def test_the_agenda_lists_what_is_to_come_and_nothing_else(visitor: httpx.AsyncClient) -> None:
    coming = await make_slot()
    going_on = await make_slot(starts_in=timedelta(hours=-1))
    over = await make_slot(starts_in=timedelta(days=-1))
    draft = await make_slot()
    await db.fetch("UPDATE event SET state = 'draft' WHERE slug = $1", draft.slug)

    shown = Page.of(await visitor.get("/")).addresses

    assert [f"/events/{slot.slug}" in shown for slot in (coming, going_on, over, draft)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"visit", "workshop", "assembly", "full", "later"}),
        ({"kind": "workshop"}, {"workshop"}),
        ({"kind": "assembly"}, {"assembly"}),
        ({"town": "Lens"}, {"later"}),
        ({"town": "Nulle part"}, set()),
        ({"level": "CAP"}, {"full"}),
        ({"with_seats": "yes"}, {"visit", "workshop", "later"}),
        ({"with_seats": "yes", "kind": "visit", "town": "Arques"}, {"visit"}),
        ({"kind": "nonsense", "from_date": "soon"}, {"visit", "workshop", "assembly", "full", "later"}),
    ],
)
async def test_the_agenda_is_narrowed_by_its_form(
    visitor: httpx.AsyncClient, query: dict[str, str], found: set[str]
) -> None:
    events: dict[str, dict[str, Any]] = {
        "visit": {},
        "workshop": {"kind": "workshop"},
        "assembly": {"kind": "assembly", "takes_individuals": False},
        "full": {"levels": ["CAP"]},
        "later": {"town": "Lens"},
    }
    for slug, values in events.items():
        slot = await make_slot(1, event=await make_event(slug=slug, **values))
        if slug == "full":
            await make_booking(slot)

    page = Page.of(await visitor.get("/", params=query))

    assert {slug for slug in events if f"/events/{slug}" in page.addresses} == found


async def test_dates_narrow_the_agenda_by_whole_days(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    day = slot.starts_at.date()
    before, after = day - timedelta(days=1), day + timedelta(days=1)

    queries = [
        {"from_date": str(day), "until_date": str(day)},
        {"from_date": str(after)},
        {"until_date": str(before)},
        {"from_date": str(after), "until_date": str(before)},
    ]
    shown = [Page.of(await visitor.get("/", params=query)).addresses for query in queries]

    assert [f"/events/{slot.slug}" in addresses for addresses in shown] == [True, False, False, False]


async def test_the_form_of_the_agenda_shows_what_was_asked(visitor: httpx.AsyncClient) -> None:
    await make_slot()

    query = {"kind": "visit", "town": "Arques", "level": "2de", "from_date": "2020-01-02", "with_seats": "yes"}
    page = Page.of(await visitor.get("/", params=query))

    assert page.typed("kind") == "visit"
    assert page.typed("from_date") == "2020-01-02"
    assert page.typed("with_seats") == "yes"
    assert len([option for option in page.all("option") if "selected" in option]) == 2


async def test_the_agenda_has_twenty_dates_a_page(visitor: httpx.AsyncClient) -> None:
    for number in range(23):
        await make_slot(event=await make_event(slug=f"date-{number}"), starts_in=timedelta(days=number + 1))

    pages = [Page.of(await visitor.get("/", params={"page": number})) for number in (1, 2)]

    shown = [sum(f"/events/date-{n}" in page.addresses for n in range(23)) for page in pages]
    assert shown == [20, 3]
    assert [page.all("a", rel="next") != [] for page in pages] == [True, False]
    assert pages[1].all("a", rel="prev")


async def test_a_page_beyond_the_last_one_is_the_last_one(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()

    page = Page.of(await visitor.get("/", params={"page": 7}))

    assert f"/events/{slot.slug}" in page.addresses


@pytest.mark.parametrize("query", ODD_QUERIES)
async def test_an_odd_query_is_answered_with_a_page(visitor: httpx.AsyncClient, query: str) -> None:
    slot = await make_slot()

    for path in ("/", f"/events/{slot.slug}", "/bookings/find", "/nowhere"):
        answer = await visitor.get(f"{path}?{query}")
        assert answer.status_code == (404 if path == "/nowhere" else 200)
        assert Page.of(answer).all("h1")


async def test_an_event_shows_each_of_its_dates_with_its_seats(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    slots = [
        await make_slot(12, event=event),
        await make_slot(1, event=event),
        await make_slot(event=event, state="called_off", called_off_reason="Panne de four"),
        await make_slot(event=event, opens_at=clock.now() + timedelta(days=1)),
        await make_slot(event=event, starts_in=timedelta(days=-2)),
    ]
    await make_booking(slots[1])

    page = Page.of(await visitor.get(f"/events/{event.slug}", params={"lang": "en"}))

    radios = {radio["value"]: "disabled" not in radio for radio in page.all("input", name="slot")}
    assert radios == {str(slot.id): slot is slots[0] for slot in slots}
    assert all(word in page.words for word in ("12 seats left", "Full", "Panne de four", "Called off", "Over"))


@pytest.mark.parametrize(
    "values",
    [{"kind": "assembly", "takes_individuals": False}, {"takes_individuals": False, "takes_classes": True}],
)
async def test_an_event_not_for_individuals_shows_no_form(visitor: httpx.AsyncClient, values: dict[str, Any]) -> None:
    slot = await make_slot(event=await make_event(**values))

    answer = await visitor.get(f"/events/{slot.slug}")

    assert answer.status_code == 200
    assert Page.of(answer).all("form") == []


async def test_an_event_without_dates_is_a_page(visitor: httpx.AsyncClient) -> None:
    event = await make_event()

    answer = await visitor.get(f"/events/{event.slug}")

    assert (answer.status_code, Page.of(answer).all("form")) == (200, [])


async def test_a_description_is_markdown_without_html_or_harmful_links(visitor: httpx.AsyncClient) -> None:
    evil = (
        "**Gras** <b onclick=alert(1)>x</b> [a](javascript:alert(1)) ![b](https://tracker.test/p.gif)"
        " [c](https://exemple.test) <script>alert(1)</script> [d](data:text/html,x)"
    )
    slot = await make_slot(event=await make_event(description=evil))

    page = Page.of(await visitor.get(f"/events/{slot.slug}"))

    assert page.all("strong")
    assert page.all("img") == page.all("b", onclick="alert(1)") == []
    assert [link["href"] for link in page.all("a") if link["href"].startswith(("javascript:", "data:"))] == []
    assert page.all("a", href="https://exemple.test")
    assert len(page.all("script")) == 1


async def test_what_organisers_type_is_escaped_everywhere(visitor: httpx.AsyncClient) -> None:
    evil = "<script>alert(1)</script>\"'&amp;"
    texts = ("title", "summary", "theme", "speaker", "contact_name", "contact_email", "place", "town", "photos")
    event = await make_event(**dict.fromkeys(texts, evil), access=evil, requirements=[evil], levels=["<i>"])
    await make_slot(event=event, state="called_off", called_off_reason=evil)

    for path in ("/", f"/events/{event.slug}"):
        answer = await visitor.get(path)
        assert "<script>alert" not in answer.text
        assert len(Page.of(answer).all("script")) == 1


async def test_the_agenda_asks_as_much_of_the_database_for_one_date_and_for_three(visitor: httpx.AsyncClient) -> None:
    for _ in range(2):
        await make_slot(event=await make_event())
        with counted() as seen:
            await visitor.get("/")
        assert len(seen) == 2
        await make_slot(event=await make_event())


async def test_an_event_asks_as_much_of_the_database_for_one_date_and_for_three(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    for _ in range(2):
        await make_slot(event=event)
        with counted() as seen:
            await visitor.get(f"/events/{event.slug}")
        assert len(seen) == 2
        await make_slot(event=event)


async def test_an_event_that_is_over_says_how_many_came(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(starts_in=timedelta(days=-3))
    await db.fetch(
        "INSERT INTO presence (id, slot, people, noted_at) VALUES (gen_random_uuid(), $1, 17, now())", slot.id
    )

    page = Page.of(await visitor.get(f"/events/{slot.slug}", params={"lang": "en"}))

    assert "17 people were there." in page.words


async def test_the_agenda_may_be_kept_but_is_asked_for_afresh(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/")).headers["cache-control"] == "no-cache"
