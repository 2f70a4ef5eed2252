"""Waiting lists in a crowd: what is offered, accepted and ended at the same moment happens once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from service import clock, db
from service.bookings import changes, dossiers, offers, seats, waiting
from service.bookings.holds import Standing
from service.bookings.seats import SoldOut
from service.bookings.waiting import OfferOver
from service.events import slots
from service.limits.keys import Key
from service.mail.tables import Email
from service.operations import checks
from tests.bookings.harness import at_once, held, kinds, letters_about
from tests.bookings.queues import DAY, SECOND, after, deadline_of, full_slot, joined, positions, standing, state_of
from tests.makers import BEN, a_pupil, make_slot

FORM = {"first_name": "Ben", "last_name": "Delattre"}


async def offered_letters() -> int:
    """How many offers were posted."""
    return int(await Email.count().where(Email.letter == "offer"))


# Seats freed at once


async def test_seats_freed_at_once_are_offered_to_as_many_entries_once_each() -> None:
    for _ in range(3):
        slot, holders = await full_slot(8)
        entries = [await joined(slot) for _ in range(10)]
        before = await offered_letters()

        outcomes = await at_once(*(changes.cancel(holder) for holder in holders))

        assert kinds(outcomes) == {"NoneType": 8}
        assert await state_of(*entries) == ["offered"] * 8 + ["waiting"] * 2
        assert await offered_letters() - before == 8
        assert await held(slot) == 8


async def test_without_the_slot_s_lock_one_entry_would_be_offered_two_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: look who is first, and only then lock."""

    async def looks_first(slot_id: UUID) -> None:
        [first] = await db.fetch(
            "SELECT id FROM booking WHERE slot = $1 AND state = 'waiting' ORDER BY queued_at LIMIT 1", slot_id
        )
        await asyncio.sleep(0.05)
        served.append(first["id"])

    async def does_not_lock(_: UUID) -> None:
        return None

    slot, holders = await full_slot(2)
    for _ in range(3):
        await joined(slot)
    served: list[UUID] = []
    with monkeypatch.context() as planted:
        planted.setattr(waiting, "promote", looks_first)
        planted.setattr(seats, "hold", does_not_lock)
        planted.setattr(seats, "give_back", _gives_nothing_back)
        await at_once(*(changes.cancel(holder) for holder in holders))
    await db.fetch("UPDATE slot SET seats_taken = 0")
    async with db.transaction():
        await seats.hold(slot.id)
        await waiting.promote(slot.id)

    assert len(served) == 2
    assert len(set(served)) == 1


async def test_one_cancellation_sent_twenty_times_frees_one_seat() -> None:
    slot, [holder, _] = await full_slot(2)
    entries = [await joined(slot) for _ in range(3)]
    await at_once(*(changes.cancel(holder) for _ in range(20)))
    assert await state_of(*entries) == ["offered", "waiting", "waiting"]


# Offers that end


async def test_several_workers_expire_one_offer_once() -> None:
    slot, [holder] = await full_slot()
    first, second, third = [await joined(slot) for _ in range(3)]
    await changes.cancel(holder)

    with clock.at(await deadline_of(first)):
        outcomes = await at_once(*(waiting.expire() for _ in range(8)))

    assert sorted(outcomes) == [0] * 7 + [1]
    assert await state_of(first, second, third) == ["expired", "offered", "waiting"]
    assert [letter[0] for letter in await letters_about(first)] == ["waiting", "offer", "lapsed"]
    assert [letter[0] for letter in await letters_about(second)] == ["waiting", "offer"]
    assert await held(slot) == 1


async def test_several_workers_end_one_queue_once() -> None:
    slot, _ = await full_slot()
    entries = [await joined(slot) for _ in range(4)]
    with clock.at(slot.closes_at):
        outcomes = await at_once(*(waiting.expire() for _ in range(8)))
    assert sum(outcomes) == 4
    assert await Email.count().where(Email.letter == "lapsed") == 4
    assert await state_of(*entries) == ["expired"] * 4


