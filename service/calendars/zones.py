"""Time zones as constants: the VTIMEZONE blocks that this service writes, each checked by a test.

Outlook reads RRULE and ignores RDATE, and generated blocks have been an hour off: so none is ever computed.
"""

from collections.abc import Mapping
from typing import Final


class UnknownZone(ValueError):
    """There is no checked VTIMEZONE for this zone."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"no checked VTIMEZONE for {zone!r}, but for {', '.join(sorted(VTIMEZONES))}")


def is_known(zone: str) -> bool:
    """Whether calendar files can be written for this IANA zone (asked once, at start)."""
    return zone in VTIMEZONES


def vtimezone(zone: str) -> bytes:
    """The zone's VTIMEZONE, ready to stand in a calendar file (CRLF, no folds). Refuses: UnknownZone."""
    if zone not in VTIMEZONES:
        raise UnknownZone(zone)
    return VTIMEZONES[zone]


def _central_european(zone: str) -> bytes:
    """UTC+1, and one hour more from the last Sunday of March to the last Sunday of October."""
    return _block(
        zone,
        "BEGIN:DAYLIGHT",
        "DTSTART:19700329T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:19701025T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
    )


def _without_summer_time(zone: str, offset: str, name: str) -> bytes:
    """The same offset all year, with the name that tzdata gives it (often its number)."""
    return _block(
        zone,
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        f"TZOFFSETFROM:{offset}",
        f"TZOFFSETTO:{offset}",
        f"TZNAME:{name}",
        "END:STANDARD",
    )


def _block(zone: str, *observances: str) -> bytes:
    lines = ("BEGIN:VTIMEZONE", f"TZID:{zone}", f"X-LIC-LOCATION:{zone}", *observances, "END:VTIMEZONE", "")
    return "\r\n".join(lines).encode("ascii")


VTIMEZONES: Final[Mapping[str, bytes]] = {
    "Europe/Paris": _central_european("Europe/Paris"),
    "Europe/Berlin": _central_european("Europe/Berlin"),
    "Europe/Brussels": _central_european("Europe/Brussels"),
    "Europe/Luxembourg": _central_european("Europe/Luxembourg"),
    "Europe/Zurich": _central_european("Europe/Zurich"),
    "America/Cayenne": _without_summer_time("America/Cayenne", "-0300", "-03"),
    "America/Guadeloupe": _without_summer_time("America/Guadeloupe", "-0400", "AST"),
    "America/Martinique": _without_summer_time("America/Martinique", "-0400", "AST"),
    "Indian/Mayotte": _without_summer_time("Indian/Mayotte", "+0300", "EAT"),
    "Indian/Reunion": _without_summer_time("Indian/Reunion", "+0400", "+04"),
    "Pacific/Marquesas": _without_summer_time("Pacific/Marquesas", "-0930", "-0930"),
    "Pacific/Noumea": _without_summer_time("Pacific/Noumea", "+1100", "+11"),
    "Pacific/Tahiti": _without_summer_time("Pacific/Tahiti", "-1000", "-10"),
}
