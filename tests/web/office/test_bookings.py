"""The bookings of a slot over HTTP: the table, its filters, and what is done to a selection."""

from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from service import db
from service.bookings import changes
from service.bookings.tables import Booking, Dossier
from service.events.tables import Event
from tests.bookings.harness import booked, booking_of
from tests.bookings.minors import approval_slot
from tests.bookings.offices import added, id_of, unaddressed
from tests.bookings.queues import full_slot, joined, state_of
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_slot
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

HOSTILE = ["<script>alert(1)</script>", '" onmouseover="x', "=cmd|' /C calc'!A0", "{{ 7*7 }}", "%s %(name)s", "ﷺ" * 20]


def here(slot: UUID) -> str:
    return f"/office/slots/{slot}"


async def seen(client: httpx.AsyncClient, path: str, status: int = 200, **query: str) -> Page:
    """The page in English."""
    answer = await client.get(path, params={"lang": "en", **query})
    assert answer.status_code == status
    return Page.of(answer)


async def tick(*chosen: Dossier) -> dict[str, str]:
    """The boxes of these, ticked."""
    return {f"pick_{(await id_of(one)).hex}": "yes" for one in chosen}


async def test_it_tells_of_each_booking_and_links_to_what_one_does_next(app: Litestar) -> None:
    slot, [holder] = await full_slot()
    waits = await joined(slot, CLEO)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client, here(slot.id))
    assert "D'HÔTE-VANDAMME Cléo" in page.words
    assert "Waiting list, number 1" in page.words
    assert "1 of 1 seat taken" in page.words
    inside = {one.partition("?")[0] for one in page.inside}
    below = {"/add", "/attendance.html", "/messages/new", "/import", "/edit", "/call-off", "/door"}
    assert {here(slot.id) + one for one in below} <= inside
    assert {f"/office/door/{slot.id}", f"/office/events/{slot.event_id}/bookings.csv"} <= inside
    assert {f"/office/bookings/{await id_of(one)}" for one in (holder, waits)} <= inside


async def test_the_address_narrows_sorts_and_pages_it(app: Litestar) -> None:
    slot = await make_slot(60)
    await make_booking(slot, CLEO)
    gone = await make_booking(slot, BEN)
    await changes.cancel(gone)
    for _ in range(50):
        await added(slot, unaddressed())
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client, here(slot.id), q="hote vandamme")
        assert ("1 booking found" in page.words, len(page.all("input", type="checkbox"))) == (True, 1)
        assert "DELATTRE Ben" in (await seen(client, here(slot.id), state="over")).words
        assert len((await seen(client, here(slot.id))).all("input", type="checkbox")) == 50
        last = await seen(client, here(slot.id), page="2", mail="no_address", sort="queue", state="confirmed")
        assert last.all("a", rel="prev") == []
        assert len((await seen(client, here(slot.id), page="2")).all("input", type="checkbox")) == 1
        ticked = await seen(client, here(slot.id), tick="all")
        assert all("checked" in one for one in ticked.all("input", type="checkbox"))
        assert "Nobody here" in (await seen(client, here(slot.id), q="zzz")).words


@pytest.mark.parametrize(
    "odd",
    [
        *("page=99999999999999999999", "page=-1", "page=x", "state=<b>", "sort=name'--", "q=%00%ff", "mail=é"),
        *("q=" + "x" * 5000, "number=9&done=<i>"),
    ],
)
async def test_an_odd_address_is_answered_as_if_it_asked_for_less(app: Litestar, odd: str) -> None:
    slot = await make_slot()
    await make_booking(slot)
    async with browser_of(app, await somebody("reader")) as client:
        answer = await client.get(f"{here(slot.id)}?{odd}")
    assert answer.status_code == 200
    assert "<i>" not in answer.text


async def test_a_reader_reads_and_changes_nothing(app: Litestar) -> None:
    slot = await make_slot()
    await make_booking(slot, BEN)
    async with browser_of(app, await somebody("reader")) as client:
        answer = await client.get(here(slot.id))
    page = Page.of(answer)
    assert "DELATTRE Ben" in page.words
    assert BEN.email not in answer.text
    assert page.all("input", type="checkbox") + page.all("form", action=f"{here(slot.id)}/bulk") == []
    assert f"{here(slot.id)}/add" not in page.inside


async def test_a_draft_and_an_empty_slot_say_what_is_so(app: Litestar) -> None:
    slot, draft = await make_slot(), await make_slot()
    await Event.update({Event.state: "draft"}).where(Event.id == draft.event_id)
    async with browser_of(app, await somebody("organiser")) as client:
        assert "Nobody has booked yet" in (await seen(client, here(slot.id))).words
        page = await seen(client, here(draft.id))
    assert "nobody can book yet" in page.words
    assert f"{here(draft.id)}/add" not in [one.partition("?")[0] for one in page.inside]


