"""The numbers of a class, as they change until the day: fewer at once, more if there are seats, the rest if wished."""

from dataclasses import dataclass
from uuid import UUID

from service import clock, db
from service.bookings import changes, class_emails, dossiers, groups, noted, plans, seats, turns, waiting
from service.bookings.by_hand import OthersWait
from service.bookings.changes import AlreadyStarted
from service.bookings.held import Held, held_by, live_of
from service.bookings.holds import Standing
from service.bookings.plans import NOBODY, Party
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot, CalledOff
from service.journal.notes import note
from service.refusal import Refusal

COUNTED = ("confirmed", "option", "pending")
COUNT = """
UPDATE booking SET pupils = $2, chaperones = $3, seats = $2::int + $3::int, revision = revision + 1
WHERE id = $1 AND state = ANY($4) RETURNING *
"""
WAIT_TOO = "SELECT 1 FROM booking WHERE slot = $1 AND state = 'waiting' AND audience = $2 AND dossier <> $3 LIMIT 1"


class NothingToCount(Refusal):
    """The class holds and awaits nothing in this slot, or an offer must be answered first."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms the numbers change: ``by`` whom (for the journal), and whether pupils without a seat wait.

    An organiser is not bound by the closing of the list; they may take seats ``before_others`` who wait.
    """

    by: str = "booker"
    queue_rest: bool = False
    before_others: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether an organiser changes them."""
        return self.by != "booker"


async def change(dossier: Dossier, slot_id: UUID, party: Party, *, queue_rest: bool = False) -> int:
    """Let the class come to the slot as ``party``: fewer frees seats at once, more takes what there is.

    With ``queue_rest``, pupils who find no seat wait for one; otherwise they are given up. Returns for how many
    people there is no seat and no waiting. Refuses: NothingToCount, AlreadyStarted, SoldOut (then nothing changed),
    ClassTooLarge, TooFewChaperones, TooLateToWait, and to add those of ``slots.check_open_to_classes``.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        return await _change(dossier, slot_id, party, Terms(queue_rest=queue_rest))


async def recount(booking_id: UUID, party: Party, terms: Terms) -> int:
    """Do for an organiser what ``change`` does for a teacher, until the slot ends; seats are had as for anybody.

    Refuses: UnknownBooking, NothingToCount, CalledOff, MembersOnly, SlotOver, OthersWait, SoldOut, ClassTooLarge,
    TooFewChaperones, TooLateToWait.
    """
    async with db.transaction():
        dossier, one, _ = await changes.lock_booking(booking_id)
        return await _change(dossier, one.slot.id, party, terms)


async def _change(dossier: Dossier, slot_id: UUID, party: Party, terms: Terms) -> int:
    here = await _here(dossier, slot_id)
    _check(here, party, terms)
    missing = 0
    if here.held:
        missing = await _count(dossier, here, here.held, party, terms)
    elif here.rest and _party_of(here.rest) != party:
        await _queue_rest(dossier, here, "", party, terms.by)
        await class_emails.say_booked(dossier, await live_of(dossier))
    await waiting.promote(slot_id)
    return missing


@dataclass(frozen=True, slots=True)
class _Here:
    """What a class has of one slot, what of it waits there, and what it has of others."""

    slot: BookableSlot
    held: Held | None
    rest: Held | None
    seats_elsewhere: int

    @property
    def seats(self) -> int:
        """What it has or waits for here."""
        return sum(one.booking.seats for one in (self.held, self.rest) if one)


async def _here(dossier: Dossier, slot_id: UUID) -> _Here:
    live = [one for one in await held_by(dossier) if one.is_class and one.is_live]
    here = {one.booking.state: one for one in live if one.slot.id == slot_id}
    held, rest = next((here[state] for state in COUNTED if state in here), None), here.get("waiting")
    if not (held or rest):
        raise NothingToCount
    elsewhere = sum(one.booking.seats for one in live if one.slot.id != slot_id)
    return _Here(next(iter(here.values())).slot, held, rest, elsewhere)


