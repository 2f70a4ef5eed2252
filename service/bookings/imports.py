"""A list of people becomes bookings of a slot: an organiser's act, all of them or nobody."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from service import db
from service.bookings import by_hand, dossiers
from service.bookings.by_hand import Entry, OthersWait
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.people_lists import Line, Why
from service.bookings.seats import SoldOut
from service.bookings.tables import LIVE
from service.events.shares import INDIVIDUAL
from service.events.slots import BookableSlot
from service.journal.notes import note
from service.limits import keys
from service.refusal import Refusal

THERE = """
SELECT name_key, email_key FROM booking
WHERE slot = $1 AND pupils = 0 AND name_key = ANY($2) AND state = ANY($3)
"""


class TooManyPeople(Refusal):
    """The list names more people than the slot has seats for them."""

    def __init__(self, people: int, seats_left: int) -> None:
        self.people, self.seats_left = people, seats_left


class PeopleThere(Refusal):
    """So many people of the list have booked meanwhile."""

    def __init__(self, people: int) -> None:
        self.people = people


async def looked_up(slot_id: UUID, lines: Sequence[Line]) -> list[Line]:
    """The lines, marked where somebody of that name and address has or awaits a seat of the slot already.

    Without an address, here or there, the name alone tells: better asked twice than booked twice.
    """
    found = await db.fetch(THERE, slot_id, [line.who.name_key for line in lines], list(LIVE))
    there: dict[str, list[str]] = {}
    for row in found:
        there.setdefault(row["name_key"], []).append(row["email_key"])
    return [replace(line, why=(*line.why, Why.booked)) if _is_there(line.who, there) else line for line in lines]


async def add(slot_id: UUID, lines: Sequence[Line], by: str, *, tells_them: bool, key: keys.Key | None = None) -> int:
    """Book a seat for each, confirmed, and where ``tells_them`` write to who has an address; returns for how many.

    They are added as by hand, but for what a list cannot answer: nobody goes before those who wait. ``by`` is who
    adds them, for the journal. The same ``key`` adds them once.
    Refuses: UnknownSlot, CalledOff, MembersOnly, SlotOver, TooManyPeople, PeopleThere, KeyReused.
    """
    if await keys.answered(key):
        return len(lines)
    async with db.transaction():
        if await keys.claim(key, slot_id):
            await _add(slot_id, lines, by, tells_them=tells_them)
    return len(lines)


async def _add(slot_id: UUID, lines: Sequence[Line], by: str, *, tells_them: bool) -> None:
    slot = await by_hand.hold(slot_id)
    await _take(slot, len(lines))
    if there := [line for line in await looked_up(slot_id, lines) if Why.booked in line.why]:
        raise PeopleThere(len(there))
    for line in lines:
        await by_hand.enter(dossiers.new_id(), slot, Entry(line.who), Standing(), by, tells_them=tells_them)
    await note(by, "import", "slot", slot_id, people=len(lines))


async def _take(slot: BookableSlot, people: int) -> None:
    try:
        await by_hand.take(slot, people, INDIVIDUAL, before_others=False)
    except OthersWait:
        raise TooManyPeople(people, 0) from None
    except SoldOut as refusal:
        raise TooManyPeople(people, 0 if refusal.seats_waiting else max(0, refusal.seats_left)) from None


def _is_there(who: Booker, there: dict[str, list[Any]]) -> bool:
    known = there.get(who.name_key, [])
    return bool(known) and (not who.email_key or "" in known or who.email_key in known)