async def test_what_is_done_to_a_selection_is_counted(app: Litestar) -> None:
    slot, _ = await full_slot()
    queue = [await joined(slot), await joined(slot)]
    await db.fetch("UPDATE slot SET capacity = 3 WHERE id = $1", slot.id)
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, f"{here(slot.id)}/bulk?sort=queue", {**await tick(*queue), "action": "confirm"})
        assert (answer.status_code, await state_of(*queue)) == (303, ["confirmed", "confirmed"])
        assert answer.headers["location"] == f"{here(slot.id)}?sort=queue&done=confirm&number=2"
        after = await client.get(answer.headers["location"] + "&lang=en")
        assert "2 bookings confirmed" in Page.of(after).words


async def test_what_was_refused_is_told_with_its_name_and_its_reason(app: Litestar) -> None:
    slot, [holder] = await full_slot()
    first, second = await joined(slot), await joined(slot)
    await db.fetch("UPDATE slot SET capacity = 2 WHERE id = $1", slot.id)
    fields = {**await tick(first, second, holder), "action": "confirm"}
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, f"{here(slot.id)}/bulk", fields, lang="en")
    page = Page.of(answer)
    assert answer.status_code == 409
    assert "2 bookings confirmed" in page.words  # who was confirmed already counts as done
    assert "1 booking stays as it was" in page.words
    assert f"{second.first_name} {second.last_name}: Every seat is taken." in page.words


async def test_many_are_cancelled_with_one_reason_that_each_reads_and_approved_in_one_press(app: Litestar) -> None:
    slot = await approval_slot()
    some = [await booked(slot, a_pupil()) for _ in range(3)]
    async with browser_of(app, await somebody("admin")) as client:
        await send(client, f"{here(slot.id)}/bulk", {**await tick(*some), "action": "approve"})
        assert await state_of(*some) == ["confirmed"] * 3
        fields = {**await tick(*some[:2]), "action": "cancel", "reason": "Le four est en panne"}
        await send(client, f"{here(slot.id)}/bulk", fields)
        await send(client, f"{here(slot.id)}/bulk", {**await tick(some[2]), "action": "resend"})
    assert await state_of(*some) == ["cancelled", "cancelled", "confirmed"]
    rows = await db.fetch("SELECT facts FROM email WHERE letter = 'cancellation'")
    assert ["Le four est en panne" in row["facts"] for row in rows] == [True, True]
    actors = await db.fetch("SELECT DISTINCT actor FROM journal WHERE verb IN ('approve', 'cancel', 'resend')")
    assert len(actors) == 1
    assert actors[0]["actor"].startswith("person:")


async def test_nothing_ticked_or_nothing_asked_changes_nothing(app: Litestar) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    ticked = await tick(dossier)
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        for fields in (
            {"action": "cancel"},
            ticked,
            {**ticked, "action": "erase"},
            {"pick_zz": "yes", "action": "cancel"},
        ):
            answer = await send(client, f"{here(slot.id)}/bulk", fields, lang="en")
            assert answer.status_code == 422
        too_long = {**ticked, "action": "cancel", "reason": "x" * 301}
        again = await send(client, f"{here(slot.id)}/bulk", too_long, lang="en")
        assert (again.status_code, Page.of(again).has_mistake("reason")) == (422, True)
        assert await dump() == before
    assert (await booking_of(dossier)).state == "confirmed"


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_words_and_nothing_else(app: Litestar, name: str) -> None:
    slot = await make_slot()
    await added(slot, replace(unaddressed(), first_name=name, last_name=name, school=name), people=2)
    [row] = await Booking.select(Booking.id)
    async with browser_of(app, await somebody("organiser")) as client:
        for path in (here(slot.id), f"/office/bookings/{row['id']}", f"{here(slot.id)}?q={name[:3]}"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "<script>" not in answer.text
            assert not [has for _, has in Page.of(answer).elements if "onmouseover" in has]
            assert name in Page.of(answer).words


async def test_it_costs_the_same_statements_with_one_booking_and_with_three_hundred(app: Litestar) -> None:
    slot = await make_slot(400)
    async with browser_of(app, await somebody("organiser")) as client:
        found = []
        for more in (1, 60):
            for _ in range(more):
                await added(slot, unaddressed())
            with counted() as statements:
                await seen(client, here(slot.id))
            found.append(len(statements))
    assert found == [3, 3]  # who asks, the slot, its bookings
