"""Each letter as it arrives: read with a mail parser, its calendar part with the octet linter."""

import html
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest

from service import clock, db, i18n, settings, templates
from service.bookings import addresses, calling_off, changes, decisions, dossiers, emails, messages, moves, pending
from service.bookings.dossiers import Booker
from service.bookings.held import UNDO
from service.bookings.message_emails import Typed
from service.bookings.messages import About
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.events.tables import Event
from service.mail import letters
from service.people import roles, sign_in, staff
from service.people.staff import AlreadyStaff
from service.worker import LETTERS
from tests.bookings.harness import booking_of
from tests.bookings.minors import PARENT
from tests.bookings.news import moved
from tests.calendars.lint_raw import lint
from tests.mail.makers import claimed, deliver_due, post, rows
from tests.mail.smtp_server import Received, SmtpServer, smtp_server
from tests.makers import CLEO, at_paris, make_booking, make_event, make_slot
from tests.visits import Queue, make_queue

TITLE = "Verrerie <d’art> & cristal"
PLACE = "Halle n° 3, rue de l’Écluse, 62510 Arques"
START = at_paris("2027-03-28 14:00")  # the day on which summer time begins
LATER, REASON = at_paris("2027-04-06 09:00"), "Le quai est fermé"
START_UTC = "20270328T120000Z"
LIMIT = 20_000  # octets without the calendar
IN_BOTH = pytest.mark.parametrize("language", i18n.LANGUAGES)
OF_A_QUEUE = ["waiting", "offer", "left", "lapsed"]
OF_A_MINOR = ["pending", "refused", "authorisation", "authorisation_reminder"]
OF_NEWS = ["moved", "called_off"]
BY_ORGANISERS = ["transferred", "taken_back"]
NAMED = [
    *BY_ORGANISERS, *OF_A_QUEUE, *OF_A_MINOR[:2], *OF_NEWS,
    "confirmation", "cancellation", "links", "already_booked", "message",
]  # fmt: skip
OTHERS = "https://agenda.campus.test/"  # where the letter of a date that is called off leads beside its booking's page


@dataclass(frozen=True)
class Parts:
    """One letter, taken apart."""

    message: EmailMessage
    text: str
    html: str

    @property
    def words(self) -> str:
        """What people read of the HTML."""
        body = re.sub(r"<(style|title)\b.*?</\1>", "", self.html, flags=re.DOTALL)
        return html.unescape(re.sub(r"<[^>]+>", "\n", body))


@dataclass(frozen=True)
class Arrived(Parts):
    """One letter about a booking, with its calendar parts."""

    calendars: list[bytes]
    dossier: Dossier
    slot: BookableSlot

    @property
    def link(self) -> str:
        """The dossier's permanent link, up to its token."""
        return link_of(self.dossier)


async def send(letter: str, language: str) -> Arrived:
    """Book, let happen what leads to the letter, and take it from the mail server."""
    who = replace(CLEO, language=language)
    with clock.at(at_paris("2027-03-01 09:00")):
        async with smtp_server() as server:
            return await provoke(letter, who, server)


async def provoke(letter: str, who: Booker, server: SmtpServer) -> Arrived:
    event = await make_event(title=TITLE, place=PLACE, kind="workshop")
    if letter in OF_A_QUEUE:
        queue = await make_queue(who, event=event, starts_at=START)
        await lead_to(letter, queue)
        return await arrival(letter, queue.waiting[0], queue.slot, server)
    if letter in OF_A_MINOR:
        return await provoke_of_a_minor(letter, who, server)
    if letter in OF_NEWS:
        return await provoke_news(letter, who, server, event)
    slot = await make_slot(event=event, starts_at=START)
    dossier = await make_booking(slot, who)
    if letter in BY_ORGANISERS:
        return await provoke_by_organisers(letter, dossier, slot, server)
    if letter != "confirmation":
        await deliver_due(server)
    if letter == "cancellation":
        await changes.cancel(dossier)
    elif letter == "withdrawn":
        await addresses.correct_address(dossier, "cleo.bis@exemple.test")
    elif letter == "links":
        await emails.send_links(who.email, who.email_key, clock.now(), who.language)
    elif letter == "already_booked":
        await emails.remind_of_booking([dossier.id], who)
    else:
        await write_otherwise(letter, who.language, slot)
    return await arrival(letter, dossier, slot, server)


