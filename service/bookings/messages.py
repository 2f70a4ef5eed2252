"""What an organiser writes to the people of an event or of one slot: one letter each, to nobody else's eyes."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID, uuid4

from service import clock, db
from service.bookings import message_emails
from service.bookings.message_emails import Preview, Typed
from service.bookings.tables import RECIPIENTS, Dossier, Message
from service.events import slots
from service.events.details import UnknownEvent
from service.events.slots import BookableSlot
from service.journal.notes import note
from service.limits import keys
from service.refusal import Refusal

MOST_SHOWN = 50

# Who is meant: $1 is the event, $2 one slot of it or nothing, $3 which of its people. A closed door makes who did
# not come absent; until then nobody is.
MEANT = """
SELECT booking.id, booking.dossier, booking.slot FROM booking JOIN slot ON slot.id = booking.slot
LEFT JOIN presence ON presence.booking = booking.id
WHERE slot.event = $1 AND ($2::uuid IS NULL OR slot.id = $2) AND CASE $3
    WHEN 'present' THEN presence.people > 0
    WHEN 'absent' THEN booking.state IN ('confirmed', 'option', 'pending')
        AND coalesce(presence.people, CASE WHEN slot.door_closed_at IS NOT NULL THEN 0 END) = 0
    ELSE booking.state = $3 END
"""
COUNTS = f"""
SELECT kind.name, count(DISTINCT dossier.id) FILTER (WHERE dossier.email <> '')::int AS letters,
       count(DISTINCT dossier.id) FILTER (WHERE dossier.email = '')::int AS without
FROM unnest($3::text[]) kind (name)
LEFT JOIN LATERAL ({MEANT.replace("$3", "kind.name")}) meant ON true
LEFT JOIN dossier ON dossier.id = meant.dossier AND dossier.erase_asked_at IS NULL
GROUP BY kind.name
"""  # noqa: S608 - conditions of ours
# A message names its event and its slot. Those come before its people, as everywhere: or who cancels, holding the
# slot and wanting the dossier, would wait for who writes, who holds the dossier and wants the slot.
HOLD_SLOT = "SELECT 1 FROM slot WHERE id = $1 FOR KEY SHARE"
HOLD_EVENT = "SELECT 1 FROM event WHERE id = $1 FOR KEY SHARE"
# In the order of their ids, so that two who write at once do not wait for each other; no booking is hindered.
HOLD = f"""
SELECT id FROM dossier WHERE email <> '' AND erase_asked_at IS NULL AND id IN (SELECT dossier FROM ({MEANT}) meant)
ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608
OF_HELD = f"""
SELECT meant.dossier, meant.slot,
       (SELECT coalesce(max(revision) + 1, 0) FROM email
        WHERE subject_kind = 'message' AND subject_id = meant.dossier AND letter = 'message') AS revision
FROM ({MEANT}) meant JOIN slot ON slot.id = meant.slot
WHERE meant.dossier = ANY($4) GROUP BY meant.dossier, meant.slot, slot.starts_at ORDER BY meant.dossier, slot.starts_at
"""  # noqa: S608
FIRST = f"""
SELECT dossier.id FROM dossier JOIN ({MEANT}) meant ON meant.dossier = dossier.id
WHERE email <> '' AND erase_asked_at IS NULL ORDER BY lower(last_name), lower(first_name), dossier.id LIMIT 1
"""  # noqa: S608
# What was settled may have been erased since: a letter has arrived unless it still waits, or failed.
SENT = """
SELECT message.id, message.title, message.body, message.recipients, message.letters, message.sent_at,
       coalesce(person.name, '') AS by, slot.starts_at, slot.ends_at,
       count(email.id) FILTER (WHERE email.state IN ('due', 'sending'))::int AS under_way,
       count(email.id) FILTER (WHERE email.state = 'failed')::int AS failed
FROM message LEFT JOIN slot ON slot.id = message.slot LEFT JOIN person ON 'person:' || person.id = message.sent_by
LEFT JOIN email ON email.subject_kind = 'message' AND email.state IN ('due', 'sending', 'failed')
    AND email.facts ->> 'message' = message.id::text
WHERE message.event = $1 GROUP BY message.id, person.name, slot.id ORDER BY message.sent_at DESC LIMIT $2
"""


class NobodyToWriteTo(Refusal):
    """Nobody of those who are meant has an address."""


