"""Editing an event: who edits what somebody else has changed meanwhile is told so, and overwrites nothing."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service import clock, db
from service.events.contents import COLUMNS, Content, content_of
from service.events.details import UnknownEvent
from service.events.versions import EditedMeanwhile
from service.journal.notes import note
from service.people import organisations
from service.people.organisations import Newcomer
from service.people.structures import UnknownOrganisation
from service.refusal import Refusal

HELD = "SELECT * FROM event WHERE id = $1 FOR UPDATE"
EDIT = f"""
UPDATE event SET version = version + 1, {", ".join(f"{name} = ${number}" for number, name in enumerate(COLUMNS, 3))}
WHERE id = $1 AND version = $2 AND state <> 'called_off' RETURNING version
"""  # noqa: S608 - columns of ours
LAST = """
SELECT coalesce(person.name, '') AS name, journal.at FROM journal
LEFT JOIN person ON journal.actor = 'person:' || person.id
WHERE journal.subject_id = $1 AND journal.verb = $2 ORDER BY journal.id DESC LIMIT 1
"""
SINCE = """
SELECT DISTINCT jsonb_array_elements_text(facts -> 'changed') AS field FROM journal
WHERE subject_id = $1 AND verb = 'edit' AND (facts ->> 'version')::int > $2
"""


class EventCalledOff(Refusal):
    """The event was called off: it stays as it is."""


async def edit(event_id: UUID, content: Content, version: int, by: str) -> list[str]:
    """Make the event say this, if ``version`` is still its last one; returns the names of what has changed.

    A host that is a newcomer is entered. What changes nothing is no edit, and meets no conflict.
    Needs an open transaction that holds the slots to come. Refuses: UnknownEvent, EventCalledOff, EditedMeanwhile,
    UnknownOrganisation.
    """
    db.inside_transaction()
    rows = await db.fetch(HELD, event_id)
    if not rows:
        raise UnknownEvent
    content = await with_host(content)
    changed = content.changed_from(content_of(rows[0]))
    if changed:
        updated = await db.fetch(EDIT, event_id, version, *content.values())
        if not updated:
            raise EventCalledOff if rows[0]["state"] == "called_off" else await meanwhile(event_id, version)
        await note(by, "edit", "event", event_id, version=updated[0]["version"], changed=changed)
    return changed


async def meanwhile(event_id: UUID, version: int) -> EditedMeanwhile:
    """Who edited the event since ``version``, when at last, and which fields."""
    fields = [row["field"] for row in await db.fetch(SINCE, event_id, version)]
    return EditedMeanwhile(*await last("edit", event_id), fields)


async def last(verb: str, subject_id: UUID) -> tuple[str, datetime]:
    """Who of the staff did this to it last, and when: nobody, just now, where the journal tells of none."""
    rows = await db.fetch(LAST, subject_id, verb)
    return (rows[0]["name"], rows[0]["at"]) if rows else ("", clock.now())


async def with_host(content: Content) -> Content:
    """The same with a host that has an id and stays. Needs an open transaction. Refuses: UnknownOrganisation."""
    if isinstance(content.host, Newcomer):
        return replace(content, host=await organisations.enter(content.host))
    if await organisations.held(content.host) is None:  # joined to another a moment ago
        raise UnknownOrganisation
    return content
