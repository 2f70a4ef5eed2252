"""The attendance sheet as PDF: tagged, of as many pages as it takes, and safe from what people are called."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from service.documents import pdf


def values(names: list[str], **changes: Any) -> dict[str, Any]:
    rows = [{"number": str(turn), "name": name, "origin": "LYPSO"} for turn, name in enumerate(names, 1)]
    return {
        "lang": "fr", "heading": "Feuille d’émargement", "title": "Visite", "campus": "Campus", "funders": "",
        "header": ["N°", "NOM", "Classe", "Signature"],
        "words": {"present": "Présents :", "speaker_signs": "Intervenant", "organiser_signs": "Organisateur"},
        "sheets": [a_sheet("Visite", rows)],
    } | changes  # fmt: skip


def a_sheet(title: str, rows: list[dict[str, str]], *, heading: str = "", halves: int = 1) -> dict[str, Any]:
    sections = [{"heading": heading, "rows": rows}]
    return {"title": title, "halves": [[["Date", "mardi"]]] * halves, "sections": sections, "destroyed": ""}


def lines(count: int) -> list[dict[str, str]]:
    return [{"number": str(turn), "name": "", "origin": "2de 4"} for turn in range(1, count + 1)]


def text_of(content: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here")
    (folder / "sheet.pdf").write_bytes(content)
    told = subprocess.run(["pdftotext", "-layout", folder / "sheet.pdf", "-"], capture_output=True, check=True)
    return told.stdout.decode()


@pytest.mark.parametrize("count", [0, 3, 30, 300])
def test_it_is_a_tagged_pdf_that_says_it_is_accessible(count: int) -> None:
    content = pdf.make("attendance", values([f"NOM{n} Prénom" for n in range(count)]))
    assert content.startswith(b"%PDF-")
    assert b"/MarkInfo" in content
    assert b"pdfuaid" in content


def test_three_hundred_names_stand_in_it_and_the_header_on_every_page(tmp_path: Path) -> None:
    told = text_of(pdf.make("attendance", values([f"NOM{n} Prénom" for n in range(300)])), tmp_path)
    assert [name for name in (f"NOM{n} Prénom" for n in range(300)) if name not in told] == []
    pages = told.split("\f")[:-1]
    assert all("Signature" in one for one in pages if "NOM" in one)


@pytest.mark.parametrize(
    "hostile",
    ['#read("/etc/passwd")', "#let x = 1", "$x^2$", "*gras*", "\\ ] } )", "<label>", "@ref", "= titre", "é" * 200,
     "李小龙", "محمد", "\u202eabc", '"; #panic()'],
)  # fmt: skip
def test_a_hostile_name_breaks_nothing_and_runs_nothing(hostile: str, tmp_path: Path) -> None:
    told = text_of(pdf.make("attendance", values([hostile, "APRÈS Elle"])), tmp_path)
    assert "APRÈS Elle" in told
    assert "root:" not in told
    if hostile.isascii():
        assert "".join(hostile.split()) in "".join(told.split())


def test_each_sheet_of_a_day_begins_on_a_page_of_its_own_and_counts_its_own_pages(tmp_path: Path) -> None:
    sheets = [a_sheet("Verrerie", lines(3)), a_sheet("Forum", lines(60), halves=2), a_sheet("Cobotique", lines(2))]
    pages = text_of(pdf.make("attendance", values([], sheets=sheets)), tmp_path).split("\f")[:-1]
    feet = [" ".join(one.strip().splitlines()[-1].split()) for one in pages]
    assert [foot.replace(" ", "") for foot in feet] == [
        "Verrerie1/1",
        *[f"Forum{number}/3" for number in (1, 2, 3)] * 2,
        "Cobotique1/1",
    ]


def test_the_heading_of_a_class_stands_on_each_of_its_pages_and_never_alone(tmp_path: Path) -> None:
    for before in range(14, 26):  # somewhere in there the heading meets the foot of the page
        alone, of_class = a_sheet("Visite", lines(before)), a_sheet("Visite", lines(30), heading="2de 4, LYPSO")
        sheet = alone | {"sections": [*alone["sections"], *of_class["sections"]]}
        pages = text_of(pdf.make("attendance", values([], sheets=[sheet])), tmp_path).split("\f")[:-1]
        below = [one.split("2de 4, LYPSO")[-1].split("Visite")[0] for one in pages if "2de 4, LYPSO" in one]
        assert len(below) >= 2
        assert all("2de 4" in one for one in below)
