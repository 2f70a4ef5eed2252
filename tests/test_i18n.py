"""Dates and times as people say them, where the campus is."""

from datetime import UTC, date, datetime

import pytest

from service import clock, i18n
from tests.makers import at_paris


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2026, 11, 24), "mardi 24 novembre 2026", "Tuesday 24 November 2026"),
        (date(2026, 12, 1), "mardi 1er décembre 2026", "Tuesday 1 December 2026"),
        (date(2027, 1, 1), "vendredi 1er janvier 2027", "Friday 1 January 2027"),
        (date(2028, 2, 29), "mardi 29 février 2028", "Tuesday 29 February 2028"),
        (date(2027, 8, 11), "mercredi 11 août 2027", "Wednesday 11 August 2027"),
    ],
)
def test_a_date_is_said_in_full(day: date, french: str, english: str) -> None:
    assert (i18n.long_date(day, "fr"), i18n.long_date(day, "en")) == (french, english)


def test_the_year_is_said_when_it_is_another() -> None:
    with clock.at(at_paris("2026-12-31 12:00")):
        assert i18n.short_date(date(2026, 12, 31), "fr") == "jeudi 31 décembre"
        assert i18n.short_date(date(2027, 1, 1), "fr") == "vendredi 1er janvier 2027"
        assert i18n.short_date(date(2027, 1, 1), "en") == "Friday 1 January 2027"


def test_the_year_ends_when_it_ends_at_the_campus() -> None:
    with clock.at(datetime(2026, 12, 31, 22, 59, tzinfo=UTC)):
        assert i18n.today() == date(2026, 12, 31)
    with clock.at(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)):
        assert i18n.today() == date(2027, 1, 1)
        assert i18n.short_date(date(2027, 1, 1), "fr") == "vendredi 1er janvier"


@pytest.mark.parametrize(
    ("moment", "french", "english"),
    [
        ("2027-01-11 14:00", "14\u00a0h", "14:00"),
        ("2027-01-11 14:30", "14\u00a0h\u00a030", "14:30"),
        ("2027-01-11 09:05", "9\u00a0h\u00a005", "09:05"),
        ("2027-01-11 00:00", "0\u00a0h", "00:00"),
    ],
)
def test_a_clock_is_read_as_people_read_it(moment: str, french: str, english: str) -> None:
    at = at_paris(moment)
    assert (i18n.wall_clock(at, "fr"), i18n.wall_clock(at, "en")) == (french, english)


@pytest.mark.parametrize(
    ("utc", "wall"),
    [
        ("2027-03-28T00:59", "2027-03-28 01:59"),
        ("2027-03-28T01:00", "2027-03-28 03:00"),
        ("2026-10-25T00:30", "2026-10-25 02:30"),
        ("2026-10-25T01:30", "2026-10-25 02:30"),
        ("2026-10-25T02:00", "2026-10-25 03:00"),
        ("2026-12-31T23:00", "2027-01-01 00:00"),
    ],
)
def test_a_moment_is_said_in_the_time_of_the_campus(utc: str, wall: str) -> None:
    assert f"{i18n.local(datetime.fromisoformat(f'{utc}+00:00')):%Y-%m-%d %H:%M}" == wall


def test_a_range_names_the_other_day_when_it_ends_on_another() -> None:
    with clock.at(at_paris("2026-12-01 12:00")):
        same = i18n.time_range(at_paris("2026-12-15 14:00"), at_paris("2026-12-15 16:30"), "fr")
        over = i18n.time_range(at_paris("2026-12-31 22:00"), at_paris("2027-01-01 01:00"), "fr")
        english = i18n.time_range(at_paris("2026-12-31 22:00"), at_paris("2027-01-01 01:00"), "en")
    assert same == "14\u00a0h\u00a0– 16\u00a0h\u00a030"
    assert over == "22\u00a0h – vendredi 1er janvier 2027 à 1\u00a0h"
    assert english == "22:00 – Friday 1 January 2027 at 01:00"


def test_english_is_what_the_code_says_and_french_is_its_catalogue() -> None:
    assert i18n.translations("en").gettext("Check your mailbox") == "Check your mailbox"
    assert i18n.translations("fr").gettext("Check your mailbox") == "Vérifiez votre boîte"
