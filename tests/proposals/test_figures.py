"""What came of an event: how many booked, how many came, of which levels, of all its dates or of one."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from service import clock
from service.attendance import walk_ins
from service.bookings import calling_off, changes
from service.events.slots import BookableSlot
from service.events.tables import Event
from service.proposals import figures
from service.proposals.figures import Figures
from tests.bookings.classes import a_class_of, class_event
from tests.makers import a_pupil, make_booking, make_slot

NOTHING = Figures(booked=0, classes=0, present=0, levels=())
WEEK = timedelta(weeks=1)
ADA = "person:ada"


async def two_dates() -> tuple[Event, BookableSlot, BookableSlot]:
    """An event on two dates that takes individuals and classes."""
    event = await class_event(option_days=None)
    first, second = [await make_slot(60, event=event, starts_in=weeks * WEEK) for weeks in (1, 2)]
    return event, first, second


async def of(event: Event) -> Figures:
    return await figures.of_event(UUID(str(event.id)))


async def test_of_an_event_that_nobody_booked_there_is_nothing_to_tell() -> None:
    event, first, _ = await two_dates()
    assert await of(event) == NOTHING
    assert await figures.of_date(event.id, first.id) == NOTHING


async def test_people_classes_and_levels_are_those_who_have_a_seat() -> None:
    event, first, second = await two_dates()
    await make_booking(first, replace(a_pupil(), level="2de"))
    await make_booking(second, replace(a_pupil(), level="1re"))
    await make_booking(second, replace(a_pupil(), level="1re"))
    await make_booking(second, a_pupil())
    gone = await make_booking(second, replace(a_pupil(), level="Tle"))
    await changes.cancel(gone)
    await a_class_of(first, pupils=20, chaperones=2)

    assert await of(event) == Figures(booked=26, classes=1, present=0, levels=(("1re", 2), ("2de", 1)))
    assert await figures.of_date(event.id, first.id) == Figures(23, 1, 0, (("2de", 1),))
    assert await figures.of_date(event.id, second.id) == Figures(3, 0, 0, (("1re", 2),))


async def test_who_came_is_counted_walk_ins_too() -> None:
    event, first, second = await two_dates()
    for slot in (first, first, second):
        with clock.at(slot.starts_at):
            await walk_ins.walk_in(slot.id, "", ADA)
    assert (await of(event)).present == 3
    assert (await figures.of_date(event.id, first.id)).present == 2


async def test_a_date_that_was_called_off_counts_for_nothing() -> None:
    event, first, second = await two_dates()
    for slot in (first, second):
        await make_booking(slot, a_pupil())
    await calling_off.call_off_slot(second.id, "panne de four", ADA)
    assert (await of(event)).booked == 1


async def test_another_event_counts_for_nothing() -> None:
    event, _, _ = await two_dates()
    await make_booking(await make_slot(), a_pupil())
    assert await of(event) == NOTHING
