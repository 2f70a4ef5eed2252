"""Closing the door: who was expected and did not come was absent."""

from datetime import datetime
from uuid import UUID

from service import clock, db
from service.attendance.check_in import EXPECTED
from service.bookings import seats
from service.events import slots
from service.events.slots import CalledOff
from service.journal.notes import note
from service.refusal import Refusal

MARK_ABSENT = """
INSERT INTO presence (id, slot, booking, walk_in_name, people, noted_at, noted_by)
SELECT gen_random_uuid(), booking.slot, booking.id, '', 0, $2, $3 FROM booking
WHERE booking.slot = $1 AND booking.state = ANY($4)
ON CONFLICT (booking) DO NOTHING RETURNING 1
"""
CLOSE = "UPDATE slot SET door_closed_at = $2 WHERE id = $1 AND door_closed_at IS NULL RETURNING 1"
REOPEN = "UPDATE slot SET door_closed_at = NULL WHERE id = $1 AND door_closed_at IS NOT NULL RETURNING 1"
FORGET_ABSENT = "DELETE FROM presence WHERE slot = $1 AND booking IS NOT NULL AND people = 0"


class NotBegun(Refusal):
    """Before the slot begins, nobody is absent."""

    def __init__(self, opens_at: datetime) -> None:
        self.opens_at = opens_at


async def close(slot_id: UUID, by: str) -> int:
    """Mark as absent whoever was expected and not seen; returns how many bookings that are.

    Whoever comes late is still checked in. Done twice, it is done once. Refuses: UnknownSlot, CalledOff, NotBegun.
    """
    async with db.transaction():
        await seats.hold(slot_id)
        slot = await slots.load(slot_id)
        if slot.is_called_off:
            raise CalledOff(slot.reason)
        if not slot.has_started:
            raise NotBegun(slot.starts_at)
        absent = await db.fetch(MARK_ABSENT, slot_id, clock.now(), by, list(EXPECTED))
        if await db.fetch(CLOSE, slot_id, clock.now()) or absent:
            await note(by, "close_door", "slot", slot_id, absent=len(absent))
    return len(absent)


async def reopen(slot_id: UUID, by: str) -> None:
    """Take the marks back: nobody is absent yet. Done twice, it is done once. Refuses: UnknownSlot."""
    async with db.transaction():
        await seats.hold(slot_id)
        await slots.load(slot_id)
        if await db.fetch(REOPEN, slot_id):
            await db.fetch(FORGET_ABSENT, slot_id)
            await note(by, "reopen_door", "slot", slot_id)
