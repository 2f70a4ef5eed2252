"""All bookings of an event or of a period, one row each, with what an organiser accounts for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from service import db, i18n

LONGEST = timedelta(days=731)  # two years, one of them a leap year

# Named columns: nothing is given out because somebody added it to a table.
BOOKINGS = """
SELECT event.title, event.kind, event.place, host.name AS host, slot.starts_at, slot.ends_at,
       slot.state = 'called_off' OR event.state = 'called_off' AS is_off,
       booking.state, booking.awaits_approval, booking.awaits_guardian, booking.audience, booking.seats, booking.pupils,
       booking.chaperones, booking.age_band, booking.created_at, booking.queued_at, booking.expires_at,
       booking.ended_at, booking.ended_by, dossier.code, dossier.first_name, dossier.last_name, dossier.email,
       dossier.guardian_email, dossier.school, dossier.class_label, dossier.level, dossier.girls, dossier.outing,
       dossier.needs, dossier.language, presence.people AS present,
       (SELECT count(*) FROM attendee WHERE attendee.booking = booking.id AND attendee.last_name <> '')::int AS named,
       address.undeliverable_since IS NOT NULL AS is_unreached
FROM booking JOIN dossier ON dossier.id = booking.dossier JOIN slot ON slot.id = booking.slot
JOIN event ON event.id = slot.event JOIN organisation host ON host.id = event.host
LEFT JOIN presence ON presence.booking = booking.id
LEFT JOIN address ON address.email_key = dossier.email_key AND dossier.email_key <> ''
"""
# What waited for the rest of a class and was joined to it stands in the class's own row.
KEPT = "AND booking.ended_by <> 'merged'"
ORDER = "ORDER BY slot.starts_at, event.title, slot.id, booking.created_at, booking.id"
OF_EVENT = f"{BOOKINGS} WHERE event.id = $1 {KEPT} {ORDER}"
BETWEEN = f"{BOOKINGS} WHERE slot.starts_at >= $1 AND slot.starts_at < $2 {KEPT} {ORDER}"


@dataclass(frozen=True, slots=True)
class Row:
    """One booking with its event, its slot and its dossier; moments are the wall time where the campus is."""

    title: str
    kind: str
    place: str
    host: str
    starts_at: datetime
    ends_at: datetime
    is_off: bool
    state: str
    awaits_approval: bool
    awaits_guardian: bool
    audience: str
    seats: int
    pupils: int
    chaperones: int
    age_band: str
    created_at: datetime
    queued_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    code: str
    first_name: str
    last_name: str
    email: str
    guardian_email: str
    school: str
    class_label: str
    level: str
    girls: int | None
    outing: str
    needs: str
    language: str
    present: int | None
    named: int
    is_unreached: bool


async def of_event(event_id: UUID) -> list[Row]:
    """All that was ever booked of an event, what is over too, with one statement."""
    return [_row(dict(row)) for row in await db.fetch(OF_EVENT, event_id)]


async def between(first: date, last: date) -> list[Row]:
    """The same of all slots that begin on one of these days, both included."""
    begins, ends = i18n.begin_of(first), i18n.begin_of(last + timedelta(days=1))
    return [_row(dict(row)) for row in await db.fetch(BETWEEN, begins, ends)]


def _row(values: dict[str, object]) -> Row:
    local = {name: i18n.local(value) if isinstance(value, datetime) else value for name, value in values.items()}
    return Row(**local)  # type: ignore[arg-type]
