"""The waiting list as its pages show it: joining from the form, waiting, answering an offer, going back to the end."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from service import clock, db, i18n
from service.bookings import changes, dossiers, offers, waiting
from service.bookings.seats import seats_left
from service.events import slots
from tests.makers import BEN, CLEO, a_pupil, link_of, make_booking, make_event, make_slot
from tests.visits import ZOE, Page, Queue, book, counted, dump, make_queue, send

BUTTONS = ("accept", "decline", "rejoin", "cancel")


async def read(visitor: httpx.AsyncClient, path: str, lang: str = "en") -> Page:
    """The page at ``path``, which must be there."""
    answer = await visitor.get(path, params={"lang": "en"} if lang == "en" else None)
    assert (path, answer.status_code) == (path, 200)
    return Page.of(answer)


async def join(visitor: httpx.AsyncClient, queue: Queue, /, *, lang: str = "en", **typed: Any) -> httpx.Response:
    """Send the form of the slot with its waiting list chosen."""
    return await book(visitor, queue.slot, **{"slot": f"queue.{queue.slot.id}", **typed}, lang=lang)


async def state_of(link: str) -> str:
    """The state of the one booking behind a link."""
    dossier = await dossiers.by_token(link.partition("?")[0].rpartition("/")[2])
    [row] = await db.fetch("SELECT state FROM booking WHERE dossier = $1", dossier.id)
    return str(row["state"])


def buttons(page: Page) -> list[str]:
    """What the buttons of a booking's page do, but for those of its details."""
    sent = [form["action"].partition("?")[0].rpartition("/")[2] for form in page.all("form", method="post")]
    return [verb for verb in sent if verb in BUTTONS]


# --- the form of a full slot -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "before", "words"),
    [
        ("fr", 0, "Complet · liste d’attente\u00a0: vous seriez la première personne"),
        ("fr", 1, "Complet · liste d’attente\u00a0: 1 personne avant vous"),
        ("fr", 3, "Complet · liste d’attente\u00a0: 3 personnes avant vous"),
        ("en", 0, "Full · waiting list: you would be the first"),
        ("en", 1, "Full · waiting list: 1 person before you"),
        ("en", 3, "Full · waiting list: 3 people before you"),
    ],
)
async def test_a_full_slot_offers_its_queue_and_says_how_long_it_is(
    visitor: httpx.AsyncClient, lang: str, before: int, words: str
) -> None:
    slot = await make_slot(1)
    await make_booking(slot)
    for _ in range(before):
        await waiting.join(slot, a_pupil())

    page = await read(visitor, f"/events/{slot.slug}", lang)

    assert words in page.words
    assert page.typed("slot") == f"queue.{slot.id}"


@pytest.mark.parametrize(
    ("lang", "heading", "button"),
    [
        (
            "fr",
            "Complet\u00a0: rejoignez la liste d’attente",
            "M’inscrire sur la liste d’attente — 2 personnes avant vous",
        ),
        ("en", "Full: join the waiting list", "Join the waiting list — 2 people before you"),
    ],
)
async def test_heading_and_button_of_a_full_event_speak_of_its_queue(
    visitor: httpx.AsyncClient, lang: str, heading: str, button: str
) -> None:
    queue = await make_queue(a_pupil(), a_pupil())

    page = await read(visitor, f"/events/{queue.slot.slug}", lang)

    assert heading in page.words
    assert button in page.words


