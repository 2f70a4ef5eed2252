"""Checking in: a tap is noted once, with the time of the first; classes are counted; codes find who they mean."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from service import clock, db
from service.attendance import check_in, passes, presence
from service.attendance.check_in import MoreThanBooked, NotExpected, NotOnTheList, Seen, StillWaiting
from service.attendance.days import DoorNotOpen, DoorOver
from service.bookings import changes, waiting
from service.bookings.plans import Party
from service.events import slots
from service.events.slots import CalledOff, UnknownSlot
from service.limits.keys import Key
from tests.attendance.harness import (
    ADA,
    AFTERNOON,
    BEN_AT_DOOR,
    DAY,
    MINUTE,
    class_at_door,
    door_slot,
    id_of,
    later,
    noted,
    told,
)
from tests.bookings.harness import at_once, kinds
from tests.makers import BEN, CLEO, a_pupil, at_paris, make_booking, make_event, make_slot


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


# One person


async def test_a_tap_makes_present_and_a_second_one_keeps_the_first_s_time() -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    first = await check_in.mark_present(slot.id, booking, ADA)
    with later(5 * MINUTE):
        second = await check_in.mark_present(slot.id, booking, BEN_AT_DOOR)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.noted_at == second.noted_at
    assert await noted(slot) == [(1, ADA)]
    assert await told(booking) == ["check_in"]


async def test_undo_takes_the_tap_back_and_twice_is_once() -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    await check_in.mark_present(slot.id, booking, ADA)
    for _ in range(2):
        await check_in.undo(slot.id, booking, ADA)
    assert await noted(slot) == []
    assert await presence.came(booking) is None
    assert await told(booking) == ["check_in", "undo_check_in"]


async def test_the_journal_says_who_tapped_and_names_nobody() -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot, CLEO))
    await check_in.mark_present(slot.id, booking, ADA)
    [line] = await db.fetch("SELECT actor, subject_kind, facts FROM journal WHERE verb = 'check_in'")
    assert (line["actor"], line["subject_kind"], line["facts"]) == (ADA, "booking", '{"people": 1}')


async def test_who_cancelled_is_refused_with_the_moment_and_who_waits_with_the_list() -> None:
    slot, full = await door_slot(), await door_slot(1)
    gone = await make_booking(slot, BEN)
    await make_booking(full, a_pupil())
    with clock.at(AFTERNOON - DAY):
        queued = await waiting.join(await slots.load(full.id), CLEO)
    await changes.cancel(gone)
    with pytest.raises(StillWaiting):
        await check_in.mark_present(full.id, await id_of(queued), ADA)
    with pytest.raises(NotExpected) as refused:
        await check_in.mark_present(slot.id, await id_of(gone), ADA)
    assert abs(refused.value.since - clock.now()) < MINUTE
    assert (await noted(slot), await noted(full)) == ([], [])


async def test_who_cancelled_after_being_seen_can_still_be_taken_back() -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    booking = await id_of(dossier)
    await check_in.mark_present(slot.id, booking, ADA)
    await changes.cancel(dossier)
    await check_in.undo(slot.id, booking, ADA)
    assert await noted(slot) == []


async def test_a_booking_of_another_slot_is_not_on_this_list() -> None:
    here, elsewhere = await door_slot(), await door_slot()
    booking = await id_of(await make_booking(elsewhere))
    for unknown in (booking, uuid4()):
        with pytest.raises(NotOnTheList):
            await check_in.mark_present(here.id, unknown, ADA)


@pytest.mark.parametrize(
    ("moment", "refusal"),
    [
        ("2031-11-23 23:59", DoorNotOpen),
        ("2031-11-24 00:00", None),
        ("2031-11-25 23:59", None),
        ("2031-11-26 00:00", DoorOver),
    ],
)
async def test_the_door_is_open_from_the_day_s_first_minute_to_the_end_of_the_next(
    moment: str, refusal: type[Exception] | None
) -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    with clock.at(at_paris(moment)):
        if refusal is None:
            assert (await check_in.mark_present(slot.id, booking, ADA)).is_new
        else:
            with pytest.raises(refusal):
                await check_in.mark_present(slot.id, booking, ADA)


async def test_the_day_ends_at_midnight_also_when_the_clocks_change() -> None:
    slot = await make_slot(starts_at=at_paris("2031-10-25 14:00"))  # the night after, three is two once more
    with clock.at(at_paris("2031-10-25 13:00")):
        booking = await id_of(await make_booking(slot))
    with clock.at(at_paris("2031-10-26 23:59")):
        assert (await check_in.mark_present(slot.id, booking, ADA)).is_new
    with clock.at(at_paris("2031-10-27 00:00")), pytest.raises(DoorOver):
        await check_in.mark_present(slot.id, booking, ADA)


async def test_a_date_that_is_called_off_or_a_draft_has_no_door() -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", slot.id)
    with pytest.raises(CalledOff):
        await check_in.mark_present(slot.id, booking, ADA)
    await db.fetch("UPDATE event SET state = 'draft' WHERE id = $1", slot.event_id)
    with pytest.raises(UnknownSlot):
        await check_in.mark_present(slot.id, booking, ADA)


# A class


async def test_a_class_is_counted_up_and_down_but_never_beyond_its_seats() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    assert (await check_in.count_class(slot.id, booking, 26, ADA)).people == 26
    assert (await check_in.step(slot.id, booking, 2, ADA)).people == 28
    with pytest.raises(MoreThanBooked) as refused:
        await check_in.step(slot.id, booking, 1, ADA)
    assert refused.value.seats == 28
    assert (await check_in.step(slot.id, booking, -40, ADA)).people == 0
    assert await noted(slot) == []


async def test_all_of_a_class_are_there_with_one_tap_also_when_some_were_counted() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    await check_in.step(slot.id, booking, 3, ADA)
    seen = await check_in.mark_present(slot.id, booking, BEN_AT_DOOR)
    assert (seen.people, seen.is_new, seen.is_group) == (28, True, True)
    assert await noted(slot) == [(28, BEN_AT_DOOR)]


async def test_a_tap_whose_answer_was_lost_counts_once_when_it_is_sent_again() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    key = Key.of("one tap", {})
    for _ in range(2):
        await check_in.step(slot.id, booking, 3, ADA, key=key)
    assert await noted(slot) == [(3, ADA)]
    assert await told(booking) == ["count_at_door"]


async def test_a_refused_tap_does_not_use_up_its_key() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    key = Key.of("one tap", {})
    with pytest.raises(MoreThanBooked):
        await check_in.step(slot.id, booking, 29, ADA, key=key)
    assert (await check_in.step(slot.id, booking, 1, ADA, key=key)).people == 1


# Codes


@pytest.mark.parametrize("spelt", ["{}", " {} ", "lower", "without a dash", "with a blank"])
async def test_a_typed_code_finds_its_booking_however_it_is_spelt(spelt: str) -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    spellings = {"lower": dossier.code.lower(), "without a dash": dossier.code.replace("-", "")}
    spellings["with a blank"] = dossier.code.replace("-", " ")
    seen = await check_in.by_code(slot.id, spellings.get(spelt) or spelt.format(dossier.code), ADA)
    assert (seen.booking, seen.is_new) == (await id_of(dossier), True)


async def test_a_scanned_code_is_the_one_of_the_booking_page_and_a_second_scan_shows_the_first_s_time() -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    first = await check_in.by_code(slot.id, passes.of(booking), ADA)
    with later(MINUTE):
        second = await check_in.by_code(slot.id, passes.of(booking).lower(), BEN_AT_DOOR)
    assert (first.is_new, second.is_new, second.noted_at) == (True, False, first.noted_at)


async def test_a_pass_says_nothing_of_its_booking() -> None:
    booking = uuid4()
    assert passes.of(booking).startswith("PASSERELLE:")
    assert len(passes.of(booking)) == len("PASSERELLE:") + 32
    assert booking.hex.upper() not in passes.of(booking)
    assert passes.meant_by(passes.of(booking), [uuid4(), booking, uuid4()]) == booking


@pytest.mark.parametrize(
    "code",
    ["", "-", "AAA-AAA", "PASSERELLE:", "PASSERELLE:" + "A" * 32, "É" * 7, "'; DROP", "９９９-９９９", "x" * 100],
)
async def test_a_forged_code_finds_nobody(code: str) -> None:
    slot = await door_slot()
    await make_booking(slot)
    with pytest.raises(NotOnTheList):
        await check_in.by_code(slot.id, code, ADA)
    assert await noted(slot) == []


async def test_the_codes_of_another_slot_open_nothing_here() -> None:
    here, elsewhere = await door_slot(), await door_slot()
    dossier = await make_booking(elsewhere)
    for code in (dossier.code, passes.of(await id_of(dossier))):
        with pytest.raises(NotOnTheList):
            await check_in.by_code(here.id, code, ADA)


async def test_a_cancelled_pass_is_refused_as_such() -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    await changes.cancel(dossier)
    for code in (dossier.code, passes.of(await id_of(dossier))):
        with pytest.raises(NotExpected):
            await check_in.by_code(slot.id, code, ADA)


async def test_the_code_of_a_class_finds_it_and_counts_nobody() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    seen = await check_in.by_code(slot.id, passes.of(booking), ADA)
    assert (seen.booking, seen.is_group, seen.is_new, seen.people) == (booking, True, False, 0)
    assert await noted(slot) == []


# Two phones at once


async def test_two_phones_that_tap_the_same_person_note_one_arrival() -> None:
    slot = await door_slot()
    for _ in range(5):
        booking = await id_of(await make_booking(slot, a_pupil()))
        outcomes = await at_once(*(check_in.mark_present(slot.id, booking, by) for by in (ADA, BEN_AT_DOOR) * 5))
        assert kinds(outcomes) == {"Seen": 10}
        assert sum(one.is_new for one in outcomes) == 1
        [first] = [one for one in outcomes if one.is_new]
        assert {one.noted_at for one in outcomes} == {first.noted_at}
        assert await told(booking) == ["check_in"]


async def test_a_tap_that_overwrites_would_lose_the_first_s_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the statement without the condition that who was first stays."""
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    monkeypatch.setattr(check_in, "ARRIVE", check_in.ARRIVE.replace("WHERE presence.people < $3", ""))
    outcomes = await at_once(*(check_in.mark_present(slot.id, booking, by) for by in (ADA, BEN_AT_DOOR) * 5))
    assert sum(one.is_new for one in outcomes) > 1


