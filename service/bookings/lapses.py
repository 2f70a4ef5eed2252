"""What runs out by itself: options that nobody confirmed, pending bookings that nobody answered."""

from uuid import UUID

from service import clock, db
from service.bookings import changes, class_emails, emails, rounds, seats, waiting
from service.bookings.held import Held, held_by, live_of
from service.bookings.tables import Dossier
from service.journal.notes import note

DUE = """
SELECT DISTINCT dossier FROM booking WHERE state IN ('option', 'pending') AND expires_at <= $1 ORDER BY 1 LIMIT 50
"""
LAPSE = """
UPDATE booking SET state = 'expired', ended_at = $2, ended_by = 'deadline', was = state, expires_at = NULL,
    revision = revision + 1
WHERE id = $1 AND state IN ('option', 'pending') AND expires_at <= $2 RETURNING *
"""
END_REST = """
UPDATE booking SET state = 'expired', ended_at = $2, ended_by = $3, was = state, revision = revision + 1
WHERE id = $1 AND state = 'waiting' RETURNING *
"""


async def expire() -> int:
    """End the options and the pending bookings whose time is over; their seats go to those who wait.

    A dossier of several slots ends as a whole, with one letter. Returns how many bookings ended.
    Any number of workers may call it at once.
    """
    return await rounds.each(await db.fetch(DUE, clock.now()), lambda row: expire_of(row["dossier"]))


async def expire_of(dossier_id: UUID) -> int:
    """Do for one dossier what ``expire`` does for those that are due."""
    async with db.transaction():
        dossier = await changes.lock(dossier_id)
        held = await held_by(dossier)
        lapsed = [one for one in held if await _lapse(one)]
        await end_rests(lapsed, held)
        if lapsed:
            await _say_over(dossier, lapsed)
        for one in lapsed:
            await waiting.promote(one.slot.id)
    return len(lapsed)


async def end_rests(ended: list[Held], held: list[Held]) -> None:
    """End what waits for the rest of a class that will not come. Needs an open transaction that holds the dossier."""
    for one in ended:
        for rest in held:
            if rest.slot.id == one.slot.id and await changes.change(rest, END_REST, clock.now(), one.booking.ended_by):
                await seats.count_waiting(rest.slot.id, -rest.booking.seats)
                await note("system", "expire", "booking", rest.booking.id)


async def _say_over(dossier: Dossier, lapsed: list[Held]) -> None:
    if dossier.class_label:
        await class_emails.say_what_is_left(dossier, await live_of(dossier))
        await class_emails.say_lapsed(dossier, [(one.booking, one.slot) for one in lapsed])
    elif dossier.email:
        await emails.say_over(dossier, lapsed[0].booking, lapsed[0].slot)


async def _lapse(one: Held) -> bool:
    if not await changes.change(one, LAPSE, clock.now()):
        return False
    await changes.silence(one)
    await seats.give_back(one.slot.id, one.booking.seats, one.booking.audience)
    await note("system", "expire", "booking", one.booking.id)
    return True
