"""How long seats are held: at least 24 h, never past the start; across a change of clocks too."""

from datetime import UTC, timedelta

import pytest

from service import clock
from service.bookings import holds
from service.bookings.holds import Standing
from tests.bookings.harness import booking_of
from tests.bookings.minors import evening_slot, pending_minor
from tests.makers import at_paris, make_event, make_slot

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("starts", "closes", "until"),
    [
        (30 * DAY, 30 * DAY, 10 * DAY),  # as long as the event says
        (30 * DAY, 4 * DAY, 4 * DAY),  # not past the list's closing
        (8 * DAY, 8 * DAY, 8 * DAY),
        (4 * DAY, 12 * HOUR, DAY),  # yet 24 h at least
        (4 * DAY, -2 * DAY, DAY),  # who was offered a seat at the last moment, too
        (20 * HOUR, 20 * HOUR, 20 * HOUR),  # never past the start
        (20 * HOUR, 1 * HOUR, 20 * HOUR),
        (DAY, DAY, DAY),
        (DAY - HOUR, DAY - HOUR, DAY - HOUR),
    ],
)
async def test_a_hold_lasts_its_days_at_least_24_hours_and_never_past_the_start(
    starts: timedelta, closes: timedelta, until: timedelta
) -> None:
    now = clock.now()
    slot = await make_slot(starts_at=now + starts, closes_at=now + closes)

    assert holds.hold_until(slot, now, 10) == now + until


@pytest.mark.parametrize(
    ("starts", "closes", "until"), [(90 * DAY, 60 * DAY, 60 * DAY), (2 * DAY, HOUR, DAY), (HOUR, HOUR, HOUR)]
)
async def test_who_awaits_an_organiser_is_held_until_the_list_closes(
    starts: timedelta, closes: timedelta, until: timedelta
) -> None:
    now = clock.now()
    slot = await make_slot(starts_at=now + starts, closes_at=now + closes)

    assert holds.hold_until(slot, now, None) == now + until


@pytest.mark.parametrize(
    ("now", "starts", "until"),
    [
        # 24 hours are 24 hours: an hour later or earlier by the clock on the wall
        ("2027-03-27 14:00", "2027-03-30 14:00", "2027-03-28 15:00"),
        ("2026-10-24 14:00", "2026-10-27 14:00", "2026-10-25 13:00"),
        # the start is a moment, not so many hours
        ("2027-03-27 14:00", "2027-03-28 14:00", "2027-03-28 14:00"),
        ("2026-12-31 20:00", "2027-01-03 20:00", "2027-01-01 20:00"),
    ],
)
async def test_the_least_time_is_24_hours_over_a_change_of_clocks(now: str, starts: str, until: str) -> None:
    asked = at_paris(now).astimezone(UTC)  # as the clock of the service tells it
    slot = await make_slot(starts_at=at_paris(starts), closes_at=asked + HOUR)

    assert holds.hold_until(slot, asked, 10).timestamp() == at_paris(until).timestamp()


async def test_a_minor_s_booking_over_a_change_of_clocks_ends_at_the_start() -> None:
    with clock.at(at_paris("2027-03-27 20:00")):
        dossier = await pending_minor(await evening_slot(starts_at=at_paris("2027-03-28 18:30")))

    assert (await booking_of(dossier)).expires_at == at_paris("2027-03-28 18:30")


async def test_how_a_booking_stands_at_first() -> None:
    now = clock.now()
    plain, evening = await make_slot(40), await evening_slot()
    both = await evening_slot(approved=True)
    classes = await make_slot(40, event=await make_event(takes_classes=True, option_days=3))
    at_once = await make_slot(40, event=await make_event(takes_classes=True, option_days=None))

    assert holds.first(plain, now) == Standing()
    assert holds.first(plain, now, age_band="under_15") == Standing()
    assert holds.first(evening, now, age_band="18_plus") == Standing()
    assert holds.first(evening, now, age_band="15_17") == Standing("pending", evening.closes_at, False, True)
    assert holds.first(both, now, age_band="15_17") == Standing("pending", both.closes_at, True, True)
    assert holds.first(both, now, age_band="18_plus") == Standing("pending", both.closes_at, True, False)
    assert holds.first(classes, now, takes_option=True) == Standing("option", now + 3 * DAY)
    assert holds.first(classes, now) == Standing()
    assert holds.first(at_once, now, takes_option=True) == Standing()


@pytest.mark.parametrize(
    ("age_band", "age_min", "is_too_young"),
    [
        ("under_15", 15, True),
        ("under_15", 14, False),  # who is under 15 may be 14
        ("under_15", 18, True),
        ("15_17", 15, False),
        ("15_17", 17, False),
        ("15_17", 18, True),
        ("18_plus", 18, False),
        ("18_plus", 21, False),
        ("", 18, False),
        ("under_15", None, False),
    ],
)
def test_an_age_band_fits_where_somebody_in_it_is_old_enough(
    age_band: str, age_min: int | None, is_too_young: bool
) -> None:
    assert holds.is_too_young(age_band, age_min) is is_too_young
