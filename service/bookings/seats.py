"""Taking and giving back seats. Nothing else may touch ``seats_taken``."""

from uuid import UUID, uuid4

from service import clock, db
from service.bookings import dossiers, emails, invitations
from service.bookings.dossiers import Booker
from service.bookings.tables import HOLDING, Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.events.tables import Slot
from service.journal.notes import note
from service.limits import keys, rates
from service.refusal import Refusal

SIBLINGS = 3  # individuals who may share an address, for one slot

TAKE = """
UPDATE slot SET seats_taken = seats_taken + $2 WHERE id = $1 AND seats_taken + $2 <= capacity RETURNING seats_taken
"""
GIVE_BACK = "UPDATE slot SET seats_taken = seats_taken - $2 WHERE id = $1"
HELD = "SELECT dossier, name_key FROM booking WHERE slot = $1 AND email_key = $2 AND state = ANY($3)"


class SoldOut(Refusal):
    """The slot has fewer free seats than asked for."""

    def __init__(self, seats_left: int) -> None:
        self.seats_left = seats_left


class AlreadyBooked(Refusal):
    """This address holds what was asked for, or as many seats as one address may: its owner was written to."""

    def __init__(self, held_by: list[UUID]) -> None:
        self.held_by = held_by


async def book(slot: BookableSlot, who: Booker, *, key: keys.Key | None = None) -> Dossier:
    """Give ``who`` a confirmed seat of ``slot``, and post the letter that says so.

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


async def take(slot_id: UUID, seats: int) -> None:
    """One statement locks the slot, checks it and counts. Needs an open transaction. Refuses: SoldOut."""
    db.inside_transaction()
    if not await db.fetch(TAKE, slot_id, seats):
        raise SoldOut(await seats_left(slot_id))


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


async def check_not_doubled(slot_id: UUID, email_key: str, name_key: str) -> int:
    """Return how many seats the address holds in the slot. Refuses: AlreadyBooked."""
    if not email_key:
        return 0
    held = await db.fetch(HELD, slot_id, email_key, list(HOLDING))
    same = [row["dossier"] for row in held if row["name_key"] == name_key]
    if same or len(held) >= SIBLINGS:
        raise AlreadyBooked(same or [row["dossier"] for row in held])
    return len(held)


async def _glance(slot: BookableSlot, who: Booker) -> None:
    """Look before locking: a sold-out slot must not make a queue at its row."""
    is_sibling = await check_not_doubled(slot.id, who.email_key, who.name_key) > 0
    if slot.seats_left < 1:
        raise SoldOut(slot.seats_left)
    if is_sibling:
        await rates.spend_letter(who.email_key)


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
    dossier = await dossiers.open_dossier(dossier_id, who)
    booking = await _claim(dossier, slot, who)
    await note("booker", "book", "booking", booking.id)
    if who.email:
        invitation = await invitations.open_invitation("booking", booking.id, who.email)
        await emails.confirm(dossier, booking, slot, invitation)
    return dossier


async def _claim(dossier: Dossier, slot: BookableSlot, who: Booker) -> Booking:
    booking = Booking(
        id=uuid4(),
        dossier=dossier.id,
        slot=slot.id,
        seats=1,
        state="confirmed",
        email_key=who.email_key,
        name_key=who.name_key,
        age_band=who.age_band,
        created_at=clock.now(),
    )
    await db.insert(booking)
    return booking
