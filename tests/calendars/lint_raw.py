"""An octet-level linter of calendar files, from the ABNF of RFC 5545 and the tables of RFC 5546.

No parser sees CRLF, the length of a fold, a fold inside a character, unescaped commas or controls: this does.
By hand: ``python -m tests.calendars.lint_raw FILE.ics 20261005T120000Z``. It knows nothing of our own code.
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Property(NamedTuple):
    """One content line, unfolded and taken apart."""

    name: str
    params: dict[str, str]
    value: str


Offset = Callable[[datetime], timedelta]
Observance = dict[str, list[str]]


@dataclass
class VEvent:
    """The properties of one VEVENT, and those of its alarms."""

    properties: list[Property] = field(default_factory=list)
    alarms: list[list[Property]] = field(default_factory=list)


@dataclass
class Calendar:
    """What a file holds, and what is wrong with it."""

    bad: list[str]
    properties: list[Property] = field(default_factory=list)
    events: list[VEvent] = field(default_factory=list)
    zones: dict[str, Offset] = field(default_factory=dict)


class Rules(NamedTuple):
    """What RFC 5546 says of a VEVENT under one METHOD."""

    must: set[str]
    must_not: set[str]
    alarms: bool


TEXTS = {
    *("SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "UID"),
    *("X-ALT-DESC", "NAME", "X-WR-CALNAME", "X-WR-CALDESC"),
}
TEXT_LISTS = {"CATEGORIES", "RESOURCES"}  # here a comma separates
AT_MOST_ONE = {
    *("UID", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "SEQUENCE", "STATUS", "SUMMARY", "LOCATION"),
    *("DESCRIPTION", "GEO", "ORGANIZER", "PRIORITY", "TRANSP", "URL", "CLASS", "CREATED", "LAST-MODIFIED"),
    *("RECURRENCE-ID", "COLOR"),
}
STATUS = {"TENTATIVE", "CONFIRMED", "CANCELLED"}
PARTSTAT = {"NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"}
ALWAYS = {"UID", "DTSTAMP"}
METHODS = {
    None: Rules({*ALWAYS, "DTSTART"}, {"ATTENDEE", "ORGANIZER"}, alarms=True),  # feeds and downloads
    "PUBLISH": Rules({*ALWAYS, "DTSTART", "ORGANIZER", "SUMMARY"}, {"ATTENDEE", "REQUEST-STATUS"}, alarms=True),
    "REQUEST": Rules({*ALWAYS, "DTSTART", "ORGANIZER", "ATTENDEE", "SUMMARY"}, {"REQUEST-STATUS"}, alarms=True),
    "CANCEL": Rules({*ALWAYS, "ORGANIZER", "ATTENDEE", "SEQUENCE"}, {"REQUEST-STATUS"}, alarms=False),
    "REPLY": Rules({*ALWAYS, "ORGANIZER", "ATTENDEE"}, set(), alarms=False),
}
NAME = re.compile(r"[A-Za-z0-9-]+")
QUOTED, BARE = r'"[^"\x00-\x08\x0a-\x1f\x7f]*"', r'[^\x00-\x08\x0a-\x1f\x7f";:,]*'
PARAM = re.compile(rf';([A-Za-z0-9-]+)=((?:{QUOTED}|{BARE})(?:,(?:"[^"]*"|[^";:,]*))*)')
IN_UTC = re.compile(r"\d{8}T\d{6}Z$")
LOCAL = re.compile(r"\d{8}T\d{6}$")
DATE = re.compile(r"\d{8}$")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def lint(data: bytes, want: str | None = None) -> list[str]:
    """What is wrong with the file; ``want`` is the UTC start that it must mean: always give it."""
    bad: list[str] = []
    split = [_split(line, bad) for line in _lines(data, bad) if line]
    calendar = _read([x for x in split if x], bad)
    method = _check_frame(calendar)
    for event in calendar.events:
        _check_counts(event, method, bad)
        _check_alarms(event, method, bad)
        _check_people(event, method, bad)
        _check_revision(event, method, bad)
        _check_times(event, calendar.zones, want, bad)
    return bad


def _lines(data: bytes, bad: list[str]) -> list[str]:
    """The octets: line ends, folds, encoding."""
    if data.startswith(b"\xef\xbb\xbf"):
        bad.append("UTF-8 BOM")
        data = data[3:]
    if not data.endswith(b"\r\n"):
        bad.append("does not end in CRLF")
    if re.search(rb"(?<!\r)\n", data):
        bad.append("bare LF")
    if re.search(rb"\r(?!\n)", data):
        bad.append("bare CR")
    if not _is_utf8(data):
        bad.append("not UTF-8")
    out: list[bytes] = []
    for number, raw in enumerate(re.split(rb"\r?\n", data)[:-1], 1):
        _check_line(number, raw, bad)
        if raw[:1] in (b" ", b"\t") and out:
            out[-1] += raw[1:]
        else:
            out.append(raw)
    return [line.decode("utf-8", "replace") for line in out]


def _check_line(number: int, raw: bytes, bad: list[str]) -> None:
    if len(raw) > 75:
        bad.append(f"line {number}: {len(raw)} octets")
    if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", raw):
        bad.append(f"line {number}: control character")
    if not _is_utf8(raw):
        bad.append(f"line {number}: fold inside a UTF-8 character (or not UTF-8)")
    if not raw:
        bad.append(f"line {number}: empty line")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _split(line: str, bad: list[str]) -> Property | None:
    """Name, parameters and value of one line."""
    start = NAME.match(line)
    if not start:
        bad.append(f"no property name: {line[:40]!r}")
        return None
    name, at = start.group().upper(), start.end()
    params: dict[str, str] = {}
    while line[at : at + 1] == ";":
        param = PARAM.match(line, at)
        if not param:
            bad.append(f"{name}: malformed parameter at {line[at : at + 30]!r}")
            return None
        if param.group(1).upper() in params:
            bad.append(f"{name}: parameter {param.group(1)} twice")
        params[param.group(1).upper()] = param.group(2)
        at = param.end()
    if line[at : at + 1] != ":":
        bad.append(f"{name}: no ':' after parameters ({line[at : at + 30]!r})")
        return None
    bad += [f"{name}: RFC 6868 '^' escape in {k} (few clients decode it)" for k, v in params.items() if "^" in v]
    return Property(name, params, line[at + 1 :])


def _read(properties: list[Property], bad: list[str]) -> Calendar:
    """The tree: which property stands in which component."""
    calendar = Calendar(bad)
    stack: list[str] = []
    zone: list[Property] | None = None
    for each in properties:
        if each.name == "BEGIN":
            stack.append(each.value.upper())
            _open(each.value, calendar)
            zone = [] if each.value == "VTIMEZONE" else zone
        elif each.name == "END":
            if stack[-1:] != [each.value.upper()]:
                bad.append(f"END:{each.value} does not match {stack[-1:]}")
            if stack:
                stack.pop()
            if each.value == "VTIMEZONE" and zone is not None:
                _add_zone(zone, calendar)
                zone = None
        else:
            _place(each, stack, calendar)
        if zone is not None:
            zone.append(each)
        _check_text(each, bad)
    if stack:
        bad.append(f"unclosed {stack}")
    return calendar


def _open(component: str, calendar: Calendar) -> None:
    if component == "VEVENT":
        calendar.events.append(VEvent())
    if component == "VALARM" and calendar.events:
        calendar.events[-1].alarms.append([])


def _place(each: Property, stack: list[str], calendar: Calendar) -> None:
    if not stack:
        calendar.bad.append(f"{each.name} outside VCALENDAR")
    elif stack == ["VCALENDAR"]:
        calendar.properties.append(each)
    elif stack[-1] == "VEVENT":
        calendar.events[-1].properties.append(each)
    elif stack[-1] == "VALARM" and calendar.events and calendar.events[-1].alarms:
        calendar.events[-1].alarms[-1].append(each)


def _check_text(each: Property, bad: list[str]) -> None:
    if each.name not in TEXTS | TEXT_LISTS:
        return
    rest = re.sub(r"\\[\\;,nN]", "", each.value)
    if "\\" in rest:
        bad.append(f"{each.name}: illegal escape in {each.value[:30]!r}")
    if ";" in rest or ("," in rest and each.name in TEXTS):
        bad.append(f"{each.name}: unescaped , or ; in {each.value[:40]!r}")


def _add_zone(block: list[Property], calendar: Calendar) -> None:
    name = next((x.value for x in block if x.name == "TZID"), None)
    if not name:
        calendar.bad.append("VTIMEZONE lacks TZID")
    elif name in calendar.zones:
        calendar.bad.append(f"VTIMEZONE {name} twice")
    else:
        calendar.zones[name] = _offset_function(_observances(block), calendar.bad)


def _observances(block: list[Property]) -> list[Observance]:
    out: list[Observance] = []
    current: Observance | None = None
    for name, _params, value in block:
        if name == "BEGIN" and value in ("STANDARD", "DAYLIGHT"):
            current = {"KIND": [value]}
        elif name == "END" and value in ("STANDARD", "DAYLIGHT"):
            out += [current] if current else []
            current = None
        elif current is not None:
            current.setdefault(name, []).append(value)
    return out


def _offset_function(observances: list[Observance], bad: list[str]) -> Offset:
    """Our own small reader of VTIMEZONE: FREQ=YEARLY;BYMONTH;BYDAY=nDD, or RDATE."""
    lacking = [
        f"VTIMEZONE {each['KIND'][0]} lacks {name}"
        for each in observances
        for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO")
        if name not in each
    ]
    if lacking or not observances:
        bad += lacking[:1] or ["VTIMEZONE without STANDARD or DAYLIGHT"]
        return lambda _local: timedelta(0)

    def offset(local: datetime) -> timedelta:
        begun = [(t, i) for i, o in enumerate(observances) for t in _onsets(o, local.year) if t <= local]
        if not begun:
            return _hours(observances[0]["TZOFFSETFROM"][0])
        return _hours(observances[max(begun)[1]]["TZOFFSETTO"][0])

    return offset


def _onsets(observance: Observance, year: int) -> Iterator[datetime]:
    first = datetime.strptime(observance["DTSTART"][0], "%Y%m%dT%H%M%S")  # noqa: DTZ007 (it is local)
    yield first
    for dates in observance.get("RDATE", []):
        for each in dates.split(","):
            yield datetime.strptime(each, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    for rule in observance.get("RRULE", [])[:1]:
        part = dict(x.split("=") for x in rule.split(";"))
        for each_year in (year - 1, year):
            day = nth_weekday(each_year, int(part["BYMONTH"]), part["BYDAY"])
            yield first.replace(year=day.year, month=day.month, day=day.day)


def nth_weekday(year: int, month: int, byday: str) -> date:
    """The day that BYDAY means: ``-1SU`` is the month's last Sunday."""
    count, weekday = int(byday[:-2]), WEEKDAYS.index(byday[-2:])
    month_days = [date(year, month, 1) + timedelta(days=n) for n in range(31)]
    days = [x for x in month_days if x.month == month and x.weekday() == weekday]
    return days[count if count < 0 else count - 1]


