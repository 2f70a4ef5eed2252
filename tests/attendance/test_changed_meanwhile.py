"""What was noted at the door, and the office changes what it was noted of: nobody was where nothing took place."""

from datetime import timedelta

import pytest

from service import clock
from service.attendance import arrivals, certificates, check_in, walk_ins
from service.attendance.certificates import NoPresence
from service.bookings import by_hand, calling_off, moves, numbers
from service.bookings.numbers import Terms
from service.bookings.plans import Party
from service.events.slots import BookableSlot
from service.events.tables import Event
from tests.attendance.harness import ADA, AFTERNOON, DAY, ENDS, HOUR, class_at_door, door_slot, id_of, later, noted
from tests.bookings.news import moved
from tests.bookings.offices import added
from tests.makers import make_booking, make_slot


async def two_dates(apart: timedelta = DAY) -> tuple[BookableSlot, BookableSlot]:
    """This afternoon, and another date of the same event."""
    today = await door_slot()
    event = await Event.objects().get(Event.id == today.event_id)
    assert event
    return today, await make_slot(30, event=event, starts_at=today.starts_at + apart)


async def test_who_is_moved_to_another_date_is_awaited_there_anew() -> None:
    with clock.at(AFTERNOON):
        today, tomorrow = await two_dates()
        booking = await id_of(await make_booking(today))
        await check_in.mark_present(today.id, booking, ADA)

        await moves.move(booking, tomorrow.id, ADA)

        assert await noted(today) == []
        assert (await arrivals.at_door(tomorrow.id)).here == 0
    with clock.at(ENDS + 3 * DAY), pytest.raises(NoPresence):
        await certificates.of_booking(booking)


async def test_nobody_was_at_a_date_that_was_called_off() -> None:
    with clock.at(AFTERNOON):
        slot = await door_slot()
        booking = await id_of(await make_booking(slot))
        await check_in.mark_present(slot.id, booking, ADA)
        await walk_ins.walk_in(slot.id, "Zoé", ADA)

        await calling_off.call_off_slot(slot.id, "panne de four", ADA)

        assert await noted(slot) == []
    with clock.at(ENDS + DAY), pytest.raises(NoPresence):
        await certificates.of_slot(slot.id)


async def test_a_date_that_is_put_off_to_another_day_begins_with_nobody_there() -> None:
    with clock.at(AFTERNOON):
        slot = await door_slot()
        await check_in.mark_present(slot.id, await id_of(await make_booking(slot)), ADA)
        await walk_ins.walk_in(slot.id, "Zoé", ADA)

        await moved(slot, DAY)

        assert await noted(slot) == []


async def test_who_came_early_is_still_there_when_it_begins_an_hour_later() -> None:
    with clock.at(AFTERNOON):
        slot = await door_slot()
        await check_in.mark_present(slot.id, await id_of(await make_booking(slot)), ADA)

        await moved(slot, HOUR)

        assert await noted(slot) == [(1, ADA)]


async def test_no_more_of_a_class_are_there_than_it_has_seats() -> None:
    with clock.at(AFTERNOON):
        slot = await door_slot()
        booking = await class_at_door(slot)
        await check_in.mark_present(slot.id, booking, ADA)
        with later(HOUR):
            await numbers.recount(booking, Party(20, 2), Terms(ADA))

        assert await noted(slot) == [(22, ADA)]


async def test_nor_of_people_who_come_under_one_name() -> None:
    with clock.at(AFTERNOON):
        slot = await door_slot()
        booking = await id_of(await added(slot, people=5))
        await check_in.count_class(slot.id, booking, 4, ADA)

        await by_hand.resize(booking, 5, ADA)
        await by_hand.resize(booking, 2, ADA)

        assert await noted(slot) == [(2, ADA)]
