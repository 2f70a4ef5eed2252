"""One booking in the office over HTTP: what is shown to whom, each thing done to it, and its letters."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from service import clock, db
from service.attendance import check_in
from service.bookings import attendees, changes, dossiers, messages, waiting
from service.bookings.message_emails import Typed
from service.bookings.messages import About
from service.bookings.names import Name
from service.bookings.plans import Party
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.people import delivery, sign_in, staff
from tests.attendance.harness import AFTERNOON, door_slot
from tests.bookings.classes import WEEK, a_class, a_class_of, class_slot, has, over
from tests.bookings.harness import booked, booking_of, mail_goes_out, reread
from tests.bookings.minors import PARENT, approval_slot, pending_minor
from tests.bookings.offices import added, id_of, two_slots, unaddressed
from tests.bookings.queues import full_slot, joined, state_of
from tests.makers import BEN, CLEO, a_pupil, link_of, make_booking, make_event, make_slot
from tests.visits import Page, counted, dump, send, somebody_who_came
from tests.web.office.harness import browser_of, somebody

ROOT = Path(__file__).parents[3]
ONE_MORE_LINE = """
INSERT INTO journal (at, actor, verb, subject_kind, subject_id, facts)
SELECT at, actor, verb, subject_kind, subject_id, facts FROM journal ORDER BY id DESC LIMIT 1
"""


def here(booking: UUID, below: str = "") -> str:
    return f"/office/bookings/{booking}{below}"


async def seen(client: httpx.AsyncClient, path: str, **query: str) -> Page:
    answer = await client.get(path, params={"lang": "en", **query})
    assert answer.status_code == 200
    return Page.of(answer)


def actions(page: Page) -> set[str]:
    """What one may do on the page, by the last word of each form's address."""
    return {
        one["action"].partition("?")[0].rpartition("/")[2] for one in page.all("form") if "bookings" in one["action"]
    }


async def test_it_shows_who_what_and_all_that_was_done_by_whom(app: Litestar) -> None:
    slot = await class_slot(40)
    dossier = await a_class(slot, Party(20, 2))
    booking = await id_of(dossier)
    await attendees.save(dossier, {booking: [Name("HÔTE", "Zoé")]})
    ada = await somebody("organiser")
    async with browser_of(app, ada) as client:
        await send(client, here(booking, "/confirm"))
        page = await seen(client, here(booking))
    for words in ("2de 4", "20 pupils and 2 chaperones", dossier.email, dossier.code, "HÔTE Zoé", ada.name):
        assert words in page.words
    assert [verb in page.words for verb in ("Booked", "Names given", "Confirmed")] == [True] * 3
    assert "the booker" in page.words


async def test_it_says_who_came_and_leads_to_the_certificate(app: Litestar) -> None:
    dossier = await a_class_of(await make_slot(40), pupils=3, chaperones=1)
    booking, reader, ada = await id_of(dossier), await somebody("reader"), await somebody("organiser")
    path = here(booking, "/certificate.pdf?lang=en")
    async with browser_of(app, ada) as client, browser_of(app, reader) as reads:
        assert "Presence" not in (await seen(client, here(booking))).words
        await somebody_who_came(dossier)
        came = await seen(client, here(booking))
        assert ("Here: 4 of 4" in came.words, path in came.addresses) == (True, True)
        assert path not in (await seen(reads, here(booking))).addresses
        await db.fetch("UPDATE presence SET people = 0 WHERE booking = $1", booking)
        missed = await seen(client, here(booking))
        assert ("Absent" in missed.words, path in missed.addresses) == (True, False)


async def test_a_verb_that_it_does_not_know_is_shown_as_it_is(app: Litestar) -> None:
    booking = await id_of(await make_booking(await make_slot()))
    await db.fetch("UPDATE journal SET verb = 'wave_goodbye', actor = 'person:gone'")
    async with browser_of(app, await somebody("reader")) as client:
        page = await seen(client, here(booking))
    assert "wave goodbye" in page.words
    assert "an organiser" in page.words


def test_every_verb_that_is_noted_of_a_booking_has_its_words() -> None:
    code = "".join(path.read_text() for path in (ROOT / "service").rglob("*.py"))
    words = (ROOT / "templates/pages/office/_booking_words.html").read_text()
    noted = set(re.findall(r'note(?:_each)?\([^,]+, "(\w+)"(?: if [^,]+)?, "(?:booking|dossier)"', code))
    assert {"count", "count_present", "check_in", "undo_check_in", "move", "call_off", "erased"} <= noted
    assert {verb for verb in noted if f'"{verb}": _(' not in words} == set()


