"""Changing one's mind: cancelling, and taking it back."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db
from service.bookings import class_emails, dossiers, emails, holds, invitations, seats, waiting
from service.bookings.dossiers import UnknownLink
from service.bookings.held import UNDO, Held, held_by, live_of, taking_place, undo_until
from service.bookings.tables import LIVE, Booking, Dossier
from service.events.slots import BookableSlot
from service.journal.notes import note
from service.mail import outbox
from service.refusal import Refusal

NEVER_THEIRS = ("waiting", "offered")
Announcing = Callable[[Dossier, Booking, BookableSlot], Awaitable[None]]

END = """
UPDATE booking SET state = 'cancelled', ended_at = $2, ended_by = $3, was = state, revision = revision + 1,
    expires_at = CASE WHEN state IN ('option', 'pending') THEN expires_at END
WHERE id = $1 AND state = ANY($4) RETURNING *
"""
RESTORE = """
UPDATE booking SET state = $4, expires_at = $5, was = '', ended_at = NULL, ended_by = '', revision = revision + 1,
    email_key = $3
WHERE id = $1 AND state = 'cancelled' AND ended_by = 'booker' AND ended_at > $2 RETURNING *
"""
REVISE = """
UPDATE booking SET revision = revision + 1, email_key = $2
WHERE id = $1 AND state = ANY($3) RETURNING *
"""


class AlreadyStarted(Refusal):
    """The slot has begun: what is booked stays as it is."""

    def __init__(self, since: datetime) -> None:
        self.since = since


class TooLateToRestore(Refusal):
    """The 15 minutes are over, or there is nothing to restore."""


class UnknownBooking(Refusal):
    """There is no such booking."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ends a booking (``by``, for the journal), and for what ``reason``.

    What ends ``for_good`` cannot be taken back by its booker, and its letter offers no such thing.
    """

    by: str = "booker"
    reason: str = ""
    for_good: bool = False

    @property
    def is_theirs(self) -> bool:
        """Whether its booker ends it."""
        return self.by == "booker"

    def ended_by(self, state: str) -> str:
        """What the booking says of who ended it: whose seat it never was leaves the queue."""
        return "organiser" if not self.is_theirs else "leaving" if state in NEVER_THEIRS else "booker"


BY_BOOKER = Ending()


async def hold(dossier: Dossier) -> Dossier:
    """Lock the slots of the dossier, then the dossier, and read it as it is now.

    Needs an open transaction. Every change begins here: what was read before may be old by now.
    Refuses: UnknownLink, when its link was renewed meanwhile, and when it is being erased.
    """
    now = await lock(dossier.id)
    if now.generation != dossier.generation or now.erase_asked_at:
        raise UnknownLink
    return now


async def lock(dossier_id: UUID, more: Collection[UUID] = ()) -> Dossier:
    """What ``hold`` does, for whom the booker's link does not matter; with ``more`` slots in their turn.

    Needs an open transaction.
    """
    db.inside_transaction()
    wanted = await _slots_of(dossier_id)
    while True:
        await db.fetch("SAVEPOINT before_locks")
        for slot_id in sorted(wanted | set(more)):
            await seats.hold(slot_id)
        await db.fetch("SELECT 1 FROM dossier WHERE id = $1 FOR UPDATE", dossier_id)
        held, wanted = wanted, await _slots_of(dossier_id)
        if wanted <= held | set(more):
            return await dossiers.by_id(dossier_id)
        # It was moved while this waited: its new slot must be locked before the dossier, so all of it once more.
        await db.fetch("ROLLBACK TO SAVEPOINT before_locks")


async def lock_booking(booking_id: UUID, more: Collection[UUID] = ()) -> tuple[Dossier, Held, list[Held]]:
    """Lock the dossier of a booking as ``lock`` does: the dossier, the booking, and all that the dossier has.

    Needs an open transaction. Refuses: UnknownBooking.
    """
    found = await db.fetch("SELECT dossier FROM booking WHERE id = $1", booking_id)
    if not found:
        raise UnknownBooking
    dossier = await lock(found[0]["dossier"], more)
    held = await held_by(dossier)
    return dossier, next(one for one in held if one.booking.id == booking_id), held


async def cancel(dossier: Dossier, *, slot: UUID | None = None) -> None:
    """Free the seats of the dossier, all or those of one ``slot``, end their invitations and say so.

    Done twice, it is done once. What has begun stays, and keeps the others from nothing.
    Refuses: AlreadyStarted, UnknownLink.
    """
    async with db.transaction():
        dossier = await hold(dossier)
        held = [one for one in await held_by(dossier) if slot in (None, one.slot.id)]
        await cancel_held(dossier, still_to_come(held))


async def cancel_held(dossier: Dossier, held: list[Held], how: Ending = BY_BOOKER) -> None:
    """The inner step of ``cancel``, for a larger verb's transaction that holds the dossier. Refuses: AlreadyStarted."""
    db.inside_transaction()
    for one in held:
        check_not_started(one)
    ended = [(one, was) for one in held if (was := await _cancel(one, how))]
    whole = {one.slot.id for one, was in ended if was not in NEVER_THEIRS}
    for one, was in ended:
        if was in NEVER_THEIRS and one.slot.id in whole:
            continue  # of the rest of a class, the letter about what it held says enough
        if was in NEVER_THEIRS and how.is_theirs:
            await say_left(dossier, one)
        else:
            await _say_cancelled(dossier, one, how)
    if ended and dossier.class_label:
        await class_emails.say_what_is_left(dossier, await live_of(dossier))
    # Not before all of it has ended: what waits here for the rest of a class must be offered nothing.
    for slot_id in sorted({one.slot.id for one, _ in ended}):
        await waiting.promote(slot_id)


