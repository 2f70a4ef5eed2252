"""What an organiser writes: to whom it goes, that each reads their own, and that twice is once."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service import clock, db
from service.attendance.tables import Presence
from service.bookings import changes, erasure, message_emails, messages, options, seats
from service.bookings.dossiers import Booker
from service.bookings.message_emails import Typed, filled, unknown_placeholders
from service.bookings.messages import About, NobodyToWriteTo, Reach
from service.bookings.plans import Party
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.limits.keys import Key, KeyReused
from service.mail.outcomes import Kind
from service.people import staff
from service.worker import drain
from tests.bookings.classes import a_class, class_event, over
from tests.bookings.harness import Refusing, at_once, booking_of, journal_of, kinds, mail_goes_out, text_of
from tests.bookings.queues import joined
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_slot
from tests.visits import counted

HELLO = Typed("Le point de rendez-vous", "Accueil nord, à {heure}.")
BY = "person:ada"
ALL_LETTERS = """
SELECT recipient, subject_id, revision, priority, facts, posted_at, give_up_at FROM email
WHERE letter = 'message' ORDER BY id
"""


async def letters() -> list[Any]:
    return [dict(row) | {"facts": json.loads(row["facts"])} for row in await db.fetch(ALL_LETTERS)]


async def to(about: About, recipients: str = "confirmed") -> list[str]:
    """Write to them; the addresses that a letter goes to."""
    await messages.send(about, recipients, HELLO, BY)
    return sorted(letter["recipient"] for letter in await letters())


async def note_people(dossier: Dossier, slot: BookableSlot, people: int) -> None:
    booking = await booking_of(dossier)
    await Presence.insert(Presence(slot=slot.id, booking=booking.id, people=people, noted_at=slot.starts_at))


# --- to whom ---------------------------------------------------------------------------------------------


async def test_each_kind_of_recipients_is_counted_by_one_statement() -> None:
    slot = await make_slot(3)
    came, stayed, unnoted = [await make_booking(slot, a_pupil()) for _ in range(3)]
    await joined(slot)
    await note_people(came, slot, 1)
    await note_people(stayed, slot, 0)
    about = About(slot.event_id, slot.id)
    assert {kind: one.letters for kind, one in (await messages.reach(about)).items()} == {
        "confirmed": 3, "waiting": 1, "present": 1, "absent": 1,
    }  # fmt: skip
    await db.fetch("UPDATE slot SET door_closed_at = $2 WHERE id = $1", slot.id, slot.ends_at)
    assert (await messages.reach(about))["absent"] == Reach(2)  # who was not noted by then did not come
    assert await to(about, "absent") == sorted([stayed.email, unnoted.email])


async def test_who_has_no_address_is_counted_apart_and_written_no_letter() -> None:
    slot = await make_slot()
    await make_booking(slot, BEN)
    await make_booking(slot, replace(CLEO, email=""))
    about = About(slot.event_id)
    assert (await messages.reach(about))["confirmed"] == Reach(letters=1, without=1)
    assert await to(about) == [BEN.email]


async def test_a_slot_s_message_goes_to_its_own_people_only() -> None:
    event = await make_event()
    first, second = [await make_slot(event=event, starts_in=timedelta(days=day)) for day in (7, 8)]
    await make_booking(first, BEN)
    await make_booking(second, CLEO)
    await make_booking(await make_slot(), a_pupil())
    assert await to(About(event.id, second.id)) == [CLEO.email]
    assert await to(About(event.id)) == sorted([BEN.email, CLEO.email, CLEO.email])


async def test_a_class_over_three_slots_gets_one_letter_that_names_its_days() -> None:
    event = await class_event(option_days=None)
    slots = [await make_slot(40, event=event, starts_in=timedelta(weeks=week)) for week in (1, 2, 3)]
    await over(slots, *[Party(12, 1)] * 3)
    await messages.send(About(event.id), "confirmed", HELLO, BY)
    [letter] = await letters()
    assert [one["starts_at"] for one in letter["facts"]["slots"]] == [slot.starts_at.isoformat() for slot in slots]


async def test_who_cancelled_or_is_being_erased_is_written_nothing() -> None:
    slot = await make_slot()
    await changes.cancel(await make_booking(slot, BEN))
    await erasure.erase(await make_booking(slot, CLEO))
    assert (await messages.reach(About(slot.event_id)))["confirmed"] == Reach()
    with pytest.raises(NobodyToWriteTo):
        await messages.send(About(slot.event_id), "confirmed", HELLO, BY)
    assert (await letters(), await messages.sent_about(slot.event_id)) == ([], [])


async def test_an_option_is_no_confirmed_seat_until_it_is() -> None:
    slot = await make_slot(40, event=await class_event(), starts_in=timedelta(weeks=3))
    dossier = await a_class(slot)
    assert (await messages.reach(About(slot.event_id)))["confirmed"] == Reach()
    await options.confirm(dossier)
    assert (await messages.reach(About(slot.event_id)))["confirmed"] == Reach(1)


# --- what they read --------------------------------------------------------------------------------------


def test_placeholders_are_looked_up_in_either_language_and_no_value_is_looked_at_again() -> None:
    values = {"first_name": "{code}", "last_name": "D’Hôte", "event": "{date}", "code": "K7M-4TQ"}
    assert filled("{first_name} {Prénom} { nom } {code}", values) == "{code} {code} D’Hôte K7M-4TQ"
    assert filled("{événement} {e\u0301ve\u0301nement} {EVENT}", values) == "{date} {date} {date}"


@pytest.mark.parametrize(
    "odd", ["{0}", "{first_name.__class__}", "{}", "{first_name!r}", "{email}", "{% raw %}", "{{ 7 * 7 }}", "{token}"]
)
def test_what_is_not_on_the_list_is_named_and_never_evaluated(odd: str) -> None:
    assert unknown_placeholders(f"Bonjour {odd}") != []
    assert filled(odd, {"first_name": "Léa"}) == odd


@pytest.mark.parametrize("plain", ["", "{", "}", "a } b { c", "{\n}", "100 %(name)s", "${x"])
def test_a_lone_brace_is_a_brace(plain: str) -> None:
    assert unknown_placeholders(plain) == []
    assert filled(plain, {}) == plain


async def test_each_reads_their_own_name_and_code_and_nobody_else_s_address(tmp_path: Path) -> None:
    slot = await make_slot(event=await make_event(title="Verrerie", contact_email="accueil@campus.test"))
    people = [await make_booking(slot, who) for who in (BEN, replace(CLEO, language="en"))]
    await mail_goes_out(tmp_path)
    typed = Typed("{event}: {first_name}", "Votre code, {prénom} {nom} : {code}.\n\nÀ {place}, {date}, {time}.")
    assert await messages.send(About(slot.event_id), "confirmed", typed, BY) == 2
    for message in await mail_goes_out(tmp_path):
        [address] = [one.addr_spec for one in message["To"].addresses]
        [own], [other] = [[one for one in people if (one.email == address) is mine] for mine in (True, False)]
        said = text_of(message) + str(message["Subject"])
        assert str(message["Subject"]) == f"Verrerie: {own.first_name}"
        assert own.code in said
        assert [word for word in (other.first_name, other.code, other.email) if word in said] == []
        assert (message["Cc"], message["Bcc"], str(message["Reply-To"])) == (None, None, "accueil@campus.test")


async def test_the_preview_is_the_first_recipient_s_letter_without_their_link() -> None:
    slot = await make_slot(event=await make_event(contact_email="accueil@campus.test"))
    await make_booking(slot, CLEO)
    ben = await make_booking(slot, BEN)
    shown = await messages.preview(About(slot.event_id), "confirmed", Typed("Pour {first_name}", "Votre code : {code}"))
    assert (shown.recipient, shown.subject, shown.reply_to) == (CLEO.email, "Pour Cléo", "accueil@campus.test")
    assert "/bookings/…" in shown.text
    assert ben.code not in shown.text
    assert await letters() == []


async def test_html_that_somebody_types_is_read_as_it_was_typed(tmp_path: Path) -> None:
    slot = await make_slot()
    await make_booking(slot, replace(BEN, first_name="<b>Ben</b>"))
    await mail_goes_out(tmp_path)
    typed = Typed("<i>Titre</i>", "<script>alert(1)</script> {first_name} https://campus.test/plan\n& autre ligne")
    await messages.send(About(slot.event_id), "confirmed", typed, BY)
    [message] = await mail_goes_out(tmp_path)
    part = message.get_body(("html",))
    assert part is not None
    content = str(part.get_content())
    assert "<script" not in content
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;Ben&lt;/b&gt; https://campus.test/plan<br>" in content
    assert 'href="https://campus.test/plan' not in content
    assert len(message.as_bytes()) <= 20_000


# --- once, in order, and forgotten -----------------------------------------------------------------------


async def test_a_message_is_kept_and_noted_and_comes_after_what_people_wait_for() -> None:
    slot = await make_slot()
    await make_booking(slot)
    person = await staff.add("Ada Vandamme", "ada@campus.test", "organiser", by="test")
    assert await messages.send(About(slot.event_id, slot.id), "confirmed", HELLO, f"person:{person.id}") == 1
    [letter] = await letters()
    assert letter["priority"] > 5
    [sent] = await messages.sent_about(slot.event_id)
    assert (sent.title, sent.by, sent.letters, sent.under_way, sent.delivered) == (HELLO.title, "Ada Vandamme", 1, 1, 0)
    assert (sent.starts_at, sent.recipients) == (slot.starts_at, "confirmed")
    assert await journal_of(slot.id) == [(f"person:{person.id}", "message")]
    [noted] = await db.fetch("SELECT facts FROM journal WHERE verb = 'message'")
    assert json.loads(noted["facts"]) == {"recipients": "confirmed", "letters": 1}


async def test_the_history_tells_what_has_arrived_so_far(tmp_path: Path) -> None:
    slot = await make_slot()
    people = [await make_booking(slot, a_pupil()) for _ in range(3)]
    await mail_goes_out(tmp_path)
    await messages.send(About(slot.event_id), "confirmed", HELLO, BY)
    await db.fetch(
        "UPDATE email SET next_try_at = $2 WHERE letter = 'message' AND subject_id <> $1",
        people[0].id,
        clock.now() + timedelta(hours=1),
    )
    await mail_goes_out(tmp_path)
    [sent] = await messages.sent_about(slot.event_id)
    assert (sent.delivered, sent.under_way, sent.failed) == (1, 2, 0)
    with clock.at(clock.now() + timedelta(hours=2)):
        await drain(Refusing(Kind.permanent))
    [sent] = await messages.sent_about(slot.event_id)
    assert (sent.delivered, sent.under_way, sent.failed) == (1, 0, 2)
    await erasure.erase(people[0])
    await mail_goes_out(tmp_path)
    [sent] = await messages.sent_about(slot.event_id)
    assert sent.delivered == 1  # whoever is forgotten had read it


async def test_the_same_form_twice_or_at_once_writes_once() -> None:
    slot = await make_slot()
    await make_booking(slot)
    about, key = About(slot.event_id), Key.of("form", {"title": "x"})
    told = await at_once(*(messages.send(about, "confirmed", HELLO, BY, key=key) for _ in range(5)))
    assert told == [1] * 5
    assert await messages.send(about, "confirmed", HELLO, BY, key=key) == 1
    assert (len(await letters()), len(await messages.sent_about(slot.event_id))) == (1, 1)
    with pytest.raises(KeyReused):
        await messages.send(about, "confirmed", HELLO, BY, key=Key.of("form", {"title": "y"}))


async def test_two_organisers_who_write_at_once_both_reach_everybody() -> None:
    slot = await make_slot()
    for _ in range(4):
        await make_booking(slot, a_pupil())
    told = await at_once(*(messages.send(About(slot.event_id), "confirmed", HELLO, BY) for _ in range(3)))
    assert told == [4, 4, 4]
    found = await letters()
    assert sorted(letter["revision"] for letter in found) == [0] * 4 + [1] * 4 + [2] * 4
    assert len({(letter["subject_id"], letter["revision"]) for letter in found}) == 12


async def test_without_the_lock_two_who_write_at_once_would_number_their_letters_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control of the race."""
    monkeypatch.setattr(messages, "HOLD", messages.HOLD.replace("FOR NO KEY UPDATE", ""))
    slot = await make_slot()
    for _ in range(4):
        await make_booking(slot, a_pupil())
    outcomes = [
        await at_once(*(messages.send(About(slot.event_id), "confirmed", HELLO, BY) for _ in range(4)))
        for _ in range(5)
    ]
    assert kinds([one for each in outcomes for one in each])["UniqueViolationError"] > 0


