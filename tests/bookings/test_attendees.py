"""The names of a class: saved whole, corrected until the slot has ended, and whose they are."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from service import clock, db
from service.bookings import attendees, changes, erasure
from service.bookings.attendees import AlreadyOver, TooManyNames
from service.bookings.dossiers import UnknownLink
from service.bookings.names import Name
from service.bookings.tables import Dossier
from service.events import slots
from tests.bookings.classes import a_class_of
from tests.bookings.harness import at_once, booking_of, kinds
from tests.makers import at_paris, make_booking, make_event, make_slot

MARIE, LEA, SEAN = Name("DE LA TOUR", "Marie-Ange"), Name("Da Silva", "Léa"), Name("O’BRIEN")


async def a_class(pupils: int = 28, **values: Any) -> tuple[Dossier, UUID]:
    """A class with its booking."""
    dossier = await a_class_of(await make_slot(60, **values), pupils=pupils)
    return dossier, (await booking_of(dossier)).id


async def noted(booking: UUID) -> list[tuple[str, str, dict[str, int]]]:
    """What the journal tells of it."""
    rows = await db.fetch("SELECT actor, verb, facts::text FROM journal WHERE subject_id = $1 ORDER BY id", booking)
    return [(row["actor"], row["verb"], json.loads(row["facts"])) for row in rows]


async def test_names_are_kept_in_the_order_in_which_they_were_given() -> None:
    dossier, booking = await a_class()

    await attendees.save(dossier, {booking: [SEAN, MARIE, LEA]})

    assert await attendees.of(dossier) == {booking: [SEAN, MARIE, LEA]}
    rows = await db.fetch("SELECT number FROM attendee ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2, 3]


async def test_saving_again_replaces_the_list() -> None:
    dossier, booking = await a_class()
    await attendees.save(dossier, {booking: [SEAN, MARIE]})
    await attendees.save(dossier, {booking: [LEA]})
    assert await attendees.of(dossier) == {booking: [LEA]}


async def test_an_empty_list_leaves_blank_lines() -> None:
    dossier, booking = await a_class()
    await attendees.save(dossier, {booking: [SEAN]})
    await attendees.save(dossier, {booking: []})
    assert await attendees.of(dossier) == {}


async def test_saving_twice_is_saving_once_and_the_journal_has_counts_only() -> None:
    dossier, booking = await a_class()
    for names in ([MARIE, LEA], [MARIE, LEA], [MARIE]):
        await attendees.save(dossier, {booking: names})
    assert await noted(booking) == [("booker", "name", {"names": 2}), ("booker", "name", {"names": 1})]


async def test_more_names_than_pupils_are_refused_and_nothing_is_saved() -> None:
    first, second = [await make_slot(10) for _ in "12"]
    dossier = await a_class_of(first, second, pupils=2)
    one, other = await attendees.groups(dossier)

    for given in ({one.id: [LEA], other.id: [MARIE] * 3}, {one.id: [MARIE] * 3, other.id: [LEA]}):
        with pytest.raises(TooManyNames) as refused:
            await attendees.save(dossier, given)
        assert (refused.value.names, refused.value.pupils) == (3, 2)
        assert await attendees.of(dossier) == {}

    await attendees.save(dossier, {one.id: [LEA, SEAN], other.id: [MARIE]})
    assert await attendees.of(dossier) == {one.id: [LEA, SEAN], other.id: [MARIE]}


async def test_what_is_not_named_stays_as_it_is() -> None:
    dossier = await a_class_of(await make_slot(40), await make_slot(40))
    one, other = await attendees.groups(dossier)
    await attendees.save(dossier, {one.id: [LEA], other.id: [MARIE]})
    await attendees.save(dossier, {other.id: [SEAN]})
    assert await attendees.of(dossier) == {one.id: [LEA], other.id: [SEAN]}


async def test_an_option_has_names_too() -> None:
    dossier = await a_class_of(await make_slot(40), state="option")
    booking = (await booking_of(dossier)).id
    await attendees.save(dossier, {booking: [LEA]})
    assert await attendees.of(dossier) == {booking: [LEA]}


async def test_the_bookings_of_others_are_left_alone() -> None:
    dossier, booking = await a_class()
    others, theirs = await a_class()
    await attendees.save(others, {theirs: [SEAN]})

    await attendees.save(dossier, {theirs: [LEA], uuid4(): [LEA], booking: [MARIE]})

    assert await attendees.of(others) == {theirs: [SEAN]}
    assert await attendees.of(dossier) == {booking: [MARIE]}


async def test_what_is_cancelled_and_who_comes_alone_have_no_list() -> None:
    dossier, booking = await a_class()
    await changes.cancel(dossier)
    alone = await make_booking(await make_slot())

    await attendees.save(dossier, {booking: [LEA]})
    await attendees.save(alone, {(await booking_of(alone)).id: [LEA]})

    assert await db.fetch("SELECT 1 FROM attendee") == []
    assert [group.may_change for group in await attendees.groups(dossier)] == [False]
    assert await attendees.groups(alone) == []


async def test_names_are_corrected_after_closing_until_the_slot_has_ended() -> None:
    slot = await make_slot(40, event=await make_event(list_closes_days=3))
    dossier = await a_class_of(slot)
    booking = (await booking_of(dossier)).id

    for moment, names in ((slot.closes_at, [MARIE]), (slot.starts_at, [MARIE, LEA])):
        with clock.at(moment + timedelta(minutes=1)):
            await attendees.save(dossier, {booking: names})
    with clock.at(slot.ends_at), pytest.raises(AlreadyOver) as refused:
        await attendees.save(dossier, {booking: [SEAN]})

    assert refused.value.since == slot.ends_at
    assert await attendees.of(dossier) == {booking: [MARIE, LEA]}


async def test_what_is_being_erased_takes_no_names() -> None:
    dossier, booking = await a_class()
    await erasure.erase(dossier)
    with pytest.raises(UnknownLink):
        await attendees.save(dossier, {booking: [LEA]})


async def test_a_group_says_how_many_names_are_missing() -> None:
    dossier, booking = await a_class(pupils=3)
    await attendees.save(dossier, {booking: [LEA]})
    [group] = await attendees.groups(dossier)
    assert (group.missing, group.pupils, group.names, group.may_change) == (2, 3, [LEA], True)
    await db.fetch("UPDATE attendee SET last_name = '', first_name = ''")
    assert [group.missing for group in await attendees.groups(dossier)] == [3]


@pytest.mark.parametrize(
    ("days", "by"), [(None, None), (0, "2027-03-29 09:00"), (3, "2027-03-26 09:00"), (7, "2027-03-22 09:00")]
)
async def test_names_are_needed_as_many_days_before_at_the_same_time_of_day(days: int | None, by: str | None) -> None:
    """The clocks change on 2027-03-28."""
    event = await make_event(names_required_days=days)
    slot = await make_slot(event=event, starts_at=at_paris("2027-03-29 09:00"))
    assert slots.names_by(slot) == (by and at_paris(by))


async def test_groups_come_in_the_order_of_their_dates() -> None:
    later, sooner = await make_slot(40, starts_in=timedelta(days=9)), await make_slot(40)
    groups = await attendees.groups(await a_class_of(later, sooner))
    assert [group.held.slot.id for group in groups] == [sooner.id, later.id]


async def test_of_two_savings_at_once_one_list_stands_whole() -> None:
    dossier, booking = await a_class()
    lists = [[Name(f"{letter}{n}") for n in range(28)] for letter in "AB"]
    for _ in range(5):
        assert kinds(await at_once(*(attendees.save(dossier, {booking: names}) for names in lists))) == {"NoneType": 2}
        assert (await attendees.of(dossier))[booking] in lists


async def test_without_the_lock_two_lists_would_be_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: look, then write."""

    both, groups = asyncio.Barrier(2), attendees.groups

    async def holds_nothing(dossier: Dossier) -> Dossier:
        return dossier

    async def both_have_looked(dossier: Dossier) -> list[attendees.Group]:
        found = await groups(dossier)
        await both.wait()
        return found

    dossier, booking = await a_class()
    monkeypatch.setattr(changes, "hold", holds_nothing)
    monkeypatch.setattr(attendees, "groups", both_have_looked)
    await at_once(*(attendees.save(dossier, {booking: [name]}) for name in (MARIE, LEA)))
    assert len((await attendees.of(dossier))[booking]) == 2
