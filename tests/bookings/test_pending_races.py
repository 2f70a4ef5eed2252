"""Pending bookings in a crowd: of two answers at the same moment one counts, and a freed seat goes on once."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from service import clock, db
from service.bookings import changes, lapses, pending, seats
from service.bookings.held import held_by
from service.bookings.holds import Standing
from service.bookings.pending import NothingPending
from service.bookings.tables import Dossier
from service.mail.tables import Email
from tests.bookings.harness import at_once, booked, booking_of, held, kinds, letters_about, reread
from tests.bookings.minors import approval_slot, evening_slot, pending_minor
from tests.bookings.queues import SECOND, joined, state_of
from tests.makers import a_pupil

ADA = "ada@campus.test"


async def final_letters(dossier: Dossier) -> list[str]:
    """What was posted and not withdrawn, but for the first letter."""
    told = [letter for letter, state, _, _ in await letters_about(dossier) if state != "superseded"]
    return [letter for letter in told if letter != "pending"]


@pytest.mark.parametrize("parent_first", [True, False])
async def test_a_parent_who_agrees_while_the_booker_cancels_leaves_one_truth(parent_first: bool) -> None:
    for _ in range(6):
        slot = await evening_slot(1)
        dossier = await pending_minor(slot)
        adult = await joined(slot, replace(a_pupil(), age_band="18_plus"))
        attempts = [pending.authorise(dossier), changes.cancel(dossier)]

        outcomes = await at_once(*(attempts if parent_first else reversed(attempts)))

        assert set(kinds(outcomes)) <= {"NoneType", "AuthorisationOver"}
        assert await state_of(dossier, adult) == ["cancelled", "offered"]  # who cancels last, or first, has cancelled
        assert await final_letters(dossier) == ["cancellation"]
        assert await Email.count().where(Email.letter == "offer", Email.recipient == adult.email) == 1
        assert await held(slot) == 1


async def test_a_yes_and_a_no_at_once_is_one_of_the_two() -> None:
    won = set()
    for turn in range(8):
        slot = await evening_slot(1)
        dossier = await pending_minor(slot)
        adult = await joined(slot, replace(a_pupil(), age_band="18_plus"))
        verbs = [pending.authorise, pending.refuse_as_guardian] * 4

        outcomes = await at_once(*(verb(dossier) for verb in (verbs if turn % 2 else reversed(verbs))))

        states = await state_of(dossier, adult)
        won.add(states[0])
        assert states in (["confirmed", "waiting"], ["cancelled", "offered"])
        assert kinds(outcomes) == {"NoneType": 4, "AuthorisationOver": 4}
        assert await final_letters(dossier) == ["confirmation" if states[0] == "confirmed" else "refused"]
        assert await held(slot) == 1
    assert won == {"confirmed", "cancelled"}


@pytest.mark.parametrize(
    ("verb", "letter"), [(pending.authorise, "confirmation"), (pending.refuse_as_guardian, "refused")]
)
async def test_a_crowd_of_a_parent_s_clicks_counts_once(verb: Any, letter: str) -> None:
    slot = await evening_slot(1)
    dossier = await pending_minor(slot)
    adults = [await joined(slot, replace(a_pupil(), age_band="18_plus")) for _ in range(2)]

    outcomes = await at_once(*(verb(dossier) for _ in range(20)))

    assert kinds(outcomes) == {"NoneType": 20}
    assert await final_letters(dossier) == [letter]
    assert await state_of(*adults) == [["waiting", "offered"][letter == "refused"], "waiting"]
    assert await held(slot) == 1


@pytest.mark.parametrize("first_to_go", ["approve", "expire"])
async def test_of_approving_and_lapsing_at_the_same_moment_exactly_one_wins(first_to_go: str) -> None:
    won = set()
    for early in (0.006, 0.003, 0.001, 0.0, -0.002):
        slot = await approval_slot(1)
        dossier = await booked(slot, a_pupil())
        booking = await booking_of(dossier)
        assert booking.expires_at is not None
        with clock.at(booking.expires_at - early * SECOND):
            attempts: list[Any] = [pending.approve(booking.id, ADA), *(_insist_on_expiring() for _ in range(3))]
            outcomes = await at_once(*(attempts if first_to_go == "approve" else reversed(attempts)))
        with clock.at(booking.expires_at + SECOND):
            outcomes.append(await lapses.expire())

        [state] = await state_of(dossier)
        won.add(state)
        assert kinds(outcomes)["NothingPending"] == (state == "expired")
        assert sum(one for one in outcomes if isinstance(one, int)) == (state == "expired")
        assert await final_letters(dossier) == ["confirmation" if state == "confirmed" else "lapsed"]
        assert await held(slot) == (state == "confirmed")
    assert "expired" in won


async def test_two_organisers_who_disagree_at_once_leave_one_answer() -> None:
    for _ in range(6):
        slot = await approval_slot(1)
        dossier, other = await booked(slot, a_pupil()), await joined(slot)
        booking = await booking_of(dossier)

        outcomes = await at_once(pending.approve(booking.id, ADA), pending.refuse(booking.id, "complet", "ben"))

        states = await state_of(dossier, other)
        assert states in (["confirmed", "waiting"], ["cancelled", "offered"])
        assert kinds(outcomes) == {"NoneType": 1, "NothingPending": 1}
        assert await held(slot) == 1


async def test_correcting_the_parent_while_the_old_one_answers_leaves_one_truth() -> None:
    for _ in range(6):
        dossier = await pending_minor()
        first = await reread(dossier)

        agreed, corrected = await at_once(
            pending.authorise(first), pending.correct_guardian(dossier, "autre@exemple.test")
        )

        [state] = await state_of(dossier)
        assert (state, agreed is None, corrected is None) in (("confirmed", True, False), ("pending", False, True))


async def test_without_the_lock_a_no_and_a_cancellation_would_free_one_seat_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: neither verb locks, and the refusal does not say which state it ends."""

    async def looks_without_lock(dossier_id: Any) -> Dossier:
        [found] = await Dossier.objects().where(Dossier.id == dossier_id)
        await asyncio.sleep(0.05)
        return found

    given_back = []

    async def notes(slot_id: Any, number: int, audience: str) -> None:
        given_back.append(number)

    slot = await evening_slot(1)
    dossier = await pending_minor(slot)
    planted = pending.REFUSE.replace(" AND state = 'pending'", "")
    assert planted != pending.REFUSE
    with monkeypatch.context() as patch:
        patch.setattr(changes, "lock", looks_without_lock)
        patch.setattr(pending, "REFUSE", planted.replace("revision + 1", "revision + 1 + floor(random() * 9999)"))
        patch.setattr(seats, "give_back", notes)
        await at_once(*(pending.refuse_as_guardian(dossier) for _ in range(4)))
    await db.fetch("UPDATE slot SET seats_taken = 0 WHERE id = $1", slot.id)

    assert len(given_back) > 1


async def _insist_on_expiring() -> int:
    """A worker that comes round more often than any does."""
    return sum([await lapses.expire() for _ in range(4)])


async def test_without_its_condition_a_late_yes_would_confirm_a_seat_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: the statement that agrees says which state it ends, and before which moment."""
    slot = await approval_slot(1)
    dossier = await booked(slot, a_pupil())
    booking = await booking_of(dossier)
    assert booking.expires_at is not None
    planted = pending.SETTLE.replace(" AND state = 'pending' AND expires_at > $2", " AND $2::timestamptz IS NOT NULL")
    assert planted != pending.SETTLE
    [read_before] = await held_by(dossier)

    async def agree() -> None:
        async with db.transaction():
            await pending._agree(read_before, Standing(), (ADA, "approve"))

    with monkeypatch.context() as patch, clock.at(booking.expires_at + SECOND):
        await lapses.expire()
        with pytest.raises(NothingPending):
            await agree()
        patch.setattr(pending, "SETTLE", planted)
        with pytest.raises(asyncpg.CheckViolationError):  # the table has its own word: what is over says when
            await agree()
