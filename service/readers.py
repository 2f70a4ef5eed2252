"""Reading one value as somebody wrote it, in a variable or in the office: ValueError says what it should be."""

import re
from collections.abc import Callable
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Network = IPv4Network | IPv6Network
LONGEST_NAME, LONGEST_TEXT, LAST_PORT = 120, 300, 65535
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
CONFORMITY = ("unaudited", "none", "partial", "full")


def smtp(raw: str) -> str | None:
    """The address of a mail server, or none."""
    if not raw:
        return None
    try:
        parts = urlsplit(raw)
        is_server = parts.scheme in ("smtp", "smtp+starttls", "smtps") and parts.hostname and parts.port != 0
    except ValueError:  # the library's words would quote parts of a password
        is_server = False
    if not is_server:
        raise ValueError("smtp://host, smtp+starttls://user:password@host or smtps://user:password@host")
    return raw


def address(raw: str) -> str:
    """An e-mail address."""
    if parseaddr(raw)[1] != raw or not re.fullmatch(r"[!-~]+@[A-Za-z0-9.-]+", raw):
        raise ValueError(f"an e-mail address, not {raw!r}")
    return raw


def optional_address(raw: str) -> str:
    """The same, or nothing."""
    return address(raw) if raw else ""


def public_url(raw: str) -> str:
    """The address that people use, without a slash at its end; or nothing."""
    if not raw:
        return ""
    match = re.fullmatch(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?/*", raw)
    if not match or not 0 < int(match[1] or 443) <= LAST_PORT:
        raise ValueError("an address without path such as https://agenda.example.org")
    return raw.rstrip("/")


def text(most: int) -> Callable[[str], str]:
    """One line of at most so many characters, all of which can be seen."""

    def read(raw: str) -> str:
        if len(raw) > most or not raw.isprintable():
            raise ValueError(f"at most {most} printable characters")
        return raw

    return read


name, words = text(LONGEST_NAME), text(LONGEST_TEXT)


def zone(raw: str) -> str:
    """The name of a time zone."""
    try:
        return ZoneInfo(raw).key
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError(f"a zone of the IANA list such as Europe/Paris, not {raw!r}") from None


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number in these bounds."""

    def read(raw: str) -> int:
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
            raise ValueError(f"a whole number from {low} to {high}, not {raw!r}")
        return int(raw)

    return read


def networks(raw: str) -> tuple[Network, ...]:
    """Networks, with commas between them."""
    return tuple(ip_network(part.strip()) for part in raw.split(",") if part.strip())


def conformity(raw: str) -> str:
    """How far an audit found the site to follow the RGAA."""
    if raw not in CONFORMITY:
        raise ValueError(f"one of {', '.join(CONFORMITY)}, not {raw!r}")
    return raw


def level(raw: str) -> str:
    """How much is logged."""
    if raw.upper() not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}, not {raw!r}")
    return raw.upper()
