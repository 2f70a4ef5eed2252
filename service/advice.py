"""What may be left unset and yet matters once real people use the service."""

from typing import NamedTuple
from urllib.parse import urlsplit

from service.settings import DEFAULT_CAMPUS, Settings

WHERE = "Set them in `.env` beside compose.yaml, or in the EnvironmentFile of the units, and start again."
LOOPBACK = ("localhost", "127.0.0.1", "::1")
NO_ONE = ".invalid"


class Unset(NamedTuple):
    """A variable that nobody has set, and what follows from that, in one clause."""

    name: str
    why: str


def unset(chosen: Settings) -> list[Unset]:
    """What is not set yet and should be before people come, in the order of the README's table."""
    is_nameless = chosen.campus_name == DEFAULT_CAMPUS
    letters, legal = chosen.data_dir / "mail", "the law wants it in the legal notice"
    told = {
        "SMTP_URL": None if chosen.smtp_url else f"letters become files in {letters} and reach nobody",
        "MAIL_FROM": _of_no_one(chosen.mail_from, "mail servers turn letters of this sender away"),
        "CONTACT_EMAIL": _of_no_one(chosen.contact_email, "people write to an address that does not exist"),
        "PUBLIC_URL": _address(chosen),
        "CAMPUS_NAME": "pages and letters name no campus in particular" if is_nameless else None,
        "PUBLISHER": None if chosen.publisher else legal,
        "PUBLICATION_DIRECTOR": None if chosen.publication_director else legal,
        "HOSTING": None if chosen.hosting else legal,
        "TRUSTED_PROXIES": _proxies(chosen),
    }
    return [Unset(name, why) for name, why in told.items() if why]


def _of_no_one(address: str, why: str) -> str | None:
    return why if address.endswith(NO_ONE) else None


def _address(chosen: Settings) -> str | None:
    if urlsplit(chosen.public_url).hostname in LOOPBACK:
        return "links in letters lead to the reader's own machine"
    return None if chosen.is_https else "names and booking links travel unencrypted"


def _proxies(chosen: Settings) -> str | None:
    """HTTPS means a proxy in front: unless it is trusted, all its visitors are counted as one."""
    is_missing = chosen.is_https and not chosen.trusted_proxies
    return "all who come through the proxy share the rate limits of one visitor" if is_missing else None