async def test_a_helper_without_account_is_called_so(app: Litestar) -> None:
    with clock.at(AFTERNOON):
        slot = await door_slot()
        booking = await id_of(await make_booking(slot))
        await check_in.mark_present(slot.id, booking, f"door:{slot.id}")
    async with browser_of(app, await somebody("reader")) as client:
        page = await seen(client, here(booking))
    assert "Checked in at the door" in page.words
    assert "a helper at the door" in page.words


async def test_a_reader_sees_nobody_s_contact_needs_or_letters(app: Litestar) -> None:
    dossier = await pending_minor()
    booking = await id_of(dossier)
    await db.fetch("UPDATE dossier SET needs = 'Fauteuil roulant' WHERE id = $1", dossier.id)
    async with browser_of(app, await somebody("reader")) as reader, browser_of(app, await somebody("admin")) as admin:
        hidden, shown = [(await client.get(here(booking))).text for client in (reader, admin)]
    told = [dossier.email, PARENT, "Fauteuil roulant"]
    assert [one in shown for one in told] == [True] * 3
    assert [one in hidden for one in told] == [False] * 3
    assert dossier.last_name.upper() in hidden
    assert "/letters/" not in hidden
    assert 'method="post"' not in hidden.partition("<main")[2].replace('/office/sign-out" method="post"', "")


@pytest.mark.parametrize(
    ("state", "may"),
    [
        ("confirmed", {"resend", "address", "cancel", "move"}),
        ("silent", {"address", "cancel", "move", "seats"}),
        ("option", {"confirm", "seats", "resend", "address", "cancel"}),
        ("approval", {"approve", "refuse", "resend", "address"}),
        ("guardian", {"paper", "refuse", "resend", "address"}),
        ("waiting", {"confirm", "resend", "address", "cancel"}),
        ("offered", {"confirm", "resend", "address", "cancel"}),
        ("cancelled", {"restore"}),
        ("called off", {"address", "cancel", "move"}),
        ("over", set()),
    ],
)
async def test_only_what_its_state_allows_is_there_to_press(app: Litestar, state: str, may: set[str]) -> None:
    slot, dossier = await standing_like(state)
    over = clock.at(slot.ends_at) if state == "over" else clock.at(clock.now())
    with over:
        async with browser_of(app, await somebody("organiser")) as client:
            assert actions(await seen(client, here(await id_of(dossier)))) == may


async def standing_like(state: str) -> tuple[BookableSlot, Dossier]:
    """A booking in this state."""
    slot, _ = await two_slots()
    if state in ("waiting", "offered"):
        slot, [holder] = await full_slot()
        dossier = await joined(slot)
        if state == "offered":
            await changes.cancel(holder)
        return slot, dossier
    made: dict[str, Any] = {
        "silent": lambda: added(slot, unaddressed()),
        "approval": lambda: _booked_in(approval_slot()),
        "guardian": pending_minor,
        "option": lambda: _class_in(class_slot(40)),
    }
    dossier = await made.get(state, lambda: booked(slot, a_pupil()))()
    if state == "cancelled":
        await changes.cancel(dossier)
    if state == "called off":
        await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", slot.id)
    return slot, dossier


async def _booked_in(slot: Any) -> Dossier:
    return await booked(await slot, a_pupil())


async def _class_in(slot: Any) -> Dossier:
    return await a_class(await slot)


async def test_each_thing_is_done_in_one_press_and_said(app: Litestar) -> None:
    slot, there = await two_slots(5, 5)
    dossier = await booked(slot, BEN)
    booking = await id_of(dossier)
    steps: list[tuple[str, dict[str, str], str]] = [
        ("resend", {}, "The letter is on its way again"),
        ("move", {"slot": str(there.id)}, "Moved to this date"),
        ("address", {"email": "ben.bis@exemple.test"}, "The address is corrected"),
        ("cancel", {"reason": "Complet"}, "Cancelled by us"),
        ("restore", {}, "Restored"),
    ]
    async with browser_of(app, await somebody("organiser")) as client:
        for action, fields, said in steps:
            answer = await send(client, here(booking, f"/{action}"), fields)
            assert (action, answer.status_code) == (action, 303)
            page = await seen(client, here(booking), done=action)
            assert (action, said in page.words) == (action, True)
    now = await booking_of(dossier)
    assert (now.slot, now.state, (await reread(dossier)).email) == (there.id, "confirmed", "ben.bis@exemple.test")


