"""What LibreOffice makes of our files, as in a French office: each value arrives, of its kind, none is calculated."""

import asyncio
import os
import re
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from litestar import Litestar

from service import i18n
from tests.bookings.classes import a_class_of, class_event
from tests.conftest import libreoffice
from tests.makers import BEN, CLEO, make_booking, make_slot
from tests.web.office.harness import browser_of, somebody

HOSTILE = [
    "=1+1", "+33 6 12 34", "-2", "@SUM(A1:A9)", "＝1+1", "  =cmd|' /C calc'!A0", '=HYPERLINK("http://evil.test";"x")',
    'O"Brien', "d'Hôte; DROP TABLE", "Deux\nlignes", "Élodie 🎓", "李小龙", "محمد العلي", "\u202eabc",
    "3-2", "3E4", "0612", "Anne-Sophie-Marie-Élisabeth-Charlotte-Zoé", "Faux", "'apostrophe", "50 %",
]  # fmt: skip
VALUES = ("3-2", "3E4", "0612", "Faux", "50 %")
FRENCH = "CSV:59,34,76,1,,1036,false,true"  # semicolons, quotes, UTF-8, from the first line, French, days are days
PATIENCE = 120.0  # for a spreadsheet that hangs; no test waits for it otherwise

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
Value = str | float | None


@pytest.fixture(scope="module")
async def opened(_opened: None, app: Litestar, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Our files as LibreOffice read them, by name: two runs for all of them."""
    program = libreoffice()
    if program is None:
        if os.environ.get("REQUIRE_LIBREOFFICE") == "1":
            pytest.fail("no LibreOffice found, and REQUIRE_LIBREOFFICE=1 asks for one")
        pytest.skip("no LibreOffice found")
    folder = tmp_path_factory.mktemp("spreadsheets")
    await _take_out(app, folder)
    (folder / "planted-csv.csv").write_text("Nom\n=1+1\n")
    await _convert(program, folder, "csv", f"--infilter={FRENCH}")
    await _convert(program, folder, "xlsx")
    return {path.stem: path for path in folder.glob("*.fods")}


@pytest.mark.parametrize("file", ["sheet-csv", "sheet-xlsx", "bookings-csv", "bookings-xlsx"])
def test_nothing_is_calculated(opened: dict[str, Path], file: str) -> None:
    content = opened[file].read_text()
    assert "table:formula" not in content
    assert "xlink:href" not in content
    assert not re.search(r"Err:\d|#(?:NAME|REF|VALUE|NOM|VALEUR)", content)


def test_what_nobody_neutralised_would_be_calculated(opened: dict[str, Path]) -> None:
    """The negative control: it is our encoder, not a shy spreadsheet."""
    assert "table:formula" in opened["planted-csv"].read_text()


@pytest.mark.parametrize(("file", "mark"), [("sheet-csv", "'"), ("sheet-xlsx", "")])
def test_every_line_of_the_sheet_arrives_with_its_name(opened: dict[str, Path], file: str, mark: str) -> None:
    rows = [row for row in rows_of(opened[file]) if row and isinstance(row[0], float)]
    assert [row[0] for row in rows] == list(range(1, len(HOSTILE) + 28 + 1))
    wanted = [shown(f"{name.upper()} Ben".strip(), mark) for name in HOSTILE]
    assert sorted(str(row[1]) for row in rows[: len(HOSTILE)]) == sorted(wanted)
    assert rows[-1][1:3] == [None, "3-2, Collège des Trois-Canaux"]


@pytest.mark.parametrize(("file", "mark"), [("bookings-csv", "'"), ("bookings-xlsx", "")])
def test_every_booking_arrives_with_its_values_each_of_its_kind(opened: dict[str, Path], file: str, mark: str) -> None:
    header, *rows = rows_of(opened[file])
    at = {str(name): column for column, name in enumerate(header)}
    assert len(rows) == len(HOSTILE) + 1
    assert sorted(str(row[at["Last name"]]) for row in rows) == sorted(
        shown(name, mark) for name in [*HOSTILE, CLEO.last_name]
    )
    assert {row[at["Seats"]] for row in rows} == {1.0, 28.0}
    assert {row[at["Class"]] for row in rows} == {None, shown("3-2", mark)}
    day = (i18n.today() + timedelta(days=7)).isoformat()
    assert {str(row[at["Date"]])[:10] for row in rows} == {day}
    assert {row[at["Start"]] for row in rows} == {"PT09H00M00S"}
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", str(row[at["Booked on"]])) for row in rows)


def shown(cell: str, mark: str) -> str:
    """A text as it must arrive. In CSV, an apostrophe goes before what could be taken for something else."""
    plain = cell.replace("\u202e", " ") if mark else cell
    return f"{mark}{plain}" if cell.lstrip()[0] in "=+-@＝" or cell in VALUES else plain


def rows_of(path: Path) -> list[list[Value]]:
    """The filled rows of the first worksheet; numbers as such, days and times as the file says them."""
    [table, *_] = ET.parse(path).getroot().iter(f"{TABLE}table")  # noqa: S314 - our own spreadsheet wrote it
    found = [
        [value for cell in row if cell.tag == f"{TABLE}table-cell" for value in _values(cell)]
        for row in table.iter(f"{TABLE}table-row")
    ]
    return [row for row in found if any(value is not None for value in row)]


def _values(cell: ET.Element) -> list[Value]:
    times = min(int(cell.get(f"{TABLE}number-columns-repeated", "1")), 50)
    kind = cell.get(f"{OFFICE}value-type")
    said: Value = "\n".join(_words(line) for line in cell.iter(f"{TEXT}p")) if kind else None
    if kind == "float":
        said = float(cell.get(f"{OFFICE}value", "nan"))
    elif kind in ("date", "time"):
        said = cell.get(f"{OFFICE}{kind}-value")
    return [said] * times


def _words(element: ET.Element) -> str:
    """What stands in a line; several blanks are an element that counts them."""
    if element.tag == f"{TEXT}s":
        return " " * int(element.get(f"{TEXT}c", "1"))
    return (element.text or "") + "".join(_words(one) + (one.tail or "") for one in element)


async def _take_out(app: Litestar, folder: Path) -> None:
    """People with these names book, and an organiser takes everything out."""
    slot = await make_slot(
        99,
        event=await class_event(title="=Visite"),
        starts_at=i18n.begin_of(i18n.today() + timedelta(days=7)) + timedelta(hours=9),
    )
    for number, name in enumerate(HOSTILE):
        await make_booking(slot, replace(BEN, last_name=name, email=f"hostile{number}@exemple.test"))
    await a_class_of(slot, pupils=27, chaperones=1, label="3-2")
    async with browser_of(app, await somebody("organiser")) as client:
        for name, address in (
            ("sheet", f"slots/{slot.id}/attendance"),
            ("bookings", f"events/{slot.event_id}/bookings"),
        ):
            for kind in ("csv", "xlsx"):
                answer = await client.get(f"/office/{address}.{kind}", params={"lang": "en"})
                (folder / f"{name}-{kind}.{kind}").write_bytes(answer.content)


async def _convert(program: str, folder: Path, kind: str, *more: str) -> None:
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    options = [profile, "--headless", "--norestore", "--convert-to", "fods", *more, "--outdir", str(folder)]
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        *map(str, sorted(folder.glob(f"*.{kind}"))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        told, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)  # the program is a script, which the spreadsheet outlives
        await process.wait()
        raise
    assert process.returncode == 0, told.decode()
