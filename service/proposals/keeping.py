"""What is due about proposals without anybody's asking: reminders to both sides, and thanks once all is over.

Each step may be run by any number of workers at once, and costs one statement when nothing is due.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db, i18n
from service.bookings import rounds
from service.events.tables import days_before
from service.journal.notes import note, note_each
from service.proposals import emails, figures, record
from service.proposals.links import KIND

CAMPUS_AFTER = 5  # working days: a week of the office
COMPANY_AFTER = 7  # days: its own week, whatever its working days are
THANKS_AFTER = timedelta(hours=2)  # the door has counted by then, and the day is still fresh
SATURDAY = 5

LATE = "SELECT 1 FROM proposal WHERE waits_for = 'campus' AND reminded_at IS NULL AND waits_since <= $1 LIMIT 1"
# In one order: of two workers the second waits here, and finds nothing left.
CLAIM = """
WITH late AS (SELECT id FROM proposal WHERE waits_for = 'campus' AND reminded_at IS NULL AND waits_since <= $1
              ORDER BY id LIMIT 200 FOR UPDATE)
UPDATE proposal SET reminded_at = $2 FROM late WHERE proposal.id = late.id RETURNING proposal.id
"""
# What was reminded of before is counted too, but brings no letter by itself.
QUEUES = """
SELECT person.email, person.language, count(*)::int AS number, min(waits_since) AS oldest
FROM proposal LEFT JOIN person ON person.id = assigned_to AND person.left_at IS NULL
WHERE waits_for = 'campus' AND waits_since <= $1
GROUP BY person.email, person.language HAVING bool_or(proposal.id = ANY($2)) ORDER BY person.email
"""
UNANSWERED = """
SELECT id FROM proposal WHERE state = 'asked' AND waits_for = 'company' AND reminded_at IS NULL AND waits_since <= $1
ORDER BY id LIMIT 50
"""
REMIND = """
UPDATE proposal SET reminded_at = $2, revision = revision + 1
WHERE id = $1 AND state = 'asked' AND waits_for = 'company' AND reminded_at IS NULL AND waits_since <= $3 RETURNING *
"""
QUESTION = "SELECT words, at FROM proposal_note WHERE proposal = $1 AND verb = 'ask' ORDER BY at DESC LIMIT 1"
OVER = """
SELECT proposal.id FROM proposal JOIN event ON event.id = proposal.event
WHERE proposal.state = 'accepted' AND thanked_at IS NULL AND event.state = 'published'
  AND EXISTS (SELECT 1 FROM slot WHERE slot.event = event.id AND slot.state = 'open')
  AND NOT EXISTS (SELECT 1 FROM slot WHERE slot.event = event.id AND slot.state = 'open' AND slot.ends_at > $1)
ORDER BY proposal.id LIMIT 50
"""
THANK = """
UPDATE proposal SET thanked_at = $2, revision = revision + 1
WHERE id = $1 AND state = 'accepted' AND thanked_at IS NULL RETURNING *
"""


async def remind_campus() -> int:
    """Write to whoever lets proposals wait for more than 5 working days, in one letter each; returns how many letters.

    Once for each wait. Monday to Friday count, where the campus is: public holidays are not counted out. Nothing is
    written on a weekend.
    """
    now = clock.now()
    if i18n.local(now).weekday() >= SATURDAY:
        return 0
    limit = working_days_before(now, CAMPUS_AFTER)
    return await _remind_campus(limit) if await db.fetch(LATE, limit) else 0


async def remind_company() -> int:
    """Ask once more what a company has not answered for 7 days, once a question; returns how many."""
    due = await db.fetch(UNANSWERED, _asked_by())
    return await rounds.each(due, lambda row: _remind_company(row["id"]))


async def thank() -> int:
    """Thank the hosts whose last date has been over for 2 hours, with what came of it, once; returns how many."""
    due = await db.fetch(OVER, clock.now() - THANKS_AFTER)
    return await rounds.each(due, lambda row: _thank(row["id"]))


def working_days_before(moment: datetime, days: int) -> datetime:
    """The same time of day so many working days before ``moment``, which is on one."""
    found = i18n.local(moment)
    while days:
        found -= timedelta(days=1)  # a wall time: the hour stays when the clocks change between
        days -= found.weekday() < SATURDAY
    return found


async def _remind_campus(limit: datetime) -> int:
    async with db.transaction():
        late = [row["id"] for row in await db.fetch(CLAIM, limit, clock.now())]
        if not late:
            return 0
        queues = await db.fetch(QUEUES, limit, late)
        for queue in queues:
            await _write_to(queue)
        await note_each("system", "remind_campus", KIND, late)
    return len(queues)


async def _write_to(queue: Any) -> None:
    address, language = (queue["email"], queue["language"]) if queue["email"] else emails.of_campus()
    await emails.remind_campus(address, language, queue["number"], queue["oldest"])


async def _remind_company(proposal_id: UUID) -> bool:
    async with db.transaction():
        rows = await db.fetch(REMIND, proposal_id, clock.now(), _asked_by())
        if not rows:
            return False
        [question] = await db.fetch(QUESTION, proposal_id)
        await emails.remind_of_question(record.row_of(rows[0]), question["words"], question["at"])
        await note("system", "remind_company", KIND, proposal_id)
    return True


def _asked_by() -> datetime:
    """A question asked by then should have an answer now."""
    return days_before(clock.now(), COMPANY_AFTER)


async def _thank(proposal_id: UUID) -> bool:
    async with db.transaction():
        rows = await db.fetch(THANK, proposal_id, clock.now())
        if not rows:
            return False
        proposal = record.row_of(rows[0])
        await emails.thank(proposal, await figures.of_event(proposal.event))
        await note("system", "thank", KIND, proposal_id)
    return True
