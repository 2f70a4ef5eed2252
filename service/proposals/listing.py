"""The office's list of proposals, what waits for the campus first, and one of them as the office looks at it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db, i18n, lists
from service.lists import PAGE, Asked, Found
from service.proposals import journal, record
from service.proposals.journal import Line as Told
from service.proposals.record import UnknownProposal
from service.proposals.tables import Proposal, ProposedDate

# Where a proposal stands: its own state, or once it was accepted that of its event.
STANDS = ("submitted", "asked", "accepted", "published", "over", "called_off", "declined", "withdrawn", "draft")
MAY = {
    "submitted": frozenset({"ask", "accept", "decline"}),
    "asked": frozenset({"accept", "decline"}),
    "accepted": frozenset({"decline"}),
}
SORTS = ("", "newest")
NOBODY, MINE = "nobody", "mine"
LATE_DAYS = 7  # as many as five working days
FIRST = 3

STANDING = """
CROSS JOIN LATERAL (SELECT CASE
    WHEN proposal.state <> 'accepted' THEN proposal.state WHEN event.state = 'draft' THEN 'accepted'
    WHEN event.state = 'called_off' THEN 'called_off'
    WHEN EXISTS (SELECT FROM slot WHERE slot.event = event.id AND slot.state = 'open' AND slot.ends_at > $1)
    THEN 'published' ELSE 'over' END AS stands) standing
"""
SEARCHED = lists.plain("proposal.title, proposal.organisation_name, organisation.name")
# What was never handed in is the company's own: it shows only to who asks for drafts, or for what was withdrawn.
MATCHING = f"""
FROM proposal LEFT JOIN event ON event.id = proposal.event LEFT JOIN person ON person.id = proposal.assigned_to
LEFT JOIN organisation ON organisation.id = proposal.organisation {STANDING}
WHERE NOT EXISTS (SELECT 1 FROM unnest($2::text[]) AS word
                  WHERE strpos({SEARCHED}, word) = 0)
  AND ($3 = '' OR proposal.kind = $3)
  AND (stands = $4 OR ($4 = '' AND proposal.submitted_at IS NOT NULL))
  AND ($5 = '' OR coalesce(proposal.assigned_to::text, '{NOBODY}') = $5)
"""  # noqa: S608 - fragments of ours
LIST = f"""
SELECT proposal.id, proposal.kind, proposal.title, proposal.organisation_name, proposal.submitted_at,
       proposal.waits_for, proposal.waits_since, coalesce(person.name, '') AS assigned_name, stands,
       coalesce((SELECT verb FROM proposal_note WHERE proposal_note.proposal = proposal.id
                 AND verb IN ('submit', 'answer', 'add_dates', 'report_cancel', 'report_change')
                 ORDER BY at DESC, proposal_note.id LIMIT 1), '') AS news, count(*) OVER ()::int AS total
{MATCHING}
ORDER BY CASE WHEN $6 = 'newest' THEN coalesce(proposal.submitted_at, proposal.created_at) END DESC,
         CASE WHEN proposal.waits_for = 'campus' THEN 0 WHEN proposal.state = 'asked' THEN 1 ELSE 2 END,
         CASE WHEN proposal.waits_for = 'campus' OR proposal.state = 'asked' THEN proposal.waits_since END,
         proposal.waits_since DESC, proposal.id
LIMIT $7 OFFSET $8
"""  # noqa: S608 - fragments of ours
COUNT = f"SELECT count(*)::int AS total {MATCHING}"
WAITING = """
SELECT id, title, organisation_name, waits_since, count(*) OVER ()::int AS total
FROM proposal WHERE waits_for = 'campus' ORDER BY waits_since, id LIMIT $1
"""
ONE = f"""
SELECT proposal.*, stands, coalesce(event.title, '') AS event_title, coalesce(event.state, '') AS event_state,
       coalesce(person.name, '') AS assigned_name, coalesce(organisation.name, '') AS known_as
