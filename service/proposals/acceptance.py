"""Accepting a proposal: it becomes a draft event with its slots filled in; then the event is published."""

from typing import Any
from uuid import UUID

from service import clock, db
from service.events import publishing
from service.events.contents import Content, rules_of
from service.events.dates import Plan
from service.people import contacts, organisations
from service.people.organisations import Newcomer
from service.proposals import emails, journal, record
from service.proposals.record import OPEN, waiting_for
from service.proposals.tables import Proposal, ProposedDate
from service.refusal import Refusal

OF_EVENT = "SELECT * FROM proposal WHERE event = $1 ORDER BY state = 'accepted' DESC, submitted_at DESC FOR UPDATE"
SUMMARY = 300


class HostWithdrew(Refusal):
    """The draft came of a proposal that was withdrawn or declined: first say who hosts it."""


async def accept(proposal_id: UUID, by: str) -> Proposal:
    """Make a draft event of it, with a slot for each of its dates to come; its structure and contact are entered.

    Two at once: one wins. Refuses: ProposalMoved, which names the colleague.
    """
    async with db.transaction():
        held = await record.hold(proposal_id, *OPEN)
        host = held.organisation or await organisations.enter(Newcomer(held.organisation_name, "company"))
        await contacts.enter(host, held.contact_name, held.email)
        named = [one for one in await record.dates_of(held.id) if one.starts_at > clock.now()]
        plans = [Plan(one.starts_at, one.ends_at, held.seats or 1) for one in named]
        event, slots = await publishing.draft(held.kind, await _content(held, host), plans, by)
        for date, slot in zip(named, slots, strict=True):
            await _became(date, slot)
        found = await record.change(held, state="accepted", organisation=host, event=event, **waiting_for(""))
        await journal.tell(found.id, by, "accept")
        await emails.say_accepted(found)
    return found


async def publish(event_id: UUID, by: str) -> None:
    """Let everybody see the event; the company whose proposal it was is told. Done twice, it is done once.

    Refuses: UnknownEvent, EventCalledOff, NotReady, HostWithdrew.
    """
    async with db.transaction():
        if not await publishing.publish(event_id, by):
            return
        rows = await db.fetch(OF_EVENT, event_id)
        if not rows:
            return
        proposal = record.row_of(rows[0])
        if proposal.state != "accepted":
            raise HostWithdrew
        found = await record.change(proposal)
        await journal.tell(found.id, by, "publish")
        await emails.say_published(found)


async def of_event(event_id: UUID) -> Proposal | None:
    """The proposal that the event came of, if it did."""
    return await Proposal.objects().get(Proposal.event == event_id)


async def _became(date: ProposedDate, slot: UUID) -> None:
    await db.fetch("UPDATE proposed_date SET slot = $2 WHERE id = $1", date.id, slot)


async def _content(proposal: Proposal, host: UUID) -> Content:
    """What the draft says: all that was proposed, over the rules of its kind. The contact stays the campus's."""
    return Content(
        **rules_of(proposal.kind)
        | _told(proposal)
        | {
            "title": proposal.title,
            "host": host,
            "place": proposal.organisation_name,
            "town": await organisations.town_of(host),
            "summary": shortened(proposal.words, SUMMARY),
            "description": proposal.words,
            "access": " · ".join(part for part in (proposal.access, proposal.parking) if part),
            "photos": proposal.photos,
        }
    )


def _told(proposal: Proposal) -> dict[str, Any]:
    """The rules that the company gave; what it left empty stays as events of this kind have it."""
    requirements = [line for line in (proposal.ppe, proposal.dress) if line]
    rules: dict[str, Any] = {
        "requirements": requirements,
        "age_min": proposal.age_min,
        "chaperone_ratio": proposal.chaperone_ratio,
        "group_max": proposal.group_max,
    }
    return {name: value for name, value in rules.items() if value}


def shortened(words: str, most: int) -> str:
    """Its beginning in one line of at most ``most`` characters, cut between words."""
    line = " ".join(words.split())
    if len(line) <= most:
        return line
    return line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
