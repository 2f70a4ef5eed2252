"""The agenda as a month: which events fall on which day."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from service import db, i18n, settings
from service.events.agenda import MATCHING, Filters, asked, monday_of

MOST_MONTHS = 24
SHOWN_A_DAY = 2

ENTRIES = f"""
SELECT (slot.starts_at AT TIME ZONE $10)::date AS day, event.slug, event.title, event.kind,
       min(slot.starts_at) AS starts_at, count(*) AS dates,
       bool_and(slot.state = 'called_off' OR event.state = 'called_off') AS is_off
{MATCHING} GROUP BY day, event.id ORDER BY min(slot.starts_at), event.slug
"""
NEXT = f"SELECT min(slot.starts_at) AS starts_at {MATCHING} AND slot.starts_at > $2"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event on one day, with the time of its first slot and how many slots it has that day."""

    day: date
    slug: str
    title: str
    kind: str
    starts_at: datetime
    dates: int
    is_off: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One square of the grid. ``dates`` counts slots, also those of the entries that find no room."""

    day: date
    is_in_month: bool
    entries: list[Entry]
    dates: int

    @property
    def more(self) -> int:
        """How many dates the entries shown do not tell."""
        return self.dates - sum(entry.dates for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Month:
    """A month in whole weeks from Monday to Sunday, and what comes ``next`` after it, if anything."""

    first: date
    weeks: list[list[Day]]
    next: date | None

    @property
    def total(self) -> int:
        """How many slots are to come in it."""
        return sum(day.dates for week in self.weeks for day in week if day.is_in_month)

    @property
    def previous(self) -> date | None:
        """The month before; none before the current one, as the agenda shows what is to come."""
        return first_of(self.first - timedelta(days=1)) if self.first > first_of(i18n.today()) else None

    @property
    def following(self) -> date | None:
        """The month after, where there is anything to see from there on."""
        return month_after(self.first) if self.next else None


async def month(first: date, filters: Filters) -> Month:
    """The month that begins on ``first``. The filters' own dates do not count: the month is the date."""
    days = _grid(first)
    shown = replace(filters, when="", from_date=days[0], until_date=days[-1])
    rows = await db.fetch(ENTRIES, *asked(shown), settings.current().time_zone)
    entries = [Entry(**{**dict(row), "starts_at": i18n.local(row["starts_at"])}) for row in rows]
    [later] = await db.fetch(NEXT, *asked(replace(shown, from_date=month_after(first), until_date=None)))
    return Month(first, _weeks(first, days, entries), later["starts_at"] and i18n.local(later["starts_at"]).date())


def clamped(day: date) -> date:
    """The first of its month, within what one may look at: this month and the next 24."""
    earliest = first_of(i18n.today())
    latest = earliest
    for _ in range(MOST_MONTHS):
        latest = month_after(latest)
    return min(max(first_of(day), earliest), latest)


def first_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_after(day: date) -> date:
    """The first day of the month after."""
    return first_of(first_of(day) + timedelta(days=31))


def _grid(first: date) -> list[date]:
    """Every day of the weeks that touch the month, without weeks gone by: nothing is left to see there."""
    start, last = max(monday_of(first), monday_of(i18n.today())), month_after(first) - timedelta(days=1)
    return [start + timedelta(days=n) for n in range((monday_of(last) - start).days + 7)]


def _weeks(first: date, days: list[date], entries: list[Entry]) -> list[list[Day]]:
    on: dict[date, list[Entry]] = {}
    for entry in entries:
        on.setdefault(entry.day, []).append(entry)
    squares = [
        Day(day, day.month == first.month, on.get(day, [])[:SHOWN_A_DAY], sum(one.dates for one in on.get(day, [])))
        for day in days
    ]
    return [squares[n : n + 7] for n in range(0, len(squares), 7)]
