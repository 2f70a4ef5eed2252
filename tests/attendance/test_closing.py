"""Closing the door marks the absent, and nobody else; it can be taken back."""

from collections.abc import Iterator

import pytest

from service import clock, db
from service.attendance import arrivals, check_in, closing, presence
from service.attendance.closing import NotBegun
from service.bookings import changes, waiting
from service.events import slots
from service.events.slots import CalledOff
from tests.attendance.harness import ADA, AFTERNOON, BEN_AT_DOOR, DAY, STARTS, class_at_door, door_slot, id_of, told
from tests.bookings.harness import at_once
from tests.makers import BEN, CLEO, a_pupil, make_booking


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


async def test_who_was_expected_and_not_seen_is_absent() -> None:
    slot = await door_slot()
    ben, cleo = [await id_of(await make_booking(slot, who)) for who in (BEN, CLEO)]
    gone = await make_booking(slot, a_pupil())
    await changes.cancel(gone)
    await class_at_door(slot, label="2de 4")
    await check_in.mark_present(slot.id, ben, ADA)
    with clock.at(STARTS):
        assert await closing.close(slot.id, ADA) == 2
        assert await closing.close(slot.id, ADA) == 0
    assert [await presence.came(one) for one in (ben, cleo, await id_of(gone))] == [True, False, False]
    door = await arrivals.at_door(slot.id)
    assert (door.here, door.absent, door.closed_at is not None) == (1, 2, True)
    assert await told(slot.id) == ["close_door"]


async def test_who_waits_is_nobody_s_absentee() -> None:
    slot = await door_slot(1)
    await make_booking(slot, BEN)
    with clock.at(AFTERNOON - DAY):
        await waiting.join(await slots.load(slot.id), CLEO)
    with clock.at(STARTS):
        assert await closing.close(slot.id, ADA) == 1


async def test_when_nobody_came_that_is_known_too() -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    with clock.at(STARTS):
        await closing.close(slot.id, ADA)
    assert (await presence.came(booking), await presence.people_at(slot.event_id)) == (False, 0)


async def test_whoever_comes_late_is_present_and_who_is_taken_back_then_is_absent() -> None:
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    with clock.at(STARTS):
        await closing.close(slot.id, ADA)
        assert (await check_in.mark_present(slot.id, booking, BEN_AT_DOOR)).is_new
        assert await presence.came(booking) is True
        await check_in.undo(slot.id, booking, BEN_AT_DOOR)
    assert await presence.came(booking) is False


async def test_reopening_takes_the_marks_back_and_no_presence() -> None:
    slot = await door_slot()
    ben, cleo = [await id_of(await make_booking(slot, who)) for who in (BEN, CLEO)]
    await check_in.mark_present(slot.id, ben, ADA)
    with clock.at(STARTS):
        await closing.close(slot.id, ADA)
        for _ in range(2):
            await closing.reopen(slot.id, ADA)
    rows = await db.fetch("SELECT booking, people FROM presence")
    assert [(row["booking"], row["people"]) for row in rows] == [(ben, 1)]
    assert await presence.came(cleo) is False
    assert await told(slot.id) == ["close_door", "reopen_door"]


async def test_nobody_is_absent_before_the_start_nor_from_what_does_not_take_place() -> None:
    slot = await door_slot()
    with pytest.raises(NotBegun) as refused:
        await closing.close(slot.id, ADA)
    assert refused.value.opens_at == slot.starts_at
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", slot.id)
    with clock.at(STARTS), pytest.raises(CalledOff):
        await closing.close(slot.id, ADA)


async def test_it_can_be_closed_long_after() -> None:
    slot = await door_slot()
    await make_booking(slot)
    with clock.at(STARTS + 9 * DAY):
        assert await closing.close(slot.id, ADA) == 1


async def test_closing_and_tapping_at_once_leaves_who_came_present() -> None:
    slot = await door_slot()
    booked = [await id_of(await make_booking(slot, a_pupil())) for _ in range(6)]
    with clock.at(STARTS):
        taps = [check_in.mark_present(slot.id, one, ADA) for one in booked[:3]]
        await at_once(*taps, closing.close(slot.id, ADA), closing.close(slot.id, BEN_AT_DOOR))
    assert [await presence.came(one) for one in booked] == [True] * 3 + [False] * 3


async def test_marking_absent_whoever_was_noted_would_lose_who_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the statement that writes over what a phone noted."""
    slot = await door_slot()
    booking = await id_of(await make_booking(slot))
    overwriting = closing.MARK_ABSENT.replace("DO NOTHING", "DO UPDATE SET people = 0")
    monkeypatch.setattr(closing, "MARK_ABSENT", overwriting)
    await check_in.mark_present(slot.id, booking, ADA)
    with clock.at(STARTS):
        await closing.close(slot.id, ADA)
    assert await presence.came(booking) is False
