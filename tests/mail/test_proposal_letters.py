"""Letters about proposals: each is provoked by what people do, and read as it arrives."""

import html
import itertools
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from service import clock, db, i18n, settings, templates
from service.attendance import walk_ins
from service.bookings import calling_off
from service.events import dates as event_dates
from service.events import slots
from service.events.dates import Plan
from service.mail import outbox
from service.proposals import acceptance, drafting, emails, following, keeping, record, review, telling
from service.proposals.letters import LETTERS, quoted
from service.proposals.tables import Proposal
from tests.events.writing import slots_of
from tests.mail.makers import deliver_due
from tests.mail.smtp_server import smtp_server
from tests.mail.test_letters import IN_BOTH, LIMIT, Parts, missing, parts_of, read
from tests.makers import BEN, at_paris, make_booking
from tests.proposals.making import ADA, a_when, an_idea, link_of, make_proposal, over_at

MONDAY = at_paris("2027-03-01 09:00")
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
QUESTION = "Combien de groupes <à la fois> ?\n\nEt par où entre-t-on ?"
TITLE, HOST, CONTACT = "Du sable <au> flacon", "Verrerie de l’Aa", "Inès Delattre"
TO_CAMPUS = ("proposal_news", "proposal_waits")
UNVERIFIED = ("proposal_kept", "proposal_received", "proposal_withdrawn")
NEWEST = "SELECT message_id FROM email WHERE letter = $1 AND recipient = $2 ORDER BY id"

_numbers = itertools.count(1)

Step = Callable[[str], Awaitable[Proposal]]


async def made(state: str, language: str) -> Proposal:
    """From an address of its own: one address may not propose as often as the gallery does."""
    return await make_proposal(state, language=language, title=TITLE, email=f"ines{next(_numbers)}@verrerie.test")


async def asked(language: str) -> Proposal:
    return await review.ask((await made("submitted", language)).id, QUESTION, ADA)


async def asked_a_week_ago(language: str) -> Proposal:
    proposal = await asked(language)
    with clock.at(clock.now() + WEEK):
        await keeping.remind_company()
    return proposal


async def declined(language: str) -> Proposal:
    return await review.decline((await made("submitted", language)).id, "Le site est trop loin.", ADA)


async def of_a_date(language: str, *, is_taken: bool = True) -> Proposal:
    proposal = await made("published", language)
    await following.add_dates(proposal, [a_when(30)])
    [new] = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    if is_taken:
        await review.take_date(proposal.id, new.id, 12, ADA)
    else:
        await review.decline_date(proposal.id, new.id, ADA)
    return proposal


async def told(proposal: Proposal) -> Proposal:
    """The host's dates are looked at, long after they were changed."""
    with clock.at(clock.now() + DAY):
        await telling.tell_hosts()
    return proposal


async def hosted(language: str) -> Proposal:
    """It is published, and its host knows its dates."""
    return await told(await made("published", language))


async def called_off(language: str) -> Proposal:
    proposal = await hosted(language)
    with clock.at(clock.now() + DAY):
        await calling_off.call_off_event(UUID(str(proposal.event)), "panne de four", ADA)
        return await told(proposal)


async def changed(language: str) -> Proposal:
    """One of its dates is called off, one is added."""
    proposal = await hosted(language)
    with clock.at(clock.now() + DAY):
        [first, _] = await slots_of(UUID(str(proposal.event)))
        await calling_off.call_off_slot(first["id"], "panne de four", ADA)
        await event_dates.add(UUID(str(proposal.event)), [Plan(*a_when(40), 12)], ADA)
        return await told(proposal)


async def closed(language: str, *, people: int = 1) -> Proposal:
    """The list of its first date has closed before it begins."""
    proposal = await hosted(language)
    [first, _] = await slots_of(UUID(str(proposal.event)))
    await db.fetch("UPDATE slot SET closes_at = starts_at - interval '3 days' WHERE id = $1", first["id"])
    for _ in range(people):
        await make_booking(await slots.load(first["id"]), BEN)
    with clock.at(first["starts_at"] - 2 * DAY):
        await telling.tell_lists()
    return proposal


