"""One person's invitation to one event: as a request, as its cancellation, and as a file to download."""

import re
import unicodedata
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import CLASS, STATUS, TRANSP, Alarm, Event, vCalAddress, vText

from service.calendars.zones import UnknownZone, is_known, vtimezone
from service.text import ascii_domain

PRODID: Final = "-//Passerelle//Passerelle//FR"
ONE_LINE, PROSE, NAME = 255, 3000, 75
UNTITLED: Final = "–"
STATUSES: Final = ("CONFIRMED", "TENTATIVE", "CANCELLED")
PARTSTATS: Final = ("NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED")
BREAKS = (0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
INVISIBLE = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0xFFFE, 0xFFFF)
CLEAN: Final[dict[int, str | None]] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " "),
    **dict.fromkeys(BREAKS, "\n"),
    **dict.fromkeys((*INVISIBLE, *range(0xD800, 0xE000)), None),
}
# Clients do not decode RFC 6868, split at the first of these, or strip the blanks around "=".
NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys('"^@:;,\\=<>', " "))
ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$&'*+/=^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*")
UID: Final = re.compile(r"[!-~]{1,191}")
URL: Final = re.compile(r"https?://[!#-;=?-\[\]_a-z~]+")


@dataclass(frozen=True)
class Invitation:
    """What one VEVENT says to one attendee. Times are aware, texts as people typed them.

    ``description`` goes below the line that carries ``url``, the booking's page.
    With every mailed change ``sequence`` grows by one and ``stamp`` by a second or more.
    Refuses what no calendar could hold: ValueError.
    """

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    title: str
    place: str
    description: str
    url: str
    organizer_name: str
    organizer_address: str
    attendee_name: str
    attendee_address: str
    partstat: str = "ACCEPTED"
    status: str = "CONFIRMED"
    rsvp: bool = True

    def __post_init__(self) -> None:
        # What these hold opens a booking, so the messages do not repeat it: they end up in logs.
        if not is_known(self.time_zone):
            raise UnknownZone(self.time_zone)
        if None in (self.stamp.utcoffset(), self.starts_at.utcoffset(), self.ends_at.utcoffset()):
            raise ValueError("stamp, starts_at and ends_at need a time zone")
        if self.ends_at - self.starts_at < timedelta(seconds=1):
            raise ValueError("an event ends after it starts")
        if self.sequence < 0 or not UID.fullmatch(self.uid) or not URL.fullmatch(self.url):
            raise ValueError("sequence, uid or url is not fit for a calendar")
        if self.partstat not in PARTSTATS or self.status not in STATUSES:
            raise ValueError(f"not states of an event: {self.partstat}, {self.status}")


def request(invitation: Invitation) -> bytes:
    """The REQUEST that invites, or tells the invited of a change. A cancelled one is refused: ValueError."""
    if invitation.status == STATUS.CANCELLED:
        raise ValueError("what is cancelled is told by cancel()")
    event = _entry(invitation)
    _invite(event, invitation, rsvp=invitation.rsvp)
    event.add("X-MICROSOFT-DISALLOW-COUNTER", "TRUE")
    event.add_component(Alarm.new_display(_title(invitation), trigger=timedelta(days=-1)))
    return _calendar(event, invitation.time_zone, method="REQUEST")


def cancel(invitation: Invitation, reason: str) -> bytes:
    """The CANCEL that takes the entry out of the calendar; ``reason`` is shown to the attendee."""
    event = _core(invitation)
    event.status = STATUS.CANCELLED
    _invite(event, invitation, rsvp=False)
    if comment := prose(reason):
        event.add("COMMENT", Words(comment))
    return _calendar(event, invitation.time_zone, method="CANCEL")


def download(invitation: Invitation) -> bytes:
    """The same entry as a file: with the mail it makes one entry, and it asks nobody to answer."""
    event = _entry(invitation)
    event.last_modified = invitation.stamp
    return _calendar(event, invitation.time_zone)


def new_uid(domain: str) -> str:
    """A new UID with 130 random bits: knowing it is the right to answer for that invitation."""
    return f"{b32encode(token_bytes(17)).decode('ascii')[:26].lower()}@{ascii_domain(domain)}"


