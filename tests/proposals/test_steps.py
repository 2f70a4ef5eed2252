"""The way of a proposal: each step, each step that is refused, and two who take one at once."""

from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from service import clock, db
from service.events import dates, publishing
from service.events.publishing import DraftInUse
from service.limits.keys import Key
from service.proposals import acceptance, drafting, following, journal, record, review
from service.proposals.acceptance import HostWithdrew
from service.proposals.drafting import Incomplete, ProposalChanged
from service.proposals.following import NoNewDate
from service.proposals.record import ProposalMoved
from service.proposals.review import DateAnswered
from service.proposals.tables import Proposal
from tests.bookings.harness import at_once
from tests.events.writing import row_of, slots_of
from tests.proposals.making import ADA, BEN, STATES, a_when, an_idea, letters_of, make_proposal, over_at

Step = Callable[[Proposal], Awaitable[object]]
STEPS: dict[str, Step] = {
    "edit": lambda one: drafting.edit(one, an_idea(title="Autre chose"), one.version),
    "hand_in": drafting.hand_in,
    "answer": lambda one: following.answer(one, "Deux"),
    "withdraw": following.withdraw,
    "add_dates": lambda one: following.add_dates(one, [a_when(40)]),
    "report": lambda one: following.report(one, "cancel", "Le four est en panne"),
    "look_back": lambda one: following.look_back(one, "yes", "Rien"),
    "ask": lambda one: review.ask(one.id, "Combien ?", ADA),
    "decline": lambda one: review.decline(one.id, "Trop loin", ADA),
    "settle": lambda one: review.settle(one.id, ADA),
    "detach": lambda one: review.detach(one.id, ADA),
    "accept": lambda one: acceptance.accept(one.id, ADA),
}
ALLOWED = {
    "draft": {"edit", "hand_in", "withdraw"},
    "submitted": {"edit", "hand_in", "withdraw", "ask", "decline", "accept"},
    "asked": {"edit", "hand_in", "withdraw", "answer", "decline", "accept"},
    "accepted": {"withdraw", "decline", "add_dates", "report", "settle"},
    "declined": {"detach"},
    "withdrawn": {"withdraw", "detach"},
    "published": {"add_dates", "report", "settle"},
    "over": {"add_dates", "report", "settle", "look_back"},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
async def test_each_step_is_taken_where_it_may_be_and_refused_elsewhere(state: str, step: str) -> None:
    proposal = await make_proposal(state)
    moment = await over_at(proposal) if state == "over" else clock.now()
    with clock.at(moment):
        before = await record.by_id(proposal.id)
        if step in ALLOWED[state]:
            await STEPS[step](proposal)
        else:
            with pytest.raises(ProposalMoved):
                await STEPS[step](proposal)
            assert (await record.by_id(proposal.id)).to_dict() == before.to_dict()


async def test_a_draft_may_lack_everything_and_is_handed_in_whole() -> None:
    draft = await drafting.begin(an_idea(kind="", title="", words="", seats=None, dates=[]))
    with pytest.raises(Incomplete) as refused:
        await drafting.hand_in(draft)
    assert refused.value.missing == ("kind", "title", "words", "seats", "dates")

    await drafting.edit(draft, an_idea(), draft.version)
    found = await drafting.hand_in(draft)
    assert (found.state, found.waits_for) == ("submitted", "campus")
    assert await letters_of(found) == ["proposal_kept", "proposal_received"]
    assert await letters_of(found, "proposal_office") == ["proposal_news"]
    assert [(line.is_company, line.verb) for line in await journal.lines_of(found.id)] == [
        (True, "begin"), (True, "edit"), (True, "submit"),
    ]  # fmt: skip


async def test_one_form_sent_twice_makes_one_proposal() -> None:
    key = Key("a-key", "a-hash")
    made = await at_once(*[drafting.propose(an_idea(), key=key) for _ in range(3)])
    assert len({one.id for one in made}) == 1
    assert await Proposal.count() == 1


async def test_of_two_who_edit_the_second_is_told_and_overwrites_nothing() -> None:
    proposal = await make_proposal()
    attempts = [drafting.edit(proposal, an_idea(title=title), proposal.version) for title in ("Un", "Deux")]
    outcomes = await at_once(*attempts)
    assert sorted(type(one).__name__ for one in outcomes) == ["Proposal", "ProposalChanged"]


async def test_an_incomplete_edit_of_what_was_handed_in_changes_nothing() -> None:
    proposal = await make_proposal()
    with pytest.raises(Incomplete):
        await drafting.edit(proposal, an_idea(seats=None), proposal.version)
    assert (await record.by_id(proposal.id)).seats == 24
    with pytest.raises(ProposalChanged):
        await drafting.edit(proposal, an_idea(), proposal.version + 1)


async def test_an_accepted_proposal_is_a_draft_event_with_every_field_and_its_slots() -> None:
    proposal = await make_proposal("accepted")
    event, slots = await row_of(UUID(str(proposal.event))), await slots_of(UUID(str(proposal.event)))
    told = {
        "state": "draft", "kind": "visit", "title": "Du sable au flacon", "place": "Verrerie de l’Aa",
        "description": proposal.words, "summary": proposal.words, "age_min": 14, "chaperone_ratio": 8, "group_max": 12,
        "requirements": ["Chaussures de sécurité prêtées", "Manches longues"],
        "access": "Plain-pied, sauf la mezzanine · Parking visiteurs, rue du Four",
        "photos": "Photos interdites dans la halle", "host": proposal.organisation,
    }  # fmt: skip
    assert {name: event[name] for name in told} == told
    assert [(slot["starts_at"], slot["ends_at"], slot["capacity"]) for slot in slots] == [
        (*a_when(14), 24), (*a_when(21), 24),
    ]  # fmt: skip
    assert [one.slot for one in await record.dates_of(proposal.id)] == [slot["id"] for slot in slots]
    known = await db.fetch("SELECT name, email FROM contact WHERE organisation = $1", proposal.organisation)
    assert [tuple(row) for row in known] == [("Inès Delattre", "ines@verrerie.test")]


async def test_a_date_that_has_passed_meanwhile_becomes_no_slot() -> None:
    proposal = await make_proposal()
    with clock.at(a_when(15)[0]):
        found = await acceptance.accept(proposal.id, ADA)
        assert len(await slots_of(UUID(str(found.event)))) == 1


async def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told() -> None:
    proposal = await make_proposal()
    deciding = [
        acceptance.accept(proposal.id, ADA), acceptance.accept(proposal.id, BEN),
        review.decline(proposal.id, "Non", ADA), following.withdraw(proposal),
    ]  # fmt: skip
    outcomes = await at_once(*deciding)
    won = [one for one in outcomes if isinstance(one, Proposal)]
    # An accepted proposal may still be declined or withdrawn while its event is a draft.
    assert 1 <= len(won) <= 2
    assert {type(one) for one in outcomes} <= {Proposal, ProposalMoved}
    assert len(await db.fetch("SELECT 1 FROM event")) == sum(one.state == "accepted" for one in won)


async def test_two_who_accept_at_once_make_one_event() -> None:
    proposal = await make_proposal()
    outcomes = await at_once(*[acceptance.accept(proposal.id, by) for by in (ADA, BEN)])
    assert Counter(type(one).__name__ for one in outcomes) == {"Proposal": 1, "ProposalMoved": 1}
    assert len(await db.fetch("SELECT 1 FROM event")) == 1


async def test_without_the_lock_the_second_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "HELD", record.HELD.replace(" FOR UPDATE", ""))
    proposal = await make_proposal()
    outcomes = await at_once(*[acceptance.accept(proposal.id, by) for by in (ADA, BEN)])
    # The second letter of one step is stopped by the table itself: no sentence for people, but no second event either.
    assert Counter(type(one).__name__ for one in outcomes) == {"Proposal": 1, "UniqueViolationError": 1}


