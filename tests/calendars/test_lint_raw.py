"""The linter sees what it is for: every file here has one planted defect."""

import pytest

from tests.calendars.lint_raw import lint

START = "20261005T120000Z"
REQUEST = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Example//FR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example.org
SEQUENCE:2
DTSTAMP:20260901T073000Z
DTSTART;TZID=Europe/Paris:20261005T140000
DTEND;TZID=Europe/Paris:20261005T160000
SUMMARY:Visite\\, côté atelier
ORGANIZER;CN=Ada:mailto:ada@example.org
ATTENDEE;CN=Ben;PARTSTAT=ACCEPTED:mailto:ben@example.org
STATUS:CONFIRMED
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Visite
TRIGGER:-P1D
END:VALARM
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()
ALARM = REQUEST[REQUEST.index(b"BEGIN:VALARM") : REQUEST.index(b"END:VEVENT")]
CANCEL = REQUEST.replace(ALARM, b"").replace(b":REQUEST", b":CANCEL").replace(b":CONFIRMED", b":CANCELLED")
PEOPLE = REQUEST[REQUEST.index(b"ORGANIZER") : REQUEST.index(b"STATUS")]
NO_PEOPLE = ["None: VEVENT must not have ATTENDEE", "None: VEVENT must not have ORGANIZER"]
FEED = REQUEST.replace(PEOPLE, b"").replace(b"METHOD:REQUEST\r\n", b"")


@pytest.mark.parametrize("octets", [REQUEST, CANCEL, FEED])
def test_a_flawless_file_passes(octets: bytes) -> None:
    assert lint(octets, START) == []


@pytest.mark.parametrize(
    ("right", "wrong", "findings"),
    [
        ("STATUS:CONFIRMED\r\n", "STATUS:CONFIRMED\n", ["bare LF"]),
        ("END:VCALENDAR\r\n", "END:VCALENDAR\n", ["does not end in CRLF", "bare LF"]),
        ("BEGIN:VCALENDAR", "\ufeffBEGIN:VCALENDAR", ["UTF-8 BOM"]),
        ("Visite\\,", "Vi\rsite\\,", ["bare CR", "line 26: control character"]),
        ("Visite\\,", "Vi\x07site\\,", ["line 26: control character"]),
        ("Visite\\,", "x" * 80 + "\\,", ["line 26: 105 octets"]),
        ("STATUS", "\r\nSTATUS", ["line 29: empty line"]),
        ("Visite\\,", "Visite,", ["SUMMARY: unescaped , or ; in 'Visite, côté atelier'"]),
        ("Visite\\,", "C:\\Projet", ["SUMMARY: illegal escape in 'C:\\\\Projet côté atelier'"]),
        ("CN=Ben", "CN=^'Ben^'", ["ATTENDEE: RFC 6868 '^' escape in CN (few clients decode it)"]),
        ("CN=Ben", "CN=Ben;CN=Cleo", ["ATTENDEE: parameter CN twice"]),
    ],
)
def test_a_flaw_in_the_octets_is_found(right: str, wrong: str, findings: list[str]) -> None:
    assert lint(_flawed(REQUEST, right, wrong), START) == findings


def test_a_fold_inside_a_character_is_found() -> None:
    folded = REQUEST.replace("côté".encode(), b"c\xc3\r\n \xb4t\xc3\xa9")

    assert lint(folded, START) == [
        "not UTF-8",
        "line 26: fold inside a UTF-8 character (or not UTF-8)",
        "line 27: fold inside a UTF-8 character (or not UTF-8)",
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "findings"),
    [
        ("T140000", "T150000", ["start is 20261005T130000Z, not 20261005T120000Z"]),
        ("T160000", "T140000", ["DTEND not after DTSTART"]),
        ("DTEND;TZID=Europe/Paris:", "DTEND:", ["DTEND: floating time"]),
        ("DTEND;TZID=Europe/Paris:", "DTEND;TZID=Romance:", ["DTEND: TZID Romance without VTIMEZONE"]),
        ("20261005T160000", "2026100516", ["DTEND: bad value 2026100516"]),
        ("T073000Z", "T073000", ["DTSTAMP is not UTC"]),
        (
            "TZOFFSETTO:+0200",
            "TZOFFSETTO:+0300",
            [
                "DTSTART: VTIMEZONE gives 3:00:00, tzdata differs",
                "DTEND: VTIMEZONE gives 3:00:00, tzdata differs",
                "start is 20261005T110000Z, not 20261005T120000Z",
            ],
        ),
    ],
)
def test_a_flaw_in_the_times_is_found(right: str, wrong: str, findings: list[str]) -> None:
    assert lint(_flawed(REQUEST, right, wrong), START) == findings


