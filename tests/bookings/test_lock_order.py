"""Slots, then their event, then dossiers: two verbs that meet wait for each other, but never both ways."""

import asyncio
from uuid import UUID

from service import db
from service.bookings import changes, messages, moves
from service.bookings.message_emails import Typed
from service.bookings.messages import About
from tests.bookings.harness import somebody_else, until_somebody_waits
from tests.bookings.offices import ADA, added, id_of, two_slots
from tests.makers import BEN, make_booking, make_slot

FREE = "SELECT id FROM slot ORDER BY id FOR UPDATE SKIP LOCKED"


async def test_who_writes_waits_for_a_slot_before_they_hold_its_people() -> None:
    """A letter's message names its slot: without that order, who cancels a booking of it would wait for ever."""
    slot = await make_slot()
    dossier = await make_booking(slot, BEN)
    async with somebody_else() as other:
        await other.fetch("SELECT 1 FROM slot FOR UPDATE")
        writing = asyncio.create_task(
            messages.send(About(slot.event_id, slot.id), "confirmed", Typed("Bonjour", "À demain."), ADA)
        )
        await until_somebody_waits()
        await other.fetch("SELECT 1 FROM dossier WHERE id = $1 FOR UPDATE", dossier.id)
    assert await writing == 1


async def test_who_writes_to_an_event_waits_for_it_before_they_hold_its_people() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, BEN)
    async with somebody_else() as other:
        await other.fetch("SELECT 1 FROM event FOR UPDATE")
        writing = asyncio.create_task(
            messages.send(About(slot.event_id), "confirmed", Typed("Bonjour", "À demain."), ADA)
        )
        await until_somebody_waits()
        await other.fetch("SELECT 1 FROM dossier WHERE id = $1 FOR UPDATE", dossier.id)
    assert await writing == 1


async def test_what_was_moved_while_somebody_waited_for_it_is_held_where_it_is_now() -> None:
    here, there = sorted(await two_slots(), key=lambda slot: slot.id)
    dossier = await added(here, BEN)
    async with somebody_else() as other:
        await other.fetch("SELECT 1 FROM slot WHERE id = $1 FOR UPDATE", there.id)
        moving = asyncio.create_task(moves.move(await id_of(dossier), there.id, ADA))
        await until_somebody_waits()
        locking = asyncio.create_task(free_once_locked(dossier.id))
        await until_somebody_waits(2)
    await moving
    assert await locking == [here.id]


async def free_once_locked(dossier_id: UUID) -> list[UUID]:
    """Which slots anybody else may lock while the dossier is."""
    async with db.transaction():
        await changes.lock(dossier_id)
        async with somebody_else() as other:
            return [row["id"] for row in await other.fetch(FREE)]
