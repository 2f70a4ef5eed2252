"""Revising an event that people booked: who is told, what comes free, and until when holds stand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service import clock, db
from service.bookings import changes, news, revisions, seats
from service.bookings.plans import Party
from service.events import slots
from service.events.editing import EventCalledOff
from service.events.slots import BookableSlot
from service.events.tables import days_before
from service.events.versions import EditedMeanwhile
from tests.bookings.classes import a_class, class_event, end_of, has, over
from tests.bookings.harness import at_once, booking_of
from tests.bookings.queues import ask, deadline_of, joined, state_of
from tests.events.writing import ADA, BEN, make_draft, row_of, says, slots_of
from tests.makers import BEN as A_BOOKER
from tests.makers import a_pupil, make_booking, make_event, make_slot

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHORT = timedelta(seconds=30)


async def revise(event: UUID, **changed: Any) -> int:
    """Save these changes, over the event as it stands."""
    return await revisions.edit_event(event, await says(event, **changed), (await row_of(event))["version"], ADA)


async def closes(slot: BookableSlot) -> datetime:
    return (await slots.load(slot.id)).closes_at


def is_about(moment: datetime, expected: datetime) -> bool:
    return abs(moment - expected) < SHORT


@pytest.mark.parametrize(
    ("changed", "people"),
    [
        ({"place": "Hall B"}, 2),
        ({"title": "Autre"}, 2),
        ({"place": "Hall B", "speaker": "X"}, 2),
        ({"speaker": "X"}, 0),
    ],
)
async def test_people_are_told_of_what_they_rely_on_and_of_nothing_else(
    changed: Mapping[str, str], people: int
) -> None:
    event = await make_event()
    for days in (1, 2):
        await make_booking(await make_slot(event=event, starts_in=days * DAY))

    assert await revisions.told_of(event.id, await says(event, **changed)) == people
    assert await revise(event.id, **changed) == people


async def test_nobody_is_told_of_what_has_been_of_what_is_called_off_or_without_an_address() -> None:
    event = await make_event()
    past, off, coming = [await make_slot(event=event, starts_in=days * DAY) for days in (1, 3, 4)]
    for slot, who in ((past, A_BOOKER), (off, A_BOOKER), (coming, replace(A_BOOKER, email=""))):
        await seats.book(slot, who)
    await changes.cancel(await make_booking(coming, a_pupil()))
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", off.id)
    with clock.at(clock.now() + 2 * DAY):
        assert await revisions.told_of(event.id, await says(event, place="Hall B")) == 0
        assert await revise(event.id, place="Hall B") == 0


async def test_those_who_are_told_are_told_what_they_had_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[list[UUID], list[str]]] = []

    async def tell(slot_ids: list[UUID], before: dict[UUID, BookableSlot]) -> int:
        db.inside_transaction()
        told.append((slot_ids, [before[one].place for one in slot_ids]))
        return 0

    monkeypatch.setattr(news, "tell_change", tell)
    event = await make_event(place="Hall A")
    made = [await make_slot(event=event) for _ in range(3)]
    await revise(event.id, place="Hall B")
    assert told == [(sorted(slot.id for slot in made), ["Hall A"] * 3)]


async def test_a_draft_is_edited_without_telling_anybody() -> None:
    event = await make_draft()
    assert (await revisions.told_of(event, await says(event, place="Hall B")), await revise(event, place="Hall B")) == (
        0,
        0,
    )
    assert (await row_of(event))["place"] == "Hall B"


async def test_a_conflict_changes_nothing_and_tells_nobody() -> None:
    slot = await make_slot(event=await make_event(list_closes_days=0))
    await make_booking(slot)
    mine = await says(slot.event_id, place="Hall C", list_closes_days=2)
    await revise(slot.event_id, speaker="Mme Petit")

    with pytest.raises(EditedMeanwhile):
        await revisions.edit_event(slot.event_id, mine, 0, BEN)
    assert ((await row_of(slot.event_id))["place"], await closes(slot)) == (slot.place, slot.closes_at)


async def test_what_is_called_off_is_not_edited() -> None:
    event = await make_event(state="called_off")
    await make_slot(event=event)
    with pytest.raises(EventCalledOff):
        await revise(event.id, place="Hall B")


async def test_seats_that_are_no_longer_kept_go_to_those_who_wait() -> None:
    event = await class_event(kept_for_classes=2)
    first, second = [await make_slot(2, event=event, starts_in=days * DAY) for days in (5, 6)]
    waiting = [await joined(first), await joined(second)]
    assert await state_of(*waiting) == ["waiting", "waiting"]

    await revise(event.id, kept_for_classes=1)
    assert await state_of(*waiting) == ["offered", "offered"]


async def test_shares_that_are_released_sooner_are_offered() -> None:
    slot = await make_slot(2, event=await class_event(kept_for_classes=2), starts_in=5 * DAY)
    waiting = await joined(slot)
    await revise(slot.event_id, kept_days=10)
    assert await state_of(waiting) == ["offered"]


async def test_seats_that_are_kept_from_now_on_are_taken_from_nobody() -> None:
    slot = await make_slot(2, event=await class_event())
    booked = [await make_booking(slot, a_pupil()) for _ in range(2)]
    await revise(slot.event_id, kept_for_classes=2)
    assert await state_of(*booked) == ["confirmed", "confirmed"]


async def test_a_list_that_closes_earlier_does_so_for_the_slots_to_come() -> None:
    event = await make_event()
    past, coming = [await make_slot(event=event, starts_in=days * DAY) for days in (-1, 9)]
    await revise(event.id, list_closes_days=3)

    assert await closes(past) == past.starts_at
    assert is_about(await closes(coming), coming.starts_at - 3 * DAY)
    assert [row["version"] for row in await slots_of(event)] == [0, 1]


async def test_a_date_that_closes_at_a_time_of_its_own_keeps_it() -> None:
    event = await make_event()
    starts = clock.now() + 9 * DAY
    own = await make_slot(event=event, starts_at=starts, closes_at=starts - 5 * HOUR)
    usual = await make_slot(event=event, starts_at=starts)
    await revise(event.id, list_closes_days=3)

    assert (await closes(own), await closes(usual)) == (own.closes_at, days_before(starts, 3))


async def test_a_list_that_closes_later_is_offered_again() -> None:
    slot = await make_slot(1, event=await make_event(list_closes_days=6), starts_in=6 * DAY + HOUR / 2)
    holder = await make_booking(slot)
    await db.fetch("UPDATE slot SET closes_at = $2 WHERE id = $1", slot.id, clock.now() + 2 * HOUR)
    waiting = await joined(slot)  # when there was still time
    await db.fetch("UPDATE slot SET closes_at = $2 WHERE id = $1", slot.id, slot.closes_at)
    await changes.cancel(holder)
    assert await state_of(waiting) == ["waiting"]

    await revise(slot.event_id, list_closes_days=1)
    assert await state_of(waiting) == ["offered"]


async def test_a_hold_ends_with_the_list_but_not_before_24_hours() -> None:
    near, far = [await make_slot(40, event=await class_event(), starts_in=days * DAY) for days in (5, 20)]
    soon, later = await a_class(near), await a_class(far)
    assert is_about(await end_of(later), clock.now() + 10 * DAY)

    await revise(near.event_id, list_closes_days=5)
    await revise(far.event_id, list_closes_days=15)
    assert is_about(await end_of(soon), clock.now() + DAY)
    assert is_about(await end_of(later), far.starts_at - 15 * DAY)


async def test_no_hold_lasts_beyond_the_start_and_an_offer_as_long_as_it_said() -> None:
    event = await class_event()
    slot = await make_slot(4, event=event, starts_in=13 * HOUR)
    party = await a_class(slot, Party(3, 0))
    holder = await make_booking(slot)
    waiting = await joined(slot)
    await changes.cancel(holder)
    promised = await deadline_of(waiting)
    await revise(event.id, list_closes_days=1)

    assert (await end_of(party), await deadline_of(waiting)) == (slot.starts_at, promised)


async def test_a_class_in_several_slots_keeps_one_deadline() -> None:
    event = await class_event()
    chosen = [await make_slot(40, event=event, starts_in=days * DAY) for days in (8, 20)]
    party = await over(chosen, Party(10, 1), Party(10, 1))
    await revise(event.id, list_closes_days=5)

    ends = {row["expires_at"] for row in await db.fetch("SELECT expires_at FROM booking")}
    assert len(ends) == 1
    assert is_about(await end_of(party), chosen[0].starts_at - 5 * DAY)


async def test_a_list_that_closes_later_leaves_promises_as_they_are() -> None:
    slot = await make_slot(40, event=await class_event(list_closes_days=3), starts_in=6 * DAY)
    party = await a_class(slot)
    before = await end_of(party)
    await revise(slot.event_id, list_closes_days=0)
    assert (await end_of(party), await has(party)) == (before, [("option", 28, 3)])


async def test_edits_and_bookings_at_once_neither_oversell_nor_wait_for_each_other() -> None:
    event = await class_event(kept_for_classes=3)
    made = [await make_slot(6, event=event, starts_in=days * DAY) for days in (5, 6, 7)]
    people = [seats.book(slot, a_pupil()) for slot in made for _ in range(4)]
    edits = [revisions.edit_event(event.id, await says(event, kept_for_classes=n), 0, ADA) for n in (0, 1, 2)]
    outcomes = await at_once(*people, *edits)

    assert not [one for one in outcomes if isinstance(one, db.TROUBLE)]
    assert sorted(type(one).__name__ for one in outcomes[-3:]) == ["EditedMeanwhile", "EditedMeanwhile", "int"]


async def test_partners_who_wait_for_their_share_get_it_when_it_grows() -> None:
    slot = await make_slot(2, event=await make_event(kept_for_individuals=2))
    partner = await ask(slot, "partner")
    assert (await booking_of(partner)).state == "waiting"
    await revise(slot.event_id, kept_for_individuals=1)
    assert (await booking_of(partner)).state == "offered"