@pytest.mark.parametrize(
    ("right", "wrong", "day", "offset"),
    [
        ("BYMONTH=10;BYDAY=-1SU", "BYMONTH=10;BYDAY=1SU", "20261005", "1:00:00"),  # ends three weeks early
        ("BYMONTH=3;BYDAY=-1SU", "BYMONTH=3;BYDAY=2SU", "20260320", "2:00:00"),  # the American rule
    ],
)
def test_a_wrong_rule_of_summer_time_is_found(right: str, wrong: str, day: str, offset: str) -> None:
    moved = REQUEST.replace(b"20261005", day.encode())

    assert lint(moved) == []
    assert lint(_flawed(moved, right, wrong)) == [
        f"{name}: VTIMEZONE gives {offset}, tzdata differs" for name in ("DTSTART", "DTEND")
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "findings"),
    [
        ("UID:1@example.org\r\n", "", ["REQUEST: VEVENT lacks UID"]),
        ("UID:", "UID:2@example.org\r\nUID:", ["iTIP message with several UIDs", "VEVENT has several UID"]),
        ("SEQUENCE:2", "SEQUENCE:-2", ["SEQUENCE '-2'"]),
        ("STATUS:CONFIRMED", "STATUS:CANCELLED", ["STATUS CANCELLED in REQUEST"]),
        ("STATUS:", "DURATION:PT2H\r\nSTATUS:", ["DTEND and DURATION"]),
        ("mailto:ada", "ada", ["ORGANIZER is not a mailto URI: ada@example.org"]),
        ("=ACCEPTED", "=COMPLETED", ["PARTSTAT COMPLETED is not for events"]),
        (
            "STATUS:",
            "ATTENDEE:mailto:cleo@example.org\r\nSTATUS:",
            ["more than one ATTENDEE: other people's addresses leak"],
        ),
        ("TRIGGER:-P1D\r\n", "", ["VALARM lacks ACTION/TRIGGER/DESCRIPTION"]),
        ("PRODID:-//Example//Example//FR\r\n", "", ["VCALENDAR has 0 PRODID"]),
        ("METHOD:REQUEST", "METHOD:ADD", ["METHOD ADD not one of ours", *NO_PEOPLE]),
        ("METHOD:REQUEST\r\n", "", NO_PEOPLE),
    ],
)
def test_a_flaw_in_a_request_is_found(right: str, wrong: str, findings: list[str]) -> None:
    assert lint(_flawed(REQUEST, right, wrong), START) == findings


@pytest.mark.parametrize(
    ("right", "wrong", "findings"),
    [
        ("SEQUENCE:2\r\n", "", ["CANCEL: VEVENT lacks SEQUENCE"]),
        ("STATUS:CANCELLED", "STATUS:CONFIRMED", ["STATUS CONFIRMED in CANCEL"]),
        ("END:VEVENT", ALARM.decode() + "END:VEVENT", ["VALARM in CANCEL"]),
    ],
)
def test_a_flaw_in_a_cancel_is_found(right: str, wrong: str, findings: list[str]) -> None:
    assert lint(_flawed(CANCEL, right, wrong), START) == findings


def test_a_broken_tree_is_found() -> None:
    assert lint(_flawed(REQUEST, "END:VALARM\r\n", ""), START) == [
        "END:VEVENT does not match ['VALARM']",
        "END:VCALENDAR does not match ['VEVENT']",
        "unclosed ['VCALENDAR']",
    ]


def test_a_file_without_events_needs_at_least_a_zone() -> None:
    event = FEED[FEED.index(b"BEGIN:VEVENT") : FEED.index(b"END:VCALENDAR")]
    zone = FEED[FEED.index(b"BEGIN:VTIMEZONE") : FEED.index(b"BEGIN:VEVENT")]

    assert lint(FEED.replace(event, b"")) == []
    assert lint(FEED.replace(event, b"").replace(zone, b"")) == ["no VEVENT"]


def _flawed(octets: bytes, right: str, wrong: str) -> bytes:
    """The file with its one defect, which must change something."""
    flawed = octets.replace(right.encode(), wrong.encode(), 1)
    assert flawed != octets
    return flawed