async def test_a_worker_that_does_not_look_at_the_state_ends_an_offer_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the statement that ends an offer says which state it ends."""
    slot, [holder] = await full_slot()
    first = await joined(slot)
    await changes.cancel(holder)
    with monkeypatch.context() as planted, clock.at(await deadline_of(first)):
        planted.setattr(waiting, "LAPSED", _whatever_its_state(waiting.LAPSED))
        planted.setattr(seats, "give_back", _gives_nothing_back)  # the table would refuse the second time
        outcomes = await at_once(*(waiting.expire() for _ in range(8)))
    await db.fetch("UPDATE slot SET seats_taken = 0")
    assert sum(outcomes) > 1
    assert [letter[0] for letter in await letters_about(first)].count("lapsed") > 1


@pytest.mark.parametrize("first_to_go", ["accept", "expire"])
async def test_of_accepting_and_expiring_at_the_same_moment_exactly_one_wins(first_to_go: str) -> None:
    won = set()
    for early in (0.004, 0.002, 0.001, 0.0, -0.001):
        slot, [holder] = await full_slot()
        cleo, other = await joined(slot), await joined(slot)
        await changes.cancel(holder)
        until = await deadline_of(cleo)
        with clock.at(until - early * SECOND):
            attempts = [offers.accept(cleo), *(_insist_on_expiring() for _ in range(3))]
            if first_to_go == "expire":
                attempts.reverse()
            outcomes = await at_once(*attempts)
        with clock.at(until + SECOND):
            outcomes.append(await waiting.expire())  # whoever came a moment too early comes again

        states = await state_of(cleo, other)
        won.add(states[0])
        assert states in (["confirmed", "waiting"], ["expired", "offered"])
        assert kinds(outcomes)["OfferOver"] == (states[0] == "expired")
        assert sum(one for one in outcomes if isinstance(one, int)) == (states[0] == "expired")
        assert [letter[0] for letter in await letters_about(cleo)][2:] == [
            "confirmation" if states[0] == "confirmed" else "lapsed"
        ]
        assert await held(slot) == 1
    assert "expired" in won


async def test_accepting_and_declining_at_once_is_one_of_the_two() -> None:
    for _ in range(5):
        slot, [holder] = await full_slot()
        first, second = await joined(slot), await joined(slot)
        await changes.cancel(holder)

        outcomes = await at_once(*(verb(first) for verb in (offers.accept, offers.decline) * 4))

        states = await state_of(first, second)
        assert states in (["confirmed", "waiting"], ["declined", "offered"])
        assert kinds(outcomes) == {"NoneType": 4, "OfferOver": 4}
        assert await held(slot) == 1


async def test_a_crowd_of_clicks_accepts_once() -> None:
    slot, [holder] = await full_slot()
    cleo = await joined(slot)
    await changes.cancel(holder)
    outcomes = await at_once(*(offers.accept(cleo) for _ in range(20)))
    assert kinds(outcomes) == {"NoneType": 20}
    assert [letter[0] for letter in await letters_about(cleo)] == ["waiting", "offer", "confirmation"]


async def test_a_crowd_of_clicks_goes_back_once() -> None:
    slot, [holder] = await full_slot()
    first, _ = await joined(slot), await joined(slot)
    await changes.cancel(holder)
    await offers.decline(first)
    outcomes = await at_once(*(offers.rejoin(first) for _ in range(20)))
    assert kinds(outcomes) == {"NoneType": 20}
    assert (await slots.load(slot.id)).seats_waiting == 1


# Joining while others come and go


async def test_joining_and_cancelling_at_once_leaves_no_seat_free_while_somebody_waits() -> None:
    for _ in range(10):
        slot, holders = await full_slot(3)

        outcomes = await at_once(*(changes.cancel(holder) for holder in holders), *(joined(slot) for _ in range(5)))

        assert kinds(outcomes) == {"NoneType": 3, "Dossier": 5}
        assert await checks.idle_slots() == []
        assert await held(slot) == 3
        assert (await slots.load(slot.id)).seats_waiting == 2


async def test_looking_before_locking_would_leave_a_seat_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: who asks whether it is full, and then enters whatever happened meanwhile."""

    async def enters(slot: Any) -> None:
        seen = await slots.load(slot.id)
        await asyncio.sleep(0.05)
        async with db.transaction():
            dossier = await dossiers.open_dossier(dossiers.new_id(), a_pupil())
            if seen.seats_left < 1:
                await seats.claim(dossier, seen, a_pupil(), Standing("waiting"))
                await seats.count_waiting(slot.id, 1)

    slot, [holder] = await full_slot()
    await at_once(enters(slot), changes.cancel(holder))
    assert await checks.idle_slots() == [slot.id]
    await waiting.resize(slot.id, 1)


