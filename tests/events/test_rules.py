"""Dates by rule: how many, on which days, at which wall time."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events import rules
from service.events.rules import Rule

TWO, FOUR = time(14), time(16)


def rule(first: str, every: str = "week", **more: Any) -> Rule:
    values: dict[str, Any] = {"first": date.fromisoformat(first), "starts": TWO, "ends": FOUR, "every": every}
    return Rule(**values | more)


def days(of: Rule) -> list[str]:
    return [f"{starts:%Y-%m-%d}" for starts, _ in rules.moments(of)]


def test_every_tuesday_six_times_is_six_tuesdays() -> None:
    found = rules.moments(rule("2026-11-24", count=6))
    assert [f"{starts:%a %d.%m. %H:%M}–{ends:%H:%M}" for starts, ends in found] == [
        f"Tue {day} 14:00–16:00" for day in ("24.11.", "01.12.", "08.12.", "15.12.", "22.12.", "29.12.")
    ]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (rule("2026-11-24", "fortnight", count=3), ["2026-11-24", "2026-12-08", "2026-12-22"]),
        (rule("2026-11-24", "month", count=3), ["2026-11-24", "2026-12-22", "2027-01-26"]),  # the fourth Tuesday
        (rule("2026-12-29", "month", count=3), ["2026-12-29", "2027-01-26", "2027-02-23"]),  # the last Tuesday
        (rule("2026-11-24", until=date(2026, 12, 8)), ["2026-11-24", "2026-12-01", "2026-12-08"]),
        (rule("2026-11-24", until=date(2026, 11, 23)), []),
        (rule("2026-11-24", count=2, until=date(2027, 12, 8)), ["2026-11-24", "2026-12-01"]),
        (rule("2026-11-24"), ["2026-11-24"]),
    ],
)
def test_a_rule_names_its_days(made: Rule, expected: list[str]) -> None:
    assert days(made) == expected


@pytest.mark.parametrize(("first", "before", "after"), [("2026-10-20", 12, 13), ("2027-03-23", 13, 12)])
def test_the_wall_time_stays_when_the_clocks_change(first: str, before: int, after: int) -> None:
    found = rules.moments(rule(first, count=2))
    assert {starts.hour for starts, _ in found} == {14}
    assert [starts.astimezone(UTC).hour for starts, _ in found] == [before, after]


def test_a_time_that_the_clocks_skip_is_moved_and_is_a_time_that_there_is() -> None:
    [_, (starts, ends)] = rules.moments(rule("2027-03-21", starts=time(2, 30), ends=time(5), count=2))
    assert (starts.hour, ends.hour) == (3, 5)
    assert starts < ends


def test_a_rule_makes_sixty_dates_at_most_and_says_that_it_would_make_more() -> None:
    endless = rule("2026-11-24", until=date(2099, 12, 31))
    assert (len(rules.moments(endless)), rules.is_cut(endless)) == (60, True)
    assert (len(days(rule("2026-11-24", count=60))), rules.is_cut(rule("2026-11-24", count=60))) == (60, False)


@pytest.mark.parametrize(("day", "expected"), [("2026-11-27", False), ("2026-11-28", True), ("2026-11-29", True)])
def test_saturday_and_sunday_are_the_weekend(day: str, expected: bool) -> None:
    assert rules.is_weekend(date.fromisoformat(day)) == expected


@given(
    st.dates(date(2026, 1, 1), date(2040, 12, 31)),
    st.sampled_from(rules.EVERY),
    st.integers(1, 60),
    st.times().map(lambda one: one.replace(microsecond=0, fold=0)),
)
def test_any_rule_keeps_its_weekday_its_order_and_its_number(first: date, every: str, count: int, starts: time) -> None:
    found = [when for when, _ in rules.moments(Rule(first, starts, time(23, 59), every, count=count))]
    assert len(found) == count
    assert found[0].date() == first
    assert {when.weekday() for when in found} == {first.weekday()}
    assert found == sorted(set(found), key=datetime.timestamp)
