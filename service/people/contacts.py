"""The people of a structure whom the campus writes to: entered, corrected, gone and back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from service import clock, db, text
from service.journal.notes import note
from service.people.structures import UnknownOrganisation
from service.people.tables import Contact
from service.refusal import Refusal

KIND = "contact"  # of what the journal tells
HOLD = "SELECT 1 FROM organisation WHERE id = $1 FOR NO KEY UPDATE"
KNOWN = "SELECT id, name, left_at FROM contact WHERE organisation = $1 AND email_key = $2 AND email_key <> ''"
BACK = "UPDATE contact SET left_at = NULL WHERE id = $1"
RETURN = "UPDATE contact SET left_at = NULL, name = $2, email = $3, phone = $4, role = $5 WHERE id = $1"
CORRECT = """
UPDATE contact SET name = $3, email = $4, email_key = $5, phone = $6, role = $7
WHERE id = $1 AND organisation = $2 RETURNING id
"""
LEAVE = "UPDATE contact SET left_at = $3 WHERE id = $1 AND organisation = $2 AND left_at IS NULL RETURNING id"
COME_BACK = "UPDATE contact SET left_at = NULL WHERE id = $1 AND organisation = $2 AND left_at IS NOT NULL RETURNING id"
HERE = "SELECT 1 FROM contact WHERE id = $1 AND organisation = $2"
OF = """
SELECT contact.id, contact.name, contact.role, contact.email, contact.phone, contact.added_at, contact.left_at,
       address.undeliverable_since IS NOT NULL AS is_unreached
FROM contact LEFT JOIN address ON address.email_key = contact.email_key
WHERE contact.organisation = $1 ORDER BY contact.left_at IS NOT NULL, contact.name, contact.id
"""


class UnknownContact(Refusal):
    """Nobody of this structure has this id."""


class KnownContact(Refusal):
    """Somebody of the structure has this address already: ``name``."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True, slots=True)
class Who:
    """What the office writes down of somebody; all but the name may be empty."""

    name: str
    email: str = ""
    phone: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of a structure, as the office sees them."""

    id: UUID
    name: str
    role: str
    email: str
    phone: str
    added_at: datetime
    left_at: datetime | None
    is_unreached: bool


async def of(organisation: UUID) -> list[Known]:
    """The people of a structure by name, those who have left after the others."""
    return [Known(**dict(row)) for row in await db.fetch(OF, organisation)]


async def enter(organisation: UUID, name: str, email: str) -> UUID:
    """Know this person of the structure by their address; who was known, or had left, is entered once.

    Needs an open transaction; returns their id.
    """
    await _hold(organisation)
    if known := await db.fetch(KNOWN, organisation, text.address_key(email)):
        await db.fetch(BACK, known[0]["id"])
        return UUID(str(known[0]["id"]))
    return await _insert(organisation, Who(name, email))


async def add(organisation: UUID, who: Who, by: str) -> UUID:
    """Write somebody down; who had left comes back, as they are named now. Returns their id.

    Refuses: UnknownOrganisation, KnownContact.
    """
    async with db.transaction():
        await _hold(organisation)
        known = await db.fetch(KNOWN, organisation, text.address_key(who.email))
        if known and known[0]["left_at"] is None:
            raise KnownContact(known[0]["name"])
        contact = UUID(str(known[0]["id"])) if known else await _insert(organisation, who)
        if known:
            await db.fetch(RETURN, contact, who.name, who.email, who.phone, who.role)
        await note(by, "add", KIND, contact)
    return contact


async def edit(organisation: UUID, contact: UUID, who: Who, by: str) -> None:
    """Correct what is known of somebody. Refuses: UnknownOrganisation, UnknownContact, KnownContact."""
    key = text.address_key(who.email)
    async with db.transaction():
        await _hold(organisation)
        others = [one for one in await db.fetch(KNOWN, organisation, key) if one["id"] != contact]
        if others:
            raise KnownContact(others[0]["name"])
        if not await db.fetch(CORRECT, contact, organisation, who.name, who.email, key, who.phone, who.role):
            raise UnknownContact
        await note(by, "edit", KIND, contact)


async def leave(organisation: UUID, contact: UUID, by: str) -> None:
    """Note that somebody has left the structure; their name stays. Done twice, it is done once.

    Refuses: UnknownContact.
    """
    async with db.transaction():
        if await db.fetch(LEAVE, contact, organisation, clock.now()):
            await note(by, "leave", KIND, contact)
        else:
            await _check_known(organisation, contact)


async def come_back(organisation: UUID, contact: UUID, by: str) -> None:
    """Note that somebody is there after all. Done twice, it is done once. Refuses: UnknownContact."""
    async with db.transaction():
        if await db.fetch(COME_BACK, contact, organisation):
            await note(by, "come_back", KIND, contact)
        else:
            await _check_known(organisation, contact)


async def _hold(organisation: UUID) -> None:
    """One is entered at a time, or somebody would be entered twice. Needs an open transaction."""
    db.inside_transaction()
    if not await db.fetch(HOLD, organisation):
        raise UnknownOrganisation


async def _insert(organisation: UUID, who: Who) -> UUID:
    person = Contact(
        id=uuid4(), organisation=organisation, name=who.name, email=who.email, email_key=text.address_key(who.email),
        phone=who.phone, role=who.role, added_at=clock.now(),
    )  # fmt: skip
    await db.insert(person)
    return UUID(str(person.id))


async def _check_known(organisation: UUID, contact: UUID) -> None:
    if not await db.fetch(HERE, contact, organisation):
        raise UnknownContact
