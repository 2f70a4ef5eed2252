"""What the tests of hosts share: a published event of theirs with people in it, and its dates moved in time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from service import db
from service.bookings import attendees
from service.bookings.names import Name
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.proposals.contents import When
from service.proposals.tables import Proposal
from tests.bookings.classes import a_class_of
from tests.makers import a_pupil, make_booking
from tests.proposals.making import link_of, make_proposal

NEEDS = "Un élève en fauteuil roulant"
# Nothing of these may ever stand on a page of the host.
CANARIES = ("Cléo", "Hôte", "cleo@", "Élève", "eleve", "Delattre-Canari", "CANARI", "Zora", "@exemple.test")


async def hosted(dates: Sequence[When] = (), **of_event: Any) -> tuple[Proposal, list[BookableSlot]]:
    """A published proposal with its dates of 24 seats, two unless given; ``of_event`` are columns of its event."""
    named = {"dates": dates} if dates else {}
    proposal = await make_proposal("published", email=a_pupil().email, **named)
    for name, value in of_event.items():
        await db.fetch(f'UPDATE event SET "{name}" = $2 WHERE id = $1', proposal.event, value)
    return proposal, await slots_of(proposal)


async def slots_of(proposal: Proposal) -> list[BookableSlot]:
    """The dates of its event, as they are now."""
    rows = await db.fetch("SELECT id FROM slot WHERE event = $1 ORDER BY starts_at", proposal.event)
    return [await slots.load(row["id"]) for row in rows]


async def pupil_of(slot: BookableSlot, level: str = "2de", **changes: Any) -> Dossier:
    """Somebody who comes alone."""
    return await make_booking(await slots.load(slot.id), replace(a_pupil(), level=level, **changes))


async def class_in(slot: BookableSlot, label: str = "2de 4", pupils: int = 10, **changes: Any) -> Dossier:
    """A class of Cléo's with two chaperones, which needs something; one of its pupils has a name."""
    dossier = await a_class_of(await slots.load(slot.id), pupils=pupils, label=label, **changes)
    await db.fetch("UPDATE dossier SET needs = $2, level = '2de' WHERE id = $1", dossier.id, NEEDS)
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: [Name("CANARI", "Zora")]})
    return dossier


async def close_list(slot: BookableSlot) -> None:
    """Its list has been closed for an hour."""
    await db.fetch("UPDATE slot SET closes_at = now() - interval '1 hour' WHERE id = $1", slot.id)


async def move(slot: BookableSlot, by: timedelta) -> None:
    """It takes place at another time, and its list closes with it."""
    await db.fetch(
        "UPDATE slot SET starts_at = starts_at + $2, ends_at = ends_at + $2, closes_at = closes_at + $2 WHERE id = $1",
        slot.id,
        by,
    )


async def somebody_came(slot: BookableSlot, people: int = 1) -> None:
    """So many people without a booking were counted at its door."""
    await db.fetch(
        "INSERT INTO presence (id, slot, people, noted_at) VALUES (gen_random_uuid(), $1, $2, now())", slot.id, people
    )


def list_of(proposal: Proposal, slot: BookableSlot | UUID) -> str:
    """The path of the final list of a date."""
    return f"{link_of(proposal)}/slots/{slot if isinstance(slot, UUID) else slot.id}/list"


async def pages_of_hosts() -> dict[str, str]:
    """The path of each page that a host may see: before and after the day, and of its lists."""
    proposal, [slot, other] = await hosted(host_gets_names=True)
    for one in (slot, other):
        await pupil_of(one)
        await class_in(one)
    await close_list(slot)
    over, ended = await hosted()
    for one in ended:
        await move(one, timedelta(days=-40))
    return {
        "host's page": link_of(proposal),
        "host's page, over": link_of(over),
        "final list": list_of(proposal, slot),
        "list that is open": list_of(proposal, other),
    }
