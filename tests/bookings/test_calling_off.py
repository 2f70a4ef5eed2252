"""Calling off a date or an event: all of it ends for good, everybody is told why, and nothing comes back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from service import clock, db, worker
from service.bookings import (
    calling_off,
    changes,
    groups,
    held,
    news_emails,
    numbers,
    offers,
    options,
    pending,
    seats,
    waiting,
)
from service.bookings.changes import TooLateToRestore
from service.bookings.moving import HasBegun
from service.bookings.options import OptionOver
from service.bookings.pending import AuthorisationOver, NothingPending
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.seats import AlreadyBooked
from service.bookings.tables import LIVE, Booking
from service.bookings.waiting import OfferOver
from service.events import dates, details, slots
from service.events.dates import Plan
from service.events.details import UnknownEvent
from service.events.slots import BookableSlot, CalledOff, UnknownSlot
from service.mail.tables import Email
from service.operations import checks
from tests.bookings.classes import TEACHER, a_class, class_event, class_slot, has, over
from tests.bookings.harness import (
    at_once,
    booked,
    booking_of,
    calendar_of,
    invitations_of,
    journal_of,
    kinds,
    letters_about,
    mail_goes_out,
    text_of,
)
from tests.bookings.minors import approval_slot, letters_to_guardian, pending_minor
from tests.bookings.news import ADA, DAY, moved
from tests.bookings.queues import full_slot, joined, state_of
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_slot
from tests.visits import counted

WHY = "panne de four"


@pytest.fixture(autouse=True)
async def _sound() -> Any:
    """Nothing that must always hold is broken after any of these tests."""
    yield
    assert await checks.broken_rules() == []


async def live_in(slot_id: UUID) -> int:
    return int(await Booking.count().where(Booking.slot == slot_id, Booking.state.is_in(list(LIVE))))


async def test_all_that_is_live_ends_for_good_and_its_seats_are_counted_as_free() -> None:
    event = await make_event(takes_classes=True, outside_school_time=True)
    slot = await make_slot(40, event=event)
    adult = await booked(slot, replace(BEN, age_band="18_plus"))
    minor = await pending_minor(slot)
    class_ = await a_class(slot)
    full, [holder] = await full_slot(1)
    offered, waits = await joined(full), await joined(full)
    await changes.cancel(holder)
    for one in (slot, full):
        await calling_off.call_off_slot(one.id, WHY, ADA)
    assert await state_of(adult, minor, class_, offered, waits) == ["cancelled"] * 5
    assert {(await booking_of(one)).ended_by for one in (adult, minor, class_, offered, waits)} == {"organiser"}
    for one in (slot, full):
        now = await slots.load(one.id)
        assert (now.state, now.reason, now.seats_waiting, now.shares.free) == ("called_off", WHY, 0, one.capacity)
        assert (ADA, "call_off") in await journal_of(one.id)
    assert (ADA, "call_off") in await journal_of((await booking_of(adult)).id)


async def test_everybody_is_told_once_with_the_reason_and_calendars_are_cleared(tmp_path: Path) -> None:
    slot, [holder] = await full_slot(1)
    await mail_goes_out(tmp_path)
    waits = await joined(slot, replace(CLEO, language="en"))

    assert await calling_off.call_off_slot(slot.id, WHY, ADA) == 2

    arrived = {one["To"].addresses[0].addr_spec: one for one in await mail_goes_out(tmp_path)}
    entry = calendar_of(arrived[holder.email])
    assert (entry["METHOD"], entry["SEQUENCE"], entry["COMMENT"]) == ("CANCEL", "1", WHY)
    assert calendar_of(arrived[waits.email]) == {}
    assert f"This date is called off: {WHY}" in text_of(arrived[waits.email])
    assert await invitations_of(holder) == [(holder.email, 1, True)]
    assert [letter[:2] for letter in await letters_about(waits)] == [("waiting", "superseded"), ("called_off", "sent")]


async def test_what_never_reached_a_calendar_is_not_taken_out_of_it(tmp_path: Path) -> None:
    slot = await make_slot()
    await make_booking(slot, replace(BEN, language="en"))
    await calling_off.call_off_slot(slot.id, WHY, ADA)
    [told] = await mail_goes_out(tmp_path)
    assert calendar_of(told) == {}
    assert "attached" not in text_of(told)


async def test_the_letter_names_the_other_dates_that_have_seats_or_the_agenda(tmp_path: Path) -> None:
    event = await make_event(takes_classes=True, slug="verrerie")
    off, free, full = [await make_slot(1, event=event, starts_in=days * DAY) for days in (7, 8, 9)]
    await make_booking(full, a_pupil())
    who = await make_booking(off, replace(BEN, language="en"))
    await mail_goes_out(tmp_path)
    await calling_off.call_off_slot(off.id, WHY, ADA)
    [told] = await mail_goes_out(tmp_path)
    said = text_of(told)
    assert ("Other dates of this event have seats" in said, said.count("\n- ")) == (True, 1)
    assert "https://agenda.campus.test/events/verrerie?lang=en" in said

    await booked(free, replace(who_else := CLEO, language="en"))
    await mail_goes_out(tmp_path)
    await calling_off.call_off_slot(free.id, WHY, ADA)
    [told] = await mail_goes_out(tmp_path)
    assert who_else.email in str(told["To"])
    assert "https://agenda.campus.test/?lang=en" in text_of(told)
    assert who.code not in text_of(told)


async def test_a_parent_who_was_asked_is_asked_no_more() -> None:
    minor = await pending_minor()
    [booked] = await held.held_by(minor)
    await calling_off.call_off_slot(booked.slot.id, WHY, ADA)
    assert await letters_to_guardian(minor) == [("authorisation", "superseded")]


async def test_who_has_no_address_is_ended_in_silence() -> None:
    slot = await make_slot()
    silent = await make_booking(slot)
    await db.fetch("UPDATE dossier SET email = '', email_key = '' WHERE id = $1", silent.id)
    await db.fetch("UPDATE booking SET email_key = '' WHERE dossier = $1", silent.id)
    await db.fetch("DELETE FROM invitation")
    assert await calling_off.call_off_slot(slot.id, WHY, ADA) == 0
    assert await state_of(silent) == ["cancelled"]
    assert await Email.count().where(Email.letter == "called_off") == 0


# Classes


async def test_a_class_of_several_dates_is_told_of_each_that_was_called_off_in_a_letter_of_its_own(
    tmp_path: Path,
) -> None:
    event = await class_event(option_days=None)
    chosen = [await make_slot(40, event=event, starts_in=timedelta(weeks=weeks)) for weeks in (2, 3, 4)]
    dossier = await over(chosen, Party(12, 1), Party(10, 1), Party(6, 1))
    await mail_goes_out(tmp_path)
    await calling_off.call_off_slot(chosen[0].id, WHY, ADA)
    [told] = await mail_goes_out(tmp_path)
    assert calendar_of(told)["METHOD"] == "CANCEL"
    assert [state for state, *_ in await has(dossier)] == ["cancelled", "confirmed", "confirmed"]
    assert await calling_off.call_off_event(event.id, WHY, ADA) == 2
    letters = await mail_goes_out(tmp_path)
    assert [calendar_of(one)["METHOD"] for one in letters] == ["CANCEL", "CANCEL"]


async def test_of_what_a_class_holds_and_of_its_rest_that_waits_there_is_one_letter() -> None:
    slot = await class_slot(40, option_days=None)
    others = [await make_booking(slot, a_pupil()) for _ in range(9)]
    dossier = await a_class(slot, later=Party(5, 0))
    assert await calling_off.call_off_slot(slot.id, WHY, ADA) == 1 + len(others)
    assert [state for state, *_ in await has(dossier)] == ["cancelled", "cancelled"]
    [letter] = await Email.objects().where(Email.letter == "called_off", Email.recipient == TEACHER.email)
    assert letter.method == "CANCEL"


async def test_the_unsent_summary_of_a_class_leaves_out_what_was_called_off() -> None:
    event = await class_event()
    chosen = [await make_slot(40, event=event, starts_in=timedelta(weeks=weeks)) for weeks in (2, 3)]
    await over(chosen, Party(12, 1), Party(10, 1))
    await calling_off.call_off_slot(chosen[0].id, WHY, ADA)
    [summary] = await db.fetch("SELECT facts FROM email WHERE letter = 'class' AND state = 'due'")
    assert chosen[1].starts_at.isoformat() in summary["facts"]
    assert chosen[0].starts_at.isoformat() not in summary["facts"]
    await calling_off.call_off_slot(chosen[1].id, WHY, ADA)
    assert await Email.count().where(Email.letter == "class", Email.state == "due") == 0


# Nothing comes back


async def test_nothing_is_offered_restored_confirmed_or_counted_any_more() -> None:
    slot, [holder, other] = await full_slot(2)
    entry = await joined(slot)
    await changes.cancel(other)
    class_of, approved = await class_slot(), await approval_slot()
    class_, awaits, minor = await a_class(class_of), await booked(approved, a_pupil()), await pending_minor()
    evening = (await held.held_by(minor))[0].slot
    for one in (slot, class_of, approved, evening):
        await calling_off.call_off_slot(one.id, WHY, ADA)
    before = await Email.count()
    attempts = [
        (changes.restore(other), CalledOff),
        (changes.restore(holder), TooLateToRestore),
        (offers.accept(entry), OfferOver),
        (offers.rejoin(entry), OfferOver),
        (options.confirm(class_), OptionOver),
        (numbers.change(class_, class_of.id, Party(5, 1)), numbers.NothingToCount),
        (pending.authorise(minor), AuthorisationOver),
        (pending.approve((await booking_of(awaits)).id, ADA), NothingPending),
        (seats.book(await slots.load(slot.id), a_pupil()), CalledOff),
        (waiting.join(await slots.load(slot.id), a_pupil()), CalledOff),
    ]
    for attempt, refusal in attempts:
        with pytest.raises(refusal):
            await attempt
    with clock.at(clock.now() + 6 * DAY):
        assert await worker._tidy() == []
    assert await Email.count() == before


async def test_calling_off_twice_is_done_once() -> None:
    slot = await make_slot()
    await make_booking(slot)
    assert [await calling_off.call_off_slot(slot.id, why, ADA) for why in (WHY, "autre chose")] == [1, 0]
    assert (await slots.load(slot.id)).reason == WHY
    assert [await calling_off.call_off_event(slot.event_id, WHY, ADA) for _ in "12"] == [0, 0]
    assert (await journal_of(slot.event_id)).count((ADA, "call_off")) == 1


async def test_what_has_begun_or_is_a_draft_is_not_called_off() -> None:
    begun = await make_slot(starts_in=timedelta(hours=-1))
    with pytest.raises(HasBegun):
        await calling_off.call_off_slot(begun.id, WHY, ADA)
    draft = await make_event(state="draft")
    for attempt in (calling_off.call_off_event(draft.id, WHY, ADA), calling_off.call_off_event(uuid4(), WHY, ADA)):
        with pytest.raises(UnknownEvent):
            await attempt
    with pytest.raises(UnknownSlot):
        await calling_off.call_off_slot(uuid4(), WHY, ADA)


# A whole event


async def test_an_event_is_called_off_with_all_that_is_to_come_and_what_took_place_stays(tmp_path: Path) -> None:
    event = await make_event(slug="verrerie")
    past, first, second = [await make_slot(event=event, starts_in=days * DAY) for days in (1, 7, 8)]
    came = await make_booking(past, BEN)
    to_come = [await make_booking(slot, a_pupil()) for slot in (first, second)]
    await mail_goes_out(tmp_path)
    with clock.at(clock.now() + 2 * DAY):
        assert await calling_off.call_off_event(event.id, WHY, ADA) == 2
        assert await state_of(came, *to_come) == ["confirmed", "cancelled", "cancelled"]
        page = await details.event_page("verrerie")
        assert (page.state, [one.status for one in page.slots]) == ("called_off", ["over", "called_off", "called_off"])
        assert not (await slots.load(past.id)).is_called_off
        for letter in await mail_goes_out(tmp_path):
            assert calendar_of(letter)["METHOD"] == "CANCEL"


# In a crowd


async def nobody_is_left_in(slot: BookableSlot, attempts: list[Any]) -> list[Any]:
    """Somebody calls the date off in the midst of these; who booked first was told, and nobody is live."""
    half = len(attempts) // 2
    crowd = [*attempts[:half], calling_off.call_off_slot(slot.id, WHY, ADA), *attempts[half:]]
    outcomes = await at_once(*crowd)
    assert await live_in(slot.id) == 0
    assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, CalledOff)] == []
    return outcomes


async def test_whoever_books_while_the_date_is_called_off_is_refused_or_told() -> None:
    for verb in (seats.book, waiting.join) * 2:
        slot = await make_slot()
        outcomes = await nobody_is_left_in(slot, [verb(slot, a_pupil()) for _ in range(8)])
        told = await Email.count().where(Email.letter == "called_off")
        assert told == kinds(outcomes)["Dossier"]
        await db.fetch("DELETE FROM email")


async def test_a_class_that_books_while_the_date_is_called_off_is_refused_or_told() -> None:
    for _ in range(4):
        slot = await class_slot(200)
        who = [replace(TEACHER, class_label=f"2de {n}", email=f"prof{n}@exemple.test") for n in range(4)]
        await nobody_is_left_in(slot, [groups.book([Part(slot.id, Party(10, 1), NOBODY)], one) for one in who])


async def test_without_the_state_in_the_statement_somebody_would_hold_a_seat_of_what_was_called_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: the statement that takes seats does not look, and the version is not compared."""
    slot = await make_slot()

    async def believes(slot: BookableSlot, _: int) -> BookableSlot:
        return slot

    planted = seats.TAKE.replace(" AND state = 'open'", "")
    assert planted != seats.TAKE
    await calling_off.call_off_slot(slot.id, WHY, ADA)
    with monkeypatch.context() as patch:
        patch.setattr(seats, "_as_it_is", believes)
        with pytest.raises(CalledOff):
            await seats.book(slot, BEN)
        patch.setattr(seats, "TAKE", planted)
        await seats.book(slot, BEN)
    assert await live_in(slot.id) == 1


