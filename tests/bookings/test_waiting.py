"""The waiting list: who stands where, who goes first, and that no seat stays free while somebody waits."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import asyncpg
import pytest

from service import clock, db, worker
from service.bookings import addresses, changes, erasure, offers, seats, turns, waiting
from service.bookings.dossiers import UnknownLink
from service.bookings.held import held_by
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.tables import Booking, Dossier
from service.bookings.turns import Rank
from service.bookings.waiting import FewerThanTaken, TooLateToWait
from service.events import slots
from service.events.slots import BookableSlot, BookingClosed, CalledOff, ClassesOnly
from service.limits.keys import Key, KeyReused
from service.limits.rates import TooOften
from service.mail.tables import Email
from service.operations import checks
from tests.bookings.harness import booked, booking_of, held, invitations_of, journal_of, letters_about, reread
from tests.bookings.queues import DAY, HOUR, MINUTE, SECOND, after, full_slot, joined, positions, standing, state_of
from tests.makers import BEN, CLEO, a_pupil, make_event, make_slot

FORM = {"first_name": "Ben", "last_name": "Delattre"}
SCREEN = Key.of("the key of one screen", FORM)
NO_ADDRESS = replace(BEN, email="")
RIGHT = "ben.delattre@exemple.test"


# Joining


async def test_on_a_full_slot_one_joins_the_queue_and_is_told_where_one_stands() -> None:
    slot, _ = await full_slot()
    await joined(slot)

    dossier = await waiting.join(await slots.load(slot.id), BEN)

    booking = await booking_of(dossier)
    assert (booking.state, booking.seats, booking.queued_at is not None) == ("waiting", 1, True)
    assert await turns.rank_of(booking) == Rank(entries=1, seats=1)
    assert await letters_about(dossier) == [("waiting", "due", "", None)]
    [letter] = await db.fetch("SELECT facts ->> 'position' AS position FROM email WHERE subject_id = $1", booking.id)
    assert letter["position"] == "2"
    assert await invitations_of(dossier) == []
    assert await journal_of(booking.id) == [("booker", "join")]
    assert (await held(slot), (await slots.load(slot.id)).seats_waiting) == (1, 2)


async def test_on_a_free_slot_one_is_booked_at_once() -> None:
    slot = await make_slot(1)

    dossier = await joined(slot)

    assert await state_of(dossier) == ["confirmed"]
    assert [letter[0] for letter in await letters_about(dossier)] == ["confirmation"]
    assert (await slots.load(slot.id)).seats_waiting == 0


async def test_one_queue_a_slot_in_the_order_of_joining() -> None:
    slot, _ = await full_slot()
    other, _ = await full_slot()
    first, elsewhere, second = await joined(slot), await joined(other), await joined(slot)
    with after(MINUTE):
        third = await joined(slot)

    assert await positions(first, second, third, elsewhere) == [1, 2, 3, 1]


async def test_the_rank_counts_the_seats_before_one_too() -> None:
    slot, _ = await full_slot(3)
    await joined(slot, wants=2)
    await joined(slot, wants=3)
    last = await joined(slot)

    assert await turns.rank_of(await booking_of(last)) == Rank(entries=2, seats=5)


async def test_who_leaves_lets_the_others_move_up() -> None:
    slot, _ = await full_slot()
    first, second, third = [await joined(slot) for _ in range(3)]

    await changes.cancel(first)

    assert await positions(second, third) == [1, 2]
    booking = await booking_of(first)
    assert (booking.state, booking.ended_by) == ("cancelled", "leaving")
    assert [letter[0] for letter in await letters_about(first)] == ["waiting", "left"]
    assert [letter[1] for letter in await letters_about(first)] == ["superseded", "due"]


async def test_leaving_twice_is_leaving_once_and_is_not_taken_back() -> None:
    slot, _ = await full_slot()
    dossier = await joined(slot)
    await changes.cancel(dossier)
    once = await letters_about(dossier)

    await changes.cancel(dossier)

    assert await letters_about(dossier) == once
    assert (await held_by(dossier))[0].restore_until is None
    with pytest.raises(changes.TooLateToRestore):
        await changes.restore(dossier)
    assert await state_of(await joined(slot)) == ["waiting"]


async def test_who_left_goes_to_the_end_like_anybody() -> None:
    slot, _ = await full_slot()
    first, second = await joined(slot, BEN), await joined(slot)
    await changes.cancel(first)

    again = await joined(slot, BEN)

    assert await positions(second, again) == [1, 2]


# Nobody overtakes


async def test_while_people_wait_a_new_booking_is_refused_also_when_a_seat_is_free() -> None:
    slot, _ = await full_slot(2, fill="strict")
    stale = replace(slot, shares=replace(slot.shares, taken={}))
    big = await joined(slot, wants=2)
    await changes.cancel(await _holder(slot))  # one seat is free, and too few for the first of the queue

    for seen in (stale, await slots.load(slot.id)):
        with pytest.raises(SoldOut) as refusal:
            await seats.book(seen, CLEO)
        assert (refusal.value.seats_left, refusal.value.seats_waiting) == (1, 2)
    assert await state_of(big, await joined(slot, CLEO)) == ["waiting", "waiting"]


async def test_an_offered_seat_counts_as_taken() -> None:
    slot, [ben] = await full_slot()
    dossier = await joined(slot)
    await changes.cancel(ben)

    assert await state_of(dossier) == ["offered"]
    assert await held(slot) == 1
    with pytest.raises(SoldOut):
        await booked(slot, CLEO)


async def test_once_the_queue_is_empty_seats_are_open_to_all_again() -> None:
    slot, [ben] = await full_slot()
    dossier = await joined(slot)
    await changes.cancel(ben)
    await changes.cancel(dossier)

    assert await state_of(await booked(slot, CLEO)) == ["confirmed"]


# One form, one answer; no accidental doubles


async def test_the_same_key_gives_the_same_entry() -> None:
    slot, _ = await full_slot()
    once = await waiting.join(slot, BEN, key=SCREEN)
    again = await waiting.join(slot, BEN, key=SCREEN)

    assert again.id == once.id
    assert await standing(slot) == ["waiting"]
    assert await Email.count().where(Email.letter == "waiting") == 1
    with pytest.raises(KeyReused):
        await waiting.join(slot, CLEO, key=Key.of("the key of one screen", {"first_name": "Cléo"}))


async def test_a_key_answers_the_same_when_the_entry_was_served_or_the_list_is_closed() -> None:
    slot, [ben] = await full_slot()
    once = await waiting.join(slot, BEN, key=SCREEN)
    await changes.cancel(ben)
    await offers.accept(once)

    assert (await waiting.join(slot, BEN, key=SCREEN)).id == once.id
    with clock.at(slot.closes_at):
        assert (await waiting.join(slot, BEN, key=SCREEN)).id == once.id


async def test_a_form_that_asks_for_a_seat_and_then_for_a_place_in_the_queue_may_keep_its_key() -> None:
    slot, _ = await full_slot()
    with pytest.raises(SoldOut):
        await booked(slot, BEN)
    with pytest.raises(SoldOut):
        await seats.book(slot, BEN, key=SCREEN)

    dossier = await waiting.join(slot, BEN, key=SCREEN)

    assert await state_of(dossier) == ["waiting"]


@pytest.mark.parametrize("is_waiting", [True, False])
async def test_who_waits_or_holds_a_seat_is_not_entered_again_and_is_sent_the_link(is_waiting: bool) -> None:
    slot = (await full_slot())[0] if is_waiting else await make_slot(1)
    dossier = await joined(slot, BEN)
    assert await state_of(dossier) == ["waiting" if is_waiting else "confirmed"]

    for verb in (waiting.join, seats.book):
        with pytest.raises(AlreadyBooked) as refusal:
            await verb(await slots.load(slot.id), replace(BEN, first_name="BÉN"))
        assert refusal.value.held_by == [dossier.id]
    assert await Booking.count().where(Booking.email_key == BEN.email_key) == 1
    sent = "SELECT facts -> 'bookings' -> 0 ->> 'dossier' AS dossier FROM email WHERE letter = 'already_booked'"
    assert {row["dossier"] for row in await db.fetch(sent)} == {str(dossier.id)}


async def test_three_of_one_address_may_hold_and_wait_and_a_fourth_may_not() -> None:
    slot = await make_slot(1)
    await booked(slot, BEN)
    for name in ("Lou", "Zoé"):
        await joined(slot, replace(BEN, first_name=name))

    with pytest.raises(AlreadyBooked) as refusal:
        await joined(slot, replace(BEN, first_name="Max"))

    assert len(refusal.value.held_by) == 3
    assert await standing(slot) == ["waiting", "waiting"]


async def test_siblings_beyond_the_letters_of_the_hour_are_told_to_wait() -> None:
    slot, _ = await full_slot()
    dossier = await waiting.join(slot, BEN, key=SCREEN)
    for _ in range(3):
        with pytest.raises(AlreadyBooked):
            await joined(slot, BEN)
    with pytest.raises(TooOften):
        await joined(slot, replace(BEN, first_name="Lou"))
    assert (await waiting.join(slot, BEN, key=SCREEN)).id == dossier.id


async def test_entries_without_an_address_never_collide_and_write_to_nobody() -> None:
    slot = await make_slot(1)
    holder = await booked(slot, NO_ADDRESS)
    entries = [await joined(slot, NO_ADDRESS) for _ in range(4)]
    await changes.cancel(entries[0])
    await changes.cancel(holder)
    await offers.decline(entries[1])
    await offers.rejoin(entries[1])
    await offers.accept(entries[2])

    assert await state_of(holder, *entries) == ["cancelled", "cancelled", "waiting", "confirmed", "waiting"]
    assert await positions(entries[3], entries[1]) == [1, 2]
    with clock.at(slot.closes_at):
        assert await waiting.expire() == 2
    assert await Email.count() == 0


async def test_the_table_itself_refuses_a_second_entry_an_offer_without_end_and_an_entry_without_a_time() -> None:
    slot, _ = await full_slot()
    await joined(slot, BEN)
    again = (
        "INSERT INTO booking (id, dossier, slot, seats, state, email_key, name_key, created_at, queued_at) SELECT"
        " gen_random_uuid(), dossier, slot, seats, state, email_key, name_key, created_at, queued_at FROM booking"
        " WHERE state = 'waiting'"
    )
    for statement, rule in (
        (again, "one_waiting_booking"),
        ("UPDATE booking SET queued_at = NULL WHERE state = 'waiting'", "queued_since"),
        ("UPDATE booking SET state = 'offered' WHERE state = 'waiting'", "held_until"),
        ("UPDATE slot SET seats_waiting = -1", "waiting_counted"),
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=rule):
            await db.fetch(statement)


# When one may wait


async def test_one_waits_only_where_an_individual_may_book() -> None:
    full, _ = await full_slot()
    with clock.at(full.closes_at), pytest.raises(BookingClosed):
        await joined(full)
    with pytest.raises(CalledOff):
        await joined(await make_slot(state="called_off", called_off_reason="Panne"))
    with pytest.raises(ClassesOnly):
        await joined(await make_slot(event=await make_event(takes_individuals=False, takes_classes=True)))


async def test_in_the_last_hour_nobody_joins_any_more() -> None:
    slot, _ = await full_slot()
    with clock.at(slot.closes_at - HOUR + SECOND), pytest.raises(TooLateToWait):
        await joined(slot)
    with clock.at(slot.closes_at - HOUR - SECOND):
        await joined(slot)
    assert await standing(slot) == ["waiting"]


async def test_the_inner_steps_need_an_open_transaction() -> None:
    slot, _ = await full_slot()
    for step in (waiting.promote(slot.id), seats.count_waiting(slot.id, 1)):
        with pytest.raises(db.NoTransaction):
            await step


# Every verb that frees or adds a seat offers it


async def _cancel(slot: BookableSlot, holder: Dossier) -> None:
    await changes.cancel(holder)


async def _erase(slot: BookableSlot, holder: Dossier) -> None:
    await erasure.erase(holder)


async def _erase_in_a_restored_backup(slot: BookableSlot, holder: Dossier) -> None:
    async with db.transaction():
        await erasure.repeat({holder.id: clock.now()})


async def _resize(slot: BookableSlot, holder: Dossier) -> None:
    await waiting.resize(slot.id, slot.capacity + 1)


async def _offer_declined(slot: BookableSlot, holder: Dossier) -> None:
    await _to_somebody_before(slot, holder, offers.decline)


async def _offer_left(slot: BookableSlot, holder: Dossier) -> None:
    await _to_somebody_before(slot, holder, changes.cancel)


async def _offer_erased(slot: BookableSlot, holder: Dossier) -> None:
    await _to_somebody_before(slot, holder, erasure.erase)


async def _offer_erased_in_a_restored_backup(slot: BookableSlot, holder: Dossier) -> None:
    async def again(offered: Dossier) -> None:
        await _erase_in_a_restored_backup(slot, offered)

    await _to_somebody_before(slot, holder, again)


async def _offer_lapsed(slot: BookableSlot, holder: Dossier) -> None:
    async def lapse(_: Dossier) -> None:
        with after(DAY + SECOND):
            assert await waiting.expire() == 1

    await _to_somebody_before(slot, holder, lapse)


async def _offer_lapsed_by_the_worker(slot: BookableSlot, holder: Dossier) -> None:
    async def lapse(_: Dossier) -> None:
        with after(DAY + SECOND):
            assert await worker._tidy() == []

    await _to_somebody_before(slot, holder, lapse)


async def _entry_that_blocks_leaves(slot: BookableSlot, holder: Dossier) -> None:
    await _blocked(slot, holder, changes.cancel)


async def _entry_that_blocks_is_erased(slot: BookableSlot, holder: Dossier) -> None:
    await _blocked(slot, holder, erasure.erase)


async def _entry_that_blocks_is_erased_in_a_restored_backup(slot: BookableSlot, holder: Dossier) -> None:
    async def again(entry: Dossier) -> None:
        await _erase_in_a_restored_backup(slot, entry)

    await _blocked(slot, holder, again)


WAYS = [
    _cancel,
    _erase,
    _erase_in_a_restored_backup,
    _resize,
    _offer_declined,
    _offer_left,
    _offer_erased,
    _offer_erased_in_a_restored_backup,
    _offer_lapsed,
    _offer_lapsed_by_the_worker,
    _entry_that_blocks_leaves,
    _entry_that_blocks_is_erased,
    _entry_that_blocks_is_erased_in_a_restored_backup,
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_seat_that_comes_free_is_offered_at_once(
    way: Callable[[BookableSlot, Dossier], Awaitable[None]],
) -> None:
    slot, [holder, _] = await full_slot(2)
    first, second = await joined(slot), await joined(slot)

    await way(slot, holder)

    assert await state_of(first, second) == ["offered", "waiting"]
    booking = await booking_of(first)
    assert (await journal_of(booking.id))[-1] == ("system", "offer")
    assert [letter[:2] for letter in await letters_about(first)] == [("waiting", "superseded"), ("offer", "due")]


@pytest.mark.parametrize("way", WAYS[:4])
async def test_without_promotion_it_would_stay_free(
    way: Callable[[BookableSlot, Dossier], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: nothing but ``promote`` serves the queue, and its absence is noticed."""

    async def nothing(_: object) -> None:
        return None

    slot, [holder] = await full_slot()
    first = await joined(slot)
    with monkeypatch.context() as planted:
        planted.setattr(waiting, "promote", nothing)
        await way(slot, holder)
    assert await state_of(first) == ["waiting"]
    assert await checks.idle_slots() == [slot.id]
    await changes.cancel(first)


