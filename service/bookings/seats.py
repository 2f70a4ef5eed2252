"""Taking and giving back seats. Nothing else may touch what a slot counts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from service import clock, db, text
from service.bookings import dossiers, emails, holds
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.plans import NOBODY, Party
from service.bookings.tables import LIVE, Booking, Dossier
from service.events import shares, slots
from service.events.shares import CLASS, INDIVIDUAL, PARTNER, Room
from service.events.slots import BookableSlot, CalledOff
from service.events.tables import Slot
from service.journal.notes import note
from service.limits import keys, rates
from service.refusal import Refusal

SIBLINGS = 3  # individuals who may share an address, for one slot

# The row itself tells whether it takes place, whether anybody waits, and what each audience has: it is looked at again
# once its lock is had.
# $7 to $9 are the seats that are kept for the other audiences: what they have not taken of them stays free.
TAKE = """
UPDATE slot SET seats_taken = seats_taken + $2, class_seats = class_seats + $5, partner_seats = partner_seats + $6
WHERE id = $1 AND state = 'open' AND ($3 OR seats_waiting = 0 OR closes_at < $4)
  AND seats_taken + $2 + greatest(0, $7 - seats_taken + class_seats + partner_seats)
      + greatest(0, $8 - class_seats) + greatest(0, $9 - partner_seats) <= capacity
RETURNING version
"""
COUNT_WAITING = "UPDATE slot SET seats_waiting = seats_waiting + $2 WHERE id = $1"
COUNTED = """
SELECT capacity, seats_taken, class_seats, partner_seats, seats_waiting, state, called_off_reason AS reason
FROM slot WHERE id = $1
"""
WAITS = "SELECT 1 FROM booking WHERE slot = $1 AND state = 'waiting' AND audience = $2 LIMIT 1"
GIVE_BACK = """
UPDATE slot SET seats_taken = seats_taken - $2, class_seats = class_seats - $3, partner_seats = partner_seats - $4
WHERE id = $1
"""
ASKED = "SELECT dossier, name_key, pupils FROM booking WHERE slot = $1 AND email_key = $2 AND state = ANY($3)"
ASKED_GUARDIAN = """
SELECT 1 FROM booking JOIN dossier ON dossier.id = booking.dossier
WHERE booking.slot = $1 AND lower(guardian_email) = $2 LIMIT 1
"""


class SoldOut(Refusal):
    """The slot has fewer seats left for who asks, or those that it has are for the people who wait."""

    def __init__(self, seats_left: int, seats_waiting: int = 0) -> None:
        self.seats_left, self.seats_waiting = seats_left, seats_waiting


class AlreadyBooked(Refusal):
    """This address holds what was asked for, or as many seats as one address may: its owner was written to."""

    def __init__(self, held_by: list[UUID]) -> None:
        self.held_by = held_by


async def book(slot: BookableSlot, who: Booker, *, key: keys.Key | None = None) -> Dossier:
    """Give ``who`` a seat of ``slot``, and post the letter that says so: confirmed, or pending where it must be.

    The same ``key`` gives the same dossier. A duplicate takes no seat; the address is sent the link it has.
    Refuses: KeyReused, those of ``slots.check_open_to_individuals``, AlreadyBooked, SoldOut, TooOften.
    """
    return await once(key, who, lambda: _try(slot, who, key))


async def once(key: keys.Key | None, who: Booker, attempt: Callable[[], Awaitable[Dossier]]) -> Dossier:
    """Attempt to book for ``who``, but once a ``key``: a repeat gets the dossier of the first.

    Of a double, its owner is sent the link that exists. Refuses: KeyReused, and whatever the attempt does.
    """
    if known := await keys.answered(key):
        return await dossiers.by_id(known)
    try:
        return await attempt()
    except (AlreadyBooked, SoldOut, rates.TooOften) as refusal:
        if known := await keys.answered(key):  # the same form's first sending won between two of our looks
            return await dossiers.by_id(known)
        if isinstance(refusal, AlreadyBooked):
            await emails.remind_of_booking(refusal.held_by, who)
        raise


async def take(slot: BookableSlot, seats: int, audience: str, *, in_turn: bool = False) -> BookableSlot:
    """One statement locks the slot, checks it and counts. Needs an open transaction.

    What is kept for other audiences stays free. While people wait, only who is ``in_turn`` may take: nobody
    overtakes, but in the last hour, and on the own share while nobody of the audience waits.
    Returns the slot as it is now: somebody may have moved it since it was read. Refuses: SoldOut, CalledOff.
    """
    db.inside_transaction()
    taken = await _take(slot, seats, audience, in_turn=in_turn)
    if not taken and not in_turn and await _takes_from_nobody(slot, seats, audience):
        taken = await _take(slot, seats, audience, in_turn=True)
    if taken:
        return await _as_it_is(slot, taken[0]["version"])
    raise _no_seat(slot, audience, await db.fetch(COUNTED, slot.id))


async def count_waiting(slot_id: UUID, seats: int) -> None:
    """Note that so many seats more (or less) are waited for. Needs an open transaction that holds the slot's row."""
    db.inside_transaction()
    await db.fetch(COUNT_WAITING, slot_id, seats)


