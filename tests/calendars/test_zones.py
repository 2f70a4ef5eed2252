"""Every VTIMEZONE that we write says what tzdata says, until 2036."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Timezone

from service.calendars.zones import VTIMEZONES, UnknownZone, is_known, vtimezone
from tests.calendars.tz_sweep import diff

PARIS = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
X-LIC-LOCATION:Europe/Paris
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE
"""


def test_paris_is_the_constant_that_clients_read() -> None:
    assert vtimezone("Europe/Paris").decode() == PARIS.replace("\n", "\r\n")


@pytest.mark.parametrize("zone", VTIMEZONES)
def test_a_zone_changes_when_tzdata_says_so(zone: str) -> None:
    assert diff(vtimezone(zone).decode(), zone, 2026, 2036) == ([], [])


@pytest.mark.parametrize("zone", VTIMEZONES)
def test_a_zone_has_the_offsets_and_the_names_of_tzdata(zone: str) -> None:
    block: Any = Timezone.from_ical(vtimezone(zone))
    said = {(x["TZOFFSETTO"].td, str(x["TZNAME"])) for x in block.subcomponents}

    assert said == {_at(zone, datetime(2026, month, 15, tzinfo=UTC)) for month in range(1, 13)}


@pytest.mark.parametrize("zone", VTIMEZONES)
def test_a_zone_keeps_its_octets_in_order(zone: str) -> None:
    octets = vtimezone(zone)

    assert re.findall(rb"(?<!\r)\n|\r(?!\n)|[^\r\n]{76,}", octets) == []
    assert (octets[:17], octets[-16:]) == (b"BEGIN:VTIMEZONE\r\n", b"\nEND:VTIMEZONE\r\n")


@pytest.mark.parametrize("zone", ["", "UTC", "Europe/London", "europe/paris", "Europe/Paris\r\nX:1"])
def test_a_zone_without_a_checked_constant_is_refused(zone: str) -> None:
    assert not is_known(zone)
    with pytest.raises(UnknownZone):
        vtimezone(zone)


def test_what_can_be_written_is_known() -> None:
    assert [zone for zone in VTIMEZONES if not is_known(zone)] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"BYMONTH=3;BYDAY=-1SU", b"BYMONTH=3;BYDAY=2SU"),  # the American rule
        (b"BYMONTH=10;BYDAY=-1SU", b"BYMONTH=11;BYDAY=1SU"),
        (b"19700329T020000", b"19700329T030000"),  # what generated blocks got wrong
        (b"TZOFFSETFROM:+0200", b"TZOFFSETFROM:+0100"),
        (b"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n", b""),
    ],
)
def test_the_sweep_sees_a_wrong_rule(right: bytes, wrong: bytes) -> None:
    block = vtimezone("Europe/Paris").replace(right, wrong)

    assert diff(block.decode(), "Europe/Paris") != ([], [])


def _at(zone: str, moment: datetime) -> tuple[timedelta | None, str | None]:
    local = moment.astimezone(ZoneInfo(zone))
    return local.utcoffset(), local.tzname()
