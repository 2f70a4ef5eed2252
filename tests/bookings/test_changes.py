"""Changing one's mind: cancelling, taking it back, correcting the address; all of it or nothing."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service import clock, db
from service.bookings import addresses, changes, dossiers, seats
from service.bookings.addresses import AddressSettled
from service.bookings.changes import AlreadyStarted, TooLateToRestore
from service.bookings.dossiers import UnknownLink
from service.bookings.held import held_by
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.tables import Dossier
from service.events.slots import CalledOff
from service.mail.tables import Email
from service.people import delivery
from tests.bookings.harness import (
    at_once,
    booked,
    booking_of,
    calendar_of,
    held,
    invitations_of,
    journal_of,
    kinds,
    letters_about,
    mail_goes_out,
    reread,
)
from tests.makers import BEN, CLEO, make_booking, make_event, make_slot

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
RIGHT = "ben.delattre@exemple.test"


# Cancelling


async def test_a_cancelled_booking_gives_its_seat_back() -> None:
    slot = await make_slot(capacity=1)
    dossier = await make_booking(slot)

    await changes.cancel(dossier)

    booking = await booking_of(dossier)
    assert (booking.state, booking.ended_by, booking.revision) == ("cancelled", "booker", 1)
    assert await seats.seats_left(slot.id) == 1
    assert await invitations_of(dossier) == [(BEN.email, 1, True)]
    assert await journal_of(booking.id) == [("booker", "book"), ("booker", "cancel")]


async def test_cancelling_twice_is_cancelling_once() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    once = await letters_about(dossier)

    await changes.cancel(dossier)

    assert await letters_about(dossier) == once
    assert (await booking_of(dossier)).revision == 1
    assert await seats.seats_left(slot.id) == 10


async def test_a_crowd_that_cancels_one_booking_cancels_it_once() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await at_once(*(changes.cancel(dossier) for _ in range(20)))
    assert await seats.seats_left(slot.id) == 10
    assert [letter[0] for letter in await letters_about(dossier)] == ["confirmation", "cancellation"]


async def test_after_the_closing_one_may_still_cancel_until_the_start() -> None:
    slot = await make_slot(event=await make_event(list_closes_days=3))
    dossier, other = await make_booking(slot), await make_booking(slot, CLEO)
    with clock.at(slot.starts_at - SECOND):
        await changes.cancel(dossier)
    with clock.at(slot.starts_at), pytest.raises(AlreadyStarted) as refusal:
        await changes.cancel(other)
    assert refusal.value.since == slot.starts_at
    assert await held(slot) == 1


async def test_a_booking_without_address_is_cancelled_without_a_letter() -> None:
    dossier = await make_booking(await make_slot(), replace(BEN, email=""))
    await changes.cancel(dossier)
    assert (await booking_of(dossier)).state == "cancelled"
    assert await Email.count() == 0


async def test_what_is_held_says_what_may_still_be_done_with_it() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)

    async def says() -> tuple[bool, bool, bool]:
        [one] = await held_by(dossier)
        return (one.may_change, one.restore_until is not None, one.is_over)

    assert await says() == (True, False, False)
    with clock.at(slot.starts_at):
        assert await says() == (False, False, False)
    with clock.at(slot.ends_at):
        assert await says() == (False, False, True)
    await changes.cancel(dossier)
    assert await says() == (False, True, False)
    with clock.at(clock.now() + 15 * MINUTE):
        assert await says() == (False, False, False)


# Taking it back


async def test_a_cancellation_is_taken_back_within_fifteen_minutes_with_a_new_invitation() -> None:
    slot = await make_slot(capacity=1)
    dossier = await make_booking(slot)
    await changes.cancel(dossier)

    with clock.at(clock.now() + 15 * MINUTE - SECOND):
        await changes.restore(dossier)

    booking = await booking_of(dossier)
    assert (booking.state, booking.ended_at is None, booking.ended_by, booking.revision) == ("confirmed", True, "", 2)
    assert await held(slot) == 1
    assert await invitations_of(dossier) == [(BEN.email, 1, True), (BEN.email, 0, False)]
    assert [verb for _, verb in await journal_of(booking.id)] == ["book", "cancel", "restore"]


async def test_after_fifteen_minutes_a_cancellation_stays() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    with clock.at(clock.now() + 15 * MINUTE), pytest.raises(TooLateToRestore):
        await changes.restore(dossier)
    assert await held(slot) == 0


async def test_nothing_is_taken_back_once_the_slot_has_begun() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    with clock.at(slot.starts_at - MINUTE):
        await changes.cancel(dossier)
        assert (await held_by(dossier))[0].restore_until == slot.starts_at
        with clock.at(slot.starts_at), pytest.raises(TooLateToRestore):
            await changes.restore(dossier)


async def test_only_what_was_cancelled_can_be_taken_back() -> None:
    dossier = await make_booking(await make_slot())
    with pytest.raises(TooLateToRestore):
        await changes.restore(dossier)
    await changes.cancel(dossier)
    await changes.restore(dossier)
    with pytest.raises(TooLateToRestore):
        await changes.restore(dossier)


async def test_a_seat_sold_in_between_is_not_taken_back_and_nothing_is_half_done() -> None:
    slot = await make_slot(capacity=1)
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    await booked(slot, CLEO)
    before = await letters_about(dossier), await invitations_of(dossier)

    with pytest.raises(SoldOut):
        await changes.restore(dossier)

    assert (await letters_about(dossier), await invitations_of(dossier)) == before
    assert (await booking_of(dossier)).revision == 1
    assert await held(slot) == 1


async def test_who_has_booked_again_takes_nothing_back() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    await booked(slot, BEN)
    with pytest.raises(AlreadyBooked):
        await changes.restore(dossier)
    assert await held(slot) == 1


async def test_what_was_called_off_in_between_is_not_taken_back() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'Panne' WHERE id = $1", slot.id)
    with pytest.raises(CalledOff):
        await changes.restore(dossier)


async def test_taking_back_and_selling_the_last_seat_at_once_sells_it_once() -> None:
    for _ in range(10):
        slot = await make_slot(capacity=1)
        dossier = await make_booking(slot)
        await changes.cancel(dossier)
        outcomes = await at_once(changes.restore(dossier), seats.book(slot, CLEO), changes.restore(dossier))
        assert await held(slot) == 1
        winners = kinds(outcomes)["NoneType"] + kinds(outcomes)["Dossier"]
        assert winners == 1, outcomes


# Correcting the address


async def test_a_corrected_address_gets_a_new_link_and_the_old_one_is_dead() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    old_token = dossiers.token_of(dossier.id, 0)

    moved = await addresses.correct_address(dossier, RIGHT)

    assert (moved.id, moved.code, moved.email, moved.email_key) == (dossier.id, dossier.code, RIGHT, RIGHT)
    assert moved.generation == 1
    assert (await dossiers.by_token(dossiers.token_of(dossier.id, 1))).id == dossier.id
    with pytest.raises(UnknownLink):
        await dossiers.by_token(old_token)
    assert (await booking_of(dossier)).email_key == RIGHT
    assert await held(slot) == 1


async def test_a_corrected_address_gets_a_new_invitation_and_the_old_one_ends() -> None:
    dossier = await make_booking(await make_slot())
    await addresses.correct_address(dossier, RIGHT)
    assert await invitations_of(dossier) == [(BEN.email, 1, True), (RIGHT, 0, False)]


async def test_an_address_that_heard_nothing_yet_is_left_in_peace(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot())
    await addresses.correct_address(dossier, RIGHT)

    arrived = await mail_goes_out(tmp_path)

    assert [(letter["To"].addresses[0].addr_spec, calendar_of(letter)["METHOD"]) for letter in arrived] == [
        (RIGHT, "REQUEST")
    ]
    assert [letter[:2] for letter in await letters_about(dossier)] == [
        ("confirmation", "superseded"),
        ("withdrawn", "superseded"),
        ("confirmation", "sent"),
    ]


async def test_an_address_that_was_invited_by_mistake_is_told_and_learns_nothing(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot(), CLEO)
    [invited] = await mail_goes_out(tmp_path)
    moved = await addresses.correct_address(dossier, "cleo.vandamme@exemple.test")

    withdrawn, confirmed = await mail_goes_out(tmp_path)

    assert withdrawn["To"].addresses[0].addr_spec == CLEO.email
    entry = calendar_of(withdrawn)
    assert (entry["METHOD"], entry["UID"], entry["SEQUENCE"]) == ("CANCEL", calendar_of(invited)["UID"], "1")
    assert entry["DTSTAMP"] > calendar_of(invited)["DTSTAMP"]
    told = " ".join(str(part.get_content()) for part in withdrawn.walk() if not part.is_multipart())
    secrets = (
        dossiers.token_of(moved.id, 1),
        dossiers.token_of(moved.id, 0),
        moved.code,
        "Vandamme",
        "vandamme",
        "Cléo",
    )
    assert [secret for secret in secrets if secret in told] == []
    assert confirmed["To"].addresses[0].addr_spec == "cleo.vandamme@exemple.test"
    assert calendar_of(confirmed)["SEQUENCE"] == "0"
    assert calendar_of(confirmed)["UID"] != entry["UID"]


async def test_after_a_sign_of_life_the_address_stays() -> None:
    dossier = await make_booking(await make_slot())
    await addresses.hear_from(dossier)
    heard = await reread(dossier)
    assert not await addresses.may_correct_address(heard)

    with pytest.raises(AddressSettled):
        await addresses.correct_address(dossier, RIGHT)  # even where the page was read before that sign

    now = await reread(dossier)
    assert (now.email, now.generation) == (BEN.email, 0)


async def test_the_first_sign_of_life_is_the_one_that_counts() -> None:
    dossier = await make_booking(await make_slot())
    await addresses.hear_from(dossier)
    first = (await reread(dossier)).address_answered_at
    with clock.at(clock.now() + MINUTE):
        await addresses.hear_from(dossier)
    assert (await reread(dossier)).address_answered_at == first


async def test_an_address_that_no_mail_reaches_may_be_corrected_even_so() -> None:
    dossier = await make_booking(await make_slot())
    await addresses.hear_from(dossier)
    await delivery.mark_undeliverable(BEN.email, "550 no such user")

    moved = await addresses.correct_address(dossier, RIGHT)

    assert moved.email == RIGHT
    assert moved.address_answered_at is None  # the new one has not been heard from yet


async def test_an_address_is_not_corrected_into_a_double() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await booked(slot, replace(BEN, email=RIGHT))
    with pytest.raises(AlreadyBooked):
        await addresses.correct_address(dossier, RIGHT)
    assert (await reread(dossier)).generation == 0


async def test_only_the_spelling_of_an_address_may_change_too() -> None:
    dossier = await make_booking(await make_slot())
    moved = await addresses.correct_address(dossier, "Ben@exemple.test")
    assert (moved.email, moved.email_key, moved.generation) == ("Ben@exemple.test", BEN.email, 1)


async def test_nothing_is_corrected_once_the_slot_has_begun() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    with clock.at(slot.starts_at), pytest.raises(AlreadyStarted):
        await addresses.correct_address(dossier, RIGHT)


async def test_what_is_taken_back_goes_to_the_address_as_corrected_since() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    moved = await addresses.correct_address(dossier, RIGHT)

    await changes.restore(moved)

    assert (await booking_of(dossier)).email_key == RIGHT
    assert (await invitations_of(dossier))[-1] == (RIGHT, 0, False)
    with pytest.raises(AlreadyBooked):
        await booked(slot, replace(BEN, email=RIGHT))


async def test_of_two_corrections_at_once_one_wins() -> None:
    for _ in range(5):
        dossier = await make_booking(await make_slot())
        wishes = ("one@exemple.test", "two@exemple.test")

        outcomes = await at_once(*(addresses.correct_address(dossier, wish) for wish in wishes))

        assert kinds(outcomes) == {"Dossier": 1, "UnknownLink": 1}
        [won] = [outcome for outcome in outcomes if isinstance(outcome, Dossier)]
        now = await reread(dossier)
        assert (now.email, now.generation) == (won.email, 1)
        assert (await invitations_of(dossier))[-1] == (won.email, 0, False)


async def test_a_link_that_was_renewed_a_moment_ago_changes_nothing_any_more() -> None:
    slot = await make_slot()
    before = await make_booking(slot)
    await addresses.correct_address(before, RIGHT)
    for verb in (changes.cancel(before), changes.restore(before), addresses.correct_address(before, "x@exemple.test")):
        with pytest.raises(UnknownLink):
            await verb
    assert await held(slot) == 1


async def test_a_cancellation_and_a_correction_at_once_agree_about_the_address() -> None:
    for _ in range(10):
        slot = await make_slot()
        dossier = await make_booking(slot)

        cancelled, _ = await at_once(changes.cancel(dossier), addresses.correct_address(dossier, RIGHT))

        now = await reread(dossier)
        assert (now.email, now.generation) == (RIGHT, 1)
        live = [attendee for attendee, _, ended in await invitations_of(dossier) if not ended]
        assert live == ([] if cancelled is None else [RIGHT])
        assert await held(slot) == len(live)
        last = (await db.fetch("SELECT recipient, facts ->> 'generation' FROM email ORDER BY id DESC LIMIT 1"))[0]
        assert tuple(last) == ((BEN.email, "0") if cancelled is None else (RIGHT, "1"))
