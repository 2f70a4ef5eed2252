"""The agenda as a list and as a month, and the pages of hosts and places."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from service import clock, db, i18n, templates
from service.people.tables import FormerSlug
from tests.makers import at_paris, make_booking, make_event, make_organisation, make_slot
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
    slot = await make_slot(starts_at=i18n.begin_of(i18n.today()) + timedelta(days=7, hours=9))
    day = i18n.local(slot.starts_at).date()
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


async def test_what_organisers_type_is_escaped_everywhere(visitor: httpx.AsyncClient) -> None:
    evil = "<script>alert(1)</script>\"'&amp;"
    texts = ("title", "summary", "theme", "speaker", "contact_name", "contact_email", "place", "town", "photos")
    event = await make_event(**dict.fromkeys(texts, evil), access=evil, requirements=[evil], levels=["<i>"])
    await make_slot(event=event, state="called_off", called_off_reason=evil)

    for path in ("/", f"/events/{event.slug}", f"/events/{event.slug}/poster", "/?view=month"):
        answer = await visitor.get(path)
        assert "<script>alert" not in answer.text
        assert {script.get("src") or script.get("type") for script in Page.of(answer).all("script")} <= {
            templates.static("passerelle.js"),
            "application/ld+json",
        }


async def test_the_agenda_asks_as_much_of_the_database_for_one_date_and_for_three(visitor: httpx.AsyncClient) -> None:
    for _ in range(2):
        await make_slot(event=await make_event())
        with counted() as seen:
            await visitor.get("/")
        assert len(seen) == 2
        await make_slot(event=await make_event())


async def test_the_agenda_may_be_kept_but_is_asked_for_afresh(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/")).headers["cache-control"] == "no-cache"


async def test_what_the_form_leaves_open_is_not_kept_in_the_address(visitor: httpx.AsyncClient) -> None:
    sent = {"q": "robot", "town": "", "level": "", "from_date": "", "kind": "visit", "lang": "en"}

    answer = await visitor.get("/", params=sent)

    assert (answer.status_code, answer.headers["location"]) == (302, "/?q=robot&kind=visit&lang=en")
    assert (await visitor.get("/", params={"view": "month", "q": "", "month": "2027-02"})).headers["location"] == (
        "/?view=month&month=2027-02"
    )


async def test_every_link_of_the_agenda_keeps_what_was_asked(visitor: httpx.AsyncClient) -> None:
    """Kinds, periods, other pages and the other language: one changes a thing, the rest stays."""
    host = (await make_organisation(name="Verrerie")).id
    for number in range(23):
        event = await make_event(title=f"Robots {number}", town="Arques", host=host)
        await make_slot(event=event, starts_in=timedelta(days=number + 1))

    page = Page.of(await visitor.get("/", params={"q": "robots", "town": "Arques", "lang": "en"}))

    switch = "/?q=robots&town=Arques"
    kept = [link for link in page.inside if link.startswith("/?") and "town=" in link and link != switch]
    assert len(kept) >= 3 + 3 + 1  # kinds, periods, the next page
    for link in kept:
        query = dict(parse_qsl(urlsplit(link).query))
        assert (query["q"], query["town"], query.get("lang")) == ("robots", "Arques", "en"), link
    assert switch in page.addresses


async def test_a_search_finds_words_whatever_their_accents_and_says_what_it_looked_for(
    visitor: httpx.AsyncClient,
) -> None:
    slot = await make_slot(event=await make_event(title="L’œuvre de l’Élève : câblage"))

    found = Page.of(await visitor.get("/", params={"q": "CABLAGE oeuvre eleve", "lang": "en"}))
    nothing = Page.of(await visitor.get("/", params={"q": "<b>verre</b>", "lang": "en"}))

    assert f"/events/{slot.slug}?lang=en" in found.addresses
    assert "for “CABLAGE oeuvre eleve”" in found.words
    assert nothing.typed("q") == "<b>verre</b>"
    assert "“<b>verre</b>”" in nothing.words


async def test_where_nothing_matches_the_page_says_what_to_give_up(visitor: httpx.AsyncClient) -> None:
    await make_slot(event=await make_event(town="Lens", kind="workshop"))

    page = Page.of(await visitor.get("/", params={"town": "Lens", "kind": "visit", "lang": "en"}))

    assert "No date matches your choice" in page.words
    assert "/?town=Lens&lang=en" in page.addresses  # any kind
    assert "/?kind=visit&lang=en" not in [link["href"] for link in page.all("a", **{"class": "button is-quiet"})]


async def test_the_month_shows_each_event_on_its_day(visitor: httpx.AsyncClient) -> None:
    with clock.at(at_paris("2027-01-11 08:00")):
        event = await make_event(slug="verrerie")
        for starts in ("2027-02-12 09:00", "2027-02-12 14:00"):
            await make_slot(event=event, starts_at=at_paris(starts))

        page = Page.of(await visitor.get("/", params={"view": "month", "month": "2027-02", "lang": "en"}))
        empty = Page.of(await visitor.get("/", params={"view": "month", "month": "2027-01", "lang": "en"}))

    assert "February 2027" in page.words.title()
    assert page.addresses.count("/events/verrerie?lang=en") == 1
    assert "/?from_date=2027-02-12&until_date=2027-02-12&lang=en" in page.addresses
    assert "Friday 12 February, 2 dates" in page.words
    assert "The next date is on Friday 12 February." in empty.words
    assert "/?month=2027-02&view=month&lang=en" in empty.addresses


@pytest.mark.parametrize("month", ["", "2027-13", "0000-00", "9999-12", "1999-01", "%00", "2027-1", "x" * 999])
async def test_an_odd_month_is_a_month_one_can_look_at(visitor: httpx.AsyncClient, month: str) -> None:
    answer = await visitor.get("/", params={"view": "month", "month": month or "nothing"})

    assert answer.status_code == 200


async def test_a_host_and_a_place_have_pages_of_their_own(visitor: httpx.AsyncClient) -> None:
    host = await make_organisation(slug="verrerie-aa", name="Verrerie de l’Aa", town="Arques", sector="verre")
    here = await make_slot(event=await make_event(host=host.id, town="Aire-sur-la-Lys"))
    elsewhere = await make_slot(event=await make_event(town="Lens"))

    for path, name in (("/hosts/verrerie-aa", "Verrerie de l’Aa"), ("/places/aire-sur-la-lys", "Aire-sur-la-Lys")):
        page = Page.of(await visitor.get(path))
        assert name in page.words
        assert f"/events/{here.slug}" in page.addresses
        assert f"/events/{elsewhere.slug}" not in page.addresses
    event_page = Page.of(await visitor.get(f"/events/{here.slug}"))
    assert {"/hosts/verrerie-aa", "/places/aire-sur-la-lys"} <= set(event_page.addresses)


async def test_a_host_without_a_date_to_come_says_where_to_look(visitor: httpx.AsyncClient) -> None:
    host = await make_organisation()
    await make_slot(event=await make_event(host=host.id, town="Lens"), starts_in=timedelta(days=-9))

    for path in (f"/hosts/{host.slug}", "/places/lens"):
        page = Page.of(await visitor.get(path, params={"lang": "en"}))
        assert "Nothing is planned here at the moment" in page.words
        assert "/?lang=en" in page.addresses


@pytest.mark.parametrize("path", ["/hosts/unknown", "/places/unknown", "/places/%00", "/hosts/%F0%9F%98%80"])
async def test_an_unknown_host_or_place_is_not_found(visitor: httpx.AsyncClient, path: str) -> None:
    answer = await visitor.get(path)

    assert answer.status_code == 404
    assert "/" in Page.of(answer).addresses


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_the_former_address_of_a_host_leads_to_where_it_is_now(visitor: httpx.AsyncClient, lang: str) -> None:
    host = await make_organisation(slug="verrerie-aa")
    slot = await make_slot(event=await make_event(host=host.id))
    await db.insert(FormerSlug(slug="verriers", organisation=host.id))

    answer = await visitor.get("/hosts/verriers", params={"lang": "en"} if lang == "en" else None)

    now_at = "/hosts/verrerie-aa" + ("?lang=en" if lang == "en" else "")
    assert (answer.status_code, answer.headers["location"]) == (301, now_at)
    assert f"/events/{slot.slug}" in (await visitor.get(now_at)).text


async def test_a_host_of_drafts_only_has_no_page(visitor: httpx.AsyncClient) -> None:
    host = await make_organisation()
    await make_event(host=host.id, state="draft", town="Calais")

    assert (await visitor.get(f"/hosts/{host.slug}")).status_code == 404
    assert (await visitor.get("/places/calais")).status_code == 404
