"""What the tests of classes share: a teacher, an event that takes classes, and what a class has."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from service import clock, db
from service.bookings import dossiers, groups, seats
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.events.tables import Event
from tests.makers import CLEO, make_event, make_slot

TEACHER = Booker(
    "Manon", "Cappelaere", "m.cappelaere@lycee.test", "LYPSO", class_label="2de 4", outing="compulsory", girls=12
)
HEADS = Party(28, 3)
WEEK = timedelta(weeks=1)


async def class_slot(capacity: int = 40, starts_in: timedelta = 3 * WEEK, **of_event: Any) -> BookableSlot:
    """A slot, three weeks from now, of an event that takes classes and individuals."""
    return await make_slot(capacity, event=await class_event(**of_event), starts_in=starts_in)


async def class_event(**values: Any) -> Event:
    """An event that takes classes and individuals."""
    return await make_event(**{"takes_classes": True} | values)


async def a_class(slot: BookableSlot, party: Party = HEADS, label: str = "2de 4", later: Party = NOBODY) -> Dossier:
    """A class in the slot as it is now."""
    return await groups.book([Part(slot.id, party, later)], replace(TEACHER, class_label=label))


async def over(chosen: Sequence[BookableSlot], *parties: Party) -> Dossier:
    """A class over several slots."""
    return await groups.book([Part(slot.id, party) for slot, party in zip(chosen, parties, strict=True)], TEACHER)


async def a_class_of(
    *chosen: BookableSlot, pupils: int = 28, chaperones: int = 2, label: str = "2de 4", state: str = "confirmed"
) -> Dossier:
    """A class with its seats in each of these slots, whatever their events take; no letter tells of it."""
    who = replace(CLEO, class_label=label)
    standing = Standing(state, clock.now() + 10 * WEEK / 7 if state == "option" else None)
    async with db.transaction():
        ordered = sorted(chosen, key=lambda slot: slot.id)
        for slot in ordered:
            await seats.take(slot, pupils + chaperones, "class")
        dossier = await dossiers.open_dossier(dossiers.new_id(), who)
        for slot in ordered:
            await seats.claim(dossier, slot, who, standing, Party(pupils, chaperones))
    return dossier


async def has(dossier: Dossier) -> list[tuple[str, int, int]]:
    """(state, pupils, chaperones) of each booking of the class, in the order of its slots' starts."""
    rows = await Booking.objects(Booking.slot).where(Booking.dossier == dossier.id)
    found = [(row.slot.starts_at, row.created_at, row.state, row.pupils, row.chaperones) for row in rows]
    return [(state, pupils, chaperones) for _, _, state, pupils, chaperones in sorted(found)]


async def end_of(dossier: Dossier) -> datetime:
    """When the first hold of the class ends."""
    rows = await Booking.select(Booking.expires_at).where(Booking.dossier == dossier.id)
    found: datetime = min(row["expires_at"] for row in rows if row["expires_at"])
    return found


async def again(slot: BookableSlot) -> BookableSlot:
    """The slot as it is now."""
    return await slots.load(slot.id)