async def over(language: str, *, booked: int = 1, came: int = 1, answer: str = "") -> Proposal:
    """It has taken place."""
    proposal = await made("published", language)
    [first, _] = await slots_of(UUID(str(proposal.event)))
    for _ in range(booked):
        await make_booking(await slots.load(first["id"]), BEN)
    with clock.at(first["starts_at"]):
        for _ in range(came):
            await walk_ins.walk_in(first["id"], "", ADA)
    with clock.at(await over_at(proposal) + 2 * keeping.THANKS_AFTER):
        if answer:
            await following.look_back(proposal, answer, "")
        await keeping.thank()
    return proposal


async def links(language: str) -> Proposal:
    proposal = await made("accepted", language)
    await send_links((proposal, proposal.title))
    return proposal


async def send_links(*proposals: tuple[Proposal, str]) -> None:
    """The letter that somebody is sent who asks for the links of their address, with the titles that it may say."""
    listed = [
        {
            "proposal": str(one.id),
            "generation": one.generation,
            "title": title,
            "state": one.state,
            "kind": one.kind,
            "created_at": one.created_at.isoformat(),
        }
        for one, title in proposals
    ]
    to, language = proposals[0][0].email, proposals[0][0].language
    async with db.transaction():
        await outbox.post("proposal_links", to, language, {"proposals": listed}, ("links", proposals[0][0].id))


async def waits(language: str) -> Proposal:
    proposal = await made("submitted", "fr")
    with clock.at(clock.now() + 2 * WEEK):
        await keeping.remind_campus()
    return proposal


async def withdrawn(language: str) -> Proposal:
    return await following.withdraw(await made("submitted", language), "Le four est en panne")


STEPS: dict[str, Step] = {
    "proposal_kept": lambda language: made("draft", language),
    "proposal_received": lambda language: made("submitted", language),
    "proposal_asked": asked,
    "proposal_question_waits": asked_a_week_ago,
    "proposal_accepted": lambda language: made("accepted", language),
    "proposal_declined": declined,
    "proposal_withdrawn": withdrawn,
    "proposal_published": lambda language: made("published", language),
    "proposal_date": of_a_date,
    "proposal_changed": changed,
    "proposal_list": closed,
    "proposal_thanks": over,
    "proposal_links": links,
    "proposal_news": lambda language: made("submitted", language),
    "proposal_waits": waits,
}
EVERY = pytest.mark.parametrize("letter", LETTERS)


async def provoke(letter: str, language: str, step: Step | None = None) -> tuple[Proposal, Parts]:
    """Let happen what leads to the letter, and take the newest of its kind from the mail server."""
    with clock.at(MONDAY):
        proposal = await (step or STEPS[letter])(language)
        if letter in TO_CAMPUS:
            await db.fetch("UPDATE email SET language = $1 WHERE letter = $2", language, letter)
        return proposal, await arrival(letter, proposal)


async def arrival(letter: str, proposal: Proposal) -> Parts:
    """The newest of these letters to the company, or to the campus, from the mail server, whenever it is due."""
    to = settings.current().contact_email if letter in TO_CAMPUS else proposal.email
    ids = [row["message_id"] for row in await db.fetch(NEWEST, letter, to)]
    async with smtp_server() as server:
        await deliver_due(server, after=20 * WEEK)
        [message] = [one for one in map(read, server.received) if one["Message-ID"] == ids[-1]]
    return parts_of(message)


def absolute(path: str, language: str) -> str:
    return settings.current().public_url + templates.path(language, path)


# --- what every letter says ------------------------------------------------------------------------------


def test_every_letter_has_a_step_that_brings_it() -> None:
    assert list(STEPS) == list(LETTERS)


@IN_BOTH
@EVERY
async def test_a_letter_is_whole_light_and_in_its_language(letter: str, language: str) -> None:
    proposal, arrived = await provoke(letter, language)
    message = arrived.message

    assert [defect for part in message.walk() for defect in part.defects] == []
    assert message["Content-Language"] == language
    to = settings.current().contact_email if letter in TO_CAMPUS else proposal.email
    assert [one.addr_spec for one in message["To"].addresses] == [to]
    assert re.findall(r"<html\b[^>]*>", arrived.html) == [f'<html lang="{language}">']
    assert message["Subject"].strip() == message["Subject"] != ""
    assert message["Reply-To"] == settings.current().contact_email
    assert re.findall(r"\n\n\n|(?<!\n--)[ \t]\n|\n +\S|\{|%\(", arrived.text) == []
    assert len(message.as_bytes()) <= LIMIT


