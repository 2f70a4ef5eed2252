"""Another time, other seats, another list for a date: what follows it, who is told, and what is refused."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from service import clock, db, worker
from service.attendance import doors
from service.bookings import changes, held, lapses, moving, news, seats, waiting
from service.bookings.moving import HasBegun, InUse, WasCalledOff
from service.bookings.tables import Booking, Dossier
from service.bookings.waiting import FewerThanTaken
from service.events import dates, slots
from service.events.dates import PastDate
from service.events.slots import BookableSlot, BookingClosed, UnknownSlot
from service.events.versions import EditedMeanwhile
from service.mail.tables import Email
from service.operations import checks
from service.people import staff
from tests.bookings.classes import a_class, class_slot, end_of
from tests.bookings.harness import at_once, booked, booking_of, journal_of, kinds
from tests.bookings.minors import approval_slot, letters_to_guardian, pending_minor
from tests.bookings.news import ADA, DAY, HOUR, changed, moved, news_of, plan_of
from tests.bookings.queues import deadline_of, full_slot, joined, state_of
from tests.makers import BEN, CLEO, a_pupil, at_paris, make_booking, make_event, make_slot

# What follows a date


async def test_a_date_is_moved_with_the_closing_of_its_list_and_its_journal() -> None:
    slot = await make_slot(event=await make_event(list_closes_days=2))
    await moved(slot, 3 * DAY)
    now = await dates.load(slot.id)
    assert (now.starts_at, now.ends_at) == (slot.starts_at + 3 * DAY, slot.ends_at + 3 * DAY)
    assert now.closes_at == slot.closes_at + 3 * DAY
    assert now.version > 0
    assert await journal_of(slot.id) == [(ADA, "edit_slot")]


async def test_a_list_closes_and_opens_when_the_office_says_so() -> None:
    slot = await make_slot()
    opens, closes = clock.now() + DAY, slot.starts_at - 2 * DAY
    await changed(slot, opens_at=opens, closes_at=closes, fill="strict")
    now = await dates.load(slot.id)
    assert (now.opens_at, now.closes_at, now.fill) == (opens, closes, "strict")


async def test_what_is_as_it_was_changes_nothing_and_tells_nobody() -> None:
    slot = await make_slot()
    await make_booking(slot)
    assert await changed(slot) == 0
    assert (await dates.load(slot.id)).version == 0
    assert await journal_of(slot.id) == []
    assert await Email.count() == 1


async def test_people_are_kept_for_so_long_after_the_new_date() -> None:
    event = await make_event()
    with clock.at(at_paris("2026-11-01 09:00")):
        slot = await make_slot(event=event, starts_at=at_paris("2026-11-24 14:00"))
        await moved(slot, 7 * DAY)
        [row] = await db.fetch("SELECT contacts_erased_on::text AS day FROM event WHERE id = $1", event.id)
        assert row["day"] == "2026-12-31"
        await moved(slot, 7 * DAY)
        [row] = await db.fetch("SELECT contacts_erased_on::text AS day FROM event WHERE id = $1", event.id)
    assert row["day"] == "2027-01-07"


async def test_more_seats_are_offered_to_who_waits_and_fewer_than_taken_are_refused_with_the_number() -> None:
    slot, _ = await full_slot(2)
    entry = await joined(slot)
    await changed(slot, capacity=3)
    assert await state_of(entry) == ["offered"]
    with pytest.raises(FewerThanTaken) as refusal:
        await changed(slot, capacity=2)
    assert refusal.value.seats_taken == 3
    assert (ADA, "resize") in await journal_of(slot.id)


async def test_a_list_that_opens_again_offers_what_is_free() -> None:
    slot, [holder] = await full_slot(starts_in=3 * DAY)
    entry = await joined(slot)
    await db.fetch("UPDATE slot SET closes_at = $2 WHERE id = $1", slot.id, clock.now())
    await changes.cancel(holder)
    assert await state_of(entry) == ["waiting"]
    await changed(slot)
    assert await state_of(entry) == ["offered"]


# What is held ends by the new start


async def test_an_option_never_outlasts_the_new_start_and_its_class_is_told_until_when() -> None:
    slot = await class_slot()
    dossier = await a_class(slot)
    before = await end_of(dossier)
    start = clock.now() + 2 * DAY
    await changed(slot, starts_at=start, ends_at=start + 2 * HOUR)
    assert await end_of(dossier) == start < before
    [letter] = await Email.objects().where(Email.letter == "moved")
    assert start.isoformat() in letter.facts


async def test_an_option_keeps_a_day_also_where_the_new_list_is_closed() -> None:
    slot = await class_slot(list_closes_days=5)
    dossier = await a_class(slot)
    asked = clock.now()
    await changed(slot, starts_at=asked + 4 * DAY, ends_at=asked + 4 * DAY + HOUR)
    assert asked + DAY <= await end_of(dossier) <= clock.now() + DAY


async def test_what_an_option_was_promised_is_not_prolonged_by_a_later_date() -> None:
    slot = await class_slot()
    dossier = await a_class(slot)
    before = await end_of(dossier)
    await moved(slot, 30 * DAY)
    assert await end_of(dossier) == before


async def test_what_had_until_the_closing_for_its_answer_has_it_still() -> None:
    slot = await approval_slot()
    dossier = await booked(slot, BEN)
    await moved(slot, 30 * DAY)
    assert (await booking_of(dossier)).expires_at == slot.closes_at + 30 * DAY


async def test_an_offer_never_outlasts_the_new_start() -> None:
    slot, [holder] = await full_slot()
    entry = await joined(slot)
    await changes.cancel(holder)
    before, start = await deadline_of(entry), clock.now() + 3 * HOUR
    await changed(slot, starts_at=start, ends_at=start + HOUR)
    assert await deadline_of(entry) == start < before


async def test_what_was_cancelled_is_taken_back_until_the_new_start_only() -> None:
    slot = await class_slot()
    dossier = await a_class(slot)
    await changes.cancel(dossier)
    start = clock.now() + 2 * DAY
    await changed(slot, starts_at=start, ends_at=start + 2 * HOUR)
    await changes.restore(dossier)
    assert await end_of(dossier) == start


@pytest.fixture
async def _sound() -> Any:
    """Nothing that must always hold is broken after the test."""
    yield
    assert await checks.findings() == []


@pytest.mark.usefixtures("_sound")
@pytest.mark.parametrize("by", [-6 * DAY, -2 * DAY, 30 * DAY])
async def test_all_that_may_stand_in_a_slot_still_stands_when_it_is_moved(by: timedelta) -> None:
    event = await make_event(takes_classes=True, outside_school_time=True)
    slot = await make_slot(60, event=event)
    adult = replace(a_pupil(), age_band="18_plus")
    held = [await booked(slot, adult), await pending_minor(slot), await a_class(slot)]
    await changes.cancel(await booked(slot, replace(a_pupil(), age_band="18_plus")))
    await moved(slot, by)
    assert await state_of(held[0], held[1]) == ["confirmed", "pending"]
    now = await slots.load(slot.id)
    assert all(one.expires_at is None or one.expires_at <= now.starts_at for one in await Booking.objects())


# Who is told


async def test_everybody_live_is_told_once_and_nobody_else() -> None:
    slot, [holder] = await full_slot(1)
    waits = await joined(slot)
    gone = await joined(slot)
    await changes.cancel(gone)
    assert await moved(slot, DAY) == 2
    assert [len(await news_of(one)) for one in (holder, waits, gone)] == [1, 1, 0]
    [(_, before, now)] = await news_of(holder)
    assert (before, now) == (slot.starts_at.isoformat(), (slot.starts_at + DAY).isoformat())


async def test_who_is_asked_for_a_child_is_asked_anew_of_the_new_date() -> None:
    dossier = await pending_minor()
    [slot] = [one.slot for one in await held.held_by(dossier)]
    await moved(slot, DAY)
    assert await letters_to_guardian(dossier) == [("authorisation", "superseded"), ("authorisation", "due")]
    [letter] = await db.fetch(
        "SELECT facts ->> 'starts_at' AS at FROM email WHERE subject_kind = 'guardian' AND state = 'due'"
    )
    assert letter["at"] == (slot.starts_at + DAY).isoformat()


async def test_a_date_of_a_draft_is_moved_in_silence() -> None:
    event = await make_event()
    slot = await make_slot(event=event)
    await db.fetch("UPDATE event SET state = 'draft' WHERE id = $1", event.id)
    assert await moved(slot, DAY) == 0
    assert (await dates.load(slot.id)).starts_at == slot.starts_at + DAY


# What is refused


async def test_what_has_begun_or_was_called_off_is_not_changed() -> None:
    off = await make_slot(state="called_off", called_off_reason="Panne")
    with pytest.raises(WasCalledOff) as refusal:
        await moved(off, DAY)
    assert refusal.value.reason == "Panne"
    begun = await make_slot(starts_in=-HOUR)
    with pytest.raises(HasBegun) as late:
        await moved(begun, DAY)
    assert late.value.since == begun.starts_at
    with pytest.raises(UnknownSlot):
        await moving.change(uuid4(), (await plan_of(off.id))[0], 0, ADA)


async def test_no_date_is_moved_into_the_past() -> None:
    slot = await make_slot()
    with pytest.raises(PastDate):
        await moved(slot, -8 * DAY)
    assert (await dates.load(slot.id)).starts_at == slot.starts_at


async def test_two_who_edit_at_once_are_one_who_saves_and_one_who_is_told() -> None:
    slot = await make_slot()
    attempts = []
    for days in (1, 2, 3):
        plan, version = await plan_of(slot.id, starts_at=slot.starts_at + days * DAY, ends_at=slot.ends_at + days * DAY)
        attempts.append(moving.change(slot.id, plan, version, ADA))
    assert kinds(await at_once(*attempts)) == {"int": 1, "EditedMeanwhile": 2}


async def test_who_saves_an_old_version_overwrites_nothing() -> None:
    slot = await make_slot()
    plan, version = await plan_of(slot.id, capacity=3)
    await moved(slot, DAY)
    with pytest.raises(EditedMeanwhile):
        await moving.change(slot.id, plan, version, ADA)
    now = await dates.load(slot.id)
    assert (now.starts_at, now.capacity) == (slot.starts_at + DAY, slot.capacity)


async def test_who_did_something_else_to_the_date_is_not_who_edited_it() -> None:
    slot = await make_slot()
    plan, version = await plan_of(slot.id, capacity=3)
    ada, ben = [await staff.add(name, f"{name}@campus.test", "organiser", by="test") for name in ("Ada", "Ben")]
    moved_on, _ = await plan_of(slot.id, capacity=4)
    await moving.change(slot.id, moved_on, version, f"person:{ada.id}")
    await doors.open_link(slot.id, f"person:{ben.id}")
    with pytest.raises(EditedMeanwhile) as refusal:
        await moving.change(slot.id, plan, version, ADA)
    assert refusal.value.by == "Ada"


# Deleting


async def test_a_date_that_nobody_booked_is_deleted_and_people_are_kept_no_longer_than_needed() -> None:
    event = await make_event()
    with clock.at(at_paris("2026-11-01 09:00")):
        plans = [dates.Plan(at_paris(f"2026-11-{day} 14:00"), at_paris(f"2026-11-{day} 16:00"), 9) for day in (10, 24)]
        _, last = await dates.add(event.id, plans, ADA)
    await moving.delete(last, ADA)
    with pytest.raises(UnknownSlot):
        await moving.delete(last, ADA)
    assert len(await dates.of_event(event.id)) == 1
    [row] = await db.fetch("SELECT contacts_erased_on::text AS day FROM event")
    assert row["day"] == "2026-12-10"
    assert await journal_of(last) == [(ADA, "add_slot"), (ADA, "delete_slot")]


async def test_a_date_that_was_ever_booked_is_not_deleted() -> None:
    slot = await make_slot()
    await changes.cancel(await make_booking(slot))
    with pytest.raises(InUse):
        await moving.delete(slot.id, ADA)
    assert (await dates.load(slot.id)).id == slot.id


# In a crowd


async def letters_of(dossier: Dossier) -> list[str]:
    """The start that each letter about the booking tells which has not been withdrawn."""
    rows = await db.fetch(
        "SELECT facts ->> 'starts_at' AS at FROM email JOIN booking ON booking.id = subject_id"
        " WHERE booking.dossier = $1 AND email.state = 'due' ORDER BY email.id", dossier.id
    )  # fmt: skip
    return [row["at"] for row in rows]


async def book_while_it_moves(slot: BookableSlot, verb: Any) -> list[Dossier]:
    """Everybody has read the slot as it was; whoever booked."""
    plan, version = await plan_of(slot.id, starts_at=slot.starts_at + DAY, ends_at=slot.ends_at + DAY)
    attempts = [verb(slot, a_pupil()) for _ in range(6)]
    outcomes = await at_once(*attempts[:3], moving.change(slot.id, plan, version, ADA), *attempts[3:])
    return [one for one in outcomes if isinstance(one, Dossier)]


@pytest.mark.parametrize("verb", [seats.book, waiting.join])
async def test_who_books_while_the_date_is_moved_is_told_the_new_one_in_the_end(verb: Any) -> None:
    for _ in range(4):
        slot = await make_slot()
        made = await book_while_it_moves(slot, verb)
        assert len(made) == 6
        for one in made:
            assert (await letters_of(one))[-1] == (slot.starts_at + DAY).isoformat()


async def test_without_reading_the_slot_again_somebody_would_be_told_the_old_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: the version of the row is not looked at."""

    async def believes(slot: BookableSlot, _: int) -> BookableSlot:
        return slot

    slot = await make_slot()
    monkeypatch.setattr(seats, "_as_it_is", believes)
    await moved(slot, DAY)
    late = await seats.book(slot, BEN)
    assert await letters_of(late) == [slot.starts_at.isoformat()]


