"""Makers: what a test needs, in one line, and real."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service import clock
from service.bookings import dossiers, seats
from service.bookings.dossiers import Booker
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.events.tables import Event, Slot, closing
from service.people.tables import Organisation

_numbers = itertools.count(1)

# The cast: Ada organises, Ben books, Cleo is a stranger.
BEN = Booker("Ben", "Delattre", "ben@exemple.test", "LYPSO")
CLEO = Booker("Cléo", "D'Hôte-Vandamme", "cleo@exemple.test", "Collège des Trois-Canaux")


def a_pupil() -> Booker:
    """Somebody new at every call."""
    number = next(_numbers)
    return replace(BEN, first_name=f"Élève {number}", email=f"eleve{number}@exemple.test")


async def make_organisation(**values: Any) -> Organisation:
    """A company, unless told otherwise."""
    number = next(_numbers)
    host = Organisation(**{"slug": f"host-{number}", "name": f"Verrerie {number}", "kind": "company"} | values)
    await Organisation.insert(host)
    return host


async def make_event(**values: Any) -> Event:
    """A published visit that takes individuals."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "slug": f"visite-{number}",
        "kind": "visit",
        "state": "published",
        "title": f"Visite d’atelier {number}",
        "summary": "Du plan au contrôle final.",
        "description": "Une visite **guidée**.",
        "place": "Atelier, 62510 Arques",
        "town": "Arques",
        "requirements": ["Chaussures fermées"],
        "levels": ["2de", "1re"],
    }
    event = Event(**defaults | {"host": values.pop("host", None) or (await make_organisation()).id} | values)
    await Event.insert(event)
    return event


async def make_slot(
    capacity: int = 10, *, event: Event | None = None, starts_in: timedelta = timedelta(days=7), **values: Any
) -> BookableSlot:
    """A slot of two hours, a week from now, of an event of its own unless one is given."""
    event = event or await make_event()
    starts = values.pop("starts_at", clock.now() + starts_in)
    slot = Slot(
        **{
            "event": event.id,
            "starts_at": starts,
            "ends_at": starts + timedelta(hours=2),
            "capacity": capacity,
            "closes_at": closing(starts, event),
        }
        | values
    )
    await Slot.insert(slot)
    return await slots.load(slot.id)


async def make_booking(slot: BookableSlot, who: Booker = BEN) -> Dossier:
    """A confirmed seat, with its letter waiting in the outbox."""
    return await seats.book(slot, who)


def link_of(dossier: Dossier) -> str:
    """The path of a dossier's page."""
    return f"/bookings/{dossiers.token_of(dossier.id, dossier.generation)}"


def at_paris(text: str) -> datetime:
    """``2027-03-28 14:00`` as people in Paris read their clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"))
