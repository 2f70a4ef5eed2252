"""Lives of two slots that classes take together, invented by Hypothesis: bursts at once, and time that passes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st

from service import clock, db
from service.bookings import (
    addresses,
    attendees,
    changes,
    class_emails,
    erasure,
    groups,
    invitations,
    lapses,
    numbers,
    offers,
    options,
    pending,
    seats,
    waiting,
)
from service.bookings.held import Held
from service.bookings.names import Name
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.tables import LIVE, Dossier
from service.events import slots
from service.events.slots import LAST_CALL, BookableSlot
from service.mail.folder import FolderCourier
from service.operations import checks
from service.refusal import Refusal
from service.worker import drain
from tests.bookings.classes import TEACHER, class_event
from tests.bookings.harness import at_once
from tests.bookings.queues import DAY, HOUR, MINUTE
from tests.bookings.test_bursts import BELIEVED, STAMPS, Broken
from tests.bookings.test_bursts import LIVE as LIVE_ENTRIES
from tests.bookings.test_bursts import _many_letters as _many_letters  # noqa: PLC0414 - a fixture
from tests.bookings.test_model import _go_on_from
from tests.conftest import EMPTYING_ORDER
from tests.makers import CLEO, make_slot

EXAMPLES, MOST_BURSTS, AT_ONCE = 20, 14, 6
LABELS = ("2de 1", "2de 2", "1re A", "Tle B")
ADDRESSES = ("m.cappelaere@lycee.test", "prof@lycee.test", "autre@lycee.test")
PEOPLE = [replace(CLEO, first_name=name, email=f"{name.lower()}@exemple.test") for name in "ABCDE"]
PAUSES = (timedelta(0), timedelta(0), MINUTE, 20 * MINUTE, HOUR, 5 * HOUR, 25 * HOUR)
# Each verb with the states of the bookings that it is about; nobody's for those of a worker.
ABOUT: dict[str, tuple[str, ...]] = {
    "cancel": LIVE,
    "cancel here": LIVE,
    "restore": ("cancelled",),
    "restore here": ("cancelled",),
    "confirm": ("option",),
    "numbers": LIVE,
    "numbers or wait": LIVE,
    "names": LIVE,
    "approve": ("pending",),
    "refuse": ("pending",),
    "accept": ("offered",),
    "decline": ("offered",),
    "rejoin": ("declined", "expired"),
    "correct": LIVE,
    "erase": LIVE,
}
WORK: dict[str, Callable[[], Awaitable[object]]] = {
    "lapse": lapses.expire,
    "expire": waiting.expire,
    "remind": options.remind,
}
VERBS = [*["class"] * 5, *["numbers", "numbers or wait", "cancel", "approve", "accept", "book", "join"] * 2]
VERBS += [*ABOUT, *WORK, "resize", "post"]

Wish = tuple[str, int]
Burst = tuple[timedelta, list[Wish]]
# Whether an organiser approves, for how many days an option lasts, how many seats are kept for classes, and ``fill``.
Event = tuple[bool, int | None, int, str]
EVENTS: list[Event] = [
    (False, 3, 0, "best_fit"),
    (False, 3, 3, "best_fit"),
    (True, 3, 0, "strict"),
    (True, None, 0, "best_fit"),
    (False, None, 2, "strict"),
]

# Each names what is wrong with the dossiers of an event; none of them finds anything as long as the rules hold.
RULES = {
    "what is confirmed stands in one calendar, at its dossier's address": """
        SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
        LEFT JOIN invitation ON invitation.subject_id = booking.id AND invitation.ended_at IS NULL
        GROUP BY booking.id, dossier.id
        HAVING array_agg(invitation.attendee) FILTER (WHERE invitation.id IS NOT NULL) IS DISTINCT FROM
            CASE WHEN booking.state = 'confirmed' AND dossier.email <> '' THEN ARRAY[dossier.email] END""",
    "what leaves goes to the present address, under the present link; an older one is only told of an end": """
        SELECT email.id FROM email JOIN booking ON email.subject_id IN (booking.id, booking.dossier)
        JOIN dossier ON dossier.id = booking.dossier
        WHERE email.state = 'due'
          AND email.letter NOT IN ('cancellation', 'left', 'lapsed', 'option_lapsed', 'refused', 'withdrawn')
          AND (email.recipient <> dossier.email OR (email.facts ->> 'generation')::int <> dossier.generation)""",
    "one summary of a class waits to leave, and some of what it tells of is live": """
        SELECT dossier.id FROM dossier JOIN email ON email.subject_id = dossier.id
        WHERE email.state = 'due' AND email.letter IN ('class', 'option_reminder') GROUP BY dossier.id
        HAVING count(*) > 1 OR NOT EXISTS (SELECT 1 FROM booking WHERE booking.dossier = dossier.id
            AND booking.state IN ('confirmed', 'option', 'pending', 'waiting'))""",
    "a class that holds or awaits without an invitation was told so under its present link": """
        SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
        WHERE booking.pupils > 0 AND booking.state IN ('option', 'pending') AND NOT EXISTS (
            SELECT 1 FROM email WHERE subject_kind = 'dossier' AND subject_id = dossier.id AND letter = 'class'
              AND state IN ('due', 'sending', 'sent') AND (facts ->> 'generation')::int = dossier.generation)""",
    "what is over has no letter on its way but of its end": """
        SELECT booking.id FROM booking JOIN email ON email.subject_id = booking.id
        WHERE booking.ended_at IS NOT NULL AND email.state = 'due'
          AND email.letter NOT IN ('cancellation', 'left', 'lapsed', 'refused', 'withdrawn')""",
    "an entry waits for one word of its end at most": """
        SELECT email.invitation_uid FROM email WHERE email.state = 'due' AND email.method = 'CANCEL'
        GROUP BY email.invitation_uid HAVING count(*) > 1""",
    "names are of pupils who come": """
        SELECT booking.id FROM booking JOIN attendee ON attendee.booking = booking.id
        WHERE booking.pupils = 0 AND attendee.last_name <> ''""",
}
OVERTAKEN = """
SELECT later.id FROM booking first JOIN booking later ON later.slot = first.slot AND later.queued_at IS NULL
    AND later.state IN ('confirmed', 'option', 'pending') AND later.created_at > first.queued_at
