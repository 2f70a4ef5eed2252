"""One slot as pages show it: its event's name, its time, its seats, and what one may do with it now."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, i18n
from service.events.slots import LAST_CALL

CARD = """
SELECT slot.id AS slot_id, event.slug, event.title, event.summary, event.kind, event.theme, event.place, event.town,
       slot.starts_at, slot.ends_at, slot.capacity, slot.capacity - slot.seats_taken AS seats_left, slot.seats_waiting,
       slot.opens_at, slot.closes_at, slot.called_off_reason AS reason, event.takes_individuals,
       CASE WHEN slot.state = 'called_off' OR event.state = 'called_off' THEN 'called_off'
            WHEN slot.ends_at <= $1 THEN 'over'
            WHEN event.kind = 'assembly' THEN 'members'
            WHEN slot.opens_at > $1 THEN 'not_yet'
            WHEN slot.closes_at <= $1 THEN 'closed'
            WHEN slot.seats_taken >= slot.capacity
              OR slot.seats_waiting > 0 AND slot.closes_at >= $1 + interval '1 hour' THEN 'full'
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
    seats_waiting: int
    opens_at: datetime | None
    closes_at: datetime
    reason: str
    takes_individuals: bool
    status: str

    @property
    def takes_queue(self) -> bool:
        """Whether one may join its waiting list: it is full, and there is time to offer what comes free."""
        return self.status == "full" and self.takes_individuals and self.closes_at - clock.now() >= LAST_CALL

    @property
    def takes_requests(self) -> bool:
        """Whether an individual may ask for a seat of it: a free one, or one that comes free."""
        return self.takes_queue or (self.status == "open" and self.takes_individuals)


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
