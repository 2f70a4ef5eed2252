"""The attendance sheet as values: who stands on it, in which order, and for which half-day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service import db
from service.attendance import sheets
from service.bookings import attendees, changes, options, seats
from service.bookings.names import Name
from service.bookings.plans import Party
from service.events.slots import UnknownSlot
from tests.bookings.classes import a_class, class_event, class_slot
from tests.bookings.queues import joined
from tests.makers import BEN, CLEO, at_paris, make_booking, make_event, make_slot
from tests.visits import counted

HOUR = timedelta(hours=1)
NEXT_WEEK = at_paris(f"{datetime.now(UTC):%Y-%m-%d}") + 7 * 24 * HOUR  # at midnight


async def test_those_who_come_alone_are_sorted_by_name_whatever_their_accents() -> None:
    slot = await make_slot(9)
    for first, last in (("Zoé", "ÉMERY"), ("Ali", "emard"), ("Léa", "D'Hôte"), ("Éva", "Emery"), ("Ana", "Zola")):
        await make_booking(slot, replace(BEN, first_name=first, last_name=last, email=f"{first}@x.test".lower()))
    sheet = await sheets.of_slot(slot.id)
    [alone] = sheet.sections
    assert [(row.number, row.name) for row in alone.rows] == [
        (1, "D'HÔTE Léa"), (2, "EMARD Ali"), (3, "EMERY Éva"), (4, "ÉMERY Zoé"), (5, "ZOLA Ana"),
    ]  # fmt: skip


async def test_a_class_without_names_is_numbered_blank_lines_under_its_heading() -> None:
    slot = await class_slot(40)
    await options.confirm(await a_class(slot, Party(3, 1)))
    [section] = (await sheets.of_slot(slot.id)).sections
    assert (section.label, section.pupils, section.chaperones) == ("2de 4", 3, 1)
    assert [(row.number, row.name) for row in section.rows] == [(1, ""), (2, ""), (3, ""), (4, "")]


async def test_the_names_that_a_teacher_gave_stand_first_and_the_numbers_go_on_through_the_sheet() -> None:
    slot = await class_slot(40, option_days=None)
    await seats.book(slot, CLEO)
    dossier = await a_class(slot, Party(3, 0))
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: [Name("Zola", "Ana"), Name("Émery", "Éva")]})
    sheet = await sheets.of_slot(slot.id)
    assert [[(row.number, row.name) for row in section.rows] for section in sheet.sections] == [
        [(1, "D'HÔTE-VANDAMME Cléo")],
        [(2, "ÉMERY Éva"), (3, "ZOLA Ana"), (4, "")],
    ]
    assert [row.number for row in sheet.walk_ins] == [5, 6, 7, 8, 9]


async def test_who_cancelled_or_waits_is_not_on_it_and_what_is_not_confirmed_says_so() -> None:
    slot = await class_slot(32)
    gone = await seats.book(slot, BEN)
    await a_class(slot, Party(28, 3))
    await joined(slot)
    await changes.cancel(gone)
    [section] = (await sheets.of_slot(slot.id)).sections
    assert {row.to_confirm for row in section.rows} == {True}
    assert len(section.rows) == 31


@pytest.mark.parametrize(
    ("starts", "ends", "times"),
    [
        ("2027-01-12 09:00", "2027-01-12 12:00", [("09:00", "12:00")]),
        ("2027-01-12 11:00", "2027-01-12 15:00", [("11:00", "15:00")]),
        ("2027-01-12 09:00", "2027-01-12 17:00", [("09:00", "13:00"), ("13:00", "17:00")]),
        ("2027-01-12 14:00", "2027-01-13 12:00", [("14:00", "00:00"), ("00:00", "12:00")]),
    ],
)
async def test_a_long_slot_is_signed_for_each_half_day(starts: str, ends: str, times: list[tuple[str, str]]) -> None:
    slot = await make_slot(starts_at=at_paris(starts), ends_at=at_paris(ends))
    sheet = await sheets.of_slot(slot.id)
    assert [(f"{one:%H:%M}", f"{other:%H:%M}") for one, other in sheet.halves] == times


async def test_who_comes_alone_says_from_which_class_and_whom_they_bring_sign_below_them() -> None:
    slot = await make_slot(9)
    dossier = await make_booking(slot, replace(BEN, level="2de"))
    async with db.transaction():
        await seats.take(slot, 2, "individual")
        await db.fetch("UPDATE booking SET seats = 3 WHERE dossier = $1", dossier.id)
    [alone] = (await sheets.of_slot(slot.id)).sections
    assert [(row.number, row.name, row.origin) for row in alone.rows] == [
        (1, "DELATTRE Ben", "LYPSO, 2de"), (2, "", "LYPSO, 2de"), (3, "", "LYPSO, 2de"),
    ]  # fmt: skip


async def test_the_sheets_of_a_day_are_those_of_its_slots_in_their_order() -> None:
    event = await make_event(title="Verrerie")
    for start in ("2027-01-11 23:59", "2027-01-12 14:00", "2027-01-12 09:00", "2027-01-13 00:00"):
        await make_slot(event=event, starts_at=at_paris(start), ends_at=at_paris(start) + HOUR / 60)
    found = await sheets.of_day(date(2027, 1, 12))
    assert [f"{sheet.starts_at:%H:%M}" for sheet in found] == ["09:00", "14:00"]
    assert {sheet.title for sheet in found} == {"Verrerie"}


async def test_a_slot_over_several_days_is_signed_on_each_for_its_own_half_days() -> None:
    await make_slot(starts_at=at_paris("2027-01-12 14:00"), ends_at=at_paris("2027-01-13 17:00"))
    by_day = {day: await sheets.of_day(date(2027, 1, day)) for day in (11, 12, 13, 14)}
    assert {
        day: [f"{one:%H}-{other:%H}" for sheet in found for one, other in sheet.halves] for day, found in by_day.items()
    } == {11: [], 12: ["14-00"], 13: ["00-13", "13-17"], 14: []}


async def test_a_short_night_is_signed_on_the_day_on_which_it_begins() -> None:
    await make_slot(starts_at=at_paris("2027-01-12 22:00"), ends_at=at_paris("2027-01-13 01:00"))
    assert [len(await sheets.of_day(date(2027, 1, day))) for day in (12, 13)] == [1, 0]


async def test_what_was_called_off_has_no_sheet_on_its_day() -> None:
    start = at_paris("2027-01-12 09:00")
    off, on = [await make_slot(starts_at=start) for _ in "12"]
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", off.id)
    await make_slot(starts_at=start, event=await make_event(state="called_off"))
    assert [sheet.slot for sheet in await sheets.of_day(date(2027, 1, 12))] == [on.id]


async def test_a_day_costs_three_questions_however_many_slots_it_has() -> None:
    costs = []
    for more in (1, 4):
        for _ in range(more):
            slot = await make_slot(40, event=await class_event(), starts_at=NEXT_WEEK + 9 * HOUR)
            await make_booking(slot, CLEO)
            await a_class(slot, Party(3, 1))
        with counted() as statements:
            found = await sheets.of_day(NEXT_WEEK.date())
        costs.append(len(statements))
    assert (costs, len(found), {sheet.expected for sheet in found}) == ([3, 3], 5, {5})


async def test_the_names_of_one_slot_stand_on_no_other_sheet() -> None:
    first, second = [await make_slot(starts_at=NEXT_WEEK + hour * HOUR) for hour in (9, 10)]
    await make_booking(first, BEN)
    await make_booking(second, CLEO)
    names = [
        [row.name for one in sheet.sections for row in one.rows] for sheet in await sheets.of_day(NEXT_WEEK.date())
    ]
    assert names == [["DELATTRE Ben"], ["D'HÔTE-VANDAMME Cléo"]]


async def test_a_draft_has_no_sheet() -> None:
    slot = await make_slot()
    await make_event(state="draft")
    assert (await sheets.of_slot(slot.id)).expected == 0
    with pytest.raises(UnknownSlot):
        await sheets.of_slot((await make_event()).id)