async def test_a_crowd_that_joins_fills_the_slot_and_stands_in_one_line() -> None:
    slot = await make_slot(5)

    crowd = await at_once(*(waiting.join(slot, a_pupil()) for _ in range(40)))

    assert kinds(crowd) == {"Dossier": 40}
    assert await held(slot) == 5
    states = await state_of(*crowd)
    line = [dossier for dossier, state in zip(crowd, states, strict=True) if state == "waiting"]
    assert sorted(await positions(*line)) == list(range(1, 36))
    assert (await slots.load(slot.id)).seats_waiting == 35


async def test_a_crowd_that_books_and_joins_while_seats_come_free_overtakes_nobody() -> None:
    for _ in range(3):
        slot, holders = await full_slot(4)
        early = [await joined(slot) for _ in range(4)]

        outcomes = await at_once(
            *(changes.cancel(holder) for holder in holders),
            *(seats.book(slot, a_pupil()) for _ in range(10)),
            *(joined(slot) for _ in range(10)),
        )

        assert await state_of(*early) == ["offered"] * 4
        assert kinds(outcomes) == {"NoneType": 4, "Dossier": 10, "SoldOut": 10}
        assert await standing(slot) == ["offered"] * 4 + ["waiting"] * 10


async def test_booking_and_joining_the_last_seat_at_once_gives_it_to_one() -> None:
    for _ in range(10):
        slot = await make_slot(1)
        booker, queuer = await at_once(seats.book(slot, a_pupil()), waiting.join(slot, a_pupil()))
        if isinstance(booker, SoldOut):
            assert await state_of(queuer) == ["confirmed"]
        else:
            assert await state_of(booker, queuer) == ["confirmed", "waiting"]
        assert await held(slot) == 1


async def test_taking_back_and_offering_at_once_gives_the_seat_to_one() -> None:
    for _ in range(10):
        slot, [ben] = await full_slot()
        await changes.cancel(ben)

        restored, queuer = await at_once(changes.restore(ben), joined(slot))

        assert await held(slot) == 1
        assert await state_of(ben, queuer) == (
            ["cancelled", "confirmed"] if isinstance(restored, SoldOut) else ["confirmed", "waiting"]
        )


# One form, one answer


async def test_one_form_sent_fifty_times_at_once_joins_once() -> None:
    for burst in range(3):
        slot, _ = await full_slot()
        key = Key.of(f"screen {burst}", FORM)

        outcomes = await at_once(*(waiting.join(slot, BEN, key=key) for _ in range(50)))

        assert kinds(outcomes) == {"Dossier": 50}
        assert len({dossier.id for dossier in outcomes}) == 1
        assert await standing(slot) == ["waiting"]
    assert await Email.count().where(Email.letter == "already_booked") == 0


async def test_two_entries_of_one_person_at_once_are_one() -> None:
    for _ in range(5):
        slot, _ = await full_slot()
        outcomes = await at_once(waiting.join(slot, BEN), waiting.join(slot, BEN))
        assert kinds(outcomes) == {"Dossier": 1, "AlreadyBooked": 1}
        assert await standing(slot) == ["waiting"]


async def test_new_seats_and_freed_seats_at_once_are_each_offered_once() -> None:
    for _ in range(5):
        slot, holders = await full_slot(3)
        entries = [await joined(slot) for _ in range(7)]

        await at_once(*(changes.cancel(holder) for holder in holders), waiting.resize(slot.id, 6))

        assert await state_of(*entries) == ["offered"] * 6 + ["waiting"]
        assert await held(slot) == 6


async def test_whatever_lapses_and_is_declined_at_once_each_seat_goes_on_once() -> None:
    slot, holders = await full_slot(4)
    entries = [await joined(slot) for _ in range(8)]
    await at_once(*(changes.cancel(holder) for holder in holders))

    with after(DAY + SECOND):
        outcomes = await at_once(
            *(offers.decline(entry) for entry in entries[:4]), *(waiting.expire() for _ in range(4))
        )

    assert {type(one) for one in outcomes} <= {type(None), int, OfferOver}
    assert await state_of(*entries[4:]) == ["offered"] * 4
    assert await held(slot) == 4


async def _insist_on_expiring() -> int:
    """A worker that comes round more often than any does."""
    return sum([await waiting.expire() for _ in range(4)])


async def _gives_nothing_back(*_: Any) -> None:
    return None


def _whatever_its_state(statement: str) -> str:
    planted = statement.replace("state = $4 AND ($4 = 'waiting' OR expires_at <= $2)", "queued_at <= $2 AND $4 > ''")
    assert planted != statement
    return planted
