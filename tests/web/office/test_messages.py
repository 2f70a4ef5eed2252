"""Writing to many from the office: counts, mistakes, the look before it leaves, and what was written."""

import httpx
import pytest
from litestar import Litestar

from service import db
from service.attendance.tables import Presence
from service.bookings import changes, messages
from service.bookings.message_emails import Typed
from service.bookings.messages import About
from tests.bookings.harness import booking_of
from tests.bookings.queues import joined
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_slot
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

TYPED = {"recipients": "confirmed", "title": "Bonjour {prénom}", "body": "Rendez-vous à {lieu}.\n\nÀ bientôt"}


async def ask(client: httpx.AsyncClient, path: str) -> Page:
    answer = await client.get(path, params={"lang": "en"})
    assert answer.status_code == 200
    return Page.of(answer)


async def test_the_form_counts_each_kind_of_recipients(app: Litestar) -> None:
    slot = await make_slot(2)
    came = await make_booking(slot, BEN)
    await make_booking(slot, a_pupil())
    await joined(slot)
    await Presence.insert(
        Presence(slot=slot.id, booking=(await booking_of(came)).id, people=1, noted_at=slot.starts_at)
    )
    async with browser_of(app, await somebody("organiser")) as client:
        for path in (f"/office/slots/{slot.id}/messages/new", f"/office/events/{slot.event_id}/messages/new"):
            page = await ask(client, path)
            assert page.all("input", name="recipients", value="confirmed", checked="")
            for words in (
                "confirmed seat: 2 e-mails",
                "waiting list: 1 e-mail",
                "was there: 1 e-mail",
                "absent: 0 e-mails",
            ):
                assert words in page.words


async def test_the_letter_is_looked_at_before_it_leaves_and_nothing_happens_until_then(app: Litestar) -> None:
    slot = await make_slot(event=await make_event(contact_email="accueil@campus.test"))
    await make_booking(slot, BEN)
    path = f"/office/slots/{slot.id}/messages"
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        shown = await send(client, f"{path}/new", TYPED, lang="en")
        assert await dump() == before
        page = Page.of(shown)
        assert shown.status_code == 200
        for words in ("1 person will get this e-mail", "Bonjour Ben", slot.place, BEN.email, "accueil@campus.test"):
            assert words in page.words
        hidden = {one["name"]: one["value"] for one in page.all("input", type="hidden")}
        assert {name: hidden[name] for name in TYPED} == TYPED
        for _ in range(2):  # a double click
            answer = await send(client, path, hidden)
            assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/new?done=sent")
        written = Page.of(await client.get(f"{path}/new", params={"done": "sent", "lang": "en"}))
    assert "Your message is on its way" in written.words
    assert ("Bonjour {prénom}" in written.words, "Ada organiser" in written.words) == (True, True)
    assert "1 e-mail: 0 delivered, 1 under way" in " ".join(written.words.split())
    assert len(await db.fetch("SELECT 1 FROM email WHERE letter = 'message'")) == 1


async def test_one_may_go_back_and_find_what_was_typed(app: Litestar) -> None:
    slot = await make_slot()
    await make_booking(slot)
    async with browser_of(app, await somebody("admin")) as client:
        answer = await send(client, f"/office/slots/{slot.id}/messages/new", {**TYPED, "again": "yes"})
    page = Page.of(answer)
    assert (answer.status_code, page.typed("title"), page.typed("recipients")) == (200, TYPED["title"], "confirmed")
    assert "Rendez-vous à {lieu}." in page.words


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"title": ""}, "title", "Please give your message a title."),
        ({"body": " \n "}, "body", "Please type your message."),
        ({"body": "x" * 3001}, "body", "At most 3000 characters, please."),
        ({"title": "Bonjour {prenon}"}, "title", "We do not know what to put for {prenon}."),
        ({"body": "{first_name.__class__}"}, "body", "We do not know what to put for {first_name.__class__}."),
        ({"recipients": "everybody"}, "recipients", "Please say to whom you write."),
        ({"recipients": "absent"}, "recipients", "None of them has an e-mail address."),
        ({"body": "a\x00b"}, "body", "holds a character we cannot read"),
        ({"body": b"\xff"}, "body", "holds a character we cannot read"),
    ],
)
async def test_a_mistake_is_told_beside_its_field(
    app: Litestar, changed: dict[str, str | bytes], field: str, words: str
) -> None:
    slot = await make_slot()
    await make_booking(slot)
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await send(client, f"/office/slots/{slot.id}/messages/new", TYPED | changed, lang="en")
        if field != "recipients" or changed["recipients"] != "absent":
            assert (await send(client, f"/office/slots/{slot.id}/messages", TYPED | changed)).status_code == 422
        assert await dump() == before
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(field), words in page.words) == (422, True, True)


async def test_when_the_last_of_them_has_just_left_nothing_is_sent(app: Litestar) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, f"/office/slots/{slot.id}/messages", TYPED, lang="en")
    assert (answer.status_code, "Nobody to write to" in Page.of(answer).words) == (409, True)


async def test_a_key_of_another_message_sends_nothing(app: Litestar) -> None:
    slot = await make_slot()
    await make_booking(slot)
    path = f"/office/slots/{slot.id}/messages"
    async with browser_of(app, await somebody("organiser")) as client:
        await send(client, path, {**TYPED, "key": "once"})
        assert (await send(client, path, {**TYPED, "title": "Autre", "key": "once"})).status_code == 422
    assert len(await db.fetch("SELECT 1 FROM message")) == 1


async def test_the_page_costs_the_same_statements_with_one_and_with_many(app: Litestar) -> None:
    slot, costs = await make_slot(40), []
    async with browser_of(app, await somebody("organiser")) as client:
        for more in (1, 12):
            for _ in range(more):
                await make_booking(slot, a_pupil())
                await messages.send(About(slot.event_id), "confirmed", Typed("Un mot", "à {nom}"), "person:x")
            for path in (f"/office/slots/{slot.id}/messages/new", f"/office/events/{slot.event_id}/messages/new"):
                with counted() as statements:
                    await ask(client, path)
                costs.append(len(statements))
    assert costs == [4] * 4  # who asks, about what, the counts, the history


async def test_hostile_words_stay_words(app: Litestar) -> None:
    slot = await make_slot(event=await make_event(title="<script>alert(1)</script>"))
    await make_booking(slot, CLEO)
    typed = {**TYPED, "title": "<b>x</b>", "body": "</textarea><script>alert(1)</script>"}
    async with browser_of(app, await somebody("organiser")) as client:
        shown = await send(client, f"/office/slots/{slot.id}/messages/new", typed)
        again = await send(client, f"/office/slots/{slot.id}/messages/new", {**typed, "again": "yes"})
    for answer in (shown, again):
        assert "<script>alert" not in answer.text
        assert "<b>x</b>" not in answer.text
