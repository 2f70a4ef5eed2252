"""What organisers do with a proposal: ask, decline, accept it as a draft event, give it to a colleague."""

from typing import Any
from uuid import UUID

from service import clock, db
from service.journal.notes import note
from service.proposals import drafting, emails, journal
from service.proposals.drafting import ProposalSettled
from service.proposals.links import KIND
from service.proposals.tables import Proposal
from service.refusal import Refusal

DECIDE = """
UPDATE proposal SET state = $3, waits_since = $2, reminded_at = NULL, version = version + 1
WHERE id = $1 AND state = ANY($4) RETURNING *
"""
ASSIGN = "UPDATE proposal SET assigned_to = $2 WHERE id = $1 RETURNING id"
LAST = """
SELECT proposal_note.verb, proposal_note.at, coalesce(person.name, '') AS name
FROM proposal_note LEFT JOIN person ON 'person:' || person.id = proposal_note.by
WHERE proposal = $1 AND verb = ANY($2) ORDER BY at DESC LIMIT 1
"""
DECISIONS = ("ask", "accept", "decline", "withdraw")


class DecidedAlready(Refusal):
    """Somebody else was first: ``verb`` says what they did, ``by`` who it was (nothing for the company)."""

    def __init__(self, verb: str, by: str) -> None:
        self.verb, self.by = verb, by


async def ask(proposal_id: UUID, question: str, by: str) -> Proposal:
    """Ask the company for a change or an answer, which returns it to the queue. Refuses: DecidedAlready."""
    async with db.transaction():
        found = await _decide(proposal_id, "asked", ["submitted"])
        await journal.tell(found.id, by, "ask", question)
        await emails.ask(found, question)
    return found


async def decline(proposal_id: UUID, reason: str, by: str) -> Proposal:
    """Say no, with the reason that the company reads. Refuses: DecidedAlready."""
    async with db.transaction():
        found = await _decide(proposal_id, "declined", ["submitted", "asked"])
        await journal.tell(found.id, by, "decline", reason)
        await emails.say_declined(found, reason)
    return found


async def assign(proposal_id: UUID, person: UUID | None, by: str) -> None:
    """Let a colleague look after it, or nobody. Refuses: UnknownProposal."""
    async with db.transaction():
        if not await db.fetch(ASSIGN, proposal_id, person):
            raise drafting.UnknownProposal
        await note(by, "assign", KIND, proposal_id)


async def _decide(proposal_id: UUID, state: str, allowed: list[str]) -> Proposal:
    """Move it on, if it still waits for that. Refuses: DecidedAlready, ProposalSettled, UnknownProposal."""
    rows = await db.fetch(DECIDE, proposal_id, clock.now(), state, allowed)
    if rows:
        return drafting.row_of(rows[0])
    raise await _why_not(proposal_id)


async def _why_not(proposal_id: UUID) -> Refusal:
    found = await drafting.by_id(proposal_id)
    last: list[Any] = await db.fetch(LAST, proposal_id, list(DECISIONS))
    return DecidedAlready(last[0]["verb"], last[0]["name"]) if last else ProposalSettled(found.state)
