"""Every page in every state: accessible, within its budget, usable with a keyboard, a thumb, large text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Request

from tests.browser import situations
from tests.browser.situations import Situation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 390, 320)
HTML, CSS, SCRIPT, ALL, REQUESTS = 25_000, 20_000, 10_000, 60_000, 4
LARGE_TEXT = "html{font-size:200% !important}"
WIDE_TEXT = "*{line-height:1.5 !important;letter-spacing:.12em !important;word-spacing:.16em !important}"


async def test_every_page_is_accessible_at_three_widths(browser: Browser, site: str) -> None:
    found = []
    async for name, page in _walk(browser, site):
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 844})
            found += [f"{name} @{width}: {line}" for line in await _violations(page)]
        found += [f"{name} @320: {wide} px too wide" for wide in await _overflow(page)]
    assert found == []


async def test_every_page_can_be_used_by_keyboard_by_thumb_and_with_large_text(browser: Browser, site: str) -> None:
    found = []
    async for name, page in _walk(browser, site):
        await page.set_viewport_size({"width": 1280, "height": 900})
        found += [f"{name}: no ring at {stop}" for stop in await _unseen_stops(page)]
        found += [f"{name}: too small {target}" for target in await page.evaluate(SMALL_TARGETS)]
        for style in (LARGE_TEXT, WIDE_TEXT):
            await page.add_style_tag(content=style)
            found += [f"{name}: {wide} px too wide with {style}" for wide in await _overflow(page)]
    assert found == []


async def test_every_first_visit_keeps_within_its_budget(browser: Browser, site: str) -> None:
    for situation in await situations.all_situations():
        if situation.path is None:
            continue
        async with await browser.new_context() as visitor:
            page = await visitor.new_page()
            asked = _asked_by(page)
            await page.goto(site + situation.path, wait_until="load")
            sizes = [(_kind(request), len(await _body(request))) for request in asked]

            assert {urlsplit(request.url).netloc for request in asked} == {urlsplit(site).netloc}, situation.name
            assert await visitor.cookies() == [], situation.name
            assert len(asked) <= REQUESTS, situation.name
            for kind, most in (("document", HTML), ("stylesheet", CSS), ("script", SCRIPT), ("", ALL)):
                assert sum(size for of, size in sizes if kind in of) <= most, (situation.name, kind)


async def test_a_violation_would_be_found(browser: Browser) -> None:
    """The negative control: the same audit finds a field without a label and pale text."""
    async with await browser.new_page(bypass_csp=True) as page:
        await page.set_content("<html><body><h1>x</h1><input><p style='color:#ccc;background:#fff'>pale</p>")
        rules = {line.split(" ")[0] for line in await _violations(page)}
        assert {"label", "color-contrast", "html-has-lang"} <= rules
        await page.set_content("<button>x</button><div style='width:4000px'>wide</div>")
        assert await page.evaluate(SMALL_TARGETS) != []
        assert await _overflow(page) != []


SMALL_TARGETS = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, summary, .button')]
  .filter(e => !e.closest('.elsewhere'))
  .map(e => [e, (e.matches('[type=radio],[type=checkbox]') ? e.parentElement : e).getBoundingClientRect()])
  .filter(([e, box]) => box.width && (box.height < 44 || box.width < 44))
  .map(([e, box]) => e.outerHTML.slice(0, 60) + ` ${box.width}x${box.height}`)"""
FOCUS = """() => { const e = document.activeElement; if (!e || e === document.body) return null;
  const s = getComputedStyle(e), l = e.labels && e.labels[0] ? getComputedStyle(e.labels[0]) : s,
        p = e.parentElement ? getComputedStyle(e.parentElement) : s;
  const drawn = x => (x.outlineStyle !== 'none' && parseFloat(x.outlineWidth) > 0) || x.boxShadow !== 'none';
  const ring = [s, l, p].some(drawn);
  return {what: e.outerHTML.slice(0, 80), ring}; }"""


async def _walk(browser: Browser, site: str) -> AsyncIterator[tuple[str, Page]]:
    """Every situation, opened on a phone; first those of an empty service."""
    for situation in [*await situations.empty(), *await situations.all_situations()]:
        async with _opened(browser, site, situation) as page:
            yield situation.name, page


@asynccontextmanager
async def _opened(browser: Browser, site: str, situation: Situation) -> AsyncIterator[Page]:
    page = await browser.new_page(viewport={"width": 390, "height": 844}, bypass_csp=True)
    await situation.open(page, site)
    yield page
    await page.close()


async def _violations(page: Page) -> list[str]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    result: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS
    )
    return [f"{one['id']} {one['nodes'][0]['html'][:100]}" for one in result["violations"]]


def _kind(request: Request) -> str:
    return request.resource_type


def _asked_by(page: Page) -> list[Request]:
    """What the page asks for, as it comes."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    return asked


async def _body(request: Request) -> bytes:
    response = await request.response()
    return await response.body() if response else b""


async def _overflow(page: Page) -> list[int]:
    """By how many pixels the page is too wide; nothing when it fits."""
    wide: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [wide] if wide > 0 else []


async def _unseen_stops(page: Page) -> list[str]:
    stops: list[dict[str, Any]] = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(FOCUS)
        if stop is None:
            break
        stops.append(stop)
    assert stops
    return [stop["what"] for stop in stops if not stop["ring"]]
