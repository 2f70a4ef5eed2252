"""Second thoughts of a class: parts of it that end, come back or wait; and what its teacher is told each time."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from service import clock, db
from service.bookings import (
    addresses,
    changes,
    dossiers,
    erasure,
    groups,
    lapses,
    numbers,
    offers,
    options,
    pending,
    waiting,
)
from service.bookings.groups import ClassTooLarge
from service.bookings.held import held_by
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.seats import SoldOut
from service.bookings.tables import Dossier
from service.bookings.waiting import OfferOver
from service.events.slots import BookableSlot, CalledOff
from service.limits.keys import Key
from tests.bookings.classes import TEACHER, WEEK, a_class, a_class_of, again, class_event, class_slot, end_of, has, over
from tests.bookings.harness import at_once, booked, calendar_of, held, kinds, mail_goes_out, reread, text_of
from tests.bookings.minors import evening_slot, pending_minor
from tests.bookings.queues import DAY, MINUTE, SECOND, after
from tests.makers import BEN, CLEO, a_pupil, at_paris, make_slot

RIGHT = "m.cappelaere@autre-lycee.test"
POSTED = """
SELECT letter, state, recipient FROM email WHERE subject_id = $1
    OR subject_id IN (SELECT id FROM booking WHERE dossier = $1) ORDER BY id
