"""How a booking that has its seats stands at first: confirmed, an option, or pending; and until when it is held."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.bookings import emails, invitations, pending_emails
from service.bookings.tables import Booking, Dossier
from service.events.slots import BookableSlot

AT_LEAST = timedelta(hours=24)
GUARDIAN_DAYS = 10  # how long a parent may take, if the list is open so long
MINORS = ("under_15", "15_17")
OLDEST = {"under_15": 14, "15_17": 17}


@dataclass(frozen=True, slots=True)
class Standing:
    """A state that holds seats, until when, and what it awaits."""

    state: str = "confirmed"
    expires_at: datetime | None = None
    awaits_approval: bool = False
    awaits_guardian: bool = False


def first(slot: BookableSlot, asked_at: datetime, *, age_band: str = "", takes_option: bool = False) -> Standing:
    """How a booking stands that was asked for then, and has its seats.

    Pending where the event wants an organiser's approval, or a parent's for a minor who comes alone; else an
    option, for a class that ``takes_option`` where the event allows it; else confirmed.
    """
    guardian = needs_guardian(slot, age_band)
    if slot.needs_approval or guardian:
        days = GUARDIAN_DAYS if guardian else None
        return Standing("pending", hold_until(slot, asked_at, days), slot.needs_approval, guardian)
    return after_approval(slot, asked_at, takes_option=takes_option)


def after_approval(slot: BookableSlot, asked_at: datetime, *, takes_option: bool) -> Standing:
    """How a booking stands that awaits nobody's word but its own booker's."""
    if takes_option and slot.option_days:
        return Standing("option", hold_until(slot, asked_at, slot.option_days))
    return Standing()


def as_one(standings: Sequence[Standing]) -> list[Standing]:
    """The same with one deadline, the first: a class that hesitates too long loses all of its slots at once."""
    ends = [one.expires_at for one in standings if one.expires_at]
    return [replace(one, expires_at=min(ends)) if one.expires_at else one for one in standings]


def needs_guardian(slot: BookableSlot, age_band: str) -> bool:
    """Whether a parent must say yes: a minor comes alone, outside school time."""
    return slot.outside_school_time and age_band in MINORS


def is_too_young(age_band: str, age_min: int | None) -> bool:
    """Whether nobody of this age band is as old as the event wants."""
    return age_min is not None and OLDEST.get(age_band, age_min) < age_min


def hold_until(slot: BookableSlot, asked_at: datetime, days: int | None) -> datetime:
    """So many days (None: all the time), not past the list's closing, yet 24 h at least; never past the start."""
    until = min(asked_at + timedelta(days=days), slot.closes_at) if days else slot.closes_at
    return min(max(until, asked_at + AT_LEAST), slot.starts_at)


def held_again_until(booking: Booking) -> datetime | None:
    """Until when a hold stands that was cancelled and is taken back: as long as it would have; None for no limit."""
    return booking.expires_at if booking.was in ("option", "pending") else None


async def announce(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post the letters that say how a booking with seats stands now. Needs an open transaction.

    An option is told of by its class's summary.
    """
    if booking.state == "confirmed":
        await _invite(dossier, booking, slot)
    elif booking.state == "pending" and not dossier.class_label:
        await pending_emails.say_pending(dossier, booking, slot)


async def announce_anew(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Do what ``announce`` does, about a booking whose letters have been posted before: its calendar entry stays."""
    subject = ("booking", booking.id)
    if booking.state == "confirmed" and (invitation := await invitations.move_on(*subject)):
        await emails.confirm(dossier, booking, slot, invitation)
    else:
        await announce(dossier, booking, slot)


async def _invite(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    if dossier.email:
        invitation = await invitations.open_invitation("booking", booking.id, dossier.email)
        await emails.confirm(dossier, booking, slot, invitation)
