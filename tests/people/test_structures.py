"""Structures as the office keeps them: entered, corrected by two at once, and told apart from their doubles."""

from uuid import UUID, uuid4

import pytest

from service import db
from service.people import likeness, organisations, remarks, structures
from service.people.organisations import Newcomer
from service.people.structures import (
    Facts,
    OrganisationChanged,
    SameName,
    UnknownOrganisation,
    facts_of,
)
from service.people.tables import FormerSlug
from tests.bookings.harness import at_once, journal_of, kinds
from tests.makers import make_organisation
from tests.visits import dump
from tests.web.office.harness import somebody

ADA = "person:ada"
FOUNDRY = Facts("Fonderie du Nord", "company", "Bailleul", "métal", "CCFI")


async def known(organisation: UUID) -> Facts:
    return facts_of(await structures.load(organisation))


async def test_a_structure_is_entered_with_all_that_is_known_of_it() -> None:
    new = await structures.add(FOUNDRY, ADA)
    assert await known(new) == FOUNDRY
    assert (await structures.load(new)).slug == "fonderie-du-nord"
    assert await journal_of(new) == [(ADA, "add")]


async def test_a_name_that_is_there_is_refused_however_it_is_typed() -> None:
    there = await make_organisation(name="Électro-Flandre")
    before = await dump()
    with pytest.raises(SameName) as met:
        await structures.add(Facts("electro flandre", "lab"), ADA)
    assert (met.value.other, met.value.name) == (there.id, "Électro-Flandre")
    assert await dump() == before


async def test_of_two_who_enter_the_same_at_once_one_is_told() -> None:
    outcomes = await at_once(*[structures.add(FOUNDRY, ADA) for _ in range(3)])
    assert kinds(outcomes) == {"UUID": 1, "SameName": 2}


async def test_a_corrected_structure_keeps_its_address() -> None:
    one = await make_organisation(slug="verrerie", name="Verrerie")
    changed = await structures.edit(one.id, FOUNDRY, 0, ADA)
    found = await structures.load(one.id)
    assert (changed, found.slug, found.version, facts_of(found)) == (
        ["name", "town", "sector", "authority_area"], "verrerie", 1, FOUNDRY,
    )  # fmt: skip
    assert await journal_of(one.id) == [(ADA, "edit")]


async def test_its_own_name_may_be_written_otherwise_but_not_as_another_s() -> None:
    one, other = await structures.add(FOUNDRY, ADA), await make_organisation(name="Verrerie")
    await structures.edit(one, Facts("FONDERIE du Nord", "company"), 0, ADA)
    with pytest.raises(SameName) as met:
        await structures.edit(one, Facts("verrerie", "company"), 1, ADA)
    assert met.value.other == other.id


async def test_of_two_who_edit_the_second_is_told_by_whom_and_what() -> None:
    ada = await somebody("organiser")
    one = await structures.add(FOUNDRY, ADA)
    outcomes = await at_once(
        structures.edit(one, Facts("Fonderie", "company"), 0, f"person:{ada.id}"),
        structures.edit(one, Facts("La Fonderie", "lab"), 0, f"person:{ada.id}"),
    )
    assert kinds(outcomes) == {"list": 1, "OrganisationChanged": 1}
    [met] = [one for one in outcomes if isinstance(one, OrganisationChanged)]
    assert (met.by, met.fields >= {"name", "town"}) == ("Ada organiser", True)
    assert (await structures.load(one)).version == 1


async def test_what_changes_nothing_meets_no_conflict() -> None:
    one = await structures.add(FOUNDRY, ADA)
    assert await structures.edit(one, FOUNDRY, 77, ADA) == []


async def test_what_is_not_there_is_refused() -> None:
    nowhere = uuid4()
    attempts = (
        structures.load(nowhere), structures.edit(nowhere, FOUNDRY, 0, ADA), remarks.write_down(nowhere, "x", ADA),
    )  # fmt: skip
    assert kinds(await at_once(*attempts)) == {UnknownOrganisation.__name__: 3}


async def test_a_note_is_kept_and_the_journal_keeps_none_of_its_words() -> None:
    one = await make_organisation()
    await remarks.write_down(one.id, "Appelée le 3 mars : le four est en panne.", ADA)
    [row] = await db.fetch("SELECT organisation, by, words FROM organisation_note")
    assert tuple(row) == (one.id, ADA, "Appelée le 3 mars : le four est en panne.")
    assert await journal_of(one.id) == [(ADA, "note")]
    assert (await db.fetch("SELECT facts FROM journal"))[0]["facts"] == "{}"


async def test_an_address_that_leads_to_another_structure_is_given_to_none() -> None:
    kept = await make_organisation()
    await db.insert(FormerSlug(slug="fonderie", organisation=kept.id))
    async with db.transaction():
        new = await organisations.enter(Newcomer("Fonderie", "company"))
    assert (await structures.load(new)).slug == "fonderie-2"


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("Verrerie de l’Aa", "VERRERIE DE L'AA SAS", True),
        ("Électro-Flandre (entreprise fictive)", "S.A.R.L. Electro Flandre", True),
        ("Cœur d’acier", "Coeur d’acier", True),
        ("SAS", "SA", False),
        ("Verrerie de l’Aa", "Verrerie de la Lys", False),
    ],
)
async def test_another_spelling_is_probably_the_same(one: str, other: str, is_alike: bool) -> None:
    first, second = await make_organisation(name=one), await make_organisation(name=other)
    assert await likeness.alike(first.id) == ({second.id: other} if is_alike else {})
