"""Who came, as far as somebody counted."""

from datetime import timedelta

import httpx

from service import clock
from service.attendance import presence
from service.attendance.tables import Presence
from service.bookings.held import held_by
from tests.makers import BEN, CLEO, link_of, make_booking, make_event, make_slot

DAY = timedelta(days=1)


async def test_the_people_of_all_slots_are_counted_with_those_who_had_not_booked() -> None:
    event = await make_event()
    first, second = await make_slot(event=event), await make_slot(event=event, starts_in=2 * DAY)

    assert await presence.people_at(event.id) is None
    for slot, people in ((first, 12), (second, 9), (second, 1)):
        await Presence.insert(Presence(slot=slot.id, people=people, noted_at=slot.starts_at))
    assert await presence.people_at(event.id) == 22


async def test_a_booking_is_present_absent_or_nobody_counted() -> None:
    slot = await make_slot()
    (ben,), (cleo,) = [await held_by(await make_booking(slot, who)) for who in (BEN, CLEO)]

    assert await presence.came(ben.booking.id) is None
    await Presence.insert(Presence(slot=slot.id, booking=ben.booking.id, noted_at=slot.starts_at))
    assert await presence.came(ben.booking.id) is True
    assert await presence.came(cleo.booking.id) is False


async def test_the_page_of_a_past_event_says_how_many_were_there(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    await Presence.insert(Presence(slot=slot.id, people=22, noted_at=slot.starts_at))

    assert "22 people were there." not in (await visitor.get(f"/events/{slot.slug}?lang=en")).text
    with clock.at(slot.ends_at):
        assert "22 people were there." in (await visitor.get(f"/events/{slot.slug}?lang=en")).text


async def test_the_page_of_a_booking_thanks_who_came(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    (held,) = await held_by(dossier)
    await Presence.insert(Presence(slot=slot.id, booking=held.booking.id, noted_at=slot.starts_at))

    with clock.at(slot.ends_at):
        assert "Thank you for coming" in (await visitor.get(f"{link_of(dossier)}?lang=en")).text