async def test_a_look_before_the_lock_would_fail_the_second_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: who looks whether somebody is there, and then inserts."""
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    looked = "INSERT INTO presence (id, slot, booking, walk_in_name, people, noted_at, noted_by)"
    looked += " VALUES (gen_random_uuid(), $1, $2, '', $3, $4, $5) RETURNING 1"
    monkeypatch.setattr(check_in, "ARRIVE", looked)
    outcomes = await at_once(*(check_in.mark_present(slot.id, booking, by) for by in (ADA, BEN_AT_DOOR)))
    assert kinds(outcomes) == {"Seen": 1, "UniqueViolationError": 1}


async def test_of_a_tap_and_an_undo_at_once_the_journal_tells_how_it_ended() -> None:
    slot = await door_slot()
    for turn in range(8):
        booking = await id_of(await make_booking(slot, a_pupil()))
        await check_in.mark_present(slot.id, booking, ADA)
        both: list[Any] = [check_in.undo(slot.id, booking, ADA), check_in.mark_present(slot.id, booking, BEN_AT_DOOR)]
        outcomes = await at_once(*(both if turn % 2 else reversed(both)))
        assert [one for one in outcomes if isinstance(one, Exception)] == []
        rows = await db.fetch("SELECT people FROM presence WHERE booking = $1", booking)
        assert (await told(booking))[-1] == ("check_in" if rows else "undo_check_in")


async def test_two_helpers_who_let_pupils_in_count_together() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    outcomes = await at_once(*(check_in.step(slot.id, booking, 1, by) for by in (ADA, BEN_AT_DOOR) * 6))
    assert kinds(outcomes) == {"Seen": 12}
    assert sorted(one.people for one in outcomes) == list(range(1, 13))
    assert [people for people, _ in await noted(slot)] == [12]


async def test_without_the_slot_s_lock_one_helper_would_wipe_out_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: both read the number, and both write theirs."""
    slot = await door_slot()
    booking = await class_at_door(slot)
    holds = check_in._hold

    async def reads_early(slot_id: UUID, booking_id: UUID) -> Any:
        one = await holds(slot_id, booking_id)
        await asyncio.sleep(0.05)
        return one

    async def locks_nothing(slot_id: UUID) -> None:
        await slots.load(slot_id)

    monkeypatch.setattr(check_in, "hold_open", locks_nothing)
    monkeypatch.setattr(check_in, "_hold", reads_early)
    await at_once(*(check_in.step(slot.id, booking, 1, by) for by in (ADA, BEN_AT_DOOR)))
    assert [people for people, _ in await noted(slot)] == [1]


