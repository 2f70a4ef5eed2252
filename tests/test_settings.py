"""Settings: read once, and nonsense is refused in one line that names the variable."""

import stat
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from service.settings import DEFAULT_RATES, VARIABLES, BadSetting, Rate, Settings, kept_secret

SECRET = "0123456789abcdef0123456789abcdef"
DATABASE = "postgresql://passerelle:hidden@db.example/passerelle"
IMPRINT = {
    "PUBLISHER": "Association du Campus",
    "PUBLISHER_ADDRESS": "1 place de la Gare, 62500 Saint-Omer",
    "PUBLISHER_ID": "SIREN 123 456 789",
    "PUBLICATION_DIRECTOR": "Claire Martel",
    "HOSTING": "Hébergeur, 2 rue du Port, 59000 Lille, 03 20 00 00 00",
    "CONTACT_PHONE": "03 21 00 00 00",
    "PRIVACY_EMAIL": "dpo@example.org",
    "ACCESSIBILITY_STATE": "partial",
    "ACCESSIBILITY_AUDIT": "3 mars 2026, 92 % des critères",
}
NONSENSE = [
    ("DATABASE_URL", "mysql://db/passerelle"),
    ("DATABASE_URL", "passerelle"),
    ("SECRET_KEY", "short"),
    ("SMTP_URL", "mail.example.org"),
    ("SMTP_URL", "http://mail.example.org"),
    ("SMTP_URL", "smtp://"),
    ("SMTP_URL", "smtp://mail.example.org:port"),
    ("SMTP_URL", "smtp://mail.example.org:99999"),
    ("MAIL_FROM", "agenda"),
    ("MAIL_FROM", "Campus <agenda@example.org>"),
    ("MAIL_FROM", "agenda@example.org\nBcc: x@example.org"),
    ("CONTACT_EMAIL", "contact@"),
    ("PUBLIC_URL", "agenda.example.org"),
    ("PUBLIC_URL", "ftp://agenda.example.org"),
    ("PUBLIC_URL", "https://agenda.example.org/path"),
    ("PUBLIC_URL", "https://agenda.example.org?x=1"),
    ("PUBLIC_URL", "https://agenda.example.org#here"),
    ("PUBLIC_URL", "https://user@agenda.example.org"),
    ("PUBLIC_URL", "https://agenda.example.org:port"),
    ("PUBLIC_URL", "https://agenda example.org"),
    ("CAMPUS_NAME", "C" * 121),
    ("CAMPUS_NAME", "Campus\x07"),
    ("TIME_ZONE", "Paris"),
    ("TIME_ZONE", "Europe"),
    ("TIME_ZONE", "../etc/passwd"),
    ("PORT", "http"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "८०"),
    ("HOST", "\x07"),
    ("WORKERS", "0"),
    ("WORKERS", "many"),
    ("TRUSTED_PROXIES", "the proxy"),
    ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ("RATE_LIMITS", "network=many"),
    ("RATE_LIMITS", "network=0/h"),
    ("RATE_LIMITS", "coffee=3/h"),
    ("RATE_LIMITS", "network=3/week"),
    ("LOG_LEVEL", "loud"),
    ("PUBLISHER", "P" * 301),
    ("PUBLISHER_ADDRESS", "12 rue\x07"),
    ("PUBLISHER_ID", "9" * 301),
    ("PUBLICATION_DIRECTOR", "Claire\nMartel"),
    ("HOSTING", "H" * 301),
    ("CONTACT_PHONE", "03\x0012"),
    ("PRIVACY_EMAIL", "dpo"),
    ("ACCESSIBILITY_STATE", "perfect"),
    ("ACCESSIBILITY_AUDIT", "A" * 301),
]


def test_without_any_variable_it_is_a_laptop_s_service(tmp_path: Path) -> None:
    read = Settings.from_environment({"DATA_DIR": str(tmp_path)})
    assert (read.database_url, read.smtp_url, read.trusted_proxies, read.demo) == (None, None, (), False)
    assert (read.host, read.port, read.workers, read.log_level) == ("127.0.0.1", 8000, 2, "INFO")
    assert (read.public_url, read.is_https) == ("http://localhost:8000", False)
    assert (read.time_zone, read.data_dir) == ("Europe/Paris", tmp_path)
    assert read.rate_limits == DEFAULT_RATES
    assert (read.privacy_email, read.accessibility_state) == (read.contact_email, "unaudited")
    assert {read.publisher, read.publication_director, read.hosting, read.contact_phone} == {""}


