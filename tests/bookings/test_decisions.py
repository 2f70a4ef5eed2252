"""What an organiser decides about one booking: each verb, what it tells, and what it refuses."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from service import clock, db
from service.bookings import addresses, changes, decisions, erasure, offers, pending, seats, waiting
from service.bookings.by_hand import NotSo, OthersWait
from service.bookings.changes import AlreadyStarted, TooLateToRestore, UnknownBooking
from service.bookings.decisions import NoAddress
from service.bookings.options import OptionOver
from service.bookings.plans import Party
from service.bookings.seats import AlreadyBooked, SoldOut
from service.events import slots
from service.events.slots import CalledOff, SlotOver
from service.events.tables import Slot
from tests.bookings.classes import WEEK, a_class, class_slot, has, over
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
    text_of,
)
from tests.bookings.minors import PARENT, approval_slot, evening_slot, letters_to_guardian, pending_minor
from tests.bookings.offices import ADA, a_class_by_hand, added, id_of, unaddressed
from tests.bookings.queues import full_slot, joined, state_of
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_slot

# Confirming


async def test_an_option_becomes_the_class_s_seats_in_all_of_its_slots() -> None:
    event = await make_event(takes_classes=True)
    chosen = [await make_slot(40, event=event, starts_in=weeks * WEEK) for weeks in (3, 4)]
    dossier = await over(chosen, Party(12, 1), Party(10, 1))
    [first, _] = await db.fetch("SELECT id FROM booking WHERE dossier = $1", dossier.id)

    await decisions.confirm(first["id"], ADA)
    await decisions.confirm(first["id"], ADA)

    assert [state for state, _, _ in await has(dossier)] == ["confirmed", "confirmed"]
    assert (await journal_of(first["id"]))[-1] == (ADA, "confirm")
    assert (await journal_of(first["id"])).count((ADA, "confirm")) == 1


async def test_what_awaits_approval_is_approved_and_a_parent_s_word_is_not_taken_for_them() -> None:
    dossier = await booked(await approval_slot(), a_pupil())
    minor = await pending_minor()

    await decisions.confirm(await id_of(dossier), ADA)
    with pytest.raises(NotSo):
        await decisions.confirm(await id_of(minor), ADA)

    assert await state_of(dossier, minor) == ["confirmed", "pending"]


async def test_an_offer_is_confirmed_for_them_while_it_stands() -> None:
    slot, [holder] = await full_slot()
    dossier = await joined(slot)
    await changes.cancel(holder)
    offered = await booking_of(dossier)
    assert offered.expires_at is not None
    with clock.at(offered.expires_at), pytest.raises(NotSo):
        await decisions.confirm(offered.id, ADA)

    await decisions.confirm(offered.id, ADA)

    assert await state_of(dossier) == ["confirmed"]
    assert await invitations_of(dossier) == [(dossier.email, 0, False)]


async def test_who_waits_is_confirmed_when_a_seat_is_free_and_in_turn() -> None:
    slot, _ = await full_slot()
    first, second = await joined(slot, wants=2), await joined(slot)
    with pytest.raises(SoldOut):
        await decisions.confirm(await id_of(second), ADA)
    await Slot.update({Slot.capacity: 2, Slot.fill: "strict"}).where(Slot.id == slot.id)
    with pytest.raises(OthersWait) as refusal:
        await decisions.confirm(await id_of(second), ADA)
    assert (refusal.value.seats_left, refusal.value.seats_waiting) == (1, 2)

    await decisions.confirm(await id_of(second), ADA, before_others=True)

    assert await state_of(first, second) == ["waiting", "confirmed"]
    assert (await slots.load(slot.id)).seats_waiting == 2


async def test_the_first_of_the_queue_overtakes_nobody() -> None:
    slot, _ = await full_slot()
    first, second = await joined(slot), await joined(slot)
    await Slot.update({Slot.capacity: 2}).where(Slot.id == slot.id)  # nobody has promoted anybody yet

    await decisions.confirm(await id_of(first), ADA)

    assert await state_of(first, second) == ["confirmed", "waiting"]


async def test_a_minor_who_is_let_in_from_the_queue_still_needs_a_parent() -> None:
    slot = await evening_slot(1)
    await booked(slot, replace(a_pupil(), age_band="18_plus"))
    minor = await joined(slot, replace(a_pupil(), age_band="15_17", guardian_email=PARENT))
    await Slot.update({Slot.capacity: 2}).where(Slot.id == slot.id)

    await decisions.confirm(await id_of(minor), ADA)

    assert (await booking_of(minor)).awaits_guardian
    assert await state_of(minor) == ["pending"]
    assert await letters_to_guardian(minor) == [("authorisation", "due")]


async def test_the_rest_of_a_class_joins_what_it_holds() -> None:
    slot = await class_slot(30, option_days=None)
    await a_class_by_hand(slot, Party(10, 0))
    dossier = await a_class(slot, Party(18, 2), later=Party(8, 0))
    [rest] = await db.fetch("SELECT id FROM booking WHERE state = 'waiting'")
    await Slot.update({Slot.capacity: 38}).where(Slot.id == slot.id)

    await decisions.confirm(rest["id"], ADA)

    assert await has(dossier) == [("confirmed", 26, 2), ("cancelled", 8, 0)]
    assert await journal_of(rest["id"]) == [("booker", "join"), (ADA, "merge")]


async def test_an_option_that_lapsed_and_what_is_over_are_not_confirmed() -> None:
    dossier = await a_class(await class_slot())
    booking = await booking_of(dossier)
    assert booking.expires_at is not None
    with clock.at(booking.expires_at), pytest.raises(OptionOver):
        await decisions.confirm(booking.id, ADA)
    await changes.cancel(dossier)
    for verb in (decisions.confirm, decisions.cancel, decisions.resend):
        with pytest.raises(UnknownBooking):
            await verb(uuid4(), ADA)
    with pytest.raises(NotSo):
        await decisions.confirm(booking.id, ADA)


# Cancelling


async def test_a_cancellation_by_us_tells_why_frees_the_seat_and_is_for_good(tmp_path: Path) -> None:
    slot = await make_slot(1)
    dossier = await make_booking(slot, BEN)
    waits = await joined(slot)
    await mail_goes_out(tmp_path)

    await decisions.cancel(await id_of(dossier), ADA, "Le quai est fermé")
    await decisions.cancel(await id_of(dossier), ADA, "Encore")

    letters = {str(one["To"]): one for one in await mail_goes_out(tmp_path)}
    told = next(one for to, one in letters.items() if BEN.email in to)
    assert "Le quai est fermé" in text_of(told)
    assert calendar_of(told)["METHOD"] == "CANCEL"
    assert calendar_of(told)["COMMENT"] == "Le quai est fermé"
    assert await state_of(dossier, waits) == ["cancelled", "offered"]
    assert (await booking_of(dossier)).ended_by == "organiser"
    with pytest.raises(TooLateToRestore):
        await changes.restore(dossier)


async def test_who_waits_or_has_an_offer_is_told_that_we_took_them_off() -> None:
    slot, [holder] = await full_slot()
    first, second = await joined(slot), await joined(slot)
    await changes.cancel(holder)

    await decisions.cancel(await id_of(second), ADA)
    await decisions.cancel(await id_of(first), ADA)

    for dossier in (first, second):
        assert [one[0] for one in await letters_about(dossier)][-1] == "cancellation"
        assert (await booking_of(dossier)).ended_by == "organiser"
    assert (await slots.load(slot.id)).seats_left == 1


async def test_with_the_seats_of_a_class_ends_what_of_it_waits_there() -> None:
    slot = await class_slot(30)
    await a_class_by_hand(slot, Party(10, 0))
    dossier = await a_class(slot, Party(18, 2), later=Party(8, 0))
    [one] = await db.fetch("SELECT id FROM booking WHERE state = 'option'")

    await decisions.cancel(one["id"], ADA)

    assert [state for state, _, _ in await has(dossier)] == ["cancelled", "cancelled"]
    assert await letters_about_state(dossier) == ["cancellation"]


async def letters_about_state(dossier: Any) -> list[str]:
    """What was posted about its bookings and not withdrawn."""
    return [letter for letter, state, _, _ in await letters_about(dossier) if state != "superseded"]


async def test_what_has_begun_stays_as_it_is() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    with clock.at(slot.starts_at), pytest.raises(AlreadyStarted):
        await decisions.cancel(await id_of(dossier), ADA)


# Restoring


@pytest.mark.parametrize("ended", ["booker", "organiser", "declined", "expired"])
async def test_whatever_ended_is_restored_with_a_new_invitation(ended: str) -> None:
    slot, [holder] = await full_slot()
    dossier = await joined(slot)
    await changes.cancel(holder)
    if ended == "declined":
        await offers.decline(dossier)
    elif ended == "expired":
        await db.fetch("UPDATE booking SET expires_at = $1 WHERE state = 'offered'", clock.now())
        await waiting.expire_in(slot.id)
    else:
        await offers.accept(dossier)
        await (changes.cancel(dossier) if ended == "booker" else decisions.cancel(await id_of(dossier), ADA))

    await decisions.restore(await id_of(dossier), ADA)
    await decisions.restore(await id_of(dossier), ADA)

    booking = await booking_of(dossier)
    assert (booking.state, booking.was, booking.ended_by) == ("confirmed", "", "")
    assert [one[2] for one in await invitations_of(dossier)][-1] is False
    assert (await journal_of(booking.id)).count((ADA, "restore")) == 1
    assert await held(slot) == 1


async def test_restoring_asks_for_a_free_seat_and_passes_nobody_unsaid() -> None:
    slot = await make_slot(2)
    dossier, _ = await make_booking(slot), await booked(slot, a_pupil())
    await changes.cancel(dossier)
    await booked(slot, a_pupil())
    with pytest.raises(SoldOut):
        await decisions.restore(await id_of(dossier), ADA)
    await joined(slot, wants=2)
    await Slot.update({Slot.capacity: 3, Slot.fill: "strict"}).where(Slot.id == slot.id)
    with pytest.raises(OthersWait):
        await decisions.restore(await id_of(dossier), ADA)

    await decisions.restore(await id_of(dossier), ADA, before_others=True)

    assert await state_of(dossier) == ["confirmed"]


async def test_what_may_not_come_back_does_not() -> None:
    slot = await make_slot()
    gone, again, erased = [await make_booking(slot, who) for who in (BEN, CLEO, a_pupil())]
    for dossier in (gone, again):
        await changes.cancel(dossier)
    await erasure.erase(erased)
    await booked(slot, CLEO)
    with pytest.raises(AlreadyBooked):
        await decisions.restore(await id_of(again), ADA)
    with pytest.raises(NotSo):
        await decisions.restore(await id_of(erased), ADA)
    with clock.at(slot.starts_at), pytest.raises(AlreadyStarted):
        await decisions.restore(await id_of(gone), ADA)
    await Slot.update({Slot.state: "called_off"}).where(Slot.id == slot.id)
    with pytest.raises(CalledOff):
        await decisions.restore(await id_of(gone), ADA)


@pytest.mark.parametrize("answered", [True, False])
async def test_a_minor_comes_back_confirmed_only_if_a_parent_had_agreed(answered: bool) -> None:
    dossier = await pending_minor()
    await (pending.authorise(dossier) if answered else pending.refuse_as_guardian(dossier))
    if answered:
        await changes.cancel(dossier)

    await decisions.restore(await id_of(dossier), ADA)

    assert await state_of(dossier) == ["confirmed" if answered else "pending"]


# Writing again, and elsewhere


async def test_the_letter_goes_out_again_and_the_calendar_keeps_one_entry(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot(), BEN)
    [first] = await mail_goes_out(tmp_path)

    await decisions.resend(await id_of(dossier), ADA)

    [second] = await mail_goes_out(tmp_path)
    assert str(first["Subject"]) == str(second["Subject"])
    was, now = calendar_of(first), calendar_of(second)
    assert (now["UID"], now["SEQUENCE"], now["METHOD"]) == (was["UID"], "1", "REQUEST")
    assert now["DTSTAMP"] > was["DTSTAMP"]
    assert (await journal_of(await id_of(dossier)))[-1] == (ADA, "resend")


async def test_each_state_has_its_letter_again() -> None:
    slot, [holder] = await full_slot()
    offered, queued = await joined(slot), await joined(slot)
    await changes.cancel(holder)
    awaits, option = await booked(await approval_slot(), a_pupil()), await a_class(await class_slot())
    for dossier, letter in ((offered, "offer"), (queued, "waiting"), (awaits, "pending"), (option, "class")):
        await decisions.resend(await id_of(dossier), ADA)
        rows = await db.fetch(
            "SELECT letter FROM email WHERE state = 'due' AND recipient = $1 ORDER BY id DESC", dossier.email
        )
        assert [row["letter"] for row in rows] == [letter]


async def test_there_is_nothing_to_send_to_nobody_about_nothing_or_afterwards() -> None:
    slot = await make_slot()
    silent, gone, there = await added(slot, unaddressed()), await make_booking(slot), await booked(slot, CLEO)
    await changes.cancel(gone)
    for dossier, why in ((silent, NoAddress), (gone, NotSo)):
        with pytest.raises(why):
            await decisions.resend(await id_of(dossier), ADA)
    with clock.at(slot.ends_at), pytest.raises(SlotOver):
        await decisions.resend(await id_of(there), ADA)


async def test_an_organiser_corrects_an_address_that_has_answered(tmp_path: Path) -> None:
    dossier = await make_booking(await make_slot(), BEN)
    await addresses.hear_from(dossier)
    await mail_goes_out(tmp_path)

    await decisions.correct_address(await id_of(dossier), "ben.delattre@exemple.test", ADA)

    now = await reread(dossier)
    assert (now.email, now.generation) == ("ben.delattre@exemple.test", 1)
    assert {letter for letter, *_ in (await letters_about(dossier))[1:]} == {"withdrawn", "confirmation"}
    assert await journal_of(dossier.id) == [(ADA, "correct_address")]


async def test_an_entry_without_an_address_is_given_one_and_written_to() -> None:
    dossier = await added(await make_slot(), unaddressed())

    await decisions.correct_address(await id_of(dossier), BEN.email, ADA)

    assert (await booking_of(dossier)).email_key == BEN.email_key
    assert [one[:2] for one in await letters_about(dossier)] == [("confirmation", "due")]


async def test_an_address_that_holds_a_double_is_refused() -> None:
    slot = await make_slot()
    await make_booking(slot, BEN)
    dossier = await added(slot, replace(BEN, email=""))
    with pytest.raises(AlreadyBooked):
        await decisions.correct_address(await id_of(dossier), BEN.email, ADA)
    await decisions.cancel(await id_of(dossier), ADA)
    with pytest.raises(NotSo):
        await decisions.correct_address(await id_of(dossier), CLEO.email, ADA)


# At the same moment


async def test_of_two_organisers_one_confirms_the_last_seat() -> None:
    for turn in range(6):
        slot, _ = await full_slot()
        queue = [await joined(slot), await joined(slot)]
        await Slot.update({Slot.capacity: 2}).where(Slot.id == slot.id)
        attempts = [decisions.confirm(await id_of(one), f"person:{turn}", before_others=True) for one in queue]

        outcomes = await at_once(*attempts)

        assert kinds(outcomes) == {"NoneType": 1, "SoldOut": 1}
        assert sorted(await state_of(*queue)) == ["confirmed", "waiting"]
        assert await held(slot) == 2


async def test_without_the_lock_both_would_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: planted, a seat is looked at and taken later, under no lock."""
    slot, _ = await full_slot()
    queue = [await joined(slot), await joined(slot)]
    await Slot.update({Slot.capacity: 2}).where(Slot.id == slot.id)

    async def looks_then_takes(one: Any, wanted: int, audience: str, *, in_turn: bool = False) -> None:
        if (await slots.load(one.id)).shares.free < wanted:
            raise SoldOut(0)
        await asyncio.sleep(0.02)

    async def does_nothing(*_: Any, **__: Any) -> None: ...

    for module, name, planted in (
        (seats, "take", looks_then_takes), (seats, "hold", does_nothing), (seats, "count_waiting", does_nothing)
    ):  # fmt: skip
        monkeypatch.setattr(module, name, planted)
    await at_once(*[decisions.confirm(await id_of(one), ADA, before_others=True) for one in queue])

    assert await held(slot) == 3
    await db.fetch("UPDATE slot SET capacity = 3, seats_taken = 3, seats_waiting = 0 WHERE id = $1", slot.id)


async def test_a_booker_and_an_organiser_who_cancel_at_once_cancel_once() -> None:
    for _ in range(4):
        slot = await make_slot(1)
        dossier = await booked(slot, a_pupil())

        outcomes = await at_once(changes.cancel(dossier), decisions.cancel(await id_of(dossier), ADA))

        assert set(kinds(outcomes)) <= {"NoneType", "NotSo"}
        assert (await slots.load(slot.id)).seats_left == 1
        assert len([one for one in await letters_about(dossier) if one[0] == "cancellation"]) == 1
