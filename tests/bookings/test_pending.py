"""Pending bookings: who is asked, what each answer leads to, and that every answer counts once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from service import clock, db, worker
from service.bookings import addresses, changes, dossiers, erasure, lapses, offers, pending, waiting
from service.bookings.dossiers import UnknownLink
from service.bookings.pending import AuthorisationOver, NothingPending, UnknownAuthorisation
from service.bookings.seats import seats_left
from service.bookings.tables import Dossier
from service.events.slots import CalledOff
from service.limits.rates import TooOften
from service.mail.outcomes import Kind
from service.people import delivery
from tests.bookings.harness import (
    Refusing,
    at_once,
    booked,
    booking_of,
    invitations_of,
    journal_of,
    letters_about,
    reread,
)
from tests.bookings.minors import (
    PARENT,
    a_minor,
    approval_slot,
    evening_slot,
    letters_to_guardian,
    parents_link,
    pending_minor,
)
from tests.bookings.queues import DAY, HOUR, SECOND, after, joined, state_of
from tests.makers import BEN, a_pupil, make_booking, make_event, make_slot

Answering = Callable[[Dossier], Awaitable[None]]
OTHER = "autre.parent@exemple.test"
ADA = "ada@campus.test"


async def letters(dossier: Dossier) -> list[str]:
    """The letters to the booker that are not withdrawn."""
    return [letter for letter, state, _, _ in await letters_about(dossier) if state != "superseded"]


async def awaited(dossier: Dossier) -> tuple[str, bool, bool]:
    """(state, whether a parent's word is awaited, whether an organiser's is)."""
    booking = await booking_of(dossier)
    return booking.state, booking.awaits_guardian, booking.awaits_approval


# Who is asked


async def test_a_minor_who_comes_alone_outside_school_time_holds_a_seat_and_awaits_a_parent() -> None:
    slot = await evening_slot(3)

    dossier = await pending_minor(slot)

    assert await awaited(dossier) == ("pending", True, False)
    assert await seats_left(slot.id) == 2
    assert await letters_about(dossier) == [("pending", "due", "", None)]
    assert await letters_to_guardian(dossier) == [("authorisation", "due")]
    assert await invitations_of(dossier) == []


@pytest.mark.parametrize(
    ("age_band", "state"), [("under_15", "pending"), ("15_17", "pending"), ("18_plus", "confirmed")]
)
async def test_only_minors_need_a_parent(age_band: str, state: str) -> None:
    dossier = await booked(await evening_slot(), replace(a_pupil(), age_band=age_band))

    assert await state_of(dossier) == [state]


async def test_at_school_time_a_minor_needs_no_parent() -> None:
    dossier = await booked(await make_slot(event=await make_event(age_min=15)), a_minor())

    assert await awaited(dossier) == ("confirmed", False, False)
    assert await letters_to_guardian(dossier) == []


async def test_an_event_may_want_an_organiser_s_word() -> None:
    dossier = await booked(await approval_slot(), a_pupil())

    assert await awaited(dossier) == ("pending", False, True)
    assert await letters(dossier) == ["pending"]


async def test_who_takes_an_offered_seat_is_asked_for_the_same_word() -> None:
    slot = await evening_slot(1)
    holder = await booked(slot, replace(a_pupil(), age_band="18_plus"))
    minor = await joined(slot, a_minor())
    await changes.cancel(holder)
    assert await letters_to_guardian(minor) == []

    await offers.accept(minor)

    assert await awaited(minor) == ("pending", True, False)
    assert await letters_to_guardian(minor) == [("authorisation", "due")]


# A parent's answer


async def test_a_parent_s_yes_confirms_and_sends_the_invitation() -> None:
    dossier = await pending_minor()

    await pending.authorise(dossier)

    booking = await booking_of(dossier)
    assert (booking.state, booking.awaits_guardian, booking.expires_at is None) == ("confirmed", False, True)
    assert await letters_about(dossier) == [("pending", "superseded", "", None), ("confirmation", "due", "REQUEST", 0)]
    assert await letters_to_guardian(dossier) == [("authorisation", "superseded")]
    assert await invitations_of(dossier) == [(dossier.email, 0, False)]
    assert (await reread(dossier)).guardian_answered_at is not None
    assert ("guardian", "authorise") in await journal_of(booking.id)


async def test_a_parent_s_no_frees_the_seat_for_who_waits_and_tells_the_booker() -> None:
    slot = await evening_slot(1)
    dossier = await pending_minor(slot)
    first = await joined(slot, replace(a_pupil(), age_band="18_plus"))

    await pending.refuse_as_guardian(dossier)

    booking = await booking_of(dossier)
    assert (booking.state, booking.ended_by, booking.was) == ("cancelled", "guardian", "pending")
    assert await letters(dossier) == ["refused"]
    assert await letters_to_guardian(dossier) == [("authorisation", "superseded")]
    assert await state_of(first) == ["offered"]
    assert ("guardian", "refuse") in await journal_of(booking.id)


@pytest.mark.parametrize("verb", [pending.authorise, pending.refuse_as_guardian])
async def test_a_parent_s_answer_given_twice_is_given_once(verb: Answering) -> None:
    dossier = await pending_minor()

    for _ in range(3):
        await verb(dossier)

    told = await letters(dossier)
    assert len(told) == 1
    assert len([one for one in await journal_of((await booking_of(dossier)).id) if one[0] == "guardian"]) == 1


async def test_what_a_parent_answered_stays_answered() -> None:
    given, refused = await pending_minor(), await pending_minor()
    await pending.authorise(given)
    await pending.refuse_as_guardian(refused)

    with pytest.raises(AuthorisationOver):
        await pending.refuse_as_guardian(given)
    with pytest.raises(AuthorisationOver):
        await pending.authorise(refused)

    assert await state_of(given, refused) == ["confirmed", "cancelled"]


async def test_what_a_parent_refused_cannot_be_taken_back_by_the_booker() -> None:
    dossier = await pending_minor()
    await pending.refuse_as_guardian(dossier)

    with pytest.raises(changes.TooLateToRestore):
        await changes.restore(dossier)


async def test_a_late_answer_changes_nothing() -> None:
    lapsed, cancelled, erased, unworked = [await pending_minor() for _ in range(4)]
    await changes.cancel(cancelled)
    await erasure.erase(erased)
    with after(11 * DAY):
        for verb in (pending.authorise, pending.refuse_as_guardian):
            with pytest.raises(AuthorisationOver):
                await verb(unworked)
        await lapses.expire()
        for dossier in (lapsed, cancelled, erased):
            for verb in (pending.authorise, pending.refuse_as_guardian):
                with pytest.raises(AuthorisationOver):
                    await verb(dossier)

    assert await state_of(lapsed, cancelled, erased) == ["expired", "cancelled", "cancelled"]


async def test_for_what_is_called_off_no_yes_is_taken() -> None:
    slot = await evening_slot()
    dossier = await pending_minor(slot)
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'grève' WHERE id = $1", slot.id)

    with pytest.raises(CalledOff):
        await pending.authorise(dossier)

    assert await state_of(dossier) == ["pending"]


async def test_the_booker_s_corrected_address_leaves_the_parent_s_link_good_and_asks_nobody_twice() -> None:
    dossier = await pending_minor()

    moved = await addresses.correct_address(dossier, "nouvelle@exemple.test")
    assert await letters_to_guardian(dossier) == [("authorisation", "due")]
    await pending.authorise(dossier)

    assert await state_of(moved) == ["confirmed"]
    assert await invitations_of(moved) == [("nouvelle@exemple.test", 0, False)]


# An organiser's answer


async def test_an_organiser_s_yes_confirms() -> None:
    dossier = await booked(await approval_slot(), a_pupil())
    booking = await booking_of(dossier)

    await pending.approve(booking.id, ADA)
    await pending.approve(booking.id, ADA)

    assert await awaited(dossier) == ("confirmed", False, False)
    assert await letters(dossier) == ["confirmation"]
    assert [one for one in await journal_of(booking.id) if one[0] == ADA] == [(ADA, "approve")]


async def test_an_organiser_s_no_is_said_with_its_reason() -> None:
    slot = await approval_slot(1)
    dossier, other = await booked(slot, a_pupil()), await joined(slot)
    booking = await booking_of(dossier)

    await pending.refuse(booking.id, "groupe complet", ADA)
    await pending.refuse(booking.id, "groupe complet", ADA)

    ended = await booking_of(dossier)
    assert (ended.state, ended.ended_by, ended.was) == ("cancelled", "organiser", "pending")
    assert await letters(dossier) == ["refused"]
    [said] = await db.fetch("SELECT facts ->> 'reason' AS reason FROM email WHERE letter = 'refused'")
    assert said["reason"] == "groupe complet"
    assert await state_of(other) == ["offered"]
    assert [one for one in await journal_of(booking.id) if one[0] == ADA] == [(ADA, "refuse")]


@pytest.mark.parametrize("first", ["guardian", "organiser"])
async def test_where_two_must_agree_one_is_not_enough(first: str) -> None:
    dossier = await pending_minor(await evening_slot(approved=True))
    booking = await booking_of(dossier)
    assert await awaited(dossier) == ("pending", True, True)

    async def guardian() -> None:
        await pending.authorise(dossier)

    async def organiser() -> None:
        await pending.approve(booking.id, ADA)

    one, other = (guardian, organiser) if first == "guardian" else (organiser, guardian)
    await one()
    await one()
    assert await awaited(dossier) == ("pending", first != "guardian", first != "organiser")
    assert (await booking_of(dossier)).expires_at == booking.expires_at
    assert await letters(dossier) == ["pending"]
    assert await letters_to_guardian(dossier) == [("authorisation", "superseded" if first == "guardian" else "due")]
    await other()

    assert await awaited(dossier) == ("confirmed", False, False)
    assert await letters(dossier) == ["confirmation"]


async def test_an_approved_class_has_its_option_counted_from_the_approval() -> None:
    slot = await make_slot(40, event=await make_event(needs_approval=True, takes_classes=True, option_days=4))
    dossier = await booked(slot, a_pupil())
    booking = await booking_of(dossier)
    await db.fetch("UPDATE booking SET pupils = 1 WHERE id = $1", booking.id)

    with after(2 * DAY):
        await pending.approve(booking.id, ADA)
        until = clock.now() + 4 * DAY

    option = await booking_of(dossier)
    assert (option.state, option.awaits_approval, option.reminded_at is None) == ("option", False, True)
    assert option.expires_at is not None
    assert abs(option.expires_at - until) < 5 * SECOND


async def test_where_there_are_no_options_an_approved_class_is_confirmed() -> None:
    slot = await make_slot(40, event=await make_event(needs_approval=True, takes_classes=True, option_days=None))
    dossier = await booked(slot, a_pupil())
    booking = await booking_of(dossier)
    await db.fetch("UPDATE booking SET pupils = 1 WHERE id = $1", booking.id)

    await pending.approve(booking.id, ADA)

    assert await state_of(dossier) == ["confirmed"]


async def test_what_awaits_no_decision_is_refused_one() -> None:
    confirmed = await booking_of(await make_booking(await make_slot()))
    waits = await approval_slot(1)
    await booked(waits, a_pupil())
    queued = await booking_of(await joined(waits))
    gone = await booked(await approval_slot(), a_pupil())
    await changes.cancel(gone)
    minor = await booking_of(await pending_minor())

    for booking_id in (confirmed.id, queued.id, (await booking_of(gone)).id, minor.id, uuid4()):
        with pytest.raises(NothingPending):
            await pending.approve(booking_id, ADA)
    for booking_id in (confirmed.id, queued.id, (await booking_of(gone)).id, uuid4()):
        with pytest.raises(NothingPending):
            await pending.refuse(booking_id, "", ADA)
    for booking_id in (confirmed.id, queued.id, (await booking_of(gone)).id, uuid4()):
        with pytest.raises(NothingPending):
            await pending.authorise_on_paper(booking_id, ADA)


async def test_the_paper_form_counts_as_a_parent_s_yes() -> None:
    dossier = await pending_minor()
    booking = await booking_of(dossier)

    await pending.authorise_on_paper(booking.id, ADA)
    await pending.authorise_on_paper(booking.id, ADA)

    assert await state_of(dossier) == ["confirmed"]
    assert await letters_to_guardian(dossier) == [("authorisation", "superseded")]
    assert [one for one in await journal_of(booking.id) if one[0] == ADA] == [(ADA, "authorise_on_paper")]


async def test_after_its_deadline_nothing_is_approved() -> None:
    dossier = await booked(await approval_slot(), a_pupil())
    booking = await booking_of(dossier)

    with after(8 * DAY), pytest.raises(NothingPending):
        await pending.approve(booking.id, ADA)


# Correcting the parent's address


async def test_a_corrected_parent_gets_a_new_link_and_the_old_one_is_dead() -> None:
    dossier = await pending_minor()
    old = await reread(dossier)
    old_token = dossiers.guardian_token(dossier.id, 0)

    await pending.correct_guardian(dossier, OTHER)

    now = await reread(dossier)
    assert (now.guardian_email, now.guardian_generation, now.generation) == (OTHER, 1, 0)
    assert await letters_to_guardian(dossier) == [("authorisation", "superseded"), ("authorisation", "due")]
    with pytest.raises(UnknownAuthorisation):
        await pending.by_guardian_token(old_token)
    with pytest.raises(UnknownAuthorisation):
        await pending.authorise(old)
    assert (await pending.by_guardian_token(dossiers.guardian_token(dossier.id, 1))).id == dossier.id
    assert await letters(dossier) == ["pending"]


async def test_the_parent_s_address_is_corrected_only_while_their_answer_is_awaited() -> None:
    answered, adult, gone = await pending_minor(), await make_booking(await make_slot()), await pending_minor()
    await pending.authorise(answered)
    await changes.cancel(gone)

    for dossier in (answered, adult, gone):
        with pytest.raises(NothingPending):
            await pending.correct_guardian(await reread(dossier), OTHER)


async def test_a_booker_s_old_link_corrects_no_parent() -> None:
    dossier = await pending_minor()
    old = await reread(dossier)
    await addresses.correct_address(dossier, "nouvelle@exemple.test")

    with pytest.raises(UnknownLink):
        await pending.correct_guardian(old, OTHER)


async def test_a_link_of_another_kind_opens_no_parent_s_page() -> None:
    dossier = await pending_minor()

    for token in ("", "x", dossiers.token_of(dossier.id, 0)):
        with pytest.raises(UnknownAuthorisation):
            await pending.by_guardian_token(token)


async def test_an_adult_s_dossier_has_no_parent_s_link() -> None:
    dossier = await booked(await evening_slot(), replace(a_pupil(), age_band="18_plus"))

    with pytest.raises(UnknownAuthorisation):
        await pending.by_guardian_token(dossiers.guardian_token(dossier.id, 0))


# The reminder


async def test_a_parent_who_has_not_answered_after_two_days_gets_one_reminder() -> None:
    dossier = await pending_minor()

    with after(2 * DAY - HOUR):
        assert await pending.remind() == 0
    with after(2 * DAY + SECOND):
        assert await pending.remind() == 1
        assert await pending.remind() == 0
    with after(4 * DAY):
        assert await pending.remind() == 0

    assert await letters_to_guardian(dossier) == [("authorisation", "due"), ("authorisation_reminder", "due")]


async def test_several_workers_send_one_reminder() -> None:
    dossiers_ = [await pending_minor() for _ in range(3)]

    with after(2 * DAY + SECOND):
        outcomes = await at_once(*(pending.remind() for _ in range(8)))

    assert sum(outcomes) == 3
    for dossier in dossiers_:
        assert [letter for letter, _ in await letters_to_guardian(dossier)].count("authorisation_reminder") == 1


async def test_a_worker_that_does_not_look_again_reminds_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the statement that notes the reminder says that there was none."""
    dossier = await pending_minor()
    planted = pending.REMIND.replace("AND reminded_at IS NULL ", "")
    assert planted != pending.REMIND
    monkeypatch.setattr(
        pending, "REMIND", planted.replace("reminded_at = $2", "reminded_at = $2, revision = revision + 1")
    )

    with after(2 * DAY + SECOND):
        await at_once(*(pending.remind() for _ in range(8)))

    assert [letter for letter, _ in await letters_to_guardian(dossier)].count("authorisation_reminder") > 1


