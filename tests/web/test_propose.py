"""Proposing over HTTP: a form is taken whole, kept for later, or answered with what is wrong and all that was typed."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service import clock, db, i18n
from service.events import places
from service.settings import Rate
from tests.bookings.harness import at_once
from tests.makers import make_event, make_organisation, make_slot
from tests.proposals.making import a_when
from tests.visits import Page, counted, dump, send, settings_with
from tests.web.proposing import DAY, WHAT, WHEN, WHO, WHOLE, propose, the_only, words

ASKED = ("organisation_name", "contact_name", "email", "kind", "title", "words", "day_1", "seats")
SAFETY = {
    "ppe": "Chaussures prêtées", "dress": "Manches longues", "age_min": "14", "chaperone_ratio": "8",
    "group_max": "12", "access": "Plain-pied", "photos": "Interdites", "parking": "Rue du Four",
}  # fmt: skip
ODD: dict[str, Any] = {
    "NUL": "a\0b", "10,000 characters": "x" * 10_000, "a lone surrogate": "a\ud800", "no UTF-8": b"\xff\xfe",
    "a huge number": "9" * 40, "markup": "<script>alert(1)</script>", "an override": "a\u202eb", "nothing": "",
    "two lines": "a\r\nb", "digits of another script": "١٢",
}  # fmt: skip


async def test_a_proposal_is_answered_with_the_way_to_its_page(visitor: httpx.AsyncClient) -> None:
    answer = await propose(visitor)

    assert answer.status_code == 303
    assert re.fullmatch(r"/proposals/[a-z2-7]{32}\?sent=yes&lang=en", answer.headers["location"])
    page = Page.of(await visitor.get(answer.headers["location"]))
    assert "Your proposal has arrived" in page.words
    assert "is on its way to ines@verrerie.test" in page.words


async def test_every_field_is_kept_as_it_was_typed(visitor: httpx.AsyncClient) -> None:
    await propose(visitor, **SAFETY, day_4=f"{DAY:%d/%m/%Y}", from_4="9h", to_4="10 h 30")

    row = await the_only()
    wanted = {**WHOLE, **SAFETY} | dict.fromkeys(WHEN)
    kept = {name: row[name] for name in wanted if name not in WHEN}
    assert kept == {name: int(v) if str(v).isdigit() else v for name, v in wanted.items() if name not in WHEN}
    assert (row["state"], row["language"], row["waits_for"]) == ("submitted", "en", "campus")
    dates = [(i18n.local(one["starts_at"]), i18n.local(one["ends_at"])) for one in await _dates()]
    assert [f"{starts:%Y-%m-%d %H:%M}-{ends:%H:%M}" for starts, ends in dates] == [
        f"{DAY} 09:00-10:30", f"{DAY} 14:00-16:00",
    ]  # fmt: skip


async def test_a_proposal_writes_to_the_company_and_to_the_campus(visitor: httpx.AsyncClient) -> None:
    await propose(visitor, lang="fr")

    rows = await db.fetch("SELECT letter, recipient, language FROM email ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("proposal_received", "ines@verrerie.test", "fr"), ("proposal_news", "contact@campus.test", "fr"),
    ]  # fmt: skip


async def test_an_empty_form_names_each_thing_that_is_asked_in_the_order_of_the_page(
    visitor: httpx.AsyncClient,
) -> None:
    answer = await send(visitor, "/propose", {}, lang="en")

    page = Page.of(answer)
    assert answer.status_code == 422
    assert [one["href"][1:] for one in page.all("a") if one["href"][1:] in ASKED] == [*ASKED]
    assert [name for name in ASKED if not page.has_mistake(name)] == []
    assert "8 things to correct before we can go on" in page.words
    assert await db.fetch("SELECT 1 FROM proposal") == []


@pytest.mark.parametrize("name", [name for name in ASKED if name != "day_1"])
async def test_one_that_is_missing_is_marked_and_the_rest_stays_typed(visitor: httpx.AsyncClient, name: str) -> None:
    answer = await propose(visitor, **{name: " "})

    page = Page.of(answer)
    others = [one for one in ASKED if one not in (name, "words")]
    assert answer.status_code == 422
    assert page.has_mistake(name)
    assert {one: page.typed(one) for one in others} == {one: WHOLE[one] for one in others}
    assert name == "words" or WHAT["words"] in page.words


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"to_1": "13:00"}, "to_1"),
        ({"to_1": "14:00"}, "to_1"),
        ({"day_1": "2020-01-07"}, "day_1"),
        ({"day_1": "31/02/2031"}, "day_1"),
        ({"day_1": ""}, "day_1"),
        ({"from_1": ""}, "from_1"),
        ({"to_1": "25:00"}, "to_1"),
        ({"day_6": "2031-03-04", "to_6": "9h"}, "from_6"),
        ({f"{part}_2": WHEN[f"{part}_1"] for part in ("day", "from", "to")}, "day_2"),
        ({"seats": "0"}, "seats"),
        ({"seats": "beaucoup"}, "seats"),
        ({"kind": "assembly"}, "kind"),
        ({"email": "ines chez verrerie"}, "email"),
        ({"age_min": "2"}, "age_min"),
        ({"words": "x" * 2001}, "words"),
        ({"parking": "x" * 91}, "parking"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    visitor: httpx.AsyncClient, fields: dict[str, str], wrong: str
) -> None:
    for later in ("", "yes"):  # a draft may lack things, but what it says must be possible
        answer = await propose(visitor, **fields, later=later)
        assert (answer.status_code, Page.of(answer).has_mistake(wrong)) == (422, True)
    assert await db.fetch("SELECT 1 FROM proposal") == []


async def test_a_wrong_row_or_a_wrong_rule_opens_what_is_folded(visitor: httpx.AsyncClient) -> None:
    fresh = Page.of(await visitor.get("/propose"))
    safe = Page.of(await propose(visitor, title="", age_min="2"))
    dated = Page.of(await propose(visitor, day_5="2031-03-04"))

    assert [has.get("open") for has in fresh.all("details")] == [None, None]
    assert ["open" in has for has in safe.all("details")] == [False, True]
    assert ["open" in has for has in dated.all("details")] == [True, False]
    assert len(fresh.all("input", type="date")) == 6


async def test_continue_later_needs_only_who_it_is(visitor: httpx.AsyncClient) -> None:
    answer = await send(visitor, "/propose", {**WHO, "later": "yes"}, lang="en")

    assert re.fullmatch(r"/proposals/[a-z2-7]{32}\?kept=yes&lang=en", answer.headers["location"])
    row = await the_only()
    assert (row["state"], row["kind"], row["title"], row["seats"]) == ("draft", "", "", None)
    assert [row["letter"] for row in await db.fetch("SELECT letter FROM email")] == ["proposal_kept"]
    page = Page.of(await visitor.get(answer.headers["location"]))
    assert "Your draft is kept" in page.words

    nobody = await send(visitor, "/propose", {"later": "yes"}, lang="en")
    assert nobody.status_code == 422
    assert [name for name in ASKED if Page.of(nobody).has_mistake(name)] == [*WHO]


async def test_a_form_sent_twice_makes_one_proposal_and_one_that_was_changed_says_so(
    visitor: httpx.AsyncClient,
) -> None:
    twice = await at_once(*[propose(visitor, key="one") for _ in range(4)])
    changed = await propose(visitor, key="one", title="Autre chose")

    assert len({one.headers["location"] for one in twice}) == 1
    assert changed.status_code == 422
    assert "The link in our e-mail opens it: change it there." in changed.text
    await the_only()


async def test_each_form_has_a_key_and_a_stamp_of_its_own(visitor: httpx.AsyncClient) -> None:
    first, second = [Page.of(await visitor.get("/propose")) for _ in "12"]
    assert first.typed("key") != second.typed("key")

    quick = await propose(visitor, opened_at=f"{clock.now().timestamp():.3f}")
    slow = await propose(visitor, opened_at=f"{clock.now().timestamp() - 5:.3f}")
    assert (quick.status_code, slow.status_code) == (422, 303)
    assert "That was very fast" in quick.text


async def test_a_robot_that_fills_in_every_field_hears_nothing_of_it(visitor: httpx.AsyncClient) -> None:
    before = await dump()

    answer = await propose(visitor, website="https://spam.test")

    assert answer.status_code == 200
    assert "Check your mailbox" in answer.text
    assert await dump() == before


async def test_an_address_is_written_to_so_often_and_no_more(visitor: httpx.AsyncClient) -> None:
    limits = {"network": Rate(1000, 60), "letters_hour": Rate(2, 3600), "letters_day": Rate(9, 86400)}
    with settings_with(rate_limits=limits):
        answers = [await propose(visitor, title=f"Visite {n}") for n in range(3)]

    assert [one.status_code for one in answers] == [303, 303, 429]
    assert Page.of(answers[-1]).typed("title") == "Visite 2"
    assert "Retry-After" in answers[-1].headers


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
async def test_nothing_odd_breaks_the_form_or_comes_back_as_markup(visitor: httpx.AsyncClient, value: Any) -> None:
    for name in (*WHOLE, *SAFETY, "from_1", "day_3", "later", "key", "opened_at"):
        answer = await propose(visitor, **{name: value})
        assert (name, answer.status_code in (303, 422, 429)) == (name, True)
        assert "<script>alert" not in answer.text
        await db.fetch("DELETE FROM rate_clock")


async def test_hosts_of_public_events_are_suggested_by_name_and_nobody_else(visitor: httpx.AsyncClient) -> None:
    known, hidden, gone = [
        await make_organisation(name=name) for name in ("Verrerie connue", "Forge cachée", "Usine d’avant")
    ]
    for _ in "12":
        await make_slot(event=await make_event(host=known.id, contact_name="Paul Personne"))
    await make_event(host=hidden.id, state="draft")
    await make_event(host=gone.id, state="called_off")
    await propose(visitor, organisation_name="Privée SARL", contact_name="Paul Personne", email="p@privee.test")

    answer = await visitor.get("/propose")

    named = [one["value"] for one in Page.of(answer).all("option")]
    assert named == ["Verrerie connue"]
    assert "Personne" not in answer.text + (await visitor.get("/")).text
    assert "Privée" not in answer.text


async def test_so_many_hosts_are_suggested_and_no_more(visitor: httpx.AsyncClient) -> None:
    for number in range(4):
        await make_event(host=(await make_organisation(name=f"Hôte {number}", slug=f"hote-{number}")).id)

    assert await places.host_names(2) == ["Hôte 2", "Hôte 3"]
    with counted() as statements:
        await visitor.get("/propose")
    assert len(statements) == 1


async def test_the_form_says_what_happens_next_and_how_its_data_are_kept(visitor: httpx.AsyncClient) -> None:
    page = Page.of(await visitor.get("/propose", params={"lang": "en"}))

    assert "Within 5 working days" in page.words
    assert page.all("a", href="/privacy?lang=en#companies")
    assert page.all("a", href="/proposals/find?lang=en")
    privacy = Page.of(await visitor.get("/privacy"))
    assert privacy.all("h2", id="companies")


@pytest.mark.parametrize("path", ["/", "/?town=Nulle+part", "/help/company", "/bookings/find", "/legal"])
async def test_companies_find_the_form(visitor: httpx.AsyncClient, path: str) -> None:
    assert Page.of(await visitor.get(path)).all("a", href="/propose")


async def test_the_agenda_invites_companies_whether_or_not_there_is_something_in_it(
    visitor: httpx.AsyncClient,
) -> None:
    invited = [words(Page.of(await visitor.get("/", params={"lang": "en"})))]
    await make_slot()
    invited.append(words(Page.of(await visitor.get("/", params={"lang": "en"}))))

    assert all("You have a trade to show? Propose a visit or a workshop" in one for one in invited)


async def test_a_long_text_comes_back_whole_when_something_else_is_wrong(visitor: httpx.AsyncClient) -> None:
    long = "\n".join(["Une ligne de quatre-vingts signes, ou peu s’en faut, sur ce que l’on montre ici."] * 24)

    answer = await propose(visitor, title="", words=long)

    assert long in answer.text.replace("&#39;", "'")
    assert len(answer.content) <= 25_000


async def test_dates_are_of_the_wall_clock_where_the_campus_is(visitor: httpx.AsyncClient) -> None:
    await propose(visitor, day_1="2031-07-01", day_2="2031-01-07", from_2="14:00", to_2="16:00")

    assert [row["starts_at"].hour for row in await _dates()] == [13, 12]


async def test_a_draft_may_name_only_dates_to_come(visitor: httpx.AsyncClient) -> None:
    yesterday = a_when(-1)[0]
    answer = await propose(visitor, later="yes", day_1=f"{yesterday:%Y-%m-%d}")
    assert Page.of(answer).has_mistake("day_1")

    tomorrow = i18n.today() + timedelta(days=1)
    assert (await propose(visitor, later="yes", day_1=f"{tomorrow:%Y-%m-%d}")).status_code == 303


async def _dates() -> list[Any]:
    return await db.fetch("SELECT starts_at, ends_at FROM proposed_date ORDER BY starts_at")
