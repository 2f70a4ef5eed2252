"""The numbers of a class: fewer frees seats at once, more takes what there is, the rest waits if wished."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.bookings import changes, lapses, numbers, options, seats, waiting
from service.bookings.changes import AlreadyStarted
from service.bookings.groups import ClassTooLarge, TooFewChaperones
from service.bookings.held import held_by
from service.bookings.numbers import NothingToCount
from service.bookings.plans import NOBODY, Party
from service.bookings.seats import SoldOut
from service.events.slots import BookingClosed
from tests.bookings.classes import a_class, again, class_slot, has
from tests.bookings.harness import at_once, booked, calendar_of, held, invitations_of, kinds, mail_goes_out, text_of
from tests.bookings.queues import DAY, MINUTE, after
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_slot


async def test_fewer_pupils_free_their_seats_at_once_for_those_who_wait() -> None:
    slot = await class_slot(30)
    dossier = await a_class(slot, Party(28, 2))
    ben = await waiting.join(await again(slot), BEN)

    assert await numbers.change(dossier, slot.id, Party(25, 2)) == 0

    assert await has(dossier) == [("option", 25, 2)]
    assert [one.booking.state for one in await held_by(ben)] == ["offered"]
    assert await held(slot) == 28


async def test_more_pupils_take_the_seats_that_there_are() -> None:
    dossier = await a_class(slot := await class_slot(30), Party(20, 2))
    assert await numbers.change(dossier, slot.id, Party(26, 3)) == 0
    assert (await has(dossier), await held(slot)) == ([("option", 26, 3)], 29)


async def test_more_pupils_than_seats_take_what_there_is_and_are_told_how_many_are_missing() -> None:
    dossier = await a_class(slot := await class_slot(30), Party(26, 2))
    assert await numbers.change(dossier, slot.id, Party(32, 2)) == 4
    assert await has(dossier) == [("option", 28, 2)]


async def test_the_rest_is_queued_if_wished_and_merges_when_its_seats_come_free() -> None:
    slot = await class_slot(30)
    ben = await booked(slot, BEN)
    dossier = await a_class(slot, Party(25, 2))
    assert await numbers.change(dossier, slot.id, Party(28, 2), queue_rest=True) == 0
    assert await has(dossier) == [("option", 27, 2), ("waiting", 1, 0)]

    await changes.cancel(ben)
    assert await has(dossier) == [("option", 28, 2), ("cancelled", 1, 0)]


async def test_without_a_free_seat_nothing_changes_and_it_says_so() -> None:
    dossier = await a_class(slot := await class_slot(30), Party(28, 2))
    with pytest.raises(SoldOut) as refusal:
        await numbers.change(dossier, slot.id, Party(29, 2))
    assert refusal.value.seats_left == 0
    assert await has(dossier) == [("option", 28, 2)]


async def test_nobody_overtakes_a_class_that_grows_waits_behind_those_who_wait() -> None:
    slot = await class_slot(30)
    dossier = await a_class(slot, Party(20, 2))
    await a_class(slot, NOBODY, "1re A", later=Party(20, 0))  # 8 seats are free, too few for them
    with pytest.raises(SoldOut):
        await numbers.change(dossier, slot.id, Party(21, 2))


async def test_more_of_a_class_that_waits_partly_grow_its_place_in_the_queue_and_less_shrinks_it_first() -> None:
    slot = await class_slot(30)
    await a_class(slot, Party(10, 0), "1re A")
    dossier = await a_class(slot, Party(18, 2), later=Party(4, 0))
    await numbers.change(dossier, slot.id, Party(26, 2), queue_rest=True)
    assert await has(dossier) == [("option", 18, 2), ("waiting", 8, 0)]
    await numbers.change(dossier, slot.id, Party(20, 2), queue_rest=True)
    assert await has(dossier) == [("option", 18, 2), ("waiting", 2, 0)]
    await numbers.change(dossier, slot.id, Party(17, 2))
    assert await has(dossier) == [("option", 17, 2), ("cancelled", 2, 0)]
    assert (await again(slot)).seats_waiting == 0


async def test_a_class_that_waits_as_a_whole_may_wait_with_other_numbers() -> None:
    slot = await class_slot(30)
    await a_class(slot, Party(30, 0), "1re A")
    dossier = await a_class(slot, NOBODY, later=Party(20, 2))
    await numbers.change(dossier, slot.id, Party(25, 2))
    assert await has(dossier) == [("waiting", 25, 2)]
    with pytest.raises(ClassTooLarge) as refusal:
        await numbers.change(dossier, slot.id, Party(30, 2))
    assert refusal.value.most == 30


async def test_numbers_keep_the_rules_of_the_event() -> None:
    slot = await class_slot(60, chaperone_ratio=10, class_seats_max=33)
    dossier = await a_class(slot, Party(28, 3))
    with pytest.raises(TooFewChaperones):
        await numbers.change(dossier, slot.id, Party(31, 2))
    with pytest.raises(ClassTooLarge):
        await numbers.change(dossier, slot.id, Party(30, 4))
    with pytest.raises(NothingToCount):
        await numbers.change(dossier, slot.id, Party(0, 3))
    with pytest.raises(NothingToCount):
        await numbers.change(dossier, (await make_slot()).id, Party(3, 3))
    assert await has(dossier) == [("option", 28, 3)]


async def test_after_closing_numbers_may_only_fall_and_from_the_start_they_stay() -> None:
    slot = await class_slot(60, list_closes_days=3)
    dossier = await a_class(slot, Party(20, 2))
    await options.confirm(dossier)
    with after(19 * DAY):
        with pytest.raises(BookingClosed):
            await numbers.change(dossier, slot.id, Party(21, 2))
        await numbers.change(dossier, slot.id, Party(18, 2))
    with after(21 * DAY + MINUTE), pytest.raises(AlreadyStarted):
        await numbers.change(dossier, slot.id, Party(17, 2))
    assert await has(dossier) == [("confirmed", 18, 2)]


async def test_an_individual_has_no_numbers() -> None:
    slot = await make_slot()
    with pytest.raises(NothingToCount):
        await numbers.change(await make_booking(slot), slot.id, Party(2, 0))


async def test_new_numbers_are_mailed_after_five_minutes_in_one_letter_with_the_same_entry(tmp_path: Path) -> None:
    dossier = await a_class(slot := await class_slot(40, option_days=None), Party(28, 3))
    await mail_goes_out(tmp_path)
    await numbers.change(dossier, slot.id, Party(27, 3))
    await numbers.change(dossier, slot.id, Party(26, 3))
    assert await mail_goes_out(tmp_path) == []

    with after(6 * MINUTE):
        [letter] = await mail_goes_out(tmp_path)
    assert calendar_of(letter)["SEQUENCE"] == "2"
    assert "26" in text_of(letter)
    assert len(await invitations_of(dossier)) == 1


async def test_a_merged_rest_is_told_with_the_new_numbers(tmp_path: Path) -> None:
    slot = await class_slot(20, option_days=None)
    ben = await booked(slot, BEN)
    await a_class(slot, Party(18, 1), later=Party(1, 0))
    await mail_goes_out(tmp_path)
    await changes.cancel(ben)
    with after(6 * MINUTE):
        letters = [letter for letter in await mail_goes_out(tmp_path) if "lycee.test" in letter["to"]]
    assert [calendar_of(letter)["METHOD"] for letter in letters] == ["REQUEST"]


async def test_changing_numbers_from_two_screens_at_once_ends_as_one_of_them_said() -> None:
    dossier = await a_class(slot := await class_slot(40), Party(20, 2))
    wanted = [Party(15, 2), Party(30, 3), Party(25, 2), Party(10, 1)]
    outcomes = await at_once(*(numbers.change(dossier, slot.id, party) for party in wanted))
    assert kinds(outcomes) == {"int": 4}
    [(_, pupils, chaperones)] = await has(dossier)
    assert Party(pupils, chaperones) in wanted
    assert await held(slot) == pupils + chaperones


async def test_two_classes_that_grow_into_the_last_seats_never_oversell() -> None:
    slot = await class_slot(30)
    first, second = await a_class(slot, Party(10, 0), "2de 1"), await a_class(slot, Party(10, 0), "2de 2")
    outcomes = await at_once(*(numbers.change(one, slot.id, Party(20, 0)) for one in (first, second) * 2))
    assert {type(one) for one in outcomes} <= {int, SoldOut}
    assert await held(slot) == 30


async def test_a_crowd_of_pupils_and_a_class_that_grows_share_the_last_seats() -> None:
    slot = await class_slot(12)
    dossier = await a_class(slot, Party(8, 0))
    pupils = [seats.book(await again(slot), a_pupil()) for _ in range(6)]
    await at_once(*pupils, numbers.change(dossier, slot.id, Party(10, 0)))
    assert await held(slot) == 12


async def test_no_rest_is_left_behind_by_an_option_that_lapses_while_it_grows() -> None:
    slot = await class_slot(10)
    dossier = await a_class(slot, Party(8, 0))
    await seats.book(await again(slot), CLEO)
    with after(10 * DAY - timedelta(milliseconds=2)):
        await at_once(numbers.change(dossier, slot.id, Party(10, 0), queue_rest=True), lapses.expire())
    with after(10 * DAY + MINUTE):
        await lapses.expire()
        await waiting.expire()
    assert {state for state, _, _ in await has(dossier)} <= {"expired", "cancelled"}
    assert (await again(slot)).seats_waiting == 0
