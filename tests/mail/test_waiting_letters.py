"""What the letters of the waiting list say: where one stands, until when a seat is held, and how it ended."""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from service import clock, db, i18n
from service.bookings import changes, emails, offers, waiting
from tests.mail.smtp_server import smtp_server
from tests.mail.test_letters import OF_A_QUEUE, START, Arrived, arrival, missing, send
from tests.makers import BEN, CLEO, at_paris, make_event
from tests.visits import Queue, make_queue

EARLY = at_paris("2027-03-01 09:00")
IN_BOTH = pytest.mark.parametrize("language", i18n.LANGUAGES)


async def told(letter: str, language: str, happens: Callable[[Queue], Awaitable[object]]) -> Arrived:
    """The letter that Cléo, second of a queue, gets when this happens."""
    with clock.at(EARLY):
        queue = await make_queue(
            replace(BEN, language=language), replace(CLEO, language=language), event=await make_event(), starts_at=START
        )
        async with smtp_server() as server:
            await happens(queue)
            return await arrival(letter, queue.waiting[1], queue.slot, server)


async def has_an_offer(queue: Queue) -> None:
    """Two seats come free: Ben's turn, and Cléo's."""
    await waiting.resize(queue.slot.id, 3)


async def declines(queue: Queue) -> None:
    await has_an_offer(queue)
    await offers.decline(queue.waiting[1])


async def leaves(queue: Queue) -> None:
    await changes.cancel(queue.waiting[1])


async def sees_the_list_close(queue: Queue) -> None:
    await db.fetch("UPDATE slot SET closes_at = $1", clock.now())
    await waiting.expire_in(queue.slot.id)


async def nothing_more(_: Queue) -> None:
    """She has only just joined."""


SAID: dict[str, tuple[str, Callable[[Queue], Awaitable[object]], dict[str, str], dict[str, str]]] = {
    "waiting": (
        "waiting",
        nothing_more,
        {"fr": "Sur liste d’attente\u00a0: ", "en": "On the waiting list: "},
        {
            "fr": "Vous êtes en 2e position sur la liste d’attente",
            "en": "You are number 2 on the waiting list",
        },
    ),
    "offer": (
        "offer",
        has_an_offer,
        {
            "fr": "Une place pour vous, jusqu’au mardi 2 mars à 9\u00a0h\u00a0: ",
            "en": "A seat for you, until Tuesday 2 March at 09:00: ",
        },
        {"fr": "mardi 2 mars à 9\u00a0h", "en": "Tuesday 2 March at 09:00"},
    ),
    "declined": (
        "left",
        declines,
        {"fr": "Place refusée\u00a0: ", "en": "Seat declined: "},
        {"fr": "Vous avez refusé la place", "en": "You declined the seat"},
    ),
    "left": (
        "left",
        leaves,
        {"fr": "Liste d’attente quittée\u00a0: ", "en": "You left the waiting list: "},
        {"fr": "Vous avez quitté la liste d’attente", "en": "You have left the waiting list"},
    ),
    "closing": (
        "lapsed",
        sees_the_list_close,
        {"fr": "Aucune place ne s’est libérée\u00a0: ", "en": "No seat came free: "},
        {
            "fr": "Les réservations sont closes, et aucune place ne s’est libérée pour vous.",
            "en": "Booking is closed, and no seat came free for you.",
        },
    ),
}


@IN_BOTH
@pytest.mark.parametrize("case", SAID)
async def test_a_letter_of_the_queue_says_what_is_so(case: str, language: str) -> None:
    letter, happens, subject, sentence = SAID[case]

    arrived = await told(letter, language, happens)

    assert str(arrived.message["Subject"]).startswith(subject[language])
    assert missing([sentence[language]], arrived.text) == []
    assert missing([sentence[language]], arrived.words) == []


@IN_BOTH
async def test_an_offer_that_ran_out_says_so_and_how_to_go_back(language: str) -> None:
    arrived = await send("lapsed", language)

    subject = {"fr": "Proposition de place expirée\u00a0: ", "en": "The offer is over: "}[language]
    assert str(arrived.message["Subject"]).startswith(subject)
    words = {"fr": "vous pouvez vous réinscrire à la fin", "en": "you can go back to its end"}[language]
    assert missing([words], arrived.text) == []
    assert missing([words], arrived.words) == []


async def test_an_offer_says_that_opening_its_link_changes_nothing() -> None:
    arrived = await send("offer", "en")

    for said in (arrived.text, arrived.words):
        assert (
            missing(["Opening the link changes nothing.", "nobody else is given it", "Chaussures fermées"], said) == []
        )


async def test_who_waits_is_told_how_to_leave() -> None:
    arrived = await send("waiting", "en")

    assert missing([f"{arrived.link}?from=mail&lang=en#cancel"], arrived.text) == []
    assert missing([f"{arrived.link}?from=mail&lang=en#cancel"], html.unescape(arrived.html)) == []


@IN_BOTH
@pytest.mark.parametrize("letter", OF_A_QUEUE)
async def test_no_letter_names_anybody_else(letter: str, language: str) -> None:
    arrived = await send(letter, language)

    assert re.findall(r"Élève|Delattre|eleve\d+@", arrived.text + html.unescape(arrived.html)) == []


@IN_BOTH
async def test_the_letter_of_links_tells_how_each_booking_stands(language: str) -> None:
    with clock.at(EARLY):
        people = [replace(CLEO, first_name=name, language=language) for name in ("Cléo", "Zoé", "Ada")]
        queue = await make_queue(*people, starts_at=START)
        await queue.free()
        await offers.decline(queue.waiting[0])
        async with smtp_server() as server:
            await emails.send_links(CLEO.email, CLEO.email_key, clock.now(), language)
            arrived = await arrival("links", queue.waiting[0], queue.slot, server)

    words = {
        "fr": ["(place refusée)", "(une place attend votre réponse)", "(sur liste d’attente)"],
        "en": ["(declined)", "(a seat awaits your answer)", "(on the waiting list)"],
    }
    assert missing(words[language], arrived.text) == []
    assert missing(words[language], arrived.words) == []


@IN_BOTH
async def test_who_joins_twice_is_told_that_they_wait_and_hold_no_seat(language: str) -> None:
    who = replace(CLEO, language=language)
    queue = await make_queue(who)
    async with smtp_server() as server:
        await emails.remind_of_booking([queue.waiting[0].id], who)
        arrived = await arrival("already_booked", queue.waiting[0], queue.slot, server)

    subject = {"fr": "Déjà sur la liste\u00a0: ", "en": "Already on the list: "}[language]
    assert str(arrived.message["Subject"]).startswith(subject)
    untrue = {"fr": "Vous avez déjà une place", "en": "You already have a seat"}[language]
    assert untrue not in arrived.text + arrived.words
