"""One proposal: found by its link or its id, held while it changes, with the dates it names."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from piccolo.columns import Column

from service import clock, db, tokens
from service.people import organisations
from service.proposals.contents import COLUMNS, Idea, When
from service.proposals.tables import Proposal, ProposedDate
from service.refusal import Refusal

HELD = "SELECT * FROM proposal WHERE id = $1 FOR UPDATE"
# Whoever acted first is told to the second, by the line that the first one wrote.
LAST = """
SELECT proposal_note.verb, coalesce(person.name, '') AS name
FROM proposal_note LEFT JOIN person ON 'person:' || person.id = proposal_note.by
WHERE proposal = $1 AND verb = ANY($2) ORDER BY at DESC LIMIT 1
"""
DECISIONS = ("submit", "ask", "answer", "accept", "decline", "withdraw")
OPEN = ("submitted", "asked")


class UnknownProposal(Refusal):
    """No proposal has this link, or this id."""


class ProposalMoved(Refusal):
    """The proposal stands where this cannot be done any more: ``state`` says where.

    ``verb`` is what brought it there, ``by`` the colleague who did it (nothing for the company).
    """

    def __init__(self, state: str, verb: str = "", by: str = "") -> None:
        self.state, self.verb, self.by = state, verb, by


async def by_token(token: str) -> Proposal:
    """The proposal of a link. Refuses: UnknownProposal."""
    proposal = await Proposal.objects().get(Proposal.token_hash == tokens.fingerprint(token))
    if proposal is None:
        raise UnknownProposal
    return proposal


async def by_id(proposal_id: UUID) -> Proposal:
    """The proposal of an id. Refuses: UnknownProposal."""
    proposal = await Proposal.objects().get(Proposal.id == proposal_id)
    if proposal is None:
        raise UnknownProposal
    return proposal


async def dates_of(proposal_id: UUID) -> list[ProposedDate]:
    """The dates that it names, in their order."""
    named = ProposedDate.objects().where(ProposedDate.proposal == proposal_id)
    return await named.order_by(ProposedDate.starts_at, ProposedDate.id)


async def idea_of(proposal: Proposal) -> Idea:
    """What it says now, as its form holds it."""
    dates = [(one.starts_at, one.ends_at) for one in await dates_of(proposal.id)]
    values = {name: getattr(proposal, name) for name in (*COLUMNS, "email", "language")}
    return Idea(dates=dates, **values)


async def hold(proposal_id: UUID, *states: str) -> Proposal:
    """Lock it, if it is in one of these states. Needs an open transaction. Refuses: UnknownProposal, ProposalMoved."""
    db.inside_transaction()
    rows = await db.fetch(HELD, proposal_id)
    if not rows:
        raise UnknownProposal
    found = row_of(rows[0])
    if found.state not in states:
        raise await moved(found)
    return found


async def change(proposal: Proposal, **values: Any) -> Proposal:
    """Write these columns of one that is held, and count one more step of it. Needs an open transaction."""
    db.inside_transaction()
    columns: dict[Column | str, Any] = {"revision": proposal.revision + 1}
    columns.update(values)
    rows = await Proposal.update(columns).where(Proposal.id == proposal.id).returning(*Proposal.all_columns())
    return row_of(rows[0])


def waiting_for(side: str) -> dict[str, Any]:
    """The columns that hand it to this side, or to nobody."""
    return {"waits_for": side, "waits_since": clock.now(), "reminded_at": None}


async def moved(proposal: Proposal) -> ProposalMoved:
    """The refusal that tells where it is, and who brought it there."""
    last = await db.fetch(LAST, proposal.id, list(DECISIONS))
    return ProposalMoved(proposal.state, *((last[0]["verb"], last[0]["name"]) if last else ()))


async def content_of(idea: Idea) -> dict[str, Any]:
    """Its columns, with the structure that the office knows by that name, if any. Needs an open transaction."""
    known = await organisations.held(await organisations.named(idea.organisation_name))
    return dict(zip(COLUMNS, idea.values(), strict=True)) | {"organisation": known}


async def put_dates(proposal_id: UUID, dates: Sequence[When]) -> None:
    """These dates in place of those that were open. Needs an open transaction."""
    db.inside_transaction()
    is_open = ProposedDate.slot.is_null() & ProposedDate.declined_at.is_null()
    await ProposedDate.delete().where((ProposedDate.proposal == proposal_id) & is_open)
    await add_dates(proposal_id, dates)


async def add_dates(proposal_id: UUID, dates: Sequence[When]) -> None:
    """These dates beside those that it names. Needs an open transaction."""
    db.inside_transaction()
    for starts_at, ends_at in dates:
        await db.insert(ProposedDate(id=uuid4(), proposal=proposal_id, starts_at=starts_at, ends_at=ends_at))


def row_of(row: Any) -> Proposal:
    """A proposal as a statement returned it."""
    return Proposal(**dict(row), _exists_in_db=True)
