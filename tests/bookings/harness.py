"""What the tests of bookings share: crowds, the post, and what the tables say in the end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

from service import db, worker
from service.bookings import seats
from service.bookings.dossiers import Booker
from service.bookings.tables import HOLDING, Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.mail.folder import FolderCourier
from service.mail.outcomes import Kind, Outcome

WAITING = """
SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
LETTERS = """
SELECT email.letter, email.state, email.method, (email.facts ->> 'sequence')::int AS sequence, email.recipient
FROM email JOIN booking ON booking.id = email.subject_id WHERE booking.dossier = $1 ORDER BY email.id
"""


@dataclass(frozen=True)
class Refusing:
    """A mail server that gives each letter the same answer."""

    kind: Kind

    async def deliver(self, sender: str, recipient: str, content: bytes) -> Outcome:
        return Outcome(self.kind, "said so")

    async def close(self) -> None:
        """Nothing to close."""


async def at_once(*attempts: Awaitable[Any]) -> list[Any]:
    """All of them started before any has ended; what they returned or raised, in their order."""
    return await asyncio.gather(*attempts, return_exceptions=True)


@asynccontextmanager
async def somebody_else() -> AsyncIterator[Any]:
    """A connection with an open transaction of its own, committed at the end."""
    pool = db.engine.pool
    assert pool
    async with pool.acquire() as connection, connection.transaction():
        yield connection


async def until_somebody_waits(number: int = 1) -> None:
    """Until so many statements wait for locks that others hold."""
    while (await db.fetch(WAITING))[0]["number"] < number:
        await asyncio.sleep(0.005)


def kinds(outcomes: list[Any]) -> Counter[str]:
    """How many ended in what."""
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def booked(slot: BookableSlot, who: Booker) -> Dossier:
    """A seat of the slot as it is now, however old ``slot`` is."""
    return await seats.book(await slots.load(slot.id), who)


async def held(slot: BookableSlot) -> int:
    """How many seats the bookings of the slot hold: counted in rows, not read from its counter."""
    counted = "SELECT coalesce(sum(seats), 0)::int AS seats FROM booking WHERE slot = $1 AND state = ANY($2)"
    return int((await db.fetch(counted, slot.id, list(HOLDING)))[0]["seats"])


async def booking_of(dossier: Dossier) -> Booking:
    """The one booking of a dossier, as it is now."""
    [booking] = await Booking.objects().where(Booking.dossier == dossier.id)
    return booking


async def reread(dossier: Dossier) -> Dossier:
    """The dossier as it is now."""
    found = await Dossier.objects().get(Dossier.id == dossier.id)
    assert found is not None
    return found


async def letters_about(dossier: Dossier) -> list[tuple[str, str, str, int | None]]:
    """(letter, state, method, sequence) of each letter about the booking, in the order of posting.

    One that was superseded has forgotten its sequence with all that it was to say.
    """
    return [tuple(row)[:4] for row in await db.fetch(LETTERS, dossier.id)]


async def invitations_of(dossier: Dossier) -> list[tuple[str, int, bool]]:
    """(attendee, sequence, whether it has ended) of each invitation, the oldest first."""
    rows = await db.fetch(
        "SELECT attendee, sequence, ended_at IS NOT NULL FROM invitation"
        " WHERE subject_id = $1 ORDER BY ended_at NULLS LAST",
        (await booking_of(dossier)).id,
    )
    return [tuple(row) for row in rows]


async def journal_of(subject: UUID) -> list[tuple[str, str]]:
    """(actor, verb) of what the journal tells of one subject."""
    rows = await db.fetch("SELECT actor, verb FROM journal WHERE subject_id = $1 ORDER BY id", subject)
    return [(row["actor"], row["verb"]) for row in rows]


async def mail_goes_out(folder: Path) -> list[EmailMessage]:
    """Deliver what is due into ``folder``; what arrived now, in the order of delivery."""
    before = set(folder.glob("*.eml"))
    await worker.drain(FolderCourier(folder))
    arrived = sorted(set(folder.glob("*.eml")) - before, key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=default) for file in arrived]


def text_of(message: EmailMessage) -> str:
    """What the letter says to people."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def calendar_of(message: EmailMessage) -> dict[str, str]:
    """The properties of the letter's calendar part that say which entry it is; empty when it has none."""
    part = message.get_body(("calendar",)) or next(
        (part for part in message.walk() if part.get_content_type() == "text/calendar"), None
    )
    if part is None:
        return {}
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    event = lines[: lines.index("BEGIN:VTIMEZONE")] + lines[lines.index("BEGIN:VEVENT") :]
    pairs = [line.partition(":") for line in event if ":" in line]
    return {name.partition(";")[0]: value for name, _, value in pairs}
