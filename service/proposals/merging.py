"""Joining a structure that was entered twice to the one that stays, with all that hangs on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service import db
from service.journal.notes import note
from service.people import organisations, structures
from service.people.structures import COLUMNS, KIND, Facts, UnknownOrganisation, facts_of
from service.people.tables import Organisation
from service.refusal import Refusal

# In this order, as everywhere: an event, then a proposal, then who enters structures, then the structures.
HOLD_EVENTS = "SELECT 1 FROM event WHERE host = ANY($1) ORDER BY id FOR NO KEY UPDATE"
HOLD_PROPOSALS = "SELECT 1 FROM proposal WHERE organisation = ANY($1) ORDER BY id FOR NO KEY UPDATE"
HELD = "SELECT * FROM organisation WHERE id = ANY($1) ORDER BY id FOR UPDATE"
# One person of both is one: known here if anywhere, with what was known on either side.
JOIN_PEOPLE = """
UPDATE contact SET
    left_at = CASE WHEN twin.left_at IS NULL THEN NULL ELSE contact.left_at END,
    role = CASE contact.role WHEN '' THEN twin.role ELSE contact.role END,
    phone = CASE contact.phone WHEN '' THEN twin.phone ELSE contact.phone END,
    added_at = least(contact.added_at, twin.added_at)
FROM contact twin
WHERE contact.organisation = $1 AND twin.organisation = $2 AND contact.email_key = twin.email_key
  AND contact.email_key <> ''
"""
DROP_TWINS = """
DELETE FROM contact twin USING contact
WHERE twin.organisation = $2 AND contact.organisation = $1 AND contact.email_key = twin.email_key
  AND contact.email_key <> ''
"""
MOVE = {
    "events": "UPDATE event SET host = $1 WHERE host = $2 RETURNING id",
    "proposals": "UPDATE proposal SET organisation = $1 WHERE organisation = $2 RETURNING id",
    "contacts": "UPDATE contact SET organisation = $1 WHERE organisation = $2 RETURNING id",
    "notes": "UPDATE organisation_note SET organisation = $1 WHERE organisation = $2 RETURNING id",
    "addresses": "UPDATE former_slug SET organisation = $1 WHERE organisation = $2 RETURNING slug AS id",
}
LEAD_ON = "INSERT INTO former_slug (slug, organisation) VALUES ($2, $1)"
DROP = "DELETE FROM organisation WHERE id = $1"
SETTLE = """
UPDATE organisation SET name = $2, kind = $3, town = $4, sector = $5, authority_area = $6, version = version + 1
WHERE id = $1 RETURNING version
"""
MOVING = """
SELECT (SELECT count(*) FROM event WHERE host = $1)::int AS events,
       (SELECT count(*) FROM proposal WHERE organisation = $1 AND submitted_at IS NOT NULL)::int AS proposals,
       (SELECT count(*) FROM contact WHERE organisation = $1)::int AS contacts,
       (SELECT count(*) FROM organisation_note WHERE organisation = $1)::int AS notes
"""


class AlreadyMerged(Refusal):
    """One of the two is gone: somebody has joined it to ``into``, of this ``name`` (none where that is gone too)."""

    def __init__(self, into: UUID | None, name: str = "") -> None:
        self.into, self.name = into, name


class SameOrganisation(Refusal):
    """A structure cannot be joined to itself."""


@dataclass(frozen=True, slots=True)
class Moving:
    """How much would move."""

    events: int
    proposals: int
    contacts: int
    notes: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two structures side by side: ``kept`` stays, ``gone`` is joined to it, with what ``moving`` counts."""

    kept: Organisation
    gone: Organisation
    moving: Moving

    @property
    def differing(self) -> list[str]:
        """The names of the facts between which somebody must choose."""
        return facts_of(self.kept).changed_from(facts_of(self.gone))

    def facts(self, theirs: Mapping[str, bool]) -> Facts:
        """What will be known: of each fact named in ``theirs`` with a yes, what the gone one says."""
        return Facts(**{name: getattr(self.gone if theirs.get(name) else self.kept, name) for name in COLUMNS})


async def preview(kept: UUID, gone: UUID) -> Pair:
    """What joining them would do. Refuses: UnknownOrganisation, SameOrganisation, AlreadyMerged."""
    if kept == gone:
        raise SameOrganisation
    stays = await structures.load(kept)
    try:
        goes = await structures.load(gone)
    except UnknownOrganisation:
        raise await _met(gone) from None
    return Pair(stays, goes, Moving(**dict((await db.fetch(MOVING, gone))[0])))


async def merge(pair: Pair, facts: Facts, by: str) -> None:
    """Join ``pair.gone`` to ``pair.kept``, which is then known by ``facts``; its old address leads on.

    All or nothing. Two at once: one wins. What either says is as it was when the choice was made (its version).
    Refuses: UnknownOrganisation, AlreadyMerged, OrganisationChanged.
    """
    async with db.transaction():
        kept, gone = await _hold_both(pair)
        await db.fetch(JOIN_PEOPLE, kept.id, gone.id)
        await db.fetch(DROP_TWINS, kept.id, gone.id)
        moved = {what: [str(row["id"]) for row in await db.fetch(sql, kept.id, gone.id)] for what, sql in MOVE.items()}
        await db.fetch(DROP, gone.id)
        await db.fetch(LEAD_ON, kept.id, gone.slug)
        [settled] = await db.fetch(SETTLE, kept.id, *facts.values())
        changed = facts.changed_from(facts_of(kept))
        told: dict[str, Any] = {"version": settled["version"], "changed": changed, "gone": str(gone.id), **moved}
        await note(by, "merge", KIND, kept.id, name=gone.name, **told)
        await note(by, "merged", KIND, gone.id, into=str(kept.id))


async def _hold_both(pair: Pair) -> tuple[Organisation, Organisation]:
    both = [pair.kept.id, pair.gone.id]
    await db.fetch(HOLD_EVENTS, both)
    await db.fetch(HOLD_PROPOSALS, both)
    await organisations.alone()
    found = {row["id"]: structures.row_of(row) for row in await db.fetch(HELD, both)}
    for one in (pair.kept, pair.gone):
        if one.id not in found:
            raise await _met(one.id)
        if found[one.id].version != one.version:
            raise await structures.meanwhile(one.id, one.version)
    return found[pair.kept.id], found[pair.gone.id]


async def _met(gone: UUID) -> Refusal:
    """The refusal that says what became of one that is not there."""
    into = await structures.merged_into(gone)
    if into is None:
        return UnknownOrganisation()
    try:
        return AlreadyMerged(into, (await structures.load(into)).name)
    except UnknownOrganisation:
        return AlreadyMerged(None)
