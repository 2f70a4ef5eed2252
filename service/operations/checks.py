"""What must always hold, asked of the database itself."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from service import clock, db

UNBALANCED = """
SELECT slot.id, slot.seats_taken, coalesce(sum(booking.seats), 0)::int AS seats_held
FROM slot LEFT JOIN booking ON booking.slot = slot.id AND booking.state IN ('confirmed', 'option', 'pending', 'offered')
GROUP BY slot.id HAVING slot.seats_taken <> coalesce(sum(booking.seats), 0) ORDER BY slot.id
"""

STUCK = "SELECT count(*) AS letters FROM email WHERE state IN ('due', 'sending') AND posted_at < $1"
FAILED = "SELECT count(*) AS letters FROM email WHERE state = 'failed' AND settled_at > $1"
PATIENCE = timedelta(hours=1)
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """A slot whose counter and bookings disagree."""

    slot: UUID
    seats_taken: int
    seats_held: int


async def unbalanced_slots() -> list[Unbalanced]:
    """The slots where ``seats_taken`` is not what the bookings hold: always none, or the product is broken."""
    return [Unbalanced(row["id"], row["seats_taken"], row["seats_held"]) for row in await db.fetch(UNBALANCED)]


async def findings() -> list[str]:
    """One line for each thing that is wrong, with what to do about it; none when all is well."""
    return [*await broken_rules(), *await late_mail(), *await failed_mail()]


async def broken_rules() -> list[str]:
    """One line for each slot whose counter lies."""
    return [
        f"slot {one.slot}: {one.seats_taken} seats counted, {one.seats_held} held. "
        "This is a defect: please report it with the journal of this slot."
        for one in await unbalanced_slots()
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
