"""A poster prints to one A4 sheet, with nothing cut off, whatever its title and however many its dates."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser

from tests.browser import stage
from tests.browser.stage import LONGEST_TITLE
from tests.makers import at_paris, make_event, make_slot

pytestmark = pytest.mark.browser

PAGE = re.compile(rb"/Type\s*/Page\b")
A4 = re.compile(rb"/MediaBox\s*\[0 0 59[45](?:\.\d+)? 84[12](?:\.\d+)?\]")
CUT = "() => { const sheet = document.querySelector('.sheet'); return sheet.scrollHeight - sheet.clientHeight; }"


async def test_every_poster_is_one_sheet(browser: Browser, site: str) -> None:
    staged = await stage.set_up()
    slugs = ["visite-tableaux-electriques", "atelier-rv-maintenance", "ag-ordinaire", "forum-metiers"]
    slugs += [staged.many_days.slug, staged.dateless.slug, *(slot.slug for slot in staged.slots.values())]
    slugs += [await _worst(apart) for apart in (timedelta(0), timedelta(days=1))]
    for slug in slugs:
        for query in ("", "?lang=en"):
            found = await _printed(browser, f"{site}/events/{slug}/poster{query}")
            assert found == (1, 1, 0), (slug, query)


async def test_a_second_sheet_and_a_cut_would_be_found(browser: Browser) -> None:
    """The negative control."""
    async with await browser.new_page() as page:
        await page.set_content("<style>@page{size:A4;margin:0}</style><main class=sheet style='height:400mm'>x</main>")
        pdf = await page.pdf(prefer_css_page_size=True)
        assert (len(PAGE.findall(pdf)), len(A4.findall(pdf))) == (2, 2)
        await page.set_content("<main class=sheet style='height:9mm;overflow:hidden'><p style='height:20mm'>x</main>")
        assert await page.evaluate(CUT) > 0


async def _worst(apart: timedelta) -> str:
    """The address of an event whose every line is long, with twelve dates so far apart that all pass midnight."""
    worst = await make_event(title=(LONGEST_TITLE * 2)[:200], summary="Une longue phrase. " * 15, place="Salle " * 40)
    for number in range(12):
        await make_slot(event=worst, starts_at=at_paris("2031-03-04 22:37") + number * apart)
    return str(worst.slug)


async def _printed(browser: Browser, address: str) -> tuple[int, int, int]:
    """How many sheets, how many of them A4, and how many pixels are cut off."""
    async with await browser.new_page(viewport={"width": 794, "height": 1123}) as page:
        await page.goto(address)
        pdf = await page.pdf(prefer_css_page_size=True, print_background=True)
        await page.emulate_media(media="print")
        return len(PAGE.findall(pdf)), len(A4.findall(pdf)), await page.evaluate(CUT)
