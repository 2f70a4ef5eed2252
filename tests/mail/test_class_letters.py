"""What teachers are written: a summary of the whole class, its numbers, and nothing in the words of one person."""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from service import clock, db, i18n
from service.bookings import calling_off, changes, groups, lapses, numbers, offers, options, pending, waiting
from service.bookings.dossiers import Booker
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.tables import Booking, Dossier
from service.events.slots import BookableSlot
from tests.bookings.classes import TEACHER, again, class_event
from tests.bookings.news import moved
from tests.calendars.lint_raw import lint
from tests.mail.makers import deliver_due
from tests.mail.smtp_server import SmtpServer, smtp_server
from tests.mail.test_letters import LIMIT, OTHERS, PLACE, TITLE, Arrived, arrival, is_calendar, missing, when
from tests.makers import at_paris, make_slot

EARLY = at_paris("2027-03-01 09:00")
START = at_paris("2027-03-28 14:00")  # the day on which summer time begins
DAY, MINUTE, WEEK = timedelta(days=1), timedelta(minutes=1), timedelta(weeks=1)
PARTIES = (Party(12, 2), Party(12, 1), Party(4, 1))
IN_BOTH = pytest.mark.parametrize("language", i18n.LANGUAGES)
OF_ONE_PERSON = {
    "en": r"\b(?:[Yy]our|[Aa]|[Tt]he|[Mm]y) seat\b|\bmy booking\b|someone else|You are number|\bgiven it\b",
    "fr": r"\b(?:[Vv]otre|[Uu]ne|[Ll]a|[Mm]a|[Cc]ette) place\b|ma réservation|à quelqu’un d’autre",
}


@dataclass(frozen=True)
class Class:
    """A class, its slots, and where its letters arrive."""

    who: Booker
    slots: list[BookableSlot]
    dossier: Dossier
    server: SmtpServer


Happening = Callable[[Class], Awaitable[object]]


async def nothing_more(_: Class) -> None:
    """It has only just been booked."""


async def confirms(of: Class) -> None:
    await options.confirm(of.dossier)


async def counts(of: Class) -> None:
    await numbers.change(of.dossier, of.slots[0].id, Party(10, 1))


async def gives_all_back(of: Class) -> None:
    await changes.cancel(of.dossier)


async def is_approved(of: Class) -> None:
    await pending.approve(await booking_of(of), "ada")


async def is_refused(of: Class) -> None:
    await pending.refuse(await booking_of(of), "le groupe est complet", "ada")


async def is_offered_seats(of: Class) -> None:
    await waiting.resize(of.slots[0].id, 80)


async def declines(of: Class) -> None:
    await is_offered_seats(of)
    await offers.decline(of.dossier)


async def does_not_answer(of: Class) -> None:
    await is_offered_seats(of)
    await db.fetch("UPDATE booking SET expires_at = $1 WHERE state = 'offered'", clock.now())
    await waiting.expire()


async def leaves(of: Class) -> None:
    await changes.cancel(of.dossier)


async def sees_the_list_close(of: Class) -> None:
    await db.fetch("UPDATE slot SET closes_at = $1", clock.now())
    await waiting.expire()


async def is_moved(of: Class) -> None:
    await moved(of.slots[0], timedelta(hours=1))


async def is_called_off(of: Class) -> None:
    await calling_off.call_off_slot(of.slots[0].id, "panne de four", "ada")


async def booking_of(of: Class) -> Any:
    return (await Booking.select(Booking.id).where(Booking.dossier == of.dossier.id))[0]["id"]


async def told(  # noqa: PLR0913 - each makes another class
    letter: str,
    language: str,
    happens: Happening = nothing_more,
    *,
    parties: tuple[Party, ...] = PARTIES,
    waits: bool = False,
    rest: Party = NOBODY,
    after: timedelta = timedelta(0),
    **rules: Any,
) -> Arrived:
    """The letter that the teacher gets of a class over as many slots as ``parties``, when this happens."""
    with clock.at(EARLY):
        event = await class_event(**{"title": TITLE, "place": PLACE, "kind": "workshop", **rules})
        slots = [await make_slot(40, event=event, starts_at=START + n * WEEK) for n in range(len(parties))]
        if waits or rest.seats:
            await _fill(slots[0], 40 if waits else 40 - parties[0].seats)
        who = replace(TEACHER, language=language)
        plan = [
            Part(slot.id, *((NOBODY, party) if waits else (party, rest if slot is slots[0] else NOBODY)))
            for slot, party in zip(slots, parties, strict=True)
        ]
        async with smtp_server() as server:
            of = Class(who, slots, await groups.book(plan, who), server)
            await deliver_due(server)
            with clock.at(EARLY + after):
                await happens(of)
            with clock.at(EARLY + after + 10 * MINUTE):
                return await arrival(letter, of.dossier, slots[0], server)


