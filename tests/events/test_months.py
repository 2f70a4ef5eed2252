"""The agenda as a month."""

from datetime import date, timedelta

import pytest

from service import clock
from service.events import months
from service.events.agenda import Filters
from service.events.months import Month
from tests.makers import at_paris, make_event, make_slot
from tests.visits import counted

NEW_YEAR = at_paris("2027-01-11 08:00")
FEBRUARY = date(2027, 2, 1)


async def test_a_month_is_whole_weeks_from_monday_to_sunday() -> None:
    with clock.at(NEW_YEAR):
        for first, weeks in ((FEBRUARY, 4), (date(2027, 3, 1), 5), (date(2027, 5, 1), 6), (date(2028, 2, 1), 5)):
            month = await months.month(first, Filters())
            days = [day.day for week in month.weeks for day in week]
            assert len(month.weeks) == weeks
            assert days == [days[0] + timedelta(days=n) for n in range(7 * weeks)]
            assert (days[0].weekday(), days[-1].weekday()) == (0, 6)
            assert [day.day.month for week in month.weeks for day in week if day.is_in_month].count(first.month) >= 28


async def test_weeks_gone_by_leave_the_current_month() -> None:
    with clock.at(at_paris("2027-01-20 08:00")):
        month = await months.month(date(2027, 1, 1), Filters())
    assert month.weeks[0][0].day == date(2027, 1, 18)
    assert len(month.weeks) == 2


async def test_an_event_stands_on_its_day_as_the_campus_counts_days() -> None:
    with clock.at(NEW_YEAR):
        event = await make_event(title="Verre")
        for starts in ("2027-02-12 09:00", "2027-02-12 14:00", "2027-02-13 00:30"):
            await make_slot(event=event, starts_at=at_paris(starts))
        month = await months.month(FEBRUARY, Filters())
    assert [(entry.day.day, entry.title, f"{entry.starts_at:%H:%M}", entry.dates) for entry in entries(month)] == [
        (12, "Verre", "09:00", 2),
        (13, "Verre", "00:30", 1),
    ]
    assert month.total == 3


async def test_a_full_day_shows_two_events_and_says_how_many_dates_more() -> None:
    with clock.at(NEW_YEAR):
        for hour in (9, 11, 14, 16):
            event = await make_event(title=f"{hour}")
            await make_slot(event=event, starts_at=at_paris(f"2027-02-12 {hour:02}:00"))
            await make_slot(event=event, starts_at=at_paris(f"2027-02-12 {hour:02}:30"))
        month = await months.month(FEBRUARY, Filters())
    [day] = [day for week in month.weeks for day in week if day.dates]
    assert ([entry.title for entry in day.entries], day.dates, day.more) == (["9", "11"], 8, 4)


async def test_the_month_is_narrowed_like_the_list_but_for_its_dates() -> None:
    with clock.at(NEW_YEAR):
        for kind in ("visit", "workshop"):
            await make_slot(event=await make_event(kind=kind), starts_at=at_paris("2027-02-12 09:00"))
        filters = Filters(kind="visit", when="week", from_date=date(2030, 1, 1), until_date=date(2030, 1, 2))
        assert [entry.kind for entry in entries(await months.month(FEBRUARY, filters))] == ["visit"]


async def test_one_turns_pages_from_this_month_to_the_last_that_has_something() -> None:
    with clock.at(NEW_YEAR):
        await make_slot(starts_at=at_paris("2027-04-02 09:00"))
        shown = [await months.month(date(2027, month, 1), Filters()) for month in (1, 2, 4)]
        assert [(month.previous, month.following, month.next) for month in shown] == [
            (None, FEBRUARY, date(2027, 4, 2)),
            (date(2027, 1, 1), date(2027, 3, 1), date(2027, 4, 2)),
            (date(2027, 3, 1), None, None),
        ]


async def test_a_called_off_date_is_shown_as_such() -> None:
    with clock.at(NEW_YEAR):
        await make_slot(starts_at=at_paris("2027-02-12 09:00"), state="called_off")
        assert [entry.is_off for entry in entries(await months.month(FEBRUARY, Filters()))] == [True]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (date(2027, 2, 17), FEBRUARY),
        (date(2001, 1, 1), date(2027, 1, 1)),
        (date(2099, 1, 1), date(2029, 1, 1)),
    ],
)
def test_one_looks_no_further_than_two_years_ahead(asked: date, shown: date) -> None:
    with clock.at(NEW_YEAR):
        assert months.clamped(asked) == shown


async def test_a_month_asks_as_much_of_the_database_for_one_date_and_for_three() -> None:
    with clock.at(NEW_YEAR):
        for count in (1, 2):
            for _ in range(count):
                await make_slot(starts_at=at_paris("2027-02-12 09:00"))
            with counted() as seen:
                await months.month(FEBRUARY, Filters())
            assert len(seen) == 2


def entries(month: Month) -> list[months.Entry]:
    return [entry for week in month.weeks for day in week for entry in day.entries]
