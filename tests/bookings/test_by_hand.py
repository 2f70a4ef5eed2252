"""Adding people by hand: past the closing and without an address, never past the capacity."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from service import clock, db
from service.bookings import by_hand, decisions, moves, seats
from service.bookings.by_hand import Entry, NotSo, OthersWait, Way
from service.bookings.changes import UnknownBooking
from service.bookings.groups import ClassTooLarge, TooFewChaperones
from service.bookings.plans import Party
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.waiting import TooLateToWait
from service.events import slots
from service.events.slots import CalledOff, MembersOnly, SlotOver, UnknownSlot
from service.events.tables import Slot
from service.limits import rates
from service.limits.keys import Key, KeyReused
from service.mail.tables import Email
from tests.bookings.classes import class_slot, has
from tests.bookings.harness import (
    at_once,
    booked,
    booking_of,
    held,
    invitations_of,
    journal_of,
    kinds,
    letters_about,
)
from tests.bookings.offices import ADA, a_class_by_hand, added, id_of, two_slots, unaddressed
from tests.bookings.queues import HOUR, SECOND, full_slot, joined, positions, state_of
from tests.makers import BEN, a_pupil, make_event, make_slot


async def test_who_is_added_has_a_seat_a_letter_and_an_invitation_at_once() -> None:
    slot = await make_slot(event=await make_event(needs_approval=True))

    dossier = await added(slot, BEN)

    booking = await booking_of(dossier)
    assert (booking.state, booking.seats, booking.audience) == ("confirmed", 1, "individual")
    assert [letter[0] for letter in await letters_about(dossier)] == ["confirmation"]
    assert await invitations_of(dossier) == [(BEN.email, 0, False)]
    assert await journal_of(booking.id) == [(ADA, "add")]


async def test_without_an_address_there_is_a_code_and_no_letter() -> None:
    dossier = await added(await make_slot(), unaddressed(), people=3)

    assert (await booking_of(dossier)).seats == 3
    assert len(dossier.code) == 7
    assert await invitations_of(dossier) == []
    assert await Email.count() == 0


async def test_a_class_is_confirmed_at_once_with_its_numbers() -> None:
    slot = await class_slot(40, chaperone_ratio=10, class_seats_max=33)

    dossier = await a_class_by_hand(slot, Party(28, 3))

    assert await has(dossier) == [("confirmed", 28, 3)]
    with pytest.raises(TooFewChaperones):
        await a_class_by_hand(slot, Party(6, 0), "other")
    with pytest.raises(ClassTooLarge):
        await a_class_by_hand(slot, Party(30, 4), "large")


async def test_the_closing_binds_the_public_an_organiser_adds_until_the_slot_ends() -> None:
    slot = await make_slot(event=await make_event(list_closes_days=3))
    with clock.at(slot.closes_at + SECOND):
        await added(slot)
    with clock.at(slot.ends_at - SECOND):
        await added(slot)
    with clock.at(slot.ends_at), pytest.raises(SlotOver):
        await added(slot)


async def test_no_rate_limit_binds_an_organiser() -> None:
    with suppress(rates.TooOften):
        for _ in range(50):
            await rates.spend_letter(BEN.email_key)
    with pytest.raises(rates.TooOften):
        await rates.spend_letter(BEN.email_key)

    dossier = await added(await make_slot(), BEN)

    assert [letter[0] for letter in await letters_about(dossier)] == ["confirmation"]


async def test_what_does_not_take_place_takes_nobody() -> None:
    off, assembly = await make_slot(), await make_slot(event=await make_event(kind="assembly", takes_individuals=False))
    await Slot.update({Slot.state: "called_off"}).where(Slot.id == off.id)
    with pytest.raises(CalledOff):
        await added(off)
    with pytest.raises(MembersOnly):
        await added(assembly)
    with pytest.raises(UnknownSlot):
        await by_hand.add(off.event_id, Entry(BEN), ADA)


async def test_a_double_is_refused_and_nobody_is_written_to() -> None:
    slot = await make_slot()
    dossier = await booked(slot, BEN)
    before = await Email.count()

    with pytest.raises(AlreadyBooked) as refusal:
        await added(slot, BEN)

    assert refusal.value.held_by == [dossier.id]
    assert await Email.count() == before
    assert await held(slot) == 1


async def test_a_full_slot_takes_nobody_but_at_the_end_of_its_queue() -> None:
    slot, _ = await full_slot()
    first = await joined(slot)
    with pytest.raises(SoldOut):
        await added(slot, way=Way.before_others)

    last = await added(slot, way=Way.queue)

    assert await positions(first, last) == [1, 2]
    assert [letter[0] for letter in await letters_about(last)] == ["waiting"]
    with clock.at(slot.closes_at - HOUR / 2), pytest.raises(TooLateToWait):
        await added(slot, way=Way.queue)
    with pytest.raises(SoldOut):
        await added(slot, way=Way.queue, people=2)  # who could never come waits for nothing


async def test_nobody_is_overtaken_unless_the_organiser_says_so() -> None:
    slot, _ = await full_slot(2)
    waits = await joined(slot, wants=3)  # needs more than there is: seats may be free while they wait
    await Slot.update({Slot.capacity: 4}).where(Slot.id == slot.id)
    with pytest.raises(OthersWait) as refusal:
        await added(slot)
    assert (refusal.value.seats_left, refusal.value.seats_waiting) == (2, 3)

    dossier = await added(slot, way=Way.before_others)

    assert await state_of(waits, dossier) == ["waiting", "confirmed"]
    [line] = await db.fetch("SELECT facts FROM journal WHERE subject_id = $1", await id_of(dossier))
    assert "before_others" in line["facts"]


async def test_the_same_form_sent_twice_adds_once() -> None:
    slot, key = await make_slot(), Key.of("k", {"a": "1"})
    entry = Entry(unaddressed())

    outcomes = await at_once(*(by_hand.add(slot.id, entry, ADA, key=key) for _ in range(8)))

    assert len({one.id for one in outcomes}) == 1
    assert await held(slot) == 1
    with pytest.raises(KeyReused):
        await by_hand.add(slot.id, entry, ADA, key=Key.of("k", {"a": "2"}))


async def test_of_an_organiser_and_the_public_one_has_the_last_seat() -> None:
    for turn in range(6):
        slot = await make_slot(1)
        attempts: list[Any] = [added(slot), booked(slot, a_pupil()), added(slot, unaddressed())]

        outcomes = await at_once(*(attempts if turn % 2 else reversed(attempts)))

        assert kinds(outcomes) == {"Dossier": 1, "SoldOut": 2}
        assert await held(slot) == 1


async def test_a_look_before_the_leap_would_oversell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: planted, seats are counted first and taken afterwards, whatever was taken meanwhile."""
    slot = await make_slot(1)

    async def looks_then_takes(one: Any, wanted: int, audience: str, *, in_turn: bool = False) -> None:
        if (await slots.load(one.id)).seats_left < wanted:
            raise SoldOut(0)
        await asyncio.sleep(0.02)

    async def locks_nothing(_: Any) -> None: ...

    monkeypatch.setattr(seats, "take", looks_then_takes)
    monkeypatch.setattr(seats, "hold", locks_nothing)
    outcomes = await at_once(*(added(slot) for _ in range(3)))
    assert kinds(outcomes)["Dossier"] > 1
    assert await held(slot) > 1
    await db.fetch("UPDATE slot SET capacity = 9, seats_taken = $2 WHERE id = $1", slot.id, await held(slot))


