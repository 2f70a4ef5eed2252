"""Moving a booking to another slot of its event, as organisers do."""

from dataclasses import astuple, replace
from uuid import UUID

from service import clock, db
from service.bookings import by_hand, changes, emails, holds, invitations, noted, pending, seats, turns, waiting
from service.bookings.by_hand import NotSo
from service.bookings.changes import AlreadyStarted
from service.bookings.held import Held
from service.bookings.holds import Standing
from service.bookings.seats import AlreadyBooked
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot, UnknownSlot
from service.journal.notes import note
from service.mail import outbox

MOVED = ("confirmed", "option", "pending", "waiting")  # an offer is answered first

# Who waits goes to the end of the other queue.
MOVE = """
UPDATE booking SET slot = $2, state = $3::text, expires_at = $4, awaits_approval = $5, awaits_guardian = $6,
    queued_at = CASE WHEN $3::text = 'waiting' THEN $7 ELSE queued_at END, passed_over = 0, revision = revision + 1
WHERE id = $1 AND state = $8 RETURNING *
"""


async def move(booking_id: UUID, slot_id: UUID, by: str, *, before_others: bool = False) -> None:
    """Move a booking to another slot of the same event: its numbers, names, code and link stay.

    Its seats are taken there and given back here; what waits goes to the end of the other queue, with the rest of a
    class. The calendar entry of the old date ends, the new one is another. To where it is already: nothing happens.
    Refuses: UnknownBooking, UnknownSlot, NotSo, AlreadyStarted, CalledOff, MembersOnly, SlotOver, AlreadyBooked,
    OthersWait, SoldOut, TooLateToWait.
    """
    async with db.transaction():
        dossier, one, held = await changes.lock_booking(booking_id, [slot_id])
        there = await slots.load(slot_id)
        if one.slot.id == there.id:
            return
        await _check(dossier, one, there, held)
        standing, rests = await _seat(one, there, before_others=before_others), _rests(one, held)
        if one.booking.awaits_guardian:  # they are asked about the new date, under a new link
            await pending.renew_guardian(dossier, dossier.guardian_email)
        await _move(one, there, standing, by)
        for rest in rests:
            await _move_rest(rest, there, by)
        await _tell(dossier, one, there)
        for moved_in_or_out in sorted((one.slot.id, there.id)):
            await waiting.promote(moved_in_or_out)


async def _check(dossier: Dossier, one: Held, there: BookableSlot, held: list[Held]) -> None:
    if there.event_id != one.slot.event_id:
        raise UnknownSlot
    if one.booking.state not in MOVED or one.has_lapsed:
        raise NotSo
    if one.slot.has_started:
        raise AlreadyStarted(one.slot.starts_at)
    slots.check_takes_place(there)
    if there.has_started and one.booking.state != "confirmed":
        raise AlreadyStarted(there.starts_at)
    if any(each.is_live and each.slot.id == there.id for each in held):
        raise AlreadyBooked([dossier.id])
    await replace(one, slot=there).check_not_doubled(dossier.email_key, may_share=True)


async def _seat(one: Held, there: BookableSlot, *, before_others: bool) -> Standing:
    """Change the seats for as many of the other slot, or the place in one queue for one at the end of the other."""
    booking, here = one.booking, one.slot.id
    if booking.state == "waiting":
        await seats.count_waiting(here, -booking.seats)
        must_wait = await waiting.take_or_wait(there, booking.seats, booking.audience)
        return Standing("waiting") if must_wait else holds.first(there, clock.now(), age_band=booking.age_band)
    await by_hand.take(there, booking.seats, booking.audience, before_others=before_others)
    await seats.give_back(here, booking.seats, booking.audience)
    until = booking.expires_at and min(booking.expires_at, holds.hold_until(there, clock.now(), None))
    return Standing(booking.state, until, booking.awaits_approval, booking.awaits_guardian)


def _rests(one: Held, held: list[Held]) -> list[Held]:
    """What waits here for the rest of a class that goes there."""
    if one.booking.state == "waiting":
        return []
    return [each for each in held if each.booking.state == "waiting" and each.slot.id == one.slot.id]


async def _move_rest(rest: Held, there: BookableSlot, by: str) -> None:
    """To the end of the other queue, where ``promote`` gives it what is free, and makes it one with its class."""
    if turns.deadline(clock.now(), there.closes_at) is None:
        raise waiting.TooLateToWait
    await seats.count_waiting(rest.slot.id, -rest.booking.seats)
    await seats.count_waiting(there.id, rest.booking.seats)
    await _move(rest, there, Standing("waiting"), by)


async def _move(one: Held, there: BookableSlot, standing: Standing, by: str) -> None:
    values = (there.id, *astuple(standing), clock.now(), one.booking.state)
    if not await changes.change(one, MOVE, *values):
        raise NotSo
    await outbox.withdraw_unsent(one.subject)
    await noted.forget(one.booking.id)
    await note(by, "move", "booking", one.booking.id, before=str(one.slot.id), after=str(there.id))


async def _tell(dossier: Dossier, one: Held, there: BookableSlot) -> None:
    """First the end of the old calendar entry, then the letter that says how the new date stands."""
    ended = await invitations.end(*one.subject)
    if dossier.email:
        await emails.say_transferred(dossier, one.booking, one.slot, ended, there)
    await changes.write_again(dossier, [replace(one, slot=there)])