async def test_what_becomes_of_a_booking_takes_no_message_back() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await messages.send(About(slot.event_id), "confirmed", HELLO, BY)
    await changes.cancel(dossier)
    await changes.restore(dossier)
    assert [row["state"] for row in await db.fetch("SELECT state FROM email WHERE letter = 'message'")] == ["due"]


async def test_after_the_event_it_is_tried_for_three_days() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await note_people(dossier, slot, 1)
    with clock.at(slot.ends_at + timedelta(days=1)):
        assert await to(About(slot.event_id), "present") == [BEN.email]
    [letter] = await letters()
    assert letter["give_up_at"] - letter["posted_at"] == timedelta(hours=72)


async def test_each_more_costs_one_statement_more() -> None:
    slot = await make_slot(20)
    for _ in range(12):
        await seats.book(slot, a_pupil())
    with counted() as statements:
        await messages.send(About(slot.event_id), "confirmed", HELLO, BY)
    assert len(statements) == 12 + 7  # the event, who, what, their slots, their dossiers, the message, the journal


async def test_an_erased_dossier_waits_for_its_message_and_forgets_it(tmp_path: Path) -> None:
    slot = await make_slot()
    canary = Booker("Canarine", "Canari", "canari@exemple.test", "Lycée du Canari")
    dossier = await make_booking(slot, canary)
    await mail_goes_out(tmp_path)
    await messages.send(About(slot.event_id), "confirmed", Typed("Pour {prénom}", "{nom}"), BY)
    email = await _claimed_message()
    with clock.at(slot.ends_at):
        await erasure.erase(dossier)
        assert await erasure.finish() == 0  # it is in somebody's hands
        await db.fetch("UPDATE email SET state = 'sent', settled_at = now() WHERE id = $1", email)
        assert await erasure.finish() == 1
    [row] = await db.fetch("SELECT recipient, facts, content FROM email WHERE letter = 'message'")
    assert (row["recipient"], row["facts"], row["content"]) == ("", "{}", None)


async def test_a_message_that_has_not_left_is_not_sent_to_who_asks_to_be_forgotten() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await messages.send(About(slot.event_id), "confirmed", HELLO, BY)
    await erasure.erase(dossier)
    assert [row["state"] for row in await db.fetch("SELECT state FROM email WHERE letter = 'message'")] == [
        "superseded"
    ]


async def _claimed_message() -> int:
    rows = await db.fetch(
        "UPDATE email SET state = 'sending', lease_until = $1 WHERE letter = 'message' RETURNING id",
        clock.now() + timedelta(days=30),
    )
    return int(rows[0]["id"])


def test_both_languages_offer_placeholders_that_exist() -> None:
    for offered in message_emails.OFFERED.values():
        assert unknown_placeholders("".join(f"{{{name}}}" for name in offered)) == []
        assert {message_emails.PLACEHOLDERS[name] for name in offered} == set(message_emails.PLACEHOLDERS.values())