@dataclass(frozen=True, slots=True)
class About:
    """The event that a message is about, and the one slot of it, if it is about one."""

    event: UUID
    slot: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How many letters would go out, and how many of those who are meant have no address."""

    letters: int = 0
    without: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the past: what became of its letters so far. Without a time it went to the whole event."""

    id: UUID
    title: str
    body: str
    recipients: str
    letters: int
    sent_at: datetime
    by: str
    starts_at: datetime | None
    ends_at: datetime | None
    under_way: int
    failed: int

    @property
    def delivered(self) -> int:
        """How many have arrived."""
        return self.letters - self.under_way - self.failed


async def reach(about: About) -> dict[str, Reach]:
    """How many letters a message to each kind of recipients would make, with one statement."""
    rows = await db.fetch(COUNTS, about.event, about.slot, list(RECIPIENTS))
    return {row["name"]: Reach(row["letters"], row["without"]) for row in rows}


async def title_of(event_id: UUID) -> str:
    """What the event is called. Refuses: UnknownEvent."""
    rows = await db.fetch("SELECT title FROM event WHERE id = $1", event_id)
    if not rows:
        raise UnknownEvent
    return str(rows[0]["title"])


async def preview(about: About, recipients: str, typed: Typed) -> Preview:
    """The letter as the first of the recipients would read it. Refuses: NobodyToWriteTo."""
    found = await db.fetch(FIRST, about.event, about.slot, recipients)
    for dossier, held, _ in await _addressed(about, recipients, [row["id"] for row in found]):
        return message_emails.preview(dossier, held, typed)
    raise NobodyToWriteTo


async def send(about: About, recipients: str, typed: Typed, by: str, *, key: keys.Key | None = None) -> int:
    """Post one letter to each who is meant and has an address; returns to how many.

    ``by`` is who writes, for the journal. The same ``key`` writes once. Refuses: NobodyToWriteTo, KeyReused.
    """
    if known := await keys.answered(key):
        return await _letters_of(known)
    message = Message(
        id=uuid4(), event=about.event, slot=about.slot, recipients=recipients, title=typed.title, body=typed.body,
        sent_by=by, sent_at=clock.now(),
    )  # fmt: skip
    async with db.transaction():
        if await keys.claim(key, message.id):
            return await _send(about, message, typed)
    return await _letters_of(await keys.answered(key) or message.id)


async def sent_about(event_id: UUID) -> list[Sent]:
    """The messages to the people of an event and of its slots, the newest first."""
    return [Sent(**dict(row)) for row in await db.fetch(SENT, event_id, MOST_SHOWN)]


async def _send(about: About, message: Message, typed: Typed) -> int:
    if about.slot:
        await db.fetch(HOLD_SLOT, about.slot)
    await db.fetch(HOLD_EVENT, about.event)
    held = await db.fetch(HOLD, about.event, about.slot, message.recipients)
    addressed = await _addressed(about, message.recipients, [row["id"] for row in held])
    if not addressed:
        raise NobodyToWriteTo
    message.letters = len(addressed)
    await db.insert(message)
    for dossier, its_slots, revision in addressed:
        await message_emails.write(dossier, its_slots, typed, message.id, revision)
    kind, subject = ("slot", about.slot) if about.slot else ("event", about.event)
    await note(message.sent_by, "message", kind, subject, recipients=message.recipients, letters=message.letters)
    return message.letters


async def _addressed(
    about: About, recipients: str, dossier_ids: list[UUID]
) -> list[tuple[Dossier, list[BookableSlot], int]]:
    """These dossiers, each with its slots that are meant and the number of its next letter."""
    rows = await db.fetch(OF_HELD, about.event, about.slot, recipients, dossier_ids)
    if not rows:
        return []
    known = await slots.load_all({row["slot"] for row in rows})
    found = {one.id: one for one in await Dossier.objects().where(Dossier.id.is_in(dossier_ids))}
    return [
        (found[dossier], [known[row["slot"]] for row in of_it], of_it[0]["revision"])
        for dossier, grouped in groupby(rows, key=lambda row: row["dossier"])
        if (of_it := list(grouped))
    ]


async def _letters_of(message_id: UUID) -> int:
    rows = await db.fetch("SELECT letters FROM message WHERE id = $1", message_id)
    return int(rows[0]["letters"]) if rows else 0
