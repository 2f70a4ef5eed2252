"""Publishing: an event is created from a model as a draft, made public, copied; a draft may also be deleted."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from service import clock, db, i18n, text
from service.events import dates, editing, retention
from service.events.contents import COLUMNS, Content, content_of
from service.events.dates import Plan
from service.events.details import UnknownEvent
from service.events.editing import EventCalledOff
from service.events.tables import Event, closing
from service.journal.notes import note
from service.refusal import Refusal

HELD = "SELECT * FROM event WHERE id = $1 FOR UPDATE"
COMING = "SELECT 1 FROM slot WHERE event = $1 AND state = 'open' AND starts_at > $2 LIMIT 1"
PUBLISH = "UPDATE event SET state = 'published', published_at = $2, slug = $3 WHERE id = $1 AND state = 'draft'"
SLUGS = "SELECT slug FROM event WHERE (slug = $1 OR slug LIKE $1 || '-%') AND id <> $2"
DATES = "SELECT * FROM slot WHERE event = $1 AND state = 'open' ORDER BY starts_at, id"
HELD_SLOTS = "SELECT 1 FROM slot WHERE event = $1 ORDER BY id FOR UPDATE"
LONGEST_SLUG = 110  # of 120: a number may follow
# The second since PostgreSQL 18; the last where an accepted proposal would lose its event.
HELD_BACK = (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError, asyncpg.CheckViolationError)
ALONE = 0x736C7567  # "slug": one address is given at a time, or two events would get the same


class NotReady(Refusal):
    """Something is ``missing`` before the event can be published: "slot", "summary" or "audience"."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        self.missing = missing


class NotADraft(Refusal):
    """The event was published: it is called off, not deleted."""


class DraftInUse(Refusal):
    """Somebody is booked or expected at the draft already, or a company was told that it will take place."""


async def create(kind: str, content: Content, first: Plan, by: str) -> UUID:
    """A draft of this kind with one slot; returns its id. A host that is a newcomer is entered."""
    async with db.transaction():
        event, _ = await draft(kind, content, [first], by)
    return event


async def draft(kind: str, content: Content, plans: Sequence[Plan], by: str) -> tuple[UUID, list[UUID]]:
    """The inner step of creating one, with these slots; returns its id and theirs. Needs an open transaction."""
    db.inside_transaction()
    event = await _insert(kind, await editing.with_host(content))
    slots = [await _add_slot(event, plan, by) for plan in plans]
    await retention.follow(event.id)
    await note(by, "create", "event", event.id, kind=kind)
    return UUID(str(event.id)), slots


async def publish(event_id: UUID, by: str) -> bool:
    """Let everybody see the event, under an address made from its title; whether it was still a draft.

    Needs an open transaction. Refuses: UnknownEvent, EventCalledOff, NotReady.
    """
    db.inside_transaction()
    row = await _hold(event_id)
    if row["state"] == "called_off":
        raise EventCalledOff
    if row["state"] != "draft":
        return False
    await _publish(row)
    await note(by, "publish", "event", event_id)
    return True


async def duplicate(event_id: UUID, first_day: date | None, by: str) -> UUID:
    """A draft that says the same; with ``first_day``, also with its slots that were not called off, empty.

    The first of them is on that day, the others keep their distance and all their time of day. Returns its id.
    Refuses: UnknownEvent.
    """
    async with db.transaction():
        row = await _hold(event_id)
        copy = await _insert(row["kind"], content_of(row))
        slots = await db.fetch(DATES, event_id) if first_day else []
        for slot in slots:
            await _copy_slot(copy, slot, _days_between(slots[0]["starts_at"], first_day), by)
        await retention.follow(copy.id)
        await note(by, "duplicate", "event", copy.id, of=str(event_id), slots=len(slots))
    return UUID(str(copy.id))


async def delete(event_id: UUID, by: str) -> None:
    """Delete a draft with its slots. Refuses: UnknownEvent, NotADraft, DraftInUse."""
    try:
        async with db.transaction():
            await db.fetch(HELD_SLOTS, event_id)  # first, as everywhere
            if (await _hold(event_id))["state"] != "draft":
                raise NotADraft
            await db.fetch("DELETE FROM slot WHERE event = $1", event_id)
            await db.fetch("DELETE FROM event WHERE id = $1", event_id)
            await note(by, "delete", "event", event_id)
    except HELD_BACK:
        raise DraftInUse from None


def missing(event: Any, *, has_slot: bool) -> tuple[str, ...]:
    """What an event (its row) lacks before it can be published; ``has_slot`` says whether one is to come."""
    is_for_nobody = event["kind"] != "assembly" and not (event["takes_individuals"] or event["takes_classes"])
    found = {"slot": not has_slot, "summary": not event["summary"], "audience": is_for_nobody}
    return tuple(name for name, is_missing in found.items() if is_missing)


async def _hold(event_id: UUID) -> Any:
    rows = await db.fetch(HELD, event_id)
    if not rows:
        raise UnknownEvent
    return rows[0]


async def _publish(row: Any) -> None:
    has_slot = bool(await db.fetch(COMING, row["id"], clock.now()))
    if lacks := missing(row, has_slot=has_slot):
        raise NotReady(lacks)
    await db.fetch(PUBLISH, row["id"], clock.now(), await _free_slug(row["title"], row["kind"], row["id"]))
    await retention.follow(row["id"])


async def _insert(kind: str, content: Content) -> Event:
    event_id = uuid4()
    values = dict(zip(COLUMNS, content.values(), strict=True))
    event = Event(id=event_id, kind=kind, state="draft", slug=await _free_slug(content.title, kind, event_id), **values)
    await db.insert(event)
    return event


async def _free_slug(title: str, kind: str, event_id: UUID) -> str:
    """An address that no other event has. A draft's is provisional: it is made anew when it is published."""
    await db.fetch("SELECT pg_advisory_xact_lock($1)", ALONE)
    base = text.ascii_slug(title, LONGEST_SLUG) or kind
    return text.numbered(base, {row["slug"] for row in await db.fetch(SLUGS, base, event_id)})


async def _add_slot(event: Event, plan: Plan, by: str) -> UUID:
    return await dates.enter(event.id, plan, closing(plan.starts_at, event), by)


async def _copy_slot(event: Event, slot: Any, days: timedelta, by: str) -> None:
    starts_at = i18n.local(slot["starts_at"]) + days  # a wall time: the hour stays when the clocks change between
    lasts = slot["ends_at"] - slot["starts_at"]
    ends_at = starts_at.astimezone(UTC) + lasts
    await _add_slot(event, Plan(starts_at, ends_at, slot["capacity"], fill=slot["fill"]), by)


def _days_between(starts_at: datetime, day: date | None) -> timedelta:
    return (day or starts_at.date()) - i18n.local(starts_at).date()