async def test_their_own_page_says_that_the_organisers_ended_it(app: Litestar, visitor: httpx.AsyncClient) -> None:
    alone, class_ = await make_booking(await make_slot(), BEN), await a_class(await class_slot(40))
    async with browser_of(app, await somebody("organiser")) as client:
        for dossier in (alone, class_):
            assert (await send(client, here(await id_of(dossier), "/cancel"))).status_code == 303
    for dossier in (alone, class_):
        said = (await seen(visitor, link_of(dossier))).words
        assert "The organisers have cancelled your booking" in said
        assert "Until" not in said


async def test_numbers_of_a_class_and_of_an_entry_by_hand_change_here(app: Litestar) -> None:
    dossier = await a_class(await class_slot(30), Party(20, 2))
    silent = await added(await make_slot(), unaddressed())
    async with browser_of(app, await somebody("organiser")) as client:
        path = here(await id_of(dossier), "/seats")
        answer = await send(client, path, {"pupils": "30", "chaperones": "2"}, lang="en")
        assert answer.headers["location"].endswith("missing=2&lang=en")
        assert "2 people find no seat" in Page.of(await client.get(answer.headers["location"])).words
        await send(client, path, {"pupils": "10", "chaperones": "1"})
        assert await has(dossier) == [("option", 10, 1)]
        wrong = await send(client, path, {"pupils": "x", "chaperones": "1"}, lang="en")
        assert (wrong.status_code, Page.of(wrong).has_mistake("pupils")) == (422, True)
        await send(client, here(await id_of(silent), "/seats"), {"people": "4"})
    assert (await booking_of(silent)).seats == 4


async def test_to_pass_those_who_wait_takes_a_tick(app: Litestar) -> None:
    slot, _ = await full_slot()
    await joined(slot, wants=2)
    dossier = await joined(slot)
    await db.fetch("UPDATE slot SET capacity = 2 WHERE id = $1", slot.id)
    path = here(await id_of(dossier), "/confirm")
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, path, lang="en")
        assert (answer.status_code, "Others wait for these seats" in Page.of(answer).words) == (409, True)
        assert Page.of(answer).all("input", name="before_others")
        assert (await send(client, path, {"before_others": "yes"})).status_code == 303
        assert "before those who wait" in (await seen(client, here(await id_of(dossier)))).words
    assert await state_of(dossier) == ["confirmed"]


async def test_decisions_answer_where_they_were_made(app: Litestar) -> None:
    first, second = [await booked(await approval_slot(), a_pupil()) for _ in "12"]
    async with browser_of(app, await somebody("organiser")) as client:
        there = await send(client, here(await id_of(first), "/approve"), {"from": "booking"})
        today = await send(client, here(await id_of(second), "/approve"))
        again = await send(client, here(await id_of(first), "/refuse"), {"from": "booking"}, lang="en")
    assert there.headers["location"] == f"{here(await id_of(first))}?done=approve"
    assert today.headers["location"] == "/office?done=approved"
    assert (again.status_code, "Please give the reason" in Page.of(again).words) == (422, True)


async def test_the_paper_of_a_parent_lets_a_minor_in(app: Litestar) -> None:
    dossier = await pending_minor()
    async with browser_of(app, await somebody("organiser")) as client:
        assert (await send(client, here(await id_of(dossier), "/paper"))).status_code == 303
    assert await state_of(dossier) == ["confirmed"]


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("move", {}), ("move", {"slot": "x"}), ("address", {"email": "nobody"}), ("address", {}),
        ("cancel", {"reason": "\x00"}), ("seats", {"people": "-1"}), ("seats", {"people": "9" * 40}),
    ],
)  # fmt: skip
async def test_a_mistake_is_said_and_nothing_changes(app: Litestar, action: str, fields: dict[str, str]) -> None:
    slot, _ = await two_slots()
    booking = await id_of(await added(slot, unaddressed()))
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await send(client, here(booking, f"/{action}"), fields, lang="en")
        assert (answer.status_code, bool(Page.of(answer).all("div", id="mistakes"))) == (422, True)
        assert await dump() == before


async def test_an_address_that_does_not_work_is_said_with_the_way_to_correct_it(app: Litestar) -> None:
    dossier = await make_booking(await make_slot(), BEN)
    await delivery.mark_undeliverable(dossier.email_key, "550")
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client, here(await id_of(dossier)))
    assert "Our e-mail does not arrive at this address" in page.words
    assert page.all("details", id="do-address", open="")


