"""Taking all bookings of an event or a period out, as CSV and XLSX; each time is noted in the journal."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from service import db, i18n, text
from service.bookings import exports, messages
from service.bookings.exports import LONGEST, Row
from service.documents import csv, xlsx
from service.edge.loading import DECIDERS, LISTS, actor, signed_in
from service.journal.notes import note
from service.web.forms import Form
from service.web.office import files
from service.web.office.export_columns import columns
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

OPEN = {"roles": LISTS}
SCHOOL_YEAR = (9, 1)  # the month and the day on which one begins
ATTENDANCE = ("pdf", "html", "xlsx", "csv")

Journal = tuple[str, UUID, dict[str, str]]


@get("/office/exports", opt=OPEN)
async def show(request: Visit) -> Response[str]:
    """What can be taken out: the bookings of a period, the sheets of a day."""
    begins, ends = school_year(i18n.today())
    days = {"from": f"{begins}", "to": f"{ends}", "day": f"{i18n.today()}"}
    return _page(request, Form(days, language(request)))


@get("/office/bookings.csv", opt=OPEN)
async def period_as_csv(request: Visit) -> Response[Any]:
    """All bookings of the slots of a period, as CSV."""
    return await _of_period(request, "csv")


@get("/office/bookings.xlsx", opt=OPEN)
async def period_as_xlsx(request: Visit) -> Response[Any]:
    """All bookings of the slots of a period, as XLSX."""
    return await _of_period(request, "xlsx")


@get("/office/events/{event:uuid}/bookings.csv", opt=OPEN)
async def event_as_csv(request: Visit, event: FromPath[UUID]) -> Response[bytes]:
    """All bookings of an event, as CSV."""
    return await _of_event(request, event, "csv")


@get("/office/events/{event:uuid}/bookings.xlsx", opt=OPEN)
async def event_as_xlsx(request: Visit, event: FromPath[UUID]) -> Response[bytes]:
    """All bookings of an event, as XLSX."""
    return await _of_event(request, event, "xlsx")


@get("/office/days", opt=OPEN)
async def find_day(request: Visit) -> Response[Any]:
    """The way from a date field to the sheets of that day."""
    form = _asked(request)
    day = form.day("day", missing=form.words.gettext("Please choose a day."))
    if day is None:
        return _page(request, form)
    kind = form.raw("as") if form.raw("as") in ATTENDANCE else ATTENDANCE[0]
    return see(request, f"/office/days/{day}/attendance.{kind}")


HANDLERS = [show, period_as_csv, period_as_xlsx, event_as_csv, event_as_xlsx, find_day]


def school_year(day: date) -> tuple[date, date]:
    """The first and the last day of the school year of this day."""
    begins = date(day.year, *SCHOOL_YEAR)
    begins = begins if begins <= day else date(day.year - 1, *SCHOOL_YEAR)
    return begins, date(begins.year + 1, *SCHOOL_YEAR) - timedelta(days=1)


async def _of_period(request: Visit, kind: str) -> Response[Any]:
    form = _asked(request)
    first = form.day("from", missing=form.words.gettext("Please choose the first day."))
    last = form.day("to", missing=form.words.gettext("Please choose the last day."))
    if first and last:
        _check_period(form, first, last)
    if not (form.ok and first and last):
        return _page(request, form)
    rows = await exports.between(first, last)
    # A period has no row of its own: it is noted under who took it out.
    journal = ("person", signed_in(request).id, {"first": f"{first}", "last": f"{last}"})
    return await _taken_out(request, rows, kind, f"{first}-{last}", journal)


def _check_period(form: Form, first: date, last: date) -> None:
    if last < first:
        form.refuse("to", form.words.gettext("The last day cannot be before the first one."))
    elif last - first > LONGEST:
        form.refuse("to", form.words.gettext("At most two years at once, please."))


async def _of_event(request: Visit, event: UUID, kind: str) -> Response[bytes]:
    title = await messages.title_of(event)
    rows = await exports.of_event(event)
    return await _taken_out(request, rows, kind, files.name_of(i18n.today(), title), ("event", event, {}))


async def _taken_out(request: Visit, rows: list[Row], kind: str, name: str, journal: Journal) -> Response[bytes]:
    """The file, once it is noted who took it out."""
    subject_kind, subject, facts = journal
    async with db.transaction():
        await note(actor(request), "export_bookings", subject_kind, subject, kind=kind, rows=len(rows), **facts)
    with_contacts = signed_in(request).role in DECIDERS
    content = await asyncio.to_thread(_made, rows, kind, language(request), with_contacts=with_contacts)
    what = text.slug(i18n.translations(language(request)).gettext("Bookings"))
    return (files.csv_file if kind == "csv" else files.xlsx_file)(content, f"{what}-{name}")


def _made(rows: list[Row], kind: str, spoken: str, *, with_contacts: bool) -> bytes:
    chosen = columns(spoken, with_contacts=with_contacts)
    header, lines = [one.name for one in chosen], [[one.value(row) for one in chosen] for row in rows]
    if kind == "csv":
        return csv.table(header, lines)
    name = i18n.translations(spoken).gettext("Bookings")
    return xlsx.book(name, [xlsx.Sheet(name, header, lines)])


def _asked(request: Visit) -> Form:
    """What a form of this page sent by its address."""
    return Form({name: str(value) for name, value in request.query_params.items()}, language(request))


def _page(request: Visit, form: Form) -> Response[str]:
    return page(
        request, "office/exports", **standing(form, None), here="/office/exports", me=signed_in(request), form=form
    )
