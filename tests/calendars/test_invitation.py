"""What an invitation says, octet by octet, and as another reader reads it."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from service.calendars.invitation import (
    Invitation,
    cancel,
    common_name,
    download,
    new_uid,
    one_line,
    prose,
    request,
)
from service.calendars.zones import VTIMEZONES, UnknownZone
from tests.calendars.lint_raw import lint

PARIS = ZoneInfo("Europe/Paris")
HEAD = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Passerelle//Passerelle//FR
CALSCALE:GREGORIAN
"""
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\\;,:\"^@=\r\n\t\x00\x07\x7f\x85\u2028\u2029\u202e\ufeff \u0301e'’%?&<>Nn"),
        st.characters(),
    ),
    max_size=400,
)
FORMS: dict[str, Callable[[Invitation], bytes]] = {
    "request": request,
    "cancel": lambda invitation: cancel(invitation, "Grève des transports"),
    "download": download,
}
both = pytest.mark.parametrize("form", FORMS)


def test_a_request_says_everything_a_calendar_needs() -> None:
    assert _entry(request(_invitation())) == (
        HEAD + "METHOD:REQUEST\n",
        """\
BEGIN:VEVENT
SUMMARY:Visite de l’usine\\, côté atelier
DTSTART;TZID=Europe/Paris:20261005T140000
DTEND;TZID=Europe/Paris:20261005T160000
DTSTAMP:20260901T073000Z
UID:k5xq@campus.example
SEQUENCE:2
ATTENDEE;CN=Ben;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:ben@example.org
CLASS:PUBLIC
DESCRIPTION:https://campus.example/r/abc?x=1\\nChaussures fermées.\\nPièce d'identité.
LOCATION:Arc\\, Saint-Omer
ORGANIZER;CN="Campus Flandre-Audomarois":mailto:rdv@campus.example
STATUS:CONFIRMED
TRANSP:OPAQUE
URL:https://campus.example/r/abc?x=1
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-DISALLOW-COUNTER:TRUE
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Visite de l’usine\\, côté atelier
TRIGGER:-P1D
END:VALARM
END:VEVENT
END:VCALENDAR
""",
    )


def test_a_cancel_says_what_ends_and_why_and_rings_no_bell() -> None:
    assert _entry(cancel(_invitation(), "Grève; on reporte.")) == (
        HEAD + "METHOD:CANCEL\n",
        """\
BEGIN:VEVENT
SUMMARY:Visite de l’usine\\, côté atelier
DTSTART;TZID=Europe/Paris:20261005T140000
DTEND;TZID=Europe/Paris:20261005T160000
DTSTAMP:20260901T073000Z
UID:k5xq@campus.example
SEQUENCE:2
ATTENDEE;CN=Ben;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:ben@example.org
COMMENT:Grève\\; on reporte.
ORGANIZER;CN="Campus Flandre-Audomarois":mailto:rdv@campus.example
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
""",
    )


def test_a_download_is_the_same_entry_and_names_nobody() -> None:
    assert _entry(download(_invitation())) == (
        HEAD,
        """\
BEGIN:VEVENT
SUMMARY:Visite de l’usine\\, côté atelier
DTSTART;TZID=Europe/Paris:20261005T140000
DTEND;TZID=Europe/Paris:20261005T160000
DTSTAMP:20260901T073000Z
UID:k5xq@campus.example
SEQUENCE:2
CLASS:PUBLIC
DESCRIPTION:https://campus.example/r/abc?x=1\\nChaussures fermées.\\nPièce d'identité.
LAST-MODIFIED:20260901T073000Z
LOCATION:Arc\\, Saint-Omer
STATUS:CONFIRMED
TRANSP:OPAQUE
URL:https://campus.example/r/abc?x=1
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
END:VCALENDAR
""",
    )