async def test_nobody_is_reminded_of_what_is_over_answered_or_out_of_reach() -> None:
    soon = await pending_minor(await evening_slot(starts_in=DAY + HOUR))
    answered, gone, off, lost = [await pending_minor() for _ in range(4)]
    await pending.authorise(answered)
    await changes.cancel(gone)
    slot = (await booking_of(off)).slot
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", slot)
    await db.fetch("UPDATE dossier SET guardian_email = 'Perdu@exemple.test' WHERE id = $1", lost.id)
    await delivery.mark_undeliverable("Perdu@exemple.test", "550 no such user")

    with after(2 * DAY + SECOND):
        assert await pending.remind() == 0

    for dossier in (soon, answered, gone, off, lost):
        assert "authorisation_reminder" not in [letter for letter, _ in await letters_to_guardian(dossier)]


async def test_after_a_corrected_address_the_two_days_begin_anew() -> None:
    dossier = await pending_minor()
    with after(2 * DAY + SECOND):
        await pending.remind()
    with after(3 * DAY):
        await pending.correct_guardian(dossier, OTHER)
    with after(4 * DAY):
        assert await pending.remind() == 0
    with after(5 * DAY + SECOND):
        assert await pending.remind() == 1


async def test_the_worker_reminds() -> None:
    dossier = await pending_minor()

    with after(2 * DAY + SECOND):
        await worker.drain(Refusing(Kind.sent))

    assert "authorisation_reminder" in [letter for letter, _ in await letters_to_guardian(dossier)]


