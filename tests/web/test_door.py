"""The door behind its link, on phones without JavaScript and as the script asks for it."""

from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from litestar import Litestar

from service import clock, db, templates
from service.attendance import arrivals, check_in, doors, passes
from service.bookings import changes, waiting
from service.events import slots
from service.events.slots import BookableSlot
from tests.attendance.harness import ADA, AFTERNOON, DAY, class_at_door, crowd, door_slot, id_of, noted
from tests.makers import BEN, CLEO, make_booking
from tests.visits import Page, counted, dump, send
from tests.web.doors import PART, link_to, read, tally, visitor_of

SCRIPT = templates.STATIC / "door.js"


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


async def booked(slot: BookableSlot) -> str:
    """Cléo's booking, as a button names it."""
    return (await id_of(await make_booking(slot, CLEO))).hex


# As plain forms


async def test_a_whole_day_at_the_door_works_as_plain_forms(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    cleo, of_class = await booked(slot), (await class_at_door(slot)).hex
    door = await link_to(slot)
    assert tally(await read(visitor, door)) == "0 / 29"

    tapped = await send(visitor, f"{door}/tap", {"present": cleo}, lang="en")
    assert (tapped.status_code, tapped.headers["location"]) == (303, f"{door}?said=here&of={cleo}&lang=en#row-{cleo}")
    page = Page.of(await visitor.get(tapped.headers["location"]))
    assert (tally(page), "D'HÔTE-VANDAMME Cléo is here." in page.words) == ("1 / 29", True)
    assert page.all("button", name="undo", value=cleo)
    assert "13:40" in page.words

    page = await _after(visitor, door, {"present": cleo})
    assert "has been here since 13:40." in page.words
    assert tally(await _after(visitor, door, {"undo": cleo})) == "0 / 29"
    assert tally(await _after(visitor, door, {"present": of_class})) == "28 / 29"
    for _ in range(2):
        page = await _after(visitor, door, {"less": of_class, "key": str(_)})
    assert (tally(page), "2de 4: 26 of 28." in " ".join(page.words.split())) == ("26 / 29", True)
    assert tally(await _after(visitor, door, {"more": of_class})) == "27 / 29"

    await send(visitor, f"{door}/walk-in", {"name": "Léa D’Hôte", "key": "one form"})
    added = await send(visitor, f"{door}/walk-in", {"name": "Léa D’Hôte", "key": "one form"}, lang="en")
    page = Page.of(await visitor.get(added.headers["location"]))
    assert (tally(page), "Léa D’Hôte" in page.words) == ("27 / 29 + 1 not booked", True)
    [entered] = page.all("button", name="remove")
    assert tally(await _after(visitor, door, {"remove": entered["value"]})) == "27 / 29"


async def _after(visitor: httpx.AsyncClient, door: str, fields: dict[str, str]) -> Page:
    """The page that a tap leads to."""
    tapped = await send(visitor, f"{door}/tap", fields, lang="en")
    assert tapped.status_code == 303
    return Page.of(await visitor.get(tapped.headers["location"]))


async def test_one_page_s_plus_pressed_twice_counts_once(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    of_class, door = (await class_at_door(slot)).hex, await link_to(slot)
    [key] = {one["value"] for one in (await read(visitor, door)).all("input", name="key")}
    for _ in range(2):
        await send(visitor, f"{door}/tap", {"more": of_class, "key": key})
    assert [people for people, _ in await noted(slot)] == [1]
    await send(visitor, f"{door}/tap", {"less": of_class, "key": key})
    assert await noted(slot) == []


async def test_the_list_is_searched_without_javascript_and_stays_so_after_a_tap(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    cleo = await booked(slot)
    await make_booking(slot, BEN)
    door = await link_to(slot)
    page = await read(visitor, door, q="hote cleo")
    assert ("D'HÔTE-VANDAMME Cléo" in page.words, "DELATTRE" in page.words) == (True, False)
    assert page.all("input", name="q", type="hidden", value="hote cleo")
    tapped = await send(visitor, f"{door}/tap", {"present": cleo, "q": "hote cleo"})
    assert tapped.headers["location"] == f"{door}?said=here&of={cleo}&q=hote+cleo#row-{cleo}"
    assert "Nobody of that name is expected." in (await read(visitor, door, q="xyz")).words


async def test_a_code_is_typed_and_a_wrong_one_is_said_beside_it(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    dossier = await make_booking(slot, CLEO)
    door = await link_to(slot)
    empty = await send(visitor, f"{door}/code", {"code": ""}, lang="en")
    assert (empty.status_code, "Please type the code of the booking." in Page.of(empty).words) == (422, True)
    wrong = await send(visitor, f"{door}/code", {"code": "ZZZ-ZZZ"}, lang="en")
    assert (wrong.status_code, "Not on this list" in Page.of(wrong).words) == (409, True)
    right = await send(visitor, f"{door}/code", {"code": dossier.code.lower()})
    assert right.headers["location"].startswith(f"{door}?said=here&of=")
    again = await send(visitor, f"{door}/code", {"code": passes.of(await id_of(dossier))})
    assert again.headers["location"].startswith(f"{door}?said=first&of=")


async def test_a_class_that_is_scanned_is_shown_to_be_counted(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    booking, door = await class_at_door(slot), await link_to(slot)
    found = await send(visitor, f"{door}/code", {"code": passes.of(booking)}, lang="en")
    assert "2de 4: count who is here." in Page.of(await visitor.get(found.headers["location"])).words
    assert await noted(slot) == []


async def test_a_refusal_stands_in_the_head_of_the_page(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    of_class, door = (await class_at_door(slot)).hex, await link_to(slot)
    await send(visitor, f"{door}/tap", {"present": of_class})
    more = await send(visitor, f"{door}/tap", {"more": of_class}, lang="en")
    assert (more.status_code, "28 seats are booked for them, not more." in Page.of(more).words) == (409, True)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"present": ""},
        {"present": "x"},
        {"present": "\0"},
        {"undo": "é" * 99},
        {"more": "1" * 32, "times": "9" * 30},
    ],
)
async def test_odd_taps_are_refused_and_note_nothing(visitor: httpx.AsyncClient, fields: dict[str, str]) -> None:
    slot = await door_slot()
    await booked(slot)
    door = await link_to(slot)
    before = await dump()
    assert (await send(visitor, f"{door}/tap", fields)).status_code == 409
    assert await dump() == before


@pytest.mark.parametrize("key", ["", "\0", "é" * 500, "\ud800", "' ; DROP"])
async def test_an_odd_key_breaks_nothing(visitor: httpx.AsyncClient, key: str) -> None:
    slot = await door_slot()
    of_class, door = (await class_at_door(slot)).hex, await link_to(slot)
    for path, fields in (("tap", {"more": of_class, "times": "x"}), ("walk-in", {})):
        assert (await send(visitor, f"{door}/{path}", {**fields, "key": key})).status_code == 303


@pytest.mark.parametrize("name", ["\0", "\u202eabc", "x" * 201, "???"])
async def test_a_name_that_cannot_be_kept_is_said_beside_its_field(visitor: httpx.AsyncClient, name: str) -> None:
    slot = await door_slot()
    door = await link_to(slot)
    answer = await send(visitor, f"{door}/walk-in", {"name": name})
    assert (answer.status_code, bool(Page.of(answer).all("p", id="name-error"))) == (422, True)
    assert await noted(slot) == []


async def test_hostile_names_are_words_and_nothing_else(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    door, name = await link_to(slot), "<script>alert(1)</script>\"'{{ 7*7 }}"
    await send(visitor, f"{door}/walk-in", {"name": name})
    answer = await visitor.get(door)
    assert name in Page.of(answer).words
    assert "<script>alert" not in answer.text
    assert "49" not in Page.of(answer).words


# Its link


async def test_the_link_shows_names_as_on_the_sheet_and_no_contact(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot(1)
    dossier = await make_booking(slot, CLEO)
    with clock.at(AFTERNOON - DAY):
        await waiting.join(await slots.load(slot.id), BEN)
    door = await link_to(slot)
    for path in (door, f"{door}/list", f"{door}?q=delattre"):
        answer = await visitor.get(path)
        assert CLEO.email not in answer.text
        assert dossier.code not in answer.text
        assert ("DELATTRE" in answer.text, "/close" in answer.text) == (False, False)  # who has no seat; the absent
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_the_camera_is_for_the_door_s_pages_only(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    door = await link_to(slot)
    refused = await send(visitor, f"{door}/tap")
    for answer in (await visitor.get(door), refused):
        assert "camera=(self)" in answer.headers["permissions-policy"]
    assert "camera=()" in (await visitor.get("/")).headers["permissions-policy"]


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        (AFTERNOON - DAY, "It will open the door on Monday 24 November."),
        (AFTERNOON + DAY, "that day is over."),
    ],
)
async def test_on_another_day_it_opens_nothing_and_says_so(
    visitor: httpx.AsyncClient, moment: datetime, sentence: str
) -> None:
    slot = await door_slot()
    cleo, door = await booked(slot), await link_to(slot)
    with clock.at(moment):
        answers = [await visitor.get(f"{door}{end}?lang=en") for end in ("", "/list")]
        answers += [
            await send(visitor, f"{door}/{end}", {"present": cleo}, lang="en") for end in ("tap", "walk-in", "code")
        ]
    assert [(one.status_code, sentence in Page.of(one).words) for one in answers] == [(404, True)] * 5
    assert await noted(slot) == []


async def test_withdrawn_renewed_or_wrong_it_opens_nothing(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    cleo, old = await booked(slot), await link_to(slot)
    new = await link_to(slot)
    assert [(await visitor.get(path)).status_code for path in (old, new)] == [404, 200]
    await doors.close_link(slot.id, ADA)
    for path in (old, new, new[:-1], new.upper(), "/door/%00", "/door/" + "é" * 40):
        for answer in (await visitor.get(path), await send(visitor, f"{path}/tap", {"present": cleo})):
            assert answer.status_code == 404
    assert await noted(slot) == []


async def test_a_link_opens_no_other_slot(visitor: httpx.AsyncClient) -> None:
    here, elsewhere = await door_slot(), await door_slot()
    cleo, door = await booked(elsewhere), await link_to(here)
    assert (await send(visitor, f"{door}/tap", {"present": cleo})).status_code == 409
    assert await noted(elsewhere) == []


async def test_the_journal_says_which_door_it_was(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    cleo, door = await booked(slot), await link_to(slot)
    await send(visitor, f"{door}/tap", {"present": cleo})
    [line] = await db.fetch("SELECT actor FROM journal WHERE verb = 'check_in'")
    assert line["actor"] == f"door:{slot.id}"


# For its script


async def test_the_other_phone_s_list_shows_a_tap_at_once(app: Litestar) -> None:
    slot = await door_slot()
    cleo, door = await booked(slot), await link_to(slot)
    async with visitor_of(app) as one, visitor_of(app) as other:
        before = await other.get(f"{door}/list")
        unchanged = await other.get(f"{door}/list", headers={"If-None-Match": before.headers["etag"]})
        assert (before.status_code, unchanged.status_code, unchanged.content) == (200, 304, b"")
        tapped = await one.post(f"{door}/tap", data={"present": cleo}, headers=PART)
        after = await other.get(f"{door}/list", headers={"If-None-Match": before.headers["etag"]})
    assert (tapped.status_code, after.status_code) == (200, 200)
    for answer in (tapped, after):
        assert answer.headers["x-part"] == "list"
        assert Page.of(answer).all("button", name="undo", value=cleo)
        assert not Page.of(answer).all("html")
    assert Page.of(tapped).all("div", id="say")
    assert not Page.of(after).all("div", id="say")  # what was said on the other phone stays there


async def test_a_part_says_a_refusal_and_a_mistake_too(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    door = await link_to(slot)
    for fields, status, words in (({"code": "ZZZ-ZZZ"}, 409, "Not on this list"), ({}, 422, "Please type the code")):
        answer = await visitor.post(f"{door}/code?lang=en", data=fields, headers=PART)
        assert (answer.status_code, words in Page.of(answer).words) == (status, True)
        assert answer.headers["x-part"] == "list"


async def test_many_taps_of_one_thumb_are_one_sending(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    of_class, door = (await class_at_door(slot)).hex, await link_to(slot)
    for _ in range(2):  # the first answer was lost
        await visitor.post(f"{door}/tap", data={"more": of_class, "times": "5", "key": "1 0.5"}, headers=PART)
    assert [people for people, _ in await noted(slot)] == [5]


async def test_the_list_costs_the_same_statements_with_one_row_and_with_three_hundred(
    visitor: httpx.AsyncClient,
) -> None:
    slot = await door_slot(400)
    door, found = await link_to(slot), []
    for more in (1, 299):
        await crowd(slot, more)
        for path in (door, f"{door}/list"):
            with counted() as statements:
                assert (await visitor.get(path)).status_code == 200
            found.append(len(statements))
    assert len((await arrivals.at_door(slot.id)).rows) == 300
    assert found == [6, 6, 6, 6]  # the link, its slot, and four questions


def test_the_script_is_small_and_asks_nobody_else() -> None:
    script = SCRIPT.read_text()
    assert len(script.encode()) <= 6 * 1024
    assert script.count("fetch(") == 1
    assert "http" not in script
    assert "cookie" not in script


async def test_a_called_off_date_says_so_and_offers_nothing(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    cleo, door = await booked(slot), await link_to(slot)
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'grève' WHERE id = $1", slot.id)
    page = await read(visitor, door)
    assert ("This date is called off" in page.words, page.all("button", name="present")) == (True, [])
    refused = await send(visitor, f"{door}/tap", {"present": cleo}, lang="en")
    assert (refused.status_code, "grève" in Page.of(refused).words) == (409, True)


async def test_who_cancelled_in_between_is_refused_with_the_moment(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    booking, door = await id_of(dossier), await link_to(slot)
    await changes.cancel(dossier)
    answer = await send(visitor, f"{door}/tap", {"present": booking.hex}, lang="en")
    assert (answer.status_code, "at 13:40" in Page.of(answer).words) == (409, True)


async def test_a_full_room_is_warned_of_before_and_after(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot(1)
    booking = await id_of(await make_booking(slot))
    door = await link_to(slot)
    assert "one more would be beyond the capacity" in (await read(visitor, door)).words
    await check_in.mark_present(slot.id, booking, ADA)
    await send(visitor, f"{door}/walk-in")
    assert "1 person beyond the capacity of 1" in (await read(visitor, door)).words
