"""What the host of an event is told of its dates: when organisers add, move or call one off, and when a list closes.

Each step may be run by any number of workers at once, and costs one statement when nothing is due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db
from service.bookings import rounds
from service.journal.notes import note
from service.proposals import emails, figures, following, record
from service.proposals.links import KIND

SETTLING = timedelta(minutes=5)  # changes of mind within them make one letter, or none

# As long as organisers are at the dates of an event, nobody is told.
CHANGED = """
SELECT DISTINCT proposal.id FROM slot JOIN event ON event.id = slot.event AND event.state <> 'draft'
JOIN proposal ON proposal.event = event.id AND proposal.state = 'accepted'
LEFT JOIN hosted_date told ON told.slot = slot.id
WHERE slot.starts_at > $1
  AND (told.starts_at, told.ends_at, told.state) IS DISTINCT FROM (slot.starts_at, slot.ends_at, slot.state)
  AND NOT EXISTS (SELECT 1 FROM slot other JOIN journal ON journal.subject_id = other.id
                  WHERE other.event = event.id AND journal.at > $1
                    AND journal.verb IN ('add_slot', 'edit_slot', 'call_off'))
ORDER BY proposal.id LIMIT 50
"""
# A date that the host named itself was answered in a letter of its own.
DATES = """
SELECT slot.id, slot.starts_at, slot.ends_at, slot.state, slot.called_off_reason AS reason, slot.closes_at,
       told.starts_at AS was_at, told.ends_at AS was_until, told.state AS was,
       EXISTS (SELECT 1 FROM proposed_date WHERE proposed_date.slot = slot.id AND proposal = $2) AS is_named,
       EXISTS (SELECT 1 FROM hosted_date WHERE proposal = $2) AS is_known
FROM slot LEFT JOIN hosted_date told ON told.slot = slot.id
WHERE slot.event = $1 AND slot.starts_at > $3
  AND (told.starts_at, told.ends_at, told.state) IS DISTINCT FROM (slot.starts_at, slot.ends_at, slot.state)
ORDER BY slot.starts_at, slot.id
"""
# A list that is open again will close once more.
REMEMBER = """
INSERT INTO hosted_date (slot, proposal, starts_at, ends_at, state) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (slot) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, state = excluded.state,
    list_told_at = CASE WHEN $6 THEN NULL ELSE hosted_date.list_told_at END
"""
CLOSED = """
SELECT slot.id AS slot, told.proposal FROM hosted_date told JOIN slot ON slot.id = told.slot
JOIN event ON event.id = slot.event
WHERE told.list_told_at IS NULL AND slot.starts_at > $1 AND slot.closes_at <= $1 AND slot.closes_at < slot.starts_at
  AND slot.state = 'open' AND event.state = 'published' ORDER BY slot.starts_at, slot.id LIMIT 50
"""
TELL_LIST = """
UPDATE hosted_date SET list_told_at = $2 FROM slot
WHERE hosted_date.slot = $1 AND slot.id = $1 AND list_told_at IS NULL AND slot.state = 'open' AND slot.closes_at <= $2
RETURNING slot.starts_at, slot.ends_at
"""


async def tell_hosts() -> int:
    """Write to the hosts whose dates are not as they were told, five minutes after the last change; returns how many.

    What was there when the event was published, and a new date that the host had named, is remembered in silence.
    """
    due = await db.fetch(CHANGED, clock.now() - SETTLING)
    return await rounds.each(due, lambda row: _tell(row["id"]))


async def tell_lists() -> int:
    """Write to the hosts how many come on a date whose list has closed before it begins, once; returns how many."""
    due = await db.fetch(CLOSED, clock.now())
    return await rounds.each(due, lambda row: _tell_list(row["proposal"], row["slot"]))


async def _tell(proposal_id: UUID) -> bool:
    """Tell one host what is another now. The proposal is held: of two workers the second finds nothing new."""
    async with db.transaction():
        held = await record.hold(proposal_id, "accepted")
        rows = await db.fetch(DATES, held.event, held.id, clock.now() - SETTLING)
        for row in rows:
            await _remember(held.id, row)
        changes = _changes(rows)
        if not changes:
            return False
        is_called_off = await following.event_state(held) == "called_off"
        await emails.say_changed(await record.change(held), changes, is_called_off=is_called_off)
        await note("system", "tell_dates", KIND, proposal_id, dates=len(changes))
    return True


async def _remember(proposal_id: UUID, row: Any) -> None:
    is_open = row["closes_at"] > clock.now()
    await db.fetch(REMEMBER, row["id"], proposal_id, row["starts_at"], row["ends_at"], row["state"], is_open)


def _changes(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """What is new in these dates, as the letter says it: nothing as long as none was ever told."""
    return [_change(row) for row in rows if row["is_known"] and (row["was"] or _was_added(row))]


def _was_added(row: Any) -> bool:
    return row["state"] == "open" and not row["is_named"]


def _change(row: Any) -> dict[str, Any]:
    now = _span(row["starts_at"], row["ends_at"])
    if not row["was"]:
        return {**now, "what": "added", "reason": "", "before": {}}
    before = _span(row["was_at"], row["was_until"])
    if row["state"] == "called_off":
        return {**before, "what": "called_off", "reason": row["reason"], "before": {}}
    return {**now, "what": "moved", "reason": "", "before": before}


def _span(starts_at: datetime, ends_at: datetime) -> dict[str, str]:
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}


async def _tell_list(proposal_id: UUID, slot: UUID) -> bool:
    async with db.transaction():
        held = await record.hold(proposal_id, "accepted")
        rows = await db.fetch(TELL_LIST, slot, clock.now())
        if not rows:
            return False
        coming = await figures.of_date(held.event, slot)
        await emails.say_list_closed(await record.change(held), tuple(rows[0]), coming)
        await note("system", "tell_list", KIND, proposal_id, people=coming.booked)
    return True
