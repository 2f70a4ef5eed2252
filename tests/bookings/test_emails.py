"""Letters: which one each change posts, what it freezes, and that the last word is the true one."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service import clock, db, settings
from service.bookings import addresses, changes, dossiers, emails, erasure, seats
from service.bookings.held import UNDO
from service.bookings.seats import AlreadyBooked
from service.bookings.tables import Dossier
from service.mail.outcomes import Kind
from service.mail.tables import Email
from service.worker import drain
from tests.bookings.harness import (
    Refusing,
    booked,
    booking_of,
    calendar_of,
    letters_about,
    mail_goes_out,
    text_of,
)
from tests.bookings.queues import deadline_of, full_slot, joined
from tests.makers import BEN, CLEO, at_paris, make_booking, make_event, make_organisation, make_slot

RIGHT = "ben.delattre@exemple.test"


# What each change posts


async def test_a_booking_posts_one_confirmation_with_its_facts_frozen() -> None:
    host = await make_organisation(name="Verrerie d’Arques")
    event = await make_event(title="Visite", slug="visite", contact_email="vv@exemple.test", host=host.id)
    starts = at_paris("2027-03-28 14:00")
    with clock.at(at_paris("2027-03-20 09:00")):
        slot = await make_slot(event=event, starts_at=starts)
        dossier = await make_booking(slot, CLEO)

    [letter] = await Email.select()
    booking = await booking_of(dossier)
    [invitation] = await db.fetch("SELECT uid, stamp FROM invitation")
    assert json.loads(letter["facts"]) == {
        "title": "Visite",
        "kind": "visit",
        "slug": "visite",
        "starts_at": "2027-03-28T12:00:00+00:00",
        "ends_at": "2027-03-28T14:00:00+00:00",
        "place": "Atelier, 62510 Arques",
        "host_name": "Verrerie d’Arques",
        "requirements": ["Chaussures fermées"],
        "contact_email": "vv@exemple.test",
        "dossier": str(dossier.id),
        "generation": 0,
        "code": dossier.code,
        "first_name": "Cléo",
        "last_name": "D'Hôte-Vandamme",
        "class_label": "",
        "names_by": "",
        "pupils": 0,
        "chaperones": 0,
        "seats": 1,
        "sequence": 0,
        "stamp": invitation["stamp"].isoformat(),
        "partstat": "ACCEPTED",
    }
    told = ("letter", "recipient", "language", "method", "invitation_uid", "state", "revision", "content")
    assert {name: letter[name] for name in told} == {
        "letter": "confirmation",
        "recipient": CLEO.email,
        "language": "fr",
        "method": "REQUEST",
        "invitation_uid": invitation["uid"],
        "state": "due",
        "revision": 0,
        "content": None,
    }
    assert (letter["subject_kind"], letter["subject_id"]) == ("booking", booking.id)
    assert letter["next_try_at"] == letter["posted_at"]


async def test_a_letter_is_not_worth_sending_once_its_slot_is_over() -> None:
    soon, later = await make_slot(starts_in=timedelta(hours=5)), await make_slot()
    for slot in (soon, later):
        await make_booking(slot)
    first, second = await Email.select().order_by(Email.id)
    assert first["give_up_at"] == soon.ends_at
    assert second["give_up_at"] == second["posted_at"] + timedelta(hours=72)


async def test_an_offer_is_not_worth_sending_once_it_is_over() -> None:
    slot, [holder] = await full_slot()
    entry = await joined(slot)
    await changes.cancel(holder)
    [letter] = await Email.select().where(Email.letter == "offer")
    assert letter["give_up_at"] == await deadline_of(entry) < slot.ends_at


async def test_what_is_cancelled_before_anything_went_out_is_said_without_a_calendar(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    await changes.cancel(dossier)
    assert await letters_about(dossier) == [
        ("confirmation", "superseded", "REQUEST", None),
        ("cancellation", "due", "CANCEL", 1),
    ]

    [letter] = await mail_goes_out(tmp_path)

    assert calendar_of(letter) == {}
    assert "annulée" in str(letter["Subject"])


async def test_what_is_cancelled_after_its_invitation_went_out_leaves_the_calendar(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    [confirmed] = await mail_goes_out(tmp_path)
    await changes.cancel(dossier)

    [cancelled] = await mail_goes_out(tmp_path)

    request, cancel = calendar_of(confirmed), calendar_of(cancelled)
    assert (request["METHOD"], request["SEQUENCE"]) == ("REQUEST", "0")
    assert (cancel["METHOD"], cancel["SEQUENCE"], cancel["STATUS"]) == ("CANCEL", "1", "CANCELLED")
    assert cancel["UID"] == request["UID"]
    assert cancel["DTSTAMP"] > request["DTSTAMP"]
    assert cancelled["References"] == confirmed["References"]  # one thread
    assert cancelled["Message-ID"] != confirmed["Message-ID"]


async def test_taken_back_before_anything_went_out_there_is_one_letter(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    await changes.cancel(dossier)
    await changes.restore(dossier)
    assert await letters_about(dossier) == [
        ("confirmation", "superseded", "REQUEST", None),
        ("cancellation", "superseded", "CANCEL", None),
        ("confirmation", "due", "REQUEST", 0),
    ]
    [letter] = await mail_goes_out(tmp_path)
    assert calendar_of(letter)["METHOD"] == "REQUEST"


async def test_taken_back_after_the_invitation_went_out_the_old_entry_ends_before_the_new_one_begins(
    tmp_path: Path,
) -> None:
    dossier = await make_booking(await make_slot())
    [first] = await mail_goes_out(tmp_path)
    await changes.cancel(dossier)
    await changes.restore(dossier)

    arrived = [calendar_of(letter) for letter in await mail_goes_out(tmp_path)]

    assert [(entry["METHOD"], entry["SEQUENCE"]) for entry in arrived] == [("CANCEL", "1"), ("REQUEST", "0")]
    assert arrived[0]["UID"] == calendar_of(first)["UID"] != arrived[1]["UID"]


async def test_a_request_whose_fate_is_unknown_is_cancelled_in_the_calendar(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    await drain(Refusing(Kind.unknown))
    await changes.cancel(dossier)
    [cancelled] = await mail_goes_out(tmp_path)
    assert calendar_of(cancelled)["METHOD"] == "CANCEL"


async def test_a_request_that_was_refused_for_good_is_followed_by_no_cancel(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    await drain(Refusing(Kind.permanent))
    await changes.cancel(dossier)
    [cancelled] = await mail_goes_out(tmp_path)
    assert calendar_of(cancelled) == {}


async def test_a_corrected_address_supersedes_and_withdraws(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    moved = await addresses.correct_address(dossier, RIGHT)
    assert await letters_about(dossier) == [
        ("confirmation", "superseded", "REQUEST", None),
        ("withdrawn", "due", "CANCEL", 1),
        ("confirmation", "due", "REQUEST", 0),
    ]
    await mail_goes_out(tmp_path)
    await changes.cancel(moved)
    assert [letter[:2] for letter in await letters_about(dossier)][1:] == [
        ("withdrawn", "superseded"),
        ("confirmation", "sent"),
        ("cancellation", "due"),
    ]


async def test_corrected_twice_only_the_address_that_was_written_to_is_told(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    await mail_goes_out(tmp_path)
    moved = await addresses.correct_address(dossier, "wrong.again@exemple.test")
    await addresses.correct_address(moved, RIGHT)

    arrived = await mail_goes_out(tmp_path)

    to = [(letter["To"].addresses[0].addr_spec, calendar_of(letter)["METHOD"]) for letter in arrived]
    assert to == [(BEN.email, "CANCEL"), (RIGHT, "REQUEST")]


async def test_an_erased_booking_is_cancelled_and_offers_no_way_back(tmp_path: Path) -> None:
    slot = await make_slot()
    cancelled, erased = await make_booking(slot), await make_booking(slot, CLEO)
    await mail_goes_out(tmp_path)
    await changes.cancel(cancelled)
    await erasure.erase(erased)

    [goodbye, farewell] = await mail_goes_out(tmp_path)

    assert (calendar_of(goodbye)["METHOD"], calendar_of(farewell)["METHOD"]) == ("CANCEL", "CANCEL")
    assert "reprenez votre place" in text_of(goodbye)
    assert "reprenez votre place" not in text_of(farewell)


async def test_the_way_back_ends_with_the_start_of_the_slot() -> None:
    slot = await make_slot()
    for before, until in ((timedelta(minutes=5), slot.starts_at), (timedelta(hours=5), None)):
        dossier = await make_booking(slot, replace(BEN, first_name=f"Ben {before}"))
        with clock.at(slot.starts_at - before):
            await changes.cancel(dossier)
        booking = await booking_of(dossier)
        [letter] = await db.fetch("SELECT facts ->> 'restore_until' AS until FROM email ORDER BY id DESC LIMIT 1")
        assert datetime.fromisoformat(letter["until"]) == (until or booking.ended_at + UNDO)


async def test_what_a_letter_says_is_frozen_when_it_is_posted(tmp_path: Path) -> None:
    slot = await make_slot(event=await make_event(title="Visite de la verrerie"))
    await make_booking(slot)
    await db.fetch("UPDATE event SET title = 'Autre chose', place = 'Ailleurs'")
    [letter] = await mail_goes_out(tmp_path)
    assert "Visite de la verrerie" in str(letter["Subject"])
    assert "Ailleurs" not in text_of(letter)


async def test_a_refused_change_posts_nothing() -> None:
    slot = await make_slot(capacity=1)
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    await booked(slot, CLEO)
    before = await Email.count()
    with pytest.raises(seats.SoldOut):
        await changes.restore(dossier)
    assert await Email.count() == before


# What it says


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ("2026-10-24 14:00", "2026-10-24 16:00", "samedi 24 octobre 2026, 14 h – 16 h"),
        ("2026-10-25 14:00", "2026-10-25 16:00", "dimanche 25 octobre 2026, 14 h – 16 h"),
        ("2027-03-28 14:00", "2027-03-28 16:30", "dimanche 28 mars 2027, 14 h – 16 h 30"),
        ("2027-01-01 09:00", "2027-01-01 11:00", "vendredi 1er janvier 2027, 9 h – 11 h"),
    ],
)
async def test_a_letter_says_the_wall_time_on_every_day_of_the_year(
    tmp_path: Path, starts: str, ends: str, words: str
) -> None:
    with clock.at(at_paris("2026-10-20 09:00")):
        slot = await make_slot(starts_at=at_paris(starts), ends_at=at_paris(ends))
        await make_booking(slot)
        [letter] = await mail_goes_out(tmp_path)
    said = " ".join(text_of(letter).replace("\u00a0", " ").split())
    assert f"Quand : {words}" in said
    assert calendar_of(letter)["DTSTART"] == f"{at_paris(starts):%Y%m%dT%H%M%S}"


async def test_a_letter_speaks_its_booker_s_language_and_so_do_its_links(tmp_path: Path) -> None:
    slot = await make_slot()
    french, english = await make_booking(slot), await make_booking(slot, replace(CLEO, language="en"))
    letters = {letter["Content-Language"]: text_of(letter) for letter in await mail_goes_out(tmp_path)}
    assert emails.link_to(french) in letters["fr"]
    assert emails.link_to(english) in letters["en"]
    assert emails.link_to(english).endswith("?from=mail&lang=en")
    assert emails.link_to(french).startswith("https://agenda.campus.test/bookings/")


async def test_names_of_any_script_arrive_as_they_were_typed(tmp_path: Path) -> None:
    who = replace(BEN, first_name="Nguyễn <b>", last_name='O"Neil, محمد')
    await make_booking(await make_slot(), who)
    [letter] = await mail_goes_out(tmp_path)
    assert 'Nguyễn <b> O"Neil, محمد' in text_of(letter)
    assert str(letter["To"].addresses[0].addr_spec) == BEN.email


async def test_the_contact_of_the_event_is_named_or_else_the_campus(tmp_path: Path) -> None:
    await make_booking(await make_slot(event=await make_event(contact_email="accueil@exemple.test")))
    await make_booking(await make_slot(), CLEO)
    by_recipient = {str(letter["To"]): text_of(letter) for letter in await mail_goes_out(tmp_path)}
    [named] = [said for to, said in by_recipient.items() if BEN.email in to]
    [campus] = [said for to, said in by_recipient.items() if CLEO.email in to]
    assert ("accueil@exemple.test" in named, settings.current().contact_email in campus) == (True, True)


# The links of an address


async def test_one_asks_for_one_s_links_and_gets_those_that_live(tmp_path: Path) -> None:
    slot, over = await make_slot(), await make_slot(starts_in=timedelta(hours=1))
    mine = await make_booking(slot)
    sister = await booked(slot, replace(BEN, first_name="Lou"))
    gone, past = await booked(slot, replace(BEN, first_name="Max")), await make_booking(over)
    stranger = await make_booking(slot, CLEO)
    await mail_goes_out(tmp_path)
    await erasure.erase(gone)
    with clock.at(over.ends_at):
        await _ask_for_links(BEN.email)
        [letter] = [letter for letter in await mail_goes_out(tmp_path) if "METHOD" not in calendar_of(letter)]

    said = text_of(letter)
    told = {name: _token(dossier) in said for name, dossier in locals().items() if isinstance(dossier, Dossier)}
    assert told == {"mine": True, "sister": True, "gone": False, "past": False, "stranger": False}


async def test_an_address_is_found_in_any_case(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    await mail_goes_out(tmp_path)
    await _ask_for_links("BEN@exemple.test")
    [letter] = await mail_goes_out(tmp_path)
    assert _token(dossier) in text_of(letter)


async def test_an_address_that_holds_nothing_is_not_written_to_but_counted() -> None:
    for _ in range(5):
        await _ask_for_links("nobody@exemple.test")
    assert await Email.count() == 0
    assert (await db.fetch("SELECT count(*) FROM rate_clock"))[0][0] == 2


async def test_links_are_sent_three_times_an_hour_at_most_whatever_the_case() -> None:
    await make_booking(await make_slot())
    for address in ("ben@exemple.test", "Ben@exemple.test", "BEN@exemple.test", "bEn@exemple.test"):
        await _ask_for_links(address)
    assert await Email.count().where(Email.letter == "links") == 3


async def test_letters_with_links_are_forgotten_once_they_are_sent(tmp_path: Path) -> None:
    slot = await make_slot()
    await make_booking(slot)
    with pytest.raises(AlreadyBooked):
        await booked(slot, BEN)
    await _ask_for_links(BEN.email)
    await mail_goes_out(tmp_path)
    rows = await db.fetch("SELECT letter, state, recipient, facts::text, content FROM email ORDER BY id OFFSET 1")
    kept: list[Any] = [tuple(row) for row in rows]
    assert kept == [("already_booked", "sent", "", "{}", None), ("links", "sent", "", "{}", None)]


async def test_a_double_is_told_what_it_holds_and_nothing_of_the_second_form(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await mail_goes_out(tmp_path)
    with pytest.raises(AlreadyBooked):
        await booked(slot, replace(BEN, school="Un canular"))
    [letter] = await mail_goes_out(tmp_path)
    assert (_token(dossier) in text_of(letter), "canular" in letter.as_string()) == (True, False)


async def _ask_for_links(address: str) -> None:
    await emails.send_links(address, address.casefold(), clock.now(), "fr")


def _token(dossier: Dossier) -> str:
    return dossiers.token_of(dossier.id, dossier.generation)