async def test_calling_off_and_cancelling_at_once_frees_each_seat_once() -> None:
    for first in (True, False) * 3:
        slot, holders = await full_slot(3)
        attempts = [calling_off.call_off_slot(slot.id, WHY, ADA), *(changes.cancel(one) for one in holders)]
        outcomes = await at_once(*(attempts if first else reversed(attempts)))
        assert not [one for one in outcomes if isinstance(one, Exception)]
        assert await state_of(*holders) == ["cancelled"] * 3
        for one in holders:
            letters = [letter for letter, state, *_ in await letters_about(one) if state == "due"]
            assert letters in (["called_off"], ["cancellation"], ["cancellation", "called_off"])


async def test_calling_off_moving_and_classes_over_the_same_dates_never_wait_for_each_other() -> None:
    for _ in range(3):
        event = await class_event()
        chosen = [await make_slot(60, event=event, starts_in=timedelta(weeks=weeks)) for weeks in (2, 3, 4)]
        made = [await a_class_over(chosen, f"2de {number}") for number in range(4)]
        outcomes = await at_once(
            *(changes.cancel(one) for one in made[:2]),
            *(moved(one, DAY) for one in chosen[:2]),
            calling_off.call_off_event(event.id, WHY, ADA),
            *(options.confirm(one) for one in made[2:]),
        )
        failed = {type(one).__name__ for one in outcomes if isinstance(one, Exception)}
        assert failed <= {"WasCalledOff", "OptionOver", "CalledOff", "EditedMeanwhile"}
        assert [await live_in(one.id) for one in chosen] == [0, 0, 0]


