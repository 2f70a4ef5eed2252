"""The README is true: every setting stands in it, every command it names exists."""

import re
from pathlib import Path

from service import settings
from service.campus import preferences
from service.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_table_lists_every_setting_and_no_other() -> None:
    table = README[README.index("| variable |") : README.index("## Running it for real")]
    rows = [line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|")]

    assert sorted(re.findall(r"`([A-Z_]+)`", " ".join(rows))) == sorted(settings.VARIABLES)


def test_it_names_what_the_office_sets_too() -> None:
    told = README[README.index("An administrator sets these") : README.index("## Running it for real")]

    assert set(re.findall(r"`([A-Z_]+)`", told)) == {name.upper() for name in preferences.KNOWN} & set(
        settings.VARIABLES
    )


def test_the_table_tells_the_default_rates() -> None:
    units = {3600: "h", 86400: "d"}
    told = [f"{name}={rate.count}/{units[rate.seconds]}" for name, rate in settings.DEFAULT_RATES.items()]

    assert ", ".join(told) in README


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"passerelle ([a-z]+)", README)) - {"is"}
    targets = set(re.findall(r"\bmake ([a-z]+)", README))

    assert named <= set(main.commands)
    assert targets <= set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def test_the_picture_and_the_licence_are_there() -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)

    assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_the_floors_it_shows_are_the_folders_that_exist() -> None:
    plan = README[README.index("service/\n") + 9 : README.index("templates/      pages")]
    shown = set(re.findall(r"\b([a-z]+)/(?=\s)", plan))
    folders = {path.parent.name for path in (ROOT / "service").glob("*/__init__.py")}

    assert shown == folders
