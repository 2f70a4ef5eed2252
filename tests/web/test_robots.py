"""What search engines may read, and where everything stands."""

from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx

from tests.makers import make_event, make_organisation, make_slot
from tests.visits import demonstration, settings_with

SPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


async def test_the_map_names_every_public_page_in_both_languages_and_each_exists(visitor: httpx.AsyncClient) -> None:
    host = await make_organisation(slug="verrerie")
    await make_slot(event=await make_event(slug="verre", town="Aire-sur-la-Lys", host=host.id))
    await make_event(slug="draft", state="draft")

    answer = await visitor.get("/sitemap.xml")

    assert answer.headers["content-type"].startswith("application/xml")
    urls = ET.fromstring(answer.content).findall("s:url", SPACE)  # noqa: S314 - our own
    named = [url.findtext("s:loc", "", SPACE) for url in urls]
    paths = {address.removeprefix("https://agenda.campus.test") for address in named}
    assert {
        "/",
        "/propose",
        "/events/verre",
        "/events/verre?lang=en",
        "/hosts/verrerie",
        "/places/aire-sur-la-lys",
    } <= paths
    assert not [path for path in paths if "draft" in path]
    assert len(named) == len(set(named))
    for path in paths:
        assert (await visitor.get(path)).status_code == 200, path
    assert all(len(url.findall("x:link", SPACE)) == 2 for url in urls)


async def test_search_engines_are_kept_from_what_belongs_to_one_person(visitor: httpx.AsyncClient) -> None:
    lines = (await visitor.get("/robots.txt")).text.splitlines()

    assert lines[0] == "User-agent: *"
    assert "Disallow: /bookings/" in lines
    assert "Disallow: /authorisations/" in lines
    assert "Disallow: /proposals/" in lines
    assert "Disallow: /" not in lines
    assert lines[-1] == "Sitemap: https://agenda.campus.test/sitemap.xml"
    assert (await visitor.get(urlsplit(lines[-1].removeprefix("Sitemap: ")).path)).status_code == 200


async def test_a_demonstration_and_a_laptop_are_read_by_no_search_engine(visitor: httpx.AsyncClient) -> None:
    nothing = "User-agent: *\nDisallow: /\n"

    async with demonstration() as demo:
        assert (await demo.get("/robots.txt")).text == nothing
    with settings_with(public_url="http://localhost:8000"):
        assert (await visitor.get("http://localhost:8000/robots.txt")).text == nothing
