"""Whose turn it is when an entry needs more seats than are free: the first that fits, but not for ever."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.bookings import changes, offers, turns, waiting
from service.bookings.tables import AUDIENCES, Dossier
from service.bookings.turns import MOST_PASSES, Entry
from service.events.shares import Room
from service.events.slots import BookableSlot
from tests.bookings.harness import booked, booking_of, held, journal_of
from tests.bookings.queues import full_slot, joined, state_of, want
from tests.makers import a_pupil

QUEUES = st.lists(
    st.builds(Entry, st.uuids(), st.integers(1, 9), st.integers(0, MOST_PASSES)), unique_by=lambda e: e.id
)
FREE = st.integers(0, 30)
MIXED = st.lists(
    st.builds(Entry, st.uuids(), st.integers(1, 9), st.integers(0, MOST_PASSES), st.sampled_from(AUDIENCES)),
    unique_by=lambda e: e.id,
)
COUNTS = st.fixed_dictionaries({audience: st.integers(0, 8) for audience in AUDIENCES})
ROOMS = st.builds(lambda free, taken, kept: Room(free + sum(taken.values()), taken, kept), FREE, COUNTS, COUNTS)


def entries(*wants: int, passed: int = 0) -> list[Entry]:
    """A queue; its first entry was passed over ``passed`` times."""
    return [Entry(UUID(int=n), number, 0 if n else passed) for n, number in enumerate(wants)]


def wants(queue: list[Entry], free: int, *, is_strict: bool = False) -> list[int]:
    """How many seats those who are served want."""
    return [entry.seats for entry in in_turn(queue, free, is_strict=is_strict)[0]]


def in_turn(queue: list[Entry], free: int, *, is_strict: bool) -> tuple[list[Entry], dict[UUID, int]]:
    """Whose turn it is in a large slot that keeps nothing for anybody, where so many seats are free."""
    return turns.in_turn(queue, Room(100, {"individual": 100 - free}), is_strict=is_strict)


def test_the_first_that_fits_is_served_and_who_was_passed_over_is_counted() -> None:
    queue = entries(3, 1, 2, 1)

    served, passed = in_turn(queue, 2, is_strict=False)

    assert served == [queue[1], queue[3]]
    assert passed == {queue[0].id: 2, queue[2].id: 1}


def test_nobody_is_passed_over_more_than_three_times() -> None:
    assert wants(entries(9, 1, 1, 1, 1), 4) == [1, 1, 1]
    assert wants(entries(9, 1, 1, 1, 1, passed=2), 4) == [1]
    assert wants(entries(9, 1, passed=3), 4) == []
    assert wants(entries(4, 1, passed=3), 4) == [4]


def test_strict_waits_for_enough() -> None:
    assert wants(entries(1, 3, 1), 3, is_strict=True) == [1]
    assert wants(entries(1, 3, 1), 5, is_strict=True) == [1, 3, 1]
    assert in_turn(entries(3, 1), 2, is_strict=True) == ([], {})


def test_who_is_not_overtaken_is_not_counted() -> None:
    assert in_turn(entries(3, 4), 2, is_strict=False) == ([], {})
    assert in_turn([], 2, is_strict=False) == ([], {})


@given(QUEUES, FREE, st.booleans())
def test_never_more_is_served_than_is_free_and_always_in_order(queue: list[Entry], free: int, is_strict: bool) -> None:
    served, _ = in_turn(queue, free, is_strict=is_strict)

    assert sum(entry.seats for entry in served) <= free
    assert served == [entry for entry in queue if entry in served]


@given(QUEUES, FREE)
def test_strict_serves_the_longest_prefix_that_fits(queue: list[Entry], free: int) -> None:
    served, passed = in_turn(queue, free, is_strict=True)

    assert (served, passed) == (queue[: len(served)], {})
    rest = queue[len(served) :]
    assert not rest or rest[0].seats > free - sum(entry.seats for entry in served)


@given(QUEUES, FREE)
def test_best_fit_passes_over_only_who_does_not_fit_and_nobody_too_often(queue: list[Entry], free: int) -> None:
    served, passed = in_turn(queue, free, is_strict=False)

    left, overtaken = free, dict.fromkeys((entry.id for entry in queue), 0)
    for number, entry in enumerate(queue):
        before = [one for one in queue[:number] if one not in served]
        if entry in served:
            assert all(one.seats > left for one in before)
            assert all(one.passed_over + overtaken[one.id] < MOST_PASSES for one in before)
            overtaken |= {one.id: overtaken[one.id] + 1 for one in before}
            left -= entry.seats
        else:
            assert entry.seats > left or any(one.passed_over + overtaken[one.id] >= MOST_PASSES for one in before)
    assert passed == {one.id: one.passed_over + overtaken[one.id] for one in queue if overtaken[one.id]}
    assert all(times <= MOST_PASSES for times in passed.values())


@given(QUEUES, FREE, st.booleans())
def test_once_served_nobody_else_s_turn_has_come(queue: list[Entry], free: int, is_strict: bool) -> None:
    served, passed = in_turn(queue, free, is_strict=is_strict)
    rest = [Entry(one.id, one.seats, passed.get(one.id, one.passed_over)) for one in queue if one not in served]

    assert in_turn(rest, free - sum(one.seats for one in served), is_strict=is_strict) == ([], {})


# Shares


def _as_it_was(queue: list[Entry], free: int, *, is_strict: bool) -> tuple[list[Entry], dict[UUID, int]]:
    """Whose turn it was before there were shares, word for word."""
    served: list[Entry] = []
    skipped: dict[UUID, int] = {}
    passed: dict[UUID, int] = {}
    for entry in queue:
        if entry.seats > free:
            skipped[entry.id] = entry.passed_over
            if is_strict:
                break
        elif any(times >= MOST_PASSES for times in skipped.values()):
            break
        else:
            skipped = {name: times + 1 for name, times in skipped.items()}
            passed |= skipped
            served.append(entry)
            free -= entry.seats
            if not free:
                break
    return served, passed


@given(MIXED, FREE, st.booleans())
def test_without_shares_it_is_as_it_was_whoever_asks(queue: list[Entry], free: int, is_strict: bool) -> None:
    assert in_turn(queue, free, is_strict=is_strict) == _as_it_was(queue, free, is_strict=is_strict)


@given(MIXED, ROOMS, st.booleans())
def test_nobody_is_served_from_what_is_kept_for_others(queue: list[Entry], room: Room, is_strict: bool) -> None:
    served, passed = turns.in_turn(queue, room, is_strict=is_strict)

    for entry in served:
        assert entry.seats <= room.left_for(entry.audience)
        room = room.with_taken(entry.seats, entry.audience)
    assert served == [entry for entry in queue if entry in served]
    assert all(times <= MOST_PASSES for times in passed.values())
    assert not (is_strict and passed)


@given(MIXED, ROOMS, st.booleans())
def test_with_shares_too_nobody_else_s_turn_has_come_once_served(
    queue: list[Entry], room: Room, is_strict: bool
) -> None:
    served, passed = turns.in_turn(queue, room, is_strict=is_strict)
    rest = [replace(one, passed_over=passed.get(one.id, one.passed_over)) for one in queue if one not in served]
    for entry in served:
        room = room.with_taken(entry.seats, entry.audience)

    assert turns.in_turn(rest, room, is_strict=is_strict) == ([], {})


@given(MIXED, ROOMS, st.booleans())
def test_who_could_be_served_alone_waits_only_for_a_rival_before_them(
    queue: list[Entry], room: Room, is_strict: bool
) -> None:
    served, passed = turns.in_turn(queue, room, is_strict=is_strict)
    for entry in served:
        room = room.with_taken(entry.seats, entry.audience)

    rest = [one for one in queue if one not in served]
    for number, one in enumerate(rest):
        if one.seats <= room.left_for(one.audience):
            possible = [other for other in rest[:number] if other.seats <= room.most_for(other.audience)]
            assert any(one.is_rival(other, room) for other in possible)
    assert all(passed[one.id] > one.passed_over for one in queue if one.id in passed)


@given(st.integers(1, 9), MIXED, ROOMS, st.booleans())
def test_who_wants_more_than_they_could_ever_have_changes_nothing_for_others(
    more: int, queue: list[Entry], room: Room, is_strict: bool
) -> None:
    most = max(0, room.most_for("class"))
    hopeless = Entry(UUID(int=0), most + more, MOST_PASSES, "class")

    assert turns.in_turn([hopeless, *queue], room, is_strict=is_strict) == turns.in_turn(
        queue, room, is_strict=is_strict
    )


def entry(audience: str, number: int, passed: int = 0) -> Entry:
    """Somebody who waits."""
    return Entry(uuid4(), number, passed, audience)


def test_an_entry_is_passed_over_by_a_rival_only() -> None:
    room = Room(10, {"individual": 6}, {"class": 3, "partner": 1})
    big, pupil, other, partner = entry("class", 5), entry("class", 2), entry("individual", 1), entry("partner", 1)

    assert turns.in_turn([big, other], room, is_strict=False) == ([], {})
    assert turns.in_turn([big, partner], room, is_strict=False) == ([partner], {})
    assert turns.in_turn([big, pupil], room, is_strict=False) == ([pupil], {big.id: 1})
    free = Room(11, room.taken, room.kept)
    assert turns.in_turn([big, other], free, is_strict=False) == ([other], {big.id: 1})


@pytest.mark.parametrize(("is_strict", "passed"), [(True, 0), (False, 3)])
def test_who_is_waited_for_holds_up_rivals_only(is_strict: bool, passed: int) -> None:
    room = Room(12, {"individual": 6}, {"class": 3, "partner": 1})
    big, pupil, other, partner = (
        entry("class", 6, passed), entry("class", 2), entry("individual", 1), entry("partner", 1),
    )  # fmt: skip
    assert turns.in_turn([big, pupil, other, partner], room, is_strict=is_strict) == ([partner], {})


def test_who_is_held_up_is_not_overtaken_from_behind_within_the_own_share() -> None:
    """The three fit, and wait for the class; the one behind them stays in the share, and behind them."""
    room = Room(20, {"individual": 8, "class": 4}, {"individual": 10})
    queue = [entry("class", 7, 3), entry("individual", 3), entry("individual", 1)]
    assert turns.in_turn(queue, room, is_strict=False) == ([], {})


@given(st.integers(2, 9), st.lists(st.integers(1, 9), min_size=20, max_size=20))
def test_the_first_is_served_after_three_others_at_most(needs: int, frees: list[int]) -> None:
    """A queue that is never empty, and seats that come free by ones and twos: nobody waits for ever."""
    first, others = Entry(uuid4(), needs, 0), 0
    free = 0
    for more in frees:
        free += more
        queue = [first, *(Entry(uuid4(), 1, 0) for _ in range(9))]
        served, passed = in_turn(queue, free, is_strict=False)
        free -= sum(entry.seats for entry in served)
        if first in served:
            break
        others += len(served)
        first = Entry(first.id, needs, passed.get(first.id, first.passed_over))
    assert others <= MOST_PASSES


async def crowded(fill: str) -> tuple[BookableSlot, list[Dossier], Dossier]:
    """Six taken seats, and somebody who waits for two."""
    slot, holders = await full_slot(6, fill=fill)
    return slot, holders, await joined(slot, wants=2)


async def test_best_fit_serves_others_three_times_and_then_keeps_the_seats_together() -> None:
    slot, holders, big = await crowded("best_fit")
    others = [await joined(slot) for _ in range(5)]
    for holder in holders[:4]:
        await changes.cancel(holder)

    assert await state_of(big, *others) == ["waiting", "offered", "offered", "offered", "waiting", "waiting"]
    assert (await booking_of(big)).passed_over == 3
    assert [verb for _, verb in await journal_of((await booking_of(big)).id)] == ["join", *["passed_over"] * 3]
    assert await held(slot) == 5
    await changes.cancel(holders[4])
    assert await state_of(big, *others[3:]) == ["offered", "waiting", "waiting"]


async def test_strict_waits_for_enough_seats_for_the_first() -> None:
    slot, holders, big = await crowded("strict")
    other = await joined(slot)
    await changes.cancel(holders[0])
    assert await state_of(big, other) == ["waiting", "waiting"]

    await changes.cancel(holders[1])

    assert await state_of(big, other) == ["offered", "waiting"]
    assert (await booking_of(big)).passed_over == 0


async def test_who_joins_and_fits_where_those_before_do_not_is_offered_the_seat_at_once() -> None:
    slot, holders, big = await crowded("best_fit")
    await changes.cancel(holders[0])

    small = await joined(slot)

    assert await state_of(big, small) == ["waiting", "offered"]
    assert (await booking_of(big)).passed_over == 1


async def test_who_comes_back_and_fits_is_offered_the_seat_at_once() -> None:
    slot, holders, big = await crowded("best_fit")
    small = await joined(slot)
    await changes.cancel(holders[0])
    await offers.decline(small)

    await offers.rejoin(small)

    assert await state_of(big, small) == ["waiting", "offered"]
    assert (await booking_of(big)).passed_over == 2


@pytest.mark.parametrize("leaves", ["strict", "best_fit"])
async def test_when_an_entry_that_blocks_leaves_those_behind_it_are_served(leaves: str) -> None:
    slot, holders, big = await crowded(leaves)
    await want(big, 5)
    others = [await joined(slot) for _ in range(5)]
    for holder in holders[:4]:
        await changes.cancel(holder)
    before = await state_of(*others)
    await changes.cancel(big)

    assert before == (["waiting"] * 5 if leaves == "strict" else ["offered"] * 3 + ["waiting"] * 2)
    assert await state_of(*others) == ["offered"] * 4 + ["waiting"]


@pytest.mark.parametrize("fill", ["best_fit", "strict"])
async def test_who_wants_more_seats_than_there_are_is_not_waited_for(fill: str) -> None:
    slot, holders, big = await crowded(fill)
    await want(big, 5)
    for holder in holders[:3]:
        await changes.cancel(holder)
    await waiting.resize(slot.id, 4)
    others = [await joined(slot) for _ in range(3)]

    assert await state_of(big, *others) == ["waiting", "offered", "waiting", "waiting"]
    assert (await booking_of(big)).passed_over == 0
    await waiting.resize(slot.id, 5)  # could be served again, so it is waited for again
    assert await state_of(*others) == ["offered", *(["waiting"] * 2 if fill == "strict" else ["offered", "waiting"])]
    assert (await booking_of(big)).passed_over == (0 if fill == "strict" else 1)


async def test_a_large_entry_gets_all_its_seats_and_gives_them_all_back() -> None:
    slot, holders, big = await crowded("best_fit")
    for holder in holders[:2]:
        await changes.cancel(holder)
    await offers.accept(big)
    assert (await held(slot), await state_of(big)) == (6, ["confirmed"])

    await changes.cancel(big)

    assert await held(slot) == 4
    await booked(slot, a_pupil())
