"""The journal of a proposal that both sides read: who did what, and the words that were said."""

from uuid import UUID, uuid4

from service import clock, db
from service.journal.notes import note
from service.proposals.links import KIND
from service.proposals.tables import ProposalNote

OF = """
SELECT proposal_note.at, proposal_note.by, proposal_note.verb, proposal_note.words, coalesce(person.name, '') AS name
FROM proposal_note LEFT JOIN person ON 'person:' || person.id = proposal_note.by
WHERE proposal = $1 ORDER BY at, proposal_note.id
"""


async def tell(proposal_id: UUID, by: str, verb: str, words: str = "") -> None:
    """Write one line of it, and of the house's own without the words. Needs an open transaction."""
    db.inside_transaction()
    await db.insert(ProposalNote(id=uuid4(), proposal=proposal_id, at=clock.now(), by=by, verb=verb, words=words))
    await note(by, verb, KIND, proposal_id)
