"""Booking a class: one dossier over one slot or several, all or nothing, as the event's rules have it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service import clock, db
from service.bookings import attendees, changes, groups, offers, pending, seats, waiting
from service.bookings.groups import ClassTooLarge, TooFewChaperones
from service.bookings.held import held_by
from service.bookings.names import Name
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.seats import AlreadyBooked, SoldOut
from service.events.slots import BookingClosed, NoClasses
from service.limits.keys import Key, KeyReused
from tests.bookings.classes import HEADS, TEACHER, WEEK, a_class, again, class_event, class_slot, end_of, has, over
from tests.bookings.harness import at_once, booked, held, kinds, mail_goes_out, text_of
from tests.bookings.queues import SECOND, after
from tests.makers import BEN, CLEO, a_pupil, make_slot


async def test_a_class_takes_its_seats_without_one_name_as_an_option() -> None:
    slot = await class_slot(40)
    dossier = await a_class(slot)

    assert await has(dossier) == [("option", 28, 3)]
    assert (await held(slot), (await again(slot)).seats_left) == (31, 9)
    assert (dossier.class_label, dossier.outing, dossier.girls) == ("2de 4", "compulsory", 12)


async def test_where_the_organiser_switched_options_off_a_class_is_confirmed_at_once() -> None:
    dossier = await a_class(await class_slot(40, option_days=None))
    assert await has(dossier) == [("confirmed", 28, 3)]


async def test_where_the_organisers_approve_a_class_is_pending() -> None:
    dossier = await a_class(await class_slot(40, needs_approval=True))
    assert await has(dossier) == [("pending", 28, 3)]


async def test_an_option_lasts_ten_days_and_never_past_the_closing_of_the_list() -> None:
    early, late = await class_slot(40, list_closes_days=12), await class_slot(40)
    assert await end_of(await a_class(early)) == early.closes_at  # 9 days from now
    assert abs(await end_of(await a_class(late)) - clock.now() - timedelta(days=10)) < SECOND


async def test_a_class_over_three_slots_is_one_dossier_that_lapses_at_one_moment() -> None:
    event = await class_event()
    chosen = [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (1, 2, 3)]
    dossier = await over(chosen, Party(12, 1), Party(12, 1), Party(4, 1))

    assert await has(dossier) == [("option", 12, 1), ("option", 12, 1), ("option", 4, 1)]
    bookings = [one.booking for one in await held_by(dossier)]
    assert {booking.expires_at for booking in bookings} == {chosen[0].closes_at}


async def test_a_class_over_several_slots_is_taken_wholly_or_not_at_all() -> None:
    event = await class_event()
    first, second = [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (1, 2)]
    await booked(second, BEN)

    with pytest.raises(SoldOut):
        await over([first, second], Party(12, 1), Party(12, 1))

    assert (await held(first), await held(second)) == (0, 1)
    assert (await db.fetch("SELECT count(*) AS dossiers FROM dossier"))[0]["dossiers"] == 1


async def test_eighteen_now_and_ten_on_the_waiting_list() -> None:
    slot = await class_slot(30)
    for _ in range(12):
        await booked(slot, a_pupil())
    dossier = await a_class(slot, Party(18, 0), later=Party(10, 0))

    assert await has(dossier) == [("option", 18, 0), ("waiting", 10, 0)]
    assert await held(slot) == 30


async def test_what_was_to_wait_is_taken_when_the_seats_came_free_meanwhile() -> None:
    dossier = await a_class(slot := await class_slot(30), Party(18, 0), later=Party(10, 0))
    assert await has(dossier) == [("option", 28, 0)]
    assert await held(slot) == 28


async def test_a_promoted_rest_merges_into_what_the_class_holds() -> None:
    slot = await class_slot(20, option_days=None)
    others = [await booked(slot, a_pupil()) for _ in range(2)]
    dossier = await a_class(slot, Party(17, 1), later=Party(2, 0))

    await changes.cancel(others[0])
    assert await has(dossier) == [("confirmed", 17, 1), ("waiting", 2, 0)]
    await changes.cancel(others[1])

    assert await has(dossier) == [("confirmed", 19, 1), ("cancelled", 2, 0)]
    assert await held(slot) == 20


async def test_a_class_that_waits_as_a_whole_is_offered_its_seats_and_takes_them() -> None:
    slot = await class_slot(10)
    ben = await booked(slot, BEN)
    dossier = await a_class(slot, NOBODY, later=Party(9, 1))
    assert await has(dossier) == [("waiting", 9, 1)]

    await changes.cancel(ben)
    assert await has(dossier) == [("offered", 9, 1)]
    await offers.accept(dossier)
    assert await has(dossier) == [("confirmed", 9, 1)]


async def test_nobody_overtakes_a_class_finds_the_queue_before_it() -> None:
    slot = await class_slot(10)
    await a_class(slot, Party(9, 0))
    await a_class(slot, NOBODY, "1re A", later=Party(5, 0))  # there is one seat left, and somebody waits
    with pytest.raises(SoldOut):
        await a_class(slot, Party(1, 0), "3e B")


async def test_too_few_chaperones_are_refused_with_the_number_that_is_needed() -> None:
    slot = await class_slot(40, chaperone_ratio=10)
    with pytest.raises(TooFewChaperones) as refusal:
        await a_class(slot, Party(28, 2))
    assert refusal.value.needed == 3
    assert await held(slot) == 0


async def test_a_class_may_have_no_more_seats_than_the_event_gives_a_class() -> None:
    event = await class_event(class_seats_max=30)
    first, second = [await make_slot(40, event=event, starts_in=weeks * WEEK) for weeks in (1, 2)]
    for parts in (([first], Party(28, 3)), ([first, second], Party(14, 1), Party(14, 2))):
        with pytest.raises(ClassTooLarge) as refusal:
            await over(*parts)
        assert refusal.value.most == 30
    await over([first], Party(28, 2))


async def test_an_event_for_individuals_takes_no_class_and_a_closed_list_neither() -> None:
    with pytest.raises(NoClasses):
        await a_class(await make_slot(40))
    with pytest.raises(BookingClosed):
        await a_class(await class_slot(40, starts_in=timedelta(days=2), list_closes_days=3))


async def test_a_class_is_doubled_by_its_label_and_another_class_of_the_teacher_is_not(tmp_path: Path) -> None:
    slot = await class_slot(100)
    first = await a_class(slot, Party(10, 1), "2de 4")
    await a_class(slot, Party(10, 1), "1re MSPC")
    with pytest.raises(AlreadyBooked) as refusal:
        await a_class(slot, Party(12, 1), "2DE  4")
    assert refusal.value.held_by == [first.id]
    assert [message["subject"] for message in await mail_goes_out(tmp_path)][-1:] != []
    assert await held(slot) == 22


async def test_a_teachers_classes_are_no_siblings() -> None:
    slot = await class_slot(100)
    for label in ("2de 1", "2de 2", "2de 3"):
        await a_class(slot, Party(5, 1), label)
    alone = replace(TEACHER, class_label="", outing="", girls=None)
    await seats.book(await again(slot), alone)
    assert await held(slot) == 19


async def test_of_partners_too_three_share_an_address_and_their_classes_are_not_counted() -> None:
    slot = await class_slot(100)
    await groups.book([Part(slot.id, Party(5, 1))], replace(TEACHER, is_partner=True))
    alone = replace(TEACHER, class_label="", outing="", girls=None, is_partner=True)
    for name in ("A", "B", "C"):
        await booked(slot, replace(alone, first_name=name))
    with pytest.raises(AlreadyBooked):
        await booked(slot, replace(alone, first_name="D", is_partner=False))
    assert await held(slot) == 9


async def test_the_same_key_gives_the_same_dossier_and_another_body_is_refused() -> None:
    slot = await class_slot(100)
    key, other = Key.of("a", {"plan": "28"}), Key.of("a", {"plan": "29"})
    plan = [Part(slot.id, HEADS)]
    first, second = await groups.book(plan, TEACHER, key=key), await groups.book(plan, TEACHER, key=key)
    assert (first.id, await held(slot)) == (second.id, 31)
    with pytest.raises(KeyReused):
        await groups.book(plan, TEACHER, key=other)


async def test_a_crowd_of_classes_over_several_slots_never_oversells_and_never_waits_for_one_another() -> None:
    event = await class_event()
    chosen = [await make_slot(30, event=event, starts_in=weeks * WEEK) for weeks in (1, 2, 3)]
    plans = [[Part(slot.id, Party(9, 1)) for slot in order] for order in (chosen, chosen[::-1]) * 6]
    outcomes = await at_once(
        *(groups.book(plan, replace(TEACHER, email=f"teacher{n}@lycee.test")) for n, plan in enumerate(plans))
    )

    assert kinds(outcomes) == {"Dossier": 3, "SoldOut": 9}
    assert [await held(slot) for slot in chosen] == [30, 30, 30]


async def test_a_class_is_cancelled_as_a_whole_or_slot_by_slot() -> None:
    event = await class_event()
    first, second = [await make_slot(30, event=event, starts_in=weeks * WEEK) for weeks in (1, 2)]
    dossier = await over([first, second], Party(12, 1), Party(12, 1))

    await changes.cancel(dossier, slot=first.id)
    assert await has(dossier) == [("cancelled", 12, 1), ("option", 12, 1)]
    assert (await held(first), await held(second)) == (0, 13)
    await changes.cancel(dossier)
    assert await has(dossier) == [("cancelled", 12, 1), ("cancelled", 12, 1)]


async def test_a_cancelled_option_is_taken_back_as_the_option_that_it_was_with_the_same_end() -> None:
    dossier = await a_class(await class_slot(40))
    before = await end_of(dossier)
    with after(timedelta(minutes=1)):
        await changes.cancel(dossier)
    with after(timedelta(minutes=2)):
        await changes.restore(dossier)
    assert await has(dossier) == [("option", 28, 3)]
    assert abs(await end_of(dossier) - before) < SECOND


async def test_a_class_reads_of_all_its_slots_in_one_summary_and_of_each_in_an_invitation(tmp_path: Path) -> None:
    event = await class_event(option_days=None, names_required_days=5)
    chosen = [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (1, 2, 3)]
    await over(chosen, Party(12, 1), Party(12, 1), Party(4, 1))

    letters = await mail_goes_out(tmp_path)
    assert (
        sorted(letter.get_content_type() for letter in letters) == ["multipart/alternative"] + ["multipart/mixed"] * 3
    )
    [summary] = [letter for letter in letters if letter.get_content_type() == "multipart/alternative"]
    assert text_of(summary).count("12 élèves et 1 accompagnateur") == 2
    assert "4 élèves et 1 accompagnateur" in text_of(summary)


async def test_a_class_confirmed_in_one_slot_gets_one_letter_with_its_invitation(tmp_path: Path) -> None:
    await a_class(await class_slot(40, option_days=None))
    [letter] = await mail_goes_out(tmp_path)
    assert letter.get_content_type() == "multipart/mixed"
    assert "2de 4, 28 élèves et 3 accompagnateurs" in text_of(letter)


async def test_seats_that_a_class_gives_back_go_to_those_who_wait() -> None:
    slot = await class_slot(10)
    dossier = await a_class(slot, Party(9, 1))
    cleo = await waiting.join(await again(slot), CLEO)
    await changes.cancel(dossier)
    assert [one.booking.state for one in await held_by(cleo)] == ["offered"]


async def test_an_approved_class_has_its_options_in_all_slots_with_one_deadline_and_one_letter(tmp_path: Path) -> None:
    event = await class_event(needs_approval=True)
    chosen = [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (1, 2)]
    dossier = await over(chosen, Party(12, 1), Party(4, 1))
    assert [message["subject"][:24] for message in await mail_goes_out(tmp_path)] == ["En attente de validation"]

    [first, _] = await held_by(dossier)
    await pending.approve(first.booking.id, "ada")
    await pending.approve(first.booking.id, "ada")

    assert await has(dossier) == [("option", 12, 1), ("option", 4, 1)]
    assert {one.booking.expires_at for one in await held_by(dossier)} == {chosen[0].closes_at}
    assert [message["subject"][:11] for message in await mail_goes_out(tmp_path)] == ["À confirmer"]


async def test_a_class_approved_where_there_are_no_options_is_confirmed_with_its_invitation(tmp_path: Path) -> None:
    dossier = await a_class(await class_slot(40, needs_approval=True, option_days=None))
    await mail_goes_out(tmp_path)
    [one] = await held_by(dossier)
    await pending.approve(one.booking.id, "ada")
    assert await has(dossier) == [("confirmed", 28, 3)]
    assert [message.get_content_type() for message in await mail_goes_out(tmp_path)] == ["multipart/mixed"]


async def test_a_refused_class_gives_back_all_its_seats_and_its_place_in_the_queue() -> None:
    slot = await class_slot(20, needs_approval=True)
    ben = await booked(slot, BEN)
    dossier = await a_class(slot, Party(19, 0), later=Party(1, 0))
    cleo = await waiting.join(await again(slot), CLEO)
    [first, _] = await held_by(dossier)
    await pending.refuse(first.booking.id, "", "ada")

    assert sorted(state for state, _, _ in await has(dossier)) == ["cancelled", "expired"]
    assert [one.booking.state for one in await held_by(cleo)] == ["offered"]
    assert [one.booking.state for one in await held_by(ben)] == ["pending"]


async def test_a_merged_rest_brings_its_names_along() -> None:
    slot = await class_slot(3, option_days=None)
    ben = await booked(slot, BEN)
    dossier = await a_class(slot, Party(2, 0), later=Party(1, 0))
    groups_of = {group.held.booking.state: group.id for group in await attendees.groups(dossier)}
    await attendees.save(
        dossier,
        {groups_of["confirmed"]: [Name("A", "Un"), Name("B", "Deux")], groups_of["waiting"]: [Name("C", "Trois")]},
    )
    await changes.cancel(ben)
    assert (await attendees.of(dossier))[groups_of["confirmed"]] == [
        Name("A", "Un"), Name("B", "Deux"), Name("C", "Trois"),
    ]  # fmt: skip
