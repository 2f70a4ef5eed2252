"""The bookings of a slot as its organisers see them: searched, narrowed, sorted, by fifties."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db, text
from service.bookings.tables import LIVE, OVER, STATES
from service.events.slots import UnknownSlot

PAGE = 50
GROUPS: Mapping[str, tuple[str, ...]] = {
    "": LIVE,
    "confirmed": ("confirmed",),
    "awaiting": ("option", "pending"),
    "offered": ("offered",),
    "waiting": ("waiting",),
    "over": OVER,
}
SORTS = ("name", "when", "state", "queue")
MAILS = ("sent", "under_way", "failed", "no_address")

HEAD = """
SELECT slot.id, slot.event, slot.starts_at, slot.ends_at, slot.capacity, slot.seats_taken, slot.seats_waiting,
       slot.called_off_reason AS reason, event.title, event.kind, event.place, event.state = 'draft' AS is_draft,
       slot.state = 'called_off' OR event.state = 'called_off' AS is_off,
       (SELECT coalesce(sum(people), 0)::int FROM presence WHERE presence.slot = slot.id) AS came,
       EXISTS (SELECT FROM presence WHERE presence.slot = slot.id AND booking IS NOT NULL AND people > 0) AS is_attended
FROM slot JOIN event ON event.id = slot.event WHERE slot.id = $1
"""
# Of the letters about a booking, or about the whole class that it is part of, the last that was meant to arrive.
ROWS = """
SELECT booking.id, booking.state, booking.seats, booking.pupils, booking.chaperones, booking.audience,
       booking.created_at, booking.queued_at, booking.expires_at, booking.ended_by, booking.was,
       booking.awaits_approval, booking.awaits_guardian, dossier.first_name, dossier.last_name, dossier.school,
       dossier.class_label, dossier.code, dossier.email <> '' AS has_address,
       dossier.erase_asked_at IS NOT NULL AS is_erased, address.undeliverable_since IS NOT NULL AS is_unreachable,
       presence.people AS came,
       (SELECT mail.state FROM (
            SELECT id, state FROM email WHERE subject_kind = 'booking' AND subject_id = booking.id
            UNION ALL SELECT id, state FROM email WHERE subject_kind = 'dossier' AND subject_id = dossier.id) mail
        ORDER BY mail.state = 'superseded', mail.id DESC LIMIT 1) AS letter_state
FROM booking JOIN dossier ON dossier.id = booking.dossier
LEFT JOIN address ON address.email_key = dossier.email_key AND dossier.email_key <> ''
LEFT JOIN presence ON presence.booking = booking.id
WHERE booking.slot = $1 AND booking.ended_by <> 'merged' ORDER BY booking.queued_at, booking.id
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The slot that the table is about, of a draft too; ``came`` counts all who were seen at its door."""

    id: UUID
    event: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    seats_taken: int
    seats_waiting: int
    reason: str
    title: str
    kind: str
    place: str
    is_draft: bool
    is_off: bool
    came: int
    is_attended: bool

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.ends_at <= clock.now()


@dataclass(frozen=True, slots=True)
class Row:
    """One booking, without its contacts. ``position`` counts in the queue, from 1; ``came`` is None until noted."""

    id: UUID
    state: str
    seats: int
    pupils: int
    chaperones: int
    audience: str
    created_at: datetime
    queued_at: datetime | None
    expires_at: datetime | None
    ended_by: str
    was: str
    awaits_approval: bool
    awaits_guardian: bool
    first_name: str
    last_name: str
    school: str
    class_label: str
    code: str
    has_address: bool
    is_erased: bool
    is_unreachable: bool
    came: int | None
    letter_state: str | None
    position: int = 0

    @property
    def mail(self) -> str:
        """How its last letter fares: one of MAILS, ``nothing`` or ``replaced``."""
        if not self.has_address:
            return "no_address"
        return "failed" if self.is_unreachable else fate(self.letter_state)

    @property
    def searched(self) -> str:
        """What is searched for words, without accents and case; of the code also without its hyphen."""
        told = (self.first_name, self.last_name, self.school, self.class_label, self.code, self.code.replace("-", ""))
        return text.key(" ".join(told))

    @property
    def name_key(self) -> tuple[str, str]:
        """Where it stands among names: accents and case do not count."""
        return text.key(self.last_name), text.key(self.first_name)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the table was asked for; empty values ask for nothing but what is live."""

    state: str = ""
    audience: str = ""
    mail: str = ""
    q: str = ""
    sort: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything but a group of states was asked for."""
        return bool(self.audience or self.mail or self.q)

    def as_query(self, **changes: str) -> dict[str, str]:
        """These filters as the query of a link, some of them changed."""
        asked = replace(self, **changes)
        return {one.name: value for one in fields(asked) if (value := getattr(asked, one.name))}

    def takes(self, row: Row) -> bool:
        """Whether a row is asked for, whatever state it is in."""
        is_wanted = self.audience in ("", row.audience) and self.mail in ("", row.mail)
        return is_wanted and all(word in row.searched for word in text.key(self.q).split())


@dataclass(frozen=True, slots=True)
class Register:
    """One page of the table: ``total`` rows in all, and ``counts`` of each group that the search finds."""

    rows: list[Row]
    total: int
    page: int
    pages: int
    counts: dict[str, int] = field(default_factory=dict)


async def head(slot_id: UUID) -> Head:
    """The slot. Refuses: UnknownSlot."""
    found = await db.fetch(HEAD, slot_id)
    if not found:
        raise UnknownSlot
    return Head(**dict(found[0]))


async def read(slot_id: UUID, filters: Filters, number: int = 1) -> Register:
    """Page ``number`` (from 1, or the last) of the bookings of a slot, with one statement."""
    found = [row for row in _ranked(await db.fetch(ROWS, slot_id)) if filters.takes(row)]
    counts = {group: sum(row.state in states for row in found) for group, states in GROUPS.items()}
    asked = sorted((row for row in found if row.state in GROUPS[filters.state]), key=_orders(filters.sort))
    pages = max(1, -(-len(asked) // PAGE))
    page = min(max(1, number), pages)
    return Register(asked[(page - 1) * PAGE : page * PAGE], len(asked), page, pages, counts)


def fate(letter_state: str | None) -> str:
    """What became of a letter, by its row's state; ``nothing`` when there is none."""
    by_state = {"due": "under_way", "sending": "under_way", "sent": "sent", "failed": "failed"}
    return by_state.get(letter_state, "replaced") if letter_state else "nothing"


def _ranked(found: list[Any]) -> list[Row]:
    """The rows, those that wait with their places: they come in the order of the queue."""
    rows = [Row(**dict(row)) for row in found]
    queue = {row.id: turn for turn, row in enumerate((row for row in rows if row.state == "waiting"), 1)}
    return [replace(row, position=queue.get(row.id, 0)) for row in rows]


def _orders(sort: str) -> Callable[[Row], Any]:
    """The order that was asked for; among equals, by name."""
    orders: dict[str, Callable[[Row], Any]] = {
        "when": lambda row: (-row.created_at.timestamp(), row.name_key),
        "state": lambda row: (STATES.index(row.state), row.position, row.name_key),
        "queue": lambda row: (row.position == 0, row.position, row.name_key),
    }
    return orders.get(sort, lambda row: row.name_key)
