"""One thing done to a selection: each for itself, in the order of the queue, and what was refused is told."""

from functools import partial
from uuid import uuid4

from service.bookings import decisions, selections
from service.bookings.by_hand import NotSo
from service.bookings.seats import SoldOut
from service.events.tables import Slot
from tests.bookings.offices import ADA, id_of
from tests.bookings.queues import full_slot, joined, state_of
from tests.makers import make_booking, make_slot

CONFIRM = partial(decisions.confirm, by=ADA)


async def test_the_first_of_the_queue_comes_first_and_the_rest_is_told_why_not() -> None:
    slot, _ = await full_slot()
    queue = [await joined(slot) for _ in range(3)]
    await Slot.update({Slot.capacity: 3}).where(Slot.id == slot.id)
    chosen = [await id_of(one) for one in reversed(queue)]

    outcome = await selections.each(slot.id, chosen, CONFIRM)

    assert await state_of(*queue) == ["confirmed", "confirmed", "waiting"]
    [refused] = outcome.refused
    assert (outcome.done, refused.booking, type(refused.why)) == (2, chosen[0], SoldOut)
    assert refused.name == f"{queue[2].first_name} {queue[2].last_name}"


async def test_nothing_is_half_done_and_another_slot_s_bookings_are_left_aside() -> None:
    slot = await make_slot()
    here, there = await make_booking(slot), await make_booking(await make_slot())
    chosen = [await id_of(here), await id_of(there), uuid4()]

    ended = await selections.each(slot.id, chosen, partial(decisions.cancel, by=ADA))
    again = await selections.each(slot.id, chosen, CONFIRM)

    assert (ended.done, ended.refused) == (1, [])
    assert [type(one.why) for one in again.refused] == [NotSo]
    assert await state_of(here, there) == ["cancelled", "confirmed"]
