"""What the tests of waiting lists share: slots that are full, people who wait, and what became of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from service import clock, db
from service.bookings import changes, dossiers, holds, seats, turns, waiting
from service.bookings.dossiers import Booker
from service.bookings.held import held_by
from service.bookings.holds import Standing
from service.bookings.plans import NOBODY, Party
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot
from tests.bookings.harness import booking_of
from tests.makers import a_pupil, make_slot

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
STANDING = """
SELECT state FROM booking WHERE slot = $1 AND queued_at IS NOT NULL ORDER BY queued_at, id
"""


async def full_slot(capacity: int = 1, **values: Any) -> tuple[BookableSlot, list[Dossier]]:
    """A slot whose seats are all taken, and who took them."""
    slot = await make_slot(capacity, **values)
    return slot, [await seats.book(slot, a_pupil()) for _ in range(capacity)]


async def joined(slot: BookableSlot, who: Booker | None = None, *, wants: int = 1) -> Dossier:
    """Somebody at the end of the queue; ``wants`` more than one seat as a class will."""
    dossier = await waiting.join(await slots.load(slot.id), who or a_pupil())
    if wants > 1:
        await want(dossier, wants)
    return dossier


async def ask(slot: BookableSlot, audience: str, wants: int = 1, who: Booker | None = None) -> Dossier:
    """Somebody of the audience who takes ``wants`` seats, or waits for them: as a class's form does it."""
    who = who or a_pupil()
    who = replace(who, class_label=who.first_name if audience == "class" else "", is_partner=audience == "partner")
    party = Party(pupils=wants) if audience == "class" else NOBODY
    dossier_id = dossiers.new_id()
    slot = await slots.load(slot.id)
    async with db.transaction():
        await seats.hold(slot.id)
        await seats.check_not_doubled(slot.id, who.email_key, who.name_key, may_share=party.pupils > 0)
        must_wait = await waiting.take_or_wait(slot, party.seats or 1, audience)
        dossier = await dossiers.open_dossier(dossier_id, who)
        booking = await seats.claim(dossier, slot, who, Standing("waiting" if must_wait else "confirmed"), party)
        await (waiting.say_waiting if must_wait else holds.announce)(dossier, booking, slot)
        await waiting.promote(slot.id)
    return dossier


async def some(slot: BookableSlot, audience: str, number: int) -> list[Dossier]:
    """So many, one seat each."""
    return [await ask(slot, audience) for _ in range(number)]


async def want(dossier: Dossier, wants: int) -> None:
    """Ask for ``wants`` seats where one was asked for, while it is waited for."""
    async with db.transaction():
        dossier = await changes.hold(dossier)
        for one in await held_by(dossier):
            if one.booking.state == "waiting":
                await db.fetch("UPDATE booking SET seats = $2 WHERE id = $1", one.booking.id, wants)
                await seats.count_waiting(one.slot.id, wants - one.booking.seats)
            await waiting.promote(one.slot.id)


async def state_of(*dossiers: Dossier) -> list[str]:
    """The state of the booking of each."""
    return [(await booking_of(dossier)).state for dossier in dossiers]


async def standing(slot: BookableSlot) -> list[str]:
    """The states of all that ever waited, in the order in which they joined."""
    return [row["state"] for row in await db.fetch(STANDING, slot.id)]


async def positions(*dossiers: Dossier) -> list[int]:
    """Where each stands in its queue."""
    return [(await turns.rank_of(await booking_of(dossier))).position for dossier in dossiers]


async def deadline_of(dossier: Dossier) -> datetime:
    """Until when the offer stands."""
    booking = await booking_of(dossier)
    assert (booking.state, booking.expires_at is not None) == ("offered", True)
    return booking.expires_at


def after(time: timedelta) -> Any:
    """The clock ``time`` from now."""
    return clock.at(clock.now() + time)
