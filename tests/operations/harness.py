"""What the tests of backups share: a full database, an empty one beside it, and the way from one to the other."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from service import clock, db, settings
from service.attendance.tables import DoorGrant, Presence
from service.bookings import changes, erasure
from service.bookings.tables import Attendee, Dossier, Message
from service.campus.tables import Preference
from service.events.tables import Slot
from service.limits import keys
from service.limits.keys import Key
from service.operations import backup, demo, restore
from service.operations.restore import Restored
from service.people import delivery, sessions, sign_in, staff
from service.people.tables import FormerSlug
from tests.bookings.harness import booked, booking_of, mail_goes_out, reread
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_slot
from tests.operations.test_migrations import engine_on
from tests.visits import dump

ODD = '« L’été » "d\'Ada"\n\\N\t\\.\n;,\r\n\\x41 \U0001f9d1\u200d\U0001f3ed Ελένη 李 \u200fעברית\u200e \\'

TOLD = """
INSERT INTO hosted_date (slot, proposal, starts_at, ends_at, state)
SELECT slot.id, proposal.id, slot.starts_at, slot.ends_at, slot.state
FROM proposal JOIN slot ON slot.event = proposal.event ON CONFLICT DO NOTHING
"""


async def a_season(folder: Path) -> Dossier:
    """Something of all that a database may hold; returns a dossier whose seat is confirmed and whose letter is sent."""
    await demo.load()
    slot = await make_slot(event=await make_event(title=ODD[:200], description=ODD * 50, requirements=["a,b", ODD, ""]))
    kept = await make_booking(slot, replace(CLEO, first_name=ODD[:100], school="\\N"))
    await mail_goes_out(folder)
    await changes.cancel(await booked(slot, a_pupil()))
    await erasure.erase(await booked(slot, a_pupil()))
    await mail_goes_out(folder)
    await _leftovers(kept)
    await make_booking(slot, BEN)  # its letter waits
    return await reread(kept)


async def _leftovers(kept: Dossier) -> None:
    """Rows that no path of a booking writes here."""
    ada = await staff.add(ODD[:200], "ada@campus.test", "admin", by="test")
    await sign_in.open_directly(ada.id)
    async with db.transaction():
        await sessions.open_session(ada.id, ODD)
    await delivery.mark_undeliverable("nobody@exemple.test", ODD)
    async with db.transaction():
        assert await keys.claim(Key.of("screen", {"a": "b"}), kept.id)
    booking = await booking_of(kept)
    await Presence.insert(Presence(slot=booking.slot, booking=booking.id, people=1, noted_at=clock.now()))
    await DoorGrant.insert(DoorGrant(person=ada.id, slot=booking.slot))
    slot = await Slot.objects().get(Slot.id == booking.slot)
    assert slot
    await Message.insert(Message(event=slot.event, recipients="confirmed", title=ODD[:150], body=ODD, letters=1))
    await Preference.insert(Preference(name="funders", value=ODD, changed_by="test"))
    await _proposed()
    await db.fetch("UPDATE booking SET pupils = 1, audience = 'partner' WHERE id = $1", booking.id)
    await db.fetch("UPDATE slot SET partner_seats = 1 WHERE id = $1", booking.slot)
    await Attendee.insert(Attendee(booking=booking.id, number=1, last_name=ODD[:100], first_name="\\N"))
    facts = json.dumps({"odd": ODD, "none": None, "deep": [{"é": 1.5}, [], {}], "big": 10**30})
    await db.fetch("UPDATE email SET facts = $1, content = $2 WHERE state = 'sent'", facts, bytes(range(256)) * 300)


async def _proposed() -> None:
    """What was proposed in odd words, what hosts were told, and an address that a structure had before."""
    drafted = "UPDATE proposal SET words = $1, title = $2 WHERE seats IS NULL RETURNING id, organisation"
    [proposal] = await db.fetch(drafted, ODD * 50, ODD[:200])
    await db.fetch("UPDATE proposal_note SET words = $1 WHERE proposal = $2", ODD, proposal["id"])
    await db.fetch(TOLD)
    await FormerSlug.insert(FormerSlug(slug=ODD[:80], organisation=proposal["organisation"]))


@asynccontextmanager
async def restored(file: Path, empty: str, **how: Any) -> AsyncIterator[Restored]:
    """The engine on ``empty``, into which the backup was brought back."""
    async with engine_on(empty):
        yield await restore.restore(file, empty, **how)


async def written(folder: Path) -> Path:
    """A backup of the database of the engine."""
    return (await backup.write(folder / "backup.zip")).place


async def everything() -> dict[str, list[str]]:
    """Every row, and every column's name."""
    columns = (
        "SELECT table_name || '.' || column_name AS line FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return {**await dump(), "columns": sorted(row["line"] for row in await db.fetch(columns))}


async def has_nothing() -> bool:
    """Whether the database is as new."""
    return not await db.fetch("SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace")


def own_list() -> Path:
    """Where this installation keeps the list of who was erased."""
    return settings.current().data_dir / "erasures"
