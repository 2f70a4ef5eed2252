"""Booking a class: six fields, no pupil's name; one dossier over one or several slots, all or nothing."""

from collections.abc import Sequence
from uuid import UUID

from service import clock, db
from service.bookings import class_emails, dossiers, holds, plans, seats, waiting
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.plans import Part, Party, Plan
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.journal.notes import note
from service.limits import keys, rates
from service.refusal import Refusal


class TooFewChaperones(Refusal):
    """So many pupils need more chaperones."""

    def __init__(self, needed: int) -> None:
        self.needed = needed


class ClassTooLarge(Refusal):
    """The event gives no class so many seats."""

    def __init__(self, most: int) -> None:
        self.most = most


async def book(plan: Plan, who: Booker, *, key: keys.Key | None = None) -> Dossier:
    """Book a class as ``plan`` says, over slots of one event: an option, confirmed or pending, as the event has it.

    What waits is queued; where seats came free meanwhile, it is taken. The same ``key`` gives the same dossier; a
    duplicate is sent the link it has. Refuses: KeyReused, those of ``slots.check_open_to_classes``, ClassTooLarge,
    TooFewChaperones, AlreadyBooked, SoldOut, TooLateToWait, TooOften.
    """
    return await seats.once(key, who, lambda: _try(plan, who, key))


def check_size(slot: BookableSlot, seats_in_all: int) -> None:
    """Return when the event of the slot gives a class so many seats. Refuses: ClassTooLarge."""
    if slot.class_seats_max is not None and seats_in_all > slot.class_seats_max:
        raise ClassTooLarge(slot.class_seats_max)


def check_chaperones(slot: BookableSlot, parties: Sequence[Party]) -> None:
    """Return when each party, in a slot of its own, has the chaperones that it needs. Refuses: TooFewChaperones."""
    needed = [plans.rules_of(slot).chaperones_for(party.pupils) for party in parties]
    if any(party.chaperones < least for party, least in zip(parties, needed, strict=True)):
        raise TooFewChaperones(sum(needed))


async def _try(plan: Plan, who: Booker, key: keys.Key | None) -> Dossier:
    parts = [(part, await slots.load(part.slot)) for part in sorted(plan, key=lambda part: part.slot)]
    check_size(parts[0][1], sum(part.whole.seats for part in plan))
    check_chaperones(parts[0][1], [part.whole for part in plan])
    for part, slot in parts:
        slots.check_open_to_classes(slot)
        if part.later.seats and part.whole.seats > slot.capacity:  # what could never come waits for nothing
            raise ClassTooLarge(slot.capacity)
        if await seats.check_not_doubled(slot.id, who.email_key, who.name_key, may_share=True):
            await rates.spend_letter(who.email_key)
        if part.now.seats > (left := slot.room.left_for(who.audience)):  # no queue at the rows of a sold-out slot
            raise seats.SoldOut(left, slot.seats_waiting)
    dossier_id = dossiers.new_id()
    async with db.transaction():
        if await keys.claim(key, dossier_id):
            return await _open(dossier_id, parts, who)
    return await dossiers.by_id(await keys.answered(key) or dossier_id)


async def _open(dossier_id: UUID, parts: Sequence[tuple[Part, BookableSlot]], who: Booker) -> Dossier:
    parts = [(part, await _hold(slot)) for part, slot in parts]  # in the order of their ids
    dossier = await dossiers.open_dossier(dossier_id, who)
    now = clock.now()
    standings = holds.as_one([holds.first(slot, now, takes_option=True) for _, slot in parts])
    claimed = [
        one
        for (part, slot), standing in zip(parts, standings, strict=True)
        for one in await _claim(dossier, part, slot, who, standing)
    ]
    await class_emails.say_booked(dossier, claimed)
    for booking, slot in claimed:
        await holds.announce(dossier, booking, slot)
    for _, slot in parts:
        await waiting.promote(slot.id)  # seats that are too few for those before may be enough for a class
    return dossier


async def _hold(slot: BookableSlot) -> BookableSlot:
    now = await seats.hold_as_it_is(slot)
    if now is not slot:
        slots.check_open_to_classes(now)
    return now


async def _claim(
    dossier: Dossier, part: Part, slot: BookableSlot, who: Booker, standing: Standing
) -> list[tuple[Booking, BookableSlot]]:
    """Take what the part wants now, queue the rest; all of it at once, if the seats came free meanwhile."""
    await seats.check_not_doubled(slot.id, who.email_key, who.name_key, may_share=True)
    now, later = part.now, part.later
    if now.seats:
        await seats.take(slot, now.seats, who.audience)
    if later.seats and not await waiting.take_or_wait(slot, later.seats, who.audience):
        now, later = part.whole, plans.NOBODY
    claimed = []
    for party, how in ((now, standing), (later, Standing("waiting"))):
        if party.seats:
            booking = await seats.claim(dossier, slot, who, how, party)
            await note("booker", "join" if how.state == "waiting" else "book", "booking", booking.id)
            claimed.append((booking, slot))
    return claimed
