"""What the house forbids, and the versions below which it does not go."""

import re
from importlib.metadata import version
from pathlib import Path

from packaging.version import Version

SERVICE = Path(__file__).parent.parent / "service"
LEAST = {
    "litestar": "2.25.0",
    "piccolo": "1.38.0",
    "aiosmtplib": "5.1.3",
    "icalendar": "7.3.0",
    "granian": "2.8.7",
    "multipart": "1.3.1",
    "jinja2": "3.1.6",
}
BANNED = {
    r"\.batch\(": "swallows every error: an export falls short unnoticed",
    r"get_or_create\(": "races",
    r"\.save\(\)": "writes all columns: a lost update",
    r"add_missing_timezones": "its summer onsets are an hour late",
    r"\|\s*safe\b": "escaping is not switched off in templates",
    r"style=\"": "the content policy refuses inline styles",
}


def test_no_library_is_older_than_its_known_faults() -> None:
    assert [name for name, least in LEAST.items() if Version(version(name)) < Version(least)] == []


def test_nothing_banned_is_used() -> None:
    pages = SERVICE.parent / "templates"
    files = [*SERVICE.rglob("*.py"), *(pages / "pages").rglob("*.html"), *(pages / "parts").rglob("*.html")]

    assert [(file.name, word) for file in files for word in BANNED if re.search(word, file.read_text())] == []


def test_each_ban_finds_what_it_bans() -> None:
    """The negative control of the search."""
    samples = [
        "rows.batch(",
        "get_or_create(x)",
        "row.save()",
        "add_missing_timezones",
        "{{ x|safe }}",
        '<p style="x">',
    ]

    assert [bool(re.search(word, sample)) for word, sample in zip(BANNED, samples, strict=True)] == [True] * 6
