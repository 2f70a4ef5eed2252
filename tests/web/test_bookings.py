"""Booking over HTTP: a form is taken whole, or answered with what is wrong and all that was typed."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from markupsafe import escape

from service import clock, db
from service.bookings.seats import seats_left
from service.settings import DEFAULT_RATES, Rate
from tests.makers import BEN, CLEO, a_pupil, link_of, make_booking, make_event, make_slot
from tests.visits import FORM, ZOE, Page, Typed, book, counted, dump, send, settings_with, typed

LONG = "x" * 10_000
MARTIAN = b"\r\n".join(
    [
        b"--x",
        b'Content-Disposition: form-data; name="a"',
        b"Content-Type: text/plain; charset=martian",
        b"",
        b"a",
        b"--x--",
    ]
)
NOBODY = "00000000-0000-4000-8000-000000000000"
CHANGES = ("cancel", "restore", "accept", "decline", "rejoin", "erase", "email")
NAMES = ("first_name", "last_name", "school")
TAKEN_NAMES = {
    "html": "<b>Zoé</b><script>alert(1)</script>",
    "a formula": "=cmd|'/C calc'!A0",
    "letters and an emoji": "Zoé 🎓",
    "hebrew": "שרה כהן",
    "arabic": "محمد الفاسي",
    "persian with a joiner": "علی\u200cرضا",
    "40 characters": "Marie-Françoise-Élisabeth de La Tour-d’A",
    "100 characters": "é" * 100,
    "100 characters that unfold": "ﷺ" * 100,
    "an accent typed apart": "Zoe\u0301",
    "a hard blank": "Jean\u00a0Paul",
    "a percent sign": "100 % Zoé %s {name} %(num)s",
    "quotes": "\"Zoé\" 'D’Hôte' `&amp;`",
}
REFUSED_NAMES = {
    "empty": "",
    "blank": "   ",
    "10,000 characters": LONG,
    "101 characters": "é" * 101,
    "NUL": "Zo\0é",
    "a bell": "Zo\aé",
    "two lines": "Zoé\nD’Hôte",
    "an override of direction": "Zo\u202eé",
    "emoji only": "🎓🎓",
    "a lone surrogate": "Zo\ud800é",
    "bytes that are no UTF-8": b"Zo\xff\xfe",
}
REFUSED_ADDRESSES = {
    **REFUSED_NAMES,
    "html": "<b>@exemple.test",
    "a formula": "=cmd|'/C calc'!A0",
    "no at": "zoe",
    "no domain": "zoe@",
    "two dots": "zoe..d@exemple.test",
    "a comma and a second": "zoe@exemple.test, ben@exemple.test",
    "a header": "zoe@exemple.test\r\nBcc: ben@exemple.test",
    "a bracket": "<zoe@exemple.test>",
    "a domain that unfolds beyond measure": "zoe@" + "é." * 100 + "test",
    "a label too long": "zoe@" + "x" * 64 + ".test",
}
ODD = {**REFUSED_NAMES, **TAKEN_NAMES}


async def saved() -> dict[str, int]:
    """How many rows each table has."""
    return {table: len(rows) for table, rows in (await dump()).items()}


async def test_a_booking_is_answered_with_the_way_to_its_page(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()

    answer = await book(visitor, slot)

    assert answer.status_code == 303
    assert re.fullmatch(r"/bookings/[a-z2-7]{32}\?booked=yes", answer.headers["location"])
    page = await visitor.get(answer.headers["location"])
    assert page.status_code == 200
    assert "Zoé D’Hôte" in page.text
    assert await seats_left(slot.id) == 9


async def test_a_booking_saves_one_row_of_each_kind(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    before = await saved()

    await book(visitor, slot, key="k")

    after = await saved()
    new = {table: after[table] - before[table] for table in after if after[table] != before[table]}
    assert new == {"booking": 1, "dossier": 1, "invitation": 1, "email": 1, "journal": 1, "idempotency_key": 1}


@pytest.mark.parametrize("value", TAKEN_NAMES.values(), ids=TAKEN_NAMES)
async def test_a_name_is_taken_however_it_is_written(visitor: httpx.AsyncClient, value: str) -> None:
    slot = await make_slot()

    answer = await book(visitor, slot, **dict.fromkeys(NAMES, value))

    assert answer.status_code == 303
    page = await visitor.get(answer.headers["location"])
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert Page.of(page).all("script") == [{"src": page.text.split('script src="')[1].split('"')[0], "defer": ""}]


@pytest.mark.parametrize("value", REFUSED_NAMES.values(), ids=REFUSED_NAMES)
async def test_a_name_nobody_can_read_is_refused_beside_its_field(visitor: httpx.AsyncClient, value: Typed) -> None:
    slot = await make_slot()
    before = await dump()

    answer = await book(visitor, slot, first_name=value, last_name=value, school=value * 2)

    page = Page.of(answer)
    assert answer.status_code == 422
    assert [name for name in NAMES if page.has_mistake(name)] == [*NAMES]
    assert (page.typed("email"), page.typed("slot")) == (ZOE["email"], str(slot.id))
    assert await dump() == before


@pytest.mark.parametrize("value", REFUSED_ADDRESSES.values(), ids=REFUSED_ADDRESSES)
async def test_an_address_that_is_none_is_refused_beside_its_field(visitor: httpx.AsyncClient, value: Typed) -> None:
    slot = await make_slot()
    before = await dump()

    answer = await book(visitor, slot, email=value)

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("email")
    assert await dump() == before


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("zoe@Exemple.TEST", "zoe@exemple.test"),
        ("  zoe@exemple.test ", "zoe@exemple.test"),
        ("Zoe+Visite@exemple.test", "Zoe+Visite@exemple.test"),
        ("=cmd@exemple.test", "=cmd@exemple.test"),
        ("zoe@école.test", "zoe@xn--cole-9oa.test"),
    ],
)
async def test_an_address_is_kept_as_typed_but_for_its_domain(
    visitor: httpx.AsyncClient, value: str, kept: str
) -> None:
    assert (await book(visitor, await make_slot(), email=value)).status_code == 303

    assert [row["email"] for row in await db.fetch("SELECT email FROM dossier")] == [kept]


@pytest.mark.parametrize("value", ["pas une date", "", NOBODY, "1", LONG, "\0", "'; DROP TABLE slot; --", b"\xff"])
async def test_a_date_that_is_none_is_refused_beside_its_field(visitor: httpx.AsyncClient, value: Typed) -> None:
    slot = await make_slot()
    before = await dump()

    answer = await book(visitor, slot, slot=value)

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("slot")
    assert await dump() == before


async def test_a_date_of_another_event_is_refused_beside_its_field(visitor: httpx.AsyncClient) -> None:
    slot, other = await make_slot(), await make_slot()

    answer = await book(visitor, slot, slot=str(other.id))

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("slot")
    assert await seats_left(other.id) == 10


async def test_an_unknown_date_leaves_what_was_chosen_beside_it_alone(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(event=await make_event(age_min=15))

    page = Page.of(await book(visitor, slot, slot=NOBODY, level="2de", age_band="15_17"))

    assert [name for name in ("slot", "level", "age_band") if page.has_mistake(name)] == ["slot"]
    assert page.typed("age_band") == "15_17"


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
async def test_a_choice_takes_what_it_offers_and_nothing_else(visitor: httpx.AsyncClient, value: Typed) -> None:
    slot = await make_slot(event=await make_event(age_min=15))
    before = await dump()

    answer = await book(visitor, slot, level=value or "other", age_band=value)

    assert answer.status_code == 422
    assert [name for name in (*ZOE, "level", "age_band") if Page.of(answer).has_mistake(name)] == ["level", "age_band"]
    assert await dump() == before


@pytest.mark.parametrize("value", [*ODD.values(), "-1", "1e999", "nan", "99999999999", "١٢٣"])
async def test_a_hidden_field_stops_nobody(visitor: httpx.AsyncClient, value: Typed) -> None:
    hidden: dict[str, Any] = dict.fromkeys(("opened_at", "key", "from", "unknown"), value)

    assert (await book(visitor, await make_slot(), **hidden)).status_code == 303


async def test_the_age_is_asked_where_the_event_has_a_rule(visitor: httpx.AsyncClient) -> None:
    with_rule, without = await make_slot(event=await make_event(age_min=15)), await make_slot()

    assert Page.of(await book(visitor, with_rule)).has_mistake("age_band")
    assert (await book(visitor, with_rule, age_band="15_17")).status_code == 303
    assert (await book(visitor, without, age_band="nonsense")).status_code == 303


async def test_all_mistakes_are_summed_up_at_once(visitor: httpx.AsyncClient) -> None:
    event = await make_event(age_min=15)
    slot, _ = await make_slot(event=event), await make_slot(event=event)

    answer = await send(visitor, f"/events/{slot.slug}/bookings", {"level": "PhD"})

    assert answer.status_code == 422
    wanted = ["slot", "first_name", "last_name", "email", "school", "level", "age_band"]
    page = Page.of(answer)
    assert [link["href"] for link in page.all("a") if link["href"][1:] in wanted] == [f"#{name}" for name in wanted]
    assert all(page.has_mistake(name) for name in wanted)


async def test_every_mistake_leads_to_a_field_that_is_there(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(event=await make_event(age_min=15))

    page = Page.of(await send(visitor, f"/events/{slot.slug}/bookings", {"level": "PhD"}))

    ids = [has["id"] for _, has in page.elements if "id" in has]
    assert [link["href"] for link in page.all("a") if link["href"][:1] == "#" and link["href"][1:] not in ids] == []
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("value", [*TAKEN_NAMES.values()], ids=TAKEN_NAMES)
async def test_what_was_typed_stands_in_the_form_again(visitor: httpx.AsyncClient, value: str) -> None:
    slot = await make_slot()

    answer = await book(visitor, slot, first_name=value, email="no address")

    shown = Page.of(answer).typed("first_name")
    assert shown.replace("e\u0301", "é") == value.replace("\u00a0", " ").replace("e\u0301", "é")
    assert "<script>alert" not in answer.text
    assert (await book(visitor, slot, first_name=shown)).status_code == 303


async def test_of_a_field_sent_twice_the_last_one_counts(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    body = urlencode([*typed(slot).items(), ("first_name", "Ada")])

    answer = await visitor.post(f"/events/{slot.slug}/bookings", content=body, headers=FORM)

    assert answer.status_code == 303
    assert [row["first_name"] for row in await db.fetch("SELECT first_name FROM dossier")] == ["Ada"]


async def test_a_form_in_plain_utf_8_is_read_as_such(visitor: httpx.AsyncClient) -> None:
    """As ``curl -d first_name=Zoé`` sends it."""
    slot = await make_slot()
    body = "&".join(f"{name}={value!s}" for name, value in typed(slot).items())

    await visitor.post(f"/events/{slot.slug}/bookings", content=body.encode(), headers=FORM)

    assert [tuple(row.values()) for row in await db.fetch("SELECT first_name, last_name FROM dossier")] == [
        ("Zoé", "D’Hôte")
    ]


async def test_a_multipart_form_books_as_well_and_its_files_are_left_aside(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    fields: dict[str, Any] = {name: (None, str(value)) for name, value in typed(slot).items()}

    answer = await visitor.post(
        f"/events/{slot.slug}/bookings", files={**fields, "photo": ("zoe.jpg", b"\xff\xd8", "image/jpeg")}
    )

    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("", b"", 422),
        ("application/x-www-form-urlencoded", b"", 422),
        ("application/json", b'{"slot": 1, "first_name": ["Zoe"]}', 422),
        ("application/json", b"[" * 30_000, 422),
        ("text/plain", b"first_name=Zoe", 422),
        ("image/png", b"\x89PNG", 422),
        ("no kind", b"first_name=Zoe", 422),
        ("multipart/form-data", b"--x\r\n\r\n--x--", 400),
        ("multipart/form-data; boundary=x", b"", 422),
        ("multipart/form-data; boundary=x", b"no such boundary", 400),
        ("multipart/form-data; boundary=x", MARTIAN, 400),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 101), 400),
        ("application/x-www-form-urlencoded", b"%", 422),
        ("application/x-www-form-urlencoded", b"\xff=\xff&=&&%zz=%u1234", 422),
    ],
)
async def test_a_body_that_is_no_form_is_said_to_be_none(
    visitor: httpx.AsyncClient, kind: str, body: bytes, status: int
) -> None:
    slot = await make_slot()
    before = await dump()

    answer = await visitor.post(f"/events/{slot.slug}/bookings", content=body, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert Page.of(answer).all("h1")
    assert await dump() == before


@pytest.mark.parametrize("size", [64 * 1024 + 1, 9_000_000, 40_000_000])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_form_larger_than_64_kilobytes_is_turned_away(
    visitor: httpx.AsyncClient, size: int, announced: bool
) -> None:
    slot = await make_slot()
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < size:
            taken += 10_000
            yield b"a=1&" * 2500

    length = {"Content-Length": str(size)} if announced else {}
    answer = await visitor.post(f"/events/{slot.slug}/bookings", content=body(), headers=FORM | length)

    assert answer.status_code == 413
    assert Page.of(answer).all("h1")
    assert taken <= min(size + 10_000, 17_000_000)


async def test_a_form_of_just_64_kilobytes_is_read(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    body = urlencode(typed(slot))
    body += "&more=" + "x" * (64 * 1024 - len(body) - 6)

    answer = await visitor.post(f"/events/{slot.slug}/bookings", content=body, headers=FORM)

    assert (len(body), answer.status_code) == (65_536, 303)


@pytest.mark.parametrize("slug", ["nowhere", "%00", "%FF%FE", "..%2F..", "x" * 3000, "%ED%A0%80", "%E2%80%AE", "*"])
async def test_an_unknown_event_is_no_page_whatever_its_form_says(visitor: httpx.AsyncClient, slug: str) -> None:
    slot = await make_slot()

    assert (await visitor.get(f"/events/{slug}")).status_code == 404
    assert (await send(visitor, f"/events/{slug}/bookings", {})).status_code == 404
    assert (await send(visitor, f"/events/{slug}/bookings", typed(slot))).status_code in (404, 405)


async def test_a_draft_is_no_page(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    await db.fetch("UPDATE event SET state = 'draft'")

    assert (await visitor.get(f"/events/{slot.slug}")).status_code == 404
    assert (await book(visitor, slot)).status_code == 404


async def test_the_same_key_twice_leads_to_the_same_booking(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()

    answers = [await book(visitor, slot, key="once") for _ in range(3)]

    assert {answer.headers["location"] for answer in answers} == {answers[0].headers["location"]}
    assert await seats_left(slot.id) == 9


async def test_the_last_seat_sent_twice_is_still_theirs(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(1)

    first, second = await book(visitor, slot, key="once"), await book(visitor, slot, key="once")

    assert second.headers["location"] == first.headers["location"]


async def test_the_key_may_come_in_the_header(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    path, body, header = f"/events/{slot.slug}/bookings", typed(slot), {"Idempotency-Key": "once"}

    first, second = [await visitor.post(path, data=body, headers=header) for _ in range(2)]

    assert second.headers["location"] == first.headers["location"]


async def test_another_form_with_the_same_key_is_refused_and_may_be_sent_again(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    await book(visitor, slot, key="once")
    before = await dump()

    answer = await book(visitor, slot, key="once", first_name="Ada", lang="en")

    page = Page.of(answer)
    assert answer.status_code == 422
    assert "It was already sent with other details. Nothing was changed." in page.words
    assert page.typed("first_name") == "Ada"
    assert page.typed("key") not in ("", "once")
    assert await dump() == before


async def test_a_corrected_form_is_no_conflict(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    wrong = await book(visitor, slot, key="once", email="no address")

    assert wrong.status_code == 422
    assert (await book(visitor, slot, key="once")).status_code == 303


async def test_the_field_no_person_sees_catches_robots_without_a_word(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    before = await dump()

    answer = await book(visitor, slot, website="https://spam.test")

    neutral = await send(visitor, "/bookings/find", {"email": "nobody@exemple.test"})
    assert (answer.status_code, answer.content) == (200, neutral.content)
    assert await dump() == before


async def test_a_form_sent_within_a_second_is_shown_again_with_all_that_it_says(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(event=await make_event(age_min=15))
    opened = Page.of(await visitor.get(f"/events/{slot.slug}")).typed("opened_at")
    before = await dump()

    answer = await book(visitor, slot, opened_at=opened, age_band="15_17", lang="en")

    page = Page.of(answer)
    assert answer.status_code == 422
    assert "If you are a person, please send it once more: all you typed is still there." in page.words
    assert {name: page.typed(name) for name in typed(slot)} == typed(slot)
    assert page.typed("age_band") == "15_17"
    assert await dump() == before

    with clock.at(clock.now() + timedelta(seconds=2)):
        again = {name: page.typed(name) for name in (*typed(slot), "age_band", "opened_at", "key")}
        assert (await send(visitor, f"/events/{slot.slug}/bookings", again)).status_code == 303


@pytest.mark.parametrize(
    ("seconds_ago", "status"), [(0.0, 422), (0.9, 422), (1.1, 303), (3600, 303), (-30, 303), (10**9, 303)]
)
async def test_only_the_first_second_is_too_fast(visitor: httpx.AsyncClient, seconds_ago: float, status: int) -> None:
    stamp = f"{clock.now().timestamp() - seconds_ago:.6f}"

    assert (await book(visitor, await make_slot(), opened_at=stamp)).status_code == status


async def test_a_full_date_says_so_and_keeps_the_form(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    full, other = await make_slot(1, event=event), await make_slot(event=event)
    await make_booking(full)
    before = await dump()

    answer = await book(visitor, full, lang="en")

    page = Page.of(answer)
    assert answer.status_code == 409
    assert "The last seat has just gone. Nothing was booked." in page.words
    assert {name: page.typed(name) for name in ZOE} == ZOE
    offered = [radio["value"] for radio in page.all("input", name="slot") if "disabled" not in radio]
    assert offered == [f"queue.{full.id}", str(other.id)]
    assert await dump() == before


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "closed": ({}, {"closes_at": timedelta(hours=-1)}, "The list has been closed since "),
    "called off": ({}, {"state": "called_off", "called_off_reason": "Panne"}, "Reason given: Panne."),
    "event called off": ({"state": "called_off"}, {}, "It will not take place."),
    "past": ({}, {"starts_in": timedelta(days=-3)}, "It took place on "),
    "going on": ({}, {"starts_in": timedelta(hours=-1)}, "The list has been closed since "),
    "not yet": ({}, {"opens_at": timedelta(days=1)}, "You can book from "),
    "assembly": (
        {"kind": "assembly", "takes_individuals": False},
        {},
        "This assembly is for the members of the association.",
    ),
    "classes only": (
        {"takes_individuals": False, "takes_classes": True},
        {},
        "This event takes classes, not single visitors.",
    ),
}


@pytest.mark.parametrize(("of_event", "of_slot", "sentence"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_booked_says_why(
    visitor: httpx.AsyncClient, of_event: dict[str, Any], of_slot: dict[str, Any], sentence: str
) -> None:
    moments = {n: clock.now() + v for n, v in of_slot.items() if n in ("closes_at", "opens_at")}
    slot = await make_slot(event=await make_event(**of_event), **{**of_slot, **moments})
    before = await dump()

    answer = await book(visitor, slot, lang="en")

    assert answer.status_code == 409
    assert sentence in Page.of(answer).words
    assert Page.of(answer).all("div", role="alert")
    assert await dump() == before


async def test_a_duplicate_takes_no_seat_and_tells_a_stranger_nothing(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    await book(visitor, slot)

    again = await book(visitor, slot)

    found = await send(visitor, "/bookings/find", {"email": "nobody@exemple.test"})
    assert (again.status_code, again.content) == (200, found.content)
    assert {**again.headers} == {**found.headers}
    assert await seats_left(slot.id) == 9


async def test_a_fourth_person_with_one_address_gets_the_same_neutral_page(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    for name in ("Zoé", "Ada", "Ben"):
        assert (await book(visitor, slot, first_name=name)).status_code == 303

    fourth = await book(visitor, slot, first_name="Cleo")

    assert fourth.content == (await send(visitor, "/bookings/find", {"email": "n@exemple.test"})).content
    assert await seats_left(slot.id) == 7


async def test_finding_ones_booking_answers_alike_whether_or_not_there_is_one(visitor: httpx.AsyncClient) -> None:
    await make_booking(await make_slot())

    with counted() as for_ben:
        known = await send(visitor, "/bookings/find", {"email": BEN.email})
    with counted() as for_nobody:
        unknown = await send(visitor, "/bookings/find", {"email": "nobody@exemple.test"})

    assert (known.status_code, unknown.status_code) == (200, 200)
    assert known.content == unknown.content
    assert {**known.headers} == {**unknown.headers}
    assert len(for_ben) == len(for_nobody)


async def test_finding_ones_booking_posts_its_link_to_its_own_address_only(visitor: httpx.AsyncClient) -> None:
    await make_booking(await make_slot())
    await db.fetch("DELETE FROM email")

    await send(visitor, "/bookings/find", {"email": "Ben@EXEMPLE.test"})
    await send(visitor, "/bookings/find", {"email": "nobody@exemple.test"})

    letters = await db.fetch("SELECT letter, lower(recipient) AS recipient FROM email")
    assert [tuple(row.values()) for row in letters] == [("links", BEN.email)]


@pytest.mark.parametrize("value", REFUSED_ADDRESSES.values(), ids=REFUSED_ADDRESSES)
async def test_no_address_finds_no_booking(visitor: httpx.AsyncClient, value: Typed) -> None:
    answer = await send(visitor, "/bookings/find", {"email": value})

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("email")


async def test_asking_too_often_for_ones_link_answers_alike(visitor: httpx.AsyncClient) -> None:
    await make_booking(await make_slot())

    answers = [await send(visitor, "/bookings/find", {"email": BEN.email}) for _ in range(6)]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.status_code for answer in answers} == {200}


ALMOST = ["x", "find2", "..", "%00", "%FF", "a" * 32, "A" * 32, "é" * 32, "a" * 5000, "%ED%A0%80", "' OR 1=1 --", "*"]


@pytest.mark.parametrize("token", ALMOST)
async def test_a_link_nobody_has_is_no_page(visitor: httpx.AsyncClient, token: str) -> None:
    await make_booking(await make_slot())
    before = await dump()

    assert (await visitor.get(f"/bookings/{token}/invitation.ics")).status_code == 404
    for change in CHANGES:
        answer = await send(visitor, f"/bookings/{token}/{change}", {"sure": "yes", "email": "c@exemple.test"})
        assert answer.status_code == 404
    assert await dump() == before


async def test_a_link_that_is_almost_right_is_no_page(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))
    wrong = [
        link[:-1],
        link + "a",
        link[:-1] + ("a" if link[-1] != "a" else "b"),
        link.upper().replace("/BOOKINGS", "/bookings"),
        link + "%20",
        link + "%00",
    ]

    assert [(await visitor.get(one)).status_code for one in [link, *wrong]] == [200] + [404] * len(wrong)


async def test_cancelling_needs_a_tick(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    link = link_of(await make_booking(slot))

    answer = await send(visitor, f"{link}/cancel", {"sure": "on"}, lang="en")

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("sure")
    assert "Tick the box first: then we know that you are sure." in Page.of(answer).words
    assert await seats_left(slot.id) == 9


async def test_a_seat_given_back_can_be_taken_back_and_given_back_again(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(1)
    link = link_of(await make_booking(slot))

    cancelled = await send(visitor, f"{link}/cancel", {"sure": "yes"})
    assert (cancelled.status_code, cancelled.headers["location"]) == (303, link)
    assert await seats_left(slot.id) == 1
    assert (await send(visitor, f"{link}/cancel", {"sure": "yes"})).status_code == 303

    restored = await send(visitor, f"{link}/restore")
    assert (restored.status_code, restored.headers["location"]) == (303, link)
    assert await seats_left(slot.id) == 0


@pytest.mark.parametrize(
    ("minutes", "rival", "sentence"),
    [
        (1, True, "The last seat has just gone. Nothing was booked."),
        (16, False, "A cancellation can be taken back for 15 minutes."),
    ],
)
async def test_a_seat_that_cannot_be_taken_back_says_why(
    visitor: httpx.AsyncClient, minutes: int, rival: bool, sentence: str
) -> None:
    slot = await make_slot(1)
    link = link_of(await make_booking(slot))
    await send(visitor, f"{link}/cancel", {"sure": "yes"})
    if rival:
        assert (await book(visitor, slot)).status_code == 303

    with clock.at(clock.now() + timedelta(minutes=minutes)):
        answer = await send(visitor, f"{link}/restore", lang="en")

    assert answer.status_code == 409
    assert sentence in Page.of(answer).words


async def test_nothing_is_left_to_restore_where_nothing_was_cancelled(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))

    assert (await send(visitor, f"{link}/restore")).status_code == 409


async def test_what_has_begun_can_no_longer_be_cancelled(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    link = link_of(await make_booking(slot))

    with clock.at(slot.starts_at + timedelta(minutes=5)):
        answer = await send(visitor, f"{link}/cancel", {"sure": "yes"}, lang="en")

    assert answer.status_code == 409
    assert "It began on " in Page.of(answer).words
    assert await seats_left(slot.id) == 9


async def test_an_erased_booking_says_so_and_is_gone(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    link = link_of(await make_booking(slot))

    refused = await send(visitor, f"{link}/erase")
    erased = await send(visitor, f"{link}/erase", {"sure": "yes"})

    assert (refused.status_code, erased.status_code, erased.headers["location"]) == (422, 303, link)
    page = await visitor.get(link, params={"lang": "en"})
    assert "Your details are erased" in page.text
    assert BEN.last_name not in page.text
    assert (await visitor.get(f"{link}/invitation.ics")).status_code == 404
    for change in CHANGES:
        assert (await send(visitor, f"{link}/{change}", {"sure": "yes", "email": "c@d.test"})).status_code == 404
    assert await seats_left(slot.id) == 10


async def test_a_wrong_address_is_corrected_under_a_new_link(visitor: httpx.AsyncClient) -> None:
    old = link_of(await make_booking(await make_slot()))

    answer = await send(visitor, f"{old}/email", {"email": "ben.delattre@exemple.test"})

    assert answer.status_code == 303
    new = answer.headers["location"].partition("?")[0]
    assert new != old
    assert [(await visitor.get(link)).status_code for link in (old, new)] == [404, 200]
    assert "ben.delattre@exemple.test" in (await visitor.get(new)).text


async def test_a_corrected_address_that_is_none_is_refused_beside_its_field(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))

    answer = await send(visitor, f"{link}/email", {"email": "<ben>"})

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("email")
    assert Page.of(answer).typed("email") == "<ben>"


async def test_an_address_that_answered_is_settled(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))
    await send(visitor, f"{link}/cancel", {"sure": "yes", "from": "mail"})
    await send(visitor, f"{link}/restore", {"from": "mail"})

    answer = await send(visitor, f"{link}/email", {"email": "thief@exemple.test"}, lang="en")

    assert answer.status_code == 409
    assert "Somebody has already answered from this address" in Page.of(answer).words


async def test_an_address_that_holds_the_same_seat_already_gets_the_neutral_page(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    await book(visitor, slot, first_name=BEN.first_name, last_name=BEN.last_name)
    link = link_of(await make_booking(slot))

    answer = await send(visitor, f"{link}/email", {"email": ZOE["email"]})

    assert answer.content == (await send(visitor, "/bookings/find", {"email": "n@exemple.test"})).content


async def test_a_page_opened_from_the_mail_says_so_with_its_next_button(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))

    page = Page.of(await visitor.get(link, params={"from": "mail"}))
    answer = await send(visitor, f"{link}/cancel", {"sure": "yes", "from": "mail"})

    forms = [form for form in page.all("form") if form["method"] == "post"]
    assert len(page.all("input", name="from", value="mail")) == len(forms)
    assert answer.headers["location"] == f"{link}?from=mail"


async def test_changes_have_a_rate_of_their_own(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))

    answers = [await send(visitor, f"{link}/cancel") for _ in range(21)]

    assert [answer.status_code for answer in answers] == [422] * 20 + [429]


async def test_the_calendar_file_is_one(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))

    answer = await visitor.get(f"{link}/invitation.ics")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="invitation.ics"'
    assert answer.content.startswith(b"BEGIN:VCALENDAR\r\n")


async def test_a_booking_page_asks_as_much_of_the_database_whoever_it_is(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    slots = [await make_slot(event=event) for _ in range(3)]
    alone = await make_booking(await make_slot())
    beside = await make_booking(slots[1], a_pupil())

    for dossier in (alone, beside):
        with counted() as seen:
            await visitor.get(link_of(dossier))
        assert len(seen) == 6


async def test_booking_a_seat_asks_as_much_of_the_database_for_one_date_and_for_three(
    visitor: httpx.AsyncClient,
) -> None:
    event = await make_event()
    slots = [await make_slot(event=event) for _ in range(3)]

    for slot in (await make_slot(), slots[2]):
        with counted() as seen:
            assert (await book(visitor, slot, key=str(slot.id))).status_code == 303
        assert len(seen) == 12


async def test_with_another_limit_the_fourth_form_of_a_network_has_to_wait(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    with settings_with(rate_limits=_limits(network=3)):
        answers = [await book(visitor, slot, first_name=f"Zoé {n}", email=f"z{n}@exemple.test") for n in range(4)]

    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert 1190 <= int(answers[3].headers["retry-after"]) <= 1200
    assert await seats_left(slot.id) == 7


def _limits(**counts: int) -> dict[str, Rate]:
    return {**DEFAULT_RATES, **{name: Rate(count, 3600) for name, count in counts.items()}}


async def test_the_page_shows_all_that_is_kept_of_the_booker(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(event=await make_event(age_min=15))
    who = replace(CLEO, level="2de", age_band="15_17")

    page = (await visitor.get(f"{link_of(await make_booking(slot, who))}?lang=en")).text

    kept = [f"{who.first_name} {who.last_name}", who.email, who.school, "2de", "15 to 17"]
    assert [one for one in kept if f"<dd>{escape(one)}</dd>" not in page] == []
