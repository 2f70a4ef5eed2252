"""The attendance sheet over HTTP: four shapes of one list, each noted in the journal."""

import csv
import html
import io
import zipfile

import pytest
from litestar import Litestar

from service import db, settings
from service.bookings.plans import Party
from tests.bookings.classes import a_class, class_slot
from tests.makers import CLEO, make_booking
from tests.visits import Page
from tests.web.office.harness import browser_of, somebody


@pytest.mark.parametrize("kind", ["html", "pdf", "xlsx", "csv"])
async def test_each_shape_is_there_and_its_export_is_in_the_journal(app: Litestar, kind: str) -> None:
    slot = await class_slot(40)
    await make_booking(slot, CLEO)
    person = await somebody("reader")
    async with browser_of(app, person) as client:
        answer = await client.get(f"/office/slots/{slot.id}/attendance.{kind}")
        missing = await client.get(f"/office/slots/{slot.event_id}/attendance.{kind}")
    assert (answer.status_code, missing.status_code) == (200, 404)
    assert answer.headers["cache-control"] == "no-store"
    [line] = await db.fetch("SELECT actor, subject_id, facts FROM journal WHERE verb = 'export_attendance'")
    assert (line["actor"], line["subject_id"]) == (f"person:{person.id}", slot.id)
    assert kind in line["facts"]


async def test_the_shapes_hold_the_same_lines_and_no_contact(app: Litestar) -> None:
    slot = await class_slot(40)
    await make_booking(slot, CLEO)
    await a_class(slot, Party(3, 1))
    async with browser_of(app, await somebody("organiser")) as client:
        page, sheet, book = [
            await client.get(f"/office/slots/{slot.id}/attendance.{kind}") for kind in ("html", "csv", "xlsx")
        ]
    rows = list(csv.reader(sheet.content.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert [row[:2] for row in rows[1:]] == [["1", "D'HÔTE-VANDAMME Cléo"]] + [[str(n), ""] for n in range(2, 6)]
    assert "D'HÔTE-VANDAMME Cléo" in Page.of(page).words
    with zipfile.ZipFile(io.BytesIO(book.content)) as opened:
        inside = "".join(opened.read(name).decode() for name in opened.namelist() if name.endswith(".xml"))
    assert "D'HÔTE-VANDAMME Cléo" in inside.replace("&apos;", "'")
    for content in (page.text, sheet.text, inside):
        assert CLEO.email not in content
        assert "lycee.test" not in content
    assert "<f>" not in inside


async def test_the_funders_stand_on_the_page_on_the_pdf_and_among_the_facts(app: Litestar) -> None:
    slot = await class_slot(40)
    await make_booking(slot, CLEO)
    line = "Financé par la Région <b>& l’Europe</b> #emph[FSE+]"
    async with browser_of(app, await somebody("reader")) as client:

        async def shapes() -> list[bytes]:
            kinds = ("html", "pdf", "xlsx")
            return [(await client.get(f"/office/slots/{slot.id}/attendance.{kind}")).content for kind in kinds]

        bare = await shapes()
        settings.overlay({"funders": line})
        page, printed, book = await shapes()
    assert html.escape(line, quote=False) in page.decode()
    assert "Financ" not in bare[0].decode()
    with zipfile.ZipFile(io.BytesIO(book)) as opened:
        assert html.escape(line, quote=False) in opened.read("xl/sharedStrings.xml").decode()
    assert printed.startswith(b"%PDF-")
    assert len(printed) > len(bare[1])
