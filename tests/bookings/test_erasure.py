"""Erasing: cancelled, told, then forgotten everywhere; the counts stay."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service import clock, db
from service.attendance import presence
from service.attendance.tables import Presence
from service.bookings import addresses, attendees, changes, dossiers, emails, erasure, seats
from service.bookings.changes import AlreadyStarted
from service.bookings.dossiers import UnknownLink
from service.bookings.names import Name
from service.bookings.seats import AlreadyBooked
from service.bookings.tables import Dossier
from service.limits.keys import Key
from service.mail.folder import FolderCourier
from service.mail.outcomes import Kind
from service.people import delivery
from service.worker import drain
from tests.bookings.classes import a_class_of
from tests.bookings.harness import (
    Refusing,
    at_once,
    booked,
    booking_of,
    held,
    invitations_of,
    journal_of,
    kinds,
    letters_about,
    mail_goes_out,
    reread,
)
from tests.makers import BEN, CLEO, make_booking, make_slot

CANARY = replace(
    CLEO,
    first_name="Canarine",
    last_name="Canari",
    email="Canari@exemple.test",
    school="Lycée du Canari",
    level="canari",
)
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"


async def test_an_erased_booking_is_cancelled_told_and_then_forgotten_everywhere(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, CANARY)
    await mail_goes_out(tmp_path)
    assert await where_it_sings() == ["booking", "dossier", "email", "invitation"]

    await erasure.erase(dossier)
    assert await held(slot) == 0
    assert await erasure.finish() == 0  # its last letter is not settled yet
    assert "email" in await where_it_sings()
    await drain(FolderCourier(tmp_path))

    assert await where_it_sings() == []
    now = await reread(dossier)
    assert now.erased_at is not None
    assert [letter[:2] for letter in await letters_about(dossier)] == [
        ("confirmation", "sent"),
        ("cancellation", "sent"),
    ]
    assert (await dossiers.by_token(dossiers.token_of(dossier.id, 0))).id == dossier.id  # the link answers "erased"


async def test_the_journal_keeps_who_did_what_by_id_only(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot(), CANARY)
    booking = await booking_of(dossier)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    assert await journal_of(booking.id) == [("booker", "book"), ("booker", "cancel")]
    assert await journal_of(dossier.id) == [("booker", "erase"), ("system", "erased")]
    assert [row["facts"] for row in await db.fetch("SELECT DISTINCT facts::text FROM journal")] == ["{}"]


async def test_every_address_that_was_typed_by_mistake_is_forgotten_too(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot(), replace(CANARY, email="canary@exemple.test"))
    await drain(Refusing(Kind.permanent))
    assert "address" in await where_it_sings("canary")
    moved = await addresses.correct_address(dossier, CANARY.email)
    await delivery.mark_undeliverable(CANARY.email, "full")

    await erasure.erase(moved)
    await mail_goes_out(tmp_path)

    assert await where_it_sings("canar") == []


async def test_an_address_that_another_dossier_has_stays_marked(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, CANARY)
    await booked(slot, replace(CANARY, first_name="Une sœur"))
    await delivery.mark_undeliverable(CANARY.email, "550")
    await erasure.erase(dossier)
    await drain(Refusing(Kind.permanent))
    assert await delivery.is_undeliverable("canari@exemple.test")


async def test_a_letter_that_names_it_among_others_is_waited_for(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, CANARY)
    await mail_goes_out(tmp_path)
    with pytest.raises(AlreadyBooked):
        await booked(slot, CANARY)
    await emails.send_links(CANARY.email, "canari@exemple.test", clock.now(), "fr")
    await drain(Refusing(Kind.temporary))

    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    assert (await reread(dossier)).erased_at is None

    with clock.at(clock.now() + timedelta(minutes=10)):
        await mail_goes_out(tmp_path)
    assert (await reread(dossier)).erased_at is not None
    assert await where_it_sings() == []


async def test_what_is_erased_leaves_others_alone(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier, other = await make_booking(slot, CANARY), await make_booking(slot)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    kept = await reread(other)
    assert (kept.first_name, kept.email, kept.erased_at is None) == ("Ben", BEN.email, True)
    assert await invitations_of(other) == [(BEN.email, 0, False)]
    assert await held(slot) == 1


async def test_after_the_slot_the_names_go_and_the_counts_stay(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, CANARY)
    await mail_goes_out(tmp_path)
    booking = await booking_of(dossier)
    await Presence.insert(Presence(slot=slot.id, booking=booking.id, people=1, noted_at=slot.starts_at))

    with clock.at(slot.ends_at):
        await erasure.erase(dossier)
        assert await mail_goes_out(tmp_path) == []
        assert await presence.people_at(slot.event_id) == 1

    assert await where_it_sings() == []
    assert ((await booking_of(dossier)).state, await held(slot)) == ("confirmed", 1)
    assert await Presence.count() == 1


async def test_the_names_of_a_class_are_forgotten_with_it_and_once_more_after_a_restore(tmp_path: Path) -> None:
    for again in (False, True):
        dossier, other = [await a_class_of(await make_slot(40), label=label) for label in ("2de 4", "1re 2")]
        for one, name in ((dossier, Name("CANARI", "Canarine")), (other, Name("O’BRIEN"))):
            await attendees.save(one, {(await booking_of(one)).id: [name]})
        assert "attendee" in await where_it_sings()

        if again:
            async with db.transaction():
                assert await erasure.repeat({dossier.id: clock.now()}) == 1
        else:
            await erasure.erase(dossier)
            await mail_goes_out(tmp_path)
            await erasure.finish()

        assert await where_it_sings() == []
        assert await attendees.of(dossier) == {}
        assert list((await attendees.of(other)).values()) == [[Name("O’BRIEN")]]


async def test_nothing_is_erased_while_the_slot_is_going_on() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    for moment in (slot.starts_at, slot.ends_at - timedelta(seconds=1)):
        with clock.at(moment), pytest.raises(AlreadyStarted):
            await erasure.erase(dossier)
    assert (await reread(dossier)).erase_asked_at is None


async def test_what_was_cancelled_before_may_be_erased_at_any_time(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, CANARY)
    await changes.cancel(dossier)
    with clock.at(slot.starts_at):
        await erasure.erase(dossier)
        await mail_goes_out(tmp_path)
    assert await where_it_sings() == []


async def test_what_is_being_erased_is_changed_no_more() -> None:
    slot = await make_slot()
    before = await make_booking(slot)
    await erasure.erase(before)
    verbs = (
        changes.cancel(before),
        changes.restore(before),
        addresses.correct_address(before, "new@exemple.test"),
        erasure.erase(before),
    )
    for verb in verbs:
        with pytest.raises(UnknownLink):
            await verb
    assert await held(slot) == 0


async def test_erasing_and_taking_back_at_once_leaves_no_nameless_booking(tmp_path: Path) -> None:
    for _ in range(10):
        slot = await make_slot()
        dossier = await make_booking(slot)
        await changes.cancel(dossier)
        erased, _ = await at_once(erasure.erase(dossier), changes.restore(dossier))
        assert erased is None
        assert (await booking_of(dossier)).state == "cancelled"
        assert await held(slot) == 0


async def test_erasing_and_correcting_at_once_forgets_both_addresses(tmp_path: Path) -> None:
    for _ in range(3):
        dossier = await make_booking(await make_slot(), CANARY)
        outcomes = await at_once(addresses.correct_address(dossier, "canari2@exemple.test"), erasure.erase(dossier))
        assert kinds(outcomes) in ({"Dossier": 1, "UnknownLink": 1}, {"UnknownLink": 1, "NoneType": 1})
        now = await reread(dossier)
        if not now.erase_asked_at:
            await erasure.erase(now)
    await mail_goes_out(tmp_path)
    assert await where_it_sings() == []


async def test_of_many_workers_one_finishes_an_erasure() -> None:
    dossier = await make_booking(await make_slot(), replace(CANARY, email=""))
    await erasure.erase(dossier)
    assert sum(await at_once(*(erasure.finish() for _ in range(5)))) == 1
    assert await journal_of(dossier.id) == [("booker", "erase"), ("system", "erased")]


async def test_an_undeliverable_goodbye_does_not_hold_the_erasure_up() -> None:
    dossier = await make_booking(await make_slot(), CANARY)
    await erasure.erase(dossier)
    await drain(Refusing(Kind.permanent))
    assert await where_it_sings() == []


async def test_a_goodbye_that_waits_for_its_server_keeps_what_it_needs(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot(), CANARY)
    await erasure.erase(dossier)
    await drain(Refusing(Kind.temporary))
    assert (await reread(dossier)).erased_at is None
    with clock.at(clock.now() + timedelta(hours=73)):
        await drain(Refusing(Kind.temporary))
    assert await where_it_sings() == []


async def test_the_form_of_an_erased_booking_sent_again_books_nothing() -> None:
    slot, key = await make_slot(), Key.of("screen", {})
    dossier = await seats.book(slot, CANARY, key=key)
    await erasure.erase(dossier)
    assert (await seats.book(slot, CANARY, key=key)).id == dossier.id
    assert await Dossier.count() == 1


async def where_it_sings(canary: str = "canari") -> list[str]:
    """The tables where any column of any row holds the canary, in clear or as bytes."""
    found = []
    for (table,) in await db.fetch(TABLES):
        rows = " ".join(row[0] for row in await db.fetch(f'SELECT kept::text FROM "{table}" kept'))
        if canary in rows.casefold() or canary.encode().hex() in rows:
            found.append(table)
    return found
