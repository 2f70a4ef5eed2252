"""The waiting list: one queue a slot, first come first served. A seat that is freed is offered by itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db
from service.bookings import class_emails, dossiers, emails, rounds, seats, turns
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.tables import LIVE, Booking, Dossier
from service.bookings.turns import Entry
from service.events import shares, slots
from service.events.slots import BookableSlot
from service.journal.notes import note
from service.limits import keys
from service.mail import outbox
from service.refusal import Refusal

ROOM = f"""
SELECT slot.starts_at, slot.closes_at, slot.fill, {shares.COLUMNS},
       slot.state = 'open' AND event.state = 'published' AS is_open
FROM slot JOIN event ON event.id = slot.event WHERE slot.id = $1 AND slot.seats_waiting > 0
"""  # noqa: S608 - columns of ours
QUEUE = """
SELECT id, seats, passed_over, audience FROM booking
WHERE slot = $1 AND state = 'waiting' ORDER BY queued_at, id FOR UPDATE
"""
OFFER = """
UPDATE booking SET state = 'offered', expires_at = $2, revision = revision + 1
WHERE id = $1 AND state = 'waiting' RETURNING *
"""
MERGE = """
UPDATE booking held SET seats = held.seats + rest.seats, pupils = held.pupils + rest.pupils,
    chaperones = held.chaperones + rest.chaperones, revision = held.revision + 1
FROM booking rest WHERE rest.id = $1 AND rest.pupils > 0 AND held.dossier = rest.dossier AND held.slot = rest.slot
    AND held.state IN ('confirmed', 'option', 'pending') RETURNING held.*
"""
END_MERGED = """
UPDATE booking SET state = 'cancelled', ended_at = $2, ended_by = 'merged', was = state, revision = revision + 1
WHERE id = $1
"""
MOVE_NAMES = """
UPDATE attendee SET booking = $2, number = number + (SELECT count(*) FROM attendee WHERE booking = $2)
WHERE booking = $1
"""
NOT_OFFERED = "SELECT 1 FROM booking WHERE dossier = $1 AND state = ANY($2) AND state <> 'offered' LIMIT 1"
NOTE_PASSED = "UPDATE booking SET passed_over = $2 WHERE id = $1"
# Offers that lapsed, lists that closed, and shares that were released where somebody's turn has come by that.
DUE = """
SELECT DISTINCT slot FROM booking WHERE state = 'offered' AND expires_at <= $1
UNION SELECT id FROM slot WHERE seats_waiting > 0 AND closes_at <= $1
UNION SELECT slot.id FROM slot JOIN event ON event.id = slot.event
JOIN booking ready ON ready.slot = slot.id AND ready.state = 'waiting' AND ready.seats <= capacity - seats_taken
WHERE slot.seats_waiting > 0 AND slot.closes_at >= $1 + interval '1 hour'
  AND slot.state = 'open' AND event.state = 'published'
  AND event.kept_days > 0 AND slot.starts_at - event.kept_days * interval '24 hours' <= $1
  AND greatest(event.kept_for_individuals, event.kept_for_classes, event.kept_for_partners) > 0
  AND NOT EXISTS (
    SELECT 1 FROM booking earlier WHERE earlier.slot = slot.id AND earlier.state = 'waiting'
      AND (earlier.queued_at, earlier.id) < (ready.queued_at, ready.id)
      AND earlier.seats > capacity - seats_taken AND earlier.seats <= capacity
      AND (slot.fill = 'strict' OR earlier.passed_over >= 3))
ORDER BY 1 LIMIT 50
"""
LAPSED = """
UPDATE booking SET state = 'expired', ended_at = $2, ended_by = $3, was = state, expires_at = NULL,
    revision = revision + 1
