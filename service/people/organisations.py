"""The structures that the office knows by name: found again however they were typed, entered once when they are new."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from service import db, text
from service.people.tables import Organisation

KINDS = ("company", "school", "training", "lab", "authority", "association", "other")
EVERY = "SELECT id, name FROM organisation ORDER BY name, id"
TOWN = "SELECT town FROM organisation WHERE id = $1"
# The former ones too: their posters lead elsewhere.
SLUGS = """
SELECT slug FROM organisation WHERE slug = $1 OR slug LIKE $1 || '-%'
UNION SELECT slug FROM former_slug WHERE slug = $1 OR slug LIKE $1 || '-%'
"""
HELD = "SELECT id FROM organisation WHERE id = $1 FOR KEY SHARE"
LONGEST_SLUG = 70  # of 80: a number may follow
ALONE = 0x73747275637475  # one structure is entered at a time, or two would enter the same


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A structure that nobody has named yet."""

    name: str
    kind: str
    town: str = ""


async def names() -> dict[UUID, str]:
    """Every structure by its id, in the order of their names."""
    return {row["id"]: row["name"] for row in await db.fetch(EVERY)}


async def named(name: str) -> UUID | None:
    """The structure of this name, whatever its accents and its case; None where there is none."""
    return next((found for found, known in (await names()).items() if text.key(known) == text.key(name)), None)


async def town_of(organisation: UUID) -> str:
    """The town where it is, if that is known."""
    rows = await db.fetch(TOWN, organisation)
    return str(rows[0]["town"]) if rows else ""


async def enter(newcomer: Newcomer) -> UUID:
    """Enter the structure, unless somebody else has just done so. Needs an open transaction."""
    await alone()
    if known := await named(newcomer.name):
        return known
    organisation = Organisation(
        id=uuid4(), slug=await _slug(newcomer), name=newcomer.name, kind=newcomer.kind, town=newcomer.town
    )
    await db.insert(organisation)
    return UUID(str(organisation.id))


async def alone() -> None:
    """Wait until nobody else enters, renames or joins structures. Needs an open transaction."""
    db.inside_transaction()
    await db.fetch("SELECT pg_advisory_xact_lock($1)", ALONE)


async def held(organisation: UUID | None) -> UUID | None:
    """The same, which now stays until the end; None for one that is gone meanwhile. Needs an open transaction."""
    db.inside_transaction()
    rows = await db.fetch(HELD, organisation) if organisation else []
    return rows[0]["id"] if rows else None


async def _slug(newcomer: Newcomer) -> str:
    base = text.ascii_slug(newcomer.name, LONGEST_SLUG) or newcomer.kind
    return text.numbered(base, {row["slug"] for row in await db.fetch(SLUGS, base)})
