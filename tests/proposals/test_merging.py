"""Two structures become one: everything moves, nothing is lost, and of two who do it at once one is told."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from service import db
from service.people import contacts, organisations, remarks, structures
from service.people.contacts import Who
from service.people.structures import Facts, OrganisationChanged, UnknownOrganisation, facts_of
from service.people.tables import Organisation
from service.proposals import drafting, following, merging, record, review
from service.proposals.merging import AlreadyMerged, Moving, Pair, SameOrganisation
from tests.bookings.harness import at_once, journal_of, kinds
from tests.events.writing import make_draft, row_of
from tests.makers import make_event, make_organisation
from tests.proposals.making import ADA, BEN, a_when, an_idea, make_proposal
from tests.visits import dump

REFERENCES = """
SELECT conrelid::regclass || '.' || attname AS place FROM pg_constraint JOIN pg_attribute
    ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND confrelid = 'organisation'::regclass ORDER BY 1
"""


async def two() -> tuple[UUID, UUID]:
    """The glassworks, and the same typed anew."""
    kept = await make_organisation(slug="verrerie", name="Verrerie de l’Aa", town="Arques")
    gone = await make_organisation(slug="verrerie-sas", name="Verrerie de l’Aa SAS", kind="lab", sector="verre")
    return UUID(str(kept.id)), UUID(str(gone.id))


async def join(kept: UUID, gone: UUID, facts: Facts | None = None) -> None:
    pair = await merging.preview(kept, gone)
    await merging.merge(pair, facts or pair.facts({}), ADA)


async def test_every_reference_to_a_structure_is_one_that_moves() -> None:
    moved = [f"{sql.split()[1]}.{sql.split()[3]}" for sql in merging.MOVE.values()]
    assert [row["place"] for row in await db.fetch(REFERENCES)] == sorted(moved)


async def test_all_that_hangs_on_the_one_hangs_on_the_other() -> None:
    kept, gone = await two()
    event = await make_event(host=gone)
    proposal = await make_proposal(organisation_name="VERRERIE DE L'AA SAS")
    await contacts.add(gone, Who("Inès"), ADA)
    await remarks.write_down(gone, "Appelée le 3 mars.", ADA)
    pair = await merging.preview(kept, gone)
    assert pair.moving == Moving(events=1, proposals=1, contacts=1, notes=1)

    await merging.merge(pair, pair.facts({}), ADA)
    assert (await row_of(event))["host"] == kept
    assert (await record.by_id(proposal.id)).organisation == kept
    assert [one.name for one in await contacts.of(kept)] == ["Inès"]
    assert await db.fetch("SELECT 1 FROM organisation_note WHERE organisation = $1", kept)
    assert await Organisation.count() == 1
    assert (await journal_of(kept), await journal_of(gone)) == (
        [(ADA, "merge")], [(ADA, "note"), (ADA, "merged")],
    )  # fmt: skip
    assert await structures.merged_into(gone) == kept


async def test_each_fact_is_the_one_that_was_chosen() -> None:
    kept, gone = await two()
    pair = await merging.preview(kept, gone)
    assert pair.differing == ["name", "kind", "town", "sector"]
    await merging.merge(pair, pair.facts({"kind": True, "sector": True}), ADA)
    found = await structures.load(kept)
    assert facts_of(found) == Facts("Verrerie de l’Aa", "lab", "Arques", "verre")
    assert (found.slug, found.version) == ("verrerie", 1)


@pytest.mark.parametrize(("kept_left", "gone_left"), [(False, False), (True, False), (False, True), (True, True)])
async def test_a_person_of_both_is_one_and_there_if_anywhere(kept_left: bool, gone_left: bool) -> None:
    kept, gone = await two()
    here = await contacts.add(kept, Who("Inès", "ines@verrerie.test", role="Directrice"), ADA)
    there = await contacts.add(gone, Who("I. Delattre", "INES@verrerie.test", "03 21", "Gérante"), ADA)
    await contacts.add(gone, Who("Sans adresse"), ADA)
    await contacts.add(kept, Who("Sans adresse non plus"), ADA)
    for organisation, contact, has_left in ((kept, here, kept_left), (gone, there, gone_left)):
        if has_left:
            await contacts.leave(organisation, contact, ADA)
    await join(kept, gone)
    found = {one.name: one for one in await contacts.of(kept)}
    assert sorted(found) == ["Inès", "Sans adresse", "Sans adresse non plus"]
    ines = found["Inès"]
    assert (ines.phone, ines.role, ines.left_at is not None) == ("03 21", "Directrice", kept_left and gone_left)


async def test_all_its_old_addresses_lead_to_the_last_one() -> None:
    kept, gone = await two()
    third = await make_organisation(slug="verriers")
    await join(gone, third.id)
    await join(kept, gone)
    rows = await db.fetch("SELECT slug, organisation FROM former_slug ORDER BY slug")
    assert [tuple(row) for row in rows] == [("verrerie-sas", kept), ("verriers", kept)]


async def test_a_structure_is_not_joined_to_itself_nor_to_nothing() -> None:
    kept, gone = await two()
    for other, refused in ((kept, SameOrganisation), (uuid4(), UnknownOrganisation)):
        with pytest.raises(refused):
            await merging.preview(kept, other)
    await join(kept, gone)
    with pytest.raises(AlreadyMerged) as met:
        await merging.preview(kept, gone)
    assert (met.value.into, met.value.name) == (kept, "Verrerie de l’Aa")


async def both_ways() -> tuple[Pair, Pair]:
    kept, gone = await two()
    for number in range(2):
        await make_event(host=kept, slug=f"k{number}")
        await make_event(host=gone, slug=f"g{number}")
    return await merging.preview(kept, gone), await merging.preview(gone, kept)


async def test_joined_both_ways_at_once_one_wins_and_the_other_is_told() -> None:
    here, there = await both_ways()
    outcomes = await at_once(merging.merge(here, here.facts({}), ADA), merging.merge(there, there.facts({}), BEN))
    assert kinds(outcomes) == {"NoneType": 1, "AlreadyMerged": 1}
    [left] = await db.fetch("SELECT id FROM organisation")
    assert {row["host"] for row in await db.fetch("SELECT host FROM event")} == {left["id"]}


async def test_without_the_locks_the_second_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody() -> None:
        """Wait for nobody."""

    monkeypatch.setattr(organisations, "alone", nobody)
    for name in ("HELD", "HOLD_EVENTS"):
        unlocked = getattr(merging, name).replace(" FOR UPDATE", "").replace(" FOR NO KEY UPDATE", "")
        monkeypatch.setattr(merging, name, unlocked)
    here, there = await both_ways()
    outcomes = await at_once(merging.merge(here, here.facts({}), ADA), merging.merge(there, there.facts({}), BEN))
    # The database itself stops it, with no sentence for people.
    assert "AlreadyMerged" not in kinds(outcomes)
    assert len([one for one in outcomes if isinstance(one, Exception)]) >= 1


async def test_a_date_is_taken_while_its_host_is_joined_to_another() -> None:
    for number in range(5):
        proposal = await make_proposal("published", organisation_name=f"Fonderie {number}", email=f"{number}@x.test")
        await following.add_dates(proposal, [a_when(30)])
        [new] = [one for one in await record.dates_of(proposal.id) if one.slot is None]
        kept = await structures.add(Facts(f"Fonderies {number}", "company"), ADA)
        pair = await merging.preview(kept, UUID(str(proposal.organisation)))
        outcomes = await at_once(
            review.take_date(proposal.id, new.id, 12, ADA), merging.merge(pair, pair.facts({}), BEN)
        )
        assert kinds(outcomes) == {"UUID": 1, "NoneType": 1}
        assert (await record.by_id(proposal.id)).organisation == kept


async def test_what_was_saved_since_the_choice_is_not_overlooked() -> None:
    kept, gone = await two()
    for one in (kept, gone):
        pair = await merging.preview(kept, gone)
        now = await structures.load(one)
        await structures.edit(one, replace(facts_of(now), town="Lille"), now.version, BEN)
        before = await dump()
        with pytest.raises(OrganisationChanged):
            await merging.merge(pair, pair.facts({}), ADA)
        assert await dump() == before


async def test_what_comes_in_for_a_structure_that_goes_meanwhile_is_not_lost() -> None:
    for number in range(3):
        kept, gone = await two()
        pair = await merging.preview(kept, gone)
        idea = an_idea(organisation_name="Verrerie de l’Aa SAS", email=f"h{number}@verrerie.test")
        done, drafted, proposed = await at_once(
            merging.merge(pair, pair.facts({}), ADA), make_draft(host=gone), drafting.propose(idea)
        )
        assert done is None
        # Either it came first, and moved; or the structure was gone, and that is said, or its name is kept.
        assert isinstance(drafted, UUID | UnknownOrganisation)
        assert (await record.by_id(proposed.id)).organisation in (kept, None)
        await db.fetch("UPDATE organisation SET slug = slug || $1", f"-{number}")
        await db.fetch("UPDATE former_slug SET slug = slug || $1", f"-{number}")
        await db.fetch("UPDATE organisation SET name = name || $1", f" {number}")
