"""What the tests of organisers' verbs share: whom they add, and slots of one event."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from service.bookings import by_hand
from service.bookings.by_hand import Entry, Way
from service.bookings.dossiers import Booker
from service.bookings.plans import Party
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from tests.bookings.harness import booking_of
from tests.makers import a_pupil, make_event, make_slot

ADA = "person:ada"


def unaddressed(**changes: Any) -> Booker:
    """Somebody new without an address."""
    return replace(a_pupil(), email="", **changes)


async def added(slot: BookableSlot, who: Booker | None = None, way: Way = Way.in_turn, **more: Any) -> Dossier:
    """Somebody whom Ada adds; ``people`` or a ``party`` of them."""
    return await by_hand.add(slot.id, Entry(who or a_pupil(), **more), ADA, way)


async def a_class_by_hand(slot: BookableSlot, party: Party, label: str = "2de 9") -> Dossier:
    """A class whom Ada adds."""
    return await added(slot, replace(a_pupil(), class_label=label), party=party)


async def two_slots(first: int = 2, second: int = 2, **of_event: Any) -> list[BookableSlot]:
    """Two slots of one event, with so many seats."""
    event = await make_event(**of_event)
    return [await make_slot(first, event=event), await make_slot(second, event=event)]


async def id_of(dossier: Dossier) -> UUID:
    """The id of its one booking."""
    return (await booking_of(dossier)).id
