"""One slot with what its event says of it: what a booking needs to know, and what a letter tells."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db, i18n
from service.events import shares
from service.events.shares import CLASS, INDIVIDUAL, Room
from service.refusal import Refusal

LOAD = f"""
SELECT slot.id, slot.event AS event_id, slot.starts_at, slot.ends_at, slot.opens_at, slot.closes_at, slot.state,
       slot.version, slot.called_off_reason AS reason, slot.seats_waiting, {shares.COLUMNS},
       event.slug, event.kind, event.state AS event_state, event.title, event.place,
       event.requirements, event.levels, event.age_min, event.takes_individuals, event.takes_classes,
       event.needs_approval, event.outside_school_time, event.option_days, event.class_seats_max, event.group_max,
       event.chaperone_ratio, event.chaperones_min, event.names_required_days, event.contact_email,
       host.name AS host_name
FROM slot JOIN event ON event.id = slot.event JOIN organisation host ON host.id = event.host
WHERE slot.id = ANY($1) AND event.state <> 'draft'
"""  # noqa: S608 - columns of ours

LAST_CALL = timedelta(hours=1)  # from then to the closing, nothing is offered to the waiting list


class UnknownSlot(Refusal):
    """There is no such slot, or not of this event."""


class MembersOnly(Refusal):
    """An assembly is booked by members, through their convocation."""


class ClassesOnly(Refusal):
    """The event takes classes, no individuals."""


class NoClasses(Refusal):
    """The event takes individuals, no classes."""


class CalledOff(Refusal):
    """The slot will not take place."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class SlotOver(Refusal):
    """The slot took place already."""

    def __init__(self, ended_at: datetime) -> None:
        self.ended_at = ended_at


class BookingClosed(Refusal):
    """The list is closed since ``since``."""

    def __init__(self, since: datetime) -> None:
        self.since = since


class NotYetOpen(Refusal):
    """Booking starts at ``opens_at``."""

    def __init__(self, opens_at: datetime) -> None:
        self.opens_at = opens_at


@dataclass(frozen=True, slots=True)
class BookableSlot:
    """A slot as its booking rules see it; what it says of seats and of who waits is an unlocked glance."""

    id: UUID
    event_id: UUID
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime | None
    closes_at: datetime
    state: str
    version: int
    reason: str
    capacity: int
    shares: Room
    seats_waiting: int
    slug: str
    kind: str
    event_state: str
    title: str
    place: str
    requirements: list[str]
    levels: list[str]
    age_min: int | None
    takes_individuals: bool
    takes_classes: bool
    needs_approval: bool
    outside_school_time: bool
    option_days: int | None
    class_seats_max: int | None
    group_max: int | None
    chaperone_ratio: int | None
    chaperones_min: int
    names_required_days: int | None
    contact_email: str
    host_name: str

    @property
    def has_started(self) -> bool:
        """Whether it is too late to change anything."""
        return self.starts_at <= clock.now()

    @property
    def room(self) -> Room:
        """Its seats, as they are kept now."""
        return self.shares.at(clock.now())

    @property
    def seats_left(self) -> int:
        """How many seats an individual may take, or a class where individuals cannot come."""
        return self.room.left_for(INDIVIDUAL if self.takes_individuals else CLASS)

    def has_seat_for(self, audience: str) -> bool:
        """Whether a newcomer may have a seat: one is left, and nobody waits for it or too little time is left."""
        return self.room.has_seat_for(audience, is_last_call=self.closes_at - clock.now() < LAST_CALL)

    @property
    def is_called_off(self) -> bool:
        """Whether it, or its whole event, was called off: what had taken place by then, had."""
        is_over = self.ends_at <= clock.now()
        return self.state == "called_off" or (self.event_state == "called_off" and not is_over)


async def load(slot_id: UUID, *, of: str | None = None) -> BookableSlot:
    """The slot, of the event with the slug ``of`` when one is named. Refuses: UnknownSlot."""
    slot = (await load_all({slot_id}))[slot_id]
    if of not in (None, slot.slug):
        raise UnknownSlot
    return slot


async def load_all(slot_ids: set[UUID]) -> dict[UUID, BookableSlot]:
    """These slots by their ids, with one statement. Refuses: UnknownSlot, when there is one of them missing."""
    rows = await db.fetch(LOAD, list(slot_ids))
    if len(rows) < len(slot_ids):
        raise UnknownSlot
    return {row["id"]: _slot(row) for row in rows}


def check_open_to_individuals(slot: BookableSlot) -> None:
    """Return when an individual may ask for a seat now.

    Refuses: CalledOff, MembersOnly, SlotOver, ClassesOnly, NotYetOpen, BookingClosed.
    """
    check_takes_place(slot)
    if not slot.takes_individuals:
        raise ClassesOnly
    _check_list_is_open(slot)


def check_open_to_classes(slot: BookableSlot) -> None:
    """Return when a class may ask for seats now.

    Refuses: CalledOff, MembersOnly, SlotOver, NoClasses, NotYetOpen, BookingClosed.
    """
    check_takes_place(slot)
    if not slot.takes_classes:
        raise NoClasses
    _check_list_is_open(slot)


def check_takes_place(slot: BookableSlot) -> None:
    """Return when people may still come to the slot. Refuses: CalledOff, MembersOnly, SlotOver."""
    if slot.is_called_off:
        raise CalledOff(slot.reason)
    if slot.kind == "assembly":
        raise MembersOnly
    if slot.ends_at <= clock.now():
        raise SlotOver(slot.ends_at)


def _slot(row: Any) -> BookableSlot:
    return BookableSlot(shares=shares.room_of(row), **{name: row[name] for name in SLOT_COLUMNS})


def _check_list_is_open(slot: BookableSlot) -> None:
    now = clock.now()
    if slot.opens_at and slot.opens_at > now:
        raise NotYetOpen(slot.opens_at)
    if slot.closes_at <= now:
        raise BookingClosed(slot.closes_at)


def names_by(slot: BookableSlot) -> datetime | None:
    """Until when the site wants the names of a class: so many days before, at the same time of day; None if never."""
    if slot.names_required_days is None:
        return None
    return i18n.local(slot.starts_at) - timedelta(days=slot.names_required_days)


def as_facts(slot: BookableSlot) -> dict[str, Any]:
    """What a letter says of the slot, frozen as JSON."""
    return {
        "title": slot.title,
        "kind": slot.kind,
        "slug": slot.slug,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "place": slot.place,
        "host_name": slot.host_name,
        "requirements": list(slot.requirements),
        "contact_email": slot.contact_email,
    }


SLOT_COLUMNS = [name for name in BookableSlot.__slots__ if name != "shares"]