"""


async def weekly(number: int, seats: int = 13, **of_event: Any) -> list[BookableSlot]:
    """So many slots of one event, a week apart."""
    event = await class_event(**of_event)
    return [await make_slot(seats, event=event, starts_in=(week + 2) * WEEK) for week in range(number)]


async def partly(slot: BookableSlot, party: Party, later: Party) -> Dossier:
    """A class of which a part waits: all seats of the slot are taken."""
    missing = (await again(slot)).seats_left - party.seats
    for _ in range(missing):
        await booked(slot, a_pupil())
    return await a_class(slot, party, later=later)


async def unsettled(dossier: Dossier) -> list[str]:
    """The letters that will leave."""
    return [row["letter"] for row in await db.fetch(POSTED, dossier.id) if row["state"] == "due"]


async def call_off(slot: BookableSlot) -> None:
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'grève' WHERE id = $1", slot.id)


async def approve(dossier: Dossier) -> None:
    await pending.approve((await held_by(dossier))[0].booking.id, "ada")


# What waits beside what is held


async def test_a_class_that_waits_partly_is_cancelled_with_its_rest_which_is_offered_nothing() -> None:
    slot = await class_slot(20)
    dossier = await partly(slot, Party(10, 1), Party(5, 0))
    await changes.cancel(dossier)
    assert await has(dossier) == [("cancelled", 10, 1), ("cancelled", 5, 0)]
    assert (await held(slot), (await again(slot)).seats_waiting) == (9, 0)
    assert await unsettled(dossier) == ["cancellation"]


async def test_a_class_that_waits_partly_is_erased_with_its_rest() -> None:
    slot = await class_slot(20)
    dossier = await partly(slot, Party(10, 1), Party(5, 0))
    cleo = await waiting.join(await again(slot), CLEO)
    await erasure.erase(dossier)
    assert await has(dossier) == [("cancelled", 10, 1), ("cancelled", 5, 0)]
    assert [state for state, _, _ in await has(cleo)] == ["offered"]


async def test_an_older_backup_that_brings_a_class_back_is_erased_again_in_all_of_its_slots() -> None:
    first, second = await weekly(2, 20, option_days=None)
    for _ in range(9):
        await booked(first, a_pupil())
    plan = [Part(first.id, Party(10, 1), Party(5, 0)), Part(second.id, Party(8, 1))]
    dossier = await groups.book(plan, TEACHER)
    cleo = await waiting.join(await again(first), CLEO)
    async with db.transaction():
        assert await erasure.repeat({dossier.id: dossier.created_at + SECOND}) == 1
    assert [state for state, _, _ in await has(dossier)] == ["cancelled"] * 3
    assert (await held(first), await held(second)) == (10, 0)
    assert [state for state, _, _ in await has(cleo)] == ["offered"]
    assert await unsettled(dossier) == []


async def test_a_class_taken_back_has_its_seats_again_but_its_rest_left_the_queue() -> None:
    slot = await class_slot(20)
    dossier = await partly(slot, Party(10, 1), Party(5, 0))
    await changes.cancel(dossier)
    await changes.restore(dossier)
    assert await has(dossier) == [("option", 10, 1), ("cancelled", 5, 0)]


async def test_a_rest_that_ended_with_its_option_cannot_go_back_alone() -> None:
    slot = await class_slot(20)
    dossier = await partly(slot, Party(10, 1), Party(5, 0))
    with after(10 * DAY + SECOND):
        await lapses.expire()
        with pytest.raises(OfferOver):
            await offers.rejoin(dossier)
    assert {state for state, _, _ in await has(dossier)} == {"expired"}


async def test_a_class_that_lapsed_while_it_was_pending_goes_back_as_it_was_held_and_without_its_rest() -> None:
    slot = await class_slot(20, needs_approval=True, list_closes_days=19)
    await a_class_of(slot, pupils=9, chaperones=0, label="1re A")
    dossier = await a_class(slot, Party(10, 1), later=Party(5, 0))
    await db.fetch("UPDATE slot SET closes_at = starts_at")
    with after(3 * DAY):
        await lapses.expire()
        await offers.rejoin(dossier)
    assert await has(dossier) == [("pending", 10, 1), ("expired", 5, 0)]


async def test_of_a_class_that_was_refused_nothing_goes_back_to_the_queue() -> None:
    slot = await class_slot(20, needs_approval=True)
    dossier = await partly(slot, Party(10, 1), Party(5, 0))
    [one] = [one for one in await held_by(dossier) if one.booking.state == "pending"]
    await pending.refuse(one.booking.id, "", "ada")
    with pytest.raises(OfferOver):
        await offers.rejoin(dossier)
    assert (await again(slot)).seats_waiting == 0


# All of it, part of it


async def test_a_class_is_taken_back_wholly_or_not_at_all() -> None:
    chosen = await weekly(3)
    dossier = await over(chosen, Party(12, 1), Party(12, 1), Party(4, 1))
    await changes.cancel(dossier)
    await booked(chosen[1], BEN)
    with pytest.raises(SoldOut) as refusal:
        await changes.restore(dossier)
    assert refusal.value.seats_left == 12
    assert [await held(slot) for slot in chosen] == [0, 1, 0]


async def test_one_date_alone_may_be_taken_back() -> None:
    chosen = await weekly(2)
    dossier = await over(chosen, Party(12, 1), Party(12, 1))
    await changes.cancel(dossier)
    await changes.restore(dossier, slot=chosen[1].id)
    assert await has(dossier) == [("cancelled", 12, 1), ("option", 12, 1)]


async def test_what_is_confirmed_is_what_was_not_given_up() -> None:
    chosen = await weekly(3)
    dossier = await over(chosen, Party(12, 1), Party(12, 1), Party(4, 1))
    await changes.cancel(dossier, slot=chosen[0].id)
    await options.confirm(dossier)
    assert await has(dossier) == [("cancelled", 12, 1), ("confirmed", 12, 1), ("confirmed", 4, 1)]


async def test_a_date_that_is_called_off_is_not_confirmed_and_the_others_are() -> None:
    chosen = await weekly(2)
    dossier = await over(chosen, Party(12, 1), Party(12, 1))
    await call_off(chosen[0])
    await options.confirm(dossier)
    assert await has(dossier) == [("option", 12, 1), ("confirmed", 12, 1)]
    await call_off(chosen[1])
    await options.confirm(dossier)
    with pytest.raises(CalledOff):
        await options.confirm(await a_lone_option_on_a_date_called_off())


async def a_lone_option_on_a_date_called_off() -> Dossier:
    dossier = await a_class(slot := await class_slot(40))
    await call_off(slot)
    return dossier


async def test_a_date_that_is_called_off_is_not_approved_nor_taken_back_and_the_others_are() -> None:
    chosen = await weekly(2, needs_approval=True, option_days=None)
    dossier = await over(chosen, Party(12, 1), Party(12, 1))
    await call_off(chosen[0])
    [other] = [one for one in await held_by(dossier) if one.slot.id == chosen[1].id]
    await pending.approve(other.booking.id, "ada")
    assert await has(dossier) == [("pending", 12, 1), ("confirmed", 12, 1)]
    await changes.cancel(dossier)
    await changes.restore(dossier)
    assert await has(dossier) == [("cancelled", 12, 1), ("confirmed", 12, 1)]


async def test_of_two_offers_the_one_of_a_date_that_is_called_off_is_not_taken() -> None:
    chosen = await weekly(2)
    for slot in chosen:
        await booked(slot, BEN)
    plan = [Part(slot.id, NOBODY, Party(12, 1)) for slot in chosen]
    dossier = await groups.book(plan, TEACHER)
    for slot in chosen:
        await waiting.resize(slot.id, 14)
    await call_off(chosen[0])
    await offers.accept(dossier)
    assert await has(dossier) == [("offered", 12, 1), ("confirmed", 12, 1)]


async def test_what_waits_for_a_date_that_is_called_off_is_offered_nothing() -> None:
    slot = await class_slot(20)
    dossier = await partly(slot, NOBODY, Party(5, 0))
    await call_off(slot)
    await waiting.resize(slot.id, 40)
    assert await has(dossier) == [("waiting", 5, 0)]


async def test_numbers_of_a_date_that_is_called_off_stay() -> None:
    dossier = await a_class(slot := await class_slot(40))
    await call_off(slot)
    with pytest.raises(CalledOff):
        await numbers.change(dossier, slot.id, Party(20, 3))


async def test_an_option_of_a_date_that_is_called_off_is_not_reminded() -> None:
    await a_lone_option_on_a_date_called_off()
    with after(8 * DAY):
        assert await options.remind() == 0


async def test_a_class_approved_shortly_before_its_option_ends_has_just_read_of_it_and_is_not_reminded() -> None:
    dossier = await a_class(await class_slot(40, needs_approval=True, option_days=2))
    with after(7 * DAY):
        await approve(dossier)
        assert await has(dossier) == [("option", 28, 3)]
        assert await options.remind() == 0


# What the teacher is told


async def test_a_class_taken_back_is_told_so(tmp_path: Path) -> None:
    dossier = await over(await weekly(2), Party(12, 1), Party(12, 1))
    await mail_goes_out(tmp_path)
    await changes.cancel(dossier)
    await mail_goes_out(tmp_path)
    await changes.restore(dossier)
    [letter] = await mail_goes_out(tmp_path)
    assert letter["subject"].startswith("À confirmer")


async def test_the_summary_of_a_class_that_was_cancelled_at_once_never_leaves() -> None:
    dossier = await over(await weekly(2), Party(12, 1), Party(12, 1))
    await changes.cancel(dossier)
    assert await unsettled(dossier) == ["cancellation", "cancellation"]


async def test_the_summary_of_a_class_that_gave_up_one_date_at_once_tells_of_the_other() -> None:
    chosen = await weekly(2)
    dossier = await over(chosen, Party(12, 1), Party(4, 1))
    await changes.cancel(dossier, slot=chosen[0].id)
    assert await unsettled(dossier) == ["cancellation", "class"]
    [told] = await db.fetch("SELECT jsonb_array_length(facts -> 'slots') AS dates FROM email"
                            " WHERE letter = 'class' AND state = 'due'")  # fmt: skip
    assert told["dates"] == 1


async def test_giving_up_one_date_later_repeats_no_summary(tmp_path: Path) -> None:
    chosen = await weekly(2)
    dossier = await over(chosen, Party(12, 1), Party(4, 1))
    await mail_goes_out(tmp_path)
    await changes.cancel(dossier, slot=chosen[0].id)
    assert await unsettled(dossier) == ["cancellation"]


async def test_the_summary_of_a_class_that_is_erased_at_once_never_leaves() -> None:
    dossier = await over(await weekly(2), Party(12, 1), Party(12, 1))
    await erasure.erase(dossier)
    assert "class" not in await unsettled(dossier)


@pytest.mark.parametrize(
    ("of_event", "letters"),
    [
        ({}, ["class"]),
        ({"needs_approval": True}, ["class"]),
        ({"option_days": None}, ["class", "confirmation", "confirmation"]),
    ],
)
async def test_the_summary_of_a_class_goes_to_the_address_as_corrected_and_no_more_to_the_old_one(
    of_event: dict[str, Any], letters: Sequence[str]
) -> None:
    dossier = await over(await weekly(2, **of_event), Party(12, 1), Party(12, 1))
    moved = await addresses.correct_address(dossier, RIGHT)
    rows = await db.fetch("SELECT letter, state, recipient, facts FROM email WHERE state = 'due' ORDER BY letter, id")
    assert [row["letter"] for row in rows if row["recipient"] == RIGHT] == letters
    assert {row["letter"] for row in rows if row["recipient"] == TEACHER.email} <= {"withdrawn"}
    with pytest.raises(dossiers.UnknownLink):
        await dossiers.by_token(dossiers.token_of(dossier.id, dossier.generation))
    assert (await reread(dossier)).generation == moved.generation == 1


async def test_the_summary_is_posted_again_and_again_each_time_as_another_letter(tmp_path: Path) -> None:
    chosen = await weekly(2)
    dossier = await over(chosen, Party(12, 1), Party(4, 1))
    for number in range(3):
        dossier = await addresses.correct_address(dossier, f"{number}.{RIGHT}")
        await mail_goes_out(tmp_path)
        await changes.cancel(dossier, slot=chosen[0].id)
        await changes.restore(dossier, slot=chosen[0].id)
        await mail_goes_out(tmp_path)
    rows = await db.fetch("SELECT count(*) AS sent FROM email WHERE letter = 'class' AND state = 'sent'")
    assert rows[0]["sent"] == 6


async def test_an_approved_class_reads_one_summary_the_one_that_it_awaits_never_leaves() -> None:
    dossier = await over(await weekly(2, needs_approval=True), Party(12, 1), Party(12, 1))
    await approve(dossier)
    assert await unsettled(dossier) == ["class"]


async def test_a_refused_class_reads_of_the_refusal_only() -> None:
    dossier = await a_class(await class_slot(40, needs_approval=True))
    await pending.refuse((await held_by(dossier))[0].booking.id, "Trop jeunes.", "ada")
    assert await unsettled(dossier) == ["refused"]


async def test_a_class_that_takes_an_offer_where_approval_is_needed_is_told_so(tmp_path: Path) -> None:
    slot = await class_slot(10, needs_approval=True)
    ben = await booked(slot, BEN)
    dossier = await a_class(slot, NOBODY, later=Party(9, 1))
    await changes.cancel(ben)
    await mail_goes_out(tmp_path)
    await offers.accept(dossier)
    assert await has(dossier) == [("pending", 9, 1)]
    [letter] = await mail_goes_out(tmp_path)
    assert letter["subject"].startswith("En attente de validation")


async def test_a_class_that_is_offered_its_seats_at_once_reads_of_the_offer_only() -> None:
    slot = await class_slot(10)
    ben = await booked(slot, BEN)
    dossier = await a_class(slot, NOBODY, later=Party(9, 1))
    await changes.cancel(ben)
    assert await unsettled(dossier) == ["offer"]


async def test_a_class_that_waits_with_other_numbers_is_told_where_it_stands() -> None:
    slot = await class_slot(10)
    for who in (BEN, CLEO):
        await booked(slot, who)
    dossier = await a_class(slot, NOBODY, later=Party(9, 1))
    await numbers.change(dossier, slot.id, Party(8, 1))
    assert await unsettled(dossier) == ["class"]
    [letter] = await db.fetch(
        "SELECT facts -> 'slots' -> 0 AS line FROM email WHERE (state, letter) = ('due', 'class')"
    )
    assert '"pupils": 8' in letter["line"]
    assert '"position": 1' in letter["line"]


async def test_the_same_numbers_again_change_nothing_and_write_nothing(tmp_path: Path) -> None:
    slot = await class_slot(20, option_days=None)
    dossier = await partly(slot, Party(10, 1), Party(5, 0))
    await mail_goes_out(tmp_path)
    await numbers.change(dossier, slot.id, Party(15, 1), queue_rest=True)
    assert await has(dossier) == [("confirmed", 10, 1), ("waiting", 5, 0)]
    assert await unsettled(dossier) == []


async def test_new_numbers_that_were_not_sent_yet_are_never_sent_once_the_class_is_cancelled(tmp_path: Path) -> None:
    dossier = await a_class(slot := await class_slot(40, option_days=None))
    [request] = await mail_goes_out(tmp_path)
    await numbers.change(dossier, slot.id, Party(20, 2))
    await changes.cancel(dossier)
    with after(6 * MINUTE):
        [letter] = await mail_goes_out(tmp_path)
    entry = calendar_of(letter)
    assert (entry["METHOD"], entry["SEQUENCE"], entry["UID"]) == ("CANCEL", "2", calendar_of(request)["UID"])


async def test_an_entry_that_was_changed_is_cancelled_with_a_later_sequence(tmp_path: Path) -> None:
    dossier = await a_class(slot := await class_slot(40, option_days=None))
    await mail_goes_out(tmp_path)
    await numbers.change(dossier, slot.id, Party(20, 2))
    with after(6 * MINUTE):
        [changed] = await mail_goes_out(tmp_path)
        await changes.cancel(dossier)
        [cancelled] = await mail_goes_out(tmp_path)
    told = [(calendar_of(one)["METHOD"], calendar_of(one)["SEQUENCE"]) for one in (changed, cancelled)]
    assert told == [("REQUEST", "1"), ("CANCEL", "2")]
    assert calendar_of(changed)["UID"] == calendar_of(cancelled)["UID"]


async def test_where_no_request_went_out_a_changed_class_is_cancelled_by_a_plain_letter(tmp_path: Path) -> None:
    dossier = await a_class(slot := await class_slot(40, option_days=None))
    await numbers.change(dossier, slot.id, Party(20, 2))
    await changes.cancel(dossier)
    with after(6 * MINUTE):
        [letter] = await mail_goes_out(tmp_path)
    assert calendar_of(letter) == {}


async def test_numbers_that_change_before_the_confirmation_left_follow_it_after_five_minutes(tmp_path: Path) -> None:
    dossier = await a_class(slot := await class_slot(40, option_days=None))
    await numbers.change(dossier, slot.id, Party(20, 2))
    [first] = await mail_goes_out(tmp_path)
    with after(6 * MINUTE):
        [second] = await mail_goes_out(tmp_path)
    assert [calendar_of(one)["SEQUENCE"] for one in (first, second)] == ["0", "1"]
    assert "20 élèves" in text_of(second)


# The edges


async def test_in_the_last_hour_a_class_takes_what_is_free_like_anybody() -> None:
    slot = await class_slot(20)
    dossier = await a_class(slot, Party(10, 0))
    await a_class(slot, NOBODY, "1re A", later=Party(15, 0))
    await options.confirm(dossier)
    with after(3 * WEEK - 30 * MINUTE):
        assert await numbers.change(dossier, slot.id, Party(12, 0)) == 0
    assert (await has(dossier))[0] == ("confirmed", 12, 0)


async def test_a_class_grows_within_its_own_share_whoever_of_the_others_waits() -> None:
    slot = await class_slot(20, kept_for_classes=12)
    dossier = await a_class(slot, Party(8, 0))
    for _ in range(8):
        await booked(slot, a_pupil())
    await waiting.join(await again(slot), BEN)
    assert await numbers.change(dossier, slot.id, Party(11, 0)) == 0
    assert await numbers.change(dossier, slot.id, Party(14, 0)) == 2  # what lies beyond its share is Ben's
    assert await has(dossier) == [("option", 12, 0)]


async def test_a_class_that_could_never_have_its_seats_does_not_wait_for_them() -> None:
    slot = await class_slot(20)
    with pytest.raises(ClassTooLarge) as refusal:
        await a_class(slot, Party(10, 0), later=Party(11, 0))
    assert refusal.value.most == 20


async def test_a_class_and_a_person_of_one_name_and_address_are_two() -> None:
    slot = await class_slot(20)
    await booked(slot, replace(TEACHER, class_label="", first_name="2de", last_name="4"))
    await a_class(slot, Party(5, 0))
    assert await held(slot) == 6


async def test_one_form_of_a_class_sent_twenty_times_at_once_books_once() -> None:
    slot, key = await class_slot(100), Key.of("class", {"plan": "28"})
    plan = [Part(slot.id, Party(28, 3))]
    outcomes = await at_once(*(groups.book(plan, TEACHER, key=key) for _ in range(20)))
    assert kinds(outcomes) == {"Dossier": 20}
    assert (len({one.id for one in outcomes}), await held(slot)) == (1, 31)


async def test_of_two_plans_under_one_key_at_once_one_is_refused() -> None:
    slot = await class_slot(100)
    sent = [
        groups.book(
            [Part(slot.id, Party(n, 0))], replace(TEACHER, class_label=f"{n}"), key=Key.of("k", {"plan": f"{n}"})
        )
        for n in (10, 20)
    ]
    assert kinds(await at_once(*sent)) == {"Dossier": 1, "KeyReused": 1}


async def test_three_classes_in_a_crowd_that_wait_partly_and_change_their_mind_keep_the_books() -> None:
    slot = await class_slot(20)
    classes = [await a_class(slot, Party(10, 0), "2de 1"), await a_class(slot, Party(8, 0), "2de 2", later=Party(4, 0))]
    wishes: list[Any] = [
        changes.cancel(classes[0]),
        changes.cancel(classes[1]),
        numbers.change(classes[1], slot.id, Party(15, 0)),
    ]
    wishes += [options.confirm(classes[1]), waiting.join(await again(slot), CLEO)]
    outcomes = await at_once(*wishes)
    assert [one for one in outcomes if isinstance(one, Exception) and type(one).__module__.startswith("asyncpg")] == []


# Whatever frees a seat, the first of the queue is offered it


FREES: dict[str, Callable[[Dossier, BookableSlot], Awaitable[object]]] = {
    "cancelling": lambda dossier, _: changes.cancel(dossier),
    "giving up one date": lambda dossier, slot: changes.cancel(dossier, slot=slot.id),
    "erasing": lambda dossier, _: erasure.erase(dossier),
    "fewer pupils": lambda dossier, slot: numbers.change(dossier, slot.id, Party(3, 0)),
    "a larger capacity": lambda _, slot: waiting.resize(slot.id, 5),
}


@pytest.mark.parametrize("what", FREES)
async def test_what_a_class_frees_is_offered_at_once(what: str) -> None:
    slot = await class_slot(4)
    dossier = await a_class(slot, Party(4, 0))
    ben = await waiting.join(await again(slot), BEN)
    await FREES[what](dossier, slot)
    assert [state for state, _, _ in await has(ben)] == ["offered"]


async def _lapses(dossier: Dossier) -> None:
    with clock.at(await end_of(dossier)):
        await lapses.expire()


async def _is_refused(dossier: Dossier) -> None:
    await pending.refuse((await held_by(dossier))[0].booking.id, "", "ada")


@pytest.mark.parametrize(
    ("way", "of_event"), [(_lapses, {}), (_lapses, {"needs_approval": True}), (_is_refused, {"needs_approval": True})]
)
async def test_what_ends_without_its_teacher_is_offered_at_once(way: Any, of_event: dict[str, Any]) -> None:
    slot = await class_slot(4, **of_event, list_closes_days=2)
    dossier = await a_class(slot, Party(4, 0))
    await db.fetch("UPDATE booking SET expires_at = least(expires_at, $1)", clock.now() + 5 * DAY)
    ben = await waiting.join(await again(slot), BEN)
    await way(dossier)
    assert [state for state, _, _ in await has(ben)] == ["offered"]


async def test_what_a_parent_refuses_is_offered_at_once() -> None:
    slot = await evening_slot(1)
    minor = await pending_minor(slot)
    ben = await waiting.join(await again(slot), BEN)
    await pending.refuse_as_guardian(await reread(minor))
    assert [state for state, _, _ in await has(ben)] == ["offered"]


async def test_a_rest_that_merges_lets_those_behind_it_move_up() -> None:
    slot = await class_slot(6, option_days=None)
    await db.fetch("UPDATE slot SET fill = 'strict' WHERE id = $1", slot.id)
    other = await a_class(slot, Party(2, 0), "1re A")
    dossier = await a_class(slot, Party(4, 0), later=Party(1, 0))
    ben = await waiting.join(await again(slot), BEN)
    await changes.cancel(other)
    assert await has(dossier) == [("confirmed", 5, 0), ("cancelled", 1, 0)]
    assert [state for state, _, _ in await has(ben)] == ["offered"]


async def test_who_was_pending_too_long_goes_back_at_once_also_when_no_worker_came_by() -> None:
    slot = await evening_slot(1)
    minor = await pending_minor(slot)
    cleo = await waiting.join(await again(slot), CLEO)
    await db.fetch("UPDATE booking SET expires_at = $1 WHERE state = 'pending'", clock.now())
    await offers.rejoin(await reread(minor))
    assert [state for state, _, _ in await has(minor)] == ["waiting"]
    assert [state for state, _, _ in await has(cleo)] == ["offered"]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2027-03-20 14:00", "2027-03-30 15:00"),  # ten days are 240 hours, on any clock
        ("2026-10-20 14:00", "2026-10-30 13:00"),
    ],
)
async def test_an_option_is_held_and_reminded_over_a_change_of_clocks(now: str, until: str) -> None:
    end = at_paris(until).astimezone(UTC)
    with clock.at(at_paris(now)):
        dossier = await a_class(await class_slot(40, starts_in=30 * DAY))
        assert abs(await end_of(dossier) - end) < SECOND
    with clock.at(end - 3 * DAY - SECOND):
        assert await options.remind() == 0
    with clock.at(end - 3 * DAY + SECOND):
        assert (await options.remind(), await options.remind()) == (1, 0)
    with clock.at(end + SECOND):
        assert (await options.remind(), await lapses.expire()) == (0, 1)
