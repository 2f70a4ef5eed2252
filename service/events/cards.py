"""One slot as pages show it: its event's name, its time, its seats, and what one may do with it now."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service import i18n

CARD = """
SELECT slot.id AS slot_id, event.slug, event.title, event.summary, event.kind, event.theme, event.place, event.town,
       slot.starts_at, slot.ends_at, slot.capacity, slot.capacity - slot.seats_taken AS seats_left,
       slot.opens_at, slot.closes_at, slot.called_off_reason AS reason,
       CASE WHEN slot.state = 'called_off' OR event.state = 'called_off' THEN 'called_off'
            WHEN slot.ends_at <= $1 THEN 'over'
            WHEN event.kind = 'assembly' THEN 'members'
            WHEN slot.opens_at > $1 THEN 'not_yet'
            WHEN slot.closes_at <= $1 THEN 'closed'
            WHEN slot.seats_taken >= slot.capacity THEN 'full'
            ELSE 'open' END AS status
"""


@dataclass(frozen=True, slots=True)
class SlotCard:
    """One slot as pages show it. Times are the campus's wall time; ``status`` says what one may do with it."""

    slot_id: UUID
    slug: str
    title: str
    summary: str
    kind: str
    theme: str
    place: str
    town: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    seats_left: int
    opens_at: datetime | None
    closes_at: datetime
    reason: str
    status: str


def card(row: Any) -> SlotCard:
    """A row of CARD, in the campus's wall time."""
    read = SlotCard(**{name: row[name] for name in SlotCard.__slots__})
    return replace(
        read,
        starts_at=i18n.local(read.starts_at),
        ends_at=i18n.local(read.ends_at),
        closes_at=i18n.local(read.closes_at),
        opens_at=read.opens_at and i18n.local(read.opens_at),
    )
