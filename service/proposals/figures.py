"""What came of an event, as its host and the campus read it: how many booked, how many came, of which levels."""

from dataclasses import dataclass
from uuid import UUID

from service import db

BOOKED = """
SELECT coalesce(sum(booking.seats), 0)::int AS booked,
       count(*) FILTER (WHERE booking.audience = 'class')::int AS classes
FROM booking JOIN slot ON slot.id = booking.slot
WHERE slot.event = $1 AND slot.id = coalesce($2, slot.id) AND slot.state = 'open' AND booking.state = 'confirmed'
"""
PRESENT = """
SELECT coalesce(sum(presence.people), 0)::int AS present FROM presence JOIN slot ON slot.id = presence.slot
WHERE slot.event = $1 AND slot.id = coalesce($2, slot.id) AND slot.state = 'open'
"""
LEVELS = """
SELECT dossier.level, sum(booking.seats)::int AS people
FROM booking JOIN slot ON slot.id = booking.slot JOIN dossier ON dossier.id = booking.dossier
WHERE slot.event = $1 AND slot.id = coalesce($2, slot.id) AND slot.state = 'open' AND booking.state = 'confirmed'
  AND dossier.level <> ''
GROUP BY dossier.level ORDER BY people DESC, dossier.level
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """People who had ``booked`` and who were ``present`` (walk-ins too), and the people booked of each level."""

    booked: int
    classes: int
    present: int
    levels: tuple[tuple[str, int], ...]


async def of_event(event_id: UUID) -> Figures:
    """The figures of an event, of all its dates that took place."""
    return await _of(event_id, None)


async def of_date(event_id: UUID, slot_id: UUID) -> Figures:
    """The figures of one date of it."""
    return await _of(event_id, slot_id)


async def _of(event_id: UUID, slot_id: UUID | None) -> Figures:
    [booked] = await db.fetch(BOOKED, event_id, slot_id)
    [came] = await db.fetch(PRESENT, event_id, slot_id)
    levels = await db.fetch(LEVELS, event_id, slot_id)
    return Figures(
        booked["booked"], booked["classes"], came["present"], tuple((row["level"], row["people"]) for row in levels)
    )
