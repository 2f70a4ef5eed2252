"""The attendance sheet as values: who stands on it, in which order, and for which half-day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.attendance import sheets
from service.bookings import attendees, changes, options, seats
from service.bookings.names import Name
from service.bookings.plans import Party
from service.events.slots import UnknownSlot
from tests.bookings.classes import a_class, class_slot
from tests.bookings.queues import joined
from tests.makers import BEN, CLEO, at_paris, make_booking, make_event, make_slot

HOUR = timedelta(hours=1)


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


async def test_a_draft_has_no_sheet() -> None:
    slot = await make_slot()
    await make_event(state="draft")
    assert (await sheets.of_slot(slot.id)).expected == 0
    with pytest.raises(UnknownSlot):
        await sheets.of_slot((await make_event()).id)
