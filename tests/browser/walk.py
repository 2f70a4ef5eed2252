"""One walk over every situation: each page is asked everything, and has its pictures taken."""

from collections import defaultdict

from playwright.async_api import Browser, Page, Request, ViewportSize

from tests.browser import audit, situations, staff
from tests.browser.gallery import STAFF_VIEWS, VIEWS, Gallery
from tests.browser.situation import Situation

WIDTHS = (1280, 390, 320)
PHONE = ViewportSize(width=390, height=844)

Findings = dict[str, list[str]]


async def walk(browser: Browser, site: str, gallery: Gallery) -> Findings:
    """What is wrong, by what was asked. What has an address is looked at first, before forms change the rows."""
    found: Findings = defaultdict(list)
    for part in (situations.empty, situations.all_situations):  # the second fills the service
        for situation in sorted(await part(), key=lambda one: one.path is None):
            await _visit(browser, site, situation, gallery, found)
    return found


async def _visit(browser: Browser, site: str, situation: Situation, gallery: Gallery, found: Findings) -> None:
    """Ask all of one situation. In English only the words differ: its pages are looked at once."""
    is_twin = situation.name.endswith("-en")
    async with await browser.new_context(viewport=PHONE, bypass_csp=True) as visitor:
        if situation.role:
            await visitor.add_cookies([await staff.cookie(situation.role, site)])
        page = await visitor.new_page()
        asked = _noted(page)
        await situation.open(page, site)
        if situation.path is not None:
            found["weight"] += _named(situation, await audit.excess(asked, site, _budget(situation)))
        strange = [one["name"] for one in await visitor.cookies() if not situation.role or one["name"] != "session"]
        found["cookies"] += _named(situation, strange)
        await _look(page, situation, found, WIDTHS[-1:] if is_twin else WIDTHS)
        await gallery.take(situation.name, page, VIEWS[:1] if is_twin else STAFF_VIEWS if situation.role else VIEWS)
        await _enlarge(page, situation, found)


async def _look(page: Page, situation: Situation, found: Findings, widths: tuple[int, ...]) -> None:
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 844})
        found["axe"] += _named(situation, [f"@{width} {line}" for line in await audit.violations(page)])
    found["room"] += _named(situation, await audit.overflow(page))
    found["targets"] += _named(situation, await audit.small_targets(page))
    found["focus"] += _named(situation, await audit.unseen_stops(page))


async def _enlarge(page: Page, situation: Situation, found: Findings) -> None:
    await page.emulate_media(media="screen", forced_colors="none")
    await page.set_viewport_size({"width": 1280, "height": 900})
    for style in (audit.LARGE_TEXT, audit.WIDE_TEXT):
        await page.add_style_tag(content=style)
        found["large text"] += _named(situation, [f"{line} with {style}" for line in await audit.overflow(page)])


def _budget(situation: Situation) -> audit.Budget:
    """The door and the office may weigh more than what a visitor sees."""
    if situation.name.startswith("door"):
        return audit.DOOR
    return audit.OFFICE if situation.role else audit.PUBLIC


def _noted(page: Page) -> list[Request]:
    """What the page asks for, as it comes."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    return asked


def _named(situation: Situation, lines: list[str]) -> list[str]:
    return [f"{situation.name}: {line}" for line in lines]