async def test_a_list_that_was_closed_meanwhile_takes_nobody() -> None:
    slot, class_of = await make_slot(), await class_slot()
    for one in (slot, class_of):
        await changed(one, closes_at=clock.now())
    for attempt in (seats.book(slot, BEN), waiting.join(slot, CLEO)):
        with pytest.raises(BookingClosed):
            await attempt


async def test_moving_and_cancelling_at_once_leave_one_truth() -> None:
    for first in (True, False) * 3:
        slot, [holder] = await full_slot(1)
        plan, version = await plan_of(slot.id, starts_at=slot.starts_at + DAY, ends_at=slot.ends_at + DAY)
        attempts = [moving.change(slot.id, plan, version, ADA), changes.cancel(holder)]

        outcomes = await at_once(*(attempts if first else reversed(attempts)))

        assert not [one for one in outcomes if isinstance(one, Exception)]
        assert await state_of(holder) == ["cancelled"]
        assert await news_of(holder) == []
        assert await checks.odd_bookings() == []


async def test_without_the_slot_s_lock_a_cancelled_booking_would_be_told_of_a_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: whom it concerns is read, and then the booking is cancelled."""
    slot, [holder] = await full_slot(1)
    before = {slot.id: await slots.load(slot.id)}

    async def does_not_lock(_: object) -> None:
        return None

    async def reads_slowly(*values: Any) -> list[Any]:
        found = await fetch(*values)
        if "booking.dossier, booking.slot" in values[0]:
            await asyncio.sleep(0.1)
        return found

    async def tell() -> None:
        async with db.transaction():
            await db.fetch("SET LOCAL lock_timeout = '50ms'")
            await news.tell_change([slot.id], before)

    fetch = db.fetch
    await db.fetch("UPDATE slot SET starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'")
    with monkeypatch.context() as planted:
        planted.setattr(seats, "hold", does_not_lock)
        planted.setattr(news, "EDITED", "SELECT $1::uuid[]")
        planted.setattr(db, "fetch", reads_slowly)
        await at_once(tell(), changes.cancel(holder))
    assert await state_of(holder) == ["cancelled"]
    assert len(await news_of(holder)) == 1


async def test_nothing_of_a_moved_date_is_overdue_for_the_worker() -> None:
    slot = await class_slot()
    await a_class(slot)
    start = clock.now() + 2 * DAY
    await changed(slot, starts_at=start, ends_at=start + 2 * HOUR)
    with clock.at(start + HOUR):
        assert await lapses.expire() == 1
        assert await worker._tidy() == []
