"""Who had not booked is counted beside what the slot counts as taken."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from service import clock, db
from service.attendance import arrivals, presence, walk_ins
from service.attendance.days import DoorNotOpen
from service.events import slots
from tests.attendance.harness import ADA, AFTERNOON, DAY, door_slot, told
from tests.bookings.harness import at_once
from tests.makers import a_pupil, make_booking


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


async def test_a_walk_in_is_a_presence_without_booking_and_takes_no_seat() -> None:
    slot = await door_slot(2)
    await walk_ins.walk_in(slot.id, "Léa D’Hôte", ADA)
    await walk_ins.walk_in(slot.id, "", ADA)
    door = await arrivals.at_door(slot.id)
    assert [one.name for one in door.walk_ins] == ["Léa D’Hôte", ""]
    assert (door.here, door.besides, (await slots.load(slot.id)).seats_left) == (0, 2, 2)
    assert await presence.people_at(slot.event_id) == 2


async def test_a_full_room_is_warned_of_and_refuses_nobody() -> None:
    slot = await door_slot(1)
    await make_booking(slot, a_pupil())
    assert (await arrivals.at_door(slot.id)).is_full
    await walk_ins.walk_in(slot.id, "", ADA)
    assert (await arrivals.at_door(slot.id)).beyond == 0  # who booked has not come yet
    await walk_ins.walk_in(slot.id, "", ADA)
    assert (await arrivals.at_door(slot.id)).beyond == 1


async def test_the_name_stands_in_no_journal() -> None:
    slot = await door_slot()
    await walk_ins.walk_in(slot.id, "Canari", ADA)
    assert await told(slot.id) == ["walk_in"]
    assert not [row for row in await db.fetch("SELECT facts FROM journal") if "Canari" in row["facts"]]


async def test_one_form_sent_twice_at_once_is_one_person() -> None:
    slot, key = await door_slot(), uuid4()
    await at_once(*(walk_ins.walk_in(slot.id, "", ADA, key=key) for _ in range(8)))
    assert (await arrivals.at_door(slot.id)).besides == 1
    assert await told(slot.id) == ["walk_in"]


async def test_without_a_common_key_each_tap_is_one_more() -> None:
    """The negative control."""
    slot = await door_slot()
    await at_once(*(walk_ins.walk_in(slot.id, "", ADA) for _ in range(8)))
    assert (await arrivals.at_door(slot.id)).besides == 8


async def test_one_is_taken_back_with_its_name_by_whoever_holds_its_door_only() -> None:
    slot, other = await door_slot(), await door_slot()
    entered = await walk_ins.walk_in(slot.id, "Canari", ADA)
    await walk_ins.undo(other.id, entered, ADA)
    assert (await arrivals.at_door(slot.id)).besides == 1
    for _ in range(2):
        await walk_ins.undo(slot.id, entered, ADA)
    assert await db.fetch("SELECT 1 FROM presence") == []
    assert await told(slot.id) == ["walk_in", "undo_walk_in"]


async def test_what_is_no_walk_in_is_not_taken_back_as_one() -> None:
    slot = await door_slot()
    booking = await make_booking(slot)
    await db.fetch(
        "INSERT INTO presence (id, slot, booking, people, noted_at) SELECT id, slot, id, 1, now() FROM booking"
        " WHERE dossier = $1",
        booking.id,
    )
    [row] = await db.fetch("SELECT id FROM presence")
    await walk_ins.undo(slot.id, row["id"], ADA)
    assert len(await db.fetch("SELECT 1 FROM presence")) == 1


async def test_nobody_walks_in_the_day_before() -> None:
    slot = await door_slot()
    with clock.at(AFTERNOON - DAY), pytest.raises(DoorNotOpen):
        await walk_ins.walk_in(slot.id, "", ADA)
