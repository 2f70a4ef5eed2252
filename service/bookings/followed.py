"""What the office follows: the slots of the days ahead as they fill, and what waits for somebody's decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db, i18n

AHEAD_DAYS = 7
SOON = timedelta(days=3)
MOST = 50

AHEAD = """
SELECT slot.id, event.slug, event.title, event.kind, event.place, slot.starts_at, slot.ends_at, slot.capacity,
       slot.seats_taken, slot.seats_waiting, slot.state = 'called_off' OR event.state = 'called_off' AS is_off,
       coalesce(sum(booking.seats) FILTER (WHERE booking.state = 'confirmed'), 0)::int AS confirmed,
       coalesce(sum(booking.seats) FILTER (WHERE booking.state IN ('option', 'pending', 'offered')), 0)::int AS held,
       coalesce(sum(booking.seats) FILTER (WHERE booking.state = 'option' AND booking.expires_at <= $3), 0)::int
           AS lapsing
FROM slot JOIN event ON event.id = slot.event LEFT JOIN booking ON booking.slot = slot.id
WHERE event.state <> 'draft' AND slot.ends_at > $1 AND slot.starts_at < $2
GROUP BY slot.id, event.id ORDER BY slot.starts_at, slot.id
"""
WAITS = """
SELECT booking.id, slot.id AS slot, booking.seats, booking.pupils, booking.chaperones, booking.expires_at,
       dossier.first_name, dossier.last_name, dossier.school, dossier.class_label, event.title, event.slug,
       slot.starts_at, slot.ends_at, count(*) OVER ()::int AS total
FROM booking JOIN dossier ON dossier.id = booking.dossier JOIN slot ON slot.id = booking.slot
JOIN event ON event.id = slot.event
WHERE booking.state = $1 AND ($1 <> 'pending' OR booking.awaits_approval) AND booking.expires_at > $2
  AND ($3::timestamptz IS NULL OR booking.expires_at <= $3)
ORDER BY booking.expires_at, booking.id LIMIT $4
"""
UNREACHED = """
SELECT booking.id, dossier.first_name, dossier.last_name, dossier.school, dossier.class_label, event.title, event.slug,
       slot.starts_at, slot.ends_at, address.undeliverable_since, count(*) OVER ()::int AS total
FROM address JOIN dossier ON dossier.email_key = address.email_key JOIN booking ON booking.dossier = dossier.id
JOIN slot ON slot.id = booking.slot JOIN event ON event.id = slot.event
WHERE address.undeliverable_since IS NOT NULL AND slot.ends_at > $1
  AND booking.state IN ('confirmed', 'option', 'pending', 'offered', 'waiting')
ORDER BY slot.starts_at, booking.id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Filling:
    """A slot of the days ahead. ``held`` seats await somebody's answer; ``lapsing`` ones of these end within 3 days."""

    id: UUID
    slug: str
    title: str
    kind: str
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    seats_taken: int
    seats_waiting: int
    is_off: bool
    confirmed: int
    held: int
    lapsing: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first of those that wait for a decision, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int


async def ahead() -> list[Filling]:
    """The slots of today, also those that began, and of the next 7 days, in their order."""
    now = clock.now()
    today = i18n.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        Filling(**dict(row)) for row in await db.fetch(AHEAD, today, today + timedelta(days=AHEAD_DAYS + 1), now + SOON)
    ]


async def awaiting_approval() -> Waiting:
    """The bookings on which an organiser must decide, the most urgent first."""
    return _first(await db.fetch(WAITS, "pending", clock.now(), None, MOST))


async def lapsing_options() -> Waiting:
    """The options that end within 3 days."""
    now = clock.now()
    return _first(await db.fetch(WAITS, "option", now, now + SOON, MOST))


async def unreached() -> Waiting:
    """The bookings to come whose address our letters do not reach."""
    return _first(await db.fetch(UNREACHED, clock.now(), MOST))


def _first(rows: list[Any]) -> Waiting:
    return Waiting([dict(row) for row in rows], rows[0]["total"] if rows else 0)