async def test_the_dates_of_a_class_lead_to_each_other(app: Litestar) -> None:
    event = await make_event(takes_classes=True)
    chosen = [await make_slot(40, event=event, starts_in=weeks * WEEK) for weeks in (3, 4)]
    dossier = await over(chosen, Party(12, 1), Party(10, 1))
    one, other = [row["id"] for row in await db.fetch("SELECT id FROM booking WHERE dossier = $1", dossier.id)]
    async with browser_of(app, await somebody("reader")) as client:
        assert here(other) + "?lang=en" in (await seen(client, here(one))).inside


# Letters as they were sent


async def test_a_letter_is_shown_without_the_links_that_open_it(app: Litestar, tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot(), BEN)
    booking, token = await id_of(dossier), dossiers.token_of(dossier.id, 0)
    await mail_goes_out(tmp_path)
    async with browser_of(app, await somebody("organiser")) as client:
        [path] = {one for one in (await seen(client, here(booking))).inside if "/letters/" in one}
        letter = await client.get(path)
        page = Page.of(letter)
        [frame] = page.all("iframe")
        inside = await client.get(frame["src"])
    assert (letter.status_code, "Ben Delattre" in page.words, dossier.code in page.words) == (200, True, True)
    assert (frame["sandbox"], inside.status_code) == ("", 200)
    assert inside.headers["content-security-policy"].endswith("sandbox")
    assert "default-src 'none'" in inside.headers["content-security-policy"]
    for answer in (letter, inside):
        assert "/bookings/…" in answer.text
        assert token not in answer.text
        assert re.findall(r"[a-z2-7]{32}", answer.text.lower().replace(booking.hex, "")) == []


async def test_what_an_organiser_wrote_to_them_is_among_their_letters(app: Litestar, tmp_path: Path) -> None:
    slot = await make_slot()
    booking = await id_of(await make_booking(slot, BEN))
    await mail_goes_out(tmp_path)
    await messages.send(About(slot.event_id), "confirmed", Typed("Le bus", "Il part à midi."), "person:ada")
    await mail_goes_out(tmp_path)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client, here(booking))
        assert "Message of the organisers: sent" in page.words
        [path, _] = [one for one in page.inside if "/letters/" in one]
        assert "Il part à midi." in (await client.get(path)).text


async def test_letters_of_others_and_ways_in_are_not_there(app: Litestar, tmp_path: Path) -> None:
    mine, other = await make_booking(await make_slot(), BEN), await make_booking(await make_slot(), CLEO)
    await staff.add("Ada Vandamme", "ada@campus.test", "organiser", by="test")
    await sign_in.ask("ada@campus.test", "fr")
    await mail_goes_out(tmp_path)
    rows = await db.fetch("SELECT id, subject_id FROM email ORDER BY id")
    booking = await id_of(mine)
    async with browser_of(app, await somebody("organiser")) as client:
        for number in [*(row["id"] for row in rows if row["subject_id"] != booking), 0, 10**12, 2**63]:
            for below in ("", "/html"):
                assert (await client.get(here(booking, f"/letters/{number}{below}"))).status_code == 404
    assert len(rows) == 3
    assert await id_of(other)


async def test_what_was_not_sent_yet_cannot_be_looked_at(app: Litestar) -> None:
    dossier = await make_booking(await make_slot(), BEN)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await seen(client, here(await id_of(dossier)))
    assert "Confirmation: on its way" in page.words
    assert not [one for one in page.inside if "/letters/" in one]


async def test_it_costs_the_same_statements_however_much_happened(app: Litestar) -> None:
    slot = await make_slot(1)
    dossier = await joined(slot) if await make_booking(slot) else None
    assert dossier is not None
    async with browser_of(app, await somebody("organiser")) as client:
        found = []
        for times in (1, 20):
            for _ in range(times):
                await waiting.expire_in(slot.id)
                await db.fetch(ONE_MORE_LINE)
            with counted() as statements:
                await seen(client, here(await id_of(dossier)))
            found.append(len(statements))
    assert found[0] == found[1]
    assert found[0] <= 14


async def test_today_leads_to_the_lists_and_to_each_booking(app: Litestar) -> None:
    slot = await approval_slot(starts_in=WEEK / 3)
    waits, lost = await booked(slot, a_pupil()), await booked(slot, BEN)
    await delivery.mark_undeliverable(lost.email_key, "550")
    async with browser_of(app, await somebody("organiser")) as client:
        inside = {one.partition("?")[0] for one in (await seen(client, "/office")).inside}
    assert {f"/office/slots/{slot.id}", f"/office/slots/{slot.id}/attendance.html", f"/office/door/{slot.id}"} <= inside
    assert {here(await id_of(one)) for one in (waits, lost)} <= inside
