"""Does a VTIMEZONE say what tzdata says? Compares every onset, as an instant, with the zone's real changes.

An onset is local and its instant is ``onset - TZOFFSETFROM`` (RFC 5545 3.6.5).
By hand: ``python -m tests.calendars.tz_sweep FILE.ics Europe/Paris 2026 2030``.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.calendars.lint_raw import nth_weekday

Change = tuple[datetime, timedelta]


def diff(ics: str, zone: str, first: int = 2026, last: int = 2036) -> tuple[list[Change], list[Change]]:
    """The changes of offset that the file has too many, and those it lacks, over whole years."""
    said, real = set(_said(ics, first, last)), set(_real(zone, first, last))
    return sorted(said - real), sorted(real - said)


def _said(ics: str, first: int, last: int) -> Iterator[Change]:
    """The onsets of the file's first VTIMEZONE that change something."""
    block = re.search(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE", re.sub(r"\r?\n[ \t]", "", ics), re.DOTALL)
    assert block, "no VTIMEZONE"
    for _kind, body in re.findall(r"BEGIN:(STANDARD|DAYLIGHT)(.*?)END:\1", block.group(), re.DOTALL):
        lines = [line.strip().split(":", 1) for line in body.split("\n") if ":" in line]
        values = {name.split(";")[0]: [v for n, v in lines if n.split(";")[0] == name] for name, _ in lines}
        before, after = _offset(values["TZOFFSETFROM"][0]), _offset(values["TZOFFSETTO"][0])
        for local in _onsets(values, first, last):
            if first <= local.year <= last and before != after:
                yield (local - before).replace(tzinfo=UTC), after


def _onsets(values: dict[str, list[str]], first: int, last: int) -> Iterator[datetime]:
    start = _local(values["DTSTART"][0])
    yield start
    for dates in values.get("RDATE", []):
        yield from (_local(x) for x in dates.split(","))
    for rule in values.get("RRULE", []):
        part = dict(x.split("=") for x in rule.split(";"))
        for year in range(first, last + 1):
            day = nth_weekday(year, int(part["BYMONTH"]), part["BYDAY"])
            yield datetime(day.year, day.month, day.day, start.hour, start.minute)  # noqa: DTZ001 (it is local)


def _real(zone: str, first: int, last: int) -> Iterator[Change]:
    place, moment = ZoneInfo(zone), datetime(first, 1, 1, tzinfo=UTC)
    before = _offset_at(moment, place)
    while moment.year <= last:
        moment += timedelta(minutes=30)
        offset = _offset_at(moment, place)
        if offset != before:
            yield moment, offset
            before = offset


def _offset_at(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _local(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007


def _offset(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))


if __name__ == "__main__":
    extra, missing = diff(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2], *(int(x) for x in sys.argv[3:5]))
    sys.stdout.write(f"NOT OK: wrong {extra[:3]}, missing {missing[:3]}\n" if extra or missing else "OK\n")
    sys.exit(bool(extra or missing))
