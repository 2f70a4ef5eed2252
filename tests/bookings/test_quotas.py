"""Quotas: seats kept for classes, individuals and partners, taken by one statement and waited for in turn."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from service import clock, db
from service.bookings import changes, dossiers, erasure, offers, seats, turns, waiting
from service.bookings.dossiers import Booker
from service.bookings.holds import Standing
from service.bookings.plans import Party
from service.bookings.seats import SoldOut
from service.bookings.tables import Dossier
from service.bookings.waiting import FewerThanTaken
from service.events import slots
from service.events.slots import BookableSlot, UnknownSlot
from service.operations import checks
from tests.bookings.harness import at_once, booking_of, journal_of, kinds
from tests.bookings.queues import DAY, HOUR, SECOND, ask, joined, some, state_of
from tests.makers import BEN, a_pupil, make_event, make_slot

HAD = "SELECT seats_taken, class_seats, partner_seats FROM slot WHERE id = $1"
BY_AUDIENCE = """
SELECT coalesce(sum(seats), 0)::int, coalesce(sum(seats) FILTER (WHERE audience = 'class'), 0)::int,
       coalesce(sum(seats) FILTER (WHERE audience = 'partner'), 0)::int
FROM booking WHERE slot = $1 AND state IN ('confirmed', 'offered')
"""


async def a_slot(capacity: int = 10, **kept: Any) -> BookableSlot:
    """A slot of an event that takes everybody and keeps seats."""
    fill = kept.pop("fill", "best_fit")
    return await make_slot(capacity, event=await make_event(takes_classes=True, **kept), fill=fill)


async def had(slot: BookableSlot) -> tuple[int, ...]:
    """What the slot counts: in all, of classes, of partners."""
    return tuple((await db.fetch(HAD, slot.id))[0])


async def take(slot: BookableSlot, number: int, audience: str) -> None:
    """The inner step alone, undone: only whether it refuses is of interest."""
    async with db.transaction():
        await seats.take(slot, number, audience)
        await seats.give_back(slot.id, number, audience)


async def book(slot: BookableSlot, audience: str) -> Dossier:
    """By the form of an individual, who may come by a partner's link."""
    return await seats.book(await slots.load(slot.id), replace(a_pupil(), is_partner=audience == "partner"))


# One statement


@pytest.mark.parametrize(("audience", "fits"), [("individual", 4), ("class", 8), ("partner", 6)])
async def test_nobody_takes_what_is_kept_for_others(audience: str, fits: int) -> None:
    slot = await a_slot(11, kept_for_classes=4, kept_for_partners=2, kept_for_individuals=1)
    await book(slot, "individual")
    await take(slot, fits, audience)

    with pytest.raises(SoldOut) as refusal:
        await take(slot, fits + 1, audience)

    assert (refusal.value.seats_left, refusal.value.seats_waiting) == (fits, 0)


async def test_a_seat_is_counted_for_its_audience_and_given_back_by_it() -> None:
    slot = await a_slot(10)
    everybody = [await ask(slot, "class", 4), await ask(slot, "partner"), await ask(slot, "individual")]
    assert await had(slot) == (6, 4, 1)
    for ends, left in zip(
        (changes.cancel, erasure.erase, changes.cancel), ((2, 0, 1), (1, 0, 0), (0, 0, 0)), strict=True
    ):
        await ends(everybody.pop(0))
        assert await had(slot) == left


async def test_who_takes_a_cancellation_back_is_counted_for_the_same_audience() -> None:
    slot = await a_slot(10, kept_for_individuals=6)
    dossier = await ask(slot, "class", 4)
    await changes.cancel(dossier)
    await changes.restore(dossier)
    assert await had(slot) == (4, 4, 0)

    await changes.cancel(dossier)
    await ask(slot, "class", 1)
    with pytest.raises(SoldOut) as refusal:
        await changes.restore(dossier)
    assert refusal.value.seats_left == 3


async def test_what_an_audience_took_beyond_its_share_keeps_nothing_more() -> None:
    slot = await a_slot(10, kept_for_classes=4)
    await ask(slot, "class", 6)
    assert (await slots.load(slot.id)).seats_left == 4
    await some(slot, "individual", 4)
    assert await had(slot) == (10, 6, 0)