async def test_more_seats_are_offered_to_as_many_as_fit_in_their_order() -> None:
    slot, _ = await full_slot(2)
    entries = [await joined(slot) for _ in range(4)]

    await waiting.resize(slot.id, 5)

    assert await state_of(*entries) == ["offered", "offered", "offered", "waiting"]


async def test_a_slot_never_shrinks_below_what_is_taken_or_offered() -> None:
    slot, [ben, _] = await full_slot(2)
    await joined(slot)
    await changes.cancel(ben)

    with pytest.raises(FewerThanTaken) as refusal:
        await waiting.resize(slot.id, 1)

    assert refusal.value.seats_taken == 2
    await waiting.resize(slot.id, 2)
    assert await held(slot) == 2


async def test_an_offer_leaves_before_ordinary_letters() -> None:
    slot, [ben] = await full_slot()
    await joined(slot)
    await changes.cancel(ben)

    rows = await db.fetch("SELECT letter, priority, next_try_at <= posted_at AS at_once FROM email ORDER BY id")

    assert {row["letter"]: row["priority"] for row in rows} == {
        "confirmation": 5, "waiting": 5, "cancellation": 5, "offer": 3,
    }  # fmt: skip
    assert all(row["at_once"] for row in rows)


# Taking a cancellation back


async def test_a_cancelled_seat_is_taken_back_only_if_nobody_was_offered_it() -> None:
    slot, [ben] = await full_slot()
    entry = await joined(slot)
    await changes.cancel(ben)
    with pytest.raises(SoldOut):
        await changes.restore(ben)
    assert await state_of(ben, entry) == ["cancelled", "offered"]

    await changes.cancel(entry)
    await changes.restore(ben)  # it was offered, and came back

    assert await state_of(ben) == ["confirmed"]


