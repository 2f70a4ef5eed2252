"""The door's list of a slot as values: who is expected, who is there, and who came besides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db, i18n, text
from service.attendance import days, sheets
from service.attendance.check_in import EXPECTED
from service.attendance.sheets import in_capitals
from service.events.slots import UnknownSlot

SLOT = """
SELECT slot.id, event.title, event.slug, event.kind, event.place, slot.starts_at, slot.ends_at, slot.capacity,
       slot.door_closed_at, slot.state = 'called_off' OR event.state = 'called_off' AS is_off
FROM slot JOIN event ON event.id = slot.event WHERE slot.id = $1 AND event.state <> 'draft'
"""
BOOKED = """
SELECT booking.id, booking.state, booking.seats, booking.pupils, booking.chaperones, dossier.first_name,
       dossier.last_name, dossier.school, dossier.class_label, presence.people, presence.noted_at
FROM booking JOIN dossier ON dossier.id = booking.dossier LEFT JOIN presence ON presence.booking = booking.id
WHERE booking.slot = $1 AND booking.ended_by <> 'merged'
"""
NAMES = """
SELECT attendee.booking, attendee.last_name, attendee.first_name FROM attendee
JOIN booking ON booking.id = attendee.booking WHERE booking.slot = $1 AND attendee.last_name <> ''
"""
WALK_INS = (
    "SELECT id, walk_in_name, people, noted_at FROM presence WHERE slot = $1 AND booking IS NULL ORDER BY noted_at"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One booking at the door. ``people`` is None while nobody noted anything; 0 is absent."""

    booking: UUID
    state: str
    name: str
    origin: str
    label: str
    seats: int
    pupils: int
    chaperones: int
    people: int | None
    noted_at: datetime | None
    names: list[str]
    found_by: str

    @property
    def key(self) -> str:
        """What names its row and its buttons."""
        return self.booking.hex

    @property
    def is_group(self) -> bool:
        """Whether its people are counted."""
        return self.seats > 1

    @property
    def is_expected(self) -> bool:
        """Whether it has seats that somebody may come for."""
        return self.state in EXPECTED

    @property
    def here(self) -> int:
        """How many of its people are there."""
        return self.people or 0

    @property
    def is_absent(self) -> bool:
        """Whether somebody noted that nobody came."""
        return self.people == 0


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Somebody who had not booked."""

    id: UUID
    name: str
    people: int
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class Door:
    """All that the door of a slot says: classes by label first, then everybody by name; ``others`` have no seat."""

    slot: UUID
    title: str
    slug: str
    kind: str
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    closed_at: datetime | None
    is_off: bool
    rows: list[Arrival]
    others: list[Arrival]
    walk_ins: list[WalkIn]

    @property
    def expected(self) -> int:
        """How many people have a seat."""
        return sum(one.seats for one in self.rows if one.is_expected)

    @property
    def here(self) -> int:
        """How many of them are there."""
        return sum(one.here for one in self.rows)

    @property
    def besides(self) -> int:
        """How many came who had not booked."""
        return sum(one.people for one in self.walk_ins)

    @property
    def absent(self) -> int:
        """How many bookings nobody came for."""
        return sum(one.is_absent for one in self.rows)

    @property
    def unseen(self) -> int:
        """How many bookings nobody has come for so far."""
        return sum(one.is_expected and not one.here for one in self.rows)

    @property
    def beyond(self) -> int:
        """How many more are there than the room is for."""
        return max(0, self.here + self.besides - self.capacity)

    @property
    def is_full(self) -> bool:
        """Whether one more would be one too many, now or once all come who have a seat."""
        return max(self.here, self.expected) + self.besides >= self.capacity

    @property
    def is_open(self) -> bool:
        """Whether people may be checked in now."""
        return not self.is_off and days.opens_at(self.starts_at) <= clock.now() < days.closes_at(self.ends_at)

    @property
    def has_begun(self) -> bool:
        """Whether who is not there may be called absent."""
        return not self.is_off and self.starts_at <= clock.now()


async def at_door(slot_id: UUID) -> Door:
    """The list as it is now, in four questions. Refuses: UnknownSlot."""
    found = await db.fetch(SLOT, slot_id)
    if not found:
        raise UnknownSlot
    booked, named = await db.fetch(BOOKED, slot_id), await _names(slot_id)
    arrivals = [_arrival(one, named.get(one["id"], [])) for one in sorted(booked, key=_order)]
    rows = [one for one in arrivals if one.is_expected or one.here]
    slot = {name: value for name, value in found[0].items() if name not in ("id", "starts_at", "ends_at")}
    slot["closed_at"] = slot.pop("door_closed_at")
    return Door(
        slot=slot_id,
        starts_at=i18n.local(found[0]["starts_at"]),
        ends_at=i18n.local(found[0]["ends_at"]),
        rows=rows,
        others=[one for one in arrivals if one not in rows],
        walk_ins=[_walk_in(row) for row in await db.fetch(WALK_INS, slot_id)],
        **slot,
    )


def matching(rows: Sequence[Arrival], wanted: str) -> list[Arrival]:
    """Those in whose name, class or school every word begins that was typed, whatever its accents."""
    words = text.key(wanted).split()
    return [one for one in rows if all(f" {word}" in f" {one.found_by}" for word in words)]


async def _names(slot_id: UUID) -> dict[UUID, list[tuple[str, str]]]:
    named: dict[UUID, list[tuple[str, str]]] = {}
    for row in await db.fetch(NAMES, slot_id):
        named.setdefault(row["booking"], []).append((row["last_name"], row["first_name"]))
    return named


def _arrival(one: Any, named: list[tuple[str, str]]) -> Arrival:
    names = [in_capitals(*name) for name in sorted(named, key=lambda name: (text.key(name[0]), text.key(name[1])))]
    person = in_capitals(one["last_name"], one["first_name"])
    label = one["class_label"]
    return Arrival(
        booking=one["id"],
        state=one["state"],
        name=label or person,
        origin=one["school"],
        label=label,
        seats=one["seats"],
        pupils=one["pupils"],
        chaperones=one["chaperones"],
        people=one["people"],
        noted_at=one["noted_at"] and i18n.local(one["noted_at"]),
        names=names,
        found_by=text.key(" ".join([person, label, one["school"], *names])),
    )


def _order(one: Any) -> tuple[bool, str, str, UUID]:
    """Classes are few and large: they stand first. Within both, the order is that of the sheet."""
    return (not one["class_label"], *sheets.order(one))


def _walk_in(row: Any) -> WalkIn:
    return WalkIn(row["id"], row["walk_in_name"], row["people"], i18n.local(row["noted_at"]))
