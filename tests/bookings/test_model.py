"""Lives of a slot and its waiting list, invented by Hypothesis: bursts of wishes at once, and time that passes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st

from service import clock, db
from service.bookings import addresses, changes, erasure, offers, seats, turns, waiting
from service.bookings.tables import HOLDING, Dossier
from service.events import slots
from service.events.shares import Room
from service.events.slots import LAST_CALL, BookableSlot
from service.operations import checks
from service.refusal import Refusal
from tests.bookings.harness import at_once
from tests.bookings.queues import DAY, HOUR, MINUTE, ask, full_slot, want
from tests.bookings.test_bursts import CAST, Broken, Day
from tests.bookings.test_bursts import _many_letters as _many_letters  # noqa: PLC0414 - a fixture
from tests.conftest import EMPTYING_ORDER
from tests.makers import CLEO, make_event, make_slot

EXAMPLES, MOST_BURSTS, AT_ONCE = 30, 20, 8
MOSTLY = 90  # of a hundred numbers
# Each verb with the states of the bookings that it is about.
ABOUT: dict[str, tuple[str, ...]] = {
    "cancel": (*HOLDING, "waiting"),
    "restore": ("cancelled",),
    "accept": ("offered",),
    "decline": ("offered",),
    "rejoin": ("declined", "expired"),
    "erase": (*HOLDING, "waiting"),
    "correct": (*HOLDING, "waiting"),
}
VERBS = [*["join", "cancel"] * 3, *["accept"] * 2, "book", "join for more", "restore", "decline", "rejoin", "expire"]
VERBS += ["erase", "correct", "resize", "post"]
OF_ALL = [*VERBS, *["class"] * 4, *["partner"] * 2, "book"]
BUTTONS: dict[str, Callable[[Dossier], Awaitable[None]]] = {
    "cancel": changes.cancel,
    "restore": changes.restore,
    "erase": erasure.erase,
    "accept": offers.accept,
    "decline": offers.decline,
    "rejoin": offers.rejoin,
}
PAUSES = (timedelta(0), timedelta(0), timedelta(0), MINUTE, 20 * MINUTE, HOUR, 5 * HOUR, 25 * HOUR)
AHEAD = (20 * HOUR, 50 * HOUR, 5 * DAY, 30 * DAY)
PEOPLE = [*CAST, *(replace(CLEO, first_name=name, email=f"{name.lower()}@exemple.test") for name in "ABCDEFGH")]

# What the event keeps, and until how many days before.
KEPT_FOR = ("kept_for_individuals", "kept_for_classes", "kept_for_partners", "kept_days")
SHARES = [(2, 2, 1, 0), (0, 4, 0, 0), (2, 3, 0, 1), (4, 0, 1, 2)]

Wish = tuple[str, int]  # a verb, and a number that says about whom
Burst = tuple[timedelta, list[Wish]]  # the time that passes before, and what is wished then, all at once
Shares = tuple[int, int, int, int]


FILLS = st.sampled_from(["best_fit", "strict"])


def bursts_of(verbs: list[str]) -> st.SearchStrategy[list[Burst]]:
    """From 5 to 20 bursts of such wishes."""
    wishes = st.lists(st.tuples(st.sampled_from(verbs), st.integers(0, 99)), min_size=2, max_size=AT_ONCE)
    return st.lists(st.tuples(st.sampled_from(PAUSES), wishes), min_size=5, max_size=MOST_BURSTS)


# Where no seats are kept, everybody is everybody's rival; where some are, all of one audience are in any case.
RIVALS = """
booking first JOIN slot ON slot.id = first.slot JOIN event ON event.id = slot.event
JOIN booking later ON later.slot = first.slot AND (later.audience = first.audience
    OR greatest(event.kept_for_individuals, event.kept_for_classes, event.kept_for_partners) = 0)
"""
ORDER = {
    "who joined later has nothing that would have done for one who waits": f"""
        SELECT later.id FROM {RIVALS} AND later.state IN ('offered', 'confirmed')
            AND later.queued_at > first.queued_at AND first.seats <= later.seats
        WHERE first.slot = $1 AND first.state = 'waiting'""",
    "nobody books past those who wait": f"""
        SELECT later.id FROM {RIVALS} AND later.state = 'confirmed' AND later.queued_at IS NULL
            AND later.created_at > first.queued_at
        WHERE first.slot = $1 AND first.state = 'waiting'""",
}
# While the shares stand: what each audience had of the slot since its last change of size was to be had by it.
KEPT = """
SELECT slot.id FROM slot JOIN event ON event.id = slot.event WHERE slot.id = $1
  AND (event.kept_days = 0 OR slot.starts_at - event.kept_days * interval '24 hours' > $2)
  AND greatest(seats_taken - class_seats - partner_seats, event.kept_for_individuals)
      + greatest(class_seats, event.kept_for_classes) + greatest(partner_seats, event.kept_for_partners) > capacity
  AND NOT EXISTS (SELECT 1 FROM journal WHERE verb = 'resize' AND subject_id = slot.id)
