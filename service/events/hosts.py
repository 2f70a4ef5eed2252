"""The structures as the office lists them: what they are, what they hosted, whom one knows there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service import clock, db, text
from service.lists import PAGE, Asked, Found, plain

QUIET = timedelta(days=365)

SEARCHED = plain("host.name, host.town, host.sector, host.authority_area")
SORTED_BY = plain("host.name")
# $1 is now, $6 a year ago. What was called off was hosted by nobody.
MATCHING = f"""
FROM organisation host
CROSS JOIN LATERAL (
    SELECT count(DISTINCT event.id)::int AS events, max(slot.starts_at) FILTER (WHERE slot.starts_at <= $1) AS last_at,
           min(slot.starts_at) FILTER (WHERE slot.starts_at > $1) AS next_at
    FROM event LEFT JOIN slot ON slot.event = event.id AND slot.state = 'open'
    WHERE event.host = host.id AND event.state = 'published'
) hosted
CROSS JOIN LATERAL (
    SELECT count(*)::int AS contacts, (array_agg(contact.name ORDER BY contact.added_at, contact.id))[1:2] AS names
    FROM contact WHERE contact.organisation = host.id AND contact.left_at IS NULL
) people
WHERE ($2 = '' OR host.kind = $2) AND ($3 = '' OR host.town = $3)
  AND NOT EXISTS (SELECT 1 FROM unnest($4::text[]) AS word WHERE strpos({SEARCHED}, word) = 0)
  AND (NOT $5 OR hosted.next_at IS NULL AND coalesce(hosted.last_at, '-infinity') < $6)
"""  # noqa: S608 - fragments of ours
LIST = f"""
SELECT host.id, host.name, host.kind, host.town, host.sector, hosted.*, people.*, count(*) OVER ()::int AS total
{MATCHING} ORDER BY {SORTED_BY}, host.id LIMIT $7 OFFSET $8
"""
COUNT = f"SELECT count(*)::int AS total {MATCHING}"
TOWNS = "SELECT DISTINCT town FROM organisation WHERE town <> ''"


@dataclass(frozen=True, slots=True)
class Filters(Asked):
    """What the office asked the list for; empty values ask for nothing. ``quiet``: no event for a year."""

    kind: str = ""
    town: str = ""
    quiet: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One structure in the list; ``names`` are those of the first two of its people."""

    id: UUID
    name: str
    kind: str
    town: str
    sector: str
    events: int
    last_at: datetime | None
    next_at: datetime | None
    contacts: int
    names: list[str] | None


async def found(filters: Filters, page: int = 1) -> Found[Line]:
    """One page of the structures that match, by name. A page beyond the last one is empty."""
    now = clock.now()
    asked = (now, filters.kind, filters.town, filters.words, bool(filters.quiet), now - QUIET)
    rows = await db.fetch(LIST, *asked, PAGE, (page - 1) * PAGE)
    counted = rows if rows or page == 1 else await db.fetch(COUNT, *asked)
    lines = [Line(**{name: row[name] for name in Line.__slots__}) for row in rows]
    return Found(lines, counted[0]["total"] if counted else 0, page)


async def towns() -> list[str]:
    """The towns where there are structures, as people look them up."""
    return sorted((row["town"] for row in await db.fetch(TOWNS)), key=text.key)
