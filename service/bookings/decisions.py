"""What an organiser decides about one booking: confirmed, cancelled, restored, written to again."""

from dataclasses import astuple
from uuid import UUID

from service import clock, db
from service.bookings import addresses, by_hand, changes, holds, options, pending, seats, turns, waiting
from service.bookings.by_hand import NotSo
from service.bookings.changes import AlreadyStarted, Ending
from service.bookings.held import Held
from service.bookings.holds import Standing
from service.bookings.seats import AlreadyBooked
from service.bookings.tables import LIVE, OVER, Dossier
from service.events import slots
from service.events.slots import CalledOff
from service.journal.notes import note
from service.mail import outbox
from service.refusal import Refusal

FOREVER_OVER = ("merged", "erasure")  # what became part of another booking, or was forgotten

ADMIT = """
UPDATE booking SET state = $3, expires_at = $4, awaits_approval = $5, awaits_guardian = $6, revision = revision + 1
WHERE id = $1 AND (state = 'waiting' OR state = 'offered' AND expires_at > $2) RETURNING *
"""
RESTORE = """
UPDATE booking SET state = $3, expires_at = $4, awaits_approval = $5, awaits_guardian = $6, was = '', ended_at = NULL,
    ended_by = '', reminded_at = NULL, email_key = $7, revision = revision + 1
WHERE id = $1 AND state = ANY($2) RETURNING *
"""


class NoAddress(Refusal):
    """The booking was entered without an address: nobody can be written to."""


async def confirm(booking_id: UUID, by: str, *, before_others: bool = False) -> None:
    """Give a booking its seats for good: an option, an offer, or somebody who waits; a pending one is approved.

    A class has the options, or what awaits approval, of all its slots answered at once. A minor who comes alone still
    needs a parent's word. Done twice, it is done once. Refuses: UnknownBooking, NotSo, NothingPending, OptionOver,
    CalledOff, MembersOnly, SlotOver, OthersWait, SoldOut.
    """
    async with db.transaction():
        dossier, one, held = await changes.lock_booking(booking_id)
        state = one.booking.state
        if state == "confirmed":
            return
        slots.check_takes_place(one.slot)
        if state == "option":
            await options.confirm_held(dossier, held, by)
        elif state == "pending" and one.booking.awaits_approval:
            await pending.approve_held(dossier, one, held, by)
        elif state in ("waiting", "offered"):
            await _admit(dossier, one, by, before_others=before_others)
        else:
            raise NotSo


async def cancel(booking_id: UUID, by: str, reason: str = "") -> None:
    """End a booking for a ``reason`` that its booker is told (or none); its seats go to the next.

    With the seats of a class ends what of it waits there. Its booker cannot take it back. Done twice, it is done once.
    Refuses: UnknownBooking, NotSo, AlreadyStarted.
    """
    async with db.transaction():
        dossier, one, held = await changes.lock_booking(booking_id)
        if one.booking.ended_by == "organiser":
            return
        if not one.is_live:
            raise NotSo
        here = [each for each in held if each.is_live and each.slot.id == one.slot.id]
        ended = [one] if one.booking.state == "waiting" else here
        await changes.cancel_held(dossier, ended, Ending(by, reason, for_good=True))


async def restore(booking_id: UUID, by: str, *, before_others: bool = False) -> None:
    """Bring back what is over, however it ended, while seats are free: confirmed, with a new invitation.

    A minor whose parent has not agreed awaits that again. Done twice, it is done once.
    Refuses: UnknownBooking, NotSo, CalledOff, AlreadyStarted, AlreadyBooked, OthersWait, SoldOut.
    """
    async with db.transaction():
        dossier, one, held = await changes.lock_booking(booking_id)
        if one.is_live:
            return
        _check_may_return(dossier, one, held)
        await by_hand.take(one.slot, one.booking.seats, one.booking.audience, before_others=before_others)
        await one.check_not_doubled(dossier.email_key, may_share=True)
        standing = _standing(dossier, one)
        if not await changes.change(one, RESTORE, list(OVER), *astuple(standing), dossier.email_key):
            raise NotSo
        await outbox.withdraw_unsent(one.subject)
        await note(by, "restore", "booking", booking_id, before_others=before_others)
        await changes.write_again(dossier, [one])


async def resend(booking_id: UUID, by: str) -> None:
    """Post the letter once more that says how the booking stands; its calendar entry stays the same.

    Refuses: UnknownBooking, NotSo, NoAddress, CalledOff, MembersOnly, SlotOver.
    """
    async with db.transaction():
        dossier, one, _ = await changes.lock_booking(booking_id)
        if not one.is_live:
            raise NotSo
        if not dossier.email:
            raise NoAddress
        slots.check_takes_place(one.slot)
        await changes.change(one, changes.REVISE, dossier.email_key, list(LIVE))
        await outbox.withdraw_unsent(one.subject)
        await changes.write_again(dossier, [one], as_it_was=True)
        await note(by, "resend", "booking", booking_id)


async def correct_address(booking_id: UUID, address: str, by: str) -> None:
    """Give the dossier of a booking another address, or its first: a new link and a new invitation go there.

    The booker's own correction is refused once their address has answered; an organiser's is not.
    Refuses: UnknownBooking, NotSo, AlreadyStarted, AlreadyBooked.
    """
    async with db.transaction():
        dossier, _, held = await changes.lock_booking(booking_id)
        if not any(each.is_live for each in held):
            raise NotSo
        await addresses.readdress(dossier, address, by)


async def _admit(dossier: Dossier, one: Held, by: str, *, before_others: bool) -> None:
    """Somebody who waits, or has an offer, has their seats; the rest of a class joins what it holds."""
    merged = False
    if one.booking.state == "waiting":
        is_first = (await turns.rank_of(one.booking)).entries == 0
        await seats.count_waiting(one.slot.id, -one.booking.seats)
        passes = before_others or is_first
        await by_hand.take(one.slot, one.booking.seats, one.booking.audience, before_others=passes)
        merged = await waiting.merge(one.slot, one.booking.id, by)
    if not merged:
        if not await changes.change(one, ADMIT, clock.now(), *astuple(_standing(dossier, one))):
            raise NotSo
        await outbox.withdraw_unsent(one.subject)
        await note(by, "confirm", "booking", one.booking.id, before_others=before_others)
        await changes.write_again(dossier, [one])
    await waiting.promote(one.slot.id)


def _standing(dossier: Dossier, one: Held) -> Standing:
    """Confirmed: an organiser's word is given. A parent's is not, where it was never had, or was a no."""
    unheard = one.booking.awaits_guardian or dossier.guardian_answered_at is None
    if unheard and holds.needs_guardian(one.slot, one.booking.age_band):
        until = holds.hold_until(one.slot, clock.now(), holds.GUARDIAN_DAYS)
        return Standing("pending", until, awaits_guardian=True)
    return Standing()


def _check_may_return(dossier: Dossier, one: Held, held: list[Held]) -> None:
    if one.booking.ended_by in FOREVER_OVER or dossier.erase_asked_at:
        raise NotSo
    if one.slot.is_called_off:
        raise CalledOff(one.slot.reason)
    if one.slot.has_started:
        raise AlreadyStarted(one.slot.starts_at)
    if any(each.is_live and each.slot.id == one.slot.id for each in held):
        raise AlreadyBooked([dossier.id])
