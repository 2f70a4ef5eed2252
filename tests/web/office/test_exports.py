"""Taking bookings out: of an event, of a period, by whom, with what, and noted."""

import csv
import io
import json
import zipfile
from datetime import date, timedelta

import httpx
import pytest
from litestar import Litestar

from service import db, i18n
from service.bookings import changes
from service.bookings.plans import Party
from service.web.office.export_columns import columns
from service.web.office.exports import school_year
from tests.bookings.classes import TEACHER, a_class, class_event
from tests.bookings.minors import PARENT, pending_minor
from tests.bookings.queues import joined
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_slot
from tests.visits import Page, counted
from tests.web.office.harness import browser_of, somebody

KINDS = pytest.mark.parametrize("kind", ["csv", "xlsx"])


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines(), delimiter=";"))


def inside(answer: httpx.Response) -> str:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        return "".join(opened.read(name).decode() for name in opened.namelist() if name.endswith(".xml"))


async def take(client: httpx.AsyncClient, path: str, **query: str) -> httpx.Response:
    answer = await client.get(path, params={"lang": "en", **query})
    assert answer.status_code == 200
    return answer


async def test_a_row_says_how_a_booking_stands_in_words(app: Litestar) -> None:
    slot = await make_slot(40, event=await class_event(title="Verrerie"), starts_in=timedelta(weeks=3))
    await make_booking(slot, BEN)
    await changes.cancel(await make_booking(slot, CLEO))
    await a_class(slot, Party(28, 3))
    async with browser_of(app, await somebody("organiser")) as client:
        rows = rows_of(await take(client, f"/office/events/{slot.event_id}/bookings.csv"))
    assert [(row["Last name"], row["State"], row["Comes as"], row["Seats"]) for row in rows] == [
        ("Delattre", "confirmed", "On their own", "1"),
        ("D'Hôte-Vandamme", "cancelled", "On their own", "1"),
        ("Cappelaere", "option to confirm", "Class", "31"),
    ]
    assert (rows[2]["Pupils"], rows[2]["Chaperones"], rows[2]["Of whom girls"], rows[2]["Outing"]) == (
        "28",
        "3",
        "12",
        "Compulsory",
    )
    assert (rows[1]["Ended by"], rows[2]["Class"], rows[0]["E-mail"]) == ("the booker", "2de 4", BEN.email)
    day = i18n.local(slot.starts_at)
    assert (rows[0]["Date"], rows[0]["Start"], rows[0]["Kind"]) == (f"{day:%Y-%m-%d}", f"{day:%H:%M}", "Company visit")


async def test_what_awaits_somebody_s_word_or_was_called_off_says_so(app: Litestar) -> None:
    minor = await pending_minor()
    [slot] = await db.fetch("SELECT slot, event FROM booking JOIN slot ON slot.id = slot WHERE dossier = $1", minor.id)
    full = await make_slot(1, event=await make_event())
    await make_booking(full)
    await joined(full)
    async with browser_of(app, await somebody("admin")) as client:
        [row] = rows_of(await take(client, f"/office/events/{slot['event']}/bookings.csv"))
        assert (row["State"], row["A parent's e-mail"]) == ("awaits a parent", PARENT)
        await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", full.id)
        rows = rows_of(await take(client, f"/office/events/{full.event_id}/bookings.csv"))
    assert [row["State"] for row in rows] == ["called off", "called off"]


@KINDS
async def test_a_reader_gets_every_booking_without_contacts_and_needs(app: Litestar, kind: str) -> None:
    slot = await make_slot(40, event=await class_event())
    await make_booking(slot, BEN)
    await a_class(slot, Party(3, 1))
    await db.fetch("UPDATE dossier SET needs = 'Fauteuil', guardian_email = 'parent@exemple.test'")
    secrets = (BEN.email, TEACHER.email, "Fauteuil", "parent@exemple.test")
    found = {}
    for role in ("reader", "organiser"):
        async with browser_of(app, await somebody(role)) as client:
            answer = await take(client, f"/office/events/{slot.event_id}/bookings.{kind}")
            period = await take(client, f"/office/bookings.{kind}", **{"from": "2026-01-01", "to": "2027-12-31"})
            found[role] = [one.text if kind == "csv" else inside(one) for one in (answer, period)]
    for content in found["reader"]:
        assert [secret for secret in secrets if secret in content] == []
        assert "Delattre" in content
    for content in found["organiser"]:
        assert [secret for secret in secrets if secret not in content] == []


