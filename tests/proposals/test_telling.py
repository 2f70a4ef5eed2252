"""What a host hears of its dates: added, moved, called off, once it has settled; and that a list has closed."""

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service import clock, db
from service.bookings import calling_off
from service.events import dates, publishing, slots
from service.events.dates import Plan
from service.journal.notes import note
from service.proposals import acceptance, following, record, review, telling
from service.proposals.tables import Proposal
from tests.bookings.harness import at_once, journal_of
from tests.bookings.news import moved
from tests.events.writing import slots_of
from tests.makers import a_pupil, make_booking, make_event, make_slot
from tests.proposals.making import ADA, a_when, letters_of, make_proposal

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTLED = telling.SETTLING + MINUTE
CHANGES = "SELECT facts -> 'changes' AS changes FROM email WHERE letter = 'proposal_changed' ORDER BY id"


def event_of(proposal: Proposal) -> UUID:
    return UUID(str(proposal.event))


async def hosted() -> tuple[Proposal, list[Any]]:
    """A proposal whose event is published and whose host knows its dates; and the rows of its two slots."""
    proposal = await make_proposal("published")
    assert await later() == 0
    return proposal, await slots_of(event_of(proposal))


async def later(after: timedelta = SETTLED) -> int:
    """What a worker tells so much later."""
    with clock.at(clock.now() + after):
        return await telling.tell_hosts()


async def changes() -> list[list[str]]:
    """What each letter of changes tells, date by date."""
    return [[change["what"] for change in json.loads(row["changes"])] for row in await db.fetch(CHANGES)]


async def test_what_was_there_at_publication_is_remembered_in_silence() -> None:
    proposal, rows = await hosted()
    known = await db.fetch("SELECT slot, starts_at, ends_at, state FROM hosted_date ORDER BY starts_at")
    assert [tuple(row) for row in known] == [(row["id"], row["starts_at"], row["ends_at"], "open") for row in rows]
    assert (await letters_of(proposal))[-1] == "proposal_published"


async def test_a_draft_and_an_event_without_a_proposal_are_nobody_s_to_tell() -> None:
    await make_proposal("accepted")
    await make_slot(event=await make_event())
    assert await later() == 0
    assert await db.fetch("SELECT 1 FROM hosted_date") == []


async def test_a_date_that_moved_is_told_with_what_it_was_five_minutes_later_and_once() -> None:
    proposal, [first, _] = await hosted()
    await moved(await slots.load(first["id"]), HOUR)

    assert [await later(after) for after in (4 * MINUTE, SETTLED, DAY)] == [0, 1, 0]
    [[change]] = [json.loads(row["changes"]) for row in await db.fetch(CHANGES)]
    assert change["what"] == "moved"
    assert datetime.fromisoformat(change["before"]["starts_at"]) == first["starts_at"]
    assert datetime.fromisoformat(change["starts_at"]) == first["starts_at"] + HOUR
    assert (await letters_of(proposal))[-1] == "proposal_changed"


async def test_what_is_as_it_was_again_within_five_minutes_is_not_told() -> None:
    _, [first, _] = await hosted()
    for by in (HOUR, -HOUR):
        await moved(await slots.load(first["id"]), by)
    assert await later() == 0


async def test_dates_that_move_one_after_the_other_are_told_in_one_letter() -> None:
    _, [first, second] = await hosted()
    await moved(await slots.load(first["id"]), HOUR)
    with clock.at(clock.now() + 4 * MINUTE):
        await moved(await slots.load(second["id"]), HOUR)
        assert await later(2 * MINUTE) == 0
        assert await later() == 1
    assert await changes() == [["moved", "moved"]]


async def test_what_is_done_at_the_door_of_a_date_delays_nothing() -> None:
    _, [first, second] = await hosted()
    await moved(await slots.load(first["id"]), HOUR)
    with clock.at(clock.now() + SETTLED):
        async with db.transaction():
            await note(ADA, "export_attendance", "slot", second["id"])
        assert await telling.tell_hosts() == 1


