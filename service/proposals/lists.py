"""The final list of a date, as its host has it: who comes in numbers, and by name where the event says so."""

from datetime import datetime
from uuid import UUID

from service import clock, db
from service.attendance import days, sheets
from service.attendance.sheets import Section
from service.events import details
from service.events.details import EventPage
from service.events.slots import CalledOff, UnknownSlot
from service.events.tables import Event
from service.proposals import hosting, journal
from service.proposals.hosting import HostedSlot
from service.proposals.journal import COMPANY
from service.proposals.tables import Proposal
from service.refusal import Refusal


class NoNamesForHost(Refusal):
    """The event does not say that its host may see who comes."""


class ListStillOpen(Refusal):
    """Bookings are taken until ``closes_at``: the list is no final one before."""

    def __init__(self, closes_at: datetime) -> None:
        self.closes_at = closes_at


class NamesPutAway(Refusal):
    """The day is over, and so is the one after it: the host needs no name any more."""


async def of_slot(proposal: Proposal, slot_id: UUID) -> tuple[EventPage, HostedSlot]:
    """The event and its date, without a name.

    Refuses: UnknownSlot, also where it is another event's, or while nobody can see the event.
    """
    if not await hosting.is_hosted(proposal):
        raise UnknownSlot
    event = await details.preview(proposal.event)
    found = [one for one in await hosting.slots_of(event) if one.slot.slot_id == slot_id]
    if not found:
        raise UnknownSlot
    return event, found[0]


async def gives_names(event_id: UUID) -> bool:
    """Whether the event says that its host may see who comes, once the list is closed."""
    row = await Event.select(Event.host_gets_names).where(Event.id == event_id).first()
    return bool(row and row["host_gets_names"])


def are_kept(one: HostedSlot) -> bool:
    """Whether the names of the date are still shown: until the end of the day after it, as the door is open."""
    return clock.now() < days.closes_at(one.slot.ends_at)


async def read_names(proposal: Proposal, slot_id: UUID) -> list[Section]:
    """Who is expected at the date, by name; that the host read it is noted each time, for both sides to see.

    Refuses: UnknownSlot, NoNamesForHost, CalledOff, ListStillOpen, NamesPutAway.
    """
    async with db.transaction():
        event, one = await of_slot(proposal, slot_id)
        if not await gives_names(event.id):
            raise NoNamesForHost
        _check_final(one)
        await journal.tell(proposal.id, COMPANY, "read_names", slot=str(slot_id))
        return (await sheets.of_slot(slot_id)).sections


def _check_final(one: HostedSlot) -> None:
    if one.state == "called_off":
        raise CalledOff(one.slot.reason)
    if not one.has_final_list:
        raise ListStillOpen(one.slot.closes_at)
    if not are_kept(one):
        raise NamesPutAway
