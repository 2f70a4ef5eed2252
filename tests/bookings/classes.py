"""What the tests of class bookings share: a class that has its seats."""

from dataclasses import replace

from service import clock, db
from service.bookings import dossiers, seats
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.seats import Party
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from tests.bookings.queues import DAY
from tests.makers import CLEO


async def a_class_of(
    *slots: BookableSlot, pupils: int = 28, chaperones: int = 2, label: str = "2de 4", state: str = "confirmed"
) -> Dossier:
    """A class with its seats in each of these slots: ``pupils`` and ``chaperones`` in every one."""
    who = a_teacher_of(label)
    standing = Standing(state, clock.now() + 10 * DAY if state == "option" else None)
    async with db.transaction():
        ordered = sorted(slots, key=lambda slot: slot.id)
        for slot in ordered:
            await seats.take(slot.id, pupils + chaperones)
        dossier = await dossiers.open_dossier(dossiers.new_id(), who)
        for slot in ordered:
            await seats.claim(dossier, slot, who, standing, Party(pupils, chaperones))
    return dossier


def a_teacher_of(label: str) -> Booker:
    """Who books for the class."""
    return replace(CLEO, class_label=label)
