"""The attendance sheet over HTTP: four shapes of one list, of a slot or of a day, each noted in the journal."""

import csv
import html
import io
import json
import zipfile
from datetime import date, timedelta

import httpx
import pytest
from litestar import Litestar

from service import clock, db, i18n, settings
from service.bookings.plans import Party
from tests.bookings.classes import a_class, class_event, class_slot
from tests.makers import BEN, CLEO, make_booking, make_event, make_slot
from tests.visits import Page, counted
from tests.web.office.harness import browser_of, somebody

SHAPES = pytest.mark.parametrize("kind", ["html", "pdf", "xlsx", "csv"])
DAY = timedelta(days=1)


async def two_dates() -> date:
    """Two slots of one day, one of them with a class; the day."""
    event = await class_event(title="Verrerie")
    starts = i18n.begin_of(i18n.today() + 7 * DAY) + timedelta(hours=9)
    first, second = [await make_slot(40, event=event, starts_at=starts + turn * DAY / 12) for turn in (0, 1)]
    await make_booking(first, CLEO)
    await make_booking(second, BEN)
    await a_class(second, Party(3, 1))
    return starts.date()


def rows_of(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(answer.content.decode("utf-8-sig").splitlines(), delimiter=";"))


def inside(answer: httpx.Response) -> str:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        found = "".join(opened.read(name).decode() for name in opened.namelist() if name.endswith(".xml"))
    return found.replace("&apos;", "'")


@SHAPES
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
    assert [row[:2] for row in rows_of(sheet)[1:]] == [["1", "D'HÔTE-VANDAMME Cléo"]] + [
        [f"{n}", ""] for n in range(2, 6)
    ]
    assert rows_of(sheet)[2][2] == "2de 4, LYPSO (à confirmer)"
    assert "D'HÔTE-VANDAMME Cléo" in Page.of(page).words
    assert "D'HÔTE-VANDAMME Cléo" in inside(book)
    for content in (page.text, sheet.text, inside(book)):
        assert CLEO.email not in content
        assert "lycee.test" not in content
    assert "<f>" not in inside(book)


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


@SHAPES
async def test_a_whole_day_has_each_shape_and_one_line_of_the_journal(app: Litestar, kind: str) -> None:
    day, person = await two_dates(), await somebody("reader")
    async with browser_of(app, person) as client:
        answer = await client.get(f"/office/days/{day}/attendance.{kind}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    [line] = await db.fetch(
        "SELECT actor, subject_kind, subject_id, facts FROM journal WHERE verb = 'export_attendance'"
    )
    assert (line["actor"], line["subject_kind"], line["subject_id"]) == (f"person:{person.id}", "person", person.id)
    assert json.loads(line["facts"]) == {"day": f"{day}", "kind": kind, "slots": 2, "lines": 6}


async def test_the_page_of_a_day_has_a_sheet_for_each_date(app: Litestar) -> None:
    day = await two_dates()
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(f"/office/days/{day}/attendance.html", params={"lang": "en"}))
    assert len(page.all("section", **{"class": "signing"})) == 2
    assert len(page.all("h1")) == 1
    for words in ("09:00–11:00", "11:00–13:00", "2de 4, LYPSO – 3 pupils and 1 chaperone", "Without a booking"):
        assert words in page.words


async def test_the_table_of_a_day_says_of_each_line_when_and_what_it_is(app: Litestar) -> None:
    day = await two_dates()
    async with browser_of(app, await somebody("organiser")) as client:
        rows = rows_of(await client.get(f"/office/days/{day}/attendance.csv", params={"lang": "en"}))
        book = inside(await client.get(f"/office/days/{day}/attendance.xlsx"))
    assert rows[0] == ["Date", "Start", "End", "Event", "No.", "LAST NAME First name", "School or class", "Signature"]
    assert rows[1][:6] == [f"{day}", "09:00", "11:00", "Verrerie", "1", "D'HÔTE-VANDAMME Cléo"]
    assert [row[1] for row in rows[1:]] == ["09:00"] + ["11:00"] * 5
    assert ("9\u00a0h Verrerie" in book, "11\u00a0h Verrerie" in book) == (False, False)  # a name has plain blanks
    assert ("9 h Verrerie" in book, "11 h Verrerie" in book) == (True, True)


async def test_a_day_without_dates_says_so_in_every_shape(app: Litestar) -> None:
    async with browser_of(app, await somebody("reader")) as client:
        page = await client.get("/office/days/2031-01-01/attendance.html", params={"lang": "en"})
        others = [await client.get(f"/office/days/2031-01-01/attendance.{kind}") for kind in ("pdf", "xlsx", "csv")]
    assert "Nothing takes place on this day" in Page.of(page).words
    assert {one.headers["location"] for one in others} == {"/office/days/2031-01-01/attendance.html"}
    assert await db.fetch("SELECT 1 FROM journal WHERE verb = 'export_attendance'") == []


@pytest.mark.parametrize(
    "odd",
    [
        "2026-02-31",
        "2026-13-01",
        "20261124",
        "2026-W48-2",
        "0001-01-01",
        "9999-12-31",
        "today",
        "%00",
        "２０２６-11-24",
    ],
)
async def test_what_is_no_day_is_no_page(app: Litestar, odd: str) -> None:
    async with browser_of(app, await somebody("admin")) as client:
        for kind in ("html", "pdf", "xlsx", "csv"):
            assert (await client.get(f"/office/days/{odd}/attendance.{kind}")).status_code == 404


async def test_a_day_costs_the_same_statements_with_one_slot_and_with_many(app: Litestar) -> None:
    day, costs = await two_dates(), []
    async with browser_of(app, await somebody("organiser")) as client:
        for more in (0, 6):
            for _ in range(more):
                await make_booking(await make_slot(starts_at=i18n.begin_of(day) + DAY / 2), CLEO)
            with counted() as statements:
                assert (await client.get(f"/office/days/{day}/attendance.html")).status_code == 200
            costs.append(len(statements))
    assert costs == [5, 5]  # who asks, the sheets, the journal


async def test_the_language_of_the_page_goes_on_in_its_files(app: Litestar) -> None:
    slot = await make_slot(event=await make_event(title="Verrerie"), starts_at=clock.now() + DAY)
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(f"/office/slots/{slot.id}/attendance.html", params={"lang": "en"}))
        day = i18n.local(slot.starts_at).date()
        of_day = Page.of(await client.get(f"/office/days/{day}/attendance.html", params={"lang": "en"}))
    assert f"/office/slots/{slot.id}/attendance.pdf?lang=en" in page.addresses
    assert f"/office/days/{day}/attendance.csv?lang=en" in of_day.addresses
