"""Seats: never oversold, never doubled by accident, and one answer to one form."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from service import clock, db
from service.bookings import changes, dossiers, seats
from service.bookings.dossiers import Booker
from service.bookings.seats import AlreadyBooked, SoldOut, book
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.events.slots import (
    BookableSlot,
    BookingClosed,
    CalledOff,
    ClassesOnly,
    MembersOnly,
    NotYetOpen,
    SlotOver,
)
from service.limits.keys import Key, KeyReused
from service.limits.rates import TooOften
from service.mail.tables import Email
from tests.bookings.harness import at_once, booked, held, journal_of, kinds
from tests.makers import BEN, CLEO, a_pupil, make_event, make_slot

Way = Callable[[BookableSlot, Booker], Awaitable[Any]]

FORM = {"first_name": "Ben", "last_name": "Delattre"}
SCREEN = Key.of("the key of one screen", FORM)
NO_ADDRESS = replace(BEN, email="")


# One seat, one person


async def test_a_booking_takes_one_seat_and_says_who_holds_it() -> None:
    slot = await make_slot(capacity=3)

    dossier = await book(slot, CLEO)

    [booking] = await Booking.select().where(Booking.dossier == dossier.id)
    told = {name: booking[name] for name in ("slot", "seats", "state", "email_key", "name_key", "revision")}
    assert told == {
        "slot": slot.id,
        "seats": 1,
        "state": "confirmed",
        "email_key": "cleo@exemple.test",
        "name_key": "cleo d hote vandamme",
        "revision": 0,
    }
    assert (dossier.first_name, dossier.last_name) == ("Cléo", "D'Hôte-Vandamme")
    assert (dossier.email, dossier.school) == ("cleo@exemple.test", "Collège des Trois-Canaux")
    assert await seats.seats_left(slot.id) == 2
    assert await journal_of(booking["id"]) == [("booker", "book")]


async def test_a_full_slot_says_how_many_seats_are_left() -> None:
    slot = await make_slot(capacity=1)
    await book(slot, BEN)

    with pytest.raises(SoldOut) as refusal:
        await booked(slot, CLEO)

    assert refusal.value.seats_left == 0
    assert await Dossier.count() == 1


async def test_a_refused_booking_leaves_nothing_behind() -> None:
    slot = await make_slot(capacity=1)
    await book(slot, BEN)

    with pytest.raises(SoldOut):
        await book(slot, CLEO, key=SCREEN)  # past the glance: ``slot`` still says that one seat is left

    rows = [
        (await db.fetch(f"SELECT count(*) FROM {table}"))[0][0]
        for table in ("dossier", "invitation", "email", "idempotency_key")
    ]
    assert rows == [1, 1, 1, 0]


async def test_the_inner_steps_need_an_open_transaction() -> None:
    slot = await make_slot()
    for step in (seats.take(slot, 1, "individual"), seats.give_back(slot.id, 1, "individual"), seats.hold(slot.id)):
        with pytest.raises(db.NoTransaction):
            await step


# Crowds


@pytest.mark.parametrize(("crowd", "capacity"), [(200, 1), (40, 5), (40, 39)])
async def test_a_crowd_never_oversells_a_slot(crowd: int, capacity: int) -> None:
    slot = await make_slot(capacity)

    outcomes = await rush(slot, crowd, book)

    assert kinds(outcomes) == {"Dossier": capacity, "SoldOut": crowd - capacity}
    assert await held(slot) == capacity
    assert await seats.seats_left(slot.id) == 0
    assert await Email.count() == capacity


async def test_a_count_before_an_insert_oversells_in_the_same_crowd() -> None:
    """The negative control: what the crowd above would do to a booking that looks, then takes."""
    slot = await make_slot(capacity=1)

    outcomes = await rush(slot, 200, count_then_insert)

    oversold = await held(slot)
    await db.fetch("DELETE FROM booking WHERE slot = $1", slot.id)  # these books cannot balance
    assert oversold > 1
    assert kinds(outcomes) == {"Dossier": oversold, "SoldOut": 200 - oversold}


@pytest.mark.parametrize("seats_taken", [3, -1])
async def test_the_table_itself_refuses_a_count_that_cannot_be(seats_taken: int) -> None:
    slot = await make_slot(capacity=2)
    with pytest.raises(asyncpg.CheckViolationError, match="never_oversold"):
        await db.fetch("UPDATE slot SET seats_taken = $2 WHERE id = $1", slot.id, seats_taken)


async def test_the_capacity_never_shrinks_below_what_is_taken() -> None:
    slot = await make_slot(capacity=2)
    await at_once(book(slot, BEN), book(slot, CLEO))
    with pytest.raises(asyncpg.CheckViolationError, match="never_oversold"):
        await db.fetch("UPDATE slot SET capacity = 1 WHERE id = $1", slot.id)


async def test_the_table_itself_refuses_a_second_live_booking_of_one_person() -> None:
    slot = await make_slot()
    await book(slot, BEN)
    again = (
        "INSERT INTO booking (id, dossier, slot, seats, state, email_key, name_key, created_at)"
        " SELECT gen_random_uuid(), dossier, slot, seats, state, email_key, name_key, created_at FROM booking"
    )
    with pytest.raises(asyncpg.UniqueViolationError, match="one_holding_booking"):
        await db.fetch(again)


async def test_seats_given_back_in_a_crowd_are_sold_once() -> None:
    slot = await make_slot(capacity=5)
    leaving = await at_once(*(book(slot, a_pupil()) for _ in range(5)))

    outcomes = await at_once(
        *(changes.cancel(dossier) for dossier in leaving), *(book(slot, a_pupil()) for _ in range(20))
    )

    came = kinds(outcomes)["Dossier"]
    assert kinds(outcomes) == Counter({"NoneType": 5, "Dossier": came, "SoldOut": 20 - came})
    assert await held(slot) == came


# One form, one answer


@pytest.mark.parametrize("capacity", [1, 10])
async def test_one_form_sent_a_hundred_times_at_once_books_once(capacity: int) -> None:
    for burst in range(3):
        slot = await make_slot(capacity)
        key = Key.of(f"screen {burst}", FORM)

        outcomes = await at_once(*(book(slot, BEN, key=key) for _ in range(100)))

        assert kinds(outcomes) == {"Dossier": 100}
        assert len({dossier.id for dossier in outcomes}) == 1
        assert await held(slot) == 1
        assert await Email.count() == burst + 1


async def test_one_form_without_an_address_books_once() -> None:
    slot = await make_slot()
    outcomes = await at_once(*(book(slot, NO_ADDRESS, key=SCREEN) for _ in range(10)))
    assert kinds(outcomes) == {"Dossier": 10}
    assert await held(slot) == 1


async def test_without_its_key_the_same_form_books_again_and_again() -> None:
    """The negative control of the test above: nothing but the key keeps these apart from ten people."""
    slot = await make_slot()
    outcomes = await at_once(*(book(slot, NO_ADDRESS) for _ in range(10)))
    assert kinds(outcomes) == {"Dossier": 10}
    assert await held(slot) == 10


async def test_a_key_that_guards_nothing_lets_every_sending_book(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the key is looked up and noted, but a second sending is not stopped at it."""

    async def waves_through(_: Key | None, __: Any) -> bool:
        return True

    monkeypatch.setattr("service.limits.keys.claim", waves_through)
    slot = await make_slot()
    await at_once(*(book(slot, NO_ADDRESS, key=SCREEN) for _ in range(10)))
    assert await held(slot) == 10


