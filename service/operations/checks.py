"""What must always hold, asked of the database itself."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from service import clock, db
from service.events.slots import LAST_CALL

UNBALANCED = """
SELECT * FROM (
    SELECT slot.id, slot.seats_taken, slot.seats_waiting,
           coalesce(sum(booking.seats) FILTER (WHERE booking.state <> 'waiting'), 0)::int AS seats_held,
           coalesce(sum(booking.seats) FILTER (WHERE booking.state = 'waiting'), 0)::int AS seats_queued
    FROM slot LEFT JOIN booking ON booking.slot = slot.id
        AND booking.state IN ('confirmed', 'option', 'pending', 'offered', 'waiting')
    GROUP BY slot.id) AS counted
WHERE seats_taken <> seats_held OR seats_waiting <> seats_queued ORDER BY id
"""

# Somebody fits into the free seats, and nobody before them must be waited for.
IDLE = """
SELECT DISTINCT slot.id AS slot FROM slot JOIN event ON event.id = slot.event
JOIN booking ready ON ready.slot = slot.id AND ready.state = 'waiting' AND ready.seats <= capacity - seats_taken
WHERE slot.closes_at >= $1 AND slot.state = 'open' AND event.state = 'published' AND NOT EXISTS (
    SELECT 1 FROM booking earlier WHERE earlier.slot = slot.id AND earlier.state = 'waiting'
      AND (earlier.queued_at, earlier.id) < (ready.queued_at, ready.id)
      AND earlier.seats > capacity - seats_taken AND (slot.fill = 'strict' OR earlier.passed_over >= 3))
ORDER BY 1
"""
OVERDUE = """
SELECT slot FROM booking WHERE state = 'offered' AND expires_at < $1
UNION SELECT id FROM slot WHERE seats_waiting > 0 AND closes_at < $1 ORDER BY 1
"""
STUCK = "SELECT count(*) AS letters FROM email WHERE state IN ('due', 'sending') AND posted_at < $1"
FAILED = "SELECT count(*) AS letters FROM email WHERE state = 'failed' AND settled_at > $1"
PATIENCE = timedelta(hours=1)
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """A slot whose counters and bookings disagree."""

    slot: UUID
    seats_taken: int
    seats_held: int
    seats_waiting: int = 0
    seats_queued: int = 0


async def unbalanced_slots() -> list[Unbalanced]:
    """The slots whose counters are not what the bookings hold and wait for: none, or the product is broken."""
    return [
        Unbalanced(row["id"], row["seats_taken"], row["seats_held"], row["seats_waiting"], row["seats_queued"])
        for row in await db.fetch(UNBALANCED)
    ]


async def idle_slots() -> list[UUID]:
    """The slots where seats stay free although the one whose turn it is fits: none, or the product is broken."""
    return [row["slot"] for row in await db.fetch(IDLE, clock.now() + LAST_CALL)]


async def overdue_slots() -> list[UUID]:
    """The slots where an offer outlived its deadline, or a queue its list, and nobody ended it for an hour."""
    return [row["slot"] for row in await db.fetch(OVERDUE, clock.now() - PATIENCE)]


async def findings() -> list[str]:
    """One line for each thing that is wrong, with what to do about it; none when all is well."""
    return [*await broken_rules(), *await late_offers(), *await late_mail(), *await failed_mail()]


async def broken_rules() -> list[str]:
    """One line for each slot whose counters lie, or whose queue stands still."""
    lies = [
        f"slot {one.slot}: {one.seats_taken} seats counted, {one.seats_held} held; "
        f"{one.seats_waiting} counted as waited for, {one.seats_queued} waited for. "
        "This is a defect: please report it with the journal of this slot."
        for one in await unbalanced_slots()
    ]
    still = [
        f"slot {slot}: seats stay free while people wait for them. "
        "This is a defect: please report it with the journal of this slot."
        for slot in await idle_slots()
    ]
    return lies + still


async def late_offers() -> list[str]:
    """One line for each slot whose queue nobody moves on. A backup may bring them back: the worker ends them."""
    return [
        f"slot {slot}: its waiting list stands still since more than an hour. Is the worker running?"
        for slot in await overdue_slots()
    ]


async def late_mail() -> list[str]:
    """A line when letters wait too long."""
    stuck = (await db.fetch(STUCK, clock.now() - PATIENCE))[0]["letters"]
    line = f"{stuck} letter(s) wait since more than an hour. Is the worker running? Is SMTP_URL right?"
    return [line] if stuck else []


async def failed_mail() -> list[str]:
    """A line when letters of the last days could not be delivered."""
    failed = (await db.fetch(FAILED, clock.now() - RECENT))[0]["letters"]
    line = f"{failed} letter(s) of the last 7 days could not be delivered: column `detail` of email says why."
    return [line] if failed else []
