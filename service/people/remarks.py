"""What somebody of the campus writes down about a structure: a call, a visit, an agreement."""

from uuid import UUID, uuid4

from service import clock, db
from service.journal.notes import note
from service.people import organisations
from service.people.structures import KIND, UnknownOrganisation
from service.people.tables import OrganisationNote

LONGEST = 2000


async def write_down(organisation: UUID, words: str, by: str) -> UUID:
    """Keep these words in its history; the journal keeps only that it was done. Refuses: UnknownOrganisation."""
    async with db.transaction():
        if await organisations.held(organisation) is None:
            raise UnknownOrganisation
        remark = OrganisationNote(id=uuid4(), organisation=organisation, at=clock.now(), by=by, words=words)
        await db.insert(remark)
        await note(by, "note", KIND, organisation)
    return UUID(str(remark.id))