async def restore(dossier: Dossier, *, slot: UUID | None = None) -> None:
    """Take a cancellation back within 15 minutes, while the seats are free; with a new invitation.

    All that was cancelled, or what was in one ``slot``: all or nothing, without what was called off meanwhile.
    Refuses: TooLateToRestore, CalledOff, SoldOut, AlreadyBooked, UnknownLink.
    """
    async with db.transaction():
        dossier = await hold(dossier)
        held = [one for one in await held_by(dossier) if one.restore_until and slot in (None, one.slot.id)]
        if not held:
            raise TooLateToRestore
        restored = taking_place(held)
        for one in restored:
            await _restore(dossier, one)
        await write_again(dossier, restored)


async def _slots_of(dossier_id: UUID) -> set[UUID]:
    return {row["slot"] for row in await db.fetch("SELECT slot FROM booking WHERE dossier = $1", dossier_id)}


def still_to_come(held: list[Held]) -> list[Held]:
    """Without the dates of a class that have begun, while another is to come."""
    return [one for one in held if one.may_change] or held


async def _cancel(one: Held, how: Ending) -> str:
    """End it and count its seats; returns the state that it was in, or nothing when it was over already."""
    was = one.booking.state
    # What was never theirs cannot be taken back: who left the queue goes to its end again.
    if not await change(one, END, clock.now(), how.ended_by(was), list(LIVE)):
        return ""
    await silence(one)
    if was == "waiting":
        await seats.count_waiting(one.slot.id, -one.booking.seats)
    else:
        await seats.give_back(one.slot.id, one.booking.seats, one.booking.audience)
    await note(how.by, "cancel", "booking", one.booking.id)
    return was


async def _say_cancelled(dossier: Dossier, one: Held, how: Ending) -> None:
    invitation = await invitations.end(*one.subject)
    if not dossier.email:
        return
    if how.is_theirs:
        until = None if how.for_good else undo_until(one.slot, one.booking.ended_at)
        await emails.say_cancelled(dossier, one.booking, one.slot, invitation, until)
    else:
        await emails.say_taken_back(dossier, one.booking, one.slot, invitation, how.reason)


async def silence(one: Held) -> None:
    """Withdraw what is unsent about a booking that ends: to its booker, and to a parent who was asked."""
    await outbox.withdraw_unsent(one.subject)
    if one.booking.awaits_guardian:
        await outbox.withdraw_unsent(one.guardian_subject)


async def say_left(dossier: Dossier, one: Held) -> None:
    """Post the letter to who left the queue, or declined its offer. Needs an open transaction."""
    if dossier.email:
        await emails.say_left(dossier, one.booking, one.slot)


async def _restore(dossier: Dossier, one: Held) -> None:
    # Theirs, unless it was offered to somebody.
    await seats.take(one.slot, one.booking.seats, one.booking.audience, in_turn=True)
    await one.check_not_doubled(dossier.email_key)
    state, until = one.booking.was or "confirmed", holds.held_again_until(one.booking)
    if until and until <= clock.now():
        raise TooLateToRestore
    if not await change(one, RESTORE, clock.now() - UNDO, dossier.email_key, state, until):
        raise TooLateToRestore
    await outbox.withdraw_unsent(one.subject)
    await note("booker", "restore", "booking", one.booking.id)


async def write_again(dossier: Dossier, changed: list[Held], *, as_it_was: bool = False) -> None:
    """Post the letters that say how what has changed stands now: a class's summary first. Needs an open transaction.

    What stands ``as_it_was`` keeps its calendar entry.
    """
    if changed and dossier.class_label:
        await class_emails.say_booked(dossier, await live_of(dossier))
    for one in changed:
        await _write_again(dossier, one, holds.announce_anew if as_it_was else holds.announce)


async def _write_again(dossier: Dossier, one: Held, announce: Announcing) -> None:
    if one.booking.state == "waiting":
        await waiting.say_waiting(dossier, one.booking, one.slot)
    elif one.booking.state == "offered":
        await emails.offer(dossier, one.booking, one.slot)
    else:
        await announce(dossier, one.booking, one.slot)


async def change(one: Held, statement: str, *values: Any) -> bool:
    """Run a conditional update of the booking; False when it is no longer in the state that it needs."""
    rows = await db.fetch(statement, one.booking.id, *values)
    for name, value in rows[0].items() if rows else ():  # its letters tell what is so now
        if name not in ("dossier", "slot"):
            setattr(one.booking, name, value)
    return bool(rows)


def check_not_started(one: Held) -> None:
    """Return when what is live has not begun. Refuses: AlreadyStarted."""
    if one.booking.state in LIVE and one.slot.has_started:
        raise AlreadyStarted(one.slot.starts_at)
