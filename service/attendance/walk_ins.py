"""Who comes without a booking: counted, named or not, and never in what the slot counts as taken."""

from uuid import UUID, uuid4

from service import clock, db
from service.attendance import check_in
from service.journal.notes import note

# The id is the form's: sent twice, it is one person.
ENTER = """
INSERT INTO presence (id, slot, booking, walk_in_name, people, noted_at, noted_by) VALUES ($1, $2, NULL, $3, 1, $4, $5)
ON CONFLICT (id) DO NOTHING RETURNING 1
"""
LEAVE = "DELETE FROM presence WHERE id = $1 AND slot = $2 AND booking IS NULL RETURNING 1"


async def walk_in(slot_id: UUID, name: str, by: str, *, key: UUID | None = None) -> UUID:
    """One more person is there, who had not booked; the same ``key`` counts once. A full room is no refusal.

    Refuses: UnknownSlot, CalledOff, DoorNotOpen, DoorOver.
    """
    entered = key or uuid4()
    async with db.transaction():
        await check_in.hold_open(slot_id)
        if await db.fetch(ENTER, entered, slot_id, name, clock.now(), by):
            await note(by, "walk_in", "slot", slot_id, presence=str(entered))
    return entered


async def undo(slot_id: UUID, presence_id: UUID, by: str) -> None:
    """That person was not there after all; the name goes with it. Done twice, it is done once.

    Refuses: UnknownSlot, CalledOff, DoorNotOpen, DoorOver.
    """
    async with db.transaction():
        await check_in.hold_open(slot_id)
        if await db.fetch(LEAVE, presence_id, slot_id):
            await note(by, "undo_walk_in", "slot", slot_id, presence=str(presence_id))
