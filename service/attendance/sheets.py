"""The attendance sheet of a slot as values: who is expected, where to sign, until when it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from service import db, i18n, text
from service.events.slots import UnknownSlot

NOON = time(13)
HALF_DAY = timedelta(hours=5)  # what lasts longer and goes over noon is signed twice
WALK_INS = 5  # blank lines at the end

SLOT = """
SELECT slot.id, slot.starts_at, slot.ends_at, event.title, event.place, event.speaker, event.names_erased_on
FROM slot JOIN event ON event.id = slot.event WHERE slot.id = $1 AND event.state <> 'draft'
"""
EXPECTED = """
SELECT booking.id, booking.state, booking.seats, booking.pupils, booking.chaperones, dossier.first_name,
       dossier.last_name, dossier.school, dossier.class_label
FROM booking JOIN dossier ON dossier.id = booking.dossier
WHERE booking.slot = $1 AND booking.state IN ('confirmed', 'option', 'pending')
"""
NAMES = """
SELECT attendee.booking, attendee.last_name, attendee.first_name FROM attendee
JOIN booking ON booking.id = attendee.booking WHERE booking.slot = $1 AND attendee.last_name <> ''
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line to sign: a number, a name (or nothing), and where they come from."""

    number: int
    name: str
    origin: str
    to_confirm: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """The people who come alone (no class), or one class."""

    rows: list[Row]
    label: str = ""
    school: str = ""
    pupils: int = 0
    chaperones: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the sheet of a slot says. ``halves`` are the times that are signed for, one sheet each."""

    slot: UUID
    title: str
    place: str
    speaker: str
    halves: list[tuple[datetime, datetime]]
    sections: list[Section]
    walk_ins: list[Row]
    destroyed_on: date | None

    @property
    def expected(self) -> int:
        """How many lines are for people who booked."""
        return sum(len(section.rows) for section in self.sections)


async def of_slot(slot_id: UUID) -> Sheet:
    """The sheet as it is now, in three questions. Refuses: UnknownSlot."""
    found = await db.fetch(SLOT, slot_id)
    if not found:
        raise UnknownSlot
    slot, booked = found[0], await db.fetch(EXPECTED, slot_id)
    named: dict[UUID, list[tuple[str, str]]] = {}
    for row in await db.fetch(NAMES, slot_id):
        named.setdefault(row["booking"], []).append((row["last_name"], row["first_name"]))
    sections = _sections(booked, named)
    taken = sum(len(section.rows) for section in sections)
    return Sheet(
        slot=slot_id,
        title=slot["title"],
        place=slot["place"],
        speaker=slot["speaker"],
        halves=halves(i18n.local(slot["starts_at"]), i18n.local(slot["ends_at"])),
        sections=sections,
        walk_ins=[Row(taken + turn, "", "") for turn in range(1, WALK_INS + 1)],
        destroyed_on=slot["names_erased_on"],
    )


def halves(starts_at: datetime, ends_at: datetime) -> list[tuple[datetime, datetime]]:
    """The times that are signed for: the whole slot, or each half-day of one that is longer."""
    if ends_at - starts_at <= HALF_DAY:
        return [(starts_at, ends_at)]
    found, begins = [], starts_at
    while begins < ends_at:
        noon = datetime.combine(begins.date(), NOON, begins.tzinfo)
        midnight = datetime.combine(begins.date() + timedelta(days=1), time(), begins.tzinfo)
        until = min(noon if begins < noon else midnight, ends_at)
        found.append((begins, until))
        begins = until
    return found


def in_capitals(last_name: str, first_name: str) -> str:
    """NOM Prénom."""
    return f"{last_name.upper()} {first_name}".strip()


def _sections(booked: Sequence[Any], named: dict[UUID, list[tuple[str, str]]]) -> list[Section]:
    """Who comes alone first, sorted by name; then the classes by label, each with blank lines for who has no name."""
    alone = sorted(
        (one for one in booked if not one["class_label"]), key=lambda one: _key(one["last_name"], one["first_name"])
    )
    classes = sorted(
        (one for one in booked if one["class_label"]), key=lambda one: (text.key(one["class_label"]), one["school"])
    )
    sections, number = [], 0
    if alone:
        rows = []
        for one in alone:
            number += 1
            name = in_capitals(one["last_name"], one["first_name"])
            rows.append(Row(number, name, one["school"], one["state"] != "confirmed"))
        sections.append(Section(rows))
    for one in classes:
        known = sorted(named.get(one["id"], []), key=lambda name: _key(*name))
        blank = max(0, one["pupils"] + one["chaperones"] - len(known))
        rows = []
        for name in [in_capitals(*each) for each in known] + [""] * blank:
            number += 1
            rows.append(Row(number, name, one["class_label"], one["state"] != "confirmed"))
        sections.append(Section(rows, one["class_label"], one["school"], one["pupils"], one["chaperones"]))
    return sections


def _key(last_name: str, first_name: str) -> tuple[str, str]:
    """Sorted as people look names up: accents and case do not count."""
    return text.key(last_name), text.key(first_name)