async def test_a_key_answers_the_same_long_after_the_slot_is_full_or_closed() -> None:
    slot = await make_slot(capacity=1, starts_in=timedelta(hours=3))
    dossier = await book(slot, BEN, key=SCREEN)

    with clock.at(clock.now() + timedelta(hours=4)):
        again = await book(await slots.load(slot.id), BEN, key=SCREEN)

    assert again.id == dossier.id
    assert await Email.count() == 1


async def test_a_key_with_another_form_is_refused_and_nothing_is_done() -> None:
    slot = await make_slot()
    await book(slot, BEN, key=SCREEN)
    with pytest.raises(KeyReused):
        await book(slot, CLEO, key=Key.of("the key of one screen", {"first_name": "Cléo"}))
    assert await held(slot) == 1


async def test_of_two_forms_with_one_key_at_once_one_is_refused() -> None:
    slot = await make_slot()
    other = Key.of("the key of one screen", {"first_name": "Cléo"})
    outcomes = await at_once(book(slot, BEN, key=SCREEN), book(slot, CLEO, key=other))
    assert kinds(outcomes) == {"Dossier": 1, "KeyReused": 1}
    assert await held(slot) == 1


async def test_a_refused_form_does_not_burn_its_key() -> None:
    full, free = await make_slot(capacity=1), await make_slot()
    await book(full, BEN)
    with pytest.raises(SoldOut):
        await book(full, CLEO, key=Key.of("screen", {"slot": "full"}))

    dossier = await book(free, CLEO, key=Key.of("screen", {"slot": "free"}))

    assert await held(free) == 1
    assert dossier.first_name == "Cléo"


