"""Shares: the seats of a slot that are kept for classes, individuals or partners, until they are released."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

INDIVIDUAL, CLASS, PARTNER = "individual", "class", "partner"
WHOLE_DAY = timedelta(hours=24)

# What ``room_of`` reads; beside it stand ``starts_at`` and ``closes_at``. Who waits is of interest where seats are
# kept: elsewhere everybody is everybody's rival.
COLUMNS = """
slot.capacity, slot.seats_taken, slot.class_seats, slot.partner_seats,
event.kept_for_individuals, event.kept_for_classes, event.kept_for_partners, event.kept_days,
CASE WHEN slot.seats_waiting = 0 THEN '{}'
     WHEN greatest(event.kept_for_individuals, event.kept_for_classes, event.kept_for_partners) = 0 THEN '{individual}'
     ELSE ARRAY(SELECT DISTINCT booking.audience FROM booking
                WHERE booking.slot = slot.id AND booking.state = 'waiting') END AS audiences_waiting
"""
# A newcomer's seat as an individual sees it, or a class where individuals cannot come (cf. ``Room.has_seat_for``).
# $1 is now.
HAS_SEAT = """
slot.capacity - slot.seats_taken > CASE
    WHEN event.kept_days > 0 AND slot.starts_at - event.kept_days * interval '24 hours' <= $1 THEN 0
    ELSE greatest(0, event.kept_for_partners - slot.partner_seats) + CASE WHEN event.takes_individuals
        THEN greatest(0, event.kept_for_classes - slot.class_seats)
        ELSE greatest(0, event.kept_for_individuals - slot.seats_taken + slot.class_seats + slot.partner_seats) END END
AND (slot.seats_waiting = 0 OR slot.closes_at < $1 + interval '1 hour'
     OR (event.kept_days = 0 OR slot.starts_at - event.kept_days * interval '24 hours' > $1)
        AND CASE WHEN event.takes_individuals
            THEN slot.seats_taken - slot.class_seats - slot.partner_seats < event.kept_for_individuals
            ELSE slot.class_seats < event.kept_for_classes END
        AND NOT EXISTS (SELECT 1 FROM booking WHERE booking.slot = slot.id AND booking.state = 'waiting'
            AND booking.audience = CASE WHEN event.takes_individuals THEN 'individual' ELSE 'class' END))
"""


@dataclass(frozen=True, slots=True)
class Room:
    """The seats of a slot: how many each audience has taken, how many are kept for it alone, and who waits."""

    capacity: int
    taken: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    released_at: datetime | None = None
    waiting: Collection[str] = ()

    @property
    def free(self) -> int:
        """How many seats nobody has, whoever they are kept for."""
        return self.capacity - sum(self.taken.values())

    def at(self, moment: datetime) -> "Room":
        """The same seats as they are kept then: once the shares are released, for nobody."""
        is_released = self.released_at is not None and self.released_at <= moment
        return replace(self, kept={}) if is_released else self

    def unused(self, audience: str) -> int:
        """How many seats are kept for it that it has not taken."""
        return max(0, self.kept.get(audience, 0) - self.taken.get(audience, 0))

    def left_for(self, audience: str) -> int:
        """How many seats it may take: the free ones that are kept for nobody else."""
        return max(0, self.free - sum(self.unused(other) for other in self.kept if other != audience))

    def most_for(self, audience: str) -> int:
        """How many seats it could take if the slot were empty."""
        return self.capacity - self.kept_from(audience)

    def kept_from(self, audience: str) -> int:
        """How many seats are kept for all others."""
        return sum(seats for other, seats in self.kept.items() if other != audience)

    def is_own(self, seats: int, audience: str) -> bool:
        """Whether so many seats lie wholly in its own share: then it takes nothing that anybody else could have."""
        return seats <= self.unused(audience)

    def has_seat_for(self, audience: str, *, is_last_call: bool) -> bool:
        """Whether a newcomer may have a seat: one is left, and nobody before them waits for it."""
        is_first = not self.waiting or (audience not in self.waiting and self.is_own(1, audience))
        return self.left_for(audience) > 0 and (is_last_call or is_first)

    def with_taken(self, seats: int, audience: str) -> "Room":
        """The same after so many seats more were taken by the audience."""
        return replace(self, taken={**self.taken, audience: self.taken.get(audience, 0) + seats})


def room_of(row: Mapping[str, Any]) -> Room:
    """The room of a slot from a row with COLUMNS; ask it ``at`` a moment."""
    kept = {
        INDIVIDUAL: row["kept_for_individuals"],
        CLASS: row["kept_for_classes"],
        PARTNER: row["kept_for_partners"],
    }
    return Room(
        capacity=row["capacity"],
        taken=taken_of(row),
        kept={audience: seats for audience, seats in kept.items() if seats},
        released_at=released_at(row["starts_at"], row["closes_at"], row["kept_days"]),
        waiting=tuple(row["audiences_waiting"]),
    )


def taken_of(row: Mapping[str, Any]) -> dict[str, int]:
    """How many seats of a slot each audience has, from its counters."""
    alone = row["seats_taken"] - row["class_seats"] - row["partner_seats"]
    return {INDIVIDUAL: alone, CLASS: row["class_seats"], PARTNER: row["partner_seats"]}


def released_at(starts_at: datetime, closes_at: datetime, days: int) -> datetime:
    """When the kept seats become everybody's: so many times 24 hours before the start, at the closing at the latest."""
    return min(starts_at - days * WHOLE_DAY, closes_at) if days else closes_at
