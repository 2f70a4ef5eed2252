"""Adding somebody by hand over HTTP."""

import pytest
from litestar import Litestar

from service import db
from service.bookings.tables import Booking, Dossier
from tests.bookings.classes import class_slot
from tests.bookings.harness import held
from tests.bookings.queues import full_slot, joined
from tests.makers import BEN, make_booking, make_event, make_slot
from tests.visits import Page, dump, send
from tests.web.office.harness import browser_of, somebody

ZOE = {"first_name": "Zoé", "last_name": "D’Hôte", "people": "1"}
CLASS = {
    "kind": "class", "first_name": "Manon", "last_name": "Roy", "class_label": "2de 4", "pupils": "20",
    "chaperones": "2",
}  # fmt: skip


async def test_without_an_address_the_next_page_tells_the_code_to_say(app: Litestar) -> None:
    slot = await make_slot(event=await make_event(list_closes_days=30))
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, f"/office/slots/{slot.id}/add", {**ZOE, "people": "2", "school": "Arc"}, lang="en")
        assert answer.status_code == 303
        page = Page.of(await client.get(answer.headers["location"]))
    [dossier] = await Dossier.objects()
    [booking] = await Booking.objects()
    assert f"Added. Their code: {dossier.code}" in page.words
    assert (booking.seats, dossier.school, dossier.email, dossier.language) == (2, "Arc", "", "fr")


async def test_a_class_has_a_form_of_its_own(app: Litestar) -> None:
    slot = await class_slot(40)
    async with browser_of(app, await somebody("organiser")) as client:
        form = Page.of(await client.get(f"/office/slots/{slot.id}/add?kind=class"))
        assert {one["name"] for one in form.all("input") if one["type"] != "hidden"} == {
            "first_name", "last_name", "class_label", "pupils", "chaperones", "school", "email",
        }  # fmt: skip
        fields = {**CLASS, "email": "m.roy@lycee.test", "language": "en"}
        assert (await send(client, f"/office/slots/{slot.id}/add", fields)).status_code == 303
    [row] = await db.fetch(
        "SELECT pupils, chaperones, state, language FROM booking JOIN dossier ON dossier.id = booking.dossier"
    )
    assert tuple(row) == (20, 2, "confirmed", "en")


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({**ZOE, "last_name": ""}, "last_name"),
        ({**ZOE, "email": "x"}, "email"),
        ({**ZOE, "people": "0"}, "people"),
        ({**ZOE, "people": "99999999999"}, "people"),
        ({**ZOE, "first_name": "\x00"}, "first_name"),
        ({**CLASS, "pupils": ""}, "pupils"),
        ({**CLASS, "class_label": "x" * 61}, "class_label"),
    ],
)
async def test_a_mistake_stands_beside_its_field_and_what_was_typed_stays(
    app: Litestar, fields: dict[str, str], mistake: str
) -> None:
    slot = await class_slot(40)
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await send(client, f"/office/slots/{slot.id}/add", fields, lang="en")
        assert await dump() == before
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(mistake)) == (422, True)
    assert page.typed("school") == ""
    assert page.typed("first_name") == fields["first_name"].replace("\x00", "")


async def test_a_full_slot_offers_the_end_of_its_queue_and_a_free_one_that_others_wait_for_the_choice(
    app: Litestar,
) -> None:
    slot, _ = await full_slot()
    path = f"/office/slots/{slot.id}/add"
    async with browser_of(app, await somebody("organiser")) as client:
        full = await send(client, path, ZOE, lang="en")
        page = Page.of(full)
        assert (full.status_code, "Every seat is taken." in page.words) == (409, True)
        assert [one["value"] for one in page.all("input", name="way")] == ["in_turn", "queue"]
        assert page.typed("way") == "queue"
        assert page.typed("first_name") == "Zoé"
        assert (await send(client, path, {**ZOE, "way": "queue"})).status_code == 303
        await joined(slot, wants=2)
        await db.fetch("UPDATE slot SET capacity = 2 WHERE id = $1", slot.id)
        waited = await send(client, path, {**ZOE, "last_name": "Autre"}, lang="en")
        assert (waited.status_code, "1 seat is free and 3 are waited for." in Page.of(waited).words) == (409, True)
        passing = {**ZOE, "last_name": "Autre", "way": "before_others"}
        assert (await send(client, path, passing)).status_code == 303
    assert await held(slot) == 2


async def test_a_double_is_told_to_the_organiser_and_a_repeat_adds_nobody(app: Litestar) -> None:
    slot = await make_slot()
    await make_booking(slot, BEN)
    double = {"first_name": BEN.first_name, "last_name": BEN.last_name, "email": BEN.email, "people": "1"}
    path = f"/office/slots/{slot.id}/add"
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, path, double, lang="en")
        assert (answer.status_code, "Already booked" in Page.of(answer).words) == (409, True)
        key = Page.of(await client.get(path)).typed("key")
        sent = [await send(client, path, {**ZOE, "key": key}) for _ in range(2)]
        assert len({one.headers["location"] for one in sent}) == 1
        assert (await send(client, path, {**ZOE, "last_name": "X", "key": key})).status_code == 422
    assert await held(slot) == 2