@IN_BOTH
@EVERY
async def test_text_and_html_lead_to_the_page_and_nowhere_unknown(letter: str, language: str) -> None:
    proposal, arrived = await provoke(letter, language)
    here = link_of(proposal)
    page = {"proposal_news": f"/office/proposals/{proposal.id}", "proposal_waits": "/office/proposals"}.get(
        letter, here
    )
    found = {html.unescape(one) for one in re.findall(r'href="([^"]*)"', arrived.html)}
    others = {absolute("/propose", language), absolute("/events/du-sable-au-flacon", language)}

    assert absolute(page, language) in arrived.text.split()
    assert absolute(page, language) in found
    assert found - others == {absolute(page, language)}
    assert {one for one in arrived.text.split() if one.startswith("http")} == found


@IN_BOTH
@EVERY
async def test_opening_a_letter_loads_nothing_and_what_people_typed_stays_text(letter: str, language: str) -> None:
    _, arrived = await provoke(letter, language)

    loading = r"<(?:img|script|link|iframe|object|embed|video|audio|form|input|base|meta http-equiv)\b"
    assert re.findall(loading, arrived.html, re.IGNORECASE) == []
    assert re.findall(r"url\(|@import|@font-face|\bsrc=|\bbackground=|\bon\w+=", arrived.html) == []
    assert [typed for typed in ("<au>", "<à la fois>") if typed in arrived.html] == []


@IN_BOTH
@EVERY
async def test_a_letter_names_what_it_is_about_unless_nobody_has_read_it_yet(letter: str, language: str) -> None:
    _, arrived = await provoke(letter, language)
    about = [] if letter in (*UNVERIFIED, "proposal_waits") else [TITLE]
    assert missing(about, arrived.text) == missing(about, arrived.words) == []


@pytest.mark.parametrize("letter", [letter for letter in LETTERS if letter not in (*TO_CAMPUS, *UNVERIFIED)])
async def test_the_company_s_contact_is_greeted_by_name(letter: str) -> None:
    _, arrived = await provoke(letter, "fr")
    name = "" if letter == "proposal_links" else CONTACT
    assert arrived.message["To"].addresses[0].display_name == name
    assert missing([name], arrived.text) == []


# --- what goes to an address that nobody has verified ----------------------------------------------------


@IN_BOTH
@pytest.mark.parametrize("letter", UNVERIFIED)
async def test_a_stranger_who_is_written_to_reads_nothing_that_somebody_typed(letter: str, language: str) -> None:
    _, arrived = await provoke(letter, language)
    everything = "\n".join([str(arrived.message["Subject"]), arrived.text, arrived.words, arrived.html])
    idea = an_idea(title=TITLE)
    typed = [
        *(idea.organisation_name, idea.contact_name, idea.title, html.escape(idea.title), idea.words, idea.ppe),
        *(idea.dress, idea.access, idea.photos, idea.parking, "Inès", "Le four est en panne"),
    ]
    assert [one for one in typed if one in everything] == []
    assert arrived.message["To"].addresses[0].display_name == ""

    day = i18n.long_date(MONDAY.date(), language)
    kind = templates.environment(language).from_string('{{ _("Company visit") }}').render()
    assert missing([day, kind], arrived.text) == missing([day, kind], arrived.words) == []


async def test_the_control_finds_what_was_typed_in_a_letter_that_may_say_it() -> None:
    _, arrived = await provoke("proposal_asked", "en")
    assert missing([TITLE, "Inès"], arrived.text) == missing([TITLE, "Inès"], arrived.words) == []


async def test_a_draft_without_a_kind_has_its_letter_too() -> None:
    with clock.at(MONDAY):
        draft = await drafting.begin(an_idea(kind="", title="", words="", dates=[], seats=None, language="en"))
        arrived = await arrival("proposal_kept", draft)
    assert "Kind" not in arrived.text + arrived.words


