"""Moving a booking to another slot: seats, queues, names and calendars stay true on both sides."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service import clock, db
from service.bookings import attendees, changes, moves, seats
from service.bookings.by_hand import NotSo, OthersWait
from service.bookings.changes import AlreadyStarted
from service.bookings.names import Name
from service.bookings.plans import Party
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.waiting import TooLateToWait
from service.events import slots
from service.events.slots import BookableSlot, CalledOff, UnknownSlot
from service.events.tables import Event, Slot
from tests.bookings.classes import a_class, has
from tests.bookings.harness import (
    at_once,
    booked,
    booking_of,
    calendar_of,
    held,
    invitations_of,
    journal_of,
    kinds,
    letters_about,
    mail_goes_out,
    reread,
    text_of,
)
from tests.bookings.minors import a_minor, letters_to_guardian
from tests.bookings.offices import ADA, a_class_by_hand, added, id_of, two_slots, unaddressed
from tests.bookings.queues import HOUR, joined, positions, state_of
from tests.makers import BEN, a_pupil, make_event, make_slot


async def left(*chosen: BookableSlot) -> list[int]:
    """The free seats of each."""
    return [(await slots.load(slot.id)).seats_left for slot in chosen]


async def test_seats_are_taken_there_and_given_back_here() -> None:
    here, there = await two_slots(1, 1)
    dossier, waits = await booked(here, BEN), await joined(here)

    await moves.move(await id_of(dossier), there.id, ADA)
    await moves.move(await id_of(dossier), there.id, ADA)

    booking = await booking_of(dossier)
    assert (booking.slot, booking.state) == (there.id, "confirmed")
    assert [await held(here), await held(there), *await left(here, there)] == [1, 1, 0, 0]
    assert await state_of(waits) == ["offered"]
    assert (await journal_of(booking.id))[1:] == [(ADA, "move")]
    assert (await reread(dossier)).code == dossier.code


async def test_the_old_calendar_entry_ends_and_the_new_date_brings_another(tmp_path: Path) -> None:
    here, there = await two_slots()
    dossier = await booked(here, BEN)
    [first] = await mail_goes_out(tmp_path)

    await moves.move(await id_of(dossier), there.id, ADA)

    told, confirmed = await mail_goes_out(tmp_path)
    was, ended, now = calendar_of(first), calendar_of(told), calendar_of(confirmed)
    assert (ended["METHOD"], ended["UID"], ended["DTSTART"], ended["SEQUENCE"]) == (
        "CANCEL",
        was["UID"],
        was["DTSTART"],
        "1",
    )
    assert (now["METHOD"], now["SEQUENCE"]) == ("REQUEST", "0")
    assert now["UID"] != was["UID"]
    assert dossier.code in text_of(told)
    assert [one[2] for one in await invitations_of(dossier)] == [True, False]


async def test_moved_before_its_first_letter_left_it_gets_no_cancellation_of_what_it_never_had(tmp_path: Path) -> None:
    here, there = await two_slots()
    dossier = await booked(here, BEN)

    await moves.move(await id_of(dossier), there.id, ADA)

    assert [calendar_of(one).get("METHOD", "") for one in await mail_goes_out(tmp_path)] == ["", "REQUEST"]


async def test_a_class_keeps_its_numbers_its_names_and_its_option() -> None:
    here, there = await two_slots(40, 40, takes_classes=True)
    dossier = await a_class(here, Party(20, 2))
    booking = await booking_of(dossier)
    await attendees.save(dossier, {booking.id: [Name("HÔTE", "Zoé")]})

    await moves.move(booking.id, there.id, ADA)

    now = await booking_of(dossier)
    assert (now.state, now.pupils, now.chaperones, now.expires_at) == ("option", 20, 2, booking.expires_at)
    assert await attendees.of(dossier) == {booking.id: [Name("HÔTE", "Zoé")]}
    assert await left(here, there) == [40, 18]
    rows = await db.fetch("SELECT letter FROM email WHERE state = 'due' ORDER BY letter")
    assert [row["letter"] for row in rows] == ["class", "transferred"]


async def test_an_option_never_outlives_the_list_of_the_new_date() -> None:
    event = await make_event(takes_classes=True)
    here = await make_slot(40, event=event, starts_in=timedelta(weeks=3))
    there = await make_slot(40, event=event, starts_in=timedelta(days=3))
    dossier = await a_class(here, Party(20, 2))

    await moves.move(await id_of(dossier), there.id, ADA)

    assert (await booking_of(dossier)).expires_at == there.closes_at


async def test_who_waits_goes_to_the_end_of_the_other_queue_or_has_a_free_seat() -> None:
    here, there = await two_slots(1, 1)
    for slot in (here, there):
        await booked(slot, a_pupil())
    one, two, other = await joined(here), await joined(here), await joined(there)

    await moves.move(await id_of(one), there.id, ADA)

    assert await positions(other, one, two) == [1, 2, 1]
    assert [(await slots.load(slot.id)).seats_waiting for slot in (here, there)] == [1, 2]
    free = await make_slot(1, event=await _event_of(there))
    await moves.move(await id_of(two), free.id, ADA)
    assert await state_of(two) == ["confirmed"]


async def test_the_rest_of_a_class_goes_with_it_and_joins_it_where_there_is_room() -> None:
    here, there = await two_slots(30, 40, takes_classes=True, option_days=None)
    await a_class_by_hand(here, Party(10, 0))
    dossier = await a_class(here, Party(18, 2), later=Party(8, 0))
    [one] = await db.fetch("SELECT id FROM booking WHERE dossier = $1 AND state = 'confirmed'", dossier.id)

    await moves.move(one["id"], there.id, ADA)

    assert await has(dossier) == [("confirmed", 26, 2), ("cancelled", 8, 0)]
    assert [(await slots.load(slot.id)).seats_waiting for slot in (here, there)] == [0, 0]


async def test_a_parent_who_is_asked_is_asked_about_the_new_date_under_a_new_link() -> None:
    here, there = await two_slots(outside_school_time=True)
    dossier = await booked(here, a_minor())

    await moves.move(await id_of(dossier), there.id, ADA)

    assert await state_of(dossier) == ["pending"]
    assert (await reread(dossier)).guardian_generation == 1
    assert await letters_to_guardian(dossier) == [("authorisation", "superseded"), ("authorisation", "due")]


async def test_without_an_address_it_moves_in_silence() -> None:
    here, there = await two_slots()
    dossier = await added(here, unaddressed(), people=2)

    await moves.move(await id_of(dossier), there.id, ADA)

    assert await letters_about(dossier) == []
    assert await left(here, there) == [2, 0]


async def test_capacity_and_queue_of_the_new_date_are_respected() -> None:
    here, there = await two_slots(2, 1)
    dossier, _ = await booked(here, BEN), await booked(there, a_pupil())
    with pytest.raises(SoldOut):
        await moves.move(await id_of(dossier), there.id, ADA, before_others=True)
    await joined(there, wants=2)
    await Slot.update({Slot.capacity: 2, Slot.fill: "strict"}).where(Slot.id == there.id)
    with pytest.raises(OthersWait):
        await moves.move(await id_of(dossier), there.id, ADA)
    assert (await booking_of(dossier)).slot == here.id  # all or nothing

    await moves.move(await id_of(dossier), there.id, ADA, before_others=True)

    assert await left(here, there) == [2, 0]


async def test_what_may_not_move_stays() -> None:
    here, there = await two_slots(3, 3)
    dossier, gone, twice = [await booked(here, who) for who in (BEN, a_pupil(), a_pupil())]
    booking = await id_of(dossier)
    await changes.cancel(gone)
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", there.id)
    with pytest.raises(CalledOff):
        await moves.move(booking, there.id, ADA)
    await db.fetch("UPDATE slot SET state = 'open' WHERE id = $1", there.id)
    for to in ((await make_slot()).id, booking):
        with pytest.raises(UnknownSlot):
            await moves.move(booking, to, ADA)
    with pytest.raises(NotSo):
        await moves.move(await id_of(gone), there.id, ADA)
    await added(there, BEN)
    with pytest.raises(AlreadyBooked):
        await moves.move(booking, there.id, ADA)
    with clock.at(here.starts_at), pytest.raises(AlreadyStarted):
        await moves.move(await id_of(twice), there.id, ADA)


async def test_shortly_before_its_closing_a_queue_takes_nobody_from_elsewhere() -> None:
    here, there = await two_slots(1, 1)
    await Slot.update({Slot.closes_at: clock.now() + HOUR / 2}).where(Slot.id == there.id)
    for slot in (here, there):
        await booked(slot, a_pupil())
    waits = await joined(here)
    with pytest.raises(TooLateToWait):
        await moves.move(await id_of(waits), there.id, ADA)


@pytest.mark.parametrize("move_first", [True, False])
async def test_a_move_and_a_cancellation_at_once_leave_one_truth(move_first: bool) -> None:
    for _ in range(5):
        here, there = await two_slots(1, 1)
        dossier = await booked(here, a_pupil())
        attempts: list[Any] = [moves.move(await id_of(dossier), there.id, ADA), changes.cancel(dossier)]

        outcomes = await at_once(*(attempts if move_first else reversed(attempts)))

        assert set(kinds(outcomes)) <= {"NoneType", "NotSo"}
        assert await state_of(dossier) == ["cancelled"]  # the booker's word is the last, whichever came first
        assert await left(here, there) == [1, 1]
        told = [letter for letter, state, _, _ in await letters_about(dossier) if state != "superseded"]
        assert told == ["cancellation"]


async def test_two_moves_across_wait_for_each_other_and_both_are_done() -> None:
    for _ in range(5):
        here, there = await two_slots(2, 2)
        one, other = await booked(here, a_pupil()), await booked(there, a_pupil())

        outcomes = await at_once(
            moves.move(await id_of(one), there.id, ADA), moves.move(await id_of(other), here.id, ADA)
        )

        assert kinds(outcomes) == {"NoneType": 2}
        assert await left(here, there) == [1, 1]


async def test_without_the_locks_a_move_and_a_cancellation_lose_a_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: planted, what was read is neither locked nor looked at again."""
    here, there = await two_slots(2, 2)
    dossier, _ = await booked(here, a_pupil()), await booked(here, a_pupil())
    take = seats.take
    heedless = moves.MOVE.replace("AND state = $8", "AND $8::text > ''").replace(
        "SET slot", "SET ended_at = NULL, slot"
    )

    async def locks_nothing(dossier_id: Any, more: Any = ()) -> Any:
        return await reread(dossier)

    async def takes_late(*values: Any, **named: Any) -> None:
        await asyncio.sleep(0.05)
        await take(*values, **named)

    monkeypatch.setattr(changes, "lock", locks_nothing)
    monkeypatch.setattr(seats, "take", takes_late)
    monkeypatch.setattr(moves, "MOVE", heedless)
    await at_once(moves.move(await id_of(dossier), there.id, ADA), changes.cancel(dossier))

    counted = [row["seats_taken"] for row in await db.fetch("SELECT seats_taken FROM slot ORDER BY id")]
    assert sum(counted) != await held(here) + await held(there)
    await db.fetch("DELETE FROM booking")
    await db.fetch("UPDATE slot SET seats_taken = 0, capacity = 9")


async def _event_of(slot: BookableSlot) -> Any:
    return await Event.objects().get(Event.id == slot.event_id)
