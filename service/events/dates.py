"""The dates of an event as the office plans them: added one by one or many at once, drafts included."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from service import clock, db
from service.events import retention
from service.events.details import UnknownEvent
from service.events.editing import EventCalledOff
from service.events.slots import UnknownSlot
from service.events.tables import Slot, days_before
from service.journal.notes import note
from service.refusal import Refusal

FILLS = ("best_fit", "strict")
LARGEST = 9999  # seats of one slot

HEAD = "SELECT id, title, kind, place, state, list_closes_days FROM event WHERE id = $1"
DATED = """
SELECT slot.id, slot.event AS event_id, slot.starts_at, slot.ends_at, slot.capacity, slot.seats_taken,
       slot.seats_waiting, slot.state, slot.called_off_reason AS reason, slot.opens_at, slot.closes_at, slot.fill,
       slot.version FROM slot
"""
OF_EVENT = f"{DATED} WHERE slot.event = $1 ORDER BY slot.starts_at, slot.id"
ONE = f"{DATED} WHERE slot.id = $1"
HOLD_EVENT = "SELECT 1 FROM event WHERE id = $1 FOR NO KEY UPDATE"


class PastDate(Refusal):
    """What shall take place begins in the future."""

    def __init__(self, starts_at: datetime) -> None:
        self.starts_at = starts_at


class DatesChanged(Refusal):
    """Dates were added or deleted since the list was looked at, perhaps these very ones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One date as somebody wants it. Without ``closes_at``, its list closes as the event says."""

    starts_at: datetime
    ends_at: datetime
    capacity: int
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    fill: str = "best_fit"

    def closing_for(self, event: "EventHead") -> datetime:
        """When its list closes."""
        return self.closes_at or event.closing_of(self.starts_at)


@dataclass(frozen=True, slots=True)
class EventHead:
    """What the office says of an event above its dates."""

    id: UUID
    title: str
    kind: str
    place: str
    state: str
    list_closes_days: int

    def closing_of(self, starts_at: datetime) -> datetime:
        """When the list of a date closes that starts then, as the event says."""
        return days_before(starts_at, self.list_closes_days)


@dataclass(frozen=True, slots=True)
class Dated:
    """One date as the office sees it."""

    id: UUID
    event_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    seats_taken: int
    seats_waiting: int
    state: str
    reason: str
    opens_at: datetime | None
    closes_at: datetime
    fill: str
    version: int

    @property
    def has_begun(self) -> bool:
        """Whether it is too late to change or to call it off."""
        return self.starts_at <= clock.now()

    @property
    def is_called_off(self) -> bool:
        """Whether it will not take place."""
        return self.state == "called_off"

    def is_like(self, plan: Plan, closes_at: datetime) -> bool:
        """Whether it is as the plan wants it already."""
        mine = (self.starts_at, self.ends_at, self.capacity, self.opens_at, self.closes_at, self.fill)
        return mine == (plan.starts_at, plan.ends_at, plan.capacity, plan.opens_at, closes_at, plan.fill)


async def head(event_id: UUID) -> EventHead:
    """The event above its dates, a draft too. Refuses: UnknownEvent."""
    rows = await db.fetch(HEAD, event_id)
    if not rows:
        raise UnknownEvent
    return EventHead(**dict(rows[0]))


async def of_event(event_id: UUID) -> list[Dated]:
    """All dates of the event, in their order."""
    return [Dated(**dict(row)) for row in await db.fetch(OF_EVENT, event_id)]


async def load(slot_id: UUID) -> Dated:
    """The date, also of a draft. Refuses: UnknownSlot."""
    rows = await db.fetch(ONE, slot_id)
    if not rows:
        raise UnknownSlot
    return Dated(**dict(rows[0]))


async def add(event_id: UUID, plans: Sequence[Plan], by: str, *, seen: int | None = None) -> list[UUID]:
    """Give the event these dates, all or nothing; returns their ids. ``by`` is who, for the journal.

    ``seen`` is how many dates it had when somebody looked: a form that is sent twice adds them once.
    Refuses: UnknownEvent, EventCalledOff, DatesChanged, PastDate.
    """
    async with db.transaction():
        return await add_inside(event_id, plans, by, seen=seen)


async def add_inside(event_id: UUID, plans: Sequence[Plan], by: str, *, seen: int | None = None) -> list[UUID]:
    """The inner step of ``add``, with the same refusals. Needs an open transaction."""
    await hold_event(event_id)
    event = await head(event_id)
    if event.state == "called_off":
        raise EventCalledOff
    if seen not in (None, len(await of_event(event_id))):
        raise DatesChanged
    added = [await _add(event, plan, by) for plan in plans]
    await retention.follow(event_id)
    return added


async def hold_event(event_id: UUID) -> None:
    """Lock the event's row, after its slots and before any dossier. Needs an open transaction."""
    db.inside_transaction()
    await db.fetch(HOLD_EVENT, event_id)


def check_to_come(starts_at: datetime) -> None:
    """Return when it begins in the future. Refuses: PastDate."""
    if starts_at <= clock.now():
        raise PastDate(starts_at)


async def enter(event_id: UUID, plan: Plan, closes_at: datetime, by: str) -> UUID:
    """The inner step of adding a date, whatever its event is. Needs an open transaction; returns its id."""
    db.inside_transaction()
    slot = Slot(
        id=uuid4(),
        event=event_id,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        capacity=plan.capacity,
        opens_at=plan.opens_at,
        closes_at=closes_at,
        fill=plan.fill,
    )
    await db.insert(slot)
    await note(by, "add_slot", "slot", slot.id)
    return slot.id


async def _add(event: EventHead, plan: Plan, by: str) -> UUID:
    check_to_come(plan.starts_at)
    return await enter(event.id, plan, plan.closing_for(event), by)
