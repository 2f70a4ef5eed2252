"""What is asked of an open page: accessibility, room, focus, targets, weight. Each finding is a line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page, Request

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCRIPT = 10_000
LARGE_TEXT = "html{font-size:200% !important}"
WIDE_TEXT = "*{line-height:1.5 !important;letter-spacing:.12em !important;word-spacing:.16em !important}"

RUN_AXE = """tags => axe.run(document,
  {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], preload: false, elementRef: false})"""
SMALL_TARGETS = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, summary, .button')]
  .filter(e => !e.closest('.elsewhere'))
  .map(e => [e, (e.matches('[type=radio],[type=checkbox]') ? e.parentElement : e).getBoundingClientRect()])
  .filter(([e, box]) => box.width && (box.height < 44 || box.width < 44))
  .map(([e, box]) => e.outerHTML.slice(0, 60) + ` ${box.width}x${box.height}`)"""
# After a Tab, focus that a script moves on is shown as if the keyboard had moved it.
STOPS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, iframe, [tabindex]')]
  .filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility() && !e.closest('.elsewhere, [inert]'))
  .map(e => { e.focus();
    const drawn = x => (x.outlineStyle !== 'none' && parseFloat(x.outlineWidth) > 0) || x.boxShadow !== 'none';
    const around = [e, e.labels && e.labels[0], e.parentElement].filter(Boolean);
    const is_seen = document.activeElement === e && around.some(x => drawn(getComputedStyle(x)));
    return [e.outerHTML.slice(0, 80), is_seen]; })"""


@dataclass(frozen=True)
class Budget:
    """What one first visit may weigh, in bytes, and how often it may ask."""

    html: int = 25_000
    css: int = 20_000
    everything: int = 60_000
    requests: int = 4


PUBLIC = Budget()
OFFICE = Budget(html=80_000, css=36_000, everything=120_000, requests=5)  # fifty rows a page, a letter in a frame
DOOR = Budget(html=80_000, css=24_000, everything=120_000, requests=6)  # its list is looked up again, twice meanwhile


async def violations(page: Page) -> list[str]:
    """What axe finds at the present width."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    result: dict[str, Any] = await page.evaluate(RUN_AXE, TAGS)
    return [f"{one['id']} {one['nodes'][0]['html'][:100]}" for one in result["violations"]]


async def overflow(page: Page) -> list[str]:
    """By how much the page is too wide; nothing when it fits."""
    wide: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{wide} px too wide"] if wide > 0 else []


async def unseen_stops(page: Page) -> list[str]:
    """Where the keyboard can go without anybody seeing it. Every page has somewhere to go."""
    await page.keyboard.press("Tab")
    stops: list[tuple[str, bool]] = await page.evaluate(STOPS)
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")  # as it was: pictures come next
    return [f"no ring at {what}" for what, ring in stops if not ring] if stops else ["no stop at all"]


async def small_targets(page: Page) -> list[str]:
    """What is less than 44 px high or wide."""
    found: list[str] = await page.evaluate(SMALL_TARGETS)
    return [f"too small {target}" for target in found]


async def excess(asked: list[Request], site: str, budget: Budget = PUBLIC) -> list[str]:
    """What one first visit weighs too much, and whom it asks besides us."""
    sizes = [(request.resource_type, len(await _body(request))) for request in asked]
    limits = (("document", budget.html), ("stylesheet", budget.css), ("script", SCRIPT), ("", budget.everything))
    weights = [(kind, sum(size for of, size in sizes if kind in of), most) for kind, most in limits]
    others = {urlsplit(request.url).netloc for request in asked} - {urlsplit(site).netloc}
    return [
        *[f"{kind or 'all'}: {weight} of {most}" for kind, weight, most in weights if weight > most],
        *[f"asks {other}" for other in others],
        *([f"{len(asked)} requests"] if len(asked) > budget.requests else []),
    ]


async def _body(request: Request) -> bytes:
    response = await request.response()
    return await response.body() if response else b""
