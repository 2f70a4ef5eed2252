"""What has changed: who is told when a slot is no longer what they booked."""

from uuid import UUID

from service import db
from service.bookings.tables import LIVE
from service.events.slots import BookableSlot

TOLD = """
SELECT count(*)::int AS people FROM booking JOIN dossier ON dossier.id = booking.dossier
WHERE booking.slot = ANY($1) AND booking.state = ANY($2) AND dossier.email <> ''
"""


async def people_to_tell(slot_ids: list[UUID]) -> int:
    """How many live bookings of these slots have an address."""
    return int((await db.fetch(TOLD, slot_ids, list(LIVE)))[0]["people"])


async def tell_change(slot_ids: list[UUID], before: dict[UUID, BookableSlot]) -> int:  # noqa: ARG001
    """Count those who are to be told what has changed since ``before``. Needs an open transaction."""
    db.inside_transaction()
    return await people_to_tell(slot_ids)
