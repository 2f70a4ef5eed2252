"""The structures as the office lists them: found however they are typed, by kind, by town, or gone quiet."""

from datetime import timedelta

import pytest

from service import db
from service.events import hosts
from service.events.hosts import Filters
from service.people import contacts
from service.people.contacts import Who
from tests.makers import make_event, make_organisation, make_slot
from tests.visits import counted


async def names(**asked: object) -> list[str]:
    return [line.name for line in (await hosts.found(Filters(**asked))).lines]  # type: ignore[arg-type]


async def test_each_tells_what_it_hosted_and_whom_one_knows_there() -> None:
    glass = await make_organisation(name="Verrerie", town="Arques", sector="verre")
    event = await make_event(host=glass.id)
    past, coming = await make_slot(event=event, starts_in=timedelta(days=-9)), await make_slot(event=event)
    await make_event(host=glass.id, state="draft")
    await make_slot(event=event, state="called_off", starts_in=timedelta(days=2))
    for name in ("Zoé", "Ali", "Bea", "Gone"):
        person = await contacts.add(glass.id, Who(name), "test")
    await contacts.leave(glass.id, person, "test")
    [line] = (await hosts.found(Filters())).lines
    assert (line.events, line.last_at, line.next_at) == (1, past.starts_at, coming.starts_at)
    assert (line.contacts, line.names) == (3, ["Zoé", "Ali"])


@pytest.mark.parametrize("typed", ["électro", "ELECTRO flandre", "flandre bailleul", "armoires", "ccfi", "coeur"])
async def test_a_structure_is_found_whatever_its_accents(typed: str) -> None:
    await make_organisation(
        name="Électro-Flandre", town="Bailleul", sector="armoires électriques, Cœur de ville", authority_area="CCFI"
    )
    await make_organisation(name="Verrerie")
    assert await names(q=typed) == ["Électro-Flandre"]
    assert await names(q="introuvable") == []


async def test_names_stand_as_people_look_them_up() -> None:
    for name in ("Verrerie", "électro-Flandre", "Écluse", "atelier", "Fonderie"):
        await make_organisation(name=name)
    assert await names() == ["atelier", "Écluse", "électro-Flandre", "Fonderie", "Verrerie"]


async def test_the_list_is_narrowed_by_kind_and_by_town() -> None:
    await make_organisation(name="Verrerie", town="Arques")
    await make_organisation(name="Lycée", kind="school", town="Arques")
    await make_organisation(name="Fonderie", town="Bailleul")
    assert await names(kind="company") == ["Fonderie", "Verrerie"]
    assert await names(kind="company", town="Arques") == ["Verrerie"]
    assert await hosts.towns() == ["Arques", "Bailleul"]


async def test_quiet_is_who_hosted_nothing_for_a_year_and_plans_nothing() -> None:
    for name, days in (("Ancienne", -400), ("Récente", -300), ("Prévue", 30)):
        host = await make_organisation(name=name)
        await make_slot(event=await make_event(host=host.id), starts_in=timedelta(days=days))
    await make_organisation(name="Jamais")
    assert await names(quiet="yes") == ["Ancienne", "Jamais"]


@pytest.mark.parametrize("number", [1, 300])
async def test_a_page_costs_one_statement_however_many_there_are(number: int) -> None:
    await make_organisation()
    await db.fetch(
        "INSERT INTO organisation (id, slug, name, kind) SELECT gen_random_uuid(), 's' || n, 'S' || n, 'lab'"
        " FROM generate_series(2, $1) AS n",
        number,
    )
    with counted() as seen:
        found = await hosts.found(Filters())
    assert (len(seen), len(found.lines), found.total) == (1, min(number, 50), number)
    assert found.pages == (1 if number == 1 else 6)


async def test_a_page_beyond_the_last_one_still_counts() -> None:
    await make_organisation()
    found = await hosts.found(Filters(), 7)
    assert (found.lines, found.total) == ([], 1)
