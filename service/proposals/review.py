"""What organisers do with a proposal: they ask, decline, give it to a colleague, answer its new dates."""

from typing import Any
from uuid import UUID

from service import clock, db
from service.events import dates
from service.events.dates import Plan
from service.journal.notes import note
from service.proposals import emails, journal, record
from service.proposals.following import event_state
from service.proposals.links import KIND
from service.proposals.record import OPEN, ProposalMoved, waiting_for
from service.proposals.tables import Proposal, ProposedDate
from service.refusal import Refusal

HELD_DATE = "SELECT * FROM proposed_date WHERE id = $1 AND proposal = $2 FOR UPDATE"
STILL_OPEN = """
SELECT EXISTS (SELECT FROM proposed_date JOIN proposal ON proposal.id = proposed_date.proposal
               JOIN event ON event.id = proposal.event AND event.state <> 'called_off'
               WHERE proposal.id = $1 AND slot IS NULL AND declined_at IS NULL AND starts_at > $2) AS has_dates,
       EXISTS (SELECT FROM proposal_note told WHERE proposal = $1 AND verb IN ('report_cancel', 'report_change')
               AND NOT EXISTS (SELECT FROM proposal_note seen WHERE seen.proposal = $1 AND seen.verb = 'settle'
                                                                AND seen.at >= told.at)) AS has_report
"""
# The event before its proposal, as everywhere.
HOLD_EVENT = """
SELECT 1 FROM event WHERE id = (SELECT event FROM proposal WHERE proposal.id = $1) FOR NO KEY UPDATE
"""


class DateAnswered(Refusal):
    """Somebody has taken or declined this date already, or it is gone."""


async def ask(proposal_id: UUID, question: str, by: str) -> Proposal:
    """Ask the company for a change or an answer, which returns it to the queue. Refuses: ProposalMoved."""
    async with db.transaction():
        held = await record.hold(proposal_id, "submitted")
        found = await record.change(held, state="asked", **waiting_for("company"))
        await journal.tell(found.id, by, "ask", question)
        await emails.ask(found, question)
    return found


async def decline(proposal_id: UUID, reason: str, by: str) -> Proposal:
    """Say no, with the reason that the company reads; also to one that was accepted, while its event is a draft.

    Refuses: ProposalMoved.
    """
    async with db.transaction():
        held = await record.hold(proposal_id, *OPEN, "accepted")
        if held.state == "accepted" and await event_state(held) != "draft":
            raise ProposalMoved("published")
        found = await record.change(held, state="declined", **waiting_for(""))
        await journal.tell(found.id, by, "decline", reason)
        await emails.say_declined(found, reason)
    return found


async def assign(proposal_id: UUID, person: UUID | None, by: str) -> None:
    """Let a colleague look after it, or nobody. Refuses: UnknownProposal."""
    async with db.transaction():
        rows = await db.fetch("UPDATE proposal SET assigned_to = $2 WHERE id = $1 RETURNING id", proposal_id, person)
        if not rows:
            raise record.UnknownProposal
        await note(by, "assign", KIND, proposal_id, to=str(person or ""))


async def detach(proposal_id: UUID, by: str) -> None:
    """Let the draft go on without the company, which took its proposal back or was declined. Refuses: ProposalMoved."""
    async with db.transaction():
        held = await record.hold(proposal_id, "withdrawn", "declined")
        if held.event is not None:
            await record.change(held, event=None)
            await journal.tell(held.id, by, "detach")


async def take_date(proposal_id: UUID, date_id: UUID, capacity: int, by: str) -> UUID:
    """Make a slot of a new date, with so many seats; returns its id.

    Refuses: DateAnswered, PastDate, ProposalMoved, EventCalledOff.
    """
    async with db.transaction():
        await db.fetch(HOLD_EVENT, proposal_id)
        held, date = await _hold_date(proposal_id, date_id)
        [slot] = await dates.add_inside(held.event, [Plan(date.starts_at, date.ends_at, capacity)], by)
        await db.fetch("UPDATE proposed_date SET slot = $2 WHERE id = $1", date.id, slot)
        await _date_answered(held, date, "take_date", by)
    return slot


async def decline_date(proposal_id: UUID, date_id: UUID, by: str) -> None:
    """Say that a new date is not wanted. Refuses: DateAnswered, ProposalMoved."""
    async with db.transaction():
        held, date = await _hold_date(proposal_id, date_id)
        await db.fetch("UPDATE proposed_date SET declined_at = $2 WHERE id = $1", date.id, clock.now())
        await _date_answered(held, date, "decline_date", by)


async def settle(proposal_id: UUID, by: str) -> Proposal:
    """Note that what the host reported was seen to; new dates to come still wait for their answers.

    Done twice, it is done once. Refuses: ProposalMoved.
    """
    async with db.transaction():
        held = await record.hold(proposal_id, "accepted")
        if held.waits_for != "campus":
            return held
        await journal.tell(held.id, by, "settle")
        return await record.change(held, **await _what_waits(held))


async def _hold_date(proposal_id: UUID, date_id: UUID) -> tuple[Proposal, ProposedDate]:
    held = await record.hold(proposal_id, "accepted")
    rows = await db.fetch(HELD_DATE, date_id, proposal_id)
    if not rows or rows[0]["slot"] or rows[0]["declined_at"]:
        raise DateAnswered
    return held, ProposedDate(**dict(rows[0]), _exists_in_db=True)


async def _date_answered(proposal: Proposal, date: ProposedDate, verb: str, by: str) -> None:
    found = await record.change(proposal, **await _what_waits(proposal))
    await journal.tell(found.id, by, verb)
    await emails.say_date_answered(found, (date.starts_at, date.ends_at), is_taken=verb == "take_date")


async def _what_waits(proposal: Proposal) -> dict[str, Any]:
    """Nothing to write while a date to come or a report of the host awaits the campus; else, that it awaits nobody."""
    [left] = await db.fetch(STILL_OPEN, proposal.id, clock.now())
    return {} if left["has_dates"] or left["has_report"] else waiting_for("")