async def test_a_seat_that_was_too_few_for_those_who_wait_may_be_taken_back() -> None:
    slot, [ben, _] = await full_slot(2, fill="strict")
    big = await joined(slot, wants=2)
    await changes.cancel(ben)

    await changes.restore(ben)

    assert await state_of(ben, big) == ["confirmed", "waiting"]


# Correcting the address


async def test_who_waits_may_correct_the_address_and_keeps_the_place() -> None:
    slot, _ = await full_slot()
    dossier, other = await joined(slot, BEN), await joined(slot)

    moved = await addresses.correct_address(dossier, RIGHT)

    assert (moved.generation, (await booking_of(dossier)).email_key) == (1, RIGHT)
    assert await positions(dossier, other) == [1, 2]
    told = await db.fetch("SELECT letter, recipient FROM email WHERE state = 'due' AND recipient = $1", RIGHT)
    assert [tuple(row) for row in told] == [("waiting", RIGHT)]


async def test_an_offer_goes_to_the_address_as_corrected_and_keeps_its_deadline() -> None:
    slot, [holder] = await full_slot()
    dossier = await joined(slot, BEN)
    await changes.cancel(holder)
    until = (await booking_of(dossier)).expires_at

    await addresses.correct_address(dossier, RIGHT)

    assert (await booking_of(dossier)).expires_at == until
    [letter] = await db.fetch("SELECT letter, facts FROM email WHERE recipient = $1", RIGHT)
    assert letter["letter"] == "offer"
    with pytest.raises(UnknownLink):
        await offers.accept(dossier)
    await offers.accept(await reread(dossier))