# Letters to a parent, and what ends


@pytest.mark.parametrize("end", [changes.cancel, erasure.erase, pending.authorise, pending.refuse_as_guardian])
async def test_when_it_ends_unsent_letters_to_the_parent_are_withdrawn(end: Answering) -> None:
    dossier = await pending_minor()

    await end(dossier)

    assert await letters_to_guardian(dossier) == [("authorisation", "superseded")]


async def test_when_it_lapses_unsent_letters_to_the_parent_are_withdrawn() -> None:
    dossier = await pending_minor()

    with after(11 * DAY):
        await lapses.expire()

    assert await letters_to_guardian(dossier) == [("authorisation", "superseded")]
    assert await letters(dossier) == ["lapsed"]


async def test_a_cancellation_taken_back_asks_the_parent_again_only_if_nobody_did() -> None:
    unsent, sent = await pending_minor(), await pending_minor()
    await db.fetch("UPDATE email SET state = 'sent', settled_at = now() WHERE subject_id = $1", sent.id)
    until = [(await booking_of(one)).expires_at for one in (unsent, sent)]

    for dossier in (unsent, sent):
        await changes.cancel(dossier)
        await changes.restore(dossier)

    assert await letters_to_guardian(unsent) == [("authorisation", "superseded"), ("authorisation", "due")]
    assert await letters_to_guardian(sent) == [("authorisation", "sent")]
    assert [(await booking_of(one)).expires_at for one in (unsent, sent)] == until
    assert await state_of(unsent, sent) == ["pending", "pending"]


