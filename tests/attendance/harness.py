"""What the tests of the door share: a slot of this afternoon, and what was noted at it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from service import clock, db
from service.bookings.plans import Party
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from tests.bookings.classes import a_class_of
from tests.bookings.harness import booking_of
from tests.makers import a_pupil, at_paris, make_booking, make_event, make_slot

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AFTERNOON = at_paris("2031-11-24 13:40")
STARTS = at_paris("2031-11-24 14:00")
ENDS = at_paris("2031-11-24 16:00")
PARTY = Party(26, 2)
ADA, BEN_AT_DOOR = "person:ada", "person:ben"

DOSSIERS = """
INSERT INTO dossier SELECT (jsonb_populate_record(dossier, jsonb_build_object(
    'id', gen_random_uuid(), 'token_hash', gen_random_uuid(), 'code', 'N' || n, 'needs', $1::uuid))).*
FROM dossier, generate_series(2, $2) n WHERE id = $1
"""
BOOKINGS = """
INSERT INTO booking SELECT (jsonb_populate_record(booking, jsonb_build_object(
    'id', gen_random_uuid(), 'dossier', dossier.id, 'email_key', dossier.code))).*
FROM booking, dossier WHERE booking.dossier = $1 AND dossier.needs = $1::uuid::text
"""


async def door_slot(capacity: int = 30, **of_event: Any) -> BookableSlot:
    """A slot of this afternoon, from two to four."""
    return await make_slot(capacity, event=await make_event(takes_classes=True, **of_event), starts_at=STARTS)


async def id_of(dossier: Dossier) -> UUID:
    """The id of its one booking."""
    return (await booking_of(dossier)).id


async def class_at_door(slot: BookableSlot, party: Party = PARTY, label: str = "2de 4") -> UUID:
    """The booking of a class in the slot."""
    return await id_of(await a_class_of(slot, pupils=party.pupils, chaperones=party.chaperones, label=label))


async def noted(slot: BookableSlot) -> list[tuple[int, str]]:
    """(people, by whom) of what was noted, in its order."""
    rows = await db.fetch("SELECT people, noted_by FROM presence WHERE slot = $1 ORDER BY noted_at, id", slot.id)
    return [(row["people"], row["noted_by"]) for row in rows]


async def told(subject: UUID) -> list[str]:
    """What the journal says was done at the door with it."""
    verbs = "('check_in', 'undo_check_in', 'count_at_door', 'walk_in', 'undo_walk_in', 'close_door', 'reopen_door')"
    sql = f"SELECT verb FROM journal WHERE subject_id = $1 AND verb IN {verbs} ORDER BY id"
    return [row["verb"] for row in await db.fetch(sql, subject)]


async def crowd(slot: BookableSlot, number: int) -> None:
    """So many more people with a seat: one booked, the others by the same rows."""
    first = (await make_booking(slot, a_pupil())).id
    await db.fetch(DOSSIERS, first, number)
    await db.fetch(BOOKINGS, first)
    await db.fetch(
        "UPDATE slot SET seats_taken = (SELECT count(*) FROM booking WHERE slot = $1) WHERE id = $1", slot.id
    )


def later(by: timedelta) -> Any:
    """The clock so much later: ``with later(HOUR):``."""
    return clock.at(clock.now() + by)
