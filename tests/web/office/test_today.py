"""The office's first page: the days ahead, and what waits for a decision."""

from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from service import db
from service.bookings import changes, options, seats
from service.bookings.plans import Party
from service.events import slots
from service.people import delivery
from tests.bookings.classes import a_class, class_slot, has
from tests.bookings.queues import joined
from tests.makers import BEN, a_pupil, make_booking, make_event, make_slot
from tests.visits import Page, counted, send
from tests.web.office.harness import browser_of, somebody

DAY = timedelta(days=1)


async def seen(client: httpx.AsyncClient) -> Page:
    answer = await client.get("/office", params={"lang": "en"})
    assert answer.status_code == 200
    return Page.of(answer)


async def test_it_shows_the_slots_of_today_and_the_next_seven_days_with_their_seats(app: Litestar) -> None:
    near = await make_slot(2, event=await make_event(title="Près"), starts_in=2 * DAY)
    await make_slot(event=await make_event(title="Loin"), starts_in=9 * DAY)
    await make_booking(near, BEN)
    await make_booking(near, a_pupil())
    await joined(near)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client)
    assert ("Près" in page.words, "Loin" in page.words) == (True, False)
    assert "2 of 2 seats taken" in page.words
    assert "1 on the waiting list" in page.words
    assert page.all("meter", value="2", max="2")


async def test_an_approval_takes_one_press(app: Litestar) -> None:
    slot = await class_slot(40, starts_in=5 * DAY, needs_approval=True)
    dossier = await a_class(slot)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client)
        assert "2de 4" in page.words
        [booking] = await db.fetch("SELECT id FROM booking")
        answer = await send(client, f"/office/bookings/{booking['id']}/approve")
        assert (answer.status_code, await has(dossier)) == (303, [("option", 28, 3)])
        assert (await send(client, f"/office/bookings/{booking['id']}/approve")).status_code == 303  # done once
        [line] = await db.fetch("SELECT actor FROM journal WHERE verb = 'approve'")
        assert line["actor"].startswith("person:")
        assert "Nothing waits for your decision." in (await seen(client)).words


async def test_a_refusal_needs_its_reason_and_frees_the_seats(app: Litestar) -> None:
    slot = await class_slot(40, starts_in=5 * DAY, needs_approval=True)
    dossier = await a_class(slot)
    [booking] = await db.fetch("SELECT id FROM booking")
    path, name = f"/office/bookings/{booking['id']}/refuse", f"reason_{booking['id'].hex}"
    async with browser_of(app, await somebody("admin")) as client:
        without = await send(client, path, lang="en")
        assert (without.status_code, "Please give the reason" in Page.of(without).words) == (422, True)
        assert (await send(client, path, {name: "Le site est complet"})).status_code == 303
        assert await has(dossier) == [("cancelled", 28, 3)]
        late = await send(client, path.replace("refuse", "approve"))
    assert (late.status_code, (await slots.load(slot.id)).seats_left) == (409, 40)


async def test_options_that_end_soon_and_addresses_that_do_not_work_stand_below(app: Litestar) -> None:
    await a_class(await class_slot(40, starts_in=2 * DAY), Party(20, 2), "Bientôt")
    await options.confirm(await a_class(await class_slot(40, starts_in=2 * DAY), Party(20, 2), "Confirmée"))
    lost = await seats.book(await make_slot(), a_pupil())
    gone = await seats.book(await make_slot(), a_pupil())
    await changes.cancel(gone)
    for one in (lost, gone):
        await delivery.mark_undeliverable(one.email_key, "550")
    async with browser_of(app, await somebody("organiser")) as client:
        words = (await seen(client)).words
    assert ("Bientôt" in words, "Confirmée" in words) == (True, False)
    assert (lost.first_name in words, gone.first_name in words) == (True, False)


@pytest.mark.parametrize(("role", "sees"), [("reader", True), ("door", False)])
async def test_a_reader_sees_the_slots_but_nobody_to_decide_about(app: Litestar, role: str, sees: bool) -> None:
    await a_class(await class_slot(40, starts_in=5 * DAY, needs_approval=True))
    async with browser_of(app, await somebody(role)) as client:
        page = await seen(client)
    assert "2de 4" not in page.words
    assert bool(page.all("meter")) == sees


async def test_it_costs_the_same_statements_with_one_booking_and_with_three_hundred(app: Litestar) -> None:
    slot = await make_slot(400, event=await make_event(needs_approval=True), starts_in=2 * DAY)
    async with browser_of(app, await somebody("organiser")) as client:
        found = []
        for more in (1, 60):
            for _ in range(more):
                await make_booking(slot, a_pupil())
            with counted() as statements:
                await seen(client)
            found.append(len(statements))
    assert found == [6, 6]  # who asks, and five questions


ROOMS = ("/office", "/office/events", "/office/proposals", "/office/exports", "/office/staff", "/office/settings")


@pytest.mark.parametrize("room", ROOMS)
async def test_the_bar_says_in_which_room_one_is(app: Litestar, room: str) -> None:
    async with browser_of(app, await somebody("admin")) as client:
        page = Page.of(await client.get(room))
    here = {one["href"] for one in page.all("a", **{"aria-current": "page"})}
    assert here & set(ROOMS) == {room}
    assert len(page.all("meta", name="robots", content="noindex")) == 1
