"""Structures by name: found however they are typed, entered once."""

import pytest

from service import db
from service.people import likeness, organisations
from service.people.organisations import Newcomer
from tests.bookings.harness import at_once
from tests.makers import make_organisation


async def enter(name: str, kind: str = "company", town: str = "") -> object:
    """Enter it in a transaction of its own."""
    async with db.transaction():
        return await organisations.enter(Newcomer(name, kind, town))


@pytest.mark.parametrize("typed", ["Électro-Flandre", "electro flandre", " ÉLECTRO-FLANDRE "])
async def test_a_structure_is_found_whatever_its_accents_and_its_case(typed: str) -> None:
    known = await make_organisation(name="Électro-Flandre")
    assert await organisations.named(typed) == known.id
    assert await organisations.named("Électro") is None


async def test_names_stand_in_their_order() -> None:
    for name in ("Verrerie", "Atelier"):
        await make_organisation(name=name)
    assert list((await organisations.names()).values()) == ["Atelier", "Verrerie"]


async def test_a_newcomer_has_an_address_made_from_its_name() -> None:
    await make_organisation(slug="fonderie")
    for name in ("Fonderie", "Fonderie !!", "工場", "L’Œuvre", "x" * 200):
        await enter(name, "lab")
    rows = await db.fetch("SELECT slug FROM organisation WHERE kind = 'lab' ORDER BY length(name)")
    assert [row["slug"] for row in rows] == ["lab", "l-oeuvre", "fonderie-2", "x" * 70]


async def test_entered_at_once_a_structure_is_there_once() -> None:
    outcomes = await at_once(*[enter("Fonderie du Nord") for _ in range(5)])
    assert len(set(outcomes)) == 1
    assert len(await db.fetch("SELECT 1 FROM organisation")) == 1


async def test_the_town_of_a_structure_is_known_or_empty() -> None:
    known = await make_organisation(town="Arques")
    assert (await organisations.town_of(known.id), await organisations.town_of((await make_organisation()).id)) == (
        "Arques", "",
    )  # fmt: skip


async def test_entering_needs_a_transaction() -> None:
    with pytest.raises(db.NoTransaction):
        await organisations.enter(Newcomer("Fonderie", "company"))


@pytest.mark.parametrize(
    ("typed", "is_alike"),
    [
        ("Verrerie de l’Aa", True),
        ("VERRERIE DE L'AA", True),
        ("Verrerie de l’Aa SAS", True),
        ("Société Verrerie de l’Aa [groupe]", True),
        ("Verrerie de l’Oise", False),
        ("SAS", False),
        ("", False),
    ],
)
async def test_a_name_resembles_another_but_for_legal_form_and_remarks(typed: str, is_alike: bool) -> None:
    known = await make_organisation(name="SARL Verrerie de l’Aa (entreprise fictive)")
    await make_organisation(name="SARL")
    assert await likeness.resembling(typed) == ({known.id: known.name} if is_alike else {})
