"""The attendance sheets of a slot or a day as values: who is expected, where to sign, until when they are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from service import db, i18n, text
from service.events.slots import UnknownSlot

NOON = time(13)
HALF_DAY = timedelta(hours=5)  # what lasts longer and goes over noon is signed twice
WALK_INS = 5  # blank lines at the end

SLOTS = """
SELECT slot.id, slot.starts_at, slot.ends_at, event.title, event.place, event.speaker, event.names_erased_on
FROM slot JOIN event ON event.id = slot.event
"""
ONE = SLOTS + "WHERE slot.id = $1 AND event.state <> 'draft'"
OF_DAY = (
    SLOTS
    + """
WHERE slot.starts_at < $2 AND slot.ends_at > $1 AND slot.state = 'open' AND event.state = 'published'
ORDER BY slot.starts_at, event.title, slot.id
"""
)
EXPECTED = """
SELECT booking.slot, booking.id, booking.state, booking.seats, booking.pupils, booking.chaperones, dossier.first_name,
       dossier.last_name, dossier.school, dossier.class_label, dossier.level
FROM booking JOIN dossier ON dossier.id = booking.dossier
WHERE booking.slot = ANY($1) AND booking.state IN ('confirmed', 'option', 'pending')
"""
NAMES = """
SELECT attendee.booking, attendee.last_name, attendee.first_name FROM attendee
JOIN booking ON booking.id = attendee.booking WHERE booking.slot = ANY($1) AND attendee.last_name <> ''
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
    def starts_at(self) -> datetime:
        """When the first of what is signed here begins, as the clocks show it there."""
        return self.halves[0][0]

    @property
    def expected(self) -> int:
        """How many lines are for people who booked."""
        return sum(len(section.rows) for section in self.sections)


async def of_slot(slot_id: UUID) -> Sheet:
    """The sheet as it is now, in three questions. Refuses: UnknownSlot."""
    found = await _filled(await db.fetch(ONE, slot_id))
    if not found:
        raise UnknownSlot
    return found[0]


async def of_day(day: date) -> list[Sheet]:
    """The sheets of all slots of a day where the campus is, in their order, in three questions however many.

    What was called off has none; of a slot over several days, the half-days of this one are signed.
    """
    begins, ends = (i18n.begin_of(day + timedelta(days=turn)) for turn in (0, 1))
    of_all = await _filled(await db.fetch(OF_DAY, begins, ends))
    of_this = [replace(one, halves=[half for half in one.halves if half[0].date() == day]) for one in of_all]
    return [one for one in of_this if one.halves]


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


def order(one: Any) -> tuple[str, str, UUID]:
    """Where the row of a booking stands among those of its kind: a class by its label, a person by their name."""
    if one["class_label"]:
        return (text.key(one["class_label"]), text.key(one["school"]), one["id"])
    return (*_name_key(one), one["id"])


def in_capitals(last_name: str, first_name: str) -> str:
    """NOM Prénom."""
    return f"{last_name.upper()} {first_name}".strip()


async def _filled(slots: Sequence[Any]) -> list[Sheet]:
    """The sheets of these slots: who is expected at all of them is asked at once."""
    ids = [slot["id"] for slot in slots]
    booked, named = await db.fetch(EXPECTED, ids), _by(await db.fetch(NAMES, ids), "booking")
    expected = _by(booked, "slot")
    return [_sheet(slot, expected.get(slot["id"], []), named) for slot in slots]


def _by(rows: Sequence[Any], column: str) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _sheet(slot: Any, booked: Sequence[Any], named: dict[UUID, list[Any]]) -> Sheet:
    sections = _sections(booked, named)
    taken = sum(len(section.rows) for section in sections)
    return Sheet(
        slot=slot["id"],
        title=slot["title"],
        place=slot["place"],
        speaker=slot["speaker"],
        halves=halves(i18n.local(slot["starts_at"]), i18n.local(slot["ends_at"])),
        sections=sections,
        walk_ins=[Row(taken + turn, "", "") for turn in range(1, WALK_INS + 1)],
        destroyed_on=slot["names_erased_on"],
    )


def _sections(booked: Sequence[Any], named: dict[UUID, list[Any]]) -> list[Section]:
    """Who comes alone first, sorted by name; then the classes by label, each with blank lines for who has no name."""
    alone = sorted((one for one in booked if not one["class_label"]), key=order)
    classes = sorted((one for one in booked if one["class_label"]), key=order)
    numbers = count(1)
    sections = [Section([row for one in alone for row in _alone(one, numbers)])] if alone else []
    return sections + [_class(one, sorted(named.get(one["id"], []), key=_name_key), numbers) for one in classes]


def _alone(one: Any, numbers: Iterator[int]) -> Iterator[Row]:
    """A line for each seat: the name, then blank ones for whom they bring."""
    origin = ", ".join(filter(None, (one["school"], one["level"])))
    for name in [in_capitals(one["last_name"], one["first_name"])] + [""] * (one["seats"] - 1):
        yield Row(next(numbers), name, origin, one["state"] != "confirmed")


def _class(one: Any, known: Sequence[Any], numbers: Iterator[int]) -> Section:
    blank = max(0, one["pupils"] + one["chaperones"] - len(known))
    names = [in_capitals(each["last_name"], each["first_name"]) for each in known] + [""] * blank
    rows = [Row(next(numbers), name, one["class_label"], one["state"] != "confirmed") for name in names]
    return Section(rows, one["class_label"], one["school"], one["pupils"], one["chaperones"])


def _name_key(one: Any) -> tuple[str, str]:
    """Sorted as people look names up: accents and case do not count."""
    return text.key(one["last_name"]), text.key(one["first_name"])
