"""Every page in every state: accessible, within its budget, usable with a keyboard, a thumb, large text.

One walk asks it all, takes the pictures of ``var/gallery/`` too (open its ``index.html`` and leaf through), and each
test reads its part of the findings.
"""

import html
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from playwright.async_api import Browser

from service import i18n
from service.worker import LETTERS
from tests.browser import audit
from tests.browser.gallery import LETTER_VIEWS, Gallery
from tests.browser.walk import Findings, walk
from tests.mail import test_class_letters, test_proposal_letters
from tests.mail.smtp_server import smtp_server
from tests.mail.test_letters import Parts, provoke
from tests.makers import a_pupil

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parent.parent.parent / "var" / "gallery"
PLAIN = """<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<pre style="white-space:pre-wrap;overflow-wrap:anywhere;font:15px/1.5 monospace">"""
# A class's letters have more cases than one each: they are taken by case.
OF_CLASSES = {"class": "option", "option_reminder": "reminder", "option_lapsed": "lapsed", "changed": "changed"}
LEAST_BYTES = 3_000  # less than any page with words on it


@pytest.fixture(scope="module")
async def gallery() -> Gallery:
    """The folder of the pictures, fresh."""
    return Gallery(FOLDER)


@pytest.fixture(scope="module")
async def findings(browser: Browser, site: str, gallery: Gallery) -> Findings:
    """What the walk found."""
    return await walk(browser, site, gallery)


async def test_every_page_is_accessible_at_three_widths(findings: Findings) -> None:
    assert findings["axe"] == []


async def test_every_page_fits_320_pixels_and_large_and_wide_text(findings: Findings) -> None:
    assert (findings["room"], findings["large text"]) == ([], [])


async def test_every_page_shows_where_the_keyboard_is_and_has_room_for_a_thumb(findings: Findings) -> None:
    assert (findings["focus"], findings["targets"]) == ([], [])


async def test_every_first_visit_keeps_within_its_budget_and_sets_no_cookie(findings: Findings) -> None:
    assert (findings["weight"], findings["cookies"]) == ([], [])


async def test_every_page_state_and_letter_has_its_pictures(
    browser: Browser, findings: Findings, gallery: Gallery
) -> None:
    await _take_letters(gallery, browser)

    index = gallery.write_index()

    taken = list(gallery.pictures())
    assert set(OF_CLASSES.values()) <= set(test_class_letters.ALL)
    assert sorted(taken) == sorted(FOLDER.glob("*.jpg"))
    assert [picture.name for picture in taken if picture.stat().st_size < LEAST_BYTES] == []
    async with await browser.new_page() as page:
        await page.goto(index.as_uri())
        assert await page.locator("img").count() == len(taken)


async def test_what_is_wrong_would_be_found(browser: Browser) -> None:
    """The negative control: a field without a label, pale text, a small and an unseen button, a wide page."""
    async with await browser.new_page(bypass_csp=True) as page:
        await page.set_content("<html><body><h1>x</h1><input><p style='color:#ccc;background:#fff'>pale</p>")
        rules = {line.split(" ")[0] for line in await audit.violations(page)}
        assert {"label", "color-contrast", "html-has-lang"} <= rules
        await page.set_content("<button>x</button><div style='width:4000px'>wide</div>")
        assert await audit.small_targets(page) != []
        assert await audit.overflow(page) != []
        assert await audit.unseen_stops(page) == []
        await page.set_content("<a href='#x'>seen</a><p><button style='outline:0'>x</button></p>")
        assert [line[:20] for line in await audit.unseen_stops(page)] == ["no ring at <button s"]
        await page.set_content("<p>nowhere to go</p>")
        assert await audit.unseen_stops(page) == ["no stop at all"]


async def test_every_stop_is_reached_with_the_tab_key(browser: Browser, site: str) -> None:
    """The order is that of the page, and nothing holds the keyboard fast."""
    async with await browser.new_page() as page:
        await page.goto(f"{site}/bookings/find")
        reached = []
        for _ in range(30):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
        wanted = await page.evaluate(audit.STOPS)
    assert (
        reached[: len(wanted) - 1]
        == [what[:60] for what, _ in wanted if "content" not in what or "#" in what][: len(wanted) - 1]
    )


async def _take_letters(gallery: Gallery, browser: Browser) -> None:
    """Each letter as a mail program on a phone shows it, and as plain text."""
    for letter, language in product(LETTERS, i18n.LANGUAGES):
        if letter in test_proposal_letters.STEPS:
            _, parts = await test_proposal_letters.provoke(letter, language)
            await _take_letter(gallery, browser, f"letter-{letter}-{language}", parts)
        elif letter not in OF_CLASSES:
            async with smtp_server() as server:
                arrived = await provoke(letter, replace(a_pupil(), language=language), server)
            await _take_letter(gallery, browser, f"letter-{letter}-{language}", arrived)
    for case, language in product(test_class_letters.ALL, i18n.LANGUAGES):
        arrived = await test_class_letters.ALL[case](language)
        name = case.replace(", ", "-").replace(" ", "-")
        await _take_letter(gallery, browser, f"letter-class-{name}-{language}", arrived)


async def _take_letter(gallery: Gallery, browser: Browser, name: str, arrived: Parts) -> None:
    for kind, content in (("html", arrived.html), ("text", PLAIN + html.escape(arrived.text))):
        async with await browser.new_page() as page:
            await page.set_content(content)
            await gallery.take(f"{name}-{kind}", page, LETTER_VIEWS)