"""
ALWAYS = {
    "nobody is passed over more than three times": "SELECT id FROM booking WHERE slot = $1 AND passed_over > 3",
    "an offer ends by the closing": """
        SELECT booking.id FROM booking JOIN slot ON slot.id = booking.slot
        WHERE slot = $1 AND expires_at > closes_at""",
    "only an offer has a deadline": """
        SELECT id FROM booking WHERE slot = $1 AND (state = 'offered') <> (expires_at IS NOT NULL)""",
}


@dataclass
class Life(Day):
    """One slot from its opening to its closing. ``seed`` is of no use here: every wish is given."""

    keeps: bool = False

    async def live(self, bursts: Iterable[Burst]) -> None:
        """Burst after burst, and then the end of the list. Raises Broken."""
        for pause, wishes in bursts:
            _go_on_from(clock.now() + pause)
            if clock.now() >= self.slot.starts_at:
                break
            await self.wish_for(wishes)
        _go_on_from(self.slot.ends_at)
        await waiting.expire()
        await self.post()
        await self.check(at_rest=True)
        if left := await db.fetch("SELECT id FROM booking WHERE state IN ('waiting', 'offered')"):
            self.broken("nobody waits for a list that is closed", left)

    async def wish_for(self, wishes: list[Wish]) -> None:
        """All at once. A refusal is an answer; anything else that is raised is a fault."""
        rows = await db.fetch("SELECT dossier, state FROM booking WHERE slot = $1 ORDER BY created_at", self.slot.id)
        self.wishes = [f"{verb} {number}" for verb, number in wishes]
        for outcome in await at_once(*(self.fulfil(verb, number, rows) for verb, number in wishes)):
            if isinstance(outcome, BaseException) and not isinstance(outcome, Refusal):
                raise outcome
        await self.check()

    async def fulfil(self, verb: str, number: int, rows: list[Any]) -> None:
        """One wish, about a booking that it fits as the page showed it, or about any."""
        who = PEOPLE[number % len(PEOPLE)]
        match verb:
            case "book":
                await seats.book(self.slot if number % 2 else await slots.load(self.slot.id), who)
            case "join":
                await waiting.join(await slots.load(self.slot.id), who)
            case "join for more":
                await want(await waiting.join(await slots.load(self.slot.id), who), 2 + number % 2)
            case "class" | "partner":
                await ask(self.slot, verb, 1 + number % 4, who)
            case "expire":
                await waiting.expire()
            case "resize" if self.keeps and number < MOSTLY:
                pass  # what is kept can be promised only while the slot keeps its size
            case "resize":
                await waiting.resize(self.slot.id, 1 + number % 5)
            case "post":
                await self.post()
            case _:
                fitting = [row["dossier"] for row in rows if row["state"] in ABOUT[verb]]
                if chosen := fitting or [row["dossier"] for row in rows]:
                    await self.answer(verb, chosen[number % len(chosen)], number)

    async def answer(self, verb: str, dossier_id: Any, number: int) -> None:
        """As a page does it: the dossier is read first, and may be old when the verb begins."""
        dossier = await Dossier.objects().get(Dossier.id == dossier_id)
        assert dossier is not None
        if verb == "correct":
            await addresses.correct_address(dossier, PEOPLE[number % 4].email)
        else:
            await BUTTONS[verb](dossier)

    async def check(self, *, at_rest: bool = False) -> None:
        """The rules of bookings, and those of queues: the order while there is time for one."""
        await super().check(at_rest=at_rest)
        if unbalanced := await checks.unbalanced_slots():
            self.broken("the books balance", unbalanced)
        if idle := await checks.idle_slots():
            self.broken("no seat stays free while somebody waits for it", idle)
        if self.keeps and (short := await db.fetch(KEPT, self.slot.id, clock.now())):
            self.broken("nobody takes what is kept for others", short)
        has_time = self.slot.closes_at - clock.now() > LAST_CALL
        for rule, query in (ALWAYS | ORDER if has_time else ALWAYS).items():
            if found := await db.fetch(query, self.slot.id):
                self.broken(rule, found)


def _go_on_from(moment: datetime) -> None:
    """Set the clock for good: ``a_life`` sets it back."""
    clock._offset = moment - datetime.now(UTC)


@asynccontextmanager
async def a_life(
    capacity: int, fill: str, ahead: timedelta, folder: Path, shares: Shares | None = None
) -> AsyncIterator[Life]:
    """A slot whose seats are taken, or one that keeps some for each audience; with a clock of its own; then gone."""
    try:
        with clock.at(clock.now()):
            how = {"fill": fill, "starts_in": ahead}
            slot = await _sharing(capacity, shares, **how) if shares else (await full_slot(capacity, **how))[0]
            yield Life(0, slot, folder, keeps=bool(shares))
    finally:
        for table in EMPTYING_ORDER:
            await db.fetch(f'DELETE FROM "{table}"')


async def _sharing(capacity: int, shares: Shares, **values: Any) -> BookableSlot:
    kept = dict(zip(KEPT_FOR, shares, strict=True))
    return await make_slot(capacity + sum(shares[:3]), event=await make_event(takes_classes=True, **kept), **values)


A_FEW = how(
    max_examples=EXAMPLES,
    phases=[Phase.generate],  # a race does not come back for being made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.usefixtures("_many_letters")
@A_FEW
@given(st.integers(1, 4), FILLS, st.sampled_from(AHEAD), bursts_of(VERBS))
async def test_whatever_people_want_at_once_the_queue_is_just_and_no_seat_stays_free(
    tmp_path_factory: pytest.TempPathFactory, capacity: int, fill: str, ahead: timedelta, bursts: list[Burst]
) -> None:
    async with a_life(capacity, fill, ahead, tmp_path_factory.getbasetemp() / "model") as life:
        await life.live(bursts)


@pytest.mark.usefixtures("_many_letters")
@A_FEW
@given(st.integers(0, 2), st.tuples(FILLS, st.sampled_from(AHEAD)), st.sampled_from(SHARES), bursts_of(OF_ALL))
async def test_whatever_classes_and_others_want_at_once_nobody_has_what_is_kept_for_others(
    tmp_path_factory: pytest.TempPathFactory,
    capacity: int,
    slot: tuple[str, timedelta],
    shares: Shares,
    bursts: list[Burst],
) -> None:
    async with a_life(capacity, *slot, tmp_path_factory.getbasetemp() / "model", shares) as life:
        await life.live(bursts)


async def _offers_nothing(_: object) -> None:
    """Planted."""


async def _lets_anybody_overtake(
    slot: BookableSlot, number: int, audience: str, *, in_turn: bool = False
) -> BookableSlot:
    """Planted: whoever comes first has it, whoever waits."""
    return await _TAKE(slot, number, audience, in_turn=True)


def _the_last_first(queue: Iterable[turns.Entry], room: Room, *, is_strict: bool) -> Any:
    """Planted: the queue is a pile."""
    return _IN_TURN(list(queue)[::-1], room, is_strict=is_strict)


async def _locks_nothing(_: object) -> None:
    """Planted."""
    await asyncio.sleep(0)


def _keeps_nothing(*_: object) -> list[int]:
    """Planted: the statement that takes seats knows of no shares."""
    return [0, 0, 0]


async def _counts_nothing(_: object, __: int) -> None:
    """Planted."""


_IN_TURN, _TAKE = turns.in_turn, seats.take


@pytest.mark.usefixtures("_many_letters")
@pytest.mark.parametrize(
    ("module", "name", "planted"),
    [
        (waiting, "promote", _offers_nothing),
        (seats, "take", _lets_anybody_overtake),
        (turns, "in_turn", _the_last_first),
        (seats, "hold", _locks_nothing),
        (seats, "count_waiting", _counts_nothing),
        (seats, "_kept_for_others", _keeps_nothing),
    ],
)
async def test_a_planted_bug_is_found(
    module: Any, name: str, planted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The negative control: each of these makes one of a few such lives fail."""
    monkeypatch.setattr(module, name, planted)
    with pytest.raises((Broken, asyncpg.IntegrityConstraintViolationError, IndexError)):
        await _some_lives(tmp_path)


async def _some_lives(folder: Path) -> None:
    dice = Random(1)
    for number in range(EXAMPLES):
        shares = SHARES[number % len(SHARES)] if number % 3 == 2 else None
        fill = ("best_fit", "strict")[number % 2]
        async with a_life(1 + number % 4, fill, 30 * DAY, folder, shares) as life:
            await life.live(_drawn(dice, OF_ALL if shares else VERBS))


def _drawn(dice: Random, verbs: list[str]) -> Iterator[Burst]:
    """Bursts like those of Hypothesis."""
    for _ in range(MOST_BURSTS):
        wishes = [(dice.choice(verbs), dice.randint(0, 99)) for _ in range(dice.randint(2, AT_ONCE))]
        yield dice.choice(PAUSES), wishes
