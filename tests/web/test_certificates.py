"""Certificates on the page of a booking and as files: for who was there, and for nobody else."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from service import clock, db
from service.attendance import check_in
from service.bookings import attendees, dossiers, erasure
from service.bookings.names import Name
from service.bookings.tables import Dossier
from service.documents import pdf
from service.events.slots import BookableSlot
from service.web import certificate_words
from tests.attendance.harness import ADA, AFTERNOON, ENDS, crowd, door_slot, id_of
from tests.bookings.classes import a_class_of
from tests.documents.test_pdf import text_of
from tests.makers import CLEO, link_of, make_booking
from tests.visits import Page
from tests.web.doors import read
from tests.web.office.harness import browser_of, somebody

PUPILS = [Name("ZOLA", "Ana"), Name("ÉMERY", "Éva"), Name("D’HÔTE", "Léa")]
HOSTILE = [
    '#read("/etc/passwd")',
    "$x^2$ *gras* <label>",
    "\\ ] } )",
    "@ref = titre",
    '"; #panic()',
    "<b>x</b> {{ 7*7 }}",
]


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


async def came(slot: BookableSlot, dossier: Dossier, people: int = 1) -> Dossier:
    await check_in.count_class(slot.id, await id_of(dossier), people, ADA)
    return dossier


async def a_class(slot: BookableSlot, people: int, names: list[Name] | None = None) -> Dossier:
    dossier = await a_class_of(slot, pupils=len(names or PUPILS), chaperones=1)
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: names if names is not None else PUPILS})
    return await came(slot, dossier, people)


def in_words(page: Page) -> str:
    return " ".join(page.words.split())


async def test_who_was_there_finds_it_on_their_page_reads_it_and_takes_it_home(
    visitor: httpx.AsyncClient, tmp_path: Path
) -> None:
    slot = await door_slot(title="Visite de la verrerie")
    link = link_of(await came(slot, await make_booking(slot, CLEO)))
    assert not (await read(visitor, link)).all("a", href=f"{link}/certificate?lang=en")
    with clock.at(ENDS):
        assert (await read(visitor, link)).all("a", href=f"{link}/certificate?lang=en")
        page = await read(visitor, f"{link}/certificate")
        file = await visitor.get(f"{link}/certificate.pdf?lang=en")
    for told in (in_words(page), " ".join(text_of(file.content, tmp_path).split())):
        for wanted in (
            "Certificate of attendance", "certifies that", "D'HÔTE-VANDAMME Cléo", CLEO.school, "took part in",
            "Visite de la verrerie", "Monday 24 November 2031", "14:00–16:00", slot.place, slot.host_name,
            "The campus noted the presence at the door", "Issued on Monday 24 November 2031.",
        ):  # fmt: skip
            assert wanted in told
        assert "signature" not in told.lower()
        assert CLEO.email not in told
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"].startswith('attachment; filename="certificate-of-attendance-2031-11-24')
    assert b"pdfuaid" in file.content


@pytest.mark.parametrize(
    ("when", "is_there", "status", "sentence"),
    [(AFTERNOON, True, 409, "No certificate yet"), (ENDS, False, 404, "Nobody noted a presence for this booking.")],
)
async def test_too_early_or_not_seen_is_said_on_a_page(
    visitor: httpx.AsyncClient, when: datetime, is_there: bool, status: int, sentence: str
) -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    if is_there:
        await came(slot, dossier)
    with clock.at(when):
        for end in ("", ".pdf"):
            answer = await visitor.get(f"{link_of(dossier)}/certificate{end}?lang=en")
            assert (answer.status_code, sentence in Page.of(answer).words) == (status, True)


async def test_who_was_not_seen_reads_it_on_their_page_where_others_were(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    link, unseen = link_of(await make_booking(slot)), "Nobody noted a presence for this booking."
    with clock.at(ENDS):
        assert unseen not in (await read(visitor, link)).words
    await came(slot, await make_booking(slot, CLEO))
    with clock.at(ENDS):
        page = await read(visitor, link)
    assert unseen in page.words
    assert "If you were there, write to the campus: it can put that right." in page.words


async def test_a_wrong_link_or_one_of_who_erased_opens_none(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    dossier = await came(slot, await make_booking(slot))
    with clock.at(ENDS):
        await erasure.erase(dossier)
        for token in (dossiers.token_of(dossier.id, 0), "x", "é", "%00"):
            for end in ("", ".pdf"):
                assert (await visitor.get(f"/bookings/{token}/certificate{end}")).status_code == 404


async def test_a_class_that_came_whole_has_all_its_pupils_ticked(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    slot = await door_slot()
    link = link_of(await a_class(slot, 4))
    with clock.at(ENDS):
        assert (await read(visitor, link)).all("a", href=f"{link}/certificate?slot={slot.id.hex}&lang=en")
        page = await read(visitor, f"{link}/certificate", slot=slot.id.hex)
        file = await visitor.get(f"{link}/certificate.pdf?lang=en")
    assert "checked" in page.all("input", name="pupil")[0]
    assert "Present: 3 pupils and 1 chaperone." in in_words(page)
    pages = [" ".join(one.split()) for one in text_of(file.content, tmp_path).split("\f")[:-1]]
    found = [next((name for name in ("class 2de 4", "Léa", "Éva", "Ana") if name in one), "") for one in pages]
    assert found == ["class 2de 4", "Léa", "Éva", "Ana"]


async def test_where_some_were_missing_the_teacher_ticks_and_never_more_than_came(
    visitor: httpx.AsyncClient, tmp_path: Path
) -> None:
    slot = await door_slot()
    link = link_of(await a_class(slot, 2))
    with clock.at(ENDS):
        fresh = await read(visitor, f"{link}/certificate")
        chosen = await read(visitor, f"{link}/certificate?chosen=yes&pupil=0&pupil=2")
        file = await visitor.get(f"{link}/certificate.pdf?lang=en&chosen=yes&pupil=0&pupil=2")
        for end in ("", ".pdf"):
            answer = await visitor.get(f"{link}/certificate{end}?lang=en&chosen=yes&pupil=0&pupil=1&pupil=2")
            page = Page.of(answer)
            assert (answer.status_code, len(page.all("article"))) == (409, 1)
            assert "2 people of the class were counted at the door. 3 names are ticked" in in_words(page)
            assert all("checked" in one for one in page.all("input", name="pupil"))  # what was ticked is kept
    assert [("checked" in one) for one in fresh.all("input", name="pupil")] == [False] * 3
    assert "Present: 2 people of 4 who were booked." in in_words(fresh)
    assert [("checked" in one) for one in chosen.all("input", name="pupil")] == [True, False, True]
    assert len(chosen.all("article")) == 3
    assert text_of(file.content, tmp_path).count("\f") == 3


async def test_nobody_ticked_is_the_class_alone(visitor: httpx.AsyncClient) -> None:
    slot = await door_slot()
    link = link_of(await a_class(slot, 4))
    with clock.at(ENDS):
        assert len((await read(visitor, f"{link}/certificate?chosen=yes")).all("article")) == 1


@pytest.mark.parametrize(
    "query",
    ["slot=x", "slot=%00", "pupil=-1", "pupil=9999&chosen=yes", "pupil=é&chosen=yes", "chosen=no", "pupil=&" * 9],
)
async def test_odd_questions_break_nothing(visitor: httpx.AsyncClient, query: str) -> None:
    slot = await door_slot()
    link = link_of(await a_class(slot, 4))
    with clock.at(ENDS):
        for end in ("", ".pdf"):
            assert (await visitor.get(f"{link}/certificate{end}?{query}")).status_code == 200


async def test_a_hostile_name_breaks_nothing_and_runs_nothing(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    slot = await door_slot()
    dossier = await a_class(slot, 8, [Name(name) for name in [*HOSTILE, "李小龙"]])
    await db.fetch("UPDATE dossier SET class_label = $1 WHERE id = $2", HOSTILE[0], dossier.id)
    with clock.at(ENDS):
        answer = await visitor.get(f"{link_of(dossier)}/certificate")
        file = await visitor.get(f"{link_of(dossier)}/certificate.pdf")
    words = in_words(Page.of(answer))
    assert [name for name in HOSTILE if name.upper() not in words.upper()] == []
    assert "<b>x</b>" not in answer.text.lower()
    told = text_of(file.content, tmp_path)
    assert told.count("\f") == 8
    assert "root:" not in told


async def test_an_organiser_takes_those_of_one_booking_or_of_a_whole_slot(app: Litestar, tmp_path: Path) -> None:
    slot = await door_slot()
    cleo = await came(slot, await make_booking(slot, CLEO))
    await a_class(slot, 4)
    booking = await id_of(cleo)
    with clock.at(ENDS):
        async with browser_of(app, await somebody("organiser")) as client:
            one = await client.get(f"/office/bookings/{booking}/certificate.pdf")
            everybody = await client.get(f"/office/slots/{slot.id}/certificates.pdf")
            unknown = [
                (await client.get(f"/office/{path}")).status_code
                for path in (f"bookings/{slot.id}/certificate.pdf", f"slots/{booking}/certificates.pdf")
            ]
    assert (one.status_code, everybody.status_code, unknown) == (200, 200, [404, 404])
    assert "VANDAMME" in text_of(one.content, tmp_path)
    assert text_of(everybody.content, tmp_path).count("\f") == 5
    lines = await db.fetch("SELECT subject_id, facts FROM journal WHERE verb = 'export_certificates' ORDER BY id")
    assert [(line["subject_id"], line["facts"]) for line in lines] == [
        (booking, '{"number": 1}'), (slot.id, '{"number": 5}'),
    ]  # fmt: skip


async def test_three_hundred_certificates_are_one_file(app: Litestar, tmp_path: Path) -> None:
    slot = await door_slot(400)
    await crowd(slot, 300)
    await db.fetch(
        "INSERT INTO presence (id, slot, booking, people, noted_at) SELECT id, slot, id, 1, now() FROM booking"
    )
    with clock.at(ENDS):
        async with browser_of(app, await somebody("organiser")) as client:
            answer = await client.get(f"/office/slots/{slot.id}/certificates.pdf")
    assert (answer.status_code, answer.content.count(b"/Type/Page\n") + answer.content.count(b"/Type/Page/")) != (
        500,
        0,
    )
    assert answer.content.startswith(b"%PDF-")


def test_the_file_says_what_the_page_says() -> None:
    """Each line of the words stands in the template of the file."""
    source = (pdf.TEMPLATES / "certificate.typ").read_text()
    assert [name for name in certificate_words.Sheet.__slots__ if f"sheet.{name}" not in source] == []
