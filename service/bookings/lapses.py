"""What runs out by itself: options that nobody confirmed, pending bookings that nobody answered."""

from uuid import UUID

from service import clock, db
from service.bookings import changes, dossiers, emails, seats, waiting
from service.bookings.changes import Held
from service.bookings.dossiers import UnknownLink
from service.journal.notes import note

DUE = """
SELECT DISTINCT dossier FROM booking WHERE state IN ('option', 'pending') AND expires_at <= $1 ORDER BY 1 LIMIT 50
"""
LAPSE = """
UPDATE booking SET state = 'expired', ended_at = $2, ended_by = 'deadline', was = state, expires_at = NULL,
    revision = revision + 1
WHERE id = $1 AND state IN ('option', 'pending') AND expires_at <= $2 RETURNING *
"""


async def expire() -> int:
    """End the options and the pending bookings whose time is over; their seats go to those who wait.

    A dossier of several slots ends as a whole, with one letter. Returns how many bookings ended.
    Any number of workers may call it at once.
    """
    return sum([await _expire(row["dossier"]) for row in await db.fetch(DUE, clock.now())])


async def _expire(dossier_id: UUID) -> int:
    async with db.transaction():
        try:
            dossier = await changes.hold(await dossiers.by_id(dossier_id))
        except UnknownLink:  # erased or readdressed between the look and the lock: the next round sees it
            return 0
        lapsed = [one for one in await changes.held_by(dossier) if await _lapse(one)]
        if lapsed and dossier.email:
            await emails.say_over(dossier, lapsed[0].booking, lapsed[0].slot)
        for one in lapsed:
            await waiting.promote(one.slot.id)
    return len(lapsed)


async def _lapse(one: Held) -> bool:
    if not await changes.change(one, LAPSE, clock.now()):
        return False
    await changes.silence(one)
    await seats.give_back(one.slot.id, one.booking.seats)
    await note("system", "expire", "booking", one.booking.id)
    return True
