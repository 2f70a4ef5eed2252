"""Taking and giving back seats. Nothing else may touch ``seats_taken`` and ``seats_waiting``."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from service import clock, db, text
from service.bookings import dossiers, emails, holds
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.tables import LIVE, Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.events.tables import Slot
from service.journal.notes import note
from service.limits import keys, rates
from service.refusal import Refusal

SIBLINGS = 3  # individuals who may share an address, for one slot

# The row itself tells whether anybody waits: it is looked at again once its lock is had.
TAKE = """
UPDATE slot SET seats_taken = seats_taken + $2
WHERE id = $1 AND seats_taken + $2 <= capacity AND ($3 OR seats_waiting = 0 OR closes_at < $4) RETURNING seats_taken
"""
COUNT_WAITING = "UPDATE slot SET seats_waiting = seats_waiting + $2 WHERE id = $1"
LEFT = "SELECT capacity - seats_taken AS seats_left, seats_waiting FROM slot WHERE id = $1"
GIVE_BACK = "UPDATE slot SET seats_taken = seats_taken - $2 WHERE id = $1"
ASKED = "SELECT dossier, name_key, pupils FROM booking WHERE slot = $1 AND email_key = $2 AND state = ANY($3)"
ASKED_GUARDIAN = """
SELECT 1 FROM booking JOIN dossier ON dossier.id = booking.dossier
WHERE booking.slot = $1 AND lower(guardian_email) = $2 LIMIT 1
"""


class SoldOut(Refusal):
    """The slot has fewer free seats than asked for, or those that it has are for the people who wait."""

    def __init__(self, seats_left: int, seats_waiting: int = 0) -> None:
        self.seats_left, self.seats_waiting = seats_left, seats_waiting


class AlreadyBooked(Refusal):
    """This address holds what was asked for, or as many seats as one address may: its owner was written to."""

    def __init__(self, held_by: list[UUID]) -> None:
        self.held_by = held_by


@dataclass(frozen=True, slots=True)
class Party:
    """Who comes to one slot together: an individual, or a class with its chaperones."""

    pupils: int = 0
    chaperones: int = 0

    @property
    def seats(self) -> int:
        """Capacity counts everyone."""
        return self.pupils + self.chaperones or 1


ALONE = Party()


async def book(slot: BookableSlot, who: Booker, *, key: keys.Key | None = None) -> Dossier:
    """Give ``who`` a seat of ``slot``, and post the letter that says so: confirmed, or pending where it must be.

    The same ``key`` gives the same dossier. A duplicate takes no seat; the address is sent the link it has.
    Refuses: KeyReused, those of ``slots.check_open_to_individuals``, AlreadyBooked, SoldOut, TooOften.
    """
    if known := await keys.answered(key):
        return await dossiers.by_id(known)
    slots.check_open_to_individuals(slot)
    try:
        await _glance(slot, who)
        return await _book(slot, who, key)
    except (AlreadyBooked, SoldOut, rates.TooOften) as refusal:
        if known := await keys.answered(key):  # the same form's first sending won between two of our looks
            return await dossiers.by_id(known)
        if isinstance(refusal, AlreadyBooked):
            await emails.remind_of_booking(refusal.held_by, who)
        raise


async def take(slot_id: UUID, seats: int, *, in_turn: bool = False) -> None:
    """One statement locks the slot, checks it and counts. Needs an open transaction. Refuses: SoldOut.

    While people wait, only who is ``in_turn`` may take: nobody overtakes, but for the last hour.
    """
    db.inside_transaction()
    if not await db.fetch(TAKE, slot_id, seats, in_turn, clock.now() + slots.LAST_CALL):
        [row] = await db.fetch(LEFT, slot_id)
        raise SoldOut(row["seats_left"], row["seats_waiting"])


async def count_waiting(slot_id: UUID, seats: int) -> None:
    """Note that so many seats more (or less) are waited for. Needs an open transaction that holds the slot's row."""
    db.inside_transaction()
    await db.fetch(COUNT_WAITING, slot_id, seats)


async def give_back(slot_id: UUID, seats: int) -> None:
    """Free ``seats`` seats. Needs an open transaction that holds the slot's row."""
    db.inside_transaction()
    await db.fetch(GIVE_BACK, slot_id, seats)


async def hold(slot_id: UUID) -> None:
    """Lock the slot's row, before its bookings: the order that keeps two verbs from waiting for each other."""
    db.inside_transaction()
    await db.fetch("SELECT 1 FROM slot WHERE id = $1 FOR UPDATE", slot_id)


async def seats_left(slot_id: UUID) -> int:
    """How many seats of the slot are free now."""
    row = await Slot.select(Slot.capacity, Slot.seats_taken).where(Slot.id == slot_id).first()
    return row["capacity"] - row["seats_taken"] if row else 0


async def check_not_doubled(slot_id: UUID, email_key: str, name_key: str, *, is_class: bool = False) -> int:
    """Return how many bookings the address has in the slot. Refuses: AlreadyBooked.

    A class is doubled by its label only; of individuals, no more than 3 share an address.
    """
    if not email_key:
        return 0
    held = await db.fetch(ASKED, slot_id, email_key, list(LIVE))
    same = [row["dossier"] for row in held if row["name_key"] == name_key and bool(row["pupils"]) == is_class]
    siblings = [row["dossier"] for row in held if not row["pupils"]]
    if same or (not is_class and len(siblings) >= SIBLINGS):
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


async def _glance(slot: BookableSlot, who: Booker) -> None:
    """Look before locking: a sold-out slot must not make a queue at its row."""
    is_sibling = await check_not_doubled(slot.id, who.email_key, who.name_key) > 0
    if slot.seats_left < 1 or not slot.is_for_all:
        raise SoldOut(slot.seats_left, slot.seats_waiting)
    await spend_letters(slot.id, who, is_sibling=is_sibling)


async def _book(slot: BookableSlot, who: Booker, key: keys.Key | None) -> Dossier:
    dossier_id = dossiers.new_id()
    async with db.transaction():
        if await keys.claim(key, dossier_id):
            return await _open(dossier_id, slot, who)
    return await dossiers.by_id(await keys.answered(key) or dossier_id)


async def _open(dossier_id: UUID, slot: BookableSlot, who: Booker) -> Dossier:
    try:
        await take(slot.id, 1)
    except SoldOut:  # perhaps to the same person, a moment ago: then it is a double, and told so
        await check_not_doubled(slot.id, who.email_key, who.name_key)
        raise
    await check_not_doubled(slot.id, who.email_key, who.name_key)
    return await open_held(dossier_id, slot, who)


async def open_held(dossier_id: UUID, slot: BookableSlot, who: Booker) -> Dossier:
    """The dossier of an individual with a booking, whose seat was taken. Needs an open transaction."""
    dossier = await dossiers.open_dossier(dossier_id, who)
    booking = await claim(dossier, slot, who, holds.first(slot, clock.now(), age_band=who.age_band))
    await note("booker", "book", "booking", booking.id)
    await holds.announce(dossier, booking, slot)
    return dossier


async def claim(dossier: Dossier, slot: BookableSlot, who: Booker, standing: Standing, party: Party = ALONE) -> Booking:
    """Insert the booking of an individual's seat, or of a class's. Needs an open transaction."""
    now = clock.now()
    booking = Booking(
        id=uuid4(),
        dossier=dossier.id,
        slot=slot.id,
        seats=party.seats,
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
