"""Whose doors open, and where."""

import pytest

from service import db
from service.events import places
from service.events.places import Host, UnknownHost, UnknownPlace
from service.people.tables import FormerSlug
from tests.makers import make_event, make_organisation


async def test_a_host_is_known_once_it_has_published_something() -> None:
    host = await make_organisation(slug="verrerie", name="Verrerie", town="Arques", sector="verre")
    await make_event(host=host.id, state="draft")
    with pytest.raises(UnknownHost):
        await places.host("verrerie")

    await make_event(host=host.id)

    assert await places.host("verrerie") == Host("verrerie", "Verrerie", "Arques", "verre")
    assert await places.hosts() == ["verrerie"]


async def test_a_town_is_found_by_its_name_in_an_address() -> None:
    for town in ("Aire-sur-la-Lys", "Saint-Omer", ""):
        await make_event(town=town)
    await make_event(town="Calais", state="draft")

    assert [await places.town(slug) for slug in ("aire-sur-la-lys", "saint-omer")] == ["Aire-sur-la-Lys", "Saint-Omer"]
    for unknown in ("calais", "", "Saint-Omer"):
        with pytest.raises(UnknownPlace):
            await places.town(unknown)


@pytest.mark.parametrize(
    ("place", "town"),
    [
        ("Atelier, 62510 Arques", "Arques"),
        ("62120 Aire-sur-la-Lys (parking derrière)", "Aire-sur-la-Lys"),
        ("Salle C12, 59190 Hazebrouck, 2e étage", "Hazebrouck"),
        ("Hall B", ""),
    ],
)
def test_the_town_of_a_place_stands_behind_its_postcode(place: str, town: str) -> None:
    assert places.town_in(place) == town


async def test_a_former_address_leads_on_once_there_is_something_to_see() -> None:
    host = await make_organisation(slug="verrerie")
    await db.insert(FormerSlug(slug="verriers", organisation=host.id))
    assert await places.now_at("verriers") == ""
    await make_event(host=host.id)
    assert (await places.now_at("verriers"), await places.now_at("unknown")) == ("verrerie", "")