async def test_an_entry_is_not_corrected_into_a_double() -> None:
    slot, _ = await full_slot()
    dossier = await joined(slot, BEN)
    await joined(slot, replace(BEN, email=RIGHT))
    with pytest.raises(AlreadyBooked):
        await addresses.correct_address(dossier, RIGHT)


# The end of a list


async def test_at_the_closing_those_who_wait_are_told_and_the_queue_ends() -> None:
    slot, _ = await full_slot(event=await make_event(list_closes_days=2))
    entries = [await joined(slot) for _ in range(3)]
    with clock.at(slot.closes_at - SECOND):
        assert await waiting.expire() == 0

    with clock.at(slot.closes_at):
        assert await waiting.expire() == 3
        assert await waiting.expire() == 0

    assert await state_of(*entries) == ["expired"] * 3
    booking = await booking_of(entries[0])
    assert (booking.ended_by, booking.expires_at is None) == ("closing", True)
    assert [letter[0] for letter in await letters_about(entries[0])] == ["waiting", "lapsed"]
    assert [
        tuple(row) for row in await db.fetch("SELECT DISTINCT facts ->> 'why' FROM email WHERE letter = 'lapsed'")
    ] == [("closing",)]
    assert (await slots.load(slot.id)).seats_waiting == 0
    assert (await journal_of(booking.id))[-1] == ("system", "expire")