FROM proposal LEFT JOIN event ON event.id = proposal.event LEFT JOIN person ON person.id = proposal.assigned_to
LEFT JOIN organisation ON organisation.id = proposal.organisation {STANDING} WHERE proposal.id = $2
"""  # noqa: S608 - fragments of ours
BESIDE = ("stands", "event_title", "event_state", "assigned_name", "known_as")


@dataclass(frozen=True, slots=True)
class Filters(Asked):
    """What the office asked the list for. ``by`` is who looks after it: an id, "mine" or "nobody"."""

    kind: str = ""
    state: str = ""
    by: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal in the list; ``news`` is what its company wrote last: while it waits for the campus, that is why."""

    id: UUID
    kind: str
    title: str
    organisation_name: str
    submitted_at: datetime | None
    waits_for: str
    waits_since: datetime
    assigned_name: str
    stands: str
    news: str

    @property
    def days(self) -> int:
        """For how many days it has been waiting."""
        return days_since(self.waits_since)

    @property
    def is_late(self) -> bool:
        """Whether it waits for the campus, and has for too long."""
        return self.waits_for == "campus" and self.days > LATE_DAYS


@dataclass(frozen=True, slots=True)
class First:
    """The first of those that wait for the campus, each with its days, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class Overview:
    """One proposal as the office looks at it: where it stands, the dates it names, all that was said."""

    proposal: Proposal
    stands: str
    event_title: str
    event_state: str
    assigned_name: str
    known_as: str
    dates: list[ProposedDate]
    told: list[Told]

    @property
    def days(self) -> int:
        """For how many days it has been waiting."""
        return days_since(self.proposal.waits_since)

    @property
    def coming(self) -> list[ProposedDate]:
        """The dates that would become slots, if it were accepted now."""
        return [one for one in self.dates if one.starts_at > clock.now()]

    @property
    def answerable(self) -> list[ProposedDate]:
        """The dates to come that an organiser may take or decline."""
        if self.proposal.state != "accepted" or self.event_state == "called_off":
            return []
        return [one for one in self.coming if one.slot is None and one.declined_at is None]

    @property
    def report(self) -> Told | None:
        """The last that its host reported, if nobody has settled it."""
        told = [one for one in self.told if one.verb in ("report_cancel", "report_change", "settle")]
        return told[-1] if told and told[-1].verb != "settle" else None

    @property
    def may(self) -> frozenset[str]:
        """What an organiser may do now, but for answering its dates."""
        is_reported = self.proposal.state == "accepted" and self.proposal.waits_for == "campus"
        is_left = self.proposal.state in ("declined", "withdrawn") and self.proposal.event is not None
        more = {"settle": is_reported, "detach": is_left}
        return MAY.get(self.stands, frozenset()) | {name for name, may in more.items() if may}


async def found(filters: Filters, me: UUID, page: int = 1) -> Found[Line]:
    """One page of the proposals that match, what waits longest for the campus first. Beyond the last one it is empty.

    ``me`` is who asks: theirs are "mine".
    """
    by = str(me) if filters.by == MINE else filters.by
    asked = (clock.now(), filters.words, filters.kind, filters.state, by)
    rows = await db.fetch(LIST, *asked, filters.sort, PAGE, (page - 1) * PAGE)
    counted = rows if rows or page == 1 else await db.fetch(COUNT, *asked)
    lines = [Line(**{name: row[name] for name in Line.__slots__}) for row in rows]
    return Found(lines, counted[0]["total"] if counted else 0, page)


async def waiting() -> First:
    """What waits for the campus, the longest first."""
    rows = [dict(row) for row in await db.fetch(WAITING, FIRST)]
    return First([row | {"days": days_since(row["waits_since"])} for row in rows], rows[0]["total"] if rows else 0)


async def overview(proposal_id: UUID) -> Overview:
    """One proposal with all that belongs to it. Refuses: UnknownProposal."""
    rows = await db.fetch(ONE, clock.now(), proposal_id)
    if not rows:
        raise UnknownProposal
    values = dict(rows[0])
    beside = {name: values.pop(name) for name in BESIDE}
    dates, told = await record.dates_of(proposal_id), await journal.lines_of(proposal_id)
    return Overview(record.row_of(values), dates=dates, told=told, **beside)


def days_since(moment: datetime) -> int:
    """How many midnights have passed since, where the campus is."""
    return (i18n.today() - i18n.local(moment).date()).days
