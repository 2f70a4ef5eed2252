"""Everybody else: those who fill the season around its stories, booked by the verbs that visitors use."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count, cycle
from uuid import uuid4

from service import clock, db
from service.attendance.tables import Presence
from service.bookings import groups, options, seats, waiting
from service.bookings.dossiers import Booker
from service.bookings.plans import Part, Party
from service.bookings.tables import Booking
from service.events import slots
from service.events.slots import BookableSlot
from service.operations.demo.season import Counts, Season, address

LONG_AGO, LATELY = timedelta(days=20), timedelta(hours=5)
CLASS = Party(26, 2)
CLASSES = ("2de 1", "1re STI2D", "3e A", "2de TNE", "Tle STI2D", "1re MELEC", "3e C", "2de 2")
# Their letters were read weeks ago: the mailbox is for the stories.
LETTERS_ARE_OLD = """
UPDATE email SET state = 'sent', attempts = 1, settled_at = posted_at
WHERE state = 'due' AND subject_id IN (
    SELECT unnest(ARRAY[booking.id, booking.dossier]) FROM booking JOIN slot ON slot.id = booking.slot
    WHERE slot.event = ANY($1))
"""

People = Iterator[Booker]


def people(season: Season) -> People:
    """Every pair of a first and a last name, in an order that looks like life."""
    first, last = season.data["personnes"]["prenoms"], season.data["personnes"]["noms"]
    schools = [school["nom"] for school in season.data["etablissements"][:-1]]
    for turn in count():
        row, column = divmod(turn * 7 % 400, 20)
        given, family = first[(row + column) % 20], last[column]
        yield Booker(given, family, address(f"{given} {family}"), schools[turn % len(schools)])


async def book(season: Season, who: People) -> None:
    """Book what the stories leave of each slot, weeks ago; note who came to what is over."""
    now, labels = clock.now(), cycle(CLASSES)
    over = [counts for counts in _booked(season) if counts.slot.ends_at < now]
    with clock.at(now - LONG_AGO):
        for counts in _booked(season):
            await _fill(counts, who, labels)
        for counts in over:
            await _queue(counts, who)
    for counts in over:
        await waiting.expire_in(counts.slot.id)
        if counts.present:  # at what is over since today, nobody was counted yet
            await _note_presence(counts)
    await db.fetch(LETTERS_ARE_OLD, [event.id for event in season.events])


async def queue(season: Season, who: People) -> None:
    """Let some of them wait, this morning, for seats of what is to come: behind the stories that wait."""
    now = clock.now()
    with clock.at(now - LATELY):
        for counts in _booked(season):
            if counts.slot.starts_at > now:
                await _queue(counts, who)


def _booked(season: Season) -> list[Counts]:
    """What can be booked: members answer their convocation, they do not book."""
    return [one for event in season.events if event.kind != "assembly" for one in season.counts[event.slug]]


async def _fill(counts: Counts, who: People, labels: Iterator[str]) -> None:
    """Classes where many come, else one by one."""
    left, at = counts.taken - counts.taken_by_stories, await slots.load(counts.slot.id)
    while left >= CLASS.seats and at.takes_classes:
        await _book_class(at, next(who), next(labels))
        left -= CLASS.seats
    for _ in range(left):
        await seats.book(at, _as_asked(at, next(who)))


async def _queue(counts: Counts, who: People) -> None:
    for _ in range(counts.waiting - counts.waiting_of_stories):
        at = await slots.load(counts.slot.id)
        await waiting.join(at, _as_asked(at, next(who)))


async def _book_class(at: BookableSlot, teacher: Booker, label: str) -> None:
    who = replace(teacher, class_label=label, outing="compulsory")
    await options.confirm(await groups.book([Part(at.id, CLASS)], who))


def _as_asked(at: BookableSlot, who: Booker) -> Booker:
    """Somebody who is as old as the event wants, and needs no parent's word."""
    return replace(who, age_band="18_plus" if at.outside_school_time else "15_17" if at.age_min else "")


async def _note_presence(counts: Counts) -> None:
    """In one statement: at the door each of them would be a tap of its own day."""
    held = (Booking.slot == counts.slot.id) & (Booking.state == "confirmed")
    came = await Booking.select(Booking.id).where(held).order_by(Booking.created_at).limit(counts.present)
    at = counts.slot.starts_at
    await Presence.insert(
        *[Presence(id=uuid4(), slot=counts.slot.id, booking=one["id"], people=1, noted_at=at) for one in came]
    )
