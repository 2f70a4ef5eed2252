"""The door's list as values: who stands on it, in which order, and how it is searched."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from service import clock, db
from service.attendance import arrivals, check_in, sheets
from service.bookings import attendees, changes, erasure, waiting
from service.bookings.by_hand import Way
from service.bookings.names import Name
from service.bookings.plans import Party
from service.events import slots
from service.events.slots import UnknownSlot
from tests.attendance.harness import ADA, AFTERNOON, DAY, class_at_door, door_slot, id_of
from tests.bookings.classes import a_class_of
from tests.bookings.offices import added, unaddressed
from tests.makers import BEN, CLEO, a_pupil, make_booking
from tests.visits import counted


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


async def test_classes_stand_first_then_everybody_by_name_whatever_their_accents() -> None:
    slot = await door_slot(90)
    for first, last in (("Zoé", "ÉMERY"), ("Ali", "emard"), ("Léa", "D'Hôte")):
        await make_booking(slot, replace(BEN, first_name=first, last_name=last, email=f"{first}@x.test".lower()))
    for label in ("2de 4", "1re B"):
        await class_at_door(slot, label=label)
    door = await arrivals.at_door(slot.id)
    assert [one.name for one in door.rows] == ["1re B", "2de 4", "D'HÔTE Léa", "EMARD Ali", "ÉMERY Zoé"]
    assert (door.expected, door.here, door.unseen, door.is_open) == (59, 0, 5, True)


async def test_who_cancelled_or_waits_is_not_expected_but_found() -> None:
    slot, full = await door_slot(), await door_slot(1)
    await changes.cancel(await make_booking(slot))
    await make_booking(full, BEN)
    with clock.at(AFTERNOON - DAY):
        await waiting.join(await slots.load(full.id), CLEO)
    found = [await arrivals.at_door(one.id) for one in (slot, full)]
    assert [[one.name for one in door.rows] for door in found] == [[], ["DELATTRE Ben"]]
    assert [[(one.name, one.state) for one in door.others] for door in found] == [
        [("DELATTRE Ben", "cancelled")],
        [("D'HÔTE-VANDAMME Cléo", "waiting")],
    ]


async def test_who_was_seen_and_cancelled_then_stays_in_sight() -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    await check_in.mark_present(slot.id, await id_of(dossier), ADA)
    await changes.cancel(dossier)
    door = await arrivals.at_door(slot.id)
    assert ([one.here for one in door.rows], door.expected, door.here) == ([1], 0, 1)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hote", ["2de 4", "D'HÔTE-VANDAMME Cléo"]),
        ("vand clé", ["2de 4", "D'HÔTE-VANDAMME Cléo"]),
        ("ÔTE", []),
        ("2DE", ["2de 4"]),
        ("emery", ["2de 4"]),
        ("trois", ["2de 4", "D'HÔTE-VANDAMME Cléo"]),
        ("lypso", ["DELATTRE Ben"]),
        ("", ["2de 4", "D'HÔTE-VANDAMME Cléo", "DELATTRE Ben"]),
        ("' ; --", ["2de 4", "D'HÔTE-VANDAMME Cléo", "DELATTRE Ben"]),
        ("xyz", []),
    ],
)
async def test_a_search_finds_the_beginnings_of_words_of_names_classes_schools_and_pupils(
    typed: str, found: list[str]
) -> None:
    slot = await door_slot()
    for who in (BEN, CLEO):
        await make_booking(slot, who)
    teacher_s = await a_class_of(slot, pupils=2, chaperones=1)
    [group] = await attendees.groups(teacher_s)
    await attendees.save(teacher_s, {group.id: [Name("ÉMERY", "Éva")]})
    rows = (await arrivals.at_door(slot.id)).rows
    assert [one.name for one in arrivals.matching(rows, typed)] == found  # the class is Cléo's


async def test_it_takes_four_questions_with_one_booking_and_with_many() -> None:
    slot = await door_slot(400)
    found = []
    for more in (1, 60):
        for _ in range(more):
            await make_booking(slot, a_pupil())
        with counted() as statements:
            await arrivals.at_door(slot.id)
        found.append(len(statements))
    assert found == [4, 4]


async def test_who_erased_their_details_keeps_a_place_without_a_name() -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    await check_in.mark_present(slot.id, await id_of(dossier), ADA)
    with clock.at(slot.ends_at):
        await db.fetch("UPDATE email SET state = 'sent', settled_at = now()")
        await erasure.erase(dossier)
        assert await erasure.finish() == 1
        assert [(one.name, one.here) for one in (await arrivals.at_door(slot.id)).rows] == [("", 1)]


async def test_an_unknown_slot_has_no_door() -> None:
    with pytest.raises(UnknownSlot):
        await arrivals.at_door(uuid4())


async def test_the_door_and_the_sheet_list_the_same_people_in_the_same_order() -> None:
    """Classes stand first at the door and last on paper; within both, a shorter family name comes before a longer."""
    slot = await door_slot(99)
    for first, last in (("Zoé", "De"), ("Anne", "De La Tour"), ("Bob", "D'Hôte"), ("Al", "Émery"), ("Cy", "de")):
        await make_booking(slot, replace(a_pupil(), first_name=first, last_name=last))
    await added(slot, unaddressed(first_name="Éva", last_name="Dé"), people=3)
    for label in ("2de 4", "2DE 10", "1re B"):
        await class_at_door(slot, Party(3, 1), label)
    waits = await added(slot, way=Way.queue)
    await changes.cancel(waits)

    sheet, door = await sheets.of_slot(slot.id), await arrivals.at_door(slot.id)

    alone, *classes = sheet.sections
    assert [one.name for one in door.rows if not one.label] == [row.name for row in alone.rows if row.name]
    assert [one.label for one in door.rows if one.label] == [section.label for section in classes]
    assert door.expected == sheet.expected
