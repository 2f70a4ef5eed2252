"""What is not set yet and matters once people come."""

from pathlib import Path

import pytest

from service.advice import Unset, unset
from service.settings import VARIABLES
from tests.conftest import some_settings

REAL = {
    "SMTP_URL": "smtps://mail.example.org",
    "MAIL_FROM": "agenda@example.org",
    "CONTACT_EMAIL": "contact@example.org",
    "PUBLIC_URL": "https://agenda.example.org",
    "CAMPUS_NAME": "Campus Industrie",
    "TRUSTED_PROXIES": "10.0.0.1",
    "PUBLISHER": "Association du Campus",
    "PUBLICATION_DIRECTOR": "Claire Martel",
    "HOSTING": "Hébergeur, 59000 Lille",
}


def test_nothing_is_said_when_all_is_set(tmp_path: Path) -> None:
    assert _unset(tmp_path, {}) == []


def test_all_that_nobody_set_is_named_once(tmp_path: Path) -> None:
    """No proxy is missed as long as the address is no HTTPS one."""
    named = [one.name for one in _unset(tmp_path, dict.fromkeys(REAL, ""))]

    assert sorted(named) == sorted(set(REAL) - {"TRUSTED_PROXIES"})
    assert set(REAL) <= set(VARIABLES)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SMTP_URL", "", "letters become files in"),
        ("MAIL_FROM", "agenda@passerelle.invalid", "mail servers turn letters of this sender away"),
        ("CONTACT_EMAIL", "", "people write to an address that does not exist"),
        ("PUBLIC_URL", "http://agenda.example.org", "names and booking links travel unencrypted"),
        ("PUBLIC_URL", "http://localhost:8000", "links in letters lead to the reader's own machine"),
        ("PUBLIC_URL", "https://127.0.0.1", "links in letters lead to the reader's own machine"),
        ("PUBLIC_URL", "http://[::1]:8000", "links in letters lead to the reader's own machine"),
        ("CAMPUS_NAME", "", "pages and letters name no campus in particular"),
        ("TRUSTED_PROXIES", "", "all who come through the proxy share the rate limits of one visitor"),
        ("PUBLISHER", "", "the law wants it in the legal notice"),
        ("PUBLICATION_DIRECTOR", "", "the law wants it in the legal notice"),
        ("HOSTING", "", "the law wants it in the legal notice"),
    ],
)
def test_each_is_named_with_what_follows(tmp_path: Path, name: str, value: str, why: str) -> None:
    (found,) = _unset(tmp_path, {name: value})

    assert (found.name, found.why.startswith(why)) == (name, True)


def test_no_value_is_repeated(tmp_path: Path) -> None:
    """The list is read in logs: it tells names of variables, never what is in them."""
    told = repr(_unset(tmp_path, {"PUBLIC_URL": "http://hidden.example.org", "MAIL_FROM": "hidden@campus.invalid"}))

    assert "hidden" not in told


def _unset(data_dir: Path, changes: dict[str, str]) -> list[Unset]:
    return unset(some_settings("postgresql://passerelle@db.example/passerelle", data_dir, **{**REAL, **changes}))
