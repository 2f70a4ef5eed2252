"""The attendance sheets of a slot, or of a whole day: to print from a page or as PDF, and as XLSX and CSV."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from service import db, i18n
from service.attendance import sheets
from service.attendance.sheets import Sheet
from service.documents import csv, pdf, xlsx
from service.edge.loading import LISTS, actor, signed_in
from service.journal.notes import note
from service.web.office import files, sheet_words
from service.web.pages import Visit, language, page, see

OPEN = {"roles": LISTS}
SLOT, DAY = "/office/slots/{slot:uuid}/attendance", "/office/days/{day:str}/attendance"


@get(f"{SLOT}.html", opt=OPEN)
async def show(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The sheet as a page to print."""
    sheet = await _of_slot(request, slot, "html")
    return _page(request, [sheet], sheet.title, f"/office/slots/{slot}")


@get(f"{SLOT}.pdf", opt=OPEN)
async def as_pdf(request: Visit, slot: FromPath[UUID]) -> Response[bytes]:
    """The sheet as a tagged PDF."""
    sheet = await _of_slot(request, slot, "pdf")
    return await _pdf(request, [sheet], sheet.title, files.name_of(sheet.starts_at, sheet.title))


@get(f"{SLOT}.xlsx", opt=OPEN)
async def as_xlsx(request: Visit, slot: FromPath[UUID]) -> Response[bytes]:
    """The sheet as a table for a spreadsheet."""
    sheet = await _of_slot(request, slot, "xlsx")
    return await _xlsx(request, [sheet], sheet.title, files.name_of(sheet.starts_at, sheet.title))


@get(f"{SLOT}.csv", opt=OPEN)
async def as_csv(request: Visit, slot: FromPath[UUID]) -> Response[bytes]:
    """The sheet as CSV."""
    sheet, words = await _of_slot(request, slot, "csv"), i18n.translations(language(request))
    table = csv.table(sheet_words.header(words), sheet_words.rows(sheet, words))
    return files.csv_file(table, files.name_of(sheet.starts_at, sheet.title))


@get(f"{DAY}.html", opt=OPEN)
async def show_day(request: Visit, day: FromPath[str]) -> Response[str]:
    """The sheets of a day, one after the other, as a page to print; or that nothing takes place then."""
    chosen = files.day_of(day)
    found = await _of_day(request, chosen, "html")
    return _page(request, found, _title(request, chosen), f"/office/days/{chosen}", chosen)


@get(f"{DAY}.pdf", opt=OPEN)
async def day_as_pdf(request: Visit, day: FromPath[str]) -> Response[Any]:
    """The sheets of a day as a tagged PDF; each begins on a page of its own."""
    chosen = files.day_of(day)
    if not (found := await _of_day(request, chosen, "pdf")):
        return _nothing(request, chosen)
    return await _pdf(request, found, _title(request, chosen), files.name_of(chosen))


@get(f"{DAY}.xlsx", opt=OPEN)
async def day_as_xlsx(request: Visit, day: FromPath[str]) -> Response[Any]:
    """The sheets of a day, a worksheet each."""
    chosen = files.day_of(day)
    if not (found := await _of_day(request, chosen, "xlsx")):
        return _nothing(request, chosen)
    return await _xlsx(request, found, _title(request, chosen), files.name_of(chosen))


@get(f"{DAY}.csv", opt=OPEN)
async def day_as_csv(request: Visit, day: FromPath[str]) -> Response[Any]:
    """The sheets of a day as one table, whose first columns say of which slot a line is."""
    chosen, words = files.day_of(day), i18n.translations(language(request))
    if not (found := await _of_day(request, chosen, "csv")):
        return _nothing(request, chosen)
    rows = [[*of_slot, *row] for sheet in found for of_slot, row in sheet_words.rows_of_day(sheet, chosen, words)]
    return files.csv_file(csv.table(sheet_words.header_of_day(words), rows), files.name_of(chosen))


HANDLERS = [show, as_pdf, as_xlsx, as_csv, show_day, day_as_pdf, day_as_xlsx, day_as_csv]


async def _of_slot(request: Visit, slot: UUID, kind: str) -> Sheet:
    """The sheet, and the journal's line of who took it out as what. Refuses: UnknownSlot."""
    sheet = await sheets.of_slot(slot)
    async with db.transaction():
        await note(actor(request), "export_attendance", "slot", slot, kind=kind, lines=sheet.expected)
    return sheet


async def _of_day(request: Visit, day: date, kind: str) -> list[Sheet]:
    """The sheets, and one line of the journal, under who took them out: a day has no row of its own."""
    found = await sheets.of_day(day)
    if found:
        facts = {"day": f"{day}", "kind": kind, "slots": len(found), "lines": sum(one.expected for one in found)}
        async with db.transaction():
            await note(actor(request), "export_attendance", "person", signed_in(request).id, **facts)
    return found


def _page(request: Visit, found: list[Sheet], title: str, of: str, day: date | None = None) -> Response[str]:
    shown = sheet_words.shown(found, title, language(request))
    back, address = "" if day else of, f"{of}/attendance"
    return page(request, "office/attendance", **shown, address=address, back=back, day=day, me=signed_in(request))


async def _pdf(request: Visit, found: list[Sheet], title: str, name: str) -> Response[bytes]:
    values = sheet_words.shown(found, title, language(request))
    return files.pdf_file(await asyncio.to_thread(pdf.make, "attendance", values), name)


async def _xlsx(request: Visit, found: list[Sheet], title: str, name: str) -> Response[bytes]:
    pages = [sheet_words.as_worksheet(sheet, language(request)) for sheet in found]
    return files.xlsx_file(await asyncio.to_thread(xlsx.book, title, pages), name)


def _nothing(request: Visit, day: date) -> Response[Any]:
    """There is nothing to sign that day: the page says so."""
    return see(request, f"/office/days/{day}/attendance.html")


def _title(request: Visit, day: date) -> str:
    return i18n.long_date(day, language(request))