def _check(here: _Here, party: Party, terms: Terms) -> None:
    if terms.is_staff:
        slots.check_takes_place(here.slot)
    elif here.slot.is_called_off:
        raise CalledOff(here.slot.reason)
    elif here.slot.has_started:
        raise AlreadyStarted(here.slot.starts_at)
    if party.pupils < 1:
        raise NothingToCount
    groups.check_chaperones(here.slot, [party])
    if party.seats > here.seats:
        if not terms.is_staff:
            slots.check_open_to_classes(here.slot)
        groups.check_size(here.slot, party.seats + here.seats_elsewhere)


async def _count(dossier: Dossier, here: _Here, held: Held, party: Party, terms: Terms) -> int:
    booking, slot = held.booking, here.slot
    had, free = booking.seats, await _free(here, held, terms) if party.seats > booking.seats else 0
    now, later = plans.split(party, had + free, plans.rules_of(slot))
    queued = later if terms.queue_rest and later.pupils else NOBODY
    if later.seats and ((not queued.seats and now.seats <= had) or not now.pupils):
        raise seats.SoldOut(free)
    if (now, queued) == (_party_of(held), _party_of(here.rest)):
        return later.seats - queued.seats
    if now.seats > had:
        await seats.take(slot, now.seats - had, booking.audience, in_turn=True)
    elif now.seats < had:
        await seats.give_back(slot.id, had - now.seats, booking.audience)
    await changes.change(held, COUNT, now.pupils, now.chaperones, list(COUNTED))
    await noted.limit(booking.id)
    waits = await _queue_rest(dossier, here, booking.audience, queued, terms.by)
    await note(terms.by, "count", "booking", booking.id)
    rank = (await turns.rank_of(waits)).position if waits else 0
    await class_emails.say_changed(dossier, booking, slot, waits, rank)
    return later.seats - queued.seats


async def _free(here: _Here, held: Held, terms: Terms) -> int:
    """How many seats the class may add: like a newcomer, none while others wait for them. Refuses: OthersWait."""
    now, audience = await slots.load(here.slot.id), held.booking.audience
    others = now.seats_waiting - (here.rest.booking.seats if here.rest else 0)
    room = now.room
    if not others or terms.before_others or now.closes_at - clock.now() < slots.LAST_CALL:
        return room.left_for(audience)
    wait_too = await db.fetch(WAIT_TOO, now.id, audience, held.booking.dossier)
    own = 0 if wait_too else min(room.left_for(audience), room.unused(audience))
    if terms.is_staff and not terms.queue_rest and own < room.left_for(audience):
        raise OthersWait(room.left_for(audience), others)
    return own


async def _queue_rest(dossier: Dossier, here: _Here, audience: str, party: Party, by: str) -> Booking | None:
    """Let what is missing wait, in the place that the class has in the queue or at its end; or give it up."""
    rest = here.rest
    had = rest.booking.seats if rest else 0
    await seats.count_waiting(here.slot.id, party.seats - had)
    if party.seats > had:
        _check_may_wait(here, party)
    if party.seats:
        if rest is None:
            return await _join(dossier, here.slot, audience, party, by)
        await changes.change(rest, COUNT, party.pupils, party.chaperones, ["waiting"])
        await note(by, "count", "booking", rest.booking.id)
        return rest.booking
    if rest:
        await changes.change(rest, changes.END, clock.now(), "leaving", ["waiting"])
        await note(by, "leave", "booking", rest.booking.id)
    return None


def _party_of(one: Held | None) -> Party:
    return Party(one.booking.pupils, one.booking.chaperones) if one else NOBODY


def _check_may_wait(here: _Here, party: Party) -> None:
    if turns.deadline(clock.now(), here.slot.closes_at) is None:
        raise waiting.TooLateToWait
    if party.seats + (here.held.booking.seats if here.held else 0) > here.slot.capacity:
        raise groups.ClassTooLarge(here.slot.capacity)


async def _join(dossier: Dossier, slot: BookableSlot, audience: str, party: Party, by: str) -> Booking:
    who = dossiers.booker_of(dossier, is_partner=audience == "partner")
    booking = await seats.claim(dossier, slot, who, Standing("waiting"), party)
    await note(by, "join", "booking", booking.id)
    return booking
