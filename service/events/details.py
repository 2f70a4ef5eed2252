"""Everything that the page of one event says."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service import clock, db
from service.events.cards import CARD, SlotCard, card
from service.refusal import Refusal

ANY_EVENT = """
SELECT event.*, host.slug AS host_slug, host.name AS host_name, host.town AS host_town
FROM event JOIN organisation host ON host.id = event.host WHERE
"""
EVENT = f"{ANY_EVENT} event.slug = $1 AND event.state <> 'draft'"
PREVIEW = f"{ANY_EVENT} event.id = $1"
LARGEST = 2**31  # what the column holds
BY_NUMBER = "SELECT slug FROM event WHERE number = $1 AND state <> 'draft'"
PUBLISHED = "SELECT slug FROM event WHERE state <> 'draft' ORDER BY number"
SLOTS = CARD + "FROM slot JOIN event ON event.id = slot.event WHERE event.id = $2 ORDER BY slot.starts_at, slot.id"


class UnknownEvent(Refusal):
    """No published event has this address."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Everything that the page of one event says."""

    id: UUID
    number: int
    slug: str
    kind: str
    state: str
    theme: str
    title: str
    summary: str
    description: str
    host_slug: str
    host_name: str
    host_town: str
    speaker: str
    contact_name: str
    contact_email: str
    place: str
    town: str
    levels: list[str]
    requirements: list[str]
    photos: str
    access: str
    id_document: bool
    age_min: int | None
    takes_individuals: bool
    takes_classes: bool
    needs_approval: bool
    outside_school_time: bool
    option_days: int | None
    class_seats_max: int | None
    group_max: int | None
    chaperone_ratio: int | None
    chaperones_min: int
    names_required_days: int | None
    slots: list[SlotCard]

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is still to come."""
        return all(slot.status in ("over", "called_off") for slot in self.slots)

    @property
    def has_age_rule(self) -> bool:
        """Whether the form asks for an age band."""
        return self.age_min is not None or self.outside_school_time


async def event_page(slug: str) -> EventPage:
    """The event of this address with all its slots, past ones too. Refuses: UnknownEvent."""
    return await _page(await db.fetch(EVENT, slug))


async def preview(event_id: UUID) -> EventPage:
    """The same of an event of any state, by its id: for the staff. Refuses: UnknownEvent."""
    return await _page(await db.fetch(PREVIEW, event_id))


async def slug_of(number: int) -> str:
    """The slug of the event with this short number. Refuses: UnknownEvent."""
    rows = await db.fetch(BY_NUMBER, number) if number < LARGEST else []
    if not rows:
        raise UnknownEvent
    return str(rows[0]["slug"])


async def published() -> list[str]:
    """The slugs of all events that were ever published."""
    return [row["slug"] for row in await db.fetch(PUBLISHED)]


async def _page(rows: list[Any]) -> EventPage:
    if not rows:
        raise UnknownEvent
    row = rows[0]
    slots = [card(slot) for slot in await db.fetch(SLOTS, clock.now(), row["id"])]
    return EventPage(slots=slots, **{name: row[name] for name in EVENT_COLUMNS})


EVENT_COLUMNS = [name for name in EventPage.__slots__ if name != "slots"]
