"""Reading events: what is next, and all of one event."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from service import clock, db, i18n, settings
from service.refusal import Refusal

PAGE = 20

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
AGENDA = (
    CARD
    + """, count(*) OVER () AS total
FROM slot JOIN event ON event.id = slot.event
WHERE event.state <> 'draft' AND slot.ends_at > $1 AND slot.ends_at > $2 AND slot.starts_at < $3
  AND ($4 = '' OR event.kind = $4) AND ($5 = '' OR event.town = $5) AND ($6 = '' OR $6 = ANY(event.levels))
  AND (NOT $7 OR (slot.seats_taken < slot.capacity AND slot.state = 'open' AND event.state = 'published'
                  AND slot.closes_at > $1 AND event.kind <> 'assembly'))
ORDER BY slot.starts_at, slot.id LIMIT $8 OFFSET $9
"""
)
SLOTS = CARD + "FROM slot JOIN event ON event.id = slot.event WHERE event.id = $2 ORDER BY slot.starts_at, slot.id"
CHOICES = """
SELECT DISTINCT event.town, unnest(CASE event.levels WHEN '{}' THEN '{""}' ELSE event.levels END) AS level
FROM event JOIN slot ON slot.event = event.id WHERE event.state <> 'draft' AND slot.ends_at > $1
"""
EVENT = """
SELECT event.*, host.name AS host_name, host.town AS host_town
FROM event JOIN organisation host ON host.id = event.host WHERE event.slug = $1 AND event.state <> 'draft'
"""


class UnknownEvent(Refusal):
    """No published event has this address."""


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


@dataclass(frozen=True, slots=True)
class Filters:
    """What the visitor asked the agenda for; empty values ask for nothing."""

    kind: str = ""
    town: str = ""
    level: str = ""
    from_date: date | None = None
    until_date: date | None = None
    with_seats: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for."""
        return self == Filters()

    def as_query(self, **more: Any) -> dict[str, Any]:
        """The query of a link that keeps these filters."""
        query = {"kind": self.kind, "town": self.town, "level": self.level, "from_date": self.from_date}
        seats = "yes" if self.with_seats else ""
        return {**query, "until_date": self.until_date, "with_seats": seats, **more}


@dataclass(frozen=True, slots=True)
class Week:
    """The slots of one week, which starts on a Monday."""

    starts_on: date
    is_current: bool
    cards: list[SlotCard] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Agenda:
    """One page of the agenda: ``total`` slots match in all, in pages of 20."""

    weeks: list[Week]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class Choices:
    """What one may filter by: the towns and levels of what is to come."""

    towns: list[str]
    levels: list[str]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Everything that the page of one event says."""

    id: UUID
    slug: str
    kind: str
    state: str
    theme: str
    title: str
    summary: str
    description: str
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
    group_max: int | None
    chaperone_ratio: int | None
    names_required_days: int | None
    slots: list[SlotCard]

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is still to come."""
        return all(slot.status in ("over", "called_off") for slot in self.slots)

    @property
    def has_age_rule(self) -> bool:
        """Whether the form asks for an age band."""
        return self.age_min is not None


async def upcoming(filters: Filters, page: int = 1) -> Agenda:
    """One page of what is to come, by week. A page beyond the last one is the last one's empty neighbour."""
    zone = ZoneInfo(settings.current().time_zone)
    low = datetime.combine(filters.from_date or date(2000, 1, 1), time(), zone)
    high = datetime.combine((filters.until_date or date(2999, 12, 30)) + timedelta(days=1), time(), zone)
    asked = (clock.now(), low, high, filters.kind, filters.town, filters.level, filters.with_seats)
    rows = await db.fetch(AGENDA, *asked, PAGE, (page - 1) * PAGE)
    counted = rows if rows or page == 1 else await db.fetch(AGENDA, *asked, 1, 0)
    total = counted[0]["total"] if counted else 0
    return Agenda(_by_week([_card(row) for row in rows]), total, page)


async def choices() -> Choices:
    """The towns and levels that the filters offer."""
    rows = await db.fetch(CHOICES, clock.now())
    levels = sorted({row["level"] for row in rows} - {""}, key=_school_order)
    return Choices(sorted({row["town"] for row in rows} - {""}), levels)


async def event_page(slug: str) -> EventPage:
    """The event of this address with all its slots, past ones too. Refuses: UnknownEvent."""
    rows = await db.fetch(EVENT, slug)
    if not rows:
        raise UnknownEvent
    row = rows[0]
    slots = [_card(slot) for slot in await db.fetch(SLOTS, clock.now(), row["id"])]
    return EventPage(slots=slots, **{name: row[name] for name in EVENT_COLUMNS})


EVENT_COLUMNS = [name for name in EventPage.__slots__ if name != "slots"]
LEVEL_ORDER = ("6e", "5e", "4e", "3e", "2de", "1re", "Tle", "CAP", "BTS", "BUT", "adulte")


def _school_order(level: str) -> tuple[int, str]:
    return (LEVEL_ORDER.index(level) if level in LEVEL_ORDER else len(LEVEL_ORDER), level)


def _card(row: Any) -> SlotCard:
    card = SlotCard(**{name: row[name] for name in SlotCard.__slots__})
    return replace(
        card,
        starts_at=i18n.local(card.starts_at),
        ends_at=i18n.local(card.ends_at),
        closes_at=i18n.local(card.closes_at),
        opens_at=card.opens_at and i18n.local(card.opens_at),
    )


def _by_week(cards: list[SlotCard]) -> list[Week]:
    this_week = _monday(i18n.today())
    weeks: dict[date, Week] = {}
    for card in cards:
        monday = _monday(card.starts_at.date())
        weeks.setdefault(monday, Week(monday, monday == this_week)).cards.append(card)
    return list(weeks.values())


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