WHERE slot = $1 AND state = $4 AND ($4 = 'waiting' OR expires_at <= $2) RETURNING *
"""


class TooLateToWait(Refusal):
    """So shortly before the list closes nothing is offered any more."""


class OfferOver(Refusal):
    """The offer lapsed, was answered, or never was."""


class FewerThanTaken(Refusal):
    """More seats are taken than the slot shall have."""

    def __init__(self, seats_taken: int) -> None:
        self.seats_taken = seats_taken


async def join(slot: BookableSlot, who: Booker, *, key: keys.Key | None = None) -> Dossier:
    """Put ``who`` at the end of the slot's queue; when a seat is free and nobody waits, they have it at once.

    The same ``key`` gives the same dossier; a duplicate is sent the link it has.
    Refuses: KeyReused, those of ``slots.check_open_to_individuals``, TooLateToWait, AlreadyBooked, TooOften.
    """
    return await seats.once(key, who, lambda: _try(slot, who, key))


async def promote(slot_id: UUID) -> None:
    """Offer what is free to those whose turn it is. Needs an open transaction that holds the slot's row.

    Every verb that frees or adds seats ends here, so that no seat stays free while the first of the queue fits.
    """
    db.inside_transaction()
    now, rows = clock.now(), await db.fetch(ROOM, slot_id)
    until = turns.deadline(now, rows[0]["closes_at"]) if rows else None
    if not until or not rows[0]["is_open"]:
        return
    room = shares.room_of(rows[0]).at(now)
    queue = [Entry(**dict(row)) for row in await db.fetch(QUEUE, slot_id)] if room.free > 0 else []
    served, passed = turns.in_turn(queue, room, is_strict=rows[0]["fill"] == "strict")
    for entry in served:
        await _serve(slot_id, entry, until)
    for entry_id, times in passed.items():
        await db.fetch(NOTE_PASSED, entry_id, times)
        await note("system", "passed_over", "booking", entry_id)


async def resize(slot_id: UUID, capacity: int, by: str = "organiser") -> None:
    """Give the slot ``capacity`` seats; new ones are offered to those who wait.

    Refuses: UnknownSlot, FewerThanTaken.
    """
    async with db.transaction():
        await seats.hold(slot_id)
        await resize_held(slot_id, capacity, by)
        await promote(slot_id)


async def resize_held(slot_id: UUID, capacity: int, by: str) -> None:
    """The inner step of ``resize``, for a larger verb that holds the slot's row and promotes in the end."""
    db.inside_transaction()
    rows = await db.fetch("SELECT capacity, seats_taken FROM slot WHERE id = $1", slot_id)
    if not rows:
        raise slots.UnknownSlot
    if rows[0]["seats_taken"] > capacity:
        raise FewerThanTaken(rows[0]["seats_taken"])
    await db.fetch("UPDATE slot SET capacity = $2 WHERE id = $1", slot_id, capacity)
    await note(by, "resize", "slot", slot_id, before=rows[0]["capacity"], after=capacity)


async def expire() -> int:
    """End the offers whose time is over and offer their seats on; end the queues of lists that closed.

    What was kept and is released now is offered too. Returns how many bookings ended.
    Any number of workers may call it at once.
    """
    return await rounds.each(await db.fetch(DUE, clock.now()), lambda row: expire_in(row["slot"]))


async def expire_in(slot_id: UUID) -> int:
    """Do for one slot what ``expire`` does for those that are due."""
    now = clock.now()
    async with db.transaction():
        await seats.hold(slot_id)
        slot = await slots.load(slot_id)
        offered = await db.fetch(LAPSED, slot_id, now, "deadline", "offered")
        waiting = await db.fetch(LAPSED, slot_id, now, "closing", "waiting") if slot.closes_at <= now else []
        for row in offered:
            await seats.give_back(slot_id, row["seats"], row["audience"])
            await _say_over(slot, row)
        for row in waiting:
            await seats.count_waiting(slot_id, -row["seats"])
            await _say_over(slot, row)
        await promote(slot_id)
    return len(offered) + len(waiting)


async def _try(slot: BookableSlot, who: Booker, key: keys.Key | None) -> Dossier:
    slots.check_open_to_individuals(slot)
    is_sibling = await seats.check_not_doubled(slot.id, who.email_key, who.name_key) > 0
    await seats.spend_letters(slot.id, who, is_sibling=is_sibling)
    return await _join(slot, who, key)


