"""One thing done to several bookings of a slot: each in a transaction of its own, and what was refused is told."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from service import db
from service.refusal import Refusal

# Who waits longest comes first: nobody is overtaken by the order of a list.
IN_TURN = """
SELECT booking.id, dossier.first_name, dossier.last_name, dossier.class_label
FROM booking JOIN dossier ON dossier.id = booking.dossier
WHERE booking.slot = $1 AND booking.id = ANY($2) ORDER BY queued_at NULLS FIRST, booking.created_at, booking.id
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """One to whom it could not be done, and why."""

    booking: UUID
    name: str
    why: Refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """To how many it was done, and to whom not."""

    done: int
    refused: list[Refused]


async def each(slot_id: UUID, chosen: Collection[UUID], step: Callable[[UUID], Awaitable[None]]) -> Outcome:
    """Do the step to each of the chosen bookings of this slot; what is no booking of it is left aside."""
    done, refused = 0, []
    for row in await db.fetch(IN_TURN, slot_id, list(chosen)):
        try:
            await step(row["id"])
            done += 1
        except Refusal as why:
            name = row["class_label"] or f"{row['first_name']} {row['last_name']}".strip()
            refused.append(Refused(row["id"], name, why))
    return Outcome(done, refused)