async def test_a_date_that_is_called_off_is_told_with_its_reason() -> None:
    _, [first, _] = await hosted()
    await calling_off.call_off_slot(first["id"], "panne de four", ADA)
    assert [await later(), await later()] == [1, 0]
    [[change]] = [json.loads(row["changes"]) for row in await db.fetch(CHANGES)]
    assert (change["what"], change["reason"]) == ("called_off", "panne de four")


async def test_a_date_is_called_off_under_the_time_that_its_host_knows() -> None:
    _, [first, _] = await hosted()
    await moved(await slots.load(first["id"]), HOUR)
    await calling_off.call_off_slot(first["id"], "panne de four", ADA)
    assert await later() == 1
    [[change]] = [json.loads(row["changes"]) for row in await db.fetch(CHANGES)]
    assert datetime.fromisoformat(change["starts_at"]) == first["starts_at"]


async def test_what_is_called_off_minutes_before_it_begins_is_told_all_the_same() -> None:
    _, [first, _] = await hosted()
    with clock.at(first["starts_at"] - MINUTE):
        await calling_off.call_off_slot(first["id"], "panne de four", ADA)
        assert await later(SETTLED - 2 * MINUTE) == 0
    with clock.at(first["starts_at"] - MINUTE + telling.SETTLING + timedelta(seconds=5)):
        assert await telling.tell_hosts() == 1


async def test_an_event_that_is_called_off_is_one_letter() -> None:
    proposal, _ = await hosted()
    await calling_off.call_off_event(event_of(proposal), "panne de four", ADA)
    assert [await later(), await later()] == [1, 0]
    assert await changes() == [["called_off", "called_off"]]
    [facts] = await db.fetch("SELECT facts -> 'is_called_off' AS whole FROM email WHERE letter = 'proposal_changed'")
    assert json.loads(facts["whole"]) is True


async def test_a_date_that_organisers_add_is_told() -> None:
    proposal, _ = await hosted()
    await dates.add(event_of(proposal), [Plan(*a_when(40), 12)], ADA)
    assert [await later(), await later()] == [1, 0]
    assert await changes() == [["added"]]


async def test_a_date_that_was_added_and_called_off_at_once_is_not_told() -> None:
    proposal, _ = await hosted()
    [added] = await dates.add(event_of(proposal), [Plan(*a_when(40), 12)], ADA)
    await calling_off.call_off_slot(added, "par erreur", ADA)
    assert await later() == 0


async def test_a_new_date_of_the_host_s_own_needs_no_second_letter_and_is_watched_from_then_on() -> None:
    proposal, _ = await hosted()
    await following.add_dates(proposal, [a_when(40)])
    [new] = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    slot = await review.take_date(proposal.id, new.id, 12, ADA)
    assert await later() == 0
    await moved(await slots.load(slot), HOUR)
    assert await later() == 1


async def test_a_host_s_own_event_is_told_to_that_host_only() -> None:
    (mine, [first, _]), (theirs, _) = await hosted(), await hosted()
    await moved(await slots.load(first["id"]), HOUR)
    await later()
    assert [(await letters_of(one)).count("proposal_changed") for one in (mine, theirs)] == [1, 0]


async def test_two_workers_at_once_tell_once() -> None:
    proposal, [first, _] = await hosted()
    await moved(await slots.load(first["id"]), HOUR)
    with clock.at(clock.now() + SETTLED):
        assert sum(await at_once(*[telling.tell_hosts() for _ in range(4)])) == 1
    assert (await journal_of(proposal.id)).count(("system", "tell_dates")) == 1