async def test_no_event_is_published_whose_host_has_withdrawn() -> None:
    proposal = await make_proposal("accepted")
    event = UUID(str(proposal.event))
    await following.withdraw(proposal, "Le four est en panne")
    with pytest.raises(HostWithdrew):
        await acceptance.publish(event, ADA)
    assert (await row_of(event))["state"] == "draft"

    await review.detach(proposal.id, ADA)
    await acceptance.publish(event, ADA)
    assert (await row_of(event))["state"] == "published"


async def test_a_host_who_withdraws_while_the_event_is_published_is_told_or_stops_it() -> None:
    for number in range(5):
        proposal = await make_proposal("accepted", email=f"h{number}@verrerie.test")
        event = UUID(str(proposal.event))
        published, withdrawn = await at_once(acceptance.publish(event, ADA), following.withdraw(proposal))
        is_public = (await row_of(event))["state"] == "published"
        assert isinstance(withdrawn, ProposalMoved) is is_public
        assert isinstance(published, HostWithdrew) is not is_public


async def test_publishing_tells_the_host_once() -> None:
    proposal = await make_proposal("published")
    await acceptance.publish(UUID(str(proposal.event)), ADA)
    assert await letters_of(proposal) == ["proposal_received", "proposal_accepted", "proposal_published"]


