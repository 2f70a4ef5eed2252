"""What the door noted, and the office changes what it was noted of: nobody was where nothing took place.

Who was seen and cancelled then, was seen. The door's own verbs stand above this module; all of them hold the slot,
as whoever calls these does.
"""

from collections.abc import Collection
from uuid import UUID

from service import db

FORGET = "DELETE FROM presence WHERE booking = $1"
FORGET_SLOTS = "DELETE FROM presence WHERE slot = ANY($1)"
LIMIT = """
UPDATE presence SET people = booking.seats FROM booking
WHERE booking.id = presence.booking AND booking.id = $1 AND presence.people > booking.seats
"""


async def forget(booking_id: UUID) -> None:
    """Nobody of the booking is there, whatever was noted. Needs an open transaction that holds its slot."""
    db.inside_transaction()
    await db.fetch(FORGET, booking_id)


async def forget_slots(slot_ids: Collection[UUID]) -> None:
    """Nobody is there, who had booked or not. Needs an open transaction that holds these slots."""
    db.inside_transaction()
    await db.fetch(FORGET_SLOTS, list(slot_ids))


async def limit(booking_id: UUID) -> None:
    """No more people of the booking are there than it has seats now. Needs an open transaction that holds its slot."""
    db.inside_transaction()
    await db.fetch(LIMIT, booking_id)