async def test_without_the_lock_both_would_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: both look before either writes. Then only the outbox keeps one letter from being two."""
    _, [first, _] = await hosted()
    await moved(await slots.load(first["id"]), HOUR)
    both, hold = asyncio.Barrier(2), record.hold

    async def hold_together(proposal_id: UUID, *states: str) -> Proposal:
        found = await hold(proposal_id, *states)
        await both.wait()
        return found

    monkeypatch.setattr(record, "HELD", record.HELD.replace(" FOR UPDATE", ""))
    monkeypatch.setattr(record, "hold", hold_together)
    with clock.at(clock.now() + SETTLED):
        outcomes = await at_once(telling.tell_hosts(), telling.tell_hosts())
    assert Counter(type(one).__name__ for one in outcomes) == {"int": 1, "UniqueViolationError": 1}


# --- lists -----------------------------------------------------------------------------------------------


async def closing(days: int = 3) -> tuple[Proposal, list[Any]]:
    """An event whose host knows its dates, and whose lists close so many days before."""
    proposal = await make_proposal("accepted")
    await db.fetch("UPDATE event SET list_closes_days = $2 WHERE id = $1", event_of(proposal), days)
    await db.fetch(
        "UPDATE slot SET closes_at = starts_at - make_interval(days => $2) WHERE event = $1", event_of(proposal), days
    )
    await acceptance.publish(event_of(proposal), ADA)
    await later()
    return proposal, await slots_of(event_of(proposal))


async def lists_at(moment: datetime) -> int:
    with clock.at(moment):
        return await telling.tell_lists()


async def test_a_list_that_has_closed_is_told_once_with_how_many_come() -> None:
    proposal, [first, _] = await closing()
    for _ in range(2):
        await make_booking(await slots.load(first["id"]), a_pupil())
    closes_at = first["closes_at"]
    assert [await lists_at(closes_at + after) for after in (-MINUTE, MINUTE, HOUR)] == [0, 1, 0]
    [row] = await db.fetch("SELECT facts ->> 'people' AS people FROM email WHERE letter = 'proposal_list'")
    assert row["people"] == "2"
    assert (await letters_of(proposal))[-1] == "proposal_list"


async def test_a_list_that_closes_when_it_begins_is_not_told() -> None:
    _, [first, _] = await hosted()
    assert [await lists_at(first["starts_at"] + after) for after in (-MINUTE, MINUTE)] == [0, 0]


async def test_a_list_is_not_told_of_what_has_begun_or_was_called_off() -> None:
    proposal, [first, second] = await closing()
    assert await lists_at(first["starts_at"] + MINUTE) == 0
    await calling_off.call_off_slot(second["id"], "panne de four", ADA)
    assert await lists_at(second["closes_at"] + MINUTE) == 0
    assert "proposal_list" not in await letters_of(proposal)


async def test_a_list_that_opened_again_is_told_again_when_it_closes() -> None:
    proposal, [first, _] = await closing()
    with clock.at(first["closes_at"] + MINUTE):
        assert await telling.tell_lists() == 1
        await moved(await slots.load(first["id"]), DAY)
        assert await later() == 1
    assert [await lists_at(first["closes_at"] + after) for after in (DAY - HOUR, DAY + HOUR)] == [0, 1]
    assert (await letters_of(proposal)).count("proposal_list") == 2


async def test_many_workers_at_once_tell_a_list_once() -> None:
    proposal, [first, _] = await closing()
    with clock.at(first["closes_at"] + MINUTE):
        assert sum(await at_once(*[telling.tell_lists() for _ in range(4)])) == 1
    assert (await journal_of(proposal.id)).count(("system", "tell_list")) == 1


async def test_without_its_condition_each_worker_would_tell_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "CLOSED", telling.CLOSED.replace("told.list_told_at IS NULL AND", ""))
    monkeypatch.setattr(telling, "TELL_LIST", telling.TELL_LIST.replace("AND list_told_at IS NULL", ""))
    _, [first, _] = await closing()
    with clock.at(first["closes_at"] + MINUTE):
        assert sum(await at_once(*[telling.tell_lists() for _ in range(4)])) == 4


async def test_an_event_copied_from_a_hosted_one_is_not_the_host_s() -> None:
    proposal, [first, _] = await hosted()
    copy = await publishing.duplicate(event_of(proposal), a_when(50)[0].date(), ADA)
    await acceptance.publish(copy, ADA)
    assert await later() == 0
    assert first["event"] != copy