async def test_one_tap_sent_ten_times_at_once_counts_once() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    key = Key.of("one tap", {})
    outcomes = await at_once(*(check_in.step(slot.id, booking, 2, ADA, key=key) for _ in range(10)))
    assert kinds(outcomes) == {"Seen": 10}
    assert await noted(slot) == [(2, ADA)]


async def test_without_its_key_a_tap_sent_twice_would_count_twice() -> None:
    """The negative control."""
    slot = await door_slot()
    booking = await class_at_door(slot)
    await at_once(*(check_in.step(slot.id, booking, 2, ADA) for _ in range(2)))
    assert await noted(slot) == [(4, ADA)]


async def test_whole_numbers_from_two_phones_end_as_the_last_one() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot)
    outcomes = await at_once(*(check_in.count_class(slot.id, booking, people, ADA) for people in (20, 24)))
    assert kinds(outcomes) == {"Seen": 2}
    [(people, _)] = await noted(slot)
    facts = await db.fetch("SELECT facts FROM journal WHERE verb = 'count_at_door' ORDER BY id DESC LIMIT 1")
    assert f'"people": {people}' in facts[0]["facts"]


async def test_cancelling_and_tapping_at_once_is_one_after_the_other() -> None:
    slot = await door_slot()
    for _ in range(5):
        dossier = await make_booking(slot, a_pupil())
        booking = await id_of(dossier)
        cancelled, seen = await at_once(changes.cancel(dossier), check_in.mark_present(slot.id, booking, ADA))
        assert cancelled is None
        assert isinstance(seen, NotExpected | Seen)


async def test_a_class_of_one_is_tapped_like_a_person() -> None:
    slot = await door_slot()
    booking = await class_at_door(slot, Party(1, 0), "ULIS")
    seen = await check_in.mark_present(slot.id, booking, ADA)
    assert (seen.people, seen.is_group) == (1, False)


async def test_a_slot_of_the_evening_is_open_until_the_end_of_the_next_day() -> None:
    event = await make_event()
    starts = at_paris("2031-11-24 22:00")
    slot = await make_slot(event=event, starts_at=starts, ends_at=starts + timedelta(hours=4))
    booking = await id_of(await make_booking(slot))
    with clock.at(at_paris("2031-11-26 23:59")):
        assert (await check_in.mark_present(slot.id, booking, ADA)).is_new
