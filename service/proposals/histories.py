"""What the campus and a structure had to do with each other: its events, its proposals, and every step in its time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from service import clock, db
from service.proposals.journal import COMPANY

Row = TypeVar("Row")
PAGE = 50
MOST_PROPOSALS = 50

EVENTS = """
SELECT event.id, event.kind, event.title, event.state, dated.*, counted.booked, came.present,
       count(*) OVER ()::int AS total
FROM event
CROSS JOIN LATERAL (
    SELECT count(*)::int AS dates, min(starts_at) AS first_at, max(starts_at) AS last_at,
           coalesce(bool_and(ends_at <= $2), false) AS is_over
    FROM slot WHERE slot.event = event.id AND (slot.state = 'open' OR event.state = 'called_off')) dated
CROSS JOIN LATERAL (
    SELECT coalesce(sum(booking.seats), 0)::int AS booked FROM booking JOIN slot ON slot.id = booking.slot
    WHERE slot.event = event.id AND slot.state = 'open' AND booking.state = 'confirmed') counted
CROSS JOIN LATERAL (
    SELECT coalesce(sum(presence.people), 0)::int AS present FROM presence JOIN slot ON slot.id = presence.slot
    WHERE slot.event = event.id AND slot.state = 'open') came
WHERE event.host = $1 ORDER BY dated.last_at DESC NULLS FIRST, event.title, event.id LIMIT $3 OFFSET $4
"""
# What was never handed in is its writer's own affair.
PROPOSALS = """
SELECT proposal.id, proposal.title, proposal.kind, proposal.state, proposal.submitted_at, proposal.event,
       coalesce(event.state, '') AS event_state
FROM proposal LEFT JOIN event ON event.id = proposal.event
WHERE proposal.organisation = $1 AND proposal.submitted_at IS NOT NULL
ORDER BY proposal.submitted_at DESC, proposal.id LIMIT $2
"""
# $1 the structure, $2 the word for its own people, $3 now, $4 whether what was said and sent is shown, too.
LINES = """
SELECT line.*, count(*) OVER ()::int AS total FROM (
    SELECT step.at, 'step' AS what, step.verb AS word, step.by = $2 AS is_theirs, coalesce(person.name, '') AS name,
           CASE WHEN $4 THEN step.words ELSE '' END AS words, proposal.title, proposal.id AS proposal,
           NULL::uuid AS event, '' AS state, step.id::text AS mark
    FROM proposal_note step JOIN proposal ON proposal.id = step.proposal
    LEFT JOIN person ON 'person:' || person.id = step.by
    WHERE proposal.organisation = $1 AND proposal.submitted_at IS NOT NULL
  UNION ALL
    SELECT email.posted_at, 'letter', email.letter, false, '', '', proposal.title, proposal.id, NULL, email.state,
           email.id::text
    FROM proposal JOIN email ON email.subject_kind = 'proposal' AND email.subject_id = proposal.id
    WHERE $4 AND proposal.organisation = $1 AND proposal.submitted_at IS NOT NULL
  UNION ALL
    SELECT noted.at, 'note', '', false, coalesce(person.name, ''), noted.words, '', NULL, NULL, '', noted.id::text
    FROM organisation_note noted LEFT JOIN person ON 'person:' || person.id = noted.by
    WHERE $4 AND noted.organisation = $1
  UNION ALL
    SELECT slot.starts_at, 'event', event.kind, false, '', '', event.title, NULL, event.id, '', slot.id::text
    FROM event JOIN slot ON slot.event = event.id
    WHERE event.host = $1 AND event.state = 'published' AND slot.state = 'open' AND slot.starts_at <= $3
  UNION ALL
    SELECT entry.at, 'merge', '', false, coalesce(person.name, ''), '', entry.facts ->> 'name', NULL, NULL, '',
           entry.id::text
    FROM journal entry LEFT JOIN person ON 'person:' || person.id = entry.actor
    WHERE entry.subject_id = $1 AND entry.verb = 'merge'
) line ORDER BY line.at DESC, line.what, line.mark DESC LIMIT $5 OFFSET $6
"""


@dataclass(frozen=True, slots=True)
class Hosted:
    """An event of a structure, with its dates that were not called off, who ``booked`` and who was ``present``."""

    id: UUID
    kind: str
    title: str
    state: str
    dates: int
    first_at: datetime | None
    last_at: datetime | None
    is_over: bool
    booked: int
    present: int


@dataclass(frozen=True, slots=True)
class Handed:
    """A proposal that a structure handed in; ``event_state`` is that of the event that came of it."""

    id: UUID
    title: str
    kind: str
    state: str
    submitted_at: datetime
    event: UUID | None
    event_state: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history. ``what`` it is of: step, letter, note, event or merge; ``word`` names which one.

    ``name`` is the colleague's who did it, ``is_theirs`` whether the structure did; ``title`` is the proposal's or
    the event's, or the name under which another structure was joined to this one.
    """

    at: datetime
    what: str
    word: str
    is_theirs: bool
    name: str
    words: str
    title: str
    proposal: UUID | None
    event: UUID | None
    state: str


@dataclass(frozen=True, slots=True)
class Leaf(Generic[Row]):
    """One page of many rows: ``total`` in all, in pages of 50."""

    rows: list[Row]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE))


async def hosted(organisation: UUID, page: int = 1) -> Leaf[Hosted]:
    """The events of a structure, those without a date first, then the newest. A page beyond the last is empty."""
    rows = await db.fetch(EVENTS, organisation, clock.now(), PAGE, (page - 1) * PAGE)
    found = [Hosted(**{name: row[name] for name in Hosted.__slots__}) for row in rows]
    return Leaf(found, rows[0]["total"] if rows else 0, page)


async def proposals_of(organisation: UUID) -> list[Handed]:
    """What a structure handed in, the newest first, of the last fifty."""
    return [Handed(**dict(row)) for row in await db.fetch(PROPOSALS, organisation, MOST_PROPOSALS)]


async def lines_of(organisation: UUID, page: int = 1, *, in_full: bool) -> Leaf[Line]:
    """The history of a structure, the newest first; ``in_full`` with what was said, written down and sent."""
    rows = await db.fetch(LINES, organisation, COMPANY, clock.now(), in_full, PAGE, (page - 1) * PAGE)
    found = [Line(**{name: row[name] for name in Line.__slots__}) for row in rows]
    return Leaf(found, rows[0]["total"] if rows else 0, page)
