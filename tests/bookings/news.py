"""What the tests of moved and called off dates share: a date as it stands, moved, and what was written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from service import db
from service.bookings import moving
from service.bookings.tables import Dossier
from service.events import dates
from service.events.dates import Plan
from service.events.slots import BookableSlot

ADA = "person:ada"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
UNSENT = "SELECT letter FROM email WHERE subject_id = ANY($1) AND state = 'due' ORDER BY id"
NEWS = """
SELECT email.letter, email.facts -> 'before' ->> 'starts_at' AS before, email.facts ->> 'starts_at' AS now
FROM email JOIN booking ON booking.id = subject_id WHERE booking.dossier = $1 AND email.state = 'due'
  AND email.letter IN ('moved', 'called_off') ORDER BY email.id
"""


async def plan_of(slot_id: UUID, **changes: Any) -> tuple[Plan, int]:
    """The date as it is, but for the changes, and its version; its list closes as the event says."""
    one = await dates.load(slot_id)
    plan = Plan(one.starts_at, one.ends_at, one.capacity, one.opens_at, None, one.fill)
    return replace(plan, **changes), one.version


async def changed(slot: BookableSlot, **changes: Any) -> int:
    """Somebody opens the form of the date, changes this and saves it."""
    plan, version = await plan_of(slot.id, **changes)
    return await moving.change(slot.id, plan, version, ADA)


async def moved(slot: BookableSlot, by: timedelta) -> int:
    """The date is so much later than it is now."""
    one = await dates.load(slot.id)
    return await changed(slot, starts_at=one.starts_at + by, ends_at=one.ends_at + by)


async def news_of(dossier: Dossier) -> list[tuple[str, str, str]]:
    """(letter, start before, start now) of each letter of news that has not left."""
    return [tuple(row) for row in await db.fetch(NEWS, dossier.id)]