async def test_who_asks_again_after_it_lapsed_has_the_parent_asked_again() -> None:
    slot = await evening_slot(starts_in=30 * DAY)
    dossier = await pending_minor(slot)
    with after(11 * DAY):
        await lapses.expire()
        await offers.rejoin(dossier)

        assert await awaited(dossier) == ("pending", True, False)
        assert await letters_to_guardian(dossier) == [("authorisation", "superseded"), ("authorisation", "due")]
        await pending.authorise(await reread(dossier))

    assert await state_of(dossier) == ["confirmed"]


async def test_a_parent_s_address_that_fails_does_not_hold_up_the_booker_s_letters() -> None:
    dossier = await pending_minor()
    await db.fetch(
        "UPDATE email SET next_try_at = next_try_at + interval '1 hour' WHERE subject_kind = 'guardian'"
        " AND subject_id = $1",
        dossier.id,
    )

    await worker.drain(Refusing(Kind.sent))

    assert await letters_to_guardian(dossier) == [("authorisation", "due")]
    assert await letters_about(dossier) == [("pending", "sent", "", None)]


async def test_nothing_that_the_booker_typed_stands_in_a_letter_to_a_parent() -> None:
    await booked(await evening_slot(), a_minor(first_name="Gagnez", last_name="Un Prix", school="www.prix.test"))

    rows = await db.fetch("SELECT facts::text AS facts, recipient FROM email WHERE subject_kind = 'guardian'")

    assert [row["recipient"] for row in rows] == [PARENT]
    for typed in ("Gagnez", "Prix", "prix", "first_name", "code"):
        assert typed not in rows[0]["facts"]