def _hours(offset: str) -> timedelta:
    return timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[3:5]))


def _named(properties: list[Property], name: str) -> list[Property]:
    return [x for x in properties if x.name == name]


def _check_frame(calendar: Calendar) -> str | None:
    """The calendar's own properties; its METHOD."""
    bad, own = calendar.bad, calendar.properties
    for name in ("PRODID", "VERSION"):
        if len(_named(own, name)) != 1:
            bad.append(f"VCALENDAR has {len(_named(own, name))} {name}")
    bad += [f"VCALENDAR has several {x}" for x in ("METHOD", "CALSCALE") if len(_named(own, x)) > 1]
    if any(x.params.get("VALUE") != "DURATION" for x in _named(own, "REFRESH-INTERVAL")[:1]):
        bad.append("REFRESH-INTERVAL without VALUE=DURATION (RFC 7986 5.7)")
    method = next((x.value.upper() for x in _named(own, "METHOD")), None)
    if method not in METHODS:
        bad.append(f"METHOD {method} not one of ours")
        method = None
    if not calendar.events and (method or not calendar.zones):  # an empty feed keeps its VTIMEZONE
        bad.append("no VEVENT")
    if method and len({x.value for e in calendar.events for x in _named(e.properties, "UID")}) > 1:
        bad.append("iTIP message with several UIDs")
    return method