def test_a_cancelled_booking_downloads_as_cancelled_and_holds_no_time() -> None:
    event = _read(download(_invitation(status="CANCELLED")))

    assert (event["STATUS"], event["TRANSP"], event["X-MICROSOFT-CDO-BUSYSTATUS"], event["SEQUENCE"]) == (
        "CANCELLED",
        "TRANSPARENT",
        "FREE",
        2,
    )


def test_an_offer_is_tentative_and_asks_for_an_answer() -> None:
    event = _read(request(_invitation(status="TENTATIVE", partstat="NEEDS-ACTION")))
    attendee = event["ATTENDEE"].params

    assert (event["STATUS"], attendee["PARTSTAT"], attendee["RSVP"]) == ("TENTATIVE", "NEEDS-ACTION", "TRUE")


def test_nobody_is_asked_to_answer_where_no_answer_can_come_in() -> None:
    assert _read(request(_invitation(rsvp=False)))["ATTENDEE"].params["RSVP"] == "FALSE"


def test_what_is_cancelled_cannot_be_requested() -> None:
    with pytest.raises(ValueError, match="cancel"):
        request(_invitation(status="CANCELLED"))


@both
@pytest.mark.parametrize("zone", VTIMEZONES)
def test_every_form_in_every_zone_is_flawless(form: str, zone: str) -> None:
    assert lint(FORMS[form](_invitation(time_zone=zone)), "20261005T120000Z") == []


@both
@pytest.mark.parametrize(
    ("starts_at", "said"),
    [
        ("2027-01-15T13:00Z", ";TZID=Europe/Paris:20270115T140000"),  # winter
        ("2027-07-01T12:00Z", ";TZID=Europe/Paris:20270701T140000"),  # summer
        ("2027-03-27T13:00Z", ";TZID=Europe/Paris:20270327T140000"),  # the day before spring's change
        ("2027-03-28T00:30Z", ";TZID=Europe/Paris:20270328T013000"),  # the last half hour of winter
        ("2027-03-28T01:00Z", ";TZID=Europe/Paris:20270328T030000"),  # the first of summer
        ("2027-03-28T12:00Z", ";TZID=Europe/Paris:20270328T140000"),
        ("2026-10-24T12:00Z", ";TZID=Europe/Paris:20261024T140000"),  # the day before autumn's change
        ("2026-10-24T22:00Z", ";TZID=Europe/Paris:20261025T000000"),
        ("2026-10-25T00:30Z", ":20261025T003000Z"),  # 02:30 for the first time
        ("2026-10-25T01:30Z", ":20261025T013000Z"),  # 02:30 once more
        ("2026-10-25T02:00Z", ";TZID=Europe/Paris:20261025T030000"),
        ("2026-10-25T13:00Z", ";TZID=Europe/Paris:20261025T140000"),
    ],
)
def test_a_start_means_its_instant_on_every_day_of_the_year(form: str, starts_at: str, said: str) -> None:
    start = datetime.fromisoformat(starts_at)
    octets = FORMS[form](_invitation(starts_at=start, ends_at=start + timedelta(hours=1)))

    assert lint(octets, f"{start:%Y%m%dT%H%M%SZ}") == []
    assert re.findall(r"^DTSTART(.*)$", _entry(octets)[1], re.MULTILINE) == [said]


def test_an_end_that_happens_twice_keeps_its_instant() -> None:
    start, end = datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    event = _read(request(_invitation(starts_at=start, ends_at=end)))

    assert (event["DTSTART"].dt, event["DTEND"].dt) == (start, end)


@given(st.integers(0, 11 * 365 * 24 * 60), st.integers(1, 5 * 24 * 60))
def test_no_start_and_no_end_is_ever_an_hour_off(minute: int, minutes: int) -> None:
    begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    ends = begins + timedelta(minutes=minutes)
    octets = request(_invitation(starts_at=begins, ends_at=ends))
    event = _read(octets)

    assert lint(octets, f"{begins:%Y%m%dT%H%M%SZ}") == []
    assert (event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC)) == (begins, ends)