async def test_more_or_fewer_people_come_under_a_name_that_staff_entered() -> None:
    slot = await make_slot(4)
    dossier, other = await added(slot, people=2), await booked(slot, a_pupil())
    booking = await id_of(dossier)

    await by_hand.resize(booking, 3, ADA)
    assert (await held(slot), (await slots.load(slot.id)).seats_left) == (4, 0)
    with pytest.raises(SoldOut):
        await by_hand.resize(booking, 4, ADA)
    waits = await joined(slot)
    await by_hand.resize(booking, 1, ADA)

    assert await state_of(waits) == ["offered"]
    assert [one[:2] for one in await letters_about(dossier)][-1] == ("confirmation", "due")
    [invitation] = await invitations_of(dossier)
    assert invitation[1:] == (2, False)  # the same entry in the calendar
    for wrong in (await id_of(other), slot.id):
        with pytest.raises((NotSo, UnknownBooking)):
            await by_hand.resize(wrong, 2, ADA)


async def test_to_grow_while_others_wait_is_to_pass_them() -> None:
    slot, _ = await full_slot(1)
    await Slot.update({Slot.capacity: 2}).where(Slot.id == slot.id)
    dossier = await added(await slots.load(slot.id), unaddressed())
    waits = await joined(slot, wants=2)
    queued = await added(slot, unaddressed(), Way.queue)
    await by_hand.resize(await id_of(queued), 2, ADA)
    assert (await slots.load(slot.id)).seats_waiting == 4
    await Slot.update({Slot.capacity: 3}).where(Slot.id == slot.id)

    with pytest.raises(OthersWait):
        await by_hand.resize(await id_of(dossier), 2, ADA)
    await by_hand.resize(await id_of(dossier), 2, ADA, before_others=True)

    assert await state_of(dossier, waits) == ["confirmed", "waiting"]


async def test_an_organiser_may_add_and_move_more_than_three_with_one_address() -> None:
    """As a list may: a teacher's own address stands for pupils who have none."""
    here, there = await two_slots(9, 9)
    some = [await added(here, replace(a_pupil(), email="prof@exemple.test")) for _ in range(5)]

    for one in some:
        await moves.move(await id_of(one), there.id, ADA)
    await decisions.cancel(await id_of(some[0]), ADA)
    await decisions.restore(await id_of(some[0]), ADA)

    assert [await held(here), await held(there)] == [0, 5]
    with pytest.raises(AlreadyBooked):
        await booked(there, replace(a_pupil(), email="prof@exemple.test"))
