"""One booking with all that is known of it: its facts, its letters, its journal, and what may be done."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import db
from service.bookings import attendees, by_hand, dossiers, moves, register, turns
from service.bookings.changes import UnknownBooking
from service.bookings.decisions import FOREVER_OVER
from service.bookings.held import Held, held_by
from service.bookings.names import Name
from service.bookings.plans import NOBODY, Party
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.people import delivery

LETTERS = """
SELECT id, letter, state, subject_kind, recipient, posted_at, settled_at, detail, content IS NOT NULL AS is_kept
FROM email WHERE subject_kind = 'booking' AND subject_id = $1
    OR subject_kind IN ('dossier', 'guardian', 'message') AND subject_id = $2 ORDER BY id DESC
"""
LETTER = """
SELECT email.content FROM email JOIN booking ON booking.id = $1
WHERE email.id = $2 AND (subject_kind = 'booking' AND subject_id = booking.id
    OR subject_kind IN ('dossier', 'guardian', 'message') AND subject_id = booking.dossier)
"""
FOUND = """
SELECT booking.dossier, presence.people AS came
FROM booking LEFT JOIN presence ON presence.booking = booking.id WHERE booking.id = $1
"""
JOURNAL = """
SELECT journal.at, journal.actor, journal.verb, journal.facts, person.name
FROM journal LEFT JOIN person ON journal.actor = 'person:' || person.id
WHERE journal.subject_kind = 'booking' AND journal.subject_id = $1
   OR journal.subject_kind = 'dossier' AND journal.subject_id = $2 ORDER BY journal.id DESC
"""
DATES = """
SELECT id, starts_at, ends_at, capacity - seats_taken AS seats_left, seats_waiting,
       ends_at > $2 AND state = 'open' AS takes_place
FROM slot WHERE event = $1 ORDER BY starts_at, id
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter about the booking, its class, or to a parent; ``is_kept`` while what it said can be read."""

    id: int
    letter: str
    state: str
    subject_kind: str
    recipient: str
    posted_at: datetime
    settled_at: datetime | None
    detail: str
    is_kept: bool

    @property
    def fate(self) -> str:
        """What became of it."""
        return register.fate(self.state)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal; ``name`` is that of the person who acted, where it was one of the staff."""

    at: datetime
    actor: str
    verb: str
    facts: dict[str, Any]
    name: str | None

    @property
    def passed_others(self) -> bool:
        """Whether seats were given for which others waited."""
        return bool(self.facts.get("before_others")) or self.facts.get("way") == by_hand.Way.before_others

    @property
    def went(self) -> tuple[str, str]:
        """From which slot a booking was moved to which."""
        return str(self.facts.get("before", "")), str(self.facts.get("after", ""))


@dataclass(frozen=True, slots=True)
class Date:
    """A slot of the event, to which a booking may be moved or was."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    seats_left: int
    seats_waiting: int
    takes_place: bool


@dataclass(frozen=True, slots=True)
class Record:
    """What an organiser's page of a booking shows; ``came`` is how many were seen at the door, None until noted."""

    dossier: Dossier
    one: Held
    held: list[Held]
    came: int | None
    names: list[Name]
    position: int
    is_unreachable: bool
    letters: list[Letter]
    journal: list[Entry]
    dates: list[Date]

    @property
    def slot(self) -> BookableSlot:
        """Where it is."""
        return self.one.slot

    @property
    def elsewhere(self) -> list[Date]:
        """The dates to which it may be moved."""
        taken = {one.slot.id for one in self.held if one.is_live} | {self.slot.id}
        return [date for date in self.dates if date.takes_place and date.id not in taken]

    @property
    def party(self) -> Party:
        """What a class has of this slot and waits for there, all together."""
        here = [one.booking for one in self.held if one.is_live and one.slot.id == self.slot.id]
        return sum((Party(booking.pupils, booking.chaperones) for booking in here), NOBODY)

    @property
    def may(self) -> frozenset[str]:
        """What its state allows an organiser to do."""
        one, booking, state = self.one, self.one.booking, self.one.booking.state
        takes_place = not (self.slot.is_called_off or one.is_over)
        is_open, is_to_come = takes_place and not one.has_lapsed, not self.slot.has_started
        is_pending, may_return = state == "pending", booking.ended_by not in FOREVER_OVER
        allowed = {
            "approve": is_pending and booking.awaits_approval and is_open,
            "paper": is_pending and booking.awaits_guardian and is_open,
            "refuse": is_pending,
            "confirm": state in ("option", "offered", "waiting") and is_open,
            "restore": not one.is_live and may_return and not self.dossier.erase_asked_at and takes_place & is_to_come,
            "move": state in moves.MOVED and is_to_come and not one.has_lapsed and bool(self.elsewhere),
            "seats": takes_place and (by_hand.may_resize(one) or (one.is_class and one.is_live and state != "offered")),
            "resend": one.is_live and bool(self.dossier.email) and takes_place,
            "address": one.is_live and is_to_come,
            "cancel": one.is_live and is_to_come and not is_pending,
        }
        return frozenset(name for name, is_allowed in allowed.items() if is_allowed)


async def of(booking_id: UUID, now: datetime) -> Record:
    """The booking as it is ``now``. Refuses: UnknownBooking."""
    found = await db.fetch(FOUND, booking_id)
    if not found:
        raise UnknownBooking
    dossier = await dossiers.by_id(found[0]["dossier"])
    held = await held_by(dossier)
    one = next(each for each in held if each.booking.id == booking_id)
    return Record(
        dossier=dossier,
        one=one,
        held=held,
        came=found[0]["came"],
        names=(await attendees.of(dossier)).get(booking_id, []),
        position=(await turns.rank_of(one.booking)).position if one.booking.state == "waiting" else 0,
        is_unreachable=await delivery.is_undeliverable(dossier.email_key),
        letters=[Letter(**dict(row)) for row in await db.fetch(LETTERS, booking_id, dossier.id)],
        journal=[_entry(row) for row in await db.fetch(JOURNAL, booking_id, dossier.id)],
        dates=[Date(**dict(row)) for row in await db.fetch(DATES, one.slot.event_id, now)],
    )


async def letter_of(booking_id: UUID, number: int) -> bytes | None:
    """The bytes of a letter about this booking as they were sent; None when there are none, or none of this one."""
    rows = await db.fetch(LETTER, booking_id, number)
    return rows[0]["content"] if rows else None


def _entry(row: Any) -> Entry:
    return Entry(row["at"], row["actor"], row["verb"], json.loads(row["facts"]), row["name"])
