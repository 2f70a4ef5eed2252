"""The attendance sheet of a slot: to print from a page or as PDF, and as XLSX and CSV."""

import asyncio
from datetime import datetime
from gettext import NullTranslations
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from service import db, i18n, settings, text
from service.attendance import sheets
from service.attendance.sheets import Row, Section, Sheet
from service.documents import csv, pdf, xlsx
from service.edge.loading import LISTS, actor, signed_in
from service.journal.notes import note
from service.web.pages import Visit, language, page

OPEN = {"roles": LISTS}
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@get("/office/slots/{slot:uuid}/attendance.html", opt=OPEN)
async def show(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The sheet as a page to print."""
    sheet = await _exported(request, slot, "html")
    words = _words(request)
    return page(
        request,
        "office/attendance",
        sheet=sheet,
        halves=[_facts(request, sheet, half) for half in sheet.halves],
        header=_header(words),
        sections=[(_heading(section, language(request)), section) for section in sheet.sections],
        funders=settings.current().funders,
        destroyed=_destroyed(request, sheet),
        me=signed_in(request),
    )


@get("/office/slots/{slot:uuid}/attendance.pdf", opt=OPEN)
async def as_pdf(request: Visit, slot: FromPath[UUID]) -> Response[bytes]:
    """The sheet as a tagged PDF."""
    sheet = await _exported(request, slot, "pdf")
    content = await asyncio.to_thread(pdf.make, "attendance", _values(request, sheet))
    return _file(content, "application/pdf", f"{_name(sheet)}.pdf")


@get("/office/slots/{slot:uuid}/attendance.xlsx", opt=OPEN)
async def as_xlsx(request: Visit, slot: FromPath[UUID]) -> Response[bytes]:
    """The sheet as a table for a spreadsheet."""
    sheet = await _exported(request, slot, "xlsx")
    words, funders = _words(request), settings.current().funders
    facts = _facts(request, sheet, (sheet.halves[0][0], sheet.halves[-1][1]))
    facts += [(words.gettext("Funding"), funders)] if funders else []
    content = xlsx.table(sheet.title, facts, _header(words), _rows(sheet))
    return _file(content, SPREADSHEET, f"{_name(sheet)}.xlsx")


@get("/office/slots/{slot:uuid}/attendance.csv", opt=OPEN)
async def as_csv(request: Visit, slot: FromPath[UUID]) -> Response[bytes]:
    """The sheet as CSV."""
    sheet = await _exported(request, slot, "csv")
    return _file(csv.table(_header(_words(request)), _rows(sheet)), "text/csv; charset=utf-8", f"{_name(sheet)}.csv")


HANDLERS = [show, as_pdf, as_xlsx, as_csv]


async def _exported(request: Visit, slot: UUID, kind: str) -> Sheet:
    """The sheet, and the journal's line of who took it out as what. Refuses: UnknownSlot."""
    sheet = await sheets.of_slot(slot)
    async with db.transaction():
        await note(actor(request), "export_attendance", "slot", slot, kind=kind, lines=sheet.expected)
    return sheet


def _values(request: Visit, sheet: Sheet) -> dict[str, Any]:
    """What the PDF's template reads."""
    words, spoken = _words(request), language(request)
    sections = [
        {
            "heading": _heading(section, spoken),
            "rows": [
                {"number": str(row.number), "name": row.name, "origin": origin_of(row, words)} for row in section.rows
            ],
        }
        for section in [*sheet.sections, Section(sheet.walk_ins)]
    ]
    return {
        "lang": spoken,
        "heading": words.gettext("Attendance sheet"),
        "title": sheet.title,
        "campus": settings.current().campus_name,
        "footer": sheet.title,
        "funders": settings.current().funders,
        "destroyed": _destroyed(request, sheet),
        "words": {
            "present": words.gettext("Present:"),
            "speaker_signs": words.gettext("Signature of the speaker"),
            "organiser_signs": words.gettext("Signature of the organiser"),
        },
        "sheets": [
            {"facts": _facts(request, sheet, half), "header": _header(words), "sections": sections}
            for half in sheet.halves
        ],
    }


def _rows(sheet: Sheet) -> list[list[str | int | None]]:
    return [
        [row.number, row.name, f"{section.label}, {section.school}" if section.label else row.origin, ""]
        for section in sheet.sections
        for row in section.rows
    ]


def origin_of(row: Row, words: NullTranslations) -> str:
    """Where somebody comes from, and that their seat is not confirmed yet, if so."""
    return f"{row.origin} ({words.gettext('to confirm')})" if row.to_confirm else row.origin


def _heading(section: Section, spoken: str) -> str:
    """The line above a class; nothing above those who come alone."""
    counted = i18n.party(section.pupils, section.chaperones, spoken)
    return f"{section.label}, {section.school} – {counted}" if section.label else ""


def _facts(request: Visit, sheet: Sheet, half: tuple[datetime, datetime]) -> list[tuple[str, str]]:
    words, spoken = _words(request), language(request)
    when = f"{i18n.long_date(half[0].date(), spoken)}, {i18n.time_range(*half, spoken)}"
    told = [
        (words.gettext("Date"), when),
        (words.gettext("Where"), sheet.place),
        (words.gettext("Speaker"), sheet.speaker),
        (words.gettext("Organiser"), settings.current().campus_name),
    ]
    return [(label, value) for label, value in told if value]


def _header(words: NullTranslations) -> list[str]:
    return [
        words.gettext("No."),
        words.gettext("LAST NAME First name"),
        words.gettext("School or class"),
        words.gettext("Signature"),
    ]


def _destroyed(request: Visit, sheet: Sheet) -> str:
    if sheet.destroyed_on is None:
        return ""
    wanted = _words(request).gettext("To be destroyed on %(day)s.")
    return wanted % {"day": i18n.long_date(sheet.destroyed_on, language(request))}


def _words(request: Visit) -> NullTranslations:
    return i18n.translations(language(request))


def _name(sheet: Sheet) -> str:
    """The file's name: the day and the event, in letters that every system takes."""
    return f"{sheet.halves[0][0]:%Y-%m-%d}-{text.slug(sheet.title)[:60]}"


def _file(content: bytes, media_type: str, name: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
