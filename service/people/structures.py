"""A structure as the office keeps it: entered by hand, corrected by two at once without loss, found again by its id."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db, text
from service.journal.notes import note
from service.people import organisations
from service.people.organisations import Newcomer
from service.people.tables import Organisation
from service.refusal import Refusal

KIND = "organisation"  # of what the journal tells
BY_ID = "SELECT * FROM organisation WHERE id = $1"
EDIT = """
UPDATE organisation SET name = $3, kind = $4, town = $5, sector = $6, authority_area = $7, version = version + 1
WHERE id = $1 AND version = $2 RETURNING version
"""
DESCRIBE = "UPDATE organisation SET sector = $2, authority_area = $3 WHERE id = $1"
MERGED = "SELECT (facts ->> 'into')::uuid AS kept FROM journal WHERE subject_id = $1 AND verb = 'merged'"
LAST = """
SELECT coalesce(person.name, '') AS name, journal.at FROM journal
LEFT JOIN person ON journal.actor = 'person:' || person.id
WHERE journal.subject_id = $1 AND journal.verb IN ('edit', 'merge') ORDER BY journal.id DESC LIMIT 1
"""
SINCE = """
SELECT DISTINCT jsonb_array_elements_text(facts -> 'changed') AS field FROM journal
WHERE subject_id = $1 AND verb IN ('edit', 'merge') AND (facts ->> 'version')::int > $2
"""


class UnknownOrganisation(Refusal):
    """No structure has this id."""


class SameName(Refusal):
    """Another structure has this name: ``name`` as it is written there, ``other`` its id."""

    def __init__(self, other: UUID, name: str) -> None:
        self.other, self.name = other, name


class OrganisationChanged(Refusal):
    """Somebody saved first: ``by`` whom (empty where the journal names nobody), ``at`` what time, which ``fields``."""

    def __init__(self, by: str, at: datetime, fields: Collection[str] = ()) -> None:
        self.by, self.at, self.fields = by, at, frozenset(fields)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the office knows of a structure."""

    name: str
    kind: str
    town: str = ""
    sector: str = ""
    authority_area: str = ""

    def values(self) -> list[str]:
        """What its columns hold, in the order of COLUMNS."""
        return [getattr(self, name) for name in COLUMNS]

    def changed_from(self, before: "Facts") -> list[str]:
        """The names of what differs."""
        return [name for name in COLUMNS if getattr(self, name) != getattr(before, name)]


COLUMNS = tuple(each.name for each in fields(Facts))


async def load(organisation: UUID) -> Organisation:
    """The structure of this id. Refuses: UnknownOrganisation."""
    rows = await db.fetch(BY_ID, organisation)
    if not rows:
        raise UnknownOrganisation
    return row_of(rows[0])


async def add(facts: Facts, by: str) -> UUID:
    """Enter a structure that nobody has named yet; returns its id. Refuses: SameName."""
    async with db.transaction():
        await organisations.alone()
        await _check_name(facts.name)
        new = await organisations.enter(Newcomer(facts.name, facts.kind, facts.town))
        await db.fetch(DESCRIBE, new, facts.sector, facts.authority_area)
        await note(by, "add", KIND, new)
    return new


async def edit(organisation: UUID, facts: Facts, version: int, by: str) -> list[str]:
    """Correct what is known of it, if ``version`` is still its last one; returns the names of what has changed.

    Its address stays, for its posters. What changes nothing is no edit, and meets no conflict.
    Refuses: UnknownOrganisation, SameName, OrganisationChanged.
    """
    async with db.transaction():
        await organisations.alone()  # or two structures would get the same name
        changed = facts.changed_from(facts_of(await load(organisation)))
        if changed:
            await _check_name(facts.name, but=organisation)
            updated = await db.fetch(EDIT, organisation, version, *facts.values())
            if not updated:
                raise await meanwhile(organisation, version)
            await note(by, "edit", KIND, organisation, version=updated[0]["version"], changed=changed)
    return changed


async def meanwhile(organisation: UUID, version: int) -> OrganisationChanged:
    """Who edited the structure since ``version``, when at last, and which fields."""
    changed = [row["field"] for row in await db.fetch(SINCE, organisation, version)]
    last = await db.fetch(LAST, organisation)
    by, at = (last[0]["name"], last[0]["at"]) if last else ("", clock.now())
    return OrganisationChanged(by, at, changed)


async def merged_into(organisation: UUID) -> UUID | None:
    """The structure that a former one was joined to, if it was."""
    rows = await db.fetch(MERGED, organisation)
    return rows[0]["kept"] if rows else None


def facts_of(organisation: Organisation) -> Facts:
    """What is known of it now."""
    return Facts(**{name: getattr(organisation, name) for name in COLUMNS})


def row_of(row: Any) -> Organisation:
    """A structure as a statement returned it."""
    return Organisation(**dict(row), _exists_in_db=True)


async def _check_name(name: str, but: UUID | None = None) -> None:
    for other, known in (await organisations.names()).items():
        if other != but and text.key(known) == text.key(name):
            raise SameName(other, known)