def _check_counts(event: VEvent, method: str | None, bad: list[str]) -> None:
    have = {x.name for x in event.properties}
    rules = METHODS[method]
    bad += [f"{method}: VEVENT lacks {x}" for x in sorted(rules.must - have)]
    bad += [f"{method}: VEVENT must not have {x}" for x in sorted(rules.must_not & have)]
    bad += [f"VEVENT has several {x}" for x in sorted(AT_MOST_ONE) if len(_named(event.properties, x)) > 1]
    if have >= {"DTEND", "DURATION"}:
        bad.append("DTEND and DURATION")


def _check_alarms(event: VEvent, method: str | None, bad: list[str]) -> None:
    if event.alarms and not METHODS[method].alarms:
        bad.append(f"VALARM in {method}")
    for alarm in event.alarms:
        have = {x.name for x in alarm}
        displays = [x.value for x in _named(alarm, "ACTION")][:1] == ["DISPLAY"]
        if not have >= {"ACTION", "TRIGGER"} or (displays and "DESCRIPTION" not in have):
            bad.append("VALARM lacks ACTION/TRIGGER/DESCRIPTION")


def _check_people(event: VEvent, method: str | None, bad: list[str]) -> None:
    attendees = _named(event.properties, "ATTENDEE")
    bad += [
        f"{x.name} is not a mailto URI: {x.value[:40]}"
        for x in _named(event.properties, "ORGANIZER") + attendees
        if not re.fullmatch(r"mailto:[^\s@<>]+@[^\s@<>]+", x.value)
    ]
    answers = [x.params.get("PARTSTAT", "NEEDS-ACTION") for x in attendees]
    bad += [f"PARTSTAT {x} is not for events" for x in answers if x not in PARTSTAT]
    if method in ("REQUEST", "CANCEL", "REPLY") and len(attendees) > 1:
        bad.append("more than one ATTENDEE: other people's addresses leak")


