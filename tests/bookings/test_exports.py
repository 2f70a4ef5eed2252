"""What an export holds: all that was booked, one row each, at the wall time of the campus."""

from dataclasses import replace
from datetime import date, timedelta

from service import db
from service.attendance.tables import Presence
from service.bookings import attendees, changes, exports
from service.bookings.exports import Row
from service.bookings.names import Name
from service.bookings.plans import Party
from service.events import slots
from service.people import delivery
from tests.bookings.classes import TEACHER, a_class, a_class_of, class_event, class_slot, over
from tests.bookings.harness import booking_of
from tests.bookings.queues import joined
from tests.makers import BEN, CLEO, a_pupil, at_paris, make_booking, make_event, make_slot
from tests.visits import counted


def states(rows: list[Row]) -> list[str]:
    return sorted(row.state for row in rows)


async def test_an_event_s_export_has_every_booking_of_all_its_slots_in_any_state() -> None:
    event = await make_event(title="Verrerie")
    first, second = [await make_slot(2, event=event, starts_in=timedelta(days=day)) for day in (7, 8)]
    await changes.cancel(await make_booking(first, BEN))
    await make_booking(first, a_pupil())
    await make_booking(first, a_pupil())
    await joined(first)
    await make_booking(second, CLEO)
    await make_booking(await make_slot(), a_pupil())
    rows = await exports.of_event(event.id)
    assert states(rows) == ["cancelled", "confirmed", "confirmed", "confirmed", "waiting"]
    assert [row.starts_at for row in rows] == sorted(row.starts_at for row in rows)
    assert {row.title for row in rows} == {"Verrerie"}


async def test_a_row_says_who_what_when_and_how_many() -> None:
    start = at_paris("2027-03-28 14:00")
    slot = await make_slot(40, event=await class_event(option_days=None), starts_at=start)
    dossier = await a_class(slot, Party(3, 1))
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: [Name("ZOLA", "Ana")]})
    await db.fetch("UPDATE dossier SET needs = 'Ascenseur' WHERE id = $1", dossier.id)
    await delivery.mark_undeliverable(TEACHER.email_key, "550")
    await Presence.insert(Presence(slot=slot.id, booking=(await booking_of(dossier)).id, people=3, noted_at=start))
    [row] = await exports.of_event(slot.event_id)
    assert (f"{row.starts_at:%H:%M}", f"{row.ends_at:%H:%M}") == ("14:00", "16:00")
    assert (row.state, row.audience, row.seats, row.pupils, row.chaperones) == ("confirmed", "class", 4, 3, 1)
    assert (row.email, row.class_label, row.girls, row.outing) == (TEACHER.email, "2de 4", 12, "compulsory")
    assert (row.needs, row.named, row.present, row.is_unreached, row.code) == ("Ascenseur", 1, 3, True, dossier.code)


async def test_a_period_has_its_first_and_its_last_day_as_the_campus_counts_them() -> None:
    event = await make_event()
    for start in ("2027-01-11 23:30", "2027-01-12 00:00", "2027-01-13 23:30", "2027-01-14 00:00"):
        await make_booking(await make_slot(event=event, starts_at=at_paris(start)), a_pupil())
    rows = await exports.between(date(2027, 1, 12), date(2027, 1, 13))
    assert [f"{row.starts_at:%d %H:%M}" for row in rows] == ["12 00:00", "13 23:30"]


async def test_the_rest_of_a_class_that_was_joined_to_it_is_no_row_of_its_own() -> None:
    slot = await class_slot(12, option_days=None)
    holder = await make_booking(slot, BEN)
    await a_class(slot, Party(10, 1), later=Party(1, 0))
    assert states(await exports.of_event(slot.event_id)) == ["confirmed", "confirmed", "waiting"]
    await changes.cancel(holder)
    rows = await exports.of_event(slot.event_id)
    assert [(row.state, row.seats) for row in rows] == [("cancelled", 1), ("confirmed", 12)]
    assert (await slots.load(slot.id)).seats_waiting == 0


async def test_a_class_over_two_slots_has_a_row_for_each() -> None:
    event = await class_event(option_days=None)
    chosen = [await make_slot(40, event=event, starts_in=timedelta(weeks=week)) for week in (1, 2)]
    await over(chosen, Party(12, 1), Party(10, 1))
    assert [row.seats for row in await exports.of_event(event.id)] == [13, 11]


async def test_it_is_one_statement_however_many_there_are() -> None:
    slot, found = await make_slot(40), []
    for more in (1, 9):
        for _ in range(more):
            await make_booking(slot, replace(a_pupil(), level="2de"))
        with counted() as statements:
            rows = await exports.of_event(slot.event_id)
        found.append((len(statements), len(rows)))
    assert found == [(1, 1), (1, 10)]


async def test_what_was_erased_keeps_its_row_without_its_name() -> None:
    slot = await make_slot()
    dossier = await a_class_of(slot, pupils=3, chaperones=1)
    await db.fetch(
        "UPDATE dossier SET first_name = '', last_name = '', email = '', email_key = '' WHERE id = $1", dossier.id
    )
    [row] = await exports.of_event(slot.event_id)
    assert (row.last_name, row.email, row.seats) == ("", "", 4)