async def test_of_what_no_organiser_has_read_the_kind_and_the_day_tell_which_link_it_is() -> None:
    with clock.at(MONDAY):
        unread, known = [await make_proposal(state, language="en") for state in ("submitted", "accepted")]
        begun = await drafting.begin(an_idea(kind="", language="en"))
        await send_links((unread, ""), (known, "Le moule et la forme"), (begun, ""))
        arrived = await arrival("proposal_links", known)

    day = "Monday 1 March 2027"
    said = ["Company visit (being read)", "Le moule et la forme (accepted)", "Proposal (draft)"]
    to_open = [absolute(link_of(one), "en") for one in (unread, known, begun)]
    assert missing([f"{one}, {day}\n{link}\n" for one, link in zip(said, to_open, strict=True)], arrived.text) == []
    assert missing([*said, day], arrived.words) == []


# --- what single letters say -----------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["proposal_asked", "proposal_question_waits"])
async def test_a_question_is_quoted_line_by_line(letter: str) -> None:
    _, arrived = await provoke(letter, "fr")
    assert "> Combien de groupes <à la fois> ?\n>\n> Et par où entre-t-on ?\n" in arrived.text
    assert missing(QUESTION.split("\n"), arrived.words) == []


async def test_the_reminder_of_a_question_says_when_it_was_asked() -> None:
    _, arrived = await provoke("proposal_question_waits", "en")
    said = ["We wrote to you on Monday 1 March"]
    assert missing(said, arrived.text) == missing(said, arrived.words) == []
    assert str(arrived.message["Subject"]).startswith("Reminder")


async def test_a_refusal_gives_its_reason() -> None:
    _, arrived = await provoke("proposal_declined", "fr")
    assert "> Le site est trop loin.\n" in arrived.text
    assert "Le site est trop loin." in arrived.words


@pytest.mark.parametrize("words", ["é" * 3_000, "烧" * 3_000, "<&>" * 3_000])
async def test_very_long_words_are_quoted_as_far_as_a_letter_holds_them(words: str) -> None:
    with clock.at(MONDAY):
        proposal = await review.ask((await make_proposal()).id, words, ADA)
        arrived = await arrival("proposal_asked", proposal)
    [line] = quoted(words)
    assert words.startswith(line.removesuffix("…"))
    assert f"> {line}\n" in arrived.text
    assert len(arrived.message.as_bytes()) <= LIMIT


@IN_BOTH
@pytest.mark.parametrize("letter", ["proposal_accepted", "proposal_published"])
async def test_what_was_accepted_and_what_is_published_name_every_date(letter: str, language: str) -> None:
    _, arrived = await provoke(letter, language)
    with clock.at(MONDAY):
        days = [i18n.long_date(i18n.local(a_when(days)[0]).date(), language) for days in (14, 21)]
    assert missing(days, arrived.text) == missing(days, arrived.words) == []


async def test_who_is_accepted_once_all_dates_have_passed_is_asked_for_new_ones() -> None:
    with clock.at(MONDAY):
        proposal = await make_proposal(language="en")
    with clock.at(MONDAY + 10 * WEEK):
        await acceptance.accept(proposal.id, ADA)
        arrived = await arrival("proposal_accepted", proposal)
    assert "please name new ones" in arrived.text
    assert "please name new ones" in arrived.words


async def test_what_is_published_is_told_under_the_event_s_own_title_and_with_both_links() -> None:
    proposal, arrived = await provoke("proposal_published", "en")
    links_of_it = [absolute(link_of(proposal), "en"), absolute("/events/du-sable-au-flacon", "en")]
    assert missing([*links_of_it, HOST], arrived.text) == []
    assert missing(links_of_it, html.unescape(arrived.html)) == []


@pytest.mark.parametrize(
    ("is_taken", "said"), [(True, "one of the dates of the event now"), (False, "We cannot use it")]
)
async def test_a_new_date_is_taken_or_not(is_taken: bool, said: str) -> None:
    _, arrived = await provoke("proposal_date", "en", lambda language: of_a_date(language, is_taken=is_taken))
    day = "Wednesday 31 March 2027"
    assert missing([said, day], arrived.text) == missing([said, day], arrived.words) == []
    assert ("not taken" in str(arrived.message["Subject"])) is not is_taken