async def test_what_is_kept_is_everybody_s_from_its_day_on_and_after_the_closing() -> None:
    slot = await a_slot(4, kept_for_classes=4, kept_days=2)
    until_closing = await a_slot(4, kept_for_classes=4)
    for one, released in ((slot, slot.starts_at - 2 * DAY), (until_closing, until_closing.closes_at)):
        with clock.at(released - SECOND), pytest.raises(SoldOut):
            await take(one, 1, "individual")
        with clock.at(released):
            await take(one, 4, "individual")


async def test_the_table_itself_refuses_shares_that_cannot_be() -> None:
    slot = await a_slot()
    for wrong in ("class_seats = -1", "partner_seats = 1", "class_seats = 2, seats_taken = 1"):
        with pytest.raises(asyncpg.CheckViolationError, match="shares_counted"):
            await db.fetch(f"UPDATE slot SET {wrong} WHERE id = $1", slot.id)


async def test_a_form_of_a_partner_books_on_the_partners_share() -> None:
    slot = await a_slot(1, kept_for_partners=1)
    with pytest.raises(SoldOut):
        await book(slot, "individual")
    assert (await booking_of(await book(slot, "partner"))).audience == "partner"


# Crowds


async def crowd(slot: BookableSlot) -> list[Any]:
    """Thirty individuals and ten classes of two at once, all of whom looked at the empty slot before."""
    return await at_once(
        *(attempt for _ in range(10) for attempt in (
            *(seats.book(slot, a_pupil()) for _ in range(3)), _class_of_two(slot),
        ))
    )  # fmt: skip


async def _class_of_two(slot: BookableSlot) -> None:
    with_label = replace(a_pupil(), class_label=f"class {uuid4().hex[:6]}")
    async with db.transaction():
        await seats.take(slot, 2, "class")
        dossier = await dossiers.open_dossier(uuid4(), with_label)
        await seats.claim(dossier, slot, with_label, Standing(), Party(pupils=2))


async def shared(slot: BookableSlot) -> tuple[int, int]:
    """How many seats individuals and classes hold, counted in rows."""
    [row] = await db.fetch(BY_AUDIENCE, slot.id)
    return row[0] - row[1], row[1]


async def test_a_crowd_never_takes_the_other_s_share() -> None:
    for individuals, classes in ((8, 4), (3, 9), (12, 0), (0, 12), (5, 5)):
        slot = await a_slot(12, kept_for_individuals=individuals, kept_for_classes=classes)

        outcomes = await crowd(slot)

        assert set(kinds(outcomes)) <= {"Dossier", "NoneType", "SoldOut"}
        alone, together = await shared(slot)
        assert alone <= 12 - classes
        assert together <= 12 - individuals
        assert alone + together >= 11  # a class of two leaves one seat that is not enough
        assert await had(slot) == (alone + together, together, 0)


