"""Another time, other seats, another list for a date that people have booked; and a date that nobody ever did."""

from datetime import datetime
from uuid import UUID

import asyncpg

from service import clock, db, i18n
from service.bookings import news, noted, seats, waiting
from service.events import dates, retention, slots, versions
from service.events.dates import Dated, Plan
from service.journal.notes import note
from service.refusal import Refusal

CHANGE = """
UPDATE slot SET starts_at = $2, ends_at = $3, opens_at = $4, closes_at = $5, fill = $6, version = version + 1
WHERE id = $1
"""
# What is held ends by the new start at the latest, and by the new closing where that leaves what was promised: a day,
# or an hour for an offer. What had all the time until the closing has it still. What was cancelled may be taken back.
SHIFT_HOLDS = """
UPDATE booking SET expires_at = CASE
    WHEN state = 'pending' AND NOT awaits_guardian AND expires_at = $5 THEN latest.moment
    ELSE least(expires_at, latest.moment) END
FROM (VALUES (least(greatest($3::timestamptz, $4::timestamptz + interval '24 hours'), $2::timestamptz), false),
             (least(greatest($3::timestamptz, $4::timestamptz + interval '1 hour'), $2::timestamptz), true))
    AS latest (moment, is_offer)
WHERE slot = $1 AND expires_at IS NOT NULL AND state IN ('option', 'pending', 'offered', 'cancelled')
  AND latest.is_offer = (state = 'offered')
"""
DELETE = "DELETE FROM slot WHERE id = $1"


class HasBegun(Refusal):
    """The date has begun: it is neither moved nor called off."""

    def __init__(self, since: datetime) -> None:
        self.since = since


class WasCalledOff(Refusal):
    """The date was called off: it stays so."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class InUse(Refusal):
    """Somebody booked the date, came to it, was written to about it or has its door: it is called off, not deleted."""


async def change(slot_id: UUID, plan: Plan, version: int, by: str) -> int:
    """Make the date as ``plan`` wants it, and tell the people who booked what is another now; returns how many.

    ``version`` is the one that was looked at; ``by`` is who, for the journal. New seats are offered to who waits.
    Refuses: UnknownSlot, EditedMeanwhile, HasBegun, WasCalledOff, PastDate, FewerThanTaken.
    """
    async with db.transaction():
        was = await _hold(slot_id)
        if was.version != version:
            raise await versions.edited_meanwhile(slot_id, was.event_id)
        check_to_come(was)
        event = await dates.head(was.event_id)
        closes_at = plan.closing_for(event)
        if was.is_like(plan, closes_at):
            return 0
        before = await slots.load_all({slot_id}) if event.state != "draft" else {}
        await _write(was, plan, closes_at, by)
        told = await news.tell_change([slot_id], before) if before else 0
        await note(by, "edit_slot", "slot", slot_id, moved=_is_moved(was, plan), told=told)
        await waiting.promote(slot_id)
    return told


async def was_booked(slot_id: UUID) -> bool:
    """Whether anybody ever booked the date, be it over by now."""
    return bool(await db.fetch("SELECT 1 FROM booking WHERE slot = $1 LIMIT 1", slot_id))


async def delete(slot_id: UUID, by: str) -> None:
    """Delete a date that nobody ever booked. Refuses: UnknownSlot, InUse."""
    try:
        async with db.transaction():
            event_id = (await _hold(slot_id)).event_id
            await db.fetch(DELETE, slot_id)
            await retention.follow(event_id)
            await note(by, "delete_slot", "slot", slot_id, event=str(event_id))
    except asyncpg.IntegrityConstraintViolationError:  # which of them depends on the version of PostgreSQL
        raise InUse from None


def check_to_come(slot: Dated) -> None:
    """Return when it may still be changed. Refuses: WasCalledOff, HasBegun."""
    if slot.is_called_off:
        raise WasCalledOff(slot.reason)
    if slot.has_begun:
        raise HasBegun(slot.starts_at)


async def _hold(slot_id: UUID) -> Dated:
    """The date as it is now, its row locked, and then its event's."""
    await seats.hold(slot_id)
    now = await dates.load(slot_id)
    await dates.hold_event(now.event_id)
    return now


async def _write(was: Dated, plan: Plan, closes_at: datetime, by: str) -> None:
    if plan.capacity != was.capacity:
        await waiting.resize_held(was.id, plan.capacity, by)
    await db.fetch(CHANGE, was.id, plan.starts_at, plan.ends_at, plan.opens_at, closes_at, plan.fill)
    if _is_moved(was, plan):
        dates.check_to_come(plan.starts_at)
        await db.fetch(SHIFT_HOLDS, was.id, plan.starts_at, closes_at, clock.now(), was.closes_at)
        await retention.follow(was.event_id)
    if i18n.local(was.starts_at).date() != i18n.local(plan.starts_at).date():
        await noted.forget_slots([was.id])  # who came today must come again


def _is_moved(was: Dated, plan: Plan) -> bool:
    return (was.starts_at, was.ends_at) != (plan.starts_at, plan.ends_at)
