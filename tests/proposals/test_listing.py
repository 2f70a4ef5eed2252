"""The office's list of proposals: what it shows first, how it is narrowed, what it costs."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from service import clock, db
from service.events.tables import Event
from service.people.tables import Person
from service.proposals import acceptance, following, listing, record, review
from service.proposals.listing import Filters
from service.proposals.record import UnknownProposal
from service.proposals.tables import Proposal
from tests.makers import make_organisation
from tests.proposals.making import ADA, STATES, a_when, make_proposal, over_at
from tests.visits import counted
from tests.web.office.harness import somebody

NOBODY = uuid4()
COPIES = """
INSERT INTO proposal SELECT (jsonb_populate_record(proposal, jsonb_build_object(
    'id', gen_random_uuid(), 'token_hash', gen_random_uuid()))).* FROM proposal, generate_series(1, $1)
"""


async def a_proposal(state: str = "submitted", **changes: object) -> Proposal:
    """One from an address of its own: nobody hands in ten an hour."""
    return await make_proposal(state, **{"email": f"{uuid4().hex}@verrerie.test", **changes})


async def titles(me: UUID | None = None, /, **asked: str) -> list[str]:
    return [line.title for line in (await listing.found(Filters(**asked), me or NOBODY)).lines]


async def backdate(proposal: Proposal, days: int) -> datetime:
    since = clock.now() - timedelta(days=days)
    await db.fetch("UPDATE proposal SET waits_since = $2, submitted_at = $2 WHERE id = $1", proposal.id, since)
    return since


async def test_what_waits_longest_for_the_campus_stands_first_then_what_the_companies_have() -> None:
    for state, title, days in (
        ("submitted", "Hier", 1), ("asked", "Question", 9), ("declined", "Non", 2), ("submitted", "Vieux", 8),
        ("asked", "Autre question", 4), ("accepted", "Oui", 30),
    ):  # fmt: skip
        await backdate(await a_proposal(state, title=title), days)
    assert await titles() == ["Vieux", "Hier", "Question", "Autre question", "Non", "Oui"]
    assert await titles(sort="newest") == ["Hier", "Non", "Autre question", "Vieux", "Question", "Oui"]
    first, second = (await listing.found(Filters(), NOBODY)).lines[:2]
    assert [(one.days, one.is_late, one.news) for one in (first, second)] == [(8, True, "submit"), (1, False, "submit")]


@pytest.mark.parametrize("state", STATES)
async def test_each_state_is_found_by_its_name_and_by_no_other(state: str) -> None:
    proposal = await a_proposal(state)
    with clock.at(await over_at(proposal) if state == "over" else clock.now()):
        shown = [stands for stands in listing.STANDS if await titles(state=stands)]
        assert shown == [state]
        assert (await listing.overview(proposal.id)).stands == state


async def test_one_whose_event_was_called_off_says_so() -> None:
    proposal = await a_proposal("published")
    await Event.update({Event.state: "called_off"}).where(Event.id == proposal.event)
    assert (await titles(state="called_off"), await titles(state="published")) == ([proposal.title], [])


async def test_what_was_never_handed_in_is_seen_by_who_asks_for_it_only() -> None:
    for state in ("draft", "withdrawn"):
        await a_proposal(state, title=state)
    assert await titles() == []
    assert (await titles(state="draft"), await titles(state="withdrawn")) == (["draft"], ["withdrawn"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": "workshop"}, ["Élan"]),
        ({"q": "ELAN"}, ["Élan"]),
        ({"q": "verrerie"}, ["Du sable au flacon"]),
        ({"q": "atelier elan introuvable"}, []),
        ({"q": "100 %_' OR"}, []),
    ],
)
async def test_the_list_is_narrowed_and_searched_without_accents(asked: dict[str, str], found: list[str]) -> None:
    await a_proposal()
    await a_proposal(kind="workshop", title="Élan", organisation_name="L’Atelier")
    assert await titles(**asked) == found


async def test_the_search_knows_the_name_that_the_office_gives_the_structure() -> None:
    proposal = await a_proposal()
    host = await make_organisation(name="Arc Holding")
    await db.fetch("UPDATE proposal SET organisation = $2 WHERE id = $1", proposal.id, host.id)
    assert await titles(q="holding") == [proposal.title]


async def test_one_finds_what_one_looks_after_oneself_what_a_colleague_does_and_what_nobody_does() -> None:
    ada, ben = await somebody("admin"), await somebody("organiser")
    for person in (ada, ben, None):
        await _assigned(person)
    assert await titles(ada.id, by="mine") == await titles(ben.id, by=str(ada.id)) == ["Ada admin"]
    assert (await titles(ada.id, by="nobody"), await titles(ben.id, by="mine")) == (["nobody"], ["Ada organiser"])
    assert [line.assigned_name for line in (await listing.found(Filters(by=str(ben.id)), ada.id)).lines] == [ben.name]


async def _assigned(person: Person | None) -> None:
    proposal = await a_proposal(title=person.name if person else "nobody")
    await review.assign(proposal.id, person.id if person else None, ADA)


async def test_it_costs_one_statement_with_one_and_with_three_hundred() -> None:
    await a_proposal()
    costs = []
    for more in (0, 299):
        await db.fetch(COPIES, more)
        with counted() as statements:
            found = await listing.found(Filters(), NOBODY)
        costs.append((len(statements), len(found.lines), found.total, found.pages))
    assert costs == [(1, 1, 1, 1), (1, 50, 300, 6)]
    beyond = await listing.found(Filters(), NOBODY, 9)
    assert (beyond.lines, beyond.total, beyond.pages) == ([], 300, 6)


async def test_the_first_of_those_that_wait_are_told_with_how_many_there_are() -> None:
    assert (await listing.waiting()).total == 0
    for days in (1, 6, 3, 2):
        await backdate(await a_proposal(title=f"{days}"), days)
    await a_proposal("asked")
    first = await listing.waiting()
    assert ([one["days"] for one in first.rows], first.total) == ([6, 3, 2], 4)


@pytest.mark.parametrize(
    ("state", "may"),
    [
        ("draft", set()), ("submitted", {"ask", "accept", "decline"}), ("asked", {"accept", "decline"}),
        ("accepted", {"decline"}), ("declined", set()), ("withdrawn", set()), ("published", set()), ("over", set()),
    ],
)  # fmt: skip
async def test_what_may_be_done_follows_from_where_it_stands(state: str, may: set[str]) -> None:
    proposal = await a_proposal(state)
    with clock.at(await over_at(proposal) if state == "over" else clock.now()):
        one = await listing.overview(proposal.id)
    assert (set(one.may), one.answerable) == (may, [])


async def test_what_a_host_reports_may_be_settled_until_somebody_has() -> None:
    proposal = await a_proposal("published")
    await following.report(proposal, "cancel", "Le four est en panne")
    one = await listing.overview(proposal.id)
    assert one.report
    assert (one.report.verb, one.report.words) == ("report_cancel", "Le four est en panne")
    assert one.may == frozenset({"settle"})
    await review.settle(proposal.id, ADA)
    assert (await listing.overview(proposal.id)).report is None


async def test_a_draft_event_may_be_detached_from_who_withdrew() -> None:
    proposal = await a_proposal("accepted")
    await following.withdraw(proposal)
    assert (await listing.overview(proposal.id)).may == frozenset({"detach"})
    await review.detach(proposal.id, ADA)
    assert (await listing.overview(proposal.id)).may == frozenset()


async def test_new_dates_may_be_answered_until_they_have_passed() -> None:
    new, newer = a_when(30), a_when(37)
    proposal = await a_proposal(dates=[a_when(2), a_when(14)])
    with clock.at(a_when(3)[0]):
        assert len((await listing.overview(proposal.id)).coming) == 1
        await acceptance.accept(proposal.id, ADA)
        await following.add_dates(await record.by_id(proposal.id), [new, newer])
        answerable = (await listing.overview(proposal.id)).answerable
    assert [date.starts_at for date in answerable] == [new[0], newer[0]]
    with clock.at(new[0]):
        assert [date.starts_at for date in (await listing.overview(proposal.id)).answerable] == [newer[0]]


async def test_nobody_looks_at_what_there_is_not() -> None:
    with pytest.raises(UnknownProposal):
        await listing.overview(uuid4())
