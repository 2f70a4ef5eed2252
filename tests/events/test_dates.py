"""Dates as the office plans them: all or nothing, with the closing of their lists and for how long people are kept."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from service import clock, db
from service.events import dates, versions
from service.events.dates import PastDate, Plan
from service.events.details import UnknownEvent
from service.events.editing import EventCalledOff
from service.events.slots import UnknownSlot
from service.events.tables import Event
from tests.bookings.harness import at_once, kinds
from tests.makers import at_paris, make_event, make_slot
from tests.web.office.harness import somebody

BY = "person:ada"
NOW = at_paris("2026-11-01 09:00")


def plan(day: str, hour: str = "14:00", capacity: int = 12, **more: Any) -> Plan:
    starts = at_paris(f"{day} {hour}")
    return Plan(starts, starts + timedelta(hours=2), capacity, **more)


async def kept(event: Event) -> tuple[date | None, date | None]:
    [row] = await db.fetch("SELECT contacts_erased_on, names_erased_on FROM event WHERE id = $1", event.id)
    return row["contacts_erased_on"], row["names_erased_on"]


async def test_dates_are_added_with_their_seats_and_close_as_the_event_says() -> None:
    event = await make_event(state="draft", list_closes_days=3)
    with clock.at(NOW):
        added = await dates.add(event.id, [plan("2026-11-24"), plan("2027-03-29", capacity=8, fill="strict")], BY)
    first, second = await dates.of_event(event.id)
    assert [first.id, second.id] == added
    assert (first.closes_at, second.closes_at) == (at_paris("2026-11-21 14:00"), at_paris("2027-03-26 14:00"))
    assert [(one.capacity, one.fill, one.opens_at, one.version) for one in (first, second)] == [
        (12, "best_fit", None, 0),
        (8, "strict", None, 0),
    ]
    journal = await db.fetch("SELECT actor, verb, subject_id FROM journal ORDER BY id")
    assert [tuple(row) for row in journal] == [(BY, "add_slot", one) for one in added]


async def test_one_date_in_the_past_keeps_all_of_them_out() -> None:
    event = await make_event()
    with clock.at(NOW), pytest.raises(PastDate) as refusal:
        await dates.add(event.id, [plan("2026-11-24"), plan("2026-10-24")], BY)
    assert refusal.value.starts_at == at_paris("2026-10-24 14:00")
    assert await dates.of_event(event.id) == []


async def test_what_was_called_off_or_never_was_gets_no_dates() -> None:
    off = await make_event(state="called_off")
    with pytest.raises(EventCalledOff):
        await dates.add(off.id, [plan("2099-11-24")], BY)
    for read in (dates.add(uuid4(), [plan("2099-11-24")], BY), dates.head(uuid4())):
        with pytest.raises(UnknownEvent):
            await read
    with pytest.raises(UnknownSlot):
        await dates.load(uuid4())


async def test_people_are_kept_for_so_long_after_the_last_date() -> None:
    event = await make_event()
    with clock.at(NOW):
        await dates.add(event.id, [plan("2026-11-24")], BY)
        assert await kept(event) == (date(2026, 12, 24), date(2027, 11, 24))
        await dates.add(event.id, [plan("2026-11-10")], BY)
        assert await kept(event) == (date(2026, 12, 24), date(2027, 11, 24))
        await dates.add(event.id, [plan("2027-02-28")], BY)
        assert await kept(event) == (date(2027, 3, 30), date(2028, 2, 28))


async def test_a_date_that_is_added_while_its_event_is_called_off_is_not_left_open() -> None:
    for _ in range(4):
        event = await make_event()

        async def call_off(event: Event = event) -> None:
            async with db.transaction():
                await dates.hold_event(event.id)
                await db.fetch("UPDATE event SET state = 'called_off' WHERE id = $1", event.id)
                await asyncio.sleep(0.01)
                await db.fetch("UPDATE slot SET state = 'called_off' WHERE event = $1", event.id)

        outcomes = await at_once(call_off(), dates.add(event.id, [plan("2099-11-24")], BY))

        assert set(kinds(outcomes)) <= {"NoneType", "list", "EventCalledOff"}
        assert [one.state for one in await dates.of_event(event.id) if one.state == "open"] == []


async def test_who_edits_an_old_version_is_told_who_was_faster_and_when() -> None:
    ada, slot = await somebody("organiser"), await make_slot()
    moment = datetime.fromisoformat("2026-11-20T10:00:00+00:00")
    told = "INSERT INTO journal (at, actor, verb, subject_kind, subject_id) VALUES ($1, $2, $3, 'slot', $4)"
    await db.fetch(told, moment, f"person:{ada.id}", "edit_slot", slot.id)
    await db.fetch(told, clock.now(), "person:somebody", "export_attendance", slot.id)
    refusal = await versions.edited_meanwhile(slot.id, slot.event_id)
    assert (refusal.by, refusal.at) == ("Ada organiser", moment)
    assert (await versions.edited_meanwhile(uuid4())).by == ""