def test_every_variable_is_read(tmp_path: Path) -> None:
    read = Settings.from_environment(
        {
            "DATABASE_URL": DATABASE,
            "SECRET_KEY": SECRET,
            "SMTP_URL": "smtps://user:hidden@mail.example.org",
            "MAIL_FROM": "agenda@example.org",
            "CONTACT_EMAIL": "contact@example.org",
            "PUBLIC_URL": "https://agenda.example.org/",
            "CAMPUS_NAME": "Campus des Métiers",
            "TIME_ZONE": "Europe/Brussels",
            "PORT": " 9000 ",
            "HOST": "0.0.0.0",
            "WORKERS": "4",
            "TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1",
            "RATE_LIMITS": "network=5/min, changes = 9/d",
            "DATA_DIR": str(tmp_path),
            "LOG_LEVEL": "debug",
            **IMPRINT,
        }
    )
    assert {name: getattr(read, name.lower()) for name in VARIABLES} == {
        "DATABASE_URL": DATABASE,
        "SECRET_KEY": SECRET,
        "SMTP_URL": "smtps://user:hidden@mail.example.org",
        "MAIL_FROM": "agenda@example.org",
        "CONTACT_EMAIL": "contact@example.org",
        "PUBLIC_URL": "https://agenda.example.org",
        "CAMPUS_NAME": "Campus des Métiers",
        "TIME_ZONE": "Europe/Brussels",
        "PORT": 9000,
        "HOST": "0.0.0.0",
        "WORKERS": 4,
        "TRUSTED_PROXIES": (ip_network("10.0.0.0/8"), ip_network("2001:db8::1")),
        "RATE_LIMITS": {**DEFAULT_RATES, "network": Rate(5, 60), "changes": Rate(9, 86400)},
        "DATA_DIR": tmp_path,
        "LOG_LEVEL": "DEBUG",
        **IMPRINT,
    }
    assert (read.is_https, read.mail_domain) == (True, "example.org")


@pytest.mark.parametrize(("name", "value"), NONSENSE)
def test_nonsense_is_refused_in_one_line_that_names_the_variable(tmp_path: Path, name: str, value: str) -> None:
    environment = {"DATABASE_URL": DATABASE, "SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path), name: value}
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environment(environment)
    said = str(refusal.value)
    assert said.startswith(f"{name}: ")
    assert (len(said.splitlines()), len(said) < 250) == (1, True)


def test_all_that_is_wrong_is_said_at_once_a_line_each(tmp_path: Path) -> None:
    wrong = dict(NONSENSE)
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environment({**wrong, "DATA_DIR": str(tmp_path)})

    assert sorted(line.split(": ")[0] for line in refusal.value.lines) == sorted(wrong)
    assert str(refusal.value).splitlines() == list(refusal.value.lines)
    assert list(tmp_path.iterdir()) == []


def test_every_variable_but_the_folder_has_its_nonsense() -> None:
    assert {name for name, _ in NONSENSE} == set(VARIABLES) - {"DATA_DIR"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "ftp://user:hidden@mail.example.org"),
        ("SMTP_URL", "smtp://user:hid#den@mail.example.org"),
        ("DATABASE_URL", "mysql://user:hidden@db"),
    ],
)
def test_a_refusal_repeats_no_password(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environment({"SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path), name: value})
    assert "hid" not in str(refusal.value)


def test_a_database_of_one_s_own_needs_a_secret_of_one_s_own(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"^SECRET_KEY: needed with DATABASE_URL"):
        Settings.from_environment({"DATABASE_URL": DATABASE, "DATA_DIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_a_secret_of_one_s_own_is_never_a_short_one(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"^SECRET_KEY: "):
        Settings.from_environment({"SECRET_KEY": "short", "DATA_DIR": str(tmp_path)})


def test_a_kept_secret_that_was_cut_short_is_refused_by_the_name_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(BadSetting, match=r"^DATA_DIR: "):
        Settings.from_environment({"DATA_DIR": str(tmp_path)})


def test_the_kept_secret_is_for_its_owner_only_and_the_same_at_the_second_reading(tmp_path: Path) -> None:
    first = Settings.from_environment({"DATA_DIR": str(tmp_path / "var")}).secret_key
    second = Settings.from_environment({"DATA_DIR": str(tmp_path / "var")}).secret_key
    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_two_installations_have_two_secrets(tmp_path: Path) -> None:
    assert kept_secret(tmp_path / "one") != kept_secret(tmp_path / "two")


def test_processes_that_start_at_once_keep_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        for start in range(50):
            folder = tmp_path / str(start)
            secrets = set(threads.map(lambda _, kept=folder: kept_secret(kept), range(8)))
            assert len(secrets) == 1
            assert len(secrets.pop()) >= 32


def test_a_given_secret_is_used_and_none_is_kept(tmp_path: Path) -> None:
    assert Settings.from_environment({"SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path)}).secret_key == SECRET
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match=r"^DATA_DIR: "):
        Settings.from_environment({"DATA_DIR": str(tmp_path / "file")})


def test_a_child_process_reads_the_same_database_and_secret(tmp_path: Path) -> None:
    read = Settings.from_environment({"DATA_DIR": str(tmp_path)}).with_database(DATABASE)
    child = Settings.from_environment({**read.as_environment(), "DATA_DIR": str(tmp_path)})
    assert (child.database_url, child.secret_key) == (DATABASE, read.secret_key)
