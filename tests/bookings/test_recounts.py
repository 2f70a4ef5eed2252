"""The numbers of a class as an organiser changes them: past the closing, never past the seats."""

import pytest

from service import clock
from service.bookings import numbers
from service.bookings.by_hand import OthersWait
from service.bookings.groups import TooFewChaperones
from service.bookings.numbers import NothingToCount, Terms
from service.bookings.plans import Party
from service.bookings.seats import SoldOut
from service.events.slots import SlotOver
from service.events.tables import Slot
from tests.bookings.classes import a_class, again, class_slot, has
from tests.bookings.harness import booked, journal_of
from tests.bookings.offices import ADA, a_class_by_hand, id_of
from tests.bookings.queues import SECOND, joined, state_of
from tests.makers import a_pupil

TERMS = Terms(ADA)


async def test_numbers_may_grow_after_the_closing_until_the_slot_ends() -> None:
    slot = await class_slot(40, list_closes_days=5, option_days=None)
    dossier = await a_class(slot, Party(20, 2))
    booking = await id_of(dossier)

    with clock.at(slot.ends_at - SECOND):
        assert await numbers.recount(booking, Party(25, 3), TERMS) == 0
    with clock.at(slot.ends_at), pytest.raises(SlotOver):
        await numbers.recount(booking, Party(20, 2), TERMS)

    assert await has(dossier) == [("confirmed", 25, 3)]
    assert (await journal_of(booking))[-1] == (ADA, "count")


async def test_fewer_free_seats_for_those_who_wait() -> None:
    slot = await class_slot(20)
    dossier = await a_class_by_hand(slot, Party(18, 2))
    waits = await joined(slot)

    await numbers.recount(await id_of(dossier), Party(17, 2), TERMS)

    assert await state_of(waits) == ["offered"]


async def test_what_finds_no_seat_is_refused_or_waits() -> None:
    slot = await class_slot(40)
    dossier, other = await a_class_by_hand(slot, Party(25, 2)), await a_class_by_hand(slot, Party(10, 1), "other")
    booking = await id_of(dossier)

    assert await numbers.recount(booking, Party(30, 2), TERMS) == 3  # who find no seat: the others have theirs
    with pytest.raises(SoldOut):
        await numbers.recount(booking, Party(35, 2), TERMS)
    assert await numbers.recount(booking, Party(35, 2), Terms(ADA, queue_rest=True)) == 0

    assert await has(dossier) == [("confirmed", 27, 2), ("waiting", 8, 0)]
    await numbers.recount(await id_of(other), Party(2, 1), TERMS)
    assert await has(dossier) == [("confirmed", 35, 2), ("cancelled", 8, 0)]
    assert (await again(slot)).seats_waiting == 0


async def test_to_grow_past_those_who_wait_is_said() -> None:
    slot = await class_slot(19)
    dossier = await a_class_by_hand(slot, Party(15, 2))
    [await booked(slot, a_pupil()) for _ in range(2)]
    waits = await joined(slot, wants=2)
    await Slot.update({Slot.capacity: 20}).where(Slot.id == slot.id)
    booking = await id_of(dossier)
    with pytest.raises(OthersWait) as refusal:
        await numbers.recount(booking, Party(16, 2), TERMS)
    assert (refusal.value.seats_left, refusal.value.seats_waiting) == (1, 2)

    await numbers.recount(booking, Party(16, 2), Terms(ADA, before_others=True))

    assert await state_of(waits) == ["waiting"]
    assert await has(dossier) == [("confirmed", 16, 2)]


async def test_the_rules_of_the_event_stay_and_only_classes_have_numbers() -> None:
    slot = await class_slot(40, chaperone_ratio=10)
    dossier = await a_class_by_hand(slot, Party(10, 1))
    with pytest.raises(TooFewChaperones):
        await numbers.recount(await id_of(dossier), Party(20, 1), TERMS)
    with pytest.raises(NothingToCount):
        await numbers.recount(await id_of(await booked(slot, a_pupil())), Party(2, 0), TERMS)
