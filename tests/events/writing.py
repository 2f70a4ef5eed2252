"""What the tests of writing events share: what an event says, and what somebody makes of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db
from service.events import publishing
from service.events.contents import MODELS, Content, content_of
from service.events.dates import Plan
from service.events.tables import Event
from tests.makers import make_organisation

ADA, BEN = "person:ada", "person:ben"


async def row_of(event: UUID | Event) -> Any:
    """The row of the event as it is now."""
    event_id = event.id if isinstance(event, Event) else event
    [row] = await db.fetch("SELECT * FROM event WHERE id = $1", event_id)
    return row


async def publish(event: UUID, by: str) -> bool:
    """Publish it, as the floor of events does by itself."""
    async with db.transaction():
        return await publishing.publish(event, by)


async def says(event: UUID | Event, **changes: Any) -> Content:
    """What the event says now, but for these changes."""
    return replace(content_of(await row_of(event)), **changes)


async def some_content(kind: str = "visit", **changes: Any) -> Content:
    """What somebody answers to the six questions, with the rest as the model has it."""
    rules = {
        "title": "Le four et la forme",
        "summary": "Du sable au verre, en une heure.",
        "place": "Verrerie, 62510 Arques",
        "town": "Arques",
        **MODELS[kind].rules,
        **changes,
    }
    return Content(host=rules.pop("host", None) or (await make_organisation()).id, **rules)


def a_date(starts_at: datetime | None = None, capacity: int = 24) -> Plan:
    """A first date of two hours, a week from now unless told."""
    starts = starts_at or clock.now() + timedelta(days=7)
    return Plan(starts, starts + timedelta(hours=2), capacity)


async def make_draft(kind: str = "visit", first: Plan | None = None, **changes: Any) -> UUID:
    """A draft with one date."""
    return await publishing.create(kind, await some_content(kind, **changes), first or a_date(), ADA)


async def slots_of(event: UUID | Event) -> list[Any]:
    """The rows of its slots, the first first."""
    event_id = event.id if isinstance(event, Event) else event
    return await db.fetch("SELECT * FROM slot WHERE event = $1 ORDER BY starts_at, id", event_id)


async def journal_of(subject: UUID) -> list[tuple[str, str]]:
    """(actor, verb) of what the journal tells of it."""
    rows = await db.fetch("SELECT actor, verb FROM journal WHERE subject_id = $1 ORDER BY id", subject)
    return [(row["actor"], row["verb"]) for row in rows]
