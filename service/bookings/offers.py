"""Answering an offer: the seat is taken, or goes to the next. And going back to the end of the queue."""

from dataclasses import astuple

from service import clock, db
from service.bookings import changes, holds, lapses, seats, waiting
from service.bookings.held import Held, held_by, taking_place
from service.bookings.holds import Standing
from service.bookings.tables import Dossier
from service.bookings.waiting import OfferOver
from service.events import slots
from service.journal.notes import note
from service.mail import outbox

ACCEPT = """
UPDATE booking SET state = $3, expires_at = $4, awaits_approval = $5, awaits_guardian = $6, revision = revision + 1
WHERE id = $1 AND state = 'offered' AND expires_at > $2 RETURNING *
"""
DECLINE = """
UPDATE booking SET state = 'declined', expires_at = NULL, ended_at = $2, ended_by = 'booker', was = state,
    revision = revision + 1
WHERE id = $1 AND state = 'offered' RETURNING *
"""
REJOIN = """
UPDATE booking SET state = $5, expires_at = $6, awaits_approval = $7, awaits_guardian = $8, ended_at = NULL,
    ended_by = '', was = '', queued_at = $3, passed_over = 0, reminded_at = NULL, email_key = $4,
    revision = revision + 1
WHERE id = $1 AND state = ANY($2) RETURNING *
"""
MAY_REJOIN = ("declined", "expired")


async def accept(dossier: Dossier) -> None:
    """Take what is offered to the dossier: confirmed with its invitation, or pending where it must be.

    Done twice, it is done once.

    Refuses: OfferOver, CalledOff, UnknownLink.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        offered = await _offered(dossier, "confirmed", "pending")
        taken = taking_place([one for one in offered if not one.has_lapsed] or offered)
        for one in taken:
            await _accept(one)
        await changes.write_again(dossier, taken)


async def decline(dossier: Dossier) -> None:
    """Give what is offered back, for the next in the queue. Done twice, it is done once.

    Refuses: OfferOver, UnknownLink.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        for one in await _offered(dossier, "declined"):
            await _decline(dossier, one)


async def rejoin(dossier: Dossier) -> None:
    """Go to the end of the queue again after an offer that lapsed or was declined; a free seat is had at once.

    Done twice, it is done once. Refuses: those of ``slots.check_open_to_individuals``, OfferOver, TooLateToWait,
    AlreadyBooked, UnknownLink.
    """
    lapsed = [one for one in await held_by(dossier) if one.has_lapsed]
    for one in lapsed:  # no worker came by yet: its seat goes to the next before anything else
        await waiting.expire_in(one.slot.id)
    if lapsed:
        await lapses.expire_of(dossier.id)
    async with db.transaction():
        dossier = await changes.hold(dossier)
        held = await held_by(dossier)
        over = [one for one in held if _may_rejoin(one)]
        if not over and not any(one.is_live for one in held):
            raise OfferOver
        for one in over:
            await _rejoin(dossier, one)
        await changes.write_again(dossier, over)
        for one in over:
            await waiting.promote(one.slot.id)


async def _offered(dossier: Dossier, *answered: str) -> list[Held]:
    """What is offered to the dossier; nothing when it was ``answered`` like this before. Refuses: OfferOver."""
    held = await held_by(dossier)
    offered = [one for one in held if one.booking.state == "offered"]
    if not offered and not any(one.booking.state in answered for one in held):
        raise OfferOver
    return offered


async def _accept(one: Held) -> None:
    if not await changes.change(one, ACCEPT, clock.now(), *astuple(_taken(one))):
        raise OfferOver
    await outbox.withdraw_unsent(one.subject)
    await note("booker", "accept", "booking", one.booking.id)


async def _decline(dossier: Dossier, one: Held) -> None:
    if not await changes.change(one, DECLINE, clock.now()):
        return
    await seats.give_back(one.slot.id, one.booking.seats, one.booking.audience)
    await outbox.withdraw_unsent(one.subject)
    await changes.say_left(dossier, one)
    await note("booker", "decline", "booking", one.booking.id)
    await waiting.promote(one.slot.id)


def _may_rejoin(one: Held) -> bool:
    """An option that lapsed is asked for anew; the rest of a class that ended with what it held comes with it only."""
    booking = one.booking
    ended_with_another = booking.was == "waiting" and booking.ended_by != "closing"
    return booking.state in MAY_REJOIN and booking.was != "option" and not ended_with_another


async def _rejoin(dossier: Dossier, one: Held) -> None:
    (slots.check_open_to_classes if one.is_class else slots.check_open_to_individuals)(one.slot)
    await one.check_not_doubled(dossier.email_key)
    must_wait = await waiting.take_or_wait(one.slot, one.booking.seats, one.booking.audience)
    standing = Standing("waiting") if must_wait else _taken(one)
    values = (list(MAY_REJOIN), clock.now(), dossier.email_key, *astuple(standing))
    if not await changes.change(one, REJOIN, *values):
        raise OfferOver
    await outbox.withdraw_unsent(one.subject)
    await note("booker", "rejoin", "booking", one.booking.id)


def _taken(one: Held) -> Standing:
    """How it stands once it is taken: who waited has thought it over, so that no option follows."""
    return holds.first(one.slot, clock.now(), age_band=one.booking.age_band)