async def _fill(slot: BookableSlot, number: int) -> None:
    """So many seats are somebody else's class's, whose teacher is written to as well."""
    other = replace(TEACHER, class_label="1re A", email="un.autre@lycee.test")
    await groups.book([Part((await again(slot)).id, Party(number - 1, 1))], other)


async def reminded(language: str) -> Arrived:
    """The reminder of an option that ends within three days."""

    async def happens(of: Class) -> None:
        await _leave_others_alone(of)
        await options.remind()

    return await told("option_reminder", language, happens, after=8 * DAY)


async def lapsed(language: str, after: timedelta, **rules: Any) -> Arrived:
    """The letter after an option, or a class that awaited approval, ran out."""

    async def happens(of: Class) -> None:
        await _leave_others_alone(of)
        await lapses.expire()

    return await told("option_lapsed", language, happens, after=after, **rules)


async def _leave_others_alone(of: Class) -> None:
    """What an earlier letter was about is not due as well."""
    await db.fetch("UPDATE booking SET expires_at = expires_at + interval '1 year' WHERE dossier <> $1", of.dossier.id)


ONE = (Party(28, 3),)
# Every letter that a teacher may get: its name, and how it comes to be.
ALL: dict[str, Callable[[str], Awaitable[Arrived]]] = {
    "option": lambda language: told("class", language),
    "confirmed": lambda language: told("class", language, confirms),
    "pending": lambda language: told("class", language, needs_approval=True),
    "approved": lambda language: told("class", language, is_approved, needs_approval=True),
    "waiting": lambda language: told("class", language, parties=ONE, waits=True),
    "part waiting": lambda language: told("class", language, parties=ONE, rest=Party(6, 0), option_days=None),
    "reminder": reminded,
    "lapsed": lambda language: lapsed(language, 11 * DAY),
    "unanswered": lambda language: lapsed(language, START - EARLY, needs_approval=True),
    "changed": lambda language: told("changed", language, counts),
    "changed, confirmed": lambda language: told("changed", language, counts, option_days=None),
    "confirmation": lambda language: told("confirmation", language, parties=ONE, option_days=None),
    "cancellation": lambda language: told("cancellation", language, gives_all_back, parties=ONE, option_days=None),
    "cancelled option": lambda language: told("cancellation", language, gives_all_back, parties=ONE),
    "moved": lambda language: told("moved", language, is_moved, parties=ONE, option_days=None),
    "moved option": lambda language: told("moved", language, is_moved, parties=ONE),
    "called off": lambda language: told("called_off", language, is_called_off, parties=ONE, option_days=None),
    "refused": lambda language: told("refused", language, is_refused, parties=ONE, needs_approval=True),
    "offer": lambda language: told("offer", language, is_offered_seats, parties=ONE, waits=True, after=MINUTE),
    "declined": lambda language: told("left", language, declines, parties=ONE, waits=True),
    "left": lambda language: told("left", language, leaves, parties=ONE, waits=True),
    "offer lapsed": lambda language: told("lapsed", language, does_not_answer, parties=ONE, waits=True),
    "list closed": lambda language: told("lapsed", language, sees_the_list_close, parties=ONE, waits=True),
}
OF_ALL_DATES = ("option", "confirmed", "pending", "approved", "reminder", "lapsed", "unanswered")
EVERY = pytest.mark.parametrize("case", ALL)


# --- what every letter says ------------------------------------------------------------------------------


@IN_BOTH
@EVERY
async def test_text_and_html_say_the_same_of_the_class(case: str, language: str) -> None:
    arrived = await ALL[case](language)
    said = [TITLE, PLACE, arrived.dossier.code, "2de 4", *when(arrived.slot, language)]

    assert missing([*said, arrived.link], arrived.text) == []
    assert missing(said, arrived.words) == []
    assert missing([arrived.link], html.unescape(arrived.html)) == []


