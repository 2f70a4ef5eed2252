"""What a host sees of its event: counts that follow each booking, no name, and lists that are final."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from service import clock, db
from service.bookings import calling_off, changes, erasure, seats, waiting
from service.events import slots
from service.events.slots import BookableSlot, CalledOff, UnknownSlot
from service.proposals import following, hosting, journal, lists, record, review
from service.proposals.following import HostedNoMore
from service.proposals.hosting import HostedSlot
from service.proposals.lists import ListStillOpen, NamesPutAway, NoNamesForHost
from service.proposals.record import ProposalMoved
from service.proposals.tables import Proposal
from tests.bookings.harness import journal_of, somebody_else, until_somebody_waits
from tests.makers import BEN, a_pupil, make_slot
from tests.proposals.hosts import (
    CANARIES,
    NEEDS,
    class_in,
    close_list,
    hosted,
    move,
    pupil_of,
    slots_of,
    somebody_came,
)
from tests.proposals.making import ADA, a_when, make_proposal
from tests.visits import counted

DAY = timedelta(days=1)


async def first_of(proposal: Proposal) -> HostedSlot:
    """What the host sees of its first date."""
    return (await hosting.load(proposal)).slots[0]


async def names_of(proposal: Proposal, slot: BookableSlot) -> list[list[str]]:
    """The names of the final list, those who come alone first."""
    return [[row.name for row in one.rows] for one in await lists.read_names(proposal, slot.id)]


async def test_a_student_books_and_the_company_sees_one() -> None:
    proposal, [slot, _] = await hosted()
    assert (await first_of(proposal)).expected == 0
    await pupil_of(slot)
    seen = await first_of(proposal)
    assert (seen.expected, seen.individuals, seen.levels, seen.slot.capacity) == (1, 1, [("2de", 1)], 24)


async def test_people_who_come_alone_and_classes_are_counted_each_for_what_they_are() -> None:
    proposal, [slot, other] = await hosted()
    for level in ("2de", "1re", "2de", ""):
        await pupil_of(slot, level)
    await class_in(slot, "3e B", pupils=4)
    await class_in(slot, "1re A", pupils=5, state="option")
    seen, beside = (await hosting.load(proposal)).slots
    assert (seen.individuals, seen.pupils, seen.chaperones, seen.expected, seen.to_confirm) == (4, 9, 4, 17, 7)
    assert [(one.label, one.pupils, one.chaperones, one.is_confirmed) for one in seen.classes] == [
        ("1re A", 5, 2, False), ("3e B", 4, 2, True),
    ]  # fmt: skip
    assert seen.levels == [("2de", 2), ("1re", 1)]
    assert seen.needs == [NEEDS, NEEDS]
    assert (beside.slot.slot_id, beside.expected) == (other.id, 0)


async def test_who_cancelled_was_declined_or_is_erased_is_not_counted_and_needs_nothing() -> None:
    proposal, [slot, _] = await hosted()
    gone, erased = await class_in(slot, "3e A", pupils=2), await class_in(slot, "3e B", pupils=2)
    declined = await pupil_of(slot)
    await changes.cancel(gone)
    await erasure.erase(erased)
    await changes.cancel(declined)
    await db.fetch("UPDATE booking SET state = 'declined' WHERE dossier = $1", declined.id)
    seen = await first_of(proposal)
    assert (seen.expected, seen.classes, seen.needs, seen.levels, seen.waiting) == (0, [], [], [], 0)


async def test_who_waits_or_was_offered_a_seat_waits_beside_those_who_come() -> None:
    proposal, [slot, _] = await hosted()
    full = await class_in(slot, pupils=22)
    for _ in range(2):
        await waiting.join(await slots.load(slot.id), a_pupil())
    seen = await first_of(proposal)
    assert (seen.state, seen.expected, seen.waiting) == ("full", 24, 2)
    await changes.cancel(full)
    seen = await first_of(proposal)
    assert (seen.expected, seen.waiting) == (0, 2)


async def test_a_date_tells_how_it_and_its_list_stand() -> None:
    proposal, [slot, other] = await hosted()
    starts = slot.starts_at
    await db.fetch("UPDATE slot SET closes_at = starts_at - interval '3 days' WHERE id = $1", slot.id)
    told = {}
    for name, moment in {
        "before": starts - 4 * DAY,
        "closed": starts - DAY,
        "on": starts,
        "after": starts + DAY,
    }.items():
        with clock.at(moment):
            seen = await first_of(proposal)
            told[name] = (seen.state, seen.has_final_list, seen.is_coming, seen.took_place)
    assert told == {
        "before": ("open", False, True, False),
        "closed": ("closed", True, True, False),
        "on": ("begun", True, True, False),
        "after": ("over", True, False, True),
    }
    await calling_off.call_off_slot(other.id, "panne de four", "test")
    seen = (await hosting.load(proposal)).slots[1]
    assert (seen.state, seen.slot.reason, seen.has_final_list) == ("called_off", "panne de four", False)


async def test_once_they_have_left_their_needs_are_nobodys_business_and_the_door_says_who_came() -> None:
    proposal, [slot, other] = await hosted()
    await class_in(slot, pupils=4)
    await move(slot, -40 * DAY)
    assert (await first_of(proposal)).present is None
    await somebody_came(slot, 7)  # walk-ins too
    seen = await hosting.load(proposal)
    assert (seen.slots[0].expected, seen.slots[0].present, seen.slots[0].needs, seen.figures) == (6, 7, [], None)

    await move(other, -40 * DAY)
    seen = await hosting.load(proposal)
    assert seen.figures is not None
    assert (seen.figures.booked, seen.figures.present, seen.coming) == (6, 7, [])


async def test_an_event_of_which_nothing_took_place_is_not_thanked_for() -> None:
    proposal, made = await hosted()
    for slot in made:
        await calling_off.call_off_slot(slot.id, "grève", "test")
    assert ((await hosting.load(proposal)).figures, (await hosting.load(proposal)).coming) == (None, [])


async def test_what_it_holds_names_nobody() -> None:
    proposal, [slot, _] = await hosted()
    await pupil_of(slot, last_name="Delattre-Canari")
    await class_in(slot)
    told = repr((await hosting.load(proposal)).slots)
    codes = [row["code"] for row in await db.fetch("SELECT code FROM dossier")]
    assert [canary for canary in (*CANARIES, *codes) if canary in told] == []
    assert "2de 4" in told


@pytest.mark.parametrize("state", ["draft", "submitted", "asked", "accepted", "declined", "withdrawn"])
async def test_only_what_people_can_see_is_hosted(state: str) -> None:
    proposal = await make_proposal(state)
    assert not await hosting.is_hosted(proposal)
    with pytest.raises(ProposalMoved):
        await hosting.load(proposal)
    if proposal.event:
        [slot, _] = await db.fetch("SELECT id FROM slot WHERE event = $1", proposal.event)
        with pytest.raises(UnknownSlot):
            await lists.of_slot(proposal, slot["id"])


async def test_the_statements_are_as_many_for_twelve_dates_as_for_one() -> None:
    few, [slot] = await hosted([a_when(14)])
    await pupil_of(slot)
    many, made = await hosted([a_when(14 + day) for day in range(12)])
    for slot in made:
        await class_in(slot, pupils=2)
        await pupil_of(slot)

    numbers = []
    for proposal in (few, many):
        with counted() as seen:
            numbers.append((len((await hosting.load(proposal)).slots), len(seen)))
    assert [number for number, _ in numbers] == [1, 12]
    assert numbers[0][1] == numbers[1][1] <= 8


async def test_what_is_open_with_the_campus_is_what_nobody_has_answered() -> None:
    proposal, _ = await hosted()
    await following.report(proposal, "change", "Une heure plus tard")
    await following.add_dates(proposal, [a_when(60), a_when(61)])
    seen = await hosting.load(proposal)
    assert ([line.words for line in seen.reports], len(seen.new_dates)) == (["Une heure plus tard"], 2)

    first, second = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    await review.take_date(proposal.id, first.id, 12, ADA)
    await review.decline_date(proposal.id, second.id, ADA)
    await review.settle(proposal.id, ADA)
    seen = await hosting.load(proposal)
    assert (seen.reports, seen.new_dates, len(seen.slots)) == ([], [], 3)


async def test_a_new_date_that_is_answered_leaves_the_report_with_the_campus() -> None:
    proposal, _ = await hosted()
    await following.report(proposal, "cancel", "Le four est en panne")
    await following.add_dates(proposal, [a_when(60)])
    [new] = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    await review.take_date(proposal.id, new.id, 12, ADA)
    assert (await record.by_id(proposal.id)).waits_for == "campus"
    await review.settle(proposal.id, ADA)
    assert (await record.by_id(proposal.id)).waits_for == ""


async def report_then_take(proposal: Proposal) -> str:
    """Whom it waits for after its host reported something while an organiser takes a new date: both began at once."""
    await following.add_dates(proposal, [a_when(60)])
    [new] = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    async with somebody_else() as other:
        await other.execute("SELECT 1 FROM proposal WHERE id = $1 FOR UPDATE", proposal.id)
        reported = asyncio.create_task(following.report(proposal, "cancel", "Le four est en panne"))
        await until_somebody_waits(1)
        taken = asyncio.create_task(review.take_date(proposal.id, new.id, 12, ADA))
        await until_somebody_waits(2)
    await asyncio.gather(reported, taken)
    return (await record.by_id(proposal.id)).waits_for


async def test_a_report_is_not_lost_to_a_date_that_is_taken_at_the_same_moment() -> None:
    proposal, _ = await hosted()
    assert await report_then_take(proposal) == "campus"


async def test_without_the_lock_the_report_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(record, "HELD", record.HELD.replace(" FOR UPDATE", ""))
    proposal, _ = await hosted()
    assert await report_then_take(proposal) == ""


async def test_of_an_event_that_is_called_off_nothing_can_be_changed_any_more() -> None:
    proposal, _ = await hosted()
    await calling_off.call_off_event(UUID(str(proposal.event)), "grève", "test")
    for step in (following.add_dates(proposal, [a_when(60)]), following.report(proposal, "cancel", "Trop tard")):
        with pytest.raises(HostedNoMore):
            await step
    assert (await record.by_id(proposal.id)).waits_for == ""
    assert (await hosting.load(proposal)).is_off


async def test_the_last_word_about_it_counts() -> None:
    proposal, made = await hosted()
    for slot in made:
        await move(slot, -40 * DAY)
    for again, words in (("yes", "Rien"), ("perhaps", "Des groupes de huit")):
        await following.look_back(proposal, again, words)
    found = await record.by_id(proposal.id)
    assert (found.again, (await hosting.load(found)).looked_back) == ("perhaps", "Des groupes de huit")


async def test_names_are_read_where_the_event_says_so_sorted_and_noted_each_time() -> None:
    proposal, [slot, _] = await hosted(host_gets_names=True)
    for first, last in (("Zoé", "ÉMERY"), ("Ali", "emard"), ("Éva", "Emery")):
        await pupil_of(slot, first_name=first, last_name=last)
    await class_in(slot, pupils=2)
    await close_list(slot)
    assert await names_of(proposal, slot) == [
        ["EMARD Ali", "EMERY Éva", "ÉMERY Zoé"], ["CANARI Zora", "", "", ""],
    ]  # fmt: skip
    await names_of(proposal, slot)
    assert [line.verb for line in await journal.lines_of(proposal.id)][-2:] == ["read_names", "read_names"]
    assert (await journal_of(proposal.id))[-2:] == [("company", "read_names")] * 2
    [noted] = await db.fetch("SELECT DISTINCT facts::text FROM journal WHERE verb = 'read_names'")
    assert str(slot.id) in noted["facts"]


async def test_names_are_refused_before_the_list_closes_after_the_day_and_where_the_event_does_not_give_them() -> None:
    proposal, [slot, other] = await hosted(host_gets_names=True)
    with pytest.raises(ListStillOpen) as refused:
        await lists.read_names(proposal, slot.id)
    assert refused.value.closes_at == slot.closes_at
    with clock.at(slot.ends_at + 3 * DAY), pytest.raises(NamesPutAway):
        await lists.read_names(proposal, slot.id)
    await calling_off.call_off_slot(other.id, "grève", "test")
    with pytest.raises(CalledOff):
        await lists.read_names(proposal, other.id)
    await db.fetch("UPDATE event SET host_gets_names = false WHERE id = $1", proposal.event)
    await close_list(slot)
    with pytest.raises(NoNamesForHost):
        await lists.read_names(proposal, slot.id)
    assert "read_names" not in [line.verb for line in await journal.lines_of(proposal.id)]


async def test_the_list_of_anothers_date_is_unknown() -> None:
    proposal, _ = await hosted(host_gets_names=True)
    other, [theirs, _] = await hosted(host_gets_names=True)
    loose = await make_slot()
    for slot in (theirs.id, loose.id, other.id):
        with pytest.raises(UnknownSlot):
            await lists.of_slot(proposal, slot)
        with pytest.raises(UnknownSlot):
            await lists.read_names(proposal, slot)


async def test_who_comes_twice_under_one_address_is_two_people() -> None:
    proposal, _ = await hosted()
    [slot, _] = await slots_of(proposal)
    for first in ("Ana", "Léo"):
        await seats.book(await slots.load(slot.id), replace(BEN, first_name=first))
    assert (await first_of(proposal)).individuals == 2
