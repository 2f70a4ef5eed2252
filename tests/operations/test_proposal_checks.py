"""What an operator is told of proposals that cannot be; what a table's own checks refuse is not looked for again."""

import asyncpg
import pytest

from service import clock, db
from service.operations import checks
from service.proposals import acceptance, following, review
from tests.makers import make_event, make_slot
from tests.proposals.making import ADA, STATES, a_when, make_proposal, over_at

TOLD_OF_ANOTHER = """
INSERT INTO hosted_date (slot, proposal, starts_at, ends_at, state)
SELECT slot.id, proposal.id, slot.starts_at, slot.ends_at, 'open' FROM slot, proposal WHERE slot.capacity = 77
"""


@pytest.mark.parametrize("state", STATES)
async def test_nothing_is_odd_about_a_proposal_in_any_of_its_states(state: str) -> None:
    proposal = await make_proposal(state)
    if state == "over":
        with clock.at(await over_at(proposal)):
            await following.look_back(proposal, "yes", "Rien")
    if state == "published":
        await following.add_dates(proposal, [a_when(40), a_when(47)])
        await following.report(proposal, "change", "Le four est en panne")

    assert await checks.findings() == []


async def test_nothing_is_odd_about_a_draft_that_its_company_left() -> None:
    proposal = await make_proposal("accepted")
    await following.withdraw(proposal)
    assert await checks.findings() == []

    await review.detach(proposal.id, ADA)
    assert proposal.event
    await acceptance.publish(proposal.event, ADA)
    assert await checks.findings() == []


@pytest.mark.parametrize(
    ("state", "lie", "said"),
    [
        ("submitted", "UPDATE proposal SET waits_for = ''", "another side"),
        ("asked", "UPDATE proposal SET waits_for = 'campus'", "another side"),
        ("draft", "UPDATE proposal SET waits_for = ''", "another side"),
        ("declined", "UPDATE proposal SET waits_for = 'campus'", "another side"),
        ("withdrawn", "UPDATE proposal SET waits_for = 'company'", "another side"),
        ("accepted", "UPDATE proposal SET waits_for = 'company'", "another side"),
        ("accepted", "UPDATE event SET state = 'published'", "never told"),
        ("published", "DELETE FROM email WHERE letter = 'proposal_published'", "never told"),
        ("published", "UPDATE proposal SET state = 'withdrawn'", "although it was taken back or declined"),
        ("accepted", "UPDATE proposed_date SET slot = (SELECT id FROM slot WHERE capacity = 77)", "of another event"),
        ("published", TOLD_OF_ANOTHER, "was told of a slot of another event"),
        ("declined", "UPDATE proposal SET thanked_at = now()", "never accepted"),
        ("submitted", "UPDATE proposal SET again = 'yes'", "never accepted"),
    ],
)
async def test_a_proposal_that_cannot_be_is_found(state: str, lie: str, said: str) -> None:
    proposal = await make_proposal(state)
    await make_slot(77, event=await make_event(title="Autre chose"))
    assert await checks.odd_proposals() == []
    await db.fetch(lie)

    assert [one for what, one in await checks.odd_proposals() if said in what] == [proposal.id]
    assert [line for line in await checks.findings() if line.startswith(f"proposal {proposal.id}: ") and said in line]


async def test_two_proposals_behind_one_event_are_found() -> None:
    one, other = await make_proposal("accepted"), await make_proposal("accepted", email="other@exemple.test")
    await db.fetch("UPDATE proposal SET event = $1 WHERE id = $2", one.event, other.id)

    found = {named for what, named in await checks.odd_proposals() if "same event" in what}
    assert found == {one.id, other.id}


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE proposal SET event = NULL",
        "DELETE FROM event",
        "UPDATE proposal SET state = 'submitted'",
        "UPDATE proposal SET submitted_at = NULL",
        "UPDATE proposal SET waits_for = 'nobody'",
        "UPDATE proposed_date SET declined_at = now()",
    ],
)
async def test_what_a_table_refuses_need_not_be_looked_for(lie: str) -> None:
    await make_proposal("accepted")
    refused = (asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError)
    with pytest.raises(refused):
        await db.fetch(lie)