async def test_several_full_dates_have_one_button_and_none_is_chosen(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    queues = [await make_queue(event=event) for _ in range(2)]

    page = await read(visitor, f"/events/{event.slug}")

    assert [radio["value"] for radio in page.all("input", name="slot")] == [f"queue.{one.slot.id}" for one in queues]
    assert page.typed("slot") == ""
    assert "Join the waiting list — " not in page.words
    assert "Join the waiting list" in page.words


async def test_beside_a_free_date_the_button_books_and_the_queue_says_what_it_is(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    queue, free = await make_queue(event=event), await make_slot(event=event)

    page = await read(visitor, f"/events/{event.slug}")

    assert {radio["value"] for radio in page.all("input", name="slot")} == {f"queue.{queue.slot.id}", str(free.id)}
    assert page.typed("slot") == str(free.id)
    assert "Book my seat" in page.words
    assert "Join the waiting list" not in page.words
    assert "Full · waiting list: 1 person before you" in page.words


async def test_in_the_last_hour_there_is_no_queue_to_join(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(1)
    await make_booking(slot)

    with clock.at(slot.closes_at - timedelta(minutes=59)):
        page = await read(visitor, f"/events/{slot.slug}")
        answer = await book(visitor, slot, slot=f"queue.{slot.id}", lang="en")

    assert page.all("form") == []
    assert "Every seat is taken" in page.words
    assert answer.status_code == 409
    assert "In the last hour before closing, the waiting list takes nobody any more." in Page.of(answer).words


async def test_a_full_date_for_classes_has_a_queue_for_classes_only(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(1, event=await make_event(takes_classes=True))
    await make_booking(slot)
    await db.fetch("UPDATE event SET takes_individuals = false")

    assert (await read(visitor, f"/events/{slot.slug}")).all("form") == []
    assert "Full · waiting list" in (await read(visitor, "/", "en")).words


async def test_the_agenda_says_full_and_waiting_list(visitor: httpx.AsyncClient) -> None:
    await make_queue()

    for lang, words in (("fr", "Complet · liste d’attente"), ("en", "Full · waiting list")):
        assert words in (await read(visitor, "/", lang)).words


@pytest.mark.parametrize("value", ["queue.", "queue.x", "queue.queue.{}", "queue.{} ", "Queue.{}", "queue {}"])
async def test_a_queue_that_is_none_is_refused_beside_its_field(visitor: httpx.AsyncClient, value: str) -> None:
    slot = await make_slot()
    before = await dump()

    answer = await book(visitor, slot, slot=value.format(slot.id))

    assert answer.status_code == 422
    assert Page.of(answer).has_mistake("slot")
    assert await dump() == before


# --- joining ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "words"),
    [("fr", "Vous êtes en 2e position sur la liste d’attente"), ("en", "You are number 2 on the waiting list")],
)
async def test_joining_is_answered_with_the_page_that_says_the_position(
    visitor: httpx.AsyncClient, lang: str, words: str
) -> None:
    queue = await make_queue()

    answer = await join(visitor, queue, lang=lang)

    assert answer.status_code == 303
    page = Page.of(await visitor.get(answer.headers["location"]))
    assert words in page.words
    assert ZOE["email"] in page.words
    assert [row["letter"] for row in await db.fetch("SELECT letter FROM email WHERE recipient = $1", ZOE["email"])] == [
        "waiting"
    ]


async def test_the_first_of_the_list_is_said_to_be_first_in_french(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()

    assert (
        "Vous êtes en 1re position sur la liste d’attente"
        in (await read(visitor, link_of(queue.waiting[0]), "fr")).words
    )


async def test_joining_twice_is_neutral_and_tells_a_stranger_nothing(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    await join(visitor, queue)

    again = await join(visitor, queue)

    neutral = await send(visitor, "/bookings/find", {"email": "nobody@exemple.test"}, lang="en")
    assert (again.status_code, again.content) == (200, neutral.content)
    assert {**again.headers} == {**neutral.headers}
    assert await waited_for(queue) == 2


async def test_who_holds_a_seat_joins_no_queue_for_it(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(1)
    await book(visitor, slot)

    again = await book(visitor, slot, slot=f"queue.{slot.id}")

    assert again.content == (await send(visitor, "/bookings/find", {"email": "nobody@exemple.test"})).content


async def test_the_same_form_sent_twice_joins_once(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()

    answers = [await join(visitor, queue, key="once") for _ in range(3)]

    assert {answer.headers["location"] for answer in answers} == {answers[0].headers["location"]}
    assert await waited_for(queue) == 2


async def test_the_same_key_for_the_queue_after_the_seat_is_another_form(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    await book(visitor, slot, key="once")

    assert (await book(visitor, slot, slot=f"queue.{slot.id}", key="once")).status_code == 422


async def test_a_seat_that_is_free_after_all_is_had_at_once(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(1)

    answer = await book(visitor, slot, slot=f"queue.{slot.id}", lang="en")

    assert "Your seat is booked!" in Page.of(await visitor.get(answer.headers["location"])).words
    assert await seats_left(slot.id) == 0


async def test_a_mistake_keeps_the_queue_chosen(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    queue, _ = await make_queue(event=event), await make_slot(event=event)

    page = Page.of(await join(visitor, queue, first_name=""))

    assert page.has_mistake("first_name")
    assert page.typed("slot") == f"queue.{queue.slot.id}"


@pytest.mark.parametrize("several", [False, True])
async def test_a_slot_that_filled_up_meanwhile_comes_back_as_its_queue_and_one_more_press_joins(
    visitor: httpx.AsyncClient, several: bool
) -> None:
    event = await make_event(age_min=15)
    slot = await make_slot(1, event=event)
    if several:
        await make_slot(event=event)
    await make_booking(slot)
    before = await dump()

    answer = await book(visitor, slot, age_band="15_17", lang="en")

    page = Page.of(answer)
    assert answer.status_code == 409
    assert "Nothing was booked. Press the button once more to join the waiting list." in page.words
    assert {name: page.typed(name) for name in (*ZOE, "age_band")} == {**ZOE, "age_band": "15_17"}
    assert page.typed("slot") == f"queue.{slot.id}"
    assert await dump() == before

    typed = {name: page.typed(name) for name in (*ZOE, "slot", "age_band", "key")}
    pressed = await send(visitor, f"/events/{slot.slug}/bookings", typed, lang="en")
    assert pressed.status_code == 303
    assert await state_of(pressed.headers["location"]) == "waiting"


async def test_a_seat_on_offer_is_not_for_who_comes_later(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue(a_pupil(), a_pupil())
    await queue.free()

    page = Page.of(await book(visitor, queue.slot, lang="en"))

    assert "What comes free is for those on the waiting list. Nothing was booked." in page.words
    assert page.typed("slot") == f"queue.{queue.slot.id}"


# --- waiting ---------------------------------------------------------------------------------------------


async def test_who_waits_sees_what_happens_next_and_nothing_for_the_door_or_the_calendar(
    visitor: httpx.AsyncClient,
) -> None:
    queue = await make_queue()
    link = link_of(queue.waiting[0])

    page = await read(visitor, link)

    assert "What happens next" in page.words
    assert buttons(page) == ["cancel"]
    assert page.all("svg", **{"class": "qr"}) == []
    assert [one for one in page.addresses if "invitation.ics" in one] == []
    assert [form["action"].partition("?")[0].rpartition("/")[2] for form in page.all("form")] == [
        "cancel",
        "email",
        "erase",
    ]
    assert (await visitor.get(f"{link}/invitation.ics")).status_code == 404


async def test_leaving_needs_a_tick_and_moves_the_others_up(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue(BEN, CLEO)
    first, second = map(link_of, queue.waiting)

    unsure = await send(visitor, f"{first}/cancel", lang="en")
    answers = [await send(visitor, f"{first}/cancel", {"sure": "yes"}, lang="en") for _ in "12"]

    assert (unsure.status_code, Page.of(unsure).has_mistake("sure")) == (422, True)
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, f"{first}?lang=en")] * 2
    left = await read(visitor, first)
    assert "You have left the waiting list" in left.words
    assert buttons(left) == []
    assert f"/events/{queue.slot.slug}?lang=en" in left.addresses
    assert "You are number 1 on the waiting list" in (await read(visitor, second)).words


async def test_a_wrong_address_is_corrected_while_waiting_and_the_place_is_kept(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue(BEN, CLEO)

    moved = await send(visitor, f"{link_of(queue.waiting[0])}/email", {"email": "ben2@exemple.test"}, lang="en")

    assert "You are number 1 on the waiting list" in Page.of(await visitor.get(moved.headers["location"])).words


async def test_a_list_that_closed_says_so_before_the_worker_comes_by(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    link = link_of(queue.waiting[0])

    with clock.at(queue.slot.closes_at + timedelta(minutes=1)):
        early = await read(visitor, link)
        await waiting.expire()
        late = await read(visitor, link)

    for page in (early, late):
        assert "No seat came free" in page.words
        assert [verb for verb in buttons(page) if verb != "cancel"] == []


# --- the offer -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_an_offer_says_until_when_and_asks_for_one_of_two_buttons(visitor: httpx.AsyncClient, lang: str) -> None:
    queue = await make_queue()
    await queue.free()
    [row] = await db.fetch("SELECT expires_at FROM booking WHERE state = 'offered'")
    until = i18n.local(row["expires_at"])

    page = await read(visitor, link_of(queue.waiting[0]), lang)

    assert buttons(page) == ["accept", "decline"]
    assert page.all("time")[0] == {"datetime": until.isoformat(timespec="minutes")}
    assert i18n.at_moment(until, lang) in page.words
    assert page.all("svg", **{"class": "qr"}) == []
    assert [one for one in page.addresses if "invitation.ics" in one] == []


async def test_taking_the_seat_twice_takes_it_once(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    await queue.free()
    link = link_of(queue.waiting[0])

    answers = [await send(visitor, f"{link}/accept", {"from": "mail"}, lang="en") for _ in "12"]

    there = f"{link}?booked=yes&from=mail&lang=en"
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, there)] * 2
    page = Page.of(await visitor.get(there))
    assert "Your seat is booked!" in page.words
    assert page.all("svg", **{"class": "qr"})
    assert await seats_left(queue.slot.id) == 0
    letters = "SELECT letter FROM email WHERE recipient = $1 AND state = 'due'"
    assert [row["letter"] for row in await db.fetch(letters, queue.waiting[0].email)] == ["confirmation"]


async def test_declining_twice_gives_the_seat_to_the_next_once(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue(BEN, CLEO)
    await queue.free()
    link, other = map(link_of, queue.waiting)

    answers = [await send(visitor, f"{link}/decline", lang="en") for _ in "12"]

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, f"{link}?lang=en")] * 2
    page = await read(visitor, link)
    assert "You declined the seat" in page.words
    assert buttons(page) == ["rejoin"]
    assert "A seat is free for you" in (await read(visitor, other)).words


async def test_opening_the_pages_of_an_offer_changes_nothing(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue(BEN, CLEO)
    await queue.free()
    before = await dump()

    for dossier in queue.waiting:
        for path in ("", "/accept", "/decline", "/rejoin"):
            for query in ("", "?from=mail&sure=yes", "?booked=yes&lang=en"):
                answer = await visitor.get(link_of(dossier) + path + query)
                assert answer.status_code == (405 if path else 200)

    assert await dump() == before


async def test_taking_a_seat_that_is_one_s_own_is_a_sign_of_life(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    await queue.free()
    link = link_of(queue.waiting[0])

    await send(visitor, f"{link}/accept", {"from": "mail"})

    assert "Somebody has already answered from this address" in (
        Page.of(await send(visitor, f"{link}/email", {"email": "thief@exemple.test"}, lang="en")).words
    )


@pytest.mark.parametrize("has_worker", [False, True])
@pytest.mark.parametrize("verb", ["accept", "rejoin"])
async def test_an_offer_answered_too_late_leads_back_to_the_end_of_the_list(
    visitor: httpx.AsyncClient, has_worker: bool, verb: str
) -> None:
    queue = await make_queue(BEN, CLEO)
    await queue.free()
    link = link_of(queue.waiting[0])

    with clock.at(clock.now() + timedelta(hours=24, minutes=1)):
        if has_worker:
            await waiting.expire()
        if verb == "accept":
            late = await send(visitor, f"{link}/accept", lang="en")
            assert late.status_code == 409
            assert "Its time has run out, or it was answered already. Nothing was changed." in Page.of(late).words
            assert buttons(Page.of(late)) == ["rejoin"]
        answers = [await send(visitor, f"{link}/rejoin", lang="en") for _ in "12"]

        assert [answer.status_code for answer in answers] == [303, 303]
        assert (
            "You are number 1 on the waiting list" in Page.of(await visitor.get(answers[0].headers["location"])).words
        )
        assert await state_of(link_of(queue.waiting[1])) == "offered"


async def test_who_goes_back_while_a_seat_is_free_has_it_at_once(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    await queue.free()
    link = link_of(queue.waiting[0])
    await send(visitor, f"{link}/decline")

    page = await read(visitor, link)
    answer = await send(visitor, f"{link}/rejoin", lang="en")

    assert "Book my seat" in page.words
    assert "Your seat is booked!" in Page.of(await visitor.get(answer.headers["location"])).words


@pytest.mark.parametrize("verb", ["accept", "decline", "rejoin"])
async def test_a_button_that_fits_no_longer_says_so_on_the_page_as_it_stands(
    visitor: httpx.AsyncClient, verb: str
) -> None:
    queue = await make_queue()
    link = link_of(queue.waiting[0])
    await changes.cancel(queue.waiting[0])
    before = await dump()

    answer = await send(visitor, f"{link}/{verb}", lang="en")

    assert answer.status_code == 409
    assert "This page says where you stand now." in Page.of(answer).words
    assert "You have left the waiting list" in Page.of(answer).words
    assert await dump() == before


async def test_going_back_after_the_closing_says_why_not(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    await queue.free()
    await offers.decline(queue.waiting[0])
    link = link_of(queue.waiting[0])

    with clock.at(queue.slot.closes_at + timedelta(minutes=1)):
        page = await read(visitor, link)
        answer = await send(visitor, f"{link}/rejoin", lang="en")

    assert buttons(page) == []
    assert answer.status_code == 409
    assert "The list has been closed since " in Page.of(answer).words


async def test_a_date_that_is_called_off_says_so_to_who_waits(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    await queue.free()
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'Panne'")
    link = link_of(queue.waiting[0])

    page = await read(visitor, link)
    answer = await send(visitor, f"{link}/accept", lang="en")

    assert ("This date is called off" in page.words, buttons(page)) == (True, [])
    assert answer.status_code == 409


async def test_answers_have_the_rate_of_changes(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue()
    link = link_of(queue.waiting[0])

    answers = [await send(visitor, f"{link}/accept") for _ in range(21)]

    assert [answer.status_code for answer in answers] == [409] * 20 + [429]


async def test_the_page_of_a_queue_asks_as_much_of_the_database_however_long_it_is(visitor: httpx.AsyncClient) -> None:
    queue = await make_queue(a_pupil(), a_pupil(), a_pupil())

    for dossier in (queue.waiting[0], queue.waiting[2]):
        with counted() as seen:
            await visitor.get(link_of(dossier))
        assert len(seen) == 7


async def waited_for(queue: Queue) -> int:
    """How many seats people wait for."""
    return (await slots.load(queue.slot.id)).seats_waiting