JOIN slot ON slot.id = first.slot JOIN event ON event.id = slot.event AND event.kept_for_classes = 0
WHERE first.state = 'waiting' AND first.seats <= slot.capacity AND slot.closes_at > $1
"""
LEFT_OVER = "SELECT id FROM booking WHERE state IN ('option', 'pending', 'offered', 'waiting')"


@dataclass
class Life:
    """The slots of one event from their opening to their end."""

    slots: list[BookableSlot]
    folder: Path
    wishes: list[Wish] = field(default_factory=list)
    stamps: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    async def live(self, bursts: Iterable[Burst]) -> None:
        """Burst after burst, and then the end of the lists. Raises Broken."""
        for pause, wishes in bursts:
            _go_on_from(clock.now() + pause)
            await self.wish_for(wishes)
        _go_on_from(max(slot.ends_at for slot in self.slots))
        for work in WORK.values():
            await work()
        await drain(FolderCourier(self.folder))
        await self.check(at_rest=True)
        if left := await db.fetch(LEFT_OVER):
            self.broken("nothing is held or waited for once all is over", left)

    async def wish_for(self, wishes: list[Wish]) -> None:
        """All at once. A refusal is an answer; anything else that is raised is a fault."""
        rows = await db.fetch("SELECT id, dossier, slot, state, pupils, seats FROM booking ORDER BY created_at, id")
        self.wishes = wishes
        for outcome in await at_once(*(self.fulfil(verb, number, rows) for verb, number in wishes)):
            if isinstance(outcome, BaseException) and not isinstance(outcome, Refusal):
                raise outcome
        await self.check()

    async def fulfil(self, verb: str, number: int, rows: list[Any]) -> None:
        """One wish, about a booking that it fits as the page showed it, or about any."""
        slot = await slots.load(self.slots[number % 2].id)
        match verb:
            case "book":
                await seats.book(slot, PEOPLE[number % len(PEOPLE)])
            case "join":
                await waiting.join(slot, PEOPLE[number % len(PEOPLE)])
            case "class":
                who = replace(TEACHER, class_label=LABELS[number % len(LABELS)], email=ADDRESSES[number % 2])
                await groups.book(_plan(self.slots, number), who)
            case "resize":
                await waiting.resize(slot.id, 4 + number % 6)
            case "post":
                await drain(FolderCourier(self.folder))
            case _ if verb in WORK:
                await WORK[verb]()
            case _:
                fitting = [row for row in rows if row["state"] in ABOUT[verb]] or rows
                if fitting:
                    await _answer(verb, fitting[number % len(fitting)], number)

    async def check(self, *, at_rest: bool = False) -> None:
        """Raise Broken for the first rule that does not hold."""
        if found := await checks.broken_rules():
            self.broken("the books balance", found)
        for rule, query in RULES.items():
            if rows := await db.fetch(query):
                self.broken(rule, rows)
        if rows := await db.fetch(OVERTAKEN, clock.now() + LAST_CALL):
            self.broken("nobody books past those who wait", rows)
        for slot in self.slots:
            await self.check_calendars(slot.id, at_rest=at_rest)

    async def check_calendars(self, slot: UUID, *, at_rest: bool) -> None:
        """What calendars are told is newer than what they know; in the end they believe what is true."""
        for uid, sequence, stamp in await db.fetch(STAMPS, slot):
            before = self.stamps.setdefault(uid, (sequence, stamp))
            if before != (sequence, stamp) and not (sequence > before[0] and stamp > before[1]):
                self.broken("a change of an invitation is newer than what it changes", uid)
            self.stamps[uid] = (sequence, stamp)
        if at_rest and (believed := await db.fetch(BELIEVED, slot)) != await db.fetch(LIVE_ENTRIES, slot):
            self.broken("calendars believe what is true", believed)

    def broken(self, rule: str, found: Any) -> None:
        raise Broken(f"after {self.wishes}: not so: {rule} ({found})")


async def _answer(verb: str, row: Any, number: int) -> None:
    """As a page does it: the dossier is read first, and may be old when the verb begins."""
    dossier = await Dossier.objects().get(Dossier.id == row["dossier"])
    assert dossier is not None
    match verb:
        case "cancel" | "restore":
            await getattr(changes, verb)(dossier)
        case "cancel here" | "restore here":
            await getattr(changes, verb.split(maxsplit=1)[0])(dossier, slot=row["slot"])
        case "numbers" | "numbers or wait":
            party = Party(1 + number % 6, number % 2)
            await numbers.change(dossier, row["slot"], party, queue_rest=verb != "numbers")
        case "names":
            await attendees.save(dossier, {row["id"]: [Name(f"NOM {each}") for each in range(number % 4)]})
        case "approve":
            await pending.approve(row["id"], "ada")
        case "refuse":
            await pending.refuse(row["id"], "", "ada")
        case "correct":
            await addresses.correct_address(dossier, ADDRESSES[number % len(ADDRESSES)])
        case "confirm":
            await options.confirm(dossier)
        case "erase":
            await erasure.erase(dossier)
        case _:
            await getattr(offers, verb)(dossier)


def _plan(chosen: list[BookableSlot], number: int) -> list[Part]:
    """In one slot or in both, all of it now, a part of it later, or all of it later."""
    party, rest = Party(1 + number % 4, number % 2), Party(1 + number % 3)
    now, later = ((party, NOBODY), (party, rest), (NOBODY, party))[number // 10 % 3]
    return [Part(slot.id, now, later) for slot in (chosen if number % 5 < 3 else [chosen[number % 2]])]


@asynccontextmanager
async def a_life(capacity: int, of_event: Event, folder: Path) -> AsyncIterator[Life]:
    """Two slots of one event, five and nine days from now, with a clock of their own; then gone."""
    approval, option_days, kept, fill = of_event
    try:
        with clock.at(clock.now()):
            event = await class_event(needs_approval=approval, option_days=option_days, kept_for_classes=kept)
            chosen = [await make_slot(capacity, event=event, starts_in=days * DAY, fill=fill) for days in (5, 9)]
            yield Life(chosen, folder)
    finally:
        for table in EMPTYING_ORDER:
            await db.fetch(f'DELETE FROM "{table}"')


def bursts() -> st.SearchStrategy[list[Burst]]:
    """From 4 to 14 bursts of such wishes."""
    wishes = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 99)), min_size=2, max_size=AT_ONCE)
    return st.lists(st.tuples(st.sampled_from(PAUSES), wishes), min_size=4, max_size=MOST_BURSTS)


@pytest.mark.usefixtures("_many_letters")
@how(
    max_examples=EXAMPLES,
    phases=[Phase.generate],  # a race does not come back for being made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(4, 8), st.sampled_from(EVENTS), bursts())
async def test_whatever_teachers_and_others_want_at_once_a_class_stays_whole_and_reads_what_is_true(
    tmp_path_factory: pytest.TempPathFactory, capacity: int, of_event: Event, lived: list[Burst]
) -> None:
    async with a_life(capacity, of_event, tmp_path_factory.getbasetemp() / "classes") as life:
        await life.live(lived)


async def _does_nothing(*_: Any, **__: Any) -> int:
    """Planted."""
    return 0


async def _locks_nothing(dossier_id: UUID, more: Collection[UUID] = ()) -> Dossier:
    """Planted: read again, but not locked."""
    await asyncio.sleep(0)
    now = await Dossier.objects().get(Dossier.id == dossier_id)
    assert now is not None
    return now


async def _ends_one_after_the_other(
    dossier: Dossier, held: list[Held], how: changes.Ending = changes.BY_BOOKER
) -> None:
    """Planted: seats are offered before all of the class has ended."""
    for one in held:
        await _CANCEL_HELD(dossier, [one], how)


_CANCEL_HELD = changes.cancel_held


@pytest.mark.usefixtures("_many_letters")
@pytest.mark.parametrize(
    ("module", "name", "planted"),
    [
        (waiting, "promote", _does_nothing),
        (changes, "lock", _locks_nothing),
        (changes, "cancel_held", _ends_one_after_the_other),
        (class_emails, "withdraw_summary", _does_nothing),
        (invitations, "end", _does_nothing),
        (seats, "count_waiting", _does_nothing),
    ],
)
async def test_a_planted_bug_is_found(
    module: Any, name: str, planted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The negative control: each of these makes one of a few such lives fail."""
    monkeypatch.setattr(module, name, planted)
    with pytest.raises((Broken, asyncpg.IntegrityConstraintViolationError, asyncpg.DeadlockDetectedError)):
        await _some_lives(tmp_path)


async def _some_lives(folder: Path) -> None:
    dice = Random(1)
    for number in range(2 * EXAMPLES):
        drawn = []
        for _ in range(MOST_BURSTS):
            wishes = [(dice.choice(VERBS), dice.randint(0, 99)) for _ in range(dice.randint(2, AT_ONCE))]
            drawn.append((dice.choice(PAUSES), wishes))
        async with a_life(4 + number % 5, EVENTS[number % len(EVENTS)], folder) as life:
            await life.live(drawn)
