"""The office's list of events, drafts too, and one event as the office looks at it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service import clock, db, i18n
from service.events.agenda import SEARCHED
from service.events.details import UnknownEvent
from service.events.tables import Event
from service.lists import PAGE, Asked, Found

STATES = ("draft", "published", "called_off")
WHENS = ("", "past", "all")  # to come: also what has no date yet

# $1 is now. Of what is to come, seats are those of the slots to come; else those of all its slots.
COUNTED = """
LEFT JOIN LATERAL (
    SELECT count(*)::int AS slots, count(*) FILTER (WHERE is_coming)::int AS slots_to_come,
           min(starts_at) FILTER (WHERE is_coming) AS next_at, max(starts_at) AS last_at,
           coalesce(sum(capacity) FILTER (WHERE is_coming AND is_on), sum(capacity), 0)::int AS capacity,
           coalesce(sum(seats_taken) FILTER (WHERE is_coming AND is_on), sum(seats_taken), 0)::int AS seats_taken,
           coalesce(sum(seats_waiting) FILTER (WHERE is_coming AND is_on), 0)::int AS seats_waiting
    FROM (SELECT *, ends_at > $1 AS is_coming, state = 'open' AS is_on FROM slot WHERE slot.event = event.id) slot
) counted ON true
"""
MATCHING = f"""
FROM event JOIN organisation host ON host.id = event.host {COUNTED}
WHERE ($2 = '' OR event.kind = $2) AND ($3 = '' OR event.state = $3)
  AND ($4 = 'all' OR (slots > 0 AND slots_to_come = 0) = ($4 = 'past'))
  AND NOT EXISTS (SELECT 1 FROM unnest($5::text[]) AS word WHERE strpos({SEARCHED}, word) = 0)
"""  # noqa: S608 - fragments of ours
LIST = f"""
SELECT event.id, event.kind, event.state, event.title, event.town, host.name AS host_name, counted.*,
       count(*) OVER ()::int AS total
{MATCHING} ORDER BY next_at, last_at DESC, event.title, event.id LIMIT $6 OFFSET $7
"""
COUNT = f"SELECT count(*)::int AS total {MATCHING}"
EVENT = """
SELECT event.*, host.name AS host_name FROM event JOIN organisation host ON host.id = event.host WHERE event.id = $1
"""
SLOTS = """
SELECT id, starts_at, ends_at, closes_at, opens_at, capacity, seats_taken, seats_waiting, state,
       called_off_reason AS reason, ends_at <= $2 AS is_over
FROM slot WHERE event = $1 ORDER BY starts_at, id
"""


@dataclass(frozen=True, slots=True)
class Filters(Asked):
    """What the office asked the list for; empty values ask for nothing."""

    kind: str = ""
    state: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One event in the list. Its seats are those of its dates to come, or of all, when none is."""

    id: UUID
    kind: str
    state: str
    title: str
    town: str
    host_name: str
    slots: int
    slots_to_come: int
    next_at: datetime | None
    last_at: datetime | None
    capacity: int
    seats_taken: int
    seats_waiting: int

    @property
    def is_over(self) -> bool:
        """Whether all of its dates have been."""
        return self.slots > 0 and not self.slots_to_come


@dataclass(frozen=True, slots=True)
class SlotLine:
    """One date of an event with its counts."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    opens_at: datetime | None
    capacity: int
    seats_taken: int
    seats_waiting: int
    state: str
    reason: str
    is_over: bool

    @property
    def is_off(self) -> bool:
        """Whether this date was called off."""
        return self.state == "called_off"


@dataclass(frozen=True, slots=True)
class Overview:
    """One event as the office looks at it, with its dates."""

    event: Event
    host_name: str
    slots: list[SlotLine]

    @property
    def has_coming(self) -> bool:
        """Whether a date is to come that takes place."""
        return any(not slot.is_off and slot.starts_at > clock.now() for slot in self.slots)

    @property
    def next_slot(self) -> SlotLine | None:
        """The date that comes next, or that is now."""
        return next((slot for slot in self.slots if not slot.is_off and not slot.is_over), None)

    @property
    def is_over(self) -> bool:
        """Whether it had dates, and all have been."""
        return bool(self.slots) and all(slot.is_over or slot.is_off for slot in self.slots)

    @property
    def last_day(self) -> date | None:
        """The day of its last date."""
        return i18n.local(max(slot.ends_at for slot in self.slots)).date() if self.slots else None


async def found(filters: Filters, page: int = 1) -> Found[Line]:
    """One page of the events that match, those of the nearest dates first. A page beyond the last one is empty."""
    asked = (clock.now(), filters.kind, filters.state, filters.when, filters.words)
    rows = await db.fetch(LIST, *asked, PAGE, (page - 1) * PAGE)
    counted = rows if rows or page == 1 else await db.fetch(COUNT, *asked)
    lines = [Line(**{name: row[name] for name in Line.__slots__}) for row in rows]
    return Found(lines, counted[0]["total"] if counted else 0, page)


async def overview(event_id: UUID) -> Overview:
    """The event of this id, whatever its state, with all its dates. Refuses: UnknownEvent."""
    rows = await db.fetch(EVENT, event_id)
    if not rows:
        raise UnknownEvent
    values = dict(rows[0])
    host_name = values.pop("host_name")
    slots = [SlotLine(**dict(row)) for row in await db.fetch(SLOTS, event_id, clock.now())]
    return Overview(Event(**values, _exists_in_db=True), host_name, slots)