async def write_otherwise(letter: str, language: str, slot: BookableSlot) -> None:
    """What no change of a booking brings: an organiser's words, and what the staff is written."""
    if letter == "sign_in":
        with suppress(AlreadyStaff):
            await staff.add("Ada Vandamme", "ada@campus.test", "organiser", by="test")
        await sign_in.ask("ada@campus.test", language)
    elif letter == "welcome":
        await staff.invite("Ada d’Hôte", f"ada.{language}@campus.test", "reader", by="test", language=language)
    elif letter == "message":
        typed = Typed(
            "Bonjour {prénom}", "Un mot, {prénom} {nom} : <b>{code}</b> & à bientôt.\n\nLe {date}, {heure}, {lieu}."
        )
        await messages.send(About(slot.event_id), "confirmed", typed, "test")


async def provoke_by_organisers(letter: str, dossier: Dossier, slot: BookableSlot, server: SmtpServer) -> Arrived:
    """The booking is moved to another date, or ended for a reason."""
    await deliver_due(server)
    booking = (await booking_of(dossier)).id
    if letter == "transferred":
        other = await make_slot(event=await Event.objects().get(Event.id == slot.event_id), starts_at=LATER)
        await moves.move(booking, other.id, "ada")
        return await arrival("transferred", dossier, slot, server)
    await decisions.cancel(booking, "ada", REASON)
    return await arrival("cancellation", dossier, slot, server)


async def provoke_of_a_minor(letter: str, who: Booker, server: SmtpServer) -> Arrived:
    event = await make_event(title=TITLE, place=PLACE, kind="workshop", outside_school_time=True, needs_approval=True)
    slot = await make_slot(event=event, starts_at=START)
    dossier = await make_booking(slot, replace(who, age_band="15_17", guardian_email=PARENT))
    if letter == "authorisation_reminder":
        with clock.at(clock.now() + pending.REMIND_AFTER):
            await pending.remind()
            return await arrival(letter, dossier, slot, server)
    if letter == "refused":
        await pending.refuse_as_guardian(dossier)
    return await arrival(letter, dossier, slot, server)


async def provoke_news(letter: str, who: Booker, server: SmtpServer, event: Event) -> Arrived:
    slot = await make_slot(event=event, starts_at=START - timedelta(days=7))
    dossier = await make_booking(slot, who)
    await deliver_due(server)
    await moved(slot, START.astimezone(UTC) - slot.starts_at)
    with clock.at(clock.now() + 2 * emails.SETTLING):
        if letter == "called_off":
            await deliver_due(server)
            await calling_off.call_off_slot(slot.id, "panne de four", "ada")
        return await arrival(letter, dossier, await slots.load(slot.id), server)


async def lead_to(letter: str, queue: Queue) -> None:
    """Let happen to the one who waits what the letter tells of."""
    if letter in ("offer", "lapsed"):
        await queue.free()
    if letter == "lapsed":
        await queue.lapse()
    if letter == "left":
        await changes.cancel(queue.waiting[0])


async def arrival(letter: str, dossier: Dossier, slot: BookableSlot, server: SmtpServer) -> Arrived:
    """The newest of these letters, from the mail server."""
    expected = [row.message_id for row in await rows() if row.letter == letter]
    await deliver_due(server)
    (message,) = [one for one in map(read, server.received) if one["Message-ID"] == expected[-1]]
    return taken_apart(message, dossier, slot)


def read(mail: Received) -> EmailMessage:
    return message_from_bytes(mail.content, policy=policy.default)


def taken_apart(message: EmailMessage, dossier: Dossier, slot: BookableSlot) -> Arrived:
    leaves = [part for part in message.walk() if not part.is_multipart()]
    calendars = [cast(bytes, part.get_payload(decode=True)) for part in leaves[2:]]
    parts = parts_of(message)
    return Arrived(message, parts.text, parts.html, calendars, dossier, slot)


def parts_of(message: EmailMessage) -> Parts:
    """Its plain text and its HTML, in lines as Python reads them."""
    leaves = [part for part in message.walk() if not part.is_multipart()]
    texts = {part.get_content_subtype(): part.get_content().replace("\r\n", "\n") for part in leaves[:2]}
    return Parts(message, texts["plain"], texts["html"])


def link_of(dossier: Dossier) -> str:
    token = dossiers.token_of(dossier.id, dossier.generation)
    return f"{settings.current().public_url}/bookings/{token}"


def when(slot: BookableSlot, language: str) -> list[str]:
    start, end = i18n.local(slot.starts_at), i18n.local(slot.ends_at)
    return [i18n.long_date(start.date(), language), i18n.time_range(start, end, language)]