async def test_a_sibling_s_form_sent_twice_is_answered_even_when_the_letters_of_the_hour_are_used_up() -> None:
    slot = await make_slot()
    await book(slot, BEN)
    sister = await book(slot, replace(BEN, first_name="Lou"), key=SCREEN)
    await use_up_letters(slot)

    again = await book(slot, replace(BEN, first_name="Lou"), key=SCREEN)

    assert again.id == sister.id


# No accidental doubles


@pytest.mark.parametrize(
    ("first_name", "last_name", "email"),
    [
        ("Ben", "Delattre", "ben@exemple.test"),
        ("BEN", "DELATTRE", "Ben@Exemple.Test"),
        ("Bén", "Delâttre", "ben@exemple.test"),
        ("Ben ", "- Delattre", "BEN@exemple.test"),
    ],
)
async def test_the_same_person_again_takes_no_seat(first_name: str, last_name: str, email: str) -> None:
    slot = await make_slot()
    dossier = await book(slot, BEN)

    with pytest.raises(AlreadyBooked) as refusal:
        await booked(slot, replace(BEN, first_name=first_name, last_name=last_name, email=email))

    assert refusal.value.held_by == [dossier.id]
    assert await held(slot) == 1


async def test_the_owner_of_the_address_is_sent_the_link_of_what_it_holds() -> None:
    slot = await make_slot()
    dossier = await book(slot, BEN)
    with pytest.raises(AlreadyBooked):
        await booked(slot, BEN)

    [letter] = await db.fetch(
        "SELECT recipient, method, facts -> 'bookings' -> 0 ->> 'dossier' AS dossier,"
        " jsonb_array_length(facts -> 'bookings') AS bookings FROM email WHERE letter = 'already_booked'"
    )
    assert tuple(letter) == ("ben@exemple.test", "", str(dossier.id), 1)


async def test_who_presses_on_is_written_to_three_times_an_hour_at_most() -> None:
    slot = await make_slot()
    await book(slot, BEN)
    for _ in range(5):
        with pytest.raises(AlreadyBooked):
            await booked(slot, BEN)
    assert await Email.count().where(Email.letter == "already_booked") == 3


async def test_a_double_on_a_full_slot_is_a_double_and_not_sold_out() -> None:
    slot = await make_slot(capacity=1)
    await book(slot, BEN)
    with pytest.raises(AlreadyBooked):
        await booked(slot, BEN)
    with pytest.raises(SoldOut):
        await booked(slot, CLEO)


@pytest.mark.parametrize("capacity", [1, 10])
async def test_two_bookings_of_one_person_at_once_are_one(capacity: int) -> None:
    for _ in range(10):
        slot = await make_slot(capacity)
        outcomes = await at_once(book(slot, BEN), book(slot, BEN))
        assert kinds(outcomes) == {"Dossier": 1, "AlreadyBooked": 1}
        assert await held(slot) == 1


async def test_three_siblings_share_their_parents_address_and_a_fourth_does_not() -> None:
    slot = await make_slot()
    siblings = [await booked(slot, replace(BEN, first_name=name)) for name in ("Ben", "Lou", "Zoé")]

    with pytest.raises(AlreadyBooked) as refusal:
        await booked(slot, replace(BEN, first_name="Max"))

    assert sorted(refusal.value.held_by) == sorted(dossier.id for dossier in siblings)
    assert await held(slot) == 3


async def test_four_siblings_at_once_are_three() -> None:
    slot = await make_slot()
    names = ("Ben", "Lou", "Zoé", "Max")
    outcomes = await at_once(*(book(slot, replace(BEN, first_name=name)) for name in names))
    assert kinds(outcomes) == {"Dossier": 3, "AlreadyBooked": 1}
    assert await held(slot) == 3


