"""Offers: how long they stand, what accepting, declining and forgetting do, and how one goes back to the end."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service import clock, db
from service.bookings import addresses, changes, erasure, offers, seats, turns, waiting
from service.bookings.dossiers import UnknownLink
from service.bookings.seats import AlreadyBooked
from service.bookings.tables import Dossier
from service.bookings.waiting import OfferOver, TooLateToWait
from service.events import slots
from service.events.slots import BookableSlot, BookingClosed, CalledOff
from tests.bookings.harness import booked, booking_of, held, invitations_of, journal_of, letters_about
from tests.bookings.queues import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    after,
    deadline_of,
    full_slot,
    joined,
    positions,
    state_of,
)
from tests.makers import BEN, CLEO, a_pupil, at_paris, make_event, make_slot

Verb = Callable[[Dossier], Awaitable[None]]

NOW = datetime.fromisoformat("2026-11-22T12:00:00+00:00")


async def an_offer() -> tuple[BookableSlot, Dossier]:
    """Cleo was offered the only seat of a slot."""
    slot, [holder] = await full_slot()
    cleo = await joined(slot, CLEO)
    await changes.cancel(holder)
    return slot, cleo


# How long an offer stands


@pytest.mark.parametrize(
    ("left", "stands"),
    [
        (30 * DAY, 24 * HOUR),
        (48 * HOUR, 24 * HOUR),
        (48 * HOUR - SECOND, 4 * HOUR),
        (6 * HOUR, 4 * HOUR),
        (6 * HOUR - SECOND, HOUR),
        (HOUR, HOUR),
        (HOUR - SECOND, None),
        (timedelta(0), None),
        (-DAY, None),
    ],
)
def test_an_offer_stands_the_shorter_the_nearer_the_closing_is(left: timedelta, stands: timedelta | None) -> None:
    assert turns.deadline(NOW, NOW + left) == (stands and NOW + stands)


def test_no_offer_stands_beyond_the_closing() -> None:
    for minutes in range(60 * 72):
        until = turns.deadline(NOW, NOW + minutes * MINUTE)
        assert until is None or until <= NOW + minutes * MINUTE


@pytest.mark.parametrize(
    ("closes", "now", "until"),
    [
        # The clocks go forward on 28 March 2027: 48 h on the wall are 47.
        ("2027-03-28 14:00", "2027-03-26 14:00", "2027-03-26 18:00"),
        ("2027-03-28 14:00", "2027-03-26 12:59", "2027-03-27 12:59"),
        ("2027-03-29 14:00", "2027-03-27 14:00", "2027-03-27 18:00"),
        ("2027-03-30 14:00", "2027-03-27 14:00", "2027-03-28 15:00"),
        ("2027-03-28 05:00", "2027-03-27 22:30", "2027-03-27 23:30"),
        ("2027-03-28 14:00", "2027-03-28 01:30", "2027-03-28 06:30"),
        # They go back on 25 October 2026: 48 h on the wall are 49.
        ("2026-10-25 14:00", "2026-10-23 14:30", "2026-10-24 14:30"),
        ("2026-10-25 14:00", "2026-10-23 15:01", "2026-10-23 19:01"),
        ("2026-10-27 14:00", "2026-10-24 14:00", "2026-10-25 13:00"),
        ("2026-10-25 05:30", "2026-10-25 00:15", "2026-10-25 03:15"),
        ("2026-10-25 06:00", "2026-10-25 01:30", "2026-10-25 02:30"),
    ],
)
async def test_hours_are_hours_when_the_clocks_change(closes: str, now: str, until: str) -> None:
    with clock.at(at_paris(now) - 40 * DAY):
        slot, [holder] = await full_slot(starts_at=at_paris(closes))
        entry = await joined(slot)
    with clock.at(at_paris(now)):
        await changes.cancel(holder)
        late = await deadline_of(entry) - at_paris(until)

    assert timedelta(0) <= late < 30 * SECOND


async def test_the_time_left_is_counted_to_the_closing_and_not_to_the_start() -> None:
    slot, [holder] = await full_slot(event=await make_event(list_closes_days=3))
    entry = await joined(slot)
    with clock.at(slot.closes_at - 5 * HOUR):
        await changes.cancel(holder)
        assert timedelta(0) <= await deadline_of(entry) - (slot.closes_at - 4 * HOUR) < 30 * SECOND
    assert await deadline_of(entry) < slot.closes_at


@pytest.mark.parametrize("left", [HOUR + MINUTE, HOUR - SECOND])
async def test_under_an_hour_nothing_is_offered(left: timedelta) -> None:
    slot = await make_slot(1, starts_in=left)
    with after(-DAY):
        ben, entry = await booked(slot, BEN), await joined(slot)

    await changes.cancel(ben)

    assert await state_of(entry) == ["offered" if left > HOUR else "waiting"]


async def test_the_deadline_is_told() -> None:
    _, cleo = await an_offer()
    [letter] = await db.fetch("SELECT facts ->> 'expires_at' AS until, revision FROM email WHERE letter = 'offer'")
    assert datetime.fromisoformat(letter["until"]) == await deadline_of(cleo)
    assert letter["revision"] == 1


# Accepting


async def test_an_accepted_offer_is_a_seat_with_an_invitation() -> None:
    slot, cleo = await an_offer()
    assert await invitations_of(cleo) == []

    await offers.accept(cleo)

    booking = await booking_of(cleo)
    assert (booking.state, booking.expires_at is None, booking.revision) == ("confirmed", True, 2)
    assert await invitations_of(cleo) == [(CLEO.email, 0, False)]
    assert await letters_about(cleo) == [
        ("waiting", "superseded", "", None),
        ("offer", "superseded", "", None),
        ("confirmation", "due", "REQUEST", 0),
    ]
    assert [verb for _, verb in await journal_of(booking.id)] == ["join", "offer", "accept"]
    assert await held(slot) == 1


async def test_accepting_twice_is_accepting_once() -> None:
    _, cleo = await an_offer()
    await offers.accept(cleo)
    once = await letters_about(cleo)

    await offers.accept(cleo)

    assert await letters_about(cleo) == once
    assert (await booking_of(cleo)).revision == 2


async def test_an_offer_is_accepted_until_its_deadline_and_not_after() -> None:
    slot, cleo = await an_offer()
    until = await deadline_of(cleo)
    with clock.at(until), pytest.raises(OfferOver):
        await offers.accept(cleo)  # no worker has ended it yet
    with clock.at(until):
        assert await waiting.expire() == 1
        with pytest.raises(OfferOver):
            await offers.accept(cleo)
    assert await held(slot) == 0
    again, dossier = await an_offer()
    with clock.at(await deadline_of(dossier) - SECOND):
        await offers.accept(dossier)
    assert await held(again) == 1


async def test_only_what_is_offered_can_be_answered() -> None:
    slot, _ = await full_slot()
    entry = await joined(slot)
    left, declined = await joined(slot), (await an_offer())[1]
    await changes.cancel(left)
    await offers.decline(declined)

    for dossier in (entry, left, declined):
        with pytest.raises(OfferOver):
            await offers.accept(dossier)
    for dossier in (entry, left, await booked(await make_slot(), BEN)):
        with pytest.raises(OfferOver):
            await offers.decline(dossier)


async def test_a_seat_of_what_was_called_off_is_accepted_by_nobody() -> None:
    slot, cleo = await an_offer()
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'Panne' WHERE id = $1", slot.id)
    with pytest.raises(CalledOff) as refusal:
        await offers.accept(cleo)
    assert refusal.value.reason == "Panne"
    assert await state_of(cleo) == ["offered"]
    await offers.decline(cleo)


async def test_an_accepted_seat_is_cancelled_and_taken_back_like_any_other() -> None:
    slot, cleo = await an_offer()
    await offers.accept(cleo)
    await changes.cancel(cleo)
    assert [letter[0] for letter in await letters_about(cleo)][-1] == "cancellation"

    await changes.restore(cleo)

    assert await state_of(cleo) == ["confirmed"]
    assert await invitations_of(cleo) == [(CLEO.email, 1, True), (CLEO.email, 0, False)]
    assert await held(slot) == 1


# Declining


async def test_a_declined_offer_goes_to_the_next() -> None:
    slot, [holder] = await full_slot()
    first, second = await joined(slot), await joined(slot)
    await changes.cancel(holder)

    await offers.decline(first)

    booking = await booking_of(first)
    assert (booking.state, booking.ended_by, booking.expires_at is None) == ("declined", "booker", True)
    assert await state_of(first, second) == ["declined", "offered"]
    assert [letter[:2] for letter in await letters_about(first)][1:] == [("offer", "superseded"), ("left", "due")]
    assert [verb for _, verb in await journal_of(booking.id)] == ["join", "offer", "decline"]
    assert await held(slot) == 1


async def test_declining_twice_is_declining_once() -> None:
    slot, cleo = await an_offer()
    await offers.decline(cleo)
    once = await letters_about(cleo)

    await offers.decline(cleo)

    assert await letters_about(cleo) == once
    assert await held(slot) == 0


async def test_who_cancels_an_offer_leaves_for_good() -> None:
    slot, cleo = await an_offer()
    await changes.cancel(cleo)

    booking = await booking_of(cleo)
    assert (booking.state, booking.ended_by, booking.expires_at is None) == ("cancelled", "leaving", True)
    assert [letter[0] for letter in await letters_about(cleo)][-1] == "left"
    with pytest.raises(OfferOver):
        await offers.rejoin(cleo)
    assert await held(slot) == 0


@pytest.mark.parametrize(("verb", "state"), [(offers.decline, "declined"), (changes.cancel, "cancelled")])
async def test_the_letter_tells_declining_from_leaving(verb: Verb, state: str) -> None:
    _, cleo = await an_offer()
    await verb(cleo)
    [letter] = await db.fetch("SELECT facts ->> 'state' AS state FROM email WHERE letter = 'left'")
    assert letter["state"] == state


# Lapsing


async def test_a_lapsed_offer_ends_with_a_letter_and_the_next_is_offered() -> None:
    slot, [holder] = await full_slot()
    first, second = await joined(slot), await joined(slot)
    await changes.cancel(holder)
    with clock.at(await deadline_of(first) - SECOND):
        assert await waiting.expire() == 0

    with clock.at(await deadline_of(first)):
        assert await waiting.expire() == 1
        booking = await booking_of(first)
        assert (booking.state, booking.ended_by, booking.expires_at is None) == ("expired", "deadline", True)
        assert await state_of(second) == ["offered"]
        assert await deadline_of(second) > clock.now() + 23 * HOUR
    assert [letter[:2] for letter in await letters_about(first)][1:] == [("offer", "superseded"), ("lapsed", "due")]
    assert await journal_of(booking.id) == [("booker", "join"), ("system", "offer"), ("system", "expire")]
    assert await held(slot) == 1


async def test_a_seat_goes_through_the_whole_queue_in_its_order() -> None:
    slot, [holder] = await full_slot()
    entries = [await joined(slot) for _ in range(3)]
    await changes.cancel(holder)
    seen = []
    for _ in entries:
        seen.append(await state_of(*entries))
        with clock.at((await db.fetch("SELECT max(expires_at) AS until FROM booking"))[0]["until"]):
            await waiting.expire()

    assert seen == [
        ["offered", "waiting", "waiting"],
        ["expired", "offered", "waiting"],
        ["expired", "expired", "offered"],
    ]
    assert await state_of(*entries) == ["expired"] * 3
    assert await held(slot) == 0


async def test_offers_that_lapse_at_the_closing_end_with_the_queue() -> None:
    slot, [holder] = await full_slot()
    first, second = await joined(slot), await joined(slot)
    with clock.at(slot.closes_at - HOUR - MINUTE):
        await changes.cancel(holder)
    with clock.at(slot.closes_at):
        assert await waiting.expire() == 2
    assert [(await booking_of(entry)).ended_by for entry in (first, second)] == ["deadline", "closing"]
    assert await held(slot) == 0


# Going back to the end


@pytest.mark.parametrize("how", ["declined", "expired"])
async def test_after_an_offer_one_may_go_back_to_the_end(how: str) -> None:
    slot, [holder] = await full_slot()
    first, second, third = [await joined(slot) for _ in range(3)]
    await changes.cancel(holder)
    if how == "declined":
        await offers.decline(first)
    else:
        with clock.at(await deadline_of(first)):
            await waiting.expire()
    assert await state_of(first, second) == [how, "offered"]

    await offers.rejoin(first)

    booking = await booking_of(first)
    assert (booking.state, booking.ended_at is None, booking.ended_by, booking.passed_over) == ("waiting", True, "", 0)
    assert await positions(third, first) == [1, 2]
    assert [letter[:2] for letter in await letters_about(first)][-1] == ("waiting", "due")
    assert (await journal_of(booking.id))[-1] == ("booker", "rejoin")
    assert (await slots.load(slot.id)).seats_waiting == 2


async def test_a_free_seat_is_had_at_once_when_nobody_waits() -> None:
    slot, cleo = await an_offer()
    await offers.decline(cleo)

    await offers.rejoin(cleo)

    assert await state_of(cleo) == ["confirmed"]
    assert await invitations_of(cleo) == [(CLEO.email, 0, False)]
    assert [letter[0] for letter in await letters_about(cleo)][-1] == "confirmation"
    assert await held(slot) == 1


async def test_rejoining_twice_is_rejoining_once() -> None:
    slot, [holder] = await full_slot()
    first, _ = await joined(slot), await joined(slot)
    await changes.cancel(holder)
    await offers.decline(first)
    await offers.rejoin(first)
    once = await letters_about(first)

    await offers.rejoin(first)

    assert await letters_about(first) == once
    assert (await slots.load(slot.id)).seats_waiting == 1


async def test_who_was_never_offered_anything_has_nothing_to_go_back_to() -> None:
    slot, _ = await full_slot()
    dossier = await joined(slot)
    await changes.cancel(dossier)
    with pytest.raises(OfferOver):
        await offers.rejoin(dossier)


async def test_one_goes_back_only_while_one_could_join() -> None:
    slot, cleo = await an_offer()
    await offers.decline(cleo)
    await seats.book(await slots.load(slot.id), a_pupil())
    with clock.at(slot.closes_at - HOUR + SECOND), pytest.raises(TooLateToWait):
        await offers.rejoin(cleo)
    with clock.at(slot.closes_at), pytest.raises(BookingClosed):
        await offers.rejoin(cleo)
    another = await joined(slot, CLEO)
    with pytest.raises(AlreadyBooked):
        await offers.rejoin(cleo)
    await changes.cancel(another)
    await offers.rejoin(cleo)
    assert await state_of(cleo) == ["waiting"]


async def test_who_goes_back_is_written_to_at_the_address_as_corrected_since() -> None:
    slot, cleo = await an_offer()
    await offers.decline(cleo)
    await seats.book(await slots.load(slot.id), a_pupil())
    moved = await addresses.correct_address(cleo, "c@exemple.test")

    await offers.rejoin(moved)

    assert (await booking_of(cleo)).email_key == "c@exemple.test"
    with pytest.raises(AlreadyBooked):
        await joined(slot, replace(CLEO, email="c@exemple.test"))


async def test_who_is_erased_answers_nothing_any_more() -> None:
    slot, cleo = await an_offer()
    await erasure.erase(cleo)
    for verb in (offers.accept, offers.decline, offers.rejoin):
        with pytest.raises(UnknownLink):
            await verb(cleo)
    assert await held(slot) == 0
