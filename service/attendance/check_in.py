"""Checking people in: tapped, counted or scanned, on any number of phones at once.

Every verb locks the slot first, as all that changes its bookings does: what it read stays so until it has written.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db
from service.attendance import days, passes
from service.bookings import seats
from service.bookings.tables import OVER
from service.events import slots
from service.journal.notes import note
from service.limits import keys
from service.refusal import Refusal

EXPECTED = ("confirmed", "option", "pending")

HERE = """
SELECT booking.id, booking.state, booking.seats, booking.ended_at, coalesce(presence.people, 0) AS people,
       presence.noted_at, slot.door_closed_at IS NOT NULL AS is_closed
FROM booking JOIN slot ON slot.id = booking.slot LEFT JOIN presence ON presence.booking = booking.id
WHERE booking.slot = $1 AND booking.id = $2
"""
# Who tapped first stays: only where somebody is missing so far is anything noted.
ARRIVE = """
INSERT INTO presence (id, slot, booking, walk_in_name, people, noted_at, noted_by)
VALUES (gen_random_uuid(), $1, $2, '', $3, $4, $5)
ON CONFLICT (booking) DO UPDATE SET people = $3, noted_at = $4, noted_by = $5 WHERE presence.people < $3
RETURNING 1
"""
COUNT = """
INSERT INTO presence (id, slot, booking, walk_in_name, people, noted_at, noted_by)
VALUES (gen_random_uuid(), $1, $2, '', $3, $4, $5)
ON CONFLICT (booking) DO UPDATE SET people = $3, noted_at = $4, noted_by = $5 WHERE presence.people <> $3
RETURNING 1
"""
FORGET = "DELETE FROM presence WHERE booking = $1 AND people > 0 RETURNING 1"
OF_SLOT = "SELECT id FROM booking WHERE slot = $1"
BY_CODE = """
SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
WHERE booking.slot = $1 AND dossier.code = $2 AND booking.ended_by <> 'merged'
ORDER BY booking.state = ANY($3) DESC, booking.created_at LIMIT 1
"""


class NotOnTheList(Refusal):
    """No booking of this slot is meant by it."""


class NotExpected(Refusal):
    """The booking was cancelled, or ended otherwise."""

    def __init__(self, since: datetime) -> None:
        self.since = since


class StillWaiting(Refusal):
    """The booking is on the waiting list: no seat is theirs."""


class MoreThanBooked(Refusal):
    """A class has so many seats: who comes besides had not booked."""

    def __init__(self, seats: int) -> None:
        self.seats = seats


@dataclass(frozen=True, slots=True)
class Seen:
    """A booking at the door: how many of its people are there, since when, and whether it was this tap."""

    booking: UUID
    seats: int
    people: int
    noted_at: datetime | None
    is_new: bool

    @property
    def is_group(self) -> bool:
        """Whether its people are counted."""
        return self.seats > 1


async def mark_present(slot_id: UUID, booking_id: UUID, by: str) -> Seen:
    """All people of the booking are there. Who is there already stays so, with the time of the first tap.

    Refuses: CalledOff, DoorNotOpen, DoorOver, NotOnTheList, NotExpected, StillWaiting, UnknownSlot.
    """
    async with db.transaction():
        return await _arrive(await _hold(slot_id, booking_id), slot_id, by)


async def undo(slot_id: UUID, booking_id: UUID, by: str) -> None:
    """Nobody of the booking is there: a tap was wrong. Done twice, it is done once.

    Once the door was closed, who is not there is absent. Refuses: CalledOff, DoorNotOpen, DoorOver, NotOnTheList.
    """
    async with db.transaction():
        one = await _hold(slot_id, booking_id)
        if await _set(one, slot_id, 0, by):
            await note(by, "undo_check_in", "booking", booking_id)


async def count_class(slot_id: UUID, booking_id: UUID, people: int, by: str) -> Seen:
    """So many people of a class are there, whatever was counted before.

    Refuses: MoreThanBooked, and those of ``mark_present``.
    """
    async with db.transaction():
        one = _expected(await _hold(slot_id, booking_id))
        return await _count(one, slot_id, people, by)


async def step(slot_id: UUID, booking_id: UUID, more: int, by: str, *, key: keys.Key | None = None) -> Seen:
    """So many more (or fewer) people of a class are there than were counted so far, but never fewer than nobody.

    Two helpers who each let pupils in count together: each tap adds what that helper saw. A number of the whole
    would let the later phone wipe out what the other counted. The ``key`` keeps a tap that is sent twice, because
    its answer got lost in the corridor, from counting twice. Refuses: those of ``count_class``.
    """
    async with db.transaction():
        is_new = await keys.claim(key, booking_id)
        one = _expected(await _hold(slot_id, booking_id))
        people = max(0, one["people"] + more) if is_new else one["people"]
        return await _count(one, slot_id, people, by)


async def by_code(slot_id: UUID, code: str, by: str) -> Seen:
    """Check in whom a code means: scanned from a booking's QR code, or its short code, typed in any case.

    A class is found, and counted by hand. Refuses: NotOnTheList, and those of ``mark_present``.
    """
    async with db.transaction():
        booking_id = await _meant(slot_id, code)
        if booking_id is None:
            raise NotOnTheList
        one = _expected(await _hold(slot_id, booking_id))
        return _seen(one) if one["seats"] > 1 else await _arrive(one, slot_id, by)


async def hold_open(slot_id: UUID) -> None:
    """Lock the slot on its day. Needs an open transaction. Refuses: UnknownSlot, CalledOff, DoorNotOpen, DoorOver."""
    await seats.hold(slot_id)
    days.check_open(await slots.load(slot_id))


async def _hold(slot_id: UUID, booking_id: UUID) -> Any:
    """The booking as it is now, and stays until the end of the transaction."""
    await hold_open(slot_id)
    found = await db.fetch(HERE, slot_id, booking_id)
    if not found:
        raise NotOnTheList
    return found[0]


def _expected(one: Any) -> Any:
    if one["state"] in OVER:
        raise NotExpected(one["ended_at"])
    if one["state"] not in EXPECTED:
        raise StillWaiting
    return one


async def _arrive(one: Any, slot_id: UUID, by: str) -> Seen:
    _expected(one)
    now = clock.now()
    if not await db.fetch(ARRIVE, slot_id, one["id"], one["seats"], now, by):
        return _seen((await db.fetch(HERE, slot_id, one["id"]))[0])
    await note(by, "check_in", "booking", one["id"], people=one["seats"])
    return Seen(one["id"], one["seats"], one["seats"], now, is_new=True)


async def _count(one: Any, slot_id: UUID, people: int, by: str) -> Seen:
    if people > one["seats"]:
        raise MoreThanBooked(one["seats"])
    if not await _set(one, slot_id, people, by):
        return _seen(one)
    await note(by, "count_at_door", "booking", one["id"], people=people)
    return Seen(one["id"], one["seats"], people, clock.now() if people else None, is_new=True)


async def _set(one: Any, slot_id: UUID, people: int, by: str) -> bool:
    """Note the number; nobody is nothing noted while the door is open, and absent after it."""
    if people or one["is_closed"]:
        return bool(await db.fetch(COUNT, slot_id, one["id"], people, clock.now(), by))
    return bool(await db.fetch(FORGET, one["id"]))


async def _meant(slot_id: UUID, code: str) -> UUID | None:
    if passes.is_scanned(code):
        return passes.meant_by(code, [row["id"] for row in await db.fetch(OF_SLOT, slot_id)])
    found = await db.fetch(BY_CODE, slot_id, passes.typed(code), list(EXPECTED))
    return found[0]["id"] if found else None


def _seen(one: Any) -> Seen:
    return Seen(one["id"], one["seats"], one["people"], one["noted_at"], is_new=False)