def one_line(text: str, limit: int = ONE_LINE) -> str:
    """Fit for SUMMARY or LOCATION: one line, no controls, NFC, cut to ``limit`` characters."""
    return _cut(re.sub(r"[ \n]+", " ", _clean(text)).strip(), limit)


def prose(text: str, limit: int = PROSE) -> str:
    r"""Fit for DESCRIPTION or COMMENT: only ``\n`` between lines, no controls, NFC, cut to ``limit``."""
    return _cut(_clean(text).strip(), limit)


def common_name(name: str) -> str:
    """Fit for CN, which has no escape that clients read; may come out empty."""
    return one_line(name.translate(NOT_IN_NAMES), NAME)


class Words(vText):
    r"""A TEXT that keeps its backslashes: the library's own makes ``C:\Nouveau`` two lines."""

    __slots__ = ()

    def to_ical(self) -> bytes:
        """The text with the four escapes of RFC 5545, the backslash first."""
        escaped = self.replace("\\", r"\\").replace(";", r"\;").replace(",", r"\,").replace("\n", r"\n")
        return escaped.encode()


def _entry(invitation: Invitation) -> Event:
    """What REQUEST and download share: the whole entry but the people in it."""
    cancelled = invitation.status == STATUS.CANCELLED
    event = _core(invitation)
    event.status = STATUS(invitation.status)
    event.description = Words(prose(f"{invitation.url}\n{prose(invitation.description)}"))
    event.url = invitation.url
    event.classification = CLASS.PUBLIC
    event.transparency = TRANSP.TRANSPARENT if cancelled else TRANSP.OPAQUE
    event.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE" if cancelled else "BUSY")
    if place := one_line(invitation.place):
        event.location = Words(place)
    return event


def _core(invitation: Invitation) -> Event:
    """What every form carries: which entry, its revision, when and what."""
    start, end = _local(invitation)
    return Event.new(
        uid=invitation.uid,
        sequence=invitation.sequence,
        stamp=invitation.stamp,
        start=start,
        end=end,
        summary=_title(invitation),
    )


def _title(invitation: Invitation) -> Words:
    return Words(one_line(invitation.title) or UNTITLED)


def _local(invitation: Invitation) -> tuple[datetime, datetime]:
    """Start and end in the zone; in UTC when one of them is in the hour that an autumn night has twice."""
    zone = ZoneInfo(invitation.time_zone)
    start, end = invitation.starts_at.astimezone(zone), invitation.ends_at.astimezone(zone)
    if _happens_twice(start) or _happens_twice(end):
        # A local time cannot say which of the two it means: RFC 5545 takes the first, clients differ.
        return start.astimezone(UTC), end.astimezone(UTC)
    return start, end


def _happens_twice(moment: datetime) -> bool:
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def _invite(event: Event, invitation: Invitation, *, rsvp: bool) -> None:
    """Exactly one organiser and exactly one attendee: nobody learns another's address."""
    organizer = common_name(invitation.organizer_name)
    event.organizer = vCalAddress.new(_address(invitation.organizer_address), cn=organizer or None)
    attendee = vCalAddress.new(
        _address(invitation.attendee_address),
        cn=common_name(invitation.attendee_name) or None,
        cutype="INDIVIDUAL",
        role="REQ-PARTICIPANT",
        partstat=invitation.partstat,
        rsvp=rsvp,
    )
    event.attendees = [attendee]


def _address(typed: str) -> str:
    local, _, domain = typed.strip().rpartition("@")
    address = f"{local}@{ascii_domain(domain)}"
    if not ADDRESS.fullmatch(address):
        raise ValueError("not an address that can be invited")
    return address


def _calendar(event: Event, time_zone: str, method: str | None = None) -> bytes:
    # The frame by hand: Calendar.new() adds a random UID, and the library would parse and rewrite the zone.
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    head += [f"METHOD:{method}"] if method else []
    opening = "".join(f"{line}\r\n" for line in head).encode("ascii")
    entry: bytes = event.to_ical()
    return opening + vtimezone(time_zone) + entry + b"END:VCALENDAR\r\n"


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(CLEAN))


def _cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, … where something is missing; no letter loses its accent."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + "…"