def test_a_reader_s_columns_are_the_others_but_four() -> None:
    whole, without = ([one.name for one in columns("en", with_contacts=contacts)] for contacts in (True, False))
    assert [name for name in whole if name not in without] == [
        "E-mail", "E-mails do not arrive", "A parent's e-mail", "Welcome needs",
    ]  # fmt: skip
    assert len(whole) == len(set(whole))


@KINDS
async def test_each_export_is_in_the_journal_with_its_rows(app: Litestar, kind: str) -> None:
    slot = await make_slot()
    await make_booking(slot)
    day, person = i18n.local(slot.starts_at).date(), await somebody("reader")
    async with browser_of(app, person) as client:
        await take(client, f"/office/events/{slot.event_id}/bookings.{kind}")
        answer = await take(client, f"/office/bookings.{kind}", **{"from": f"{day}", "to": f"{day}"})
    assert answer.headers["content-disposition"].endswith(f'{day}-{day}.{kind}"')
    lines = await db.fetch(
        "SELECT actor, subject_kind, subject_id, facts FROM journal WHERE verb = 'export_bookings' ORDER BY id"
    )
    assert {line["actor"] for line in lines} == {f"person:{person.id}"}
    assert [(line["subject_kind"], line["subject_id"]) for line in lines] == [
        ("event", slot.event_id),
        ("person", person.id),
    ]
    assert [json.loads(line["facts"]) for line in lines] == [
        {"kind": kind, "rows": 1},
        {"kind": kind, "rows": 1, "first": f"{day}", "last": f"{day}"},
    ]


async def test_an_event_that_is_not_there_is_a_404_and_one_without_bookings_an_empty_table(app: Litestar) -> None:
    event = await make_event(state="draft")
    slot = await make_slot()
    async with browser_of(app, await somebody("organiser")) as client:
        assert (await client.get(f"/office/events/{slot.id}/bookings.csv")).status_code == 404
        assert rows_of(await take(client, f"/office/events/{event.id}/bookings.csv")) == []
        assert (await client.get(f"/office/events/{event.id}/bookings.xlsx")).status_code == 200


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({}, "from", "Please choose the first day."),
        ({"from": "2026-09-01"}, "to", "Please choose the last day."),
        ({"from": "2026-09-02", "to": "2026-09-01"}, "to", "The last day cannot be before the first one."),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "to", "At most two years at once, please."),
        ({"from": "2026-02-31", "to": "x"}, "from", "This is no day we know."),
        ({"from": "\x00", "to": "9" * 500}, "to", "This is no day we know."),
    ],
)
async def test_a_period_that_is_none_is_asked_for_again(
    app: Litestar, query: dict[str, str], field: str, words: str
) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await client.get("/office/bookings.csv", params={"lang": "en", **query})
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(field), words in page.words) == (422, True, True)
    assert await db.fetch("SELECT 1 FROM journal WHERE verb = 'export_bookings'") == []


async def test_the_page_leads_to_each_file_and_the_day_to_its_sheets(app: Litestar) -> None:
    async with browser_of(app, await somebody("reader")) as client:
        page = Page.of(await take(client, "/office/exports"))
        assert page.all("form", method="get", action="/office/bookings.xlsx?lang=en")
        assert page.all("button", formaction="/office/bookings.csv?lang=en")
        assert page.typed("day") == f"{i18n.today()}"
        for kind, shape in (("pdf", "pdf"), ("html", "html"), ("exe", "pdf"), ("", "pdf")):
            found = await client.get("/office/days", params={"day": "2026-11-24", "as": kind})
            assert found.headers["location"] == f"/office/days/2026-11-24/attendance.{shape}"
        assert (await client.get("/office/days", params={"day": "2026-02-31"})).status_code == 422


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 8, 31), date(2025, 9, 1), date(2026, 8, 31)),
        (date(2026, 9, 1), date(2026, 9, 1), date(2027, 8, 31)),
        (date(2027, 1, 1), date(2026, 9, 1), date(2027, 8, 31)),
    ],
)
def test_the_period_that_stands_there_is_the_school_year(day: date, first: date, last: date) -> None:
    assert school_year(day) == (first, last)


async def test_it_costs_the_same_statements_with_one_booking_and_with_many(app: Litestar) -> None:
    slot, costs = await make_slot(40), []
    async with browser_of(app, await somebody("organiser")) as client:
        for more in (1, 20):
            for _ in range(more):
                await make_booking(slot, a_pupil())
            with counted() as statements:
                await take(client, f"/office/events/{slot.event_id}/bookings.xlsx")
            costs.append(len(statements))
    assert costs == [4, 4]  # who asks, the event, its bookings, the journal