@IN_BOTH
@EVERY
async def test_a_letter_of_a_class_is_whole_light_and_loads_nothing(case: str, language: str) -> None:
    arrived = await ALL[case](language)
    message = arrived.message

    assert [defect for part in message.walk() for defect in part.defects] == []
    calendars = sum(len(part.as_bytes()) for part in message.walk() if is_calendar(part))
    assert len(message.as_bytes()) - calendars <= LIMIT
    assert re.findall(r"\n\n\n|(?<!\n--)[ \t]\n|\n +\S|\{|%\(", arrived.text) == []
    assert re.findall(r"<(?:img|script|link|iframe|form|input)\b|url\(|\bsrc=", arrived.html) == []
    addresses = re.findall(r'href="([^"]*)"', arrived.html)
    elsewhere = [one for one in map(html.unescape, addresses) if not one.startswith(arrived.link)]
    assert [one for one in elsewhere if case != "called off" or not one.startswith(OTHERS)] == []
    assert [to.addr_spec for to in message["To"].addresses] == [TEACHER.email]


@IN_BOTH
@EVERY
async def test_no_letter_of_a_class_speaks_as_if_one_person_came(case: str, language: str) -> None:
    arrived = await ALL[case](language)
    everything = "\n".join([str(arrived.message["Subject"]), arrived.text, html.unescape(arrived.html)])

    assert re.findall(OF_ONE_PERSON[language], everything) == []


async def test_the_words_of_one_person_would_be_found() -> None:
    """The negative control."""
    for language, words in {"en": "Your seat is booked.", "fr": "Votre place est réservée."}.items():
        assert re.findall(OF_ONE_PERSON[language], words) != []


@IN_BOTH
@pytest.mark.parametrize("case", OF_ALL_DATES)
async def test_the_summary_tells_every_date_with_its_numbers(case: str, language: str) -> None:
    arrived = await ALL[case](language)
    dates = [i18n.long_date(i18n.local(START + n * WEEK).date(), language) for n in range(3)]
    counted = [i18n.party(party.pupils, party.chaperones, language) for party in PARTIES]

    for said in (arrived.text, arrived.words):
        assert missing([*dates, *counted], said) == []
    lines = [line for line in arrived.text.splitlines() if line.startswith("- ") and "Chaussures" not in line]
    assert [line.endswith(party) for line, party in zip(lines, counted, strict=True)] == [True] * 3


# --- what single letters say -----------------------------------------------------------------------------

SAID: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "option": (
        {"fr": "À confirmer\u00a0: ", "en": "To confirm: "},
        {"fr": "jeudi 11 mars à 9\u00a0h", "en": "Thursday 11 March at 09:00"},
    ),
    "pending": (
        {"fr": "En attente de validation\u00a0: ", "en": "Awaiting approval: "},
        {"fr": "jusqu’à la décision des organisateurs", "en": "until the organisers decide"},
    ),
    "waiting": (
        {"fr": "Liste d’attente\u00a0: ", "en": "Waiting list: "},
        {"fr": "2de 4", "en": "we write to you at once"},
    ),
    "confirmed": (
        {"fr": "Classe inscrite\u00a0: ", "en": "Class booked: "},
        {"fr": "12 élèves", "en": "in a letter of its own"},
    ),
    "reminder": (
        {"fr": "À confirmer avant jeudi 11 mars", "en": "Still to confirm by Thursday 11 March at 09:00: "},
        {"fr": "Sans confirmation, elles serviront ensuite à d’autres.", "en": "they will then serve others"},
    ),
    "lapsed": (
        {"fr": "Vos places ne sont plus gardées\u00a0: ", "en": "Your seats are no longer held: "},
        {"fr": "personne ne les a confirmées", "en": "obody confirmed them in time"},
    ),
    "changed": (
        {"fr": "Nouveaux effectifs, 10 élèves et 1 accompagnateur", "en": "New numbers, 10 pupils and 1 chaperone: "},
        {"fr": "10 élèves et 1 accompagnateur", "en": "do not forget to confirm it"},
    ),
    "confirmation": (
        {"fr": "", "en": "Class booked: "},
        {"fr": "28 élèves et 3 accompagnateurs", "en": "28 pupils and 3 chaperones"},
    ),
    "cancellation": (
        {"fr": "Réservation annulée\u00a0: ", "en": "Booking cancelled: "},
        {"fr": "28 élèves et 3 accompagnateurs", "en": "the seats will serve others"},
    ),
    "offer": ({"fr": "", "en": "Seats for your class, until "}, {"fr": "28 élèves", "en": "nobody else is given them"}),
    "declined": ({"fr": "", "en": "Seats declined: "}, {"fr": "28 élèves", "en": "You declined the seats"}),
}


