"""Adding people by hand: who telephones, who has no address, who comes after the list has closed."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from service import db
from service.bookings import changes, dossiers, groups, noted, seats, waiting
from service.bookings.dossiers import Booker
from service.bookings.held import Held
from service.bookings.holds import Standing
from service.bookings.plans import NOBODY, Party
from service.bookings.seats import SoldOut
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.journal.notes import note
from service.limits import keys
from service.mail import outbox
from service.refusal import Refusal

MOST_PEOPLE = 99  # who come together without being a class
COUNTED = ("confirmed", "waiting")
COUNT = """
UPDATE booking SET seats = $2, revision = revision + 1
WHERE id = $1 AND pupils = 0 AND state = ANY($3) RETURNING *
"""


class OthersWait(Refusal):
    """Seats are free, and people wait for them: an organiser may pass them, but says so."""

    def __init__(self, seats_left: int, seats_waiting: int) -> None:
        self.seats_left, self.seats_waiting = seats_left, seats_waiting


class NotSo(Refusal):
    """The booking is in a state in which this cannot be done to it, perhaps since a moment ago."""


class Way(StrEnum):
    """How somebody who is added comes by seats."""

    in_turn = "in_turn"
    before_others = "before_others"
    queue = "queue"


@dataclass(frozen=True, slots=True)
class Entry:
    """Whom an organiser adds: the ``party`` of a class, or so many ``people`` under one name."""

    who: Booker
    party: Party = NOBODY
    people: int = 1

    @property
    def seats(self) -> int:
        """Capacity counts everyone."""
        return self.party.seats or self.people


async def add(slot_id: UUID, entry: Entry, by: str, way: Way = Way.in_turn, *, key: keys.Key | None = None) -> Dossier:
    """Add somebody to a slot until it ends, whether its list is open or not; confirmed at once where there are seats.

    Who has no address is sent nothing. ``by`` is who adds them, for the journal; the same ``key`` gives the same
    dossier. Refuses: UnknownSlot, CalledOff, MembersOnly, SlotOver, ClassTooLarge, TooFewChaperones, AlreadyBooked,
    OthersWait, SoldOut, TooLateToWait (for the queue), KeyReused.
    """
    if known := await keys.answered(key):
        return await dossiers.by_id(known)
    dossier_id = dossiers.new_id()
    async with db.transaction():
        if await keys.claim(key, dossier_id):
            return await _enter(dossier_id, slot_id, entry, by, way)
    return await dossiers.by_id(await keys.answered(key) or dossier_id)


async def resize(booking_id: UUID, people: int, by: str, *, before_others: bool = False) -> None:
    """Let so many people come under one name. Only for what staff entered: a class has its numbers, others one seat.

    Refuses: UnknownBooking, NotSo, CalledOff, MembersOnly, SlotOver, OthersWait, SoldOut.
    """
    async with db.transaction():
        dossier, one, _ = await changes.lock_booking(booking_id)
        if not may_resize(one):
            raise NotSo
        slots.check_takes_place(one.slot)
        if more := people - one.booking.seats:
            await _count(one, more, before_others=before_others)
            await changes.change(one, COUNT, people, list(COUNTED))
            await noted.limit(booking_id)
            await note(by, "count", "booking", booking_id)
            await outbox.withdraw_unsent(one.subject)
            await changes.write_again(dossier, [one], as_it_was=True)
            await waiting.promote(one.slot.id)


def may_resize(one: Held) -> bool:
    """Whether an organiser may let more or fewer people come under its name: they entered it, as its address tells."""
    is_staff_entry = one.booking.seats > 1 or not one.booking.email_key
    return is_staff_entry and not one.is_class and one.booking.state in COUNTED


async def take(slot: BookableSlot, wanted: int, audience: str, *, before_others: bool) -> None:
    """Take free seats for somebody; ``before_others`` also those for which people wait.

    Needs an open transaction. Refuses: OthersWait, SoldOut.
    """
    try:
        await seats.take(slot, wanted, audience, in_turn=before_others)
    except SoldOut as refusal:
        if refusal.seats_left >= wanted and refusal.seats_waiting:
            raise OthersWait(refusal.seats_left, refusal.seats_waiting) from None
        raise


async def hold(slot_id: UUID) -> BookableSlot:
    """Lock a slot to which people shall be added, and read it as it is now, whether its list is open or not.

    Needs an open transaction. Refuses: UnknownSlot, CalledOff, MembersOnly, SlotOver.
    """
    await seats.hold(slot_id)
    slot = await slots.load(slot_id)
    slots.check_takes_place(slot)
    return slot


async def enter(  # noqa: PLR0913 - whom, where, how they stand, and who says so
    dossier_id: UUID, slot: BookableSlot, entry: Entry, standing: Standing, by: str, *, tells_them: bool = True,
    **facts: str,
) -> Dossier:  # fmt: skip
    """The inner step of adding somebody, by hand or from a list: their seats are taken, or their turn is counted.

    Needs an open transaction that holds the slot's row.
    """
    db.inside_transaction()
    dossier = await dossiers.open_dossier(dossier_id, entry.who)
    booking = await seats.claim(dossier, slot, entry.who, standing, entry.party, people=entry.people)
    await note(by, "add", "booking", booking.id, **facts)
    if tells_them:
        await changes.write_again(dossier, [Held(booking, slot)])
    return dossier


async def _enter(dossier_id: UUID, slot_id: UUID, entry: Entry, by: str, way: Way) -> Dossier:
    slot, who = await hold(slot_id), entry.who
    if entry.party.seats:
        groups.check_size(slot, entry.seats)
        groups.check_chaperones(slot, [entry.party])
    await seats.check_not_doubled(slot.id, who.email_key, who.name_key, may_share=True)
    standing = await (_queue if way is Way.queue else _seat)(slot, entry, way)
    dossier = await enter(dossier_id, slot, entry, standing, by, way=way)
    await waiting.promote(slot.id)  # seats that are too few for those before may be enough for them
    return dossier


async def _seat(slot: BookableSlot, entry: Entry, way: Way) -> Standing:
    await take(slot, entry.seats, entry.who.audience, before_others=way is Way.before_others)
    return Standing()


async def _queue(slot: BookableSlot, entry: Entry, _: Way) -> Standing:
    """At the end of the queue; who could never come waits for nothing."""
    if entry.seats > slot.capacity:
        raise SoldOut(slot.capacity)
    must_wait = await waiting.take_or_wait(slot, entry.seats, entry.who.audience)
    return Standing("waiting") if must_wait else Standing()


async def _count(one: Held, more: int, *, before_others: bool) -> None:
    """Take or give back the difference, or wait for it."""
    if one.booking.state == "waiting":
        if one.booking.seats + more > one.slot.capacity:
            raise SoldOut(one.slot.capacity)
        await seats.count_waiting(one.slot.id, more)
    elif more > 0:
        await take(one.slot, more, one.booking.audience, before_others=before_others)
    else:
        await seats.give_back(one.slot.id, -more, one.booking.audience)
