"""Reading the agenda: what is to come, narrowed as the visitor asks, by week."""

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service import clock, db, i18n, lists, settings, text
from service.events.cards import CARD, SlotCard, card
from service.events.shares import HAS_SEAT

PAGE = 20

# What visitors search in.
SEARCHED = lists.plain(
    "event.title, event.theme, event.summary, event.description, event.speaker, event.place, event.town, host.name"
)
MATCHING = f"""
FROM slot JOIN event ON event.id = slot.event JOIN organisation host ON host.id = event.host
WHERE event.state <> 'draft' AND slot.ends_at > $1 AND slot.ends_at > $2 AND slot.starts_at < $3
  AND ($4 = '' OR event.kind = $4) AND ($5 = '' OR event.town = $5) AND ($6 = '' OR $6 = ANY(event.levels))
  AND (NOT $7 OR (slot.state = 'open' AND event.state = 'published' AND slot.closes_at > $1
                  AND event.kind <> 'assembly' AND {HAS_SEAT}))
  AND ($8 = '' OR host.slug = $8)
  AND NOT EXISTS (SELECT 1 FROM unnest($9::text[]) AS word WHERE strpos({SEARCHED}, word) = 0)
"""  # noqa: S608 - fragments of ours
AGENDA = f"{CARD}, count(*) OVER () AS total {MATCHING} ORDER BY slot.starts_at, slot.id LIMIT $10 OFFSET $11"
COUNT = f"SELECT count(*) AS total {MATCHING}"
CHOICES = """
SELECT DISTINCT event.town, unnest(CASE event.levels WHEN '{}' THEN '{""}' ELSE event.levels END) AS level
FROM event JOIN slot ON slot.event = event.id WHERE event.state <> 'draft' AND slot.ends_at > $1
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the visitor asked the agenda for; empty values ask for nothing. ``when`` is '' or 'week', this one."""

    q: str = ""
    kind: str = ""
    town: str = ""
    level: str = ""
    when: str = ""
    from_date: date | None = None
    until_date: date | None = None
    with_seats: bool = False
    host: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for."""
        return self == Filters()

    @property
    def words(self) -> list[str]:
        """What is searched for: each word must stand somewhere in the event."""
        return lists.words_of(self.q)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day that are asked for."""
        if self.when != "week":
            return self.from_date, self.until_date
        monday = monday_of(i18n.today())
        return monday, monday + timedelta(days=6)

    def as_query(self, **more: Any) -> dict[str, Any]:
        """The query of a link that keeps these filters."""
        query = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "host"}
        return {**query, "with_seats": "yes" if self.with_seats else "", **more}


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
class Wider:
    """The filters without one of their choices (``given_up``), and how many slots that would show."""

    given_up: str
    filters: Filters
    total: int


async def upcoming(filters: Filters, page: int = 1) -> Agenda:
    """One page of what is to come, by week. A page beyond the last one is the last one's empty neighbour."""
    rows = await db.fetch(AGENDA, *asked(filters), PAGE, (page - 1) * PAGE)
    counted = rows if rows or page == 1 else await db.fetch(COUNT, *asked(filters))
    total = counted[0]["total"] if counted else 0
    return Agenda(_by_week([card(row) for row in rows]), total, page)


async def choices() -> Choices:
    """The towns and levels that the filters offer."""
    rows = await db.fetch(CHOICES, clock.now())
    levels = sorted({row["level"] for row in rows} - {""}, key=_school_order)
    return Choices(sorted({row["town"] for row in rows} - {""}, key=text.key), levels)


async def wider(filters: Filters) -> list[Wider]:
    """For filters that match nothing: which single choice to give up so that something shows. One count for each."""
    counted = [
        Wider(name, given_up, (await db.fetch(COUNT, *asked(given_up)))[0]["total"])
        for name, given_up in _given_up(filters)
    ]
    return [one for one in counted if one.total]


def asked(filters: Filters) -> tuple[Any, ...]:
    """The values of MATCHING. Days are the campus's."""
    zone = ZoneInfo(settings.current().time_zone)
    first, last = filters.days
    low = datetime.combine(first or date(2000, 1, 1), time(), zone)
    high = datetime.combine((last or date(2999, 12, 30)) + timedelta(days=1), time(), zone)
    narrowed = (filters.kind, filters.town, filters.level, filters.with_seats, filters.host, filters.words)
    return (clock.now(), low, high, *narrowed)


def monday_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


LEVEL_ORDER = ("6e", "5e", "4e", "3e", "2de", "1re", "Tle", "CAP", "BTS", "BUT", "adulte")


def _school_order(level: str) -> tuple[int, str]:
    return (LEVEL_ORDER.index(level) if level in LEVEL_ORDER else len(LEVEL_ORDER), level)


def _given_up(filters: Filters) -> list[tuple[str, Filters]]:
    """The filters without each of their choices; dates go together, and the host is whose page it is."""
    without: dict[str, dict[str, Any]] = {
        "q": {"q": ""},
        "dates": {"when": "", "from_date": None, "until_date": None},
        "with_seats": {"with_seats": False},
        "level": {"level": ""},
        "town": {"town": ""},
        "kind": {"kind": ""},
    }
    tried = [(name, replace(filters, **values)) for name, values in without.items()]
    return [(name, given_up) for name, given_up in tried if given_up != filters]


def _by_week(cards: list[SlotCard]) -> list[Week]:
    this_week = monday_of(i18n.today())
    weeks: dict[date, Week] = {}
    for one in cards:
        monday = monday_of(one.starts_at.date())
        weeks.setdefault(monday, Week(monday, monday == this_week)).cards.append(one)
    return list(weeks.values())