@IN_BOTH
@pytest.mark.parametrize("case", SAID)
async def test_a_letter_of_a_class_says_what_is_so(case: str, language: str) -> None:
    subject, sentence = SAID[case]

    arrived = await ALL[case](language)

    assert str(arrived.message["Subject"]).startswith(subject[language])
    assert missing([sentence[language].casefold()], arrived.text.casefold()) == []
    assert missing([sentence[language].casefold()], arrived.words.casefold()) == []


async def test_opening_the_link_of_an_option_changes_nothing_and_the_letter_says_so() -> None:
    for case in ("option", "reminder"):
        arrived = await ALL[case]("en")
        for said in (arrived.text, arrived.words):
            assert missing(["Opening the link changes nothing."], said) == []


async def test_a_class_of_which_a_part_waits_is_told_what_it_has_and_its_position() -> None:
    arrived = await ALL["part waiting"]("en")

    assert str(arrived.message["Subject"]).startswith("Booked, and a part waits: ")
    position = "on the waiting list, position 1"
    for said in (arrived.text, arrived.words):
        assert missing(["28 pupils and 3 chaperones", "6 pupils", position, "for those who wait"], said) == []
    assert missing(["Your class is booked"], arrived.words) == []


async def test_an_approval_that_came_too_late_is_not_blamed_on_the_teacher() -> None:
    arrived = await ALL["unanswered"]("en")

    for said in (arrived.text, arrived.words):
        assert missing(["organisers gave no answer in time"], said) == []
        assert "confirmed" not in said


async def test_new_numbers_bring_the_calendar_up_to_date_where_there_is_an_invitation() -> None:
    arrived = await ALL["changed, confirmed"]("en")
    [part, attachment] = arrived.calendars

    assert part == attachment
    assert lint(part, "20270328T120000Z") == []
    assert missing(["The invitation attached brings your calendar up to date."], arrived.text) == []
    assert missing(["The invitation attached brings your calendar up to date."], arrived.words) == []


async def test_new_numbers_of_an_option_come_without_an_invitation() -> None:
    arrived = await ALL["changed"]("en")

    assert arrived.calendars == []
    assert "invitation" not in arrived.text + arrived.words


async def test_new_numbers_say_who_waits_for_a_seat() -> None:
    async def grows(of: Class) -> None:
        await numbers.change(of.dossier, of.slots[0].id, Party(34, 3), queue_rest=True)

    arrived = await told("changed", "en", grows, parties=ONE, rest=Party(2, 0), option_days=None)

    for said in (arrived.text, arrived.words):
        assert missing(["6 more people are on the waiting list. Position: 1."], said) == []


@pytest.mark.parametrize("case", ["option", "confirmation", "changed"])
async def test_where_the_site_wants_names_the_letter_says_until_when_and_where(case: str) -> None:
    makers: dict[str, Awaitable[Arrived]] = {
        "option": told("class", "en", names_required_days=5),
        "confirmation": told("confirmation", "en", parties=ONE, names_required_days=5, option_days=None),
        "changed": told("changed", "en", counts, names_required_days=5),
    }
    chosen = makers.pop(case)
    for other in makers.values():
        other.close()  # type: ignore[attr-defined]
    arrived = await chosen

    asked = "The site needs the names by Tuesday 23 March at 14:00."
    for said in (arrived.text, arrived.words):
        assert missing([asked], said) == []
    assert missing([f"{arrived.link}/names?from=mail&lang=en"], arrived.text) == []
    assert missing([f"{arrived.link}/names?from=mail&lang=en"], html.unescape(arrived.html)) == []


async def test_where_no_names_are_wanted_no_letter_asks_for_them() -> None:
    for case in ("option", "confirmation", "changed", "waiting"):
        arrived = await ALL[case]("en")
        assert "names" not in arrived.text + html.unescape(arrived.html)


async def test_the_summary_says_what_to_bring() -> None:
    arrived = await ALL["option"]("en")

    for said in (arrived.text, arrived.words):
        assert missing(["Chaussures fermées"], said) == []


@IN_BOTH
async def test_no_letter_of_a_class_carries_a_calendar_but_those_about_one_confirmed_date(language: str) -> None:
    with_calendar = [case for case, make in ALL.items() if (await make(language)).calendars]

    assert with_calendar == ["changed, confirmed", "confirmation", "cancellation", "moved", "called off"]
