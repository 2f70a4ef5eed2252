"""The people of a structure whom the campus writes to."""

from uuid import UUID, uuid4

from service import clock, db, text
from service.people.tables import Contact

KNOWN = "SELECT id FROM contact WHERE organisation = $1 AND email_key = $2 AND email_key <> ''"
BACK = "UPDATE contact SET left_at = NULL WHERE id = $1"


async def enter(organisation: UUID, name: str, email: str) -> UUID:
    """Know this person of the structure by their address; who was known, or had left, is entered once.

    Needs an open transaction; returns their id.
    """
    db.inside_transaction()
    await db.fetch("SELECT 1 FROM organisation WHERE id = $1 FOR NO KEY UPDATE", organisation)
    if known := await db.fetch(KNOWN, organisation, text.address_key(email)):
        await db.fetch(BACK, known[0]["id"])
        return UUID(str(known[0]["id"]))
    person = Contact(
        id=uuid4(), organisation=organisation, name=name, email=email, email_key=text.address_key(email),
        added_at=clock.now(),
    )  # fmt: skip
    await db.insert(person)
    return UUID(str(person.id))