@given(title=HOSTILE, place=HOSTILE, description=HOSTILE, name=HOSTILE, reason=HOSTILE)
def test_hostile_texts_come_back_as_filtered(title: str, place: str, description: str, name: str, reason: str) -> None:
    invitation = _invitation(title=title, place=place, description=description, attendee_name=name, organizer_name=name)
    asked, ended, kept = request(invitation), cancel(invitation, reason), download(invitation)
    event = _read(asked)

    assert [lint(x, "20261005T120000Z") for x in (asked, ended, kept)] == [[], [], []]
    assert _text(event, "SUMMARY") == (one_line(title) or "–")
    assert _text(event, "LOCATION") == one_line(place)
    assert _text(event, "DESCRIPTION") == prose(f"{invitation.url}\n{prose(description)}")
    assert [event[x].params.get("CN", "") for x in ("ATTENDEE", "ORGANIZER")] == [common_name(name)] * 2
    assert _text(_read(ended), "COMMENT") == prose(reason)
    assert _text(_read(kept), "SUMMARY") == _text(event, "SUMMARY")


@given(HOSTILE)
def test_a_filtered_text_is_clean_short_and_stays_as_it_is(text: str) -> None:
    line, several, name = one_line(text), prose(text, 300), common_name(text)

    assert (len(line) <= 255, len(several) <= 300, len(name) <= 75) == (True, True, True)
    assert (one_line(line), prose(several, 300), common_name(name)) == (line, several, name)
    assert re.findall(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line + name + several.replace("\n", "")) == []
    assert re.findall(r'["^@:;,\\=<>]', name) == []
    assert all(unicodedata.is_normalized("NFC", x) for x in (line, several, name))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (r"C:\Nouveau", r"C:\Nouveau"),
        (r"C:\nouveau\\N", r"C:\nouveau\\N"),
        ("Atelier\r\nATTENDEE:mailto:cleo@example.org", "Atelier ATTENDEE:mailto:cleo@example.org"),
        ("  deux   espaces\t ", "deux espaces"),
        ("a\x85b\u2028c\u2029d\x0be", "a b c d e"),
        ("sonne\x07rie\x00", "sonne rie"),
        ("e\u0301te\u0301", "été"),
        ("\ufeffABC\u202eDEF\u2066", "ABCDEF"),
        ("14\u202fh, «\u00a0ici\u00a0»", "14\u202fh, «\u00a0ici\u00a0»"),
        ("a\ud800b", "ab"),
        ("x" * 255, "x" * 255),
        ("x" * 256, "x" * 254 + "…"),
        ("x" * 254 + "q\u0301", "x" * 254 + "…"),
        ("🛠️ Atelier 日本語", "🛠️ Atelier 日本語"),
    ],
)
def test_a_title_keeps_what_people_meant(typed: str, kept: str) -> None:
    assert one_line(typed) == kept
    assert _text(_read(request(_invitation(title=typed))), "SUMMARY") == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("un\r\ndeux\rtrois\u2028quatre", "un\ndeux\ntrois\nquatre"),
        ("\n\n un \n\n deux \n", "un \n\n deux"),
        ("x" * 3001, "x" * 2999 + "…"),
    ],
)
def test_a_description_keeps_its_lines(typed: str, kept: str) -> None:
    assert prose(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Élodie  D’Or-O'Neil", "Élodie D’Or-O'Neil"),
        ('MARTIN, Ben "Momo" <ben@x.fr>; (CFA)', "MARTIN Ben Momo ben x.fr (CFA)"),
        ("Ben\r\nX:1\\", "Ben X 1"),
        ('"^@:;,\n', ""),
        ("é" * 80, "é" * 74 + "…"),
    ],
)
def test_a_name_keeps_what_clients_can_read(typed: str, kept: str) -> None:
    assert common_name(typed) == kept


def test_a_nameless_attendee_has_no_empty_name() -> None:
    assert "CN" not in _read(request(_invitation(attendee_name="@@")))["ATTENDEE"].params