async def test_without_the_condition_the_same_crowd_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a look at the settings before, and a statement that does not know them."""
    slot = await a_slot(12, kept_for_individuals=6, kept_for_classes=6)
    monkeypatch.setattr(seats, "_kept_for_others", lambda *_: [0, 0, 0])

    await crowd(slot)

    alone, together = await shared(slot)
    assert max(alone, together) > 6
    assert alone + together == 12


async def test_a_count_before_an_insert_takes_it_too() -> None:
    slot = await a_slot(12, kept_for_classes=10)

    async def count_then_insert(who: Booker) -> None:
        alone, _ = await shared(slot)
        await asyncio.sleep(0)
        if alone >= 2:
            raise SoldOut(0)
        async with db.transaction():
            dossier = await dossiers.open_dossier(uuid4(), who)
            await seats.claim(dossier, slot, who, Standing())

    await at_once(*(count_then_insert(a_pupil()) for _ in range(40)))

    alone, _ = await shared(slot)
    await db.fetch("DELETE FROM booking")  # these books cannot balance
    assert alone > 2


# The waiting list


async def test_who_stays_in_the_own_share_need_not_queue_behind_others() -> None:
    slot = await a_slot(4, kept_for_classes=2, kept_for_individuals=2)
    await ask(slot, "class", 2)
    class_ = await ask(slot, "class", 2)

    assert await state_of(class_, await book(slot, "individual"), await joined(slot)) == [
        "waiting", "confirmed", "confirmed",
    ]  # fmt: skip
    assert await state_of(await joined(slot)) == ["waiting"]


async def test_behind_somebody_of_the_own_audience_everybody_queues() -> None:
    slot = await a_slot(6, kept_for_classes=4, fill="strict")
    await some(slot, "individual", 2)
    first, second = await ask(slot, "class", 5), await ask(slot, "class", 1)
    assert await state_of(first, second) == ["waiting", "waiting"]
    assert (await booking_of(first)).passed_over == 0
    await changes.cancel(first)
    assert await state_of(second) == ["offered"]


async def test_a_freed_seat_goes_to_the_first_who_may_have_it() -> None:
    slot = await a_slot(6, kept_for_classes=3)
    pupils, [teacher] = await some(slot, "individual", 3), [await ask(slot, "class", 3)]
    pupil, class_ = await ask(slot, "individual"), await ask(slot, "class", 2)

    await changes.cancel(teacher)
    assert await state_of(pupil, class_) == ["waiting", "offered"]
    await changes.cancel(pupils[0])
    assert await state_of(pupil) == ["offered"]
    await offers.accept(pupil)
    assert await had(slot) == (5, 2, 0)
    assert (await booking_of(pupil)).passed_over == 0


async def test_who_declines_gives_back_to_the_own_share() -> None:
    slot = await a_slot(4, kept_for_classes=2)
    holders = await some(slot, "individual", 2)
    class_ = await ask(slot, "class", 2)
    first, second = await ask(slot, "class", 2), await ask(slot, "individual")
    await changes.cancel(class_)
    assert await state_of(first, second) == ["offered", "waiting"]
    await offers.decline(first)
    assert await state_of(second) == ["waiting"]
    await changes.cancel(holders[0])
    assert await state_of(second) == ["offered"]
    await offers.rejoin(first)
    assert await state_of(first) == ["confirmed"]
    assert await had(slot) == (4, 2, 0)


@pytest.mark.parametrize("fill", ["best_fit", "strict"])
async def test_when_a_share_is_released_the_worker_offers_it_once(fill: str) -> None:
    slot = await a_slot(6, kept_for_classes=3, kept_days=2, fill=fill)
    await some(slot, "individual", 3)
    waiters = await some(slot, "individual", 4)
    with clock.at(slot.starts_at - 2 * DAY - SECOND):
        assert await db.fetch(waiting.DUE, clock.now()) == []
    with clock.at(slot.starts_at - 2 * DAY):
        assert await state_of(*waiters) == ["waiting"] * 4
        assert [row["slot"] for row in await db.fetch(waiting.DUE, clock.now())] == [slot.id]
        await asyncio.gather(*(waiting.expire() for _ in range(4)))
        assert await state_of(*waiters) == ["offered"] * 3 + ["waiting"]
        assert await db.fetch(waiting.DUE, clock.now()) == []


async def test_a_released_share_that_is_too_small_for_who_is_waited_for_is_not_due() -> None:
    """The worker would lock the slot every five seconds for nothing."""
    slot = await a_slot(6, kept_for_classes=1, kept_days=2, fill="strict")
    class_ = await ask(slot, "class", 5)
    await ask(slot, "class", 2)
    await ask(slot, "individual")
    with clock.at(slot.starts_at - DAY):
        assert await db.fetch(waiting.DUE, clock.now()) == []
    await changes.cancel(class_)


async def test_in_the_last_hour_a_released_share_is_open_to_all_and_not_due() -> None:
    slot = await a_slot(2, kept_for_classes=1, kept_days=1)
    await book(slot, "individual")
    await ask(slot, "individual")
    await db.fetch("UPDATE event SET kept_days = 0")
    with clock.at(slot.closes_at - HOUR + SECOND):
        await db.fetch("UPDATE event SET kept_days = 1")
        assert await db.fetch(waiting.DUE, clock.now()) == []
        await book(slot, "individual")


async def test_the_table_s_own_look_at_idle_seats_agrees_with_whose_turn_it_is() -> None:
    """Two ways to say one rule: the pure one that serves, and the SQL that looks for what it left."""
    for number in range(60):
        slot = await _drawn(number)
        room = (await slots.load(slot.id)).room
        queue = [turns.Entry(**dict(row)) for row in await db.fetch(waiting.QUEUE.replace("FOR UPDATE", ""), slot.id)]
        served, _ = turns.in_turn(queue, room, is_strict=number % 3 == 0)
        assert await checks.idle_slots() == ([slot.id] if served else []), (room, queue)
        await db.fetch("DELETE FROM booking")
        await db.fetch("UPDATE slot SET seats_taken = 0, seats_waiting = 0, class_seats = 0, partner_seats = 0")


async def _drawn(number: int) -> BookableSlot:
    """A slot with a queue that nobody served: numbers that look like chance, the same every time."""
    dice = [(number * 7919 + turn * 104729) % 97 for turn in range(40)]
    kept = {"kept_for_individuals": dice[0] % 4, "kept_for_classes": dice[1] % 5, "kept_for_partners": dice[2] % 3}
    slot = await a_slot(12, fill="strict" if number % 3 == 0 else "best_fit", **kept)
    alone, together, partners = dice[3] % 4, dice[4] % 5, dice[5] % 4
    counted = "UPDATE slot SET seats_taken = $2, class_seats = $3, partner_seats = $4, seats_waiting = 0 WHERE id = $1"
    await db.fetch(counted, slot.id, alone + together + partners, together, partners)
    audiences = ("individual", "class", "partner")
    for turn in range(dice[6] % 6):
        who = replace(BEN, email="", first_name=f"Nobody {turn}")
        async with db.transaction():
            dossier = await dossiers.open_dossier(uuid4(), who)
            booking = await seats.claim(dossier, slot, who, Standing("waiting"))
        wants, passed = 1 + dice[10 + turn] % 9, dice[20 + turn] % 4
        told = "UPDATE booking SET seats = $2, passed_over = $3, audience = $4 WHERE id = $1"
        await db.fetch(told, booking.id, wants, passed, audiences[dice[30 + turn] % 3])
    return slot


# Another capacity


async def test_another_capacity_is_noted_in_the_journal() -> None:
    slot = await make_slot(3)
    await waiting.resize(slot.id, 5)
    assert await journal_of(slot.id) == [("organiser", "resize")]
    assert (await db.fetch("SELECT facts FROM journal"))[0]["facts"] == '{"after": 5, "before": 3}'


async def test_no_slot_has_no_capacity() -> None:
    with pytest.raises(UnknownSlot):
        await waiting.resize(uuid4(), 5)


Resize = Callable[[BookableSlot, int], Awaitable[None]]


async def _shrinking_while_people_join(resize: Resize) -> set[str]:
    """What became of joining an empty slot of 12 and of making it smaller, all at once."""
    slot = await make_slot(12)
    outcomes = await at_once(
        *(attempt for n in range(8) for attempt in (waiting.join(slot, a_pupil()), resize(slot, 8 - n)))
    )
    [row] = await db.fetch("SELECT seats_taken <= capacity AS fits FROM slot WHERE id = $1", slot.id)
    assert row["fits"]
    assert await checks.idle_slots() == []
    return set(kinds(outcomes))


async def test_who_joins_while_the_slot_shrinks_has_a_seat_or_waits_and_no_seat_stays_free() -> None:
    async def resize(slot: BookableSlot, capacity: int) -> None:
        await waiting.resize(slot.id, capacity)

    for _ in range(5):
        assert await _shrinking_while_people_join(resize) <= {"Dossier", "NoneType", "FewerThanTaken"}


async def test_without_the_lock_the_table_would_have_to_refuse_the_smaller_capacity() -> None:
    """The negative control: what is taken is read, and then something else is."""

    async def resize(slot: BookableSlot, capacity: int) -> None:
        async with db.transaction():
            [row] = await db.fetch("SELECT seats_taken FROM slot WHERE id = $1", slot.id)
            await asyncio.sleep(0.02)
            if row["seats_taken"] > capacity:
                raise FewerThanTaken(row["seats_taken"])
            await db.fetch("UPDATE slot SET capacity = $2 WHERE id = $1", slot.id, capacity)
            await waiting.promote(slot.id)

    seen = [await _shrinking_while_people_join(resize) for _ in range(5)]
    assert "CheckViolationError" in {kind for kinds_ in seen for kind in kinds_}
