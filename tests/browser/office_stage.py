"""The rows behind the office's situations: people of each role, and slots with all that may stand in them."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from service import clock
from service.bookings import attendees, changes, waiting
from service.bookings.names import Name
from service.bookings.tables import Booking, Dossier
from service.events.slots import BookableSlot
from service.events.tables import Event
from service.people import delivery
from tests.bookings.classes import a_class_of
from tests.browser.stage import LONG_NAME, LONG_TITLE
from tests.makers import CLEO, a_pupil, make_booking, make_event, make_slot
from tests.web.office.harness import ROLES, somebody

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class OfficeStage:
    """A slot of today with everything in it, an empty one, one of many; a draft; bookings by their state."""

    full: BookableSlot
    empty: BookableSlot
    many: BookableSlot
    draft: Event
    off: Event
    bookings: dict[str, UUID]


async def set_up() -> OfficeStage:
    """Somebody of each role, and what they work on."""
    for role in ROLES:
        await somebody(role)
    event = await make_event(title=LONG_TITLE, takes_classes=True, needs_approval=False)
    full = await make_slot(60, event=event, starts_in=2 * HOUR, closes_at=clock.now() + HOUR)
    many = await make_slot(80, event=event, starts_in=26 * HOUR)
    for _ in range(60):
        await make_booking(many, a_pupil())
    return OfficeStage(
        full=full,
        empty=await make_slot(event=event, starts_in=50 * HOUR),
        many=many,
        draft=await make_event(state="draft", title="Un brouillon"),
        off=await make_event(state="called_off", title="Une visite qui n’aura pas lieu"),
        bookings=await _bookings(full),
    )


async def _bookings(full: BookableSlot) -> dict[str, UUID]:
    made: dict[str, Dossier] = {
        "confirmed": await make_booking(full, a_pupil()),
        "long": await make_booking(full, replace(CLEO, first_name=LONG_NAME, last_name=LONG_NAME)),
        "lost": await make_booking(full, a_pupil()),
        "gone": await make_booking(full, a_pupil()),
        "class-named": await a_class_of(full, pupils=14),
        "class": await a_class_of(full, pupils=12, label="3e B"),
    }
    for group in await attendees.groups(made["class-named"]):
        names = [Name("D’HÔTE-VANDAMME", f"Élève {'ABCDEFGHIJ'[n]}") for n in range(9)]
        await attendees.save(made["class-named"], {group.id: [Name(LONG_NAME, LONG_NAME), *names]})
    await changes.cancel(made["gone"])
    await delivery.mark_undeliverable(made["lost"].email, "550 no such user")
    crowded = await make_slot(1, event=await make_event(title=LONG_TITLE, needs_approval=True))
    made["pending"] = await make_booking(crowded, a_pupil())
    made["waiting"] = await waiting.join(crowded, a_pupil())
    return {name: await _booking_of(dossier) for name, dossier in made.items()}


async def _booking_of(dossier: Dossier) -> UUID:
    [row] = await Booking.select(Booking.id).where(Booking.dossier == dossier.id)
    return UUID(str(row["id"]))