async def test_dates_that_were_called_off_and_added_are_told_in_one_letter() -> None:
    _, arrived = await provoke("proposal_changed", "en")
    said = ["Monday 15 March 2027", "panne de four", "Sunday 11 April 2027"]
    assert missing([*said, "Called off: Monday", "Added: Sunday"], arrived.text) == []
    assert missing([*said, "Called off", "Added"], arrived.words) == []
    assert str(arrived.message["Subject"]) == f"Dates have changed: {TITLE}"


async def test_an_event_that_is_called_off_is_told_as_a_whole_with_the_reason() -> None:
    _, arrived = await provoke("proposal_changed", "en", called_off)
    assert str(arrived.message["Subject"]) == f"Your event is called off: {TITLE}"
    said = ["Monday 15 March 2027", "Monday 22 March 2027", "panne de four", "We are sorry"]
    assert missing(said, arrived.text) == missing(said, arrived.words) == []


async def test_a_closed_list_is_told_in_figures_and_never_in_names() -> None:
    _, arrived = await provoke("proposal_list", "en")
    assert str(arrived.message["Subject"]) == f"List closed, 1 person comes: {TITLE}"
    assert missing(["Expected: 1 person"], arrived.text) == missing(["1 person"], arrived.words) == []
    names = [BEN.first_name, BEN.last_name, BEN.email, BEN.school]
    assert [name for name in names if name in arrived.text + arrived.html] == [BEN.last_name]  # the contact's own


async def test_a_closed_list_that_nobody_is_on_says_so() -> None:
    _, arrived = await provoke("proposal_list", "en", lambda language: closed(language, people=0))
    assert str(arrived.message["Subject"]) == f"List closed, nobody has booked: {TITLE}"
    assert missing(["Nobody has booked this date."], arrived.text) == []
    assert missing(["Nobody has booked this date."], arrived.words) == []


@pytest.mark.parametrize(
    ("booked", "came", "said"),
    [
        (1, 2, ["Booked: 1 person", "Present: 2 people"]),
        (1, 0, ["Booked: 1 person", "Present: nobody was counted at the door"]),
        (0, 0, ["Nobody had booked this time. Thank you for having prepared it all."]),
    ],
)
async def test_thanks_come_with_the_figures_there_are(booked: int, came: int, said: list[str]) -> None:
    _, arrived = await provoke("proposal_thanks", "en", lambda language: over(language, booked=booked, came=came))
    assert missing([*said, "Two questions"], arrived.text) == []
    assert missing([one.rpartition(": ")[2] for one in said], arrived.words) == []


async def test_who_answered_the_two_questions_is_not_asked_again() -> None:
    _, arrived = await provoke("proposal_thanks", "en", lambda language: over(language, answer="yes"))
    assert "Two questions" not in arrived.text + arrived.words
    assert missing(["Thank you for your answers"], arrived.text) == []
    assert missing(["Thank you for your answers"], arrived.words) == []


@IN_BOTH
async def test_each_news_for_the_campus_has_a_subject_of_its_own_and_quotes_the_company(language: str) -> None:
    subjects = set()
    with clock.at(MONDAY):
        proposal = await made("asked", "fr")
        for news in emails.NEWS:
            async with db.transaction():
                await emails.tell_campus(
                    await record.change(await record.by_id(proposal.id)), news, "Le four\nest en panne"
                )
            await db.fetch("UPDATE email SET language = $1 WHERE letter = 'proposal_news'", language)
            arrived = await arrival("proposal_news", proposal)
            assert "> Le four\n> est en panne\n" in arrived.text
            assert missing(["est en panne", HOST, CONTACT], arrived.words) == []
            subjects.add(str(arrived.message["Subject"]))
    assert len(subjects) == len(emails.NEWS)
    assert {subject.endswith(f"{HOST}, {TITLE}") for subject in subjects} == {True}


async def test_a_reminder_to_the_campus_says_how_many_wait_and_since_when() -> None:
    async def two(language: str) -> Proposal:
        await made("submitted", language)
        with clock.at(clock.now() + DAY):
            await make_proposal(email="autre@verrerie.test")
        return await waits(language)

    _, arrived = await provoke("proposal_waits", "en", two)
    said = ["3 proposals await an answer", "Monday 1 March"]
    assert missing(said, arrived.text) == missing(said, arrived.words) == []
    assert str(arrived.message["Subject"]) == said[0]