async def a_class_over(chosen: list[BookableSlot], label: str) -> Any:
    who = replace(TEACHER, class_label=label, email=f"{label[-1]}@lycee.test")
    return await groups.book([Part(slot.id, Party(8, 1)) for slot in chosen], who)


# How much it takes


async def test_three_hundred_bookings_cost_their_letters_and_no_more() -> None:
    found = []
    for people in (1, 31):
        slot = await make_slot(400)
        for _ in range(people):
            await make_booking(slot, a_pupil())
        with counted() as statements:
            assert await calling_off.call_off_slot(slot.id, WHY, ADA) == people
        found.append(len(statements))
    assert found[1] - found[0] == 30


async def test_a_failure_in_the_midst_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    slot = await make_slot()
    made = [await make_booking(slot, a_pupil()) for _ in range(3)]

    async def breaks(*_: Any, **__: Any) -> None:
        await asyncio.sleep(0)
        raise AlreadyBooked([])

    with monkeypatch.context() as planted:
        planted.setattr(news_emails, "say_called_off", breaks)
        with pytest.raises(AlreadyBooked):
            await calling_off.call_off_slot(slot.id, WHY, ADA)
    assert await state_of(*made) == ["confirmed"] * 3
    assert not (await slots.load(slot.id)).is_called_off


async def test_a_date_that_is_added_while_its_event_is_called_off_does_not_stay() -> None:
    for _ in range(4):
        first = await make_slot()
        plan = Plan(clock.now() + DAY, clock.now() + 2 * DAY, 9)
        outcomes = await at_once(
            calling_off.call_off_event(first.event_id, WHY, ADA),
            *(dates.add(first.event_id, [plan], ADA) for _ in "12"),
        )
        assert set(kinds(outcomes)) <= {"int", "list", "EventCalledOff"}
        assert [one.state for one in await dates.of_event(first.event_id) if one.state == "open"] == []