async def give_back(slot_id: UUID, seats: int, audience: str) -> None:
    """Free ``seats`` seats of the audience. Needs an open transaction that holds the slot's row."""
    db.inside_transaction()
    await db.fetch(GIVE_BACK, slot_id, seats, *_counters(seats, audience))


async def hold(slot_id: UUID) -> None:
    """Lock the slot's row, before its bookings: the order that keeps two verbs from waiting for each other."""
    db.inside_transaction()
    await db.fetch("SELECT 1 FROM slot WHERE id = $1 FOR UPDATE", slot_id)


async def hold_as_it_is(slot: BookableSlot) -> BookableSlot:
    """The same; returns the slot as it is now: somebody may have moved it since. Refuses: UnknownSlot."""
    await hold(slot.id)
    rows = await db.fetch("SELECT version FROM slot WHERE id = $1", slot.id)
    if not rows:
        raise slots.UnknownSlot
    return await _as_it_is(slot, rows[0]["version"])


async def seats_left(slot_id: UUID) -> int:
    """How many seats of the slot are free now."""
    row = await Slot.select(Slot.capacity, Slot.seats_taken).where(Slot.id == slot_id).first()
    return row["capacity"] - row["seats_taken"] if row else 0


async def check_not_doubled(slot_id: UUID, email_key: str, name_key: str, *, may_share: bool = False) -> int:
    """Return how many bookings the address has in the slot. Refuses: AlreadyBooked.

    Of individuals, no more than 3 share an address, unless they ``may_share`` it: as classes do, and as organisers say.
    """
    if not email_key:
        return 0
    held = await db.fetch(ASKED, slot_id, email_key, list(LIVE))
    same = [row["dossier"] for row in held if row["name_key"] == name_key]
    siblings = [row["dossier"] for row in held if not row["pupils"]]
    if same or (not may_share and len(siblings) >= SIBLINGS):
        raise AlreadyBooked(same or siblings)
    return len(held)


async def spend_letters(slot_id: UUID, who: Booker, *, is_sibling: bool) -> None:
    """Count what an address is sent beyond the first letter of a slot: as a sibling, as a parent. Refuses: TooOften."""
    addresses = {who.email_key} if is_sibling else set()
    guardian = text.address_key(who.guardian_email)
    if guardian and await db.fetch(ASKED_GUARDIAN, slot_id, guardian):
        addresses.add(guardian)
    for address in sorted(addresses):
        await rates.spend_letter(address)


async def _try(slot: BookableSlot, who: Booker, key: keys.Key | None) -> Dossier:
    slots.check_open_to_individuals(slot)
    await _glance(slot, who)
    return await _book(slot, who, key)


async def _glance(slot: BookableSlot, who: Booker) -> None:
    """Look before locking: a sold-out slot must not make a queue at its row."""
    is_sibling = await check_not_doubled(slot.id, who.email_key, who.name_key) > 0
    if not slot.has_seat_for(who.audience):
        raise SoldOut(slot.room.left_for(who.audience), slot.seats_waiting)
    await spend_letters(slot.id, who, is_sibling=is_sibling)


