"""The demonstration's companies: one proposal in every state, each as the verbs leave it, and anew tomorrow."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service import clock, db
from service.limits import rates
from service.operations import checks, demo
from service.operations.demo import companies, season
from service.people.tables import FormerSlug
from service.proposals import acceptance, figures, following, journal, record, review
from service.proposals.tables import STATES, Proposal
from tests.proposals.making import a_when, make_proposal

DAY = timedelta(days=1)
LETTERS = "SELECT letter, state FROM email WHERE subject_kind LIKE 'proposal%' ORDER BY id"
PEOPLE = """
SELECT organisation.slug, contact.name, contact.role FROM contact
JOIN organisation ON organisation.id = contact.organisation ORDER BY 1, 2
"""
ROWS = """
SELECT (SELECT count(*) FROM proposal) AS proposals, (SELECT count(*) FROM contact) AS contacts,
       (SELECT count(*) FROM organisation_note) AS notes, (SELECT count(*) FROM organisation) AS structures,
       (SELECT count(*) FROM event) AS events
"""


async def _of(name: str) -> Proposal:
    return await record.by_token((await companies.found())[name].path.rpartition("/")[2])


async def _verbs_of(name: str) -> list[str]:
    return [line.verb for line in await journal.lines_of((await _of(name)).id)]


async def _rows() -> dict[str, Any]:
    return dict((await db.fetch(ROWS))[0])


async def _booked(proposal: Proposal) -> list[int]:
    rows = await db.fetch("SELECT seats_taken FROM slot WHERE event = $1 ORDER BY starts_at", proposal.event)
    return [row["seats_taken"] for row in rows]


async def test_each_proposal_is_found_as_it_is_told_and_every_state_is_there() -> None:
    await demo.load()

    found = await companies.found()
    assert {name: one.has_moved for name, one in found.items()} == dict.fromkeys(companies.STORIES, False)
    assert {(await _of(name)).state for name in found} == set(STATES)
    assert [each["histoire"] for each in season.source()["propositions"]] == list(companies.STORIES)
    assert await checks.broken_rules() == []


@pytest.mark.parametrize(
    ("name", "verbs"),
    [
        ("drafted", ["begin"]),
        ("handed_in", ["submit"]),
        ("question", ["submit", "ask"]),
        ("answered", ["submit", "ask", "answer"]),
        ("accepted", ["submit", "accept"]),
        ("declined", ["submit", "decline"]),
        ("withdrawn", ["submit", "withdraw"]),
        ("published", ["submit", "accept", "publish"]),
        ("new_dates", ["submit", "accept", "publish", "add_dates", "take_date"]),
        ("must_change", ["submit", "accept", "publish", "report_change"]),
        ("over", ["submit", "accept", "publish", "feedback"]),
    ],
)
async def test_its_journal_tells_how_it_got_there(name: str, verbs: list[str]) -> None:
    await demo.load()

    assert await _verbs_of(name) == verbs


async def test_people_come_to_what_was_published_and_a_class_says_what_it_needs() -> None:
    await demo.load()

    published = await _of("published")
    assert await _booked(published) == [28, 0]
    needs = await db.fetch(
        "SELECT needs FROM dossier JOIN booking ON booking.dossier = dossier.id JOIN slot ON slot.id = booking.slot "
        "WHERE slot.event = $1 AND needs <> ''",
        published.event,
    )
    assert [row["needs"] for row in needs] == ["Un élève se déplace en fauteuil."]


async def test_what_is_over_has_figures_and_a_word_of_its_host() -> None:
    await demo.load()

    over = await _of("over")
    found = await figures.of_event(UUID(str(over.event)))
    assert (found.booked, found.classes, found.present) == (24, 1, 23)
    assert await following.is_over(over)
    assert over.again == "yes"


async def test_one_new_date_was_taken_and_one_waits() -> None:
    await demo.load()

    new = await _of("new_dates")
    assert [one.slot is not None for one in await record.dates_of(new.id)] == [True, True, False]
    assert await _booked(new) == [0, 0]


async def test_one_waits_for_longer_than_it_should_and_a_colleague_looks_after_some() -> None:
    await demo.load()

    assert (await _of("waiting_long")).waits_since < clock.now() - 11 * DAY
    assert {name for name in companies.STORIES if (await _of(name)).assigned_to} == set(companies.LOOKED_AFTER)


async def test_the_campus_knows_people_in_the_structures_and_has_noted_something_of_two() -> None:
    await demo.load()

    known = [tuple(row) for row in await db.fetch(PEOPLE)]
    assert ("electro-flandre", "Didier Playe", "Directeur de site") in known
    assert Counter(slug for slug, *_ in known)["verrerie-aa"] == 2
    noted = await db.fetch("SELECT DISTINCT organisation FROM organisation_note")
    assert len(noted) == 2


async def test_every_letter_of_a_step_waits_to_be_read_and_those_of_weeks_ago_were() -> None:
    await demo.load()

    letters = [tuple(row) for row in await db.fetch(LETTERS)]
    assert {letter for letter, state in letters if state == "due"} == {
        "proposal_accepted", "proposal_asked", "proposal_date", "proposal_declined", "proposal_kept", "proposal_news",
        "proposal_published", "proposal_received", "proposal_withdrawn",
    }  # fmt: skip
    assert Counter(state for _, state in letters)["sent"] > 10


async def test_tomorrow_all_of_it_begins_anew_whatever_visitors_did() -> None:
    await demo.load()
    before = await _rows()
    for step in (
        acceptance.accept((await _of("handed_in")).id, "person:ada"),
        review.decline((await _of("accepted")).id, "Non", "person:ada"),
        following.withdraw(await _of("drafted")),
        following.add_dates(await _of("published"), [a_when(60)]),
    ):
        await step
    assert {name for name, one in (await companies.found()).items() if one.has_moved} == {
        "handed_in", "accepted", "drafted", "published",
    }  # fmt: skip
    await review.detach((await _of("accepted")).id, "person:ada")

    with clock.at(clock.now() + DAY):
        assert await demo.load()

        assert {one.has_moved for one in (await companies.found()).values()} == {False}
        assert await _rows() == before
        assert await checks.broken_rules() == []


async def test_a_structure_that_was_renamed_or_joined_to_another_is_itself_again() -> None:
    await demo.load()
    before = await _rows()
    await db.fetch("UPDATE organisation SET name = 'Verrerie', town = '' WHERE slug = 'verrerie-aa'")
    host = season.an_id("organisation", "campus")
    await FormerSlug.insert(FormerSlug(slug="logi-lys", organisation=host))

    with clock.at(clock.now() + DAY):
        await demo.load()

    assert await _rows() == before
    [kept] = await db.fetch("SELECT name, town FROM organisation WHERE slug = 'verrerie-aa'")
    assert tuple(kept) == ("Verrerie de l’Aa (entreprise fictive)", "Arques")
    assert await FormerSlug.count() == 0


async def test_what_companies_propose_by_themselves_stays() -> None:
    await demo.load()
    own = await make_proposal("published")

    with clock.at(clock.now() + DAY):
        await demo.load()

    assert (await record.by_id(own.id)).state == "accepted"


async def test_whoever_asked_for_their_link_a_moment_ago_keeps_it_from_nothing() -> None:
    """Its people write weeks ago: by the clocks of today, they would do so too often."""
    await demo.load()
    with clock.at(clock.now() + DAY):
        for whose in companies.addresses():
            await rates.spend_letter(whose)

        assert await demo.load()