async def test_after_the_closing_nothing_is_offered() -> None:
    slot, [ben] = await full_slot(event=await make_event(list_closes_days=2))
    dossier = await joined(slot)
    with clock.at(slot.closes_at + SECOND):
        await changes.cancel(ben)
        assert await state_of(dossier) == ["waiting"]
        assert await waiting.expire() == 1
    assert await state_of(dossier) == ["expired"]


async def test_in_the_last_hour_a_freed_seat_is_open_to_all() -> None:
    slot = await make_slot(2, starts_in=59 * MINUTE)
    with after(-3 * HOUR):
        ben, cleo = await booked(slot, BEN), await booked(slot, CLEO)
        dossier = await joined(slot)
    await changes.cancel(ben)
    assert await state_of(dossier) == ["waiting"]
    await changes.cancel(cleo)

    direct = await seats.book(await slots.load(slot.id), a_pupil())
    by_the_queue_s_form = await joined(slot)

    assert await state_of(dossier, direct, by_the_queue_s_form) == ["waiting", "confirmed", "confirmed"]


async def test_what_is_called_off_is_offered_to_nobody() -> None:
    slot, [ben] = await full_slot()
    dossier = await joined(slot)
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", slot.id)
    await changes.cancel(ben)
    assert await state_of(dossier) == ["waiting"]