async def _take(slot: BookableSlot, seats: int, audience: str, *, in_turn: bool) -> list[Any]:
    last_call = clock.now() + slots.LAST_CALL
    values = (*_counters(seats, audience), *_kept_for_others(slot, audience))
    return await db.fetch(TAKE, slot.id, seats, in_turn, last_call, *values)


async def _as_it_is(slot: BookableSlot, version: int) -> BookableSlot:
    """The slot, read again where it was edited since: nobody is told an old date. Needs the lock of its row."""
    return slot if slot.version == version else await slots.load(slot.id)


def _no_seat(slot: BookableSlot, audience: str, found: list[Any]) -> Refusal:
    """Why the audience has none: the slot is gone, called off, or full for it."""
    if not found:
        return slots.UnknownSlot()
    if found[0]["state"] == "called_off":
        return CalledOff(found[0]["reason"])
    return SoldOut(_room(slot, found[0]).left_for(audience), found[0]["seats_waiting"])


def _counters(seats: int, audience: str) -> tuple[int, int]:
    """What the counters of classes and of partners change by; individuals have the rest."""
    return (seats if audience == CLASS else 0, seats if audience == PARTNER else 0)


def _kept_for_others(slot: BookableSlot, audience: str) -> list[int]:
    """The settings are a glance; what is taken of them is counted in the row itself."""
    kept = slot.room.kept
    return [0 if other == audience else kept.get(other, 0) for other in (INDIVIDUAL, CLASS, PARTNER)]


async def _takes_from_nobody(slot: BookableSlot, seats: int, audience: str) -> bool:
    """Whether so many seats lie wholly in the audience's own share, and none of it waits. Locks the slot's row."""
    if not slot.room.kept.get(audience):
        return False
    await hold(slot.id)
    [row] = await db.fetch(COUNTED, slot.id)
    return _room(slot, row).is_own(seats, audience) and not await db.fetch(WAITS, slot.id, audience)


def _room(slot: BookableSlot, row: Any) -> Room:
    """The room as the row counts it now."""
    return replace(slot.room, capacity=row["capacity"], taken=shares.taken_of(row))


async def _book(slot: BookableSlot, who: Booker, key: keys.Key | None) -> Dossier:
    dossier_id = dossiers.new_id()
    async with db.transaction():
        if await keys.claim(key, dossier_id):
            return await _open(dossier_id, slot, who)
    return await dossiers.by_id(await keys.answered(key) or dossier_id)


async def _open(dossier_id: UUID, slot: BookableSlot, who: Booker) -> Dossier:
    try:
        now = await take(slot, 1, who.audience)
    except SoldOut:  # perhaps to the same person, a moment ago: then it is a double, and told so
        await check_not_doubled(slot.id, who.email_key, who.name_key)
        raise
    if now is not slot:
        slots.check_open_to_individuals(now)
    await check_not_doubled(slot.id, who.email_key, who.name_key)
    return await open_held(dossier_id, now, who)


async def open_held(dossier_id: UUID, slot: BookableSlot, who: Booker) -> Dossier:
    """The dossier of an individual with a booking, whose seat was taken. Needs an open transaction."""
    dossier = await dossiers.open_dossier(dossier_id, who)
    booking = await claim(dossier, slot, who, holds.first(slot, clock.now(), age_band=who.age_band))
    await note("booker", "book", "booking", booking.id)
    await holds.announce(dossier, booking, slot)
    return dossier


async def claim(  # noqa: PLR0913 - each is a column, or several
    dossier: Dossier, slot: BookableSlot, who: Booker, standing: Standing, party: Party = NOBODY, *, people: int = 1
) -> Booking:
    """Insert the booking of a class's ``party``, or else of so many ``people``. Needs an open transaction."""
    now = clock.now()
    booking = Booking(
        id=uuid4(),
        dossier=dossier.id,
        slot=slot.id,
        seats=party.seats or people,
        pupils=party.pupils,
        chaperones=party.chaperones,
        audience=who.audience,
        state=standing.state,
        expires_at=standing.expires_at,
        awaits_approval=standing.awaits_approval,
        awaits_guardian=standing.awaits_guardian,
        email_key=who.email_key,
        name_key=who.name_key,
        age_band=who.age_band,
        created_at=now,
        queued_at=now if standing.state == "waiting" else None,
    )
    await db.insert(booking)
    return booking