def missing(words: list[str], text: str) -> list[str]:
    """The words that a reader looks for in vain."""
    return [word for word in words if word not in text]


# --- what every letter says ------------------------------------------------------------------------------


@IN_BOTH
@pytest.mark.parametrize("letter", NAMED)
async def test_text_and_html_say_what_when_where_and_the_link(letter: str, language: str) -> None:
    arrived = await send(letter, language)
    said = [TITLE, PLACE, arrived.dossier.code, *when(arrived.slot, language)]

    assert missing([*said, arrived.link], arrived.text) == []
    assert missing(said, arrived.words) == []
    assert missing([arrived.link], html.unescape(arrived.html)) == []


@IN_BOTH
@pytest.mark.parametrize("letter", [*NAMED, "withdrawn"])
async def test_a_letter_is_whole_light_and_in_its_language(letter: str, language: str) -> None:
    arrived = await send(letter, language)
    message = arrived.message

    assert [defect for part in message.walk() for defect in part.defects] == []
    assert (message["Content-Language"], message["From"].addresses[0].addr_spec) == (
        language,
        "agenda@campus.test",
    )
    assert [to.addr_spec for to in message["To"].addresses] == [CLEO.email]
    assert re.findall(r"<html\b[^>]*>", arrived.html) == [f'<html lang="{language}">']
    assert message["Subject"].strip() == message["Subject"] != ""
    assert "\n\n\n\n" not in arrived.text
    calendars = sum(len(part.as_bytes()) for part in message.walk() if is_calendar(part))
    assert len(message.as_bytes()) - calendars <= LIMIT


def is_calendar(part: object) -> bool:
    return cast(EmailMessage, part).get_content_type() in ("text/calendar", "application/ics")


@IN_BOTH
@pytest.mark.parametrize("letter", [*NAMED, "withdrawn"])
async def test_opening_a_letter_loads_nothing_and_runs_nothing(letter: str, language: str) -> None:
    arrived = await send(letter, language)

    loading = r"<(?:img|script|link|iframe|object|embed|video|audio|form|input|base|meta http-equiv)\b"
    assert re.findall(loading, arrived.html, re.IGNORECASE) == []
    assert re.findall(r"url\(|@import|@font-face|\bsrc=|\bbackground=|\bon\w+=", arrived.html) == []
    addresses = re.findall(r'href="([^"]*)"', arrived.html)
    elsewhere = [one for one in map(html.unescape, addresses) if not one.startswith(arrived.link)]
    assert [one for one in elsewhere if letter != "called_off" or not one.startswith(OTHERS)] == []


async def test_what_people_typed_stays_text_in_the_html() -> None:
    arrived = await send("confirmation", "fr")

    assert "<d’art>" not in arrived.html
    assert "Verrerie &lt;d’art&gt; &amp; cristal" in arrived.html


async def test_a_letter_names_its_booker_and_answers_go_to_the_organisers() -> None:
    message = (await send("confirmation", "fr")).message

    assert message["To"].addresses[0].display_name == f"{CLEO.first_name} {CLEO.last_name}"
    assert message["Reply-To"] == "contact@campus.test"
    assert message["References"] == message["In-Reply-To"]
    assert message["References"].startswith("<booking.")


# --- the calendar part -----------------------------------------------------------------------------------


@IN_BOTH
@pytest.mark.parametrize(
    ("letter", "method", "sequence"),
    [
        ("confirmation", "REQUEST", 0),
        *((letter, "CANCEL", 1) for letter in ("cancellation", "withdrawn", *BY_ORGANISERS)),
        ("moved", "REQUEST", 1),
        ("called_off", "CANCEL", 2),
    ],
)
async def test_the_calendar_part_is_clean_and_means_the_right_instant(
    letter: str, method: str, sequence: int, language: str
) -> None:
    arrived = await send(letter, language)
    part, attachment = arrived.calendars
    lines = part.replace(b"\r\n ", b"").decode().split("\r\n")

    assert part == attachment
    assert lint(part, START_UTC) == []
    assert [f"METHOD:{method}" in lines, f"SEQUENCE:{sequence}" in lines] == [True, True]
    assert [line.rpartition(":")[2] for line in lines if line.startswith("ATTENDEE")] == [CLEO.email]