async def test_an_erased_entry_is_forgotten_and_its_queue_moves_on() -> None:
    slot, _ = await full_slot()
    dossier, other = await joined(slot, CLEO), await joined(slot)
    await erasure.erase(dossier)
    await db.fetch("UPDATE email SET state = 'sent', settled_at = now() WHERE state = 'due'")
    assert await erasure.finish() == 1

    booking = await booking_of(dossier)
    assert (booking.state, booking.name_key, booking.email_key) == ("cancelled", "", "")
    assert await positions(other) == [1]


async def _to_somebody_before(
    slot: BookableSlot, holder: Dossier, verb: Callable[[Dossier], Awaitable[object]]
) -> None:
    """Offer the seat to an entry that joined earlier than all others, and let ``verb`` end that offer."""
    earlier = await joined(slot)
    await _to_the_front(earlier)
    await changes.cancel(holder)
    assert await state_of(earlier) == ["offered"]
    await verb(earlier)


async def _blocked(slot: BookableSlot, holder: Dossier, verb: Callable[[Dossier], Awaitable[object]]) -> None:
    """Free one seat while an entry that needs two and was passed over thrice is the first; then it goes."""
    big = await joined(slot, wants=2)
    await _to_the_front(big)
    await db.fetch("UPDATE booking SET passed_over = 3 WHERE id = $1", (await booking_of(big)).id)
    await changes.cancel(holder)
    assert (await held(slot), await state_of(big)) == (1, ["waiting"])
    await verb(big)


async def _to_the_front(dossier: Dossier) -> None:
    earlier = "UPDATE booking SET queued_at = queued_at - interval '1 day' WHERE dossier = $1"
    await db.fetch(earlier, dossier.id)


async def _holder(slot: BookableSlot) -> Dossier:
    [row] = await db.fetch("SELECT dossier FROM booking WHERE slot = $1 AND state = 'confirmed' LIMIT 1", slot.id)
    found = await Dossier.objects().get(Dossier.id == row["dossier"])
    assert found is not None
    return found
