"""XLSX: each value of its kind, nothing calculated, and worksheets whose names a spreadsheet takes."""

import io
import re
import zipfile
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.documents import xlsx
from service.documents.xlsx import Cell, Sheet


def inside(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist() if name.endswith(".xml")}


def names_of(content: bytes) -> list[str]:
    found = re.findall(r'<sheet name="([^"]*)"', inside(content)["xl/workbook.xml"])
    return [name.replace("&apos;", "'").replace("&amp;", "&").replace("&quot;", '"') for name in found]


def a_book(*names: str) -> bytes:
    return xlsx.book("Classeur", [Sheet(name, ["N°"], [[1]]) for name in names])


def test_numbers_days_and_times_are_such_and_what_looks_like_a_formula_is_text() -> None:
    row: list[Cell] = [12, date(2026, 11, 24), time(14), datetime(2026, 11, 24, 14, tzinfo=UTC), "=1+1", None, ""]
    found = inside(xlsx.book("Classeur", [Sheet("Feuille", list("abcdefg"), [row])]))
    cells = re.findall(r'<c r="[A-G]2"([^>]*?)(?:/>|>(.*?)</c>)', found["xl/worksheets/sheet1.xml"])
    numbers = [float(re.sub(r"<.*?>", "", value)) for _, value in cells[:4]]
    assert numbers == pytest.approx([12, 46350, 14 / 24, 46350 + 14 / 24])
    assert ['t="s"' in look for look, _ in cells] == [False] * 4 + [True] + [False] * 2
    assert "<f>" not in "".join(found.values())


def test_a_sheet_to_print_says_what_it_is_about_and_repeats_its_header() -> None:
    sheet = Sheet(
        "14 h", ["N°", "NOM"], [[1, "ÉMERY Éva"]], title="Visite", facts=[("Date", "mardi"), ("Où", "Arques")]
    )
    found = inside(xlsx.book("Visite", [sheet]))
    assert "_xlnm.Print_Titles" in found["xl/workbook.xml"]
    assert [
        word for word in ("Visite", "Date", "mardi", "Arques", "ÉMERY Éva") if word not in found["xl/sharedStrings.xml"]
    ] == []


def test_a_table_to_work_with_has_its_header_first_and_filters() -> None:
    page = inside(xlsx.book("Inscriptions", [Sheet("Inscriptions", ["a", "b"], [[1, 2]])]))["xl/worksheets/sheet1.xml"]
    assert '<autoFilter ref="A1:B2"/>' in page
    assert 'state="frozen"' in page


@pytest.mark.parametrize(
    ("given_names", "taken"),
    [
        (["Visite"], ["Visite"]),
        (["14 h Visite: verre/acier [1]*?"], ["14 h Visite verre acier 1"]),
        (["'", "\t", ""], ["1", "2", "3"]),
        (["visite", "VISITE", "Visite"], ["visite", "VISITE (2)", "Visite (3)"]),
        (["History"], ["History (2)"]),
        (["é" * 40] * 2, ["é" * 31, "é" * 27 + " (2)"]),
    ],
)
def test_a_worksheet_has_a_name_that_a_spreadsheet_takes(given_names: list[str], taken: list[str]) -> None:
    assert names_of(a_book(*given_names)) == taken


@given(st.lists(st.text(max_size=50), min_size=1, max_size=6))
def test_whatever_events_are_called_the_workbook_opens(titles: list[str]) -> None:
    found = names_of(a_book(*titles))
    assert len({name.casefold() for name in found}) == len(titles)
    assert all(0 < len(name) <= 31 for name in found)
