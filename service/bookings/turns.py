"""Whose turn it is in a queue, and for how long: the order of joining, who may be passed over, and how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service import db
from service.bookings.tables import Booking
from service.events.shares import INDIVIDUAL, Room
from service.events.slots import LAST_CALL

MOST_PASSES = 3  # how often an entry that needs more seats than are free may see others served
# With so much time left to the closing, an offer stands so long (product.md, "Waiting list").
TERMS = (
    (timedelta(hours=48), timedelta(hours=24)),
    (timedelta(hours=6), timedelta(hours=4)),
    (LAST_CALL, timedelta(hours=1)),
)
RANK = """
SELECT me.id, count(earlier.id) AS entries, coalesce(sum(earlier.seats), 0)::int AS seats
FROM booking me LEFT JOIN booking earlier ON earlier.slot = me.slot AND earlier.state = 'waiting'
    AND (earlier.queued_at, earlier.id) < (me.queued_at, me.id) WHERE me.id = ANY($1) GROUP BY me.id
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a queue, in its order."""

    id: UUID
    seats: int
    passed_over: int
    audience: str = INDIVIDUAL

    def is_rival(self, other: "Entry", room: Room) -> bool:
        """Whether its seats could have been the other's: it asks for the same, or for more than is its own."""
        return self.audience == other.audience or not room.is_own(self.seats, self.audience)


@dataclass(frozen=True, slots=True)
class Rank:
    """Where somebody stands: how many entries and how many seats are before them."""

    entries: int
    seats: int

    @property
    def position(self) -> int:
        """1 for the first."""
        return self.entries + 1


def in_turn(queue: Iterable[Entry], room: Room, *, is_strict: bool) -> tuple[list[Entry], dict[UUID, int]]:
    """Who is served with the seats of ``room``, and who was passed over how often by now.

    Strict waits for enough seats for the first. Otherwise the first that fits is served, but nobody sees others
    served before them more than 3 times. Only a rival passes anybody over, or waits for them. Who wants more than
    they could ever have is not waited for.
    """
    served: list[Entry] = []
    skipped: list[Entry] = []
    firm: set[UUID] = set()  # who must be served before their rivals
    passed: dict[UUID, int] = {}
    for entry in queue:
        if entry.seats > room.most_for(entry.audience):
            continue
        is_fitting = entry.seats <= room.left_for(entry.audience)
        rivals = [one for one in skipped if entry.is_rival(one, room)] if is_fitting else []
        if is_fitting and firm.isdisjoint(one.id for one in rivals):
            times = {one.id: passed.get(one.id, one.passed_over) + 1 for one in rivals}
            firm |= {name for name, number in times.items() if number >= MOST_PASSES}
            passed |= times
            served.append(entry)
            room = room.with_taken(entry.seats, entry.audience)
        else:
            skipped.append(entry)
            if is_fitting or is_strict or entry.passed_over >= MOST_PASSES:
                firm.add(entry.id)
    return served, passed


def deadline(now: datetime, closes_at: datetime) -> datetime | None:
    """Until when an offer made now stands; None when nothing is offered any more."""
    left = closes_at - now
    return next((now + term for least, term in TERMS if left >= least), None)


async def rank_of(booking: Booking) -> Rank:
    """Where a waiting booking stands now."""
    return (await ranks_of([booking.id]))[booking.id]


async def ranks_of(bookings: Iterable[UUID]) -> dict[UUID, Rank]:
    """Where each of these waiting bookings stands now, with one statement."""
    return {row["id"]: Rank(row["entries"], row["seats"]) for row in await db.fetch(RANK, list(bookings))}