async def test_the_draft_of_an_accepted_proposal_is_kept_and_that_of_a_withdrawn_one_is_free() -> None:
    proposal = await make_proposal("accepted")
    event = UUID(str(proposal.event))
    with pytest.raises(DraftInUse):
        await publishing.delete(event, ADA)
    await following.withdraw(proposal)
    await publishing.delete(event, ADA)
    assert (await record.by_id(proposal.id)).event is None


async def test_new_dates_wait_for_the_campus_until_each_is_answered() -> None:
    proposal = await make_proposal("published")
    await following.add_dates(proposal, [a_when(30), a_when(37), a_when(14), a_when(-3)])
    first, second = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    assert (await record.by_id(proposal.id)).waits_for == "campus"

    slot = await review.take_date(proposal.id, first.id, 12, ADA)
    assert (await dates.load(slot)).capacity == 12
    assert (await record.by_id(proposal.id)).waits_for == "campus"
    await review.decline_date(proposal.id, second.id, ADA)
    assert (await record.by_id(proposal.id)).waits_for == ""
    assert (await letters_of(proposal))[-2:] == ["proposal_date", "proposal_date"]
    for again in (first, second):
        with pytest.raises(DateAnswered):
            await review.take_date(proposal.id, again.id, 12, BEN)
    with pytest.raises(NoNewDate):
        await following.add_dates(proposal, [a_when(30)])


async def test_a_report_is_not_forgotten_when_dates_are_answered_nor_dates_when_it_is_settled() -> None:
    proposal = await make_proposal("published")
    await following.report(proposal, "change", "Le four est en panne le matin")
    await following.add_dates(proposal, [a_when(30), a_when(37)])
    first, second = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    await review.decline_date(proposal.id, first.id, ADA)
    assert (await review.settle(proposal.id, ADA)).waits_for == "campus"  # for the second date
    await following.report(proposal, "cancel", "Le four est en panne tout le mois")
    await review.decline_date(proposal.id, second.id, ADA)
    assert (await record.by_id(proposal.id)).waits_for == "campus"  # for the second report
    assert (await review.settle(proposal.id, ADA)).waits_for == ""


async def test_a_date_that_passed_without_an_answer_keeps_nobody_waiting() -> None:
    proposal = await make_proposal("published")
    await following.add_dates(proposal, [a_when(1), a_when(30)])
    _, later = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    with clock.at(a_when(2)[0]):
        await review.decline_date(proposal.id, later.id, ADA)
        assert (await record.by_id(proposal.id)).waits_for == ""


async def test_of_two_who_take_a_date_at_once_one_makes_the_slot() -> None:
    proposal = await make_proposal("published")
    await following.add_dates(proposal, [a_when(30)])
    [new] = [one for one in await record.dates_of(proposal.id) if one.slot is None]
    outcomes = await at_once(*[review.take_date(proposal.id, new.id, 12, by) for by in (ADA, BEN)])
    assert Counter(type(one).__name__ for one in outcomes) == {"UUID": 1, "DateAnswered": 1}
    assert len(await slots_of(UUID(str(proposal.event)))) == 3
