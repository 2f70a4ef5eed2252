"""Revising an event that people booked: they are told, and what comes free is offered to those who wait."""

from typing import Any
from uuid import UUID

from service import clock, db
from service.bookings import news, waiting
from service.bookings.holds import AT_LEAST
from service.events import editing, slots
from service.events.contents import Content, content_of
from service.events.details import UnknownEvent
from service.events.tables import Event, closing

RELIED_ON = ("title", "place")  # what people came for, and where to
SHARES = ("kept_for_classes", "kept_for_individuals", "kept_for_partners", "kept_days")
# Slots before their event, in the order of their ids: as every verb that touches several locks them.
COMING = "SELECT id, starts_at, closes_at FROM slot WHERE event = $1 AND starts_at > $2 ORDER BY id FOR UPDATE"
READ = "SELECT * FROM event WHERE id = $1"
TO_TELL = "SELECT id FROM slot WHERE event = $1 AND starts_at > $2 AND state = 'open' ORDER BY id"
CLOSE = "UPDATE slot SET closes_at = $2, version = version + 1 WHERE id = $1 AND closes_at <> $2"
# A hold ends with the list, but not at once: a class has 24 hours left to confirm, and its reminder goes out by itself.
# A class that holds several slots loses them all at one deadline, so the earliest counts. An offer lasts a day at the
# most: what it promised stands.
SHORTEN = """
WITH ends AS (
    SELECT dossier, min(least(expires_at, greatest(slot.closes_at, $2), slot.starts_at)) AS until
    FROM booking JOIN slot ON slot.id = booking.slot
    WHERE slot.id = ANY($1) AND booking.state IN ('option', 'pending') GROUP BY dossier)
UPDATE booking SET expires_at = ends.until, revision = booking.revision + 1 FROM ends
WHERE booking.slot = ANY($1) AND booking.dossier = ends.dossier AND booking.state IN ('option', 'pending')
  AND booking.expires_at > ends.until
"""


async def told_of(event_id: UUID, content: Content) -> int:
    """How many people would be told if the event said this: none, unless they rely on what changes.

    Refuses: UnknownEvent.
    """
    rows = await db.fetch(READ, event_id)
    if not rows:
        raise UnknownEvent
    if not _is_relied_on(content.changed_from(content_of(rows[0]))) or rows[0]["state"] != "published":
        return 0
    coming = await db.fetch(TO_TELL, event_id, clock.now())
    return await news.people_to_tell([row["id"] for row in coming])


async def edit_event(event_id: UUID, content: Content, version: int, by: str) -> int:
    """Make the event say this; returns how many people were told. Refuses what ``editing.edit`` does."""
    async with db.transaction():
        coming = await db.fetch(COMING, event_id, clock.now())
        told = [row["id"] for row in await db.fetch(TO_TELL, event_id, clock.now())]
        before = await _as_booked(told, event_id)
        usual = await _closing_as_usual(event_id, coming)
        changed = await editing.edit(event_id, content, version, by)
        if "list_closes_days" in changed:
            await _close_anew(event_id, usual)
        people = await news.tell_change(told, before) if before and _is_relied_on(changed) else 0
        if {*SHARES, "list_closes_days"} & set(changed):
            for row in coming:  # last: an offer tells what is so now, in place of the news
                await waiting.promote(row["id"])
    return people


async def _as_booked(slot_ids: list[UUID], event_id: UUID) -> dict[UUID, slots.BookableSlot]:
    """The slots as people know them; none, where nobody was ever shown any."""
    rows = await db.fetch(READ, event_id)
    return await slots.load_all(set(slot_ids)) if rows and rows[0]["state"] == "published" else {}


async def _closing_as_usual(event_id: UUID, coming: list[Any]) -> list[Any]:
    """Those of the slots that close as the event says; the others have a time of their own, and keep it."""
    rows = await db.fetch(READ, event_id)
    return [slot for slot in coming if slot["closes_at"] == closing(slot["starts_at"], Event(**dict(rows[0])))]


async def _close_anew(event_id: UUID, usual: list[Any]) -> None:
    """Close these lists as the event says now, and let no option outlast them by more than its least time."""
    [row] = await db.fetch(READ, event_id)
    event = Event(**dict(row))
    for slot in usual:
        await db.fetch(CLOSE, slot["id"], closing(slot["starts_at"], event))
    await db.fetch(SHORTEN, [slot["id"] for slot in usual], clock.now() + AT_LEAST)


def _is_relied_on(changed: list[str]) -> bool:
    return any(name in RELIED_ON for name in changed)
