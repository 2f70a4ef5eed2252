"""What a dossier has: each of its bookings with its slot, and what may still become of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock
from service.bookings import seats
from service.bookings.tables import LIVE, Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot, CalledOff

UNDO = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Held:
    """One booking of a dossier with its slot."""

    booking: Booking
    slot: BookableSlot

    @property
    def subject(self) -> tuple[str, UUID]:
        """What its letters and its invitation are about."""
        return ("booking", self.booking.id)

    @property
    def guardian_subject(self) -> tuple[str, UUID]:
        """What the letters to a parent are about."""
        return ("guardian", _uuid(self.booking.dossier))

    @property
    def is_class(self) -> bool:
        """Whether it counts pupils."""
        return self.booking.pupils > 0

    @property
    def is_live(self) -> bool:
        """Whether it holds or awaits seats."""
        return self.booking.state in LIVE

    @property
    def may_change(self) -> bool:
        """Whether the booker may still change it: it is live, and the slot has not begun."""
        return self.is_live and not self.slot.has_started

    @property
    def is_over(self) -> bool:
        """Whether the slot has ended."""
        return self.slot.ends_at <= clock.now()

    @property
    def has_lapsed(self) -> bool:
        """Whether its offer or option, or the time for an answer, ran out, also when no worker has ended it yet."""
        until = self.booking.expires_at
        return self.booking.state in ("offered", "option", "pending") and until is not None and until <= clock.now()

    @property
    def restore_until(self) -> datetime | None:
        """Until when a cancelled booking may be taken back; None when it may not."""
        ended = self.booking.ended_at
        if self.booking.state != "cancelled" or self.booking.ended_by != "booker" or not ended:
            return None
        until = undo_until(self.slot, ended)
        return until if until > clock.now() else None

    async def check_not_doubled(self, email_key: str, *, may_share: bool = False) -> None:
        """Return when it would be no double at this address. Refuses: AlreadyBooked."""
        may_share = may_share or self.is_class
        await seats.check_not_doubled(self.slot.id, email_key, self.booking.name_key, may_share=may_share)


async def held_by(dossier: Dossier) -> list[Held]:
    """The bookings of a dossier with their slots, in the order in which slots are locked."""
    bookings = await Booking.objects().where(Booking.dossier == dossier.id).order_by(Booking.slot)
    known = await slots.load_all({_uuid(booking.slot) for booking in bookings})
    return [Held(booking, known[_uuid(booking.slot)]) for booking in bookings]


async def live_of(dossier: Dossier) -> list[tuple[Booking, BookableSlot]]:
    """What the dossier holds and awaits now of what is still to come, each with its slot."""
    return [(one.booking, one.slot) for one in await held_by(dossier) if one.is_live and not one.is_over]


def taking_place(held: list[Held]) -> list[Held]:
    """Those whose slot was not called off. Refuses: CalledOff, where all of them were."""
    on = [one for one in held if not one.slot.is_called_off]
    if held and not on:
        raise CalledOff(held[0].slot.reason)
    return on


def undo_until(slot: BookableSlot, ended_at: datetime) -> datetime:
    """Until when what ended then may be taken back: for 15 minutes, and never once the slot has begun."""
    return min(ended_at + UNDO, slot.starts_at)


def _uuid(reference: Any) -> UUID:
    """A foreign key as the id that it is (Piccolo types it as the row that it may become)."""
    return UUID(str(reference))