async def test_siblings_beyond_the_letters_of_the_hour_are_told_to_wait() -> None:
    slot = await make_slot()
    await book(slot, BEN)
    await use_up_letters(slot)
    with pytest.raises(TooOften):
        await booked(slot, replace(BEN, first_name="Lou"))
    assert await held(slot) == 1


async def test_a_full_slot_costs_a_sibling_no_letter() -> None:
    slot = await make_slot(capacity=1)
    await book(slot, BEN)
    for _ in range(5):
        with pytest.raises(SoldOut):
            await booked(slot, replace(BEN, first_name="Lou"))


async def test_the_same_person_may_book_another_slot_of_the_same_event() -> None:
    event = await make_event()
    morning, afternoon = await make_slot(event=event), await make_slot(event=event)
    await book(morning, BEN)
    await book(afternoon, BEN)
    assert (await held(morning), await held(afternoon)) == (1, 1)


async def test_who_cancelled_may_book_again() -> None:
    slot = await make_slot(capacity=1)
    await changes.cancel(await book(slot, BEN))
    await booked(slot, BEN)
    assert await held(slot) == 1


async def test_entries_without_an_address_never_collide_and_write_to_nobody() -> None:
    slot = await make_slot()
    for _ in range(4):
        await booked(slot, NO_ADDRESS)
    assert await held(slot) == 4
    assert await Email.count() == 0


# When one may book


async def test_an_individual_may_book_while_the_list_is_open() -> None:
    opens = clock.now() + timedelta(days=1)
    event = await make_event(list_closes_days=3)
    slot = await make_slot(event=event, starts_in=timedelta(days=7), opens_at=opens)

    with pytest.raises(NotYetOpen) as not_yet:
        await book(slot, BEN)
    with clock.at(slot.closes_at), pytest.raises(BookingClosed) as closed:
        await book(slot, BEN)
    with clock.at(slot.ends_at), pytest.raises(SlotOver) as over:
        await book(slot, BEN)

    assert not_yet.value.opens_at == slot.opens_at
    assert closed.value.since == slot.closes_at == slot.starts_at - timedelta(days=3)
    assert over.value.ended_at == slot.ends_at
    with clock.at(opens):
        await book(slot, BEN)
    with clock.at(slot.closes_at - timedelta(seconds=1)):
        await book(slot, CLEO)


async def test_what_is_called_off_is_booked_by_nobody() -> None:
    slot = await make_slot(state="called_off", called_off_reason="Panne de four")
    with pytest.raises(CalledOff) as refusal:
        await book(slot, BEN)
    assert refusal.value.reason == "Panne de four"
    with pytest.raises(CalledOff):
        await book(await make_slot(event=await make_event(state="called_off")), BEN)


async def test_an_assembly_is_for_members_and_some_visits_are_for_classes() -> None:
    assembly = await make_event(kind="assembly", takes_individuals=False)
    with pytest.raises(MembersOnly):
        await book(await make_slot(event=assembly), BEN)
    with pytest.raises(ClassesOnly):
        await book(await make_slot(event=await make_event(takes_individuals=False, takes_classes=True)), BEN)
    assert await Dossier.count() == 0


async def rush(slot: BookableSlot, crowd: int, way: Way) -> list[Any]:
    """Everybody books at once; ``slot`` says to each that seats are left, so nobody is spared the race."""
    return await at_once(*(way(slot, a_pupil()) for _ in range(crowd)))


async def count_then_insert(slot: BookableSlot, who: Booker) -> Dossier:
    """Planted: what one writes who has not seen a crowd yet."""
    async with db.transaction():
        if await held(slot) >= slot.seats_left:
            raise SoldOut(0)
        dossier = await dossiers.open_dossier(dossiers.new_id(), who)
        await Booking.insert(Booking(dossier=dossier.id, slot=slot.id, state="confirmed", email_key=who.email_key))
        return dossier


async def use_up_letters(slot: BookableSlot) -> None:
    """Ask for Ben's seat again until his address has had its letters of this hour."""
    for _ in range(3):
        with pytest.raises(AlreadyBooked):
            await booked(slot, BEN)
