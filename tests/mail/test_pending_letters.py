"""Letters about bookings that await a word: what they say, and what those to a parent keep to themselves."""

import html
import re
from dataclasses import replace

import pytest

from service import clock, i18n, settings, templates
from service.bookings import dossiers, lapses, pending
from tests.bookings.harness import booked, booking_of
from tests.bookings.minors import PARENT, a_minor, approval_slot, evening_slot
from tests.bookings.queues import DAY
from tests.mail.smtp_server import smtp_server
from tests.mail.test_letters import IN_BOTH, PLACE, TITLE, Arrived, arrival, link_of, missing, provoke, send, when
from tests.makers import CLEO, a_pupil

TO_A_PARENT = pytest.mark.parametrize("letter", ["authorisation", "authorisation_reminder"])


def parents_link(arrived: Arrived) -> str:
    token = dossiers.guardian_token(arrived.dossier.id, 0)
    return f"{settings.current().public_url}/authorisations/{token}"


async def deadline(arrived: Arrived, language: str) -> str:
    until = (await booking_of(arrived.dossier)).expires_at
    assert until is not None
    with clock.at(until):  # which year need not be said
        return str(templates.environment(language).filters["deadline"](until))


@IN_BOTH
@TO_A_PARENT
async def test_a_parent_is_told_what_when_where_until_when_and_the_link(letter: str, language: str) -> None:
    arrived = await send(letter, language)
    said = [TITLE, PLACE, *when(arrived.slot, language), await deadline(arrived, language)]

    assert missing([*said, parents_link(arrived)], arrived.text) == []
    assert missing(said, arrived.words) == []
    assert missing([parents_link(arrived)], html.unescape(arrived.html)) == []


@IN_BOTH
@TO_A_PARENT
async def test_a_letter_to_a_parent_names_nobody_and_holds_no_link_of_the_booker(letter: str, language: str) -> None:
    arrived = await send(letter, language)
    everything = arrived.message.as_string() + arrived.text + arrived.html

    secrets = [CLEO.first_name, CLEO.last_name, "Hôte", CLEO.school, CLEO.email, arrived.dossier.code, "/bookings/"]
    assert [secret for secret in secrets if secret in everything] == []
    assert [(to.display_name, to.addr_spec) for to in arrived.message["To"].addresses] == [("", PARENT)]


@IN_BOTH
@TO_A_PARENT
async def test_a_letter_to_a_parent_is_light_and_leads_to_one_page_only(letter: str, language: str) -> None:
    arrived = await send(letter, language)
    addresses = [html.unescape(one) for one in re.findall(r'href="([^"]*)"', arrived.html)]

    assert {one.partition("?")[0] for one in addresses} == {parents_link(arrived)}
    assert {one.partition("?")[2] for one in addresses} == {"" if language == "fr" else "lang=en"}
    assert len(arrived.message.as_bytes()) <= 20_000
    assert arrived.calendars == []
    assert "\n\n\n\n" not in arrived.text
    assert re.findall(r"<(?:img|script|link|form|input)\b|url\(", arrived.html) == []


async def test_the_reminder_says_that_it_is_one() -> None:
    arrived = await send("authorisation_reminder", "en")

    assert missing(["We have written to you already"], arrived.text) == []
    assert missing(["We have written to you already"], arrived.words) == []
    assert str(arrived.message["Subject"]).startswith("Reminder")


@IN_BOTH
async def test_who_booked_is_told_until_when_the_seat_is_held(language: str) -> None:
    arrived = await send("pending", language)

    assert missing([await deadline(arrived, language)], arrived.text) == []
    assert missing([await deadline(arrived, language)], arrived.words) == []


@pytest.mark.parametrize(("who", "asked"), [("minor", (True, False)), ("adult", (False, True)), ("both", (True, True))])
async def test_who_booked_is_told_whose_word_is_missing(who: str, asked: tuple[bool, bool]) -> None:
    slot = await (approval_slot() if who == "adult" else evening_slot(approved=who == "both"))
    minor = a_pupil() if who == "adult" else a_minor()
    async with smtp_server() as server:
        dossier = await booked(slot, replace(minor, language="en"))
        arrived = await arrival("pending", dossier, slot, server)

    words = ("A parent must agree", "The organisers must accept your request.")
    assert tuple(one in arrived.text for one in words) == asked
    assert tuple(one in arrived.words for one in words) == asked


async def test_a_parent_s_no_is_said_kindly_and_an_organiser_s_with_its_reason() -> None:
    of_a_parent = await send("refused", "en")
    slot = await approval_slot()
    async with smtp_server() as server:
        dossier = await booked(slot, replace(a_pupil(), language="en"))
        await pending.refuse((await booking_of(dossier)).id, "machine en panne", "ada")
        of_an_organiser = await arrival("refused", dossier, slot, server)

    assert missing(["Perhaps another date suits you both."], of_a_parent.text) == []
    assert missing(["Perhaps another date suits you both."], of_a_parent.words) == []
    assert missing(["Reason given: machine en panne."], of_an_organiser.text) == []
    assert missing(["Reason given: machine en panne."], of_an_organiser.words) == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
async def test_what_nobody_answered_is_told_with_the_way_to_ask_again(language: str) -> None:
    slot = await approval_slot(starts_in=30 * DAY)
    async with smtp_server() as server:
        dossier = await booked(slot, replace(a_pupil(), language=language))
        with clock.at(slot.closes_at):
            await lapses.expire()
            arrived = await arrival("lapsed", dossier, slot, server)

    said = [slot.title, dossier.code, *when(slot, language)]
    assert missing([*said, link_of(dossier)], arrived.text) == []
    assert missing(said, arrived.words) == []
    if language == "en":
        assert missing(["the agreement did not come in time", "you can ask again"], arrived.text) == []
        assert missing(["the agreement did not come in time", "you can ask again"], arrived.words) == []


async def test_every_letter_about_a_minor_can_be_provoked() -> None:
    for letter in ("pending", "refused", "authorisation", "authorisation_reminder"):
        async with smtp_server() as server:
            assert (await provoke(letter, a_pupil(), server)).text
