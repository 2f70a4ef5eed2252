"""What becomes due about proposals: reminders to both sides, and thanks; each in its time, and once."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service import clock, db, settings, worker
from service.bookings import calling_off
from service.events import dates
from service.events.dates import Plan
from service.people import staff
from service.people.tables import Person
from service.proposals import following, keeping, record, review, telling
from service.proposals.tables import Proposal
from tests.bookings.harness import at_once, journal_of
from tests.events.writing import slots_of
from tests.makers import at_paris
from tests.proposals.making import ADA, STATES, a_when, letters_of, make_proposal, over_at
from tests.visits import counted

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MONDAY = at_paris("2027-03-01 09:00")
QUEUES = """
SELECT recipient, language, (facts ->> 'number')::int AS number, facts ->> 'oldest' AS oldest FROM email
WHERE letter = 'proposal_waits' ORDER BY id
"""
STEPS: dict[str, Callable[[], Awaitable[int]]] = {
    "remind_campus": keeping.remind_campus,
    "remind_company": keeping.remind_company,
    "tell_hosts": telling.tell_hosts,
    "tell_lists": telling.tell_lists,
    "thank": keeping.thank,
}


async def queues() -> list[tuple[str, int]]:
    """(recipient, number) of each reminder to the campus."""
    return [(row["recipient"], row["number"]) for row in await db.fetch(QUEUES)]


async def facts_of(letter: str) -> dict[str, Any]:
    """The facts of the newest of these letters."""
    rows = await db.fetch("SELECT facts FROM email WHERE letter = $1 ORDER BY id DESC LIMIT 1", letter)
    found: dict[str, Any] = json.loads(rows[0]["facts"])
    return found


async def at(moment: datetime, step: Callable[[], Awaitable[int]]) -> int:
    """What the step returns at this moment."""
    with clock.at(moment):
        return await step()


async def a_colleague(name: str, language: str = "fr") -> Person:
    address = f"{name.lower()}@campus.test"
    await staff.add(name, address, "organiser", by="test")
    await db.fetch("UPDATE person SET language = $2 WHERE email = $1", address, language)
    found = await Person.objects().get(Person.email == address)
    assert found is not None
    return found


# --- the campus ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "not_yet", "due"),
    [
        ("2027-03-01 09:00", "2027-03-08 08:59", "2027-03-08 09:01"),  # Monday
        ("2027-03-03 09:00", "2027-03-10 08:59", "2027-03-10 09:01"),  # Wednesday
        ("2027-03-05 18:00", "2027-03-12 17:59", "2027-03-12 18:01"),  # Friday evening
        ("2027-03-06 10:00", "2027-03-12 23:59", "2027-03-15 00:01"),  # Saturday: it waits from Monday on
        ("2027-03-07 23:00", "2027-03-14 23:59", "2027-03-15 00:01"),  # Sunday
        ("2027-03-24 09:00", "2027-03-31 08:59", "2027-03-31 09:01"),  # an hour is missing on Sunday 28
        ("2026-10-21 09:00", "2026-10-28 08:59", "2026-10-28 09:01"),  # an hour comes twice on Sunday 25
    ],
)
async def test_the_campus_is_reminded_after_five_working_days_and_once(since: str, not_yet: str, due: str) -> None:
    with clock.at(at_paris(since)):
        await make_proposal()
    assert await at(at_paris(not_yet), keeping.remind_campus) == 0
    assert await at(at_paris(due), keeping.remind_campus) == 1
    assert await at(at_paris(due) + DAY, keeping.remind_campus) == 0
    assert await queues() == [(settings.current().contact_email, 1)]


@pytest.mark.parametrize("moment", ["2027-03-13 10:00", "2027-03-14 23:58"])
async def test_nobody_is_reminded_on_a_weekend(moment: str) -> None:
    with clock.at(MONDAY):
        await make_proposal()
    assert await at(at_paris(moment), keeping.remind_campus) == 0


@pytest.mark.parametrize(
    ("days", "found"), [(1, "2027-03-12"), (2, "2027-03-11"), (6, "2027-03-05"), (10, "2027-03-01")]
)
def test_working_days_leave_weekends_out(days: int, found: str) -> None:
    assert keeping.working_days_before(at_paris("2027-03-15 09:00"), days) == at_paris(f"{found} 09:00")


@pytest.mark.parametrize("state", STATES)
async def test_only_what_waits_for_the_campus_brings_it_a_letter(state: str) -> None:
    with clock.at(MONDAY):
        await make_proposal(state)
    assert await at(MONDAY + 2 * WEEK, keeping.remind_campus) == (1 if state == "submitted" else 0)


async def test_each_colleague_gets_one_letter_for_all_that_waits_for_them() -> None:
    ada, ben = await a_colleague("Ada", "en"), await a_colleague("Ben")
    with clock.at(MONDAY):
        proposals = [await make_proposal(email=f"h{number}@verrerie.test") for number in range(5)]
        for proposal, person in zip(proposals, (ada, ada, ben), strict=False):
            await review.assign(proposal.id, person.id, ADA)
    await db.fetch("UPDATE person SET left_at = now() WHERE id = $1", ben.id)  # what was his is the campus's again

    assert await at(MONDAY + 8 * DAY, keeping.remind_campus) == 2
    found = [tuple(row) for row in await db.fetch(QUEUES)]
    assert sorted(row[:3] for row in found) == [("ada@campus.test", "en", 2), ("contact@campus.test", "fr", 3)]
    assert abs(datetime.fromisoformat(found[0][3]) - MONDAY) < MINUTE


async def test_what_was_reminded_of_before_is_counted_but_brings_no_letter_by_itself() -> None:
    with clock.at(MONDAY):
        await make_proposal()
    with clock.at(MONDAY + DAY):
        await make_proposal(email="autre@verrerie.test")
    assert [await at(MONDAY + days * DAY + MINUTE, keeping.remind_campus) for days in (7, 8, 9)] == [1, 1, 0]
    assert [number for _, number in await queues()] == [1, 2]


async def test_a_new_wait_is_reminded_of_anew() -> None:
    with clock.at(MONDAY):
        proposal = await make_proposal()
    with clock.at(MONDAY + 8 * DAY):
        assert await keeping.remind_campus() == 1
        await following.answer(await review.ask(proposal.id, "Combien ?", ADA), "Deux")
        assert await keeping.remind_campus() == 0
    assert await at(MONDAY + 16 * DAY, keeping.remind_campus) == 1


async def test_what_a_host_reports_waits_for_the_campus_too() -> None:
    with clock.at(MONDAY):
        await following.report(await make_proposal("published"), "cancel", "Le four est en panne")
    assert await at(MONDAY + 8 * DAY, keeping.remind_campus) == 1


async def test_many_workers_at_once_remind_the_campus_once() -> None:
    with clock.at(MONDAY):
        for number in range(3):
            await make_proposal(email=f"h{number}@verrerie.test")
    with clock.at(MONDAY + 8 * DAY):
        assert sum(await at_once(*[keeping.remind_campus() for _ in range(4)])) == 1
    assert await queues() == [(settings.current().contact_email, 3)]


async def test_without_its_condition_each_worker_would_remind_the_campus(monkeypatch: pytest.MonkeyPatch) -> None:
    for statement in ("LATE", "CLAIM"):
        unconditional = getattr(keeping, statement).replace("AND reminded_at IS NULL", "")
        monkeypatch.setattr(keeping, statement, unconditional)
    with clock.at(MONDAY):
        await make_proposal()
    with clock.at(MONDAY + 8 * DAY):
        assert sum(await at_once(*[keeping.remind_campus() for _ in range(4)])) == 4


# --- the company -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "not_yet", "due"),
    [
        ("2027-03-01 09:00", "2027-03-08 08:59", "2027-03-08 09:01"),
        ("2027-03-06 10:00", "2027-03-13 09:59", "2027-03-13 10:01"),  # its week has seven days
        ("2027-03-24 09:00", "2027-03-31 08:59", "2027-03-31 09:01"),
    ],
)
async def test_a_company_is_asked_again_after_seven_days_and_once(since: str, not_yet: str, due: str) -> None:
    with clock.at(at_paris(since)):
        proposal = await make_proposal("asked")
    assert await at(at_paris(not_yet), keeping.remind_company) == 0
    assert await at(at_paris(due), keeping.remind_company) == 1
    assert await at(at_paris(due) + WEEK, keeping.remind_company) == 0
    assert await letters_of(proposal) == ["proposal_received", "proposal_asked", "proposal_question_waits"]
    assert (await facts_of("proposal_question_waits"))["words"] == "Combien de groupes à la fois ?"


@pytest.mark.parametrize("state", STATES)
async def test_only_who_was_asked_is_asked_again(state: str) -> None:
    with clock.at(MONDAY):
        await make_proposal(state)
    assert await at(MONDAY + 2 * WEEK, keeping.remind_company) == (1 if state == "asked" else 0)


async def test_a_second_question_is_reminded_of_in_its_own_words() -> None:
    with clock.at(MONDAY):
        proposal = await following.answer(await make_proposal("asked"), "Deux")
        await review.ask(proposal.id, "Et le parking ?", ADA)
    assert await at(MONDAY + 8 * DAY, keeping.remind_company) == 1
    assert (await facts_of("proposal_question_waits"))["words"] == "Et le parking ?"


async def test_many_workers_at_once_ask_a_company_again_once() -> None:
    with clock.at(MONDAY):
        proposal = await make_proposal("asked")
    with clock.at(MONDAY + 8 * DAY):
        assert sum(await at_once(*[keeping.remind_company() for _ in range(4)])) == 1
    assert (await journal_of(proposal.id)).count(("system", "remind_company")) == 1


async def test_without_its_condition_each_worker_would_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for statement in ("UNANSWERED", "REMIND"):
        unconditional = getattr(keeping, statement).replace("AND reminded_at IS NULL", "")
        monkeypatch.setattr(keeping, statement, unconditional)
    with clock.at(MONDAY):
        await make_proposal("asked")
    with clock.at(MONDAY + 8 * DAY):
        assert sum(await at_once(*[keeping.remind_company() for _ in range(4)])) == 4


# --- thanks ----------------------------------------------------------------------------------------------


async def published() -> tuple[Proposal, datetime]:
    """A proposal whose event is published, and when the last of its dates is over."""
    proposal = await make_proposal("published")
    return proposal, (await over_at(proposal)) - HOUR


async def test_a_host_is_thanked_two_hours_after_the_last_date_and_once() -> None:
    proposal, ends_at = await published()
    first = (await record.dates_of(proposal.id))[0].ends_at
    moments = (first + 3 * HOUR, ends_at + 2 * HOUR - MINUTE, ends_at + 2 * HOUR + MINUTE, ends_at + DAY)
    assert [await at(moment, keeping.thank) for moment in moments] == [0, 0, 1, 0]
    assert (await letters_of(proposal)).count("proposal_thanks") == 1
    assert (await record.by_id(proposal.id)).thanked_at is not None


@pytest.mark.parametrize("state", [state for state in STATES if state not in ("published", "over")])
async def test_nobody_is_thanked_for_what_was_never_published(state: str) -> None:
    await make_proposal(state)
    assert await at(clock.now() + 10 * WEEK, keeping.thank) == 0


async def test_nobody_is_thanked_for_an_event_that_was_called_off() -> None:
    proposal, ends_at = await published()
    await calling_off.call_off_event(UUID(str(proposal.event)), "panne de four", ADA)
    assert await at(ends_at + DAY, keeping.thank) == 0


async def test_nobody_is_thanked_when_every_date_was_called_off_and_everybody_when_one_took_place() -> None:
    (none, ends_at), (one, _) = await published(), await published()
    for slot in [*await slots_of(UUID(str(none.event))), (await slots_of(UUID(str(one.event))))[1]]:
        await calling_off.call_off_slot(slot["id"], "panne de four", ADA)
    assert await at(ends_at + DAY, keeping.thank) == 1
    assert "proposal_thanks" in await letters_of(one)


async def test_a_date_that_was_added_is_waited_for() -> None:
    proposal, ends_at = await published()
    later = a_when(40)
    await dates.add(UUID(str(proposal.event)), [Plan(*later, 12)], ADA)
    assert [await at(moment + 3 * HOUR, keeping.thank) for moment in (ends_at, later[1])] == [0, 1]


async def test_many_workers_at_once_thank_once() -> None:
    proposal, ends_at = await published()
    with clock.at(ends_at + DAY):
        assert sum(await at_once(*[keeping.thank() for _ in range(4)])) == 1
    assert (await journal_of(proposal.id)).count(("system", "thank")) == 1


async def test_without_its_condition_each_worker_would_thank(monkeypatch: pytest.MonkeyPatch) -> None:
    for statement in ("OVER", "THANK"):
        monkeypatch.setattr(keeping, statement, getattr(keeping, statement).replace("AND thanked_at IS NULL", ""))
    _, ends_at = await published()
    with clock.at(ends_at + DAY):
        assert sum(await at_once(*[keeping.thank() for _ in range(4)])) == 4


# --- the worker ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_costs_one_statement_when_nothing_is_due(step: str) -> None:
    for state in STATES:
        await make_proposal(state, email=f"{state}@verrerie.test")
    with clock.at(clock.now() + HOUR):
        await telling.tell_hosts()
    with clock.at(clock.now() + 2 * HOUR), counted() as statements:
        assert await STEPS[step]() == 0
    assert len(statements) <= 1


async def test_the_worker_does_all_of_it() -> None:
    with clock.at(MONDAY):
        for state in ("submitted", "asked", "published"):
            await make_proposal(state, email=f"{state}@verrerie.test")
    with clock.at(MONDAY + HOUR):
        assert await worker._tidy() == []
    assert len(await db.fetch("SELECT 1 FROM hosted_date")) == 2
    with clock.at(MONDAY + 5 * WEEK):
        assert await worker._tidy() == []
    rows = await db.fetch("SELECT letter FROM email WHERE posted_at > $1 ORDER BY letter", MONDAY + 4 * WEEK)
    assert [row["letter"] for row in rows] == ["proposal_question_waits", "proposal_thanks", "proposal_waits"]