async def test_a_cancellation_ends_the_very_entry_that_its_confirmation_made() -> None:
    slot = await make_slot()
    async with smtp_server() as server:
        dossier = await make_booking(slot)
        await deliver_due(server)
        await changes.cancel(dossier)
        await deliver_due(server)
    first, last = [entry_of(taken_apart(read(mail), dossier, slot)) for mail in server.received]

    assert (last["UID"], last["DTSTART"]) == (first["UID"], first["DTSTART"])
    assert last["DTSTAMP"] > first["DTSTAMP"]
    assert (first["SEQUENCE"], last["SEQUENCE"]) == ("0", "1")


def entry_of(arrived: Arrived) -> dict[str, str]:
    """The plain properties of its event."""
    unfolded = arrived.calendars[0].replace(b"\r\n ", b"").decode()
    event = unfolded.partition("BEGIN:VEVENT")[2].partition("BEGIN:VALARM")[0]
    return dict(re.findall(r"^([A-Z-]+)(?:;[^:]*)?:(.*?)\r$", event, re.MULTILINE))


@IN_BOTH
async def test_the_letters_without_an_invitation_carry_no_calendar(language: str) -> None:
    for letter in ("links", "already_booked", *OF_A_QUEUE):
        assert (await send(letter, language)).calendars == []


# --- what single letters say, or keep to themselves ------------------------------------------------------


@IN_BOTH
async def test_who_was_written_to_by_mistake_learns_nothing_of_the_person(language: str) -> None:
    arrived = await send("withdrawn", language)
    everything = "\n".join([arrived.text, arrived.html, *(one.decode() for one in arrived.calendars)])

    assert missing([TITLE, when(arrived.slot, language)[0]], arrived.text) == []
    assert missing([TITLE, when(arrived.slot, language)[0]], arrived.words) == []
    secrets = [CLEO.first_name, CLEO.last_name, "Hôte", "/bookings/", arrived.dossier.code, "cleo.bis"]
    assert [secret for secret in secrets if secret in everything] == []
    assert arrived.message["To"].addresses[0].display_name == ""


@IN_BOTH
async def test_who_is_moved_reads_both_dates_and_who_is_cancelled_by_us_why(language: str) -> None:
    moved, ended = [await send(letter, language) for letter in BY_ORGANISERS]
    new_date = i18n.long_date(LATER.date(), language)

    for said in (moved.text, moved.words):
        assert missing([new_date, *when(moved.slot, language)], said) == []
    for said in (ended.text, ended.words):
        assert missing([REASON], said) == []
    assert "15" not in ended.words.partition(ended.dossier.code)[2]  # minutes to take it back: there are none


@IN_BOTH
async def test_a_cancellation_says_until_when_it_can_be_taken_back(language: str) -> None:
    arrived = await send("cancellation", language)
    (cancel,) = [row for row in await rows() if row.letter == "cancellation"]
    clock_says = templates.environment(language).filters["clock"](cancel.posted_at + UNDO)

    assert missing([clock_says], arrived.text) == []
    assert missing([clock_says], arrived.words) == []


async def test_a_family_is_sent_every_link_of_its_address() -> None:
    slot = await make_slot()
    one = await make_booking(slot, CLEO)
    other = await make_booking(slot, replace(CLEO, first_name="Zoé"))
    async with smtp_server() as server:
        await emails.send_links(CLEO.email, CLEO.email_key, clock.now(), "fr")
        await deliver_due(server)

    (message,) = [letter for letter in map(read, server.received) if letter["Message-ID"].startswith("<links")]
    arrived = taken_apart(message, one, slot)
    assert missing([link_of(one), link_of(other), "Zoé"], arrived.text) == []
    assert missing([link_of(one), link_of(other), "Zoé"], arrived.html) == []


@IN_BOTH
async def test_news_say_what_it_was_beside_what_it_is(language: str) -> None:
    arrived = await send("moved", language)
    was = i18n.long_date((START - timedelta(days=7)).date(), language)
    now = i18n.long_date(START.date(), language)
    for said in (arrived.text, arrived.words):
        assert said.index(now) < said.index(was)
    assert now.removesuffix(" 2027") in str(arrived.message["Subject"])


@IN_BOTH
async def test_what_is_called_off_says_why_in_the_letter_and_in_the_calendar(language: str) -> None:
    arrived = await send("called_off", language)
    unfolded = arrived.calendars[0].replace(b"\r\n ", b"").decode()
    assert missing(["panne de four"], arrived.text) == missing(["panne de four"], arrived.words) == []
    assert "COMMENT:panne de four\r\n" in unfolded