def test_an_event_without_place_says_none() -> None:
    assert "LOCATION" not in _read(request(_invitation(place=" \n")))


def test_a_cancel_without_reason_has_no_empty_comment() -> None:
    assert "COMMENT" not in _read(cancel(_invitation(), ""))


@pytest.mark.parametrize(
    ("typed", "invited"),
    [
        (" Ben.Martin+x@Example.ORG ", "mailto:Ben.Martin+x@example.org"),
        ("o'neil@École.fr", "mailto:o'neil@xn--cole-9oa.fr"),
        ("ben@straße.example", "mailto:ben@xn--strae-oqa.example"),
    ],
)
def test_an_address_stays_as_typed_and_its_domain_becomes_ascii(typed: str, invited: str) -> None:
    assert _read(request(_invitation(attendee_address=typed)))["ATTENDEE"] == invited


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ben",
        "ben@",
        "@x.fr",
        "élo@x.fr",
        "a b@x.fr",
        "a@x.fr\r\nX:1",
        "a%b@x.fr",
        "a?b@x.fr",
        "a@x@y.fr",
        "a@x..fr",
    ],
)
def test_an_address_that_calendars_cannot_write_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="address"):
        request(_invitation(attendee_address=typed))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"starts_at": datetime(2026, 10, 5, 12)}, "time zone"),  # noqa: DTZ001
        ({"stamp": datetime(2026, 9, 1)}, "time zone"),  # noqa: DTZ001
        ({"ends_at": datetime(2026, 10, 5, 12, tzinfo=UTC)}, "ends after"),
        ({"sequence": -1}, "sequence"),
        ({"uid": "a b@x"}, "uid"),
        ({"uid": "x" * 192}, "uid"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://x.fr/\r\nX:1"}, "url"),
        ({"partstat": "COMPLETED"}, "states"),
        ({"status": "confirmed"}, "states"),
    ],
)
def test_what_no_calendar_could_hold_is_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        _invitation(**wrong)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZone):
        _invitation(time_zone="Europe/Atlantis")


def test_a_uid_cannot_be_guessed_and_fits_every_calendar() -> None:
    uids = {new_uid("École.fr") for _ in range(1000)}

    assert len(uids) == 1000
    assert [x for x in uids if not re.fullmatch(r"[a-z2-7]{26}@xn--cole-9oa\.fr", x)] == []


def test_the_same_invitation_gives_the_same_octets() -> None:
    assert request(_invitation()) == request(_invitation())


def _invitation(**other: object) -> Invitation:
    usual = Invitation(
        uid="k5xq@campus.example",
        sequence=2,
        stamp=datetime(2026, 9, 1, 9, 30, tzinfo=PARIS),
        starts_at=datetime(2026, 10, 5, 12, tzinfo=UTC),
        ends_at=datetime(2026, 10, 5, 14, tzinfo=UTC),
        time_zone="Europe/Paris",
        title="Visite de l’usine, côté atelier",
        place="Arc, Saint-Omer",
        description="Chaussures fermées.\nPièce d'identité.",
        url="https://campus.example/r/abc?x=1",
        organizer_name="Campus Flandre-Audomarois",
        organizer_address="rdv@campus.example",
        attendee_name="Ben",
        attendee_address="ben@example.org",
    )
    return replace(usual, **other)  # type: ignore[arg-type]


def _entry(octets: bytes) -> tuple[str, str]:
    """Head and entry as readable lines: without folds, and without the VTIMEZONE between them."""
    head, rest = octets.decode().replace("\r\n ", "").replace("\r\n", "\n").split("BEGIN:VTIMEZONE\n")
    return head, rest.partition("END:VTIMEZONE\n")[2]


def _read(octets: bytes) -> Any:
    """The one event, as another reader sees it."""
    calendar = Calendar.from_ical(octets)
    assert (calendar.errors, [x.errors for x in calendar.events]) == ([], [[]])
    return calendar.events[0]


def _text(event: Any, name: str) -> str:
    return str(event.get(name, ""))
