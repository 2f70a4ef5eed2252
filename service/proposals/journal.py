"""The journal of a proposal that both sides read: who did what, and the words that were said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from service import clock, db
from service.journal.notes import note
from service.proposals.links import KIND
from service.proposals.tables import ProposalNote

COMPANY = "company"
OF = """
SELECT proposal_note.at, proposal_note.by = $2 AS is_company, coalesce(person.name, '') AS name, proposal_note.verb,
       proposal_note.words
FROM proposal_note LEFT JOIN person ON 'person:' || person.id = proposal_note.by
WHERE proposal = $1 ORDER BY at, proposal_note.id
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of it; ``name`` is the colleague's who did it, if one did."""

    at: datetime
    is_company: bool
    name: str
    verb: str
    words: str


async def tell(proposal_id: UUID, by: str, verb: str, words: str = "", **facts: str) -> None:
    """Write one line of it, and of the house's own, with ``facts`` in place of the words. Needs an open transaction."""
    db.inside_transaction()
    await db.insert(ProposalNote(id=uuid4(), proposal=proposal_id, at=clock.now(), by=by, verb=verb, words=words))
    await note(by, verb, KIND, proposal_id, **facts)


async def lines_of(proposal_id: UUID) -> list[Line]:
    """All of it, the oldest first."""
    return [Line(**dict(row)) for row in await db.fetch(OF, proposal_id, COMPANY)]