@IN_BOTH
async def test_what_an_organiser_wrote_is_read_with_its_values_in_the_reader_s_language(language: str) -> None:
    arrived = await send("message", language)
    day = i18n.short_date(i18n.local(arrived.slot.starts_at).date(), language)
    hours = i18n.time_range(i18n.local(arrived.slot.starts_at), i18n.local(arrived.slot.ends_at), language)
    said = [
        f"Un mot, {CLEO.first_name} {CLEO.last_name} : <b>{arrived.dossier.code}</b> & à bientôt.",
        f"{hours}, {PLACE}.",
    ]

    assert str(arrived.message["Subject"]) == f"Bonjour {CLEO.first_name}"
    assert missing([*said, day.removesuffix(" 2027")], arrived.text) == []
    assert missing(said, arrived.words) == []
    assert "<b>" + arrived.dossier.code not in arrived.html
    assert arrived.calendars == []


# --- rendering -------------------------------------------------------------------------------------------


async def test_rendering_twice_gives_the_same_bytes() -> None:
    await make_booking(await make_slot())
    email = await claimed()

    assert letters.render(email, LETTERS[email.letter]) == letters.render(email, LETTERS[email.letter])


async def test_a_fact_that_is_missing_is_an_error_and_no_half_letter() -> None:
    await post(letter="confirmation")
    email = await claimed()

    with pytest.raises(KeyError):
        letters.render(email, LETTERS["confirmation"])


async def test_what_a_letter_says_was_frozen_with_its_change() -> None:
    slot = await make_slot(event=await make_event(title="As it was"))
    await make_booking(slot)
    await db.fetch("UPDATE event SET title = 'As it became'")
    email = await claimed()

    content = letters.render(email, LETTERS[email.letter])

    assert (b"As it was" in content, b"As it became" in content) == (True, False)


@pytest.mark.parametrize(("letter", "fleeting"), [("links", True), ("confirmation", False)])
async def test_a_fleeting_letter_is_forgotten_once_sent_and_another_is_kept(letter: str, fleeting: bool) -> None:
    await send(letter, "fr")

    row = (await rows())[-1]
    assert (row.letter, row.state) == (letter, "sent")
    assert (row.recipient, row.facts == "{}", row.content is None) == (
        "" if fleeting else CLEO.email,
        fleeting,
        fleeting,
    )


@pytest.mark.parametrize("language", i18n.LANGUAGES)
async def test_the_letter_of_a_way_in_holds_its_link_and_its_code_and_no_name(language: str) -> None:
    arrived = await send("sign_in", language)
    code = re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}", arrived.text)[0]
    link = re.findall(r"/office/sign-in/\w{32}", arrived.text)[0]
    assert code in arrived.words
    assert link in arrived.html
    assert code in str(arrived.message["subject"])
    assert arrived.calendars == []
    assert "Vandamme" not in arrived.text + arrived.html


@IN_BOTH
async def test_the_letter_of_welcome_says_where_one_signs_in_as_whom_and_holds_no_key(language: str) -> None:
    arrived = await send("welcome", language)
    link = settings.current().public_url + templates.path(language, "/office/sign-in")
    said = [f"ada.{language}@campus.test", roles.called("reader", language), roles.may("reader", language)]
    assert missing([*said, link], arrived.text) == []
    assert missing(said, arrived.words) == []
    assert [html.unescape(one) for one in re.findall(r'href="([^"]*)"', arrived.html)] == [link]
    assert arrived.calendars == []
    [to] = arrived.message["To"].addresses
    assert (to.display_name, to.addr_spec) == ("Ada d’Hôte", f"ada.{language}@campus.test")
    assert [defect for part in arrived.message.walk() for defect in part.defects] == []
    assert len(arrived.message.as_bytes()) <= LIMIT
    assert "\n\n\n" not in arrived.text
    [row] = [one for one in await rows() if one.letter == "welcome"]
    assert (row.state, row.recipient) == ("sent", f"ada.{language}@campus.test")


async def test_a_letter_names_the_campus_as_the_office_calls_it() -> None:
    settings.overlay({"campus_name": 'Campus <b>« Été »</b>, dit "l’Arche"', "contact_email": "bonjour@campus.test"})
    arrived = await send("welcome", "fr")
    assert "<b>« Été »" not in arrived.html
    assert 'Campus <b>« Été »</b>, dit "l’Arche"' in arrived.text
    assert arrived.message["From"].addresses[0].display_name == settings.current().campus_name
    assert arrived.message["Reply-To"] == "bonjour@campus.test"