def _check_revision(event: VEvent, method: str | None, bad: list[str]) -> None:
    stamps = [x for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED") for x in _named(event.properties, name)]
    bad += [f"{x.name} is not UTC" for x in stamps if not IN_UTC.match(x.value)]
    bad += [f"SEQUENCE {x.value!r}" for x in _named(event.properties, "SEQUENCE") if not x.value.isdigit()]
    for _name, _params, status in _named(event.properties, "STATUS"):
        if status not in STATUS or (method and (method == "CANCEL") != (status == "CANCELLED")):
            bad.append(f"STATUS {status} in {method}")


def _check_times(event: VEvent, zones: dict[str, Offset], want: str | None, bad: list[str]) -> None:
    start, end = (
        next((_instant(x, zones, bad) for x in _named(event.properties, name)), None) for name in ("DTSTART", "DTEND")
    )
    if isinstance(start, datetime) and isinstance(end, datetime):
        if end <= start:
            bad.append("DTEND not after DTSTART")
    elif start and end:
        if isinstance(start, datetime) or isinstance(end, datetime):
            bad.append("DTSTART and DTEND of different types")
        elif end <= start:
            bad.append("DTEND not after DTSTART")
    if want and isinstance(start, datetime) and f"{start:%Y%m%dT%H%M%SZ}" != want:
        bad.append(f"start is {start:%Y%m%dT%H%M%SZ}, not {want}")


def _instant(each: Property, zones: dict[str, Offset], bad: list[str]) -> datetime | date | None:
    """The instant in UTC (or the date) that a property means, by the file's own VTIMEZONE."""
    name, params, value = each
    try:
        if params.get("VALUE") == "DATE" or DATE.match(value):
            return datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007
        if IN_UTC.match(value):
            return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if not LOCAL.match(value):  # strptime takes a digit for two
            raise ValueError(value)  # noqa: TRY301
        local = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError as wrong:
        bad.append(f"{name}: bad value {wrong}")
        return None
    zone = params.get("TZID")
    if not zone:
        bad.append(f"{name}: floating time")
        return None
    if zone not in zones:
        bad.append(f"{name}: TZID {zone} without VTIMEZONE")
        return None
    offset = zones[zone](local)
    _compare_with_tzdata(name, zone, local, offset, bad)
    return (local - offset).replace(tzinfo=UTC)


def _compare_with_tzdata(name: str, zone: str, local: datetime, offset: timedelta, bad: list[str]) -> None:
    try:
        real = local.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError) as wrong:
        bad.append(f"{name}: TZID {zone} is not an IANA zone ({wrong})")
        return
    if real != offset:
        bad.append(f"{name}: VTIMEZONE gives {offset}, tzdata differs")


if __name__ == "__main__":
    found = lint(Path(sys.argv[1]).read_bytes(), sys.argv[2] if len(sys.argv) > 2 else None)
    sys.stdout.writelines(f"FAIL {x}\n" for x in found)
    sys.stdout.write("NOT OK\n" if found else "OK\n")
    sys.exit(bool(found))