async def test_a_parent_is_not_flooded_with_letters_of_one_slot() -> None:
    slot = await evening_slot(20)
    for _ in range(4):  # one for the slot, three an hour beyond it
        await pending_minor(slot)

    with pytest.raises(TooOften):
        await pending_minor(slot)

    assert await seats_left(slot.id) == 16


async def test_three_siblings_who_share_a_parent_s_address_are_all_taken() -> None:
    slot = await evening_slot(20)
    for name in ("Zoé", "Léo", "Ana"):
        await booked(slot, replace(BEN, first_name=name, age_band="15_17", guardian_email=BEN.email))

    assert await seats_left(slot.id) == 17


async def test_erasing_forgets_the_parent_too() -> None:
    dossier = await pending_minor()
    await delivery.mark_undeliverable(PARENT, "550 no such user")
    await db.fetch("UPDATE email SET state = 'failed', settled_at = now() WHERE subject_kind = 'guardian'")
    link = await parents_link(dossier)
    await erasure.erase(dossier)
    await db.fetch("UPDATE email SET state = 'sent', settled_at = now() WHERE state = 'due'")
    await erasure.finish()

    with pytest.raises(UnknownAuthorisation):
        await pending.by_guardian_token(link.rpartition("/")[2])
    assert await db.fetch("SELECT 1 FROM dossier WHERE guardian_email <> '' OR guardian_hash <> ''") == []
    assert await db.fetch("SELECT 1 FROM email WHERE recipient = $1", PARENT) == []
    assert await db.fetch("SELECT 1 FROM address") == []


async def test_a_queue_moves_on_when_a_pending_booking_lapses() -> None:
    slot = await evening_slot(1, starts_in=30 * DAY)
    dossier = await pending_minor(slot)
    first = await joined(slot, replace(a_pupil(), age_band="18_plus"))

    with after(10 * DAY + timedelta(seconds=5)):
        await lapses.expire()

    assert await state_of(dossier, first) == ["expired", "offered"]


async def test_waiting_minors_write_to_no_parent() -> None:
    slot = await evening_slot(1)
    await booked(slot, replace(a_pupil(), age_band="18_plus"))

    minor = await waiting.join(slot, a_minor())

    assert await letters_to_guardian(minor) == []
