"""Calling off a date, or a whole event: what is booked ends for good, and everybody is told why."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db, i18n
from service.bookings import invitations, news, news_emails, noted, seats
from service.bookings.moving import HasBegun
from service.bookings.tables import HOLDING, LIVE, Booking, Dossier, Invitation
from service.events import dates, slots
from service.events.cards import CARD, card
from service.events.details import UnknownEvent
from service.events.slots import BookableSlot
from service.journal.notes import note, note_each
from service.mail import outbox

MOST_OTHERS = 3

CALL_OFF = """
UPDATE slot SET state = 'called_off', called_off_reason = $2, version = version + 1
WHERE id = ANY($1) AND state = 'open' RETURNING id
"""
CALL_OFF_EVENT = """
UPDATE event SET state = 'called_off', version = version + 1 WHERE id = $1 AND state = 'published' RETURNING id
"""
TO_COME = "SELECT id FROM slot WHERE event = $1 AND state = 'open' AND starts_at > $2 ORDER BY id"
LIVE_OF = "SELECT dossier FROM booking WHERE slot = ANY($1) AND state = ANY($2)"
END = """
UPDATE booking SET state = 'cancelled', ended_at = $3, ended_by = 'organiser', was = state, expires_at = NULL,
    revision = revision + 1
WHERE slot = ANY($1) AND state = ANY($2) RETURNING *
"""
OTHERS = (
    CARD
    + """
FROM slot JOIN event ON event.id = slot.event
WHERE event.id = $2 AND slot.starts_at > $1 ORDER BY slot.starts_at, slot.id
"""
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What was booked, whose it was, and its entry in their calendar."""

    dossier: Dossier
    booking: Booking
    slot: BookableSlot
    invitation: Invitation | None


async def call_off_slot(slot_id: UUID, reason: str, by: str) -> int:
    """Call the date off for a ``reason`` that everybody is told; returns how many are written to.

    Its bookings end for good, whatever they hold or await. Done twice, it is done once.
    Refuses: UnknownSlot, also of a draft; HasBegun.
    """
    async with db.transaction():
        await seats.hold(slot_id)
        slot = await slots.load(slot_id)
        if slot.state == "called_off":
            return 0
        if slot.has_started:
            raise HasBegun(slot.starts_at)
        return await _call_off([slot_id], reason, by)


async def call_off_event(event_id: UUID, reason: str, by: str) -> int:
    """Call the event off with all of its dates that are to come; returns how many bookings are written to.

    Done twice, it is done once. Refuses: UnknownEvent, also of a draft.
    """
    while True:
        with suppress(_DateAdded):
            return await _call_off_event(event_id, reason, by)


class _DateAdded(Exception):
    """Between the locks of the dates and that of their event, somebody added another date."""


async def _call_off_event(event_id: UUID, reason: str, by: str) -> int:
    async with db.transaction():
        held = await _to_come(event_id)
        await news.hold_slots(held)
        await dates.hold_event(event_id)
        event = await dates.head(event_id)
        if event.state == "draft":
            raise UnknownEvent
        to_come = await _to_come(event_id)
        if not set(to_come) <= set(held):
            raise _DateAdded
        if not await db.fetch(CALL_OFF_EVENT, event_id):
            return 0
        told = await _call_off(to_come, reason, by)
        await note(by, "call_off", "event", event_id, slots=len(to_come), told=told)
    return told


async def _to_come(event_id: UUID) -> list[UUID]:
    return [row["id"] for row in await db.fetch(TO_COME, event_id, clock.now())]


async def _call_off(slot_ids: Sequence[UUID], reason: str, by: str) -> int:
    """The inner step: needs the locks of the slots' rows. Nobody waits there any more in the end."""
    db.inside_transaction()
    await db.fetch(CALL_OFF, list(slot_ids), reason)
    whose = {row["dossier"] for row in await db.fetch(LIVE_OF, list(slot_ids), list(LIVE))}
    dossiers = await news.hold_dossiers(whose)
    bookings = await _end(slot_ids)
    await noted.forget_slots(slot_ids)
    await note_each(by, "call_off", "slot", slot_ids)
    await note_each(by, "call_off", "booking", [one.id for one in bookings])
    await _silence(bookings)
    told = _once_a_slot(await _ended(bookings, dossiers))
    await _tell(told)
    await news.renew_summaries(list(dossiers.values()))
    return len(told)


async def _end(slot_ids: Sequence[UUID]) -> list[Booking]:
    """End what is live there and count its seats as free, or as waited for no more."""
    rows = await db.fetch(END, list(slot_ids), list(LIVE), clock.now())
    bookings = [Booking(**dict(row), _exists_in_db=True) for row in rows]
    freed: dict[tuple[UUID, str], int] = {}
    waited: dict[UUID, int] = {}
    for one in bookings:
        slot_id = _uuid(one.slot)
        if one.was in HOLDING:
            freed[slot_id, one.audience] = freed.get((slot_id, one.audience), 0) + one.seats
        else:
            waited[slot_id] = waited.get(slot_id, 0) + one.seats
    for (slot_id, audience), number in freed.items():
        await seats.give_back(slot_id, number, audience)
    for slot_id, number in waited.items():
        await seats.count_waiting(slot_id, -number)
    return bookings


async def _silence(bookings: Sequence[Booking]) -> None:
    """Withdraw what is unsent about them: to who booked, and to parents who were asked."""
    await outbox.withdraw_unsent_of("booking", [one.id for one in bookings])
    asked = [_uuid(one.dossier) for one in bookings if one.awaits_guardian]
    await outbox.withdraw_unsent_of("guardian", asked)


async def _ended(bookings: Sequence[Booking], dossiers: dict[UUID, Dossier]) -> list[Ended]:
    ended = await invitations.end_all("booking", [one.id for one in bookings])
    known = await slots.load_all({_uuid(one.slot) for one in bookings})
    return [
        Ended(dossiers[_uuid(one.dossier)], one, known[_uuid(one.slot)], ended.get(one.id))
        for one in sorted(bookings, key=lambda one: one.id)
    ]


def _once_a_slot(ended: Sequence[Ended]) -> list[Ended]:
    """Of a class's seats and of what it waited for beside them, one letter tells: the one with the calendar part.

    A class of several dates is told of each by a letter of its own: each is an entry of its own in the calendar, and
    stands in the thread of what was written about it.
    """
    told: dict[tuple[UUID, UUID], Ended] = {}
    for one in sorted(ended, key=lambda one: one.booking.was == "waiting"):
        if one.dossier.email and not one.dossier.erase_asked_at:
            told.setdefault((one.dossier.id, one.slot.id), one)
    return list(told.values())


async def _tell(told: Sequence[Ended]) -> None:
    others: dict[tuple[UUID, str], list[tuple[datetime, datetime]]] = {}
    for one in told:
        asked = (one.slot.event_id, one.booking.audience)
        if asked not in others:
            others[asked] = await _others(*asked)
        await news_emails.say_called_off(one.dossier, one.booking, one.slot, one.invitation, others[asked])


async def _others(event_id: UUID, audience: str) -> list[tuple[datetime, datetime]]:
    """The next dates of the event that have seats for the audience."""
    cards = [card(row).seen_by(audience) for row in await db.fetch(OTHERS, clock.now(), event_id)]
    free = [one for one in cards if one.status == "open" and one.takes_requests]
    return [(i18n.local(one.starts_at), i18n.local(one.ends_at)) for one in free[:MOST_OTHERS]]


def _uuid(reference: Any) -> UUID:
    return UUID(str(reference))
