"""What organisers do with a proposal: they ask, decline, give it to a colleague, answer its new dates."""

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
# The event before its proposal, as everywhere.
HOLD_EVENT = """
SELECT 1 FROM event WHERE id = (SELECT event FROM proposal WHERE proposal.id = $1) FOR NO KEY UPDATE
"""
STILL_OPEN = "SELECT 1 FROM proposed_date WHERE proposal = $1 AND slot IS NULL AND declined_at IS NULL LIMIT 1"


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
    """Note that what the host reported was seen to. Done twice, it is done once. Refuses: ProposalMoved."""
    async with db.transaction():
        held = await record.hold(proposal_id, "accepted")
        if held.waits_for != "campus":
            return held
        found = await record.change(held, **waiting_for(""))
        await journal.tell(found.id, by, "settle")
    return found


async def _hold_date(proposal_id: UUID, date_id: UUID) -> tuple[Proposal, ProposedDate]:
    held = await record.hold(proposal_id, "accepted")
    rows = await db.fetch(HELD_DATE, date_id, proposal_id)
    if not rows or rows[0]["slot"] or rows[0]["declined_at"]:
        raise DateAnswered
    return held, ProposedDate(**dict(rows[0]), _exists_in_db=True)


async def _date_answered(proposal: Proposal, date: ProposedDate, verb: str, by: str) -> None:
    """Tell it; with its last open date, it waits for the campus no more."""
    is_settled = not await db.fetch(STILL_OPEN, proposal.id)
    found = await record.change(proposal, **(waiting_for("") if is_settled else {}))
    await journal.tell(found.id, by, verb)
    await emails.say_date_answered(found, (date.starts_at, date.ends_at), is_taken=verb == "take_date")