async def _join(slot: BookableSlot, who: Booker, key: keys.Key | None) -> Dossier:
    dossier_id = dossiers.new_id()
    async with db.transaction():
        if await keys.claim(key, dossier_id):
            now = await seats.hold_as_it_is(slot)
            if now is not slot:
                slots.check_open_to_individuals(now)
            return await _enter(dossier_id, now, who)
    return await dossiers.by_id(await keys.answered(key) or dossier_id)


async def _enter(dossier_id: UUID, slot: BookableSlot, who: Booker) -> Dossier:
    await seats.check_not_doubled(slot.id, who.email_key, who.name_key)
    if not await take_or_wait(slot, 1, who.audience):
        return await seats.open_held(dossier_id, slot, who)
    dossier = await dossiers.open_dossier(dossier_id, who)
    booking = await seats.claim(dossier, slot, who, Standing("waiting"))
    await note("booker", "join", "booking", booking.id)
    await say_waiting(dossier, booking, slot)
    await promote(slot.id)  # a seat that is too few for those before may be enough for them
    return dossier


async def take_or_wait(slot: BookableSlot, wanted: int, audience: str) -> bool:
    """Take ``wanted`` seats, or count them as waited for; returns whether they must be waited for.

    Seats of the own share are had at once, whoever of the others waits.
    Needs an open transaction that holds the slot's row. Refuses: TooLateToWait.
    """
    try:
        await seats.take(slot, wanted, audience)
    except seats.SoldOut:
        if turns.deadline(clock.now(), slot.closes_at) is None:
            raise TooLateToWait from None
        await seats.count_waiting(slot.id, wanted)
        return True
    return False


async def say_waiting(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post the letter that says where they stand; a class's summary tells it. Needs an open transaction."""
    if dossier.email and not dossier.class_label:
        await emails.say_waiting(dossier, booking, slot, (await turns.rank_of(booking)).position)


async def _serve(slot_id: UUID, entry: Entry, until: datetime) -> None:
    """Give the rest of a class to what it holds already; offer anybody else their seats."""
    slot = await slots.load(slot_id)
    await seats.count_waiting(slot_id, -entry.seats)
    await seats.take(slot, entry.seats, entry.audience, in_turn=True)
    if not await merge(slot, entry.id, "system"):
        await _offer(slot, entry, until)


async def merge(slot: BookableSlot, rest: UUID, by: str) -> bool:
    """Add the rest of a class, whose seats were taken, to what it holds of the slot; False when it holds nothing.

    Needs an open transaction that holds the slot's row. ``by`` is who, for the journal.
    """
    db.inside_transaction()
    merged = await db.fetch(MERGE, rest)
    if not merged:
        return False
    await db.fetch(END_MERGED, rest, clock.now())
    await db.fetch(MOVE_NAMES, rest, merged[0]["id"])
    await class_emails.say_changed(await dossiers.by_id(merged[0]["dossier"]), _booking(merged[0]), slot, None, 0)
    await note(by, "merge", "booking", rest)
    return True


async def _offer(slot: BookableSlot, entry: Entry, until: datetime) -> None:
    rows = await db.fetch(OFFER, entry.id, until)
    booking, dossier = _booking(rows[0]), await dossiers.by_id(rows[0]["dossier"])
    await outbox.withdraw_unsent(("booking", booking.id))
    if not await db.fetch(NOT_OFFERED, dossier.id, list(LIVE)):  # else a class's summary tells of more
        await class_emails.withdraw_summary(dossier)
    if dossier.email:
        await emails.offer(dossier, booking, slot)
    await note("system", "offer", "booking", booking.id)


async def _say_over(slot: BookableSlot, row: Any) -> None:
    booking, dossier = _booking(row), await dossiers.by_id(row["dossier"])
    await outbox.withdraw_unsent(("booking", booking.id))
    if dossier.email:
        await emails.say_over(dossier, booking, slot)
    await note("system", "expire", "booking", booking.id)


def _booking(row: Any) -> Booking:
    return Booking(**dict(row), _exists_in_db=True)
