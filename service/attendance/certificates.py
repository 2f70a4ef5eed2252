"""Certificates of attendance as values: for whom somebody noted at the door that they were there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db, i18n, text
from service.attendance.sheets import in_capitals
from service.bookings.tables import Dossier
from service.events.slots import UnknownSlot
from service.refusal import Refusal

ATTENDED = """
SELECT booking.id, booking.slot, booking.seats, booking.pupils, booking.chaperones, dossier.first_name,
       dossier.last_name, dossier.school, dossier.class_label, dossier.language, presence.people,
       slot.starts_at, slot.ends_at, event.title, event.place, host.name AS host
FROM booking JOIN dossier ON dossier.id = booking.dossier JOIN slot ON slot.id = booking.slot
JOIN event ON event.id = slot.event JOIN organisation host ON host.id = event.host
LEFT JOIN presence ON presence.booking = booking.id
WHERE (booking.id = $1 OR booking.dossier = $2 OR booking.slot = $3)
  AND dossier.erase_asked_at IS NULL AND event.state <> 'draft' AND booking.ended_by <> 'merged'
ORDER BY slot.starts_at, booking.created_at, booking.id
"""
NAMES = """
SELECT attendee.booking, attendee.last_name, attendee.first_name FROM attendee
WHERE attendee.booking = ANY($1) AND attendee.last_name <> '' ORDER BY attendee.booking, attendee.number
"""
EXISTS = "SELECT 1 FROM slot JOIN event ON event.id = slot.event WHERE slot.id = $1 AND event.state <> 'draft'"


class NotOverYet(Refusal):
    """Nobody has attended before the end."""

    def __init__(self, ends_at: datetime) -> None:
        self.ends_at = ends_at


class NoPresence(Refusal):
    """Nobody noted at the door that somebody of the booking was there."""


class MoreThanCame(Refusal):
    """Certificates are wanted for more people of a class than were counted at the door."""

    def __init__(self, names: int, people: int) -> None:
        self.names, self.people = names, people


@dataclass(frozen=True, slots=True)
class Certificate:
    """That a person was there; or, with ``people`` of ``seats``, a class. ``names`` are those of its pupils."""

    booking: UUID
    slot: UUID
    title: str
    place: str
    host: str
    starts_at: datetime
    ends_at: datetime
    name: str
    origin: str
    label: str
    people: int
    seats: int
    pupils: int
    chaperones: int
    names: list[str]

    @property
    def is_class(self) -> bool:
        """Whether it speaks of a class."""
        return bool(self.label)

    def of_pupil(self, name: str) -> "Certificate":
        """The same for one of its pupils."""
        return replace(self, name=name, label="", origin=f"{self.label}, {self.origin}", people=1, seats=1, names=[])


async def of_dossier(dossier: Dossier, slot_id: UUID | None = None) -> Certificate:
    """What a booker may print: of one slot, or of the first that they attended. Refuses: NotOverYet, NoPresence."""
    rows = await db.fetch(ATTENDED, None, dossier.id, None)
    return await _first([row for row in rows if slot_id in (None, row["slot"])])


async def of_booking(booking_id: UUID) -> Certificate:
    """The same for an organiser. Refuses: NotOverYet, NoPresence, also where there is no such booking."""
    return await _first(await db.fetch(ATTENDED, booking_id, None, None))


async def of_slot(slot_id: UUID) -> list[Certificate]:
    """Of everybody who was there: each class, then the others by name. Refuses: UnknownSlot, NotOverYet, NoPresence."""
    if not await db.fetch(EXISTS, slot_id):
        raise UnknownSlot
    found = await _of(_attended(await db.fetch(ATTENDED, None, None, slot_id)))
    return sorted(found, key=lambda one: (not one.label, text.key(one.label or one.name), one.booking))


async def attended(dossier: Dossier) -> set[UUID]:
    """The slots of a dossier of which there is a certificate."""
    now = clock.now()
    rows = await db.fetch(ATTENDED, None, dossier.id, None)
    return {row["slot"] for row in rows if row["people"] and row["ends_at"] <= now}


def pages(certificate: Certificate, chosen: Sequence[int] | None = None) -> list[Certificate]:
    """The certificate, and behind that of a class one for each pupil: the ``chosen`` ones, by their place in the list.

    The door counts a class and names nobody: never more pupils than came. With nothing chosen, all of them where
    the whole class came, else none. Refuses: MoreThanCame.
    """
    names = certificate.names
    if chosen is not None:
        names = [name for place, name in enumerate(names) if place in set(chosen)]
        if len(names) > certificate.people:
            raise MoreThanCame(len(names), certificate.people)
    elif not len(names) <= certificate.people == certificate.seats:
        names = []
    return [certificate, *(certificate.of_pupil(name) for name in names)]


async def _first(rows: Sequence[Any]) -> Certificate:
    return (await _of(_attended(rows)))[0]


def _attended(rows: Sequence[Any]) -> list[Any]:
    """Those that somebody came for. Refuses: NoPresence; NotOverYet, while that may still change."""
    now = clock.now()
    came = [row for row in rows if row["people"] and row["ends_at"] <= now]
    if not came:
        later = [row["ends_at"] for row in rows if row["ends_at"] > now]
        raise NotOverYet(min(later)) if later else NoPresence
    return came


async def _of(rows: Sequence[Any]) -> list[Certificate]:
    named: dict[UUID, list[str]] = {}
    for row in await db.fetch(NAMES, [row["id"] for row in rows]):
        named.setdefault(row["booking"], []).append(in_capitals(row["last_name"], row["first_name"]))
    return [_certificate(row, named.get(row["id"], [])) for row in rows]


def _certificate(row: Any, names: list[str]) -> Certificate:
    return Certificate(
        booking=row["id"],
        slot=row["slot"],
        title=row["title"],
        place=row["place"],
        host=row["host"],
        starts_at=i18n.local(row["starts_at"]),
        ends_at=i18n.local(row["ends_at"]),
        name=in_capitals(row["last_name"], row["first_name"]),
        origin=row["school"],
        label=row["class_label"],
        people=row["people"],
        seats=row["seats"],
        pupils=row["pupils"],
        chaperones=row["chaperones"],
        names=sorted(names, key=text.key),
    )
