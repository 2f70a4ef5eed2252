"""What the tests of pending bookings share: minors, their parents, and what was written to whom."""

import re
from dataclasses import replace
from typing import Any

from service import db
from service.bookings import dossiers
from service.bookings.dossiers import Booker
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from tests.bookings.harness import booked, reread
from tests.makers import a_pupil, make_event, make_slot

PARENT = "parent@exemple.test"
TO_GUARDIAN = """
SELECT letter, state, recipient FROM email WHERE subject_kind = 'guardian' AND subject_id = $1 ORDER BY id
"""


def a_minor(**changes: Any) -> Booker:
    """Somebody of 15 to 17 who comes alone, and a parent."""
    return replace(a_pupil(), **{"age_band": "15_17", "guardian_email": PARENT} | changes)


async def evening_slot(capacity: int = 10, *, approved: bool = False, **values: Any) -> BookableSlot:
    """A slot outside school time; of an event that an organiser must approve, too, if ``approved``."""
    of_event = {name: values.pop(name) for name in ("takes_classes", "age_min", "title") if name in values}
    event = await make_event(outside_school_time=True, needs_approval=approved, **of_event)
    return await make_slot(capacity, event=event, **values)


async def approval_slot(capacity: int = 10, **values: Any) -> BookableSlot:
    """A slot of an event that an organiser must approve."""
    return await make_slot(capacity, event=await make_event(needs_approval=True), **values)


async def pending_minor(slot: BookableSlot | None = None, **changes: Any) -> Dossier:
    """A minor whose parent is asked."""
    return await booked(slot or await evening_slot(), a_minor(**changes))


async def letters_to_guardian(dossier: Dossier) -> list[tuple[str, str]]:
    """(letter, state) of each letter to the parent, in the order of posting."""
    return [(row["letter"], row["state"]) for row in await db.fetch(TO_GUARDIAN, dossier.id)]


async def parents_link(dossier: Dossier) -> str:
    """The path of the parent's page, as the present link leads to it."""
    now = await reread(dossier)
    return f"/authorisations/{dossiers.guardian_token(now.id, now.guardian_generation)}"


def links_in(words: str) -> list[str]:
    """The paths of the parent's pages that a letter leads to."""
    return re.findall(r"/authorisations/[a-z2-7]{32}", words)
