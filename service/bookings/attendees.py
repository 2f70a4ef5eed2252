"""The names that a teacher gives for a class: one list for each of its slots, whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service import db
from service.bookings import changes
from service.bookings.held import Held, held_by
from service.bookings.names import Name
from service.bookings.tables import LIVE, Dossier
from service.events import slots
from service.journal.notes import note
from service.refusal import Refusal

# What was erased keeps its rows, without the names.
NAMES = """
SELECT attendee.booking, attendee.last_name, attendee.first_name
FROM attendee JOIN booking ON booking.id = attendee.booking
WHERE booking.dossier = $1 AND attendee.last_name <> '' ORDER BY attendee.booking, attendee.number
"""
CLEAR = "DELETE FROM attendee WHERE booking = $1"
FILL = """
INSERT INTO attendee (id, booking, number, last_name, first_name)
SELECT gen_random_uuid(), $1, given.number, given.last_name, given.first_name
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY given (last_name, first_name, number)
"""


class TooManyNames(Refusal):
    """There are more names than the class has pupils in that slot."""

    def __init__(self, names: int, pupils: int) -> None:
        self.names, self.pupils = names, pupils


class AlreadyOver(Refusal):
    """The slot has ended: its list stays as it is."""

    def __init__(self, since: datetime) -> None:
        self.since = since


@dataclass(frozen=True, slots=True)
class Group:
    """The part of a class that comes to one slot, with the names that are known."""

    held: Held
    names: list[Name]

    @property
    def id(self) -> UUID:
        """Its booking's."""
        return self.held.booking.id

    @property
    def pupils(self) -> int:
        """How many come, without their chaperones."""
        return self.held.booking.pupils

    @property
    def may_change(self) -> bool:
        """Whether its names may still be corrected: it is live, and its slot has not ended."""
        return self.held.booking.state in LIVE and not self.held.is_over

    @property
    def missing(self) -> int:
        """How many pupils have no name yet."""
        return max(0, self.pupils - len(self.names))

    @property
    def required_by(self) -> datetime | None:
        """Until when its names are needed; None where they are not."""
        return slots.names_by(self.held.slot)


async def save(dossier: Dossier, given: Mapping[UUID, Sequence[Name]]) -> None:
    """Replace the names of these bookings of the dossier, all or nothing. Done twice, it is done once.

    What is no live class booking of this dossier is left aside. Refuses: TooManyNames, AlreadyOver, UnknownLink.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        for group in await groups(dossier):
            if group.id in given and group.held.booking.state in LIVE:
                await _replace(group, list(given[group.id]))


async def groups(dossier: Dossier) -> list[Group]:
    """The class bookings of a dossier with their names, in the order of their dates, those that are over too."""
    named = await of(dossier)
    held = [one for one in await held_by(dossier) if one.is_class]
    held.sort(key=lambda one: (one.slot.starts_at, one.booking.created_at, one.booking.id))
    return [Group(one, named.get(one.booking.id, [])) for one in held]


async def of(dossier: Dossier) -> dict[UUID, list[Name]]:
    """The names by booking, in the order in which they were given."""
    named: dict[UUID, list[Name]] = {}
    for row in await db.fetch(NAMES, dossier.id):
        named.setdefault(row["booking"], []).append(Name(row["last_name"], row["first_name"]))
    return named


async def _replace(group: Group, names: list[Name]) -> None:
    if group.held.is_over:
        raise AlreadyOver(group.held.slot.ends_at)
    if len(names) > group.pupils:
        raise TooManyNames(len(names), group.pupils)
    if names == group.names:
        return
    await db.fetch(CLEAR, group.id)
    await db.fetch(FILL, group.id, [name.last_name for name in names], [name.first_name for name in names])
    await note("booker", "name", "booking", group.id, names=len(names))
