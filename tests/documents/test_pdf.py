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
        "lang": "fr", "heading": "Feuille d’émargement", "title": "Visite", "campus": "Campus", "footer": "Visite",
        "funders": "", "destroyed": "",
        "words": {"present": "Présents :", "speaker_signs": "Intervenant", "organiser_signs": "Organisateur"},
        "sheets": [{"facts": [["Date", "mardi"]], "header": ["N°", "NOM", "Classe", "Signature"],
                    "sections": [{"heading": "", "rows": rows}]}],
    } | changes  # fmt: skip


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
