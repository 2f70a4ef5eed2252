"""Dates by rule: "every Tuesday 14:00, 6 times" as a list of moments. Pure; wall time stays where clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekdays

from service import settings

EVERY = ("week", "fortnight", "month")
MOST = 60
LAST_OF_MONTH = -1
FIFTH = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """From ``first`` on, on its weekday, from ``starts`` to ``ends``: so many times, or until a day (included).

    A month's is the same weekday of it: the second Tuesday; of a fifth, the last.
    """

    first: date
    starts: time
    ends: time
    every: str
    count: int | None = None
    until: date | None = None


def moments(rule: Rule) -> list[tuple[datetime, datetime]]:
    """When each date starts and ends, in the campus's wall time; 60 at most."""
    return [(_at(day, rule.starts), _at(day, rule.ends)) for day in _days(rule, MOST)]


def is_cut(rule: Rule) -> bool:
    """Whether the rule means more dates than it may make."""
    return len(_days(rule, MOST + 1)) > MOST


def is_weekend(day: date) -> bool:
    """Whether it is a Saturday or a Sunday."""
    return day.isoweekday() > FIFTH


def _days(rule: Rule, most: int) -> list[date]:
    count = rule.count if rule.count is not None else most if rule.until else 1
    return [found.date() for found in islice(_recurring(rule), min(count, most))]


def _recurring(rule: Rule) -> rrule:
    first = datetime.combine(rule.first, time())
    until = datetime.combine(rule.until, time()) if rule.until else None
    if rule.every == "month":
        number = (rule.first.day - 1) // 7 + 1
        same = weekdays[rule.first.weekday()](LAST_OF_MONTH if number == FIFTH else number)
        return rrule(MONTHLY, first, until=until, byweekday=same)
    return rrule(WEEKLY, first, until=until, interval=EVERY.index(rule.every) + 1)


def _at(day: date, hour: time) -> datetime:
    """The wall time; one that the clocks skip is as long after midnight as it would be."""
    zone = ZoneInfo(settings.current().time_zone)
    return datetime.combine(day, hour, zone).astimezone(UTC).astimezone(zone)
