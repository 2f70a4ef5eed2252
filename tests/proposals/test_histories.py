"""What the campus and a structure had to do with each other, line by line."""

from datetime import timedelta
from uuid import UUID

import pytest

from service import clock, db
from service.people import remarks, structures
from service.people.structures import Facts
from service.proposals import drafting, histories, merging, review
from service.proposals.tables import Proposal
from tests.makers import a_pupil, make_booking, make_event, make_organisation, make_slot
from tests.proposals.making import an_idea, make_proposal, over_at
from tests.visits import counted
from tests.web.office.harness import somebody


async def said(organisation: UUID, *, in_full: bool = True) -> list[tuple[str, str]]:
    """(what, word) of its history, the oldest first."""
    leaf = await histories.lines_of(organisation, in_full=in_full)
    return [(line.what, line.word) for line in reversed(leaf.rows)]


async def published() -> Proposal:
    proposal = await make_proposal("published")
    assert proposal.organisation
    return proposal


async def test_it_tells_steps_letters_notes_and_events_the_newest_first() -> None:
    ada = await somebody("organiser")
    proposal = await published()
    await remarks.write_down(proposal.organisation, "Appelée le 3 mars.", f"person:{ada.id}")
    with clock.at(await over_at(proposal)):
        leaf = await histories.lines_of(proposal.organisation, in_full=True)
        told = await said(proposal.organisation)
    assert sorted(told) == sorted([
        ("step", "submit"), ("letter", "proposal_received"), ("step", "accept"), ("letter", "proposal_accepted"),
        ("step", "publish"), ("letter", "proposal_published"), ("note", ""), ("event", "visit"), ("event", "visit"),
    ])  # fmt: skip
    moments = [line.at for line in leaf.rows]
    assert moments == sorted(moments, reverse=True)
    [note] = [line for line in leaf.rows if line.what == "note"]
    assert (note.name, note.words) == ("Ada organiser", "Appelée le 3 mars.")
    assert {line.is_theirs for line in leaf.rows if line.word == "submit"} == {True}


async def test_who_only_reads_is_told_neither_words_nor_letters() -> None:
    proposal = await published()
    await remarks.write_down(proposal.organisation, "Appelée le 3 mars.", "person:x")
    leaf = await histories.lines_of(proposal.organisation, in_full=False)
    assert {(line.what, line.words) for line in leaf.rows} == {("step", "")}


async def test_what_was_never_handed_in_stays_its_writer_s() -> None:
    here = UUID(str((await make_organisation(name="Verrerie de l’Aa")).id))
    await drafting.begin(an_idea())
    assert (await said(here), await histories.proposals_of(here)) == ([], [])


async def test_a_structure_that_was_joined_brings_its_history_along() -> None:
    kept = UUID(str((await make_organisation()).id))
    asked = await make_proposal(organisation_name="Fonderie")
    gone = await structures.add(Facts("Fonderie bis", "company"), "person:x")
    await db.fetch("UPDATE proposal SET organisation = $2 WHERE id = $1", asked.id, gone)
    pair = await merging.preview(kept, gone)
    await merging.merge(pair, pair.facts({}), "person:x")
    assert await said(kept) == [("step", "submit"), ("letter", "proposal_received"), ("merge", "")]
    [last] = [line for line in (await histories.lines_of(kept, in_full=True)).rows if line.what == "merge"]
    assert last.title == "Fonderie bis"


async def test_a_proposal_stands_where_it_is() -> None:
    proposal = await published()
    second = await make_proposal(email="autre@verrerie.test")
    await review.decline(second.id, "Trop loin", "person:x")
    found = await histories.proposals_of(proposal.organisation)
    assert [(one.state, one.event_state) for one in found] == [("declined", ""), ("accepted", "published")]


async def test_an_event_tells_who_booked_and_who_came() -> None:
    here = await make_organisation()
    event = await make_event(host=here.id)
    slot = await make_slot(event=event)
    for _ in range(3):
        await make_booking(slot, a_pupil())
    await db.fetch(
        "INSERT INTO presence (id, slot, booking, people, noted_at)"
        " SELECT gen_random_uuid(), slot, id, 1, now() FROM booking LIMIT 2"
    )
    await make_event(host=here.id, state="draft", title="À venir")
    leaf = await histories.hosted(here.id)
    assert [(one.state, one.dates, one.booked, one.present, one.is_over) for one in leaf.rows] == [
        ("draft", 0, 0, 0, False), ("published", 1, 3, 2, False),
    ]  # fmt: skip
    with clock.at(clock.now() + timedelta(days=30)):
        assert (await histories.hosted(here.id)).rows[1].is_over


@pytest.mark.parametrize("events", [1, 60])
async def test_pages_are_of_fifty_and_cost_one_statement_each(events: int) -> None:
    here = await make_organisation()
    for _ in range(events):
        event = await make_event(host=here.id)
        await remarks.write_down(here.id, "Appelée.", "person:x")
        if events == 1:
            await make_slot(event=event)
    with counted() as seen:
        hosted, lines = await histories.hosted(here.id), await histories.lines_of(here.id, in_full=True)
    assert len(seen) == 2
    assert (len(hosted.rows), hosted.total, hosted.pages) == (min(events, 50), events, 1 if events == 1 else 2)
    assert (len(lines.rows), lines.total) == (min(events, 50), events)
