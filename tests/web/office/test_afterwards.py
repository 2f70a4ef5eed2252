"""The office once people have come: who was there stands where one looks, and each page leads on to the next step."""

from datetime import timedelta
from uuid import UUID

import httpx
from litestar import Litestar

from service import clock, db
from service.attendance import check_in, closing
from service.bookings.plans import Party
from service.events.slots import BookableSlot
from tests.attendance.harness import class_at_door, id_of
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_slot
from tests.visits import Page
from tests.web.office.harness import browser_of, somebody

HOUR = timedelta(hours=1)
MOVE = "UPDATE slot SET starts_at = $2, ends_at = $3, closes_at = $2 WHERE id = $1"


async def ended(slot: BookableSlot) -> None:
    await db.fetch(MOVE, slot.id, clock.now() - 3 * HOUR, clock.now() - HOUR)


async def seen(client: httpx.AsyncClient, path: str) -> Page:
    answer = await client.get(path, params={"lang": "en"})
    assert answer.status_code == 200
    return Page.of(answer)


def said(page: Page) -> str:
    return " ".join(page.words.split())


def inside(page: Page) -> set[str]:
    return {one.partition("?")[0] for one in page.inside}


async def came_and_absent(slot: BookableSlot) -> tuple[UUID, UUID, UUID]:
    """Ben came, Cléo did not, and of a class 25 of 28; all of it was noted at the door."""
    ben, cleo = [await id_of(await make_booking(slot, who)) for who in (BEN, CLEO)]
    of_class = await class_at_door(slot, Party(26, 2))
    await db.fetch(MOVE, slot.id, clock.now(), clock.now() + HOUR)
    await check_in.mark_present(slot.id, ben, "test")
    await check_in.mark_present(slot.id, of_class, f"door:{slot.id}")
    await check_in.step(slot.id, of_class, -3, f"door:{slot.id}")
    await closing.close(slot.id, "test")
    return ben, cleo, of_class


async def test_the_list_of_a_slot_says_who_came(app: Litestar) -> None:
    slot = await make_slot(40)
    await came_and_absent(slot)
    async with browser_of(app, await somebody("reader")) as client:
        page = await seen(client, f"/office/slots/{slot.id}")
    assert "26 people came" in said(page)
    assert "Confirmed Here" in said(page)
    assert "Confirmed Absent" in said(page)
    assert "Confirmed Here: 25 of 28" in said(page)


async def test_before_anybody_is_noted_the_list_says_nothing_of_it(app: Litestar) -> None:
    slot = await make_slot(40)
    await make_booking(slot, BEN)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client, f"/office/slots/{slot.id}")
    assert "Absent" not in said(page)
    assert "came" not in said(page)
    assert f"/office/slots/{slot.id}/certificates.pdf" not in inside(page)


async def test_the_next_step_of_a_slot_goes_with_its_day(app: Litestar) -> None:
    slot = await make_slot(40, starts_in=timedelta(days=3))
    await make_booking(slot, a_pupil())
    here = f"/office/slots/{slot.id}"
    async with browser_of(app, await somebody("organiser")) as client:
        before = await seen(client, here)
        await came_and_absent(slot)
        meanwhile = await seen(client, here)
        await ended(slot)
        afterwards = await seen(client, here)
    steps = [f"{here}/add", f"/office/door/{slot.id}", f"{here}/certificates.pdf"]
    found = [primary(page) for page in (before, meanwhile, afterwards)]
    assert found == [[one] for one in steps]
    assert [f"{here}/call-off" in inside(page) for page in (before, meanwhile, afterwards)] == [True, True, False]


async def test_a_booking_says_whether_they_came_and_leads_to_their_certificate(app: Litestar) -> None:
    slot = await make_slot(40)
    ben, cleo, of_class = [f"/office/bookings/{one}" for one in await came_and_absent(slot)]
    async with browser_of(app, await somebody("organiser")) as client:
        assert f"{ben}/certificate.pdf" not in inside(await seen(client, ben))
        await ended(slot)
        pages = [await seen(client, path) for path in (ben, cleo, of_class)]
    leads = [f"{path}/certificate.pdf" in inside(page) for path, page in zip((ben, cleo, of_class), pages, strict=True)]
    assert leads == [True, False, True]
    for words, page in zip(("PresenceHere", "PresenceAbsent", "PresenceHere: 25 of 28"), pages, strict=True):
        assert words in said(page)


async def test_the_journal_of_a_booking_tells_in_words_what_was_done_at_the_door(app: Litestar) -> None:
    slot = await make_slot(40)
    ben, _, of_class = await came_and_absent(slot)
    await check_in.undo(slot.id, ben, f"door:{slot.id}")
    async with browser_of(app, await somebody("organiser")) as client:
        page, group = [await seen(client, f"/office/bookings/{one}") for one in (ben, of_class)]
    for words in ("Check-in taken back", "Checked in", "a helper at the door"):
        assert words in said(page)
    assert "Counted at the door" in said(group)
    assert "door:" not in said(group)
    assert "Numbers changed" not in said(group)


async def test_the_sheet_and_the_door_lead_back_to_the_bookings_of_their_slot(app: Litestar) -> None:
    slot = await make_slot(40)
    async with browser_of(app, await somebody("organiser")) as client:
        for path in (f"/office/slots/{slot.id}/attendance.html", f"/office/door/{slot.id}"):
            assert f"/office/slots/{slot.id}" in inside(await seen(client, path))


async def test_an_empty_week_leads_to_the_events(app: Litestar) -> None:
    for role, leads in (("organiser", True), ("reader", False)):
        async with browser_of(app, await somebody(role)) as client:
            page = await seen(client, "/office")
        assert "Nothing happens in the next seven days" in said(page)
        assert ("/office/events/new" in inside(page)) is leads


def primary(page: Page) -> list[str]:
    """Where the loud buttons of the page lead."""
    return [one["href"].partition("?")[0] for one in page.all("a", **{"class": "button is-primary"})]
