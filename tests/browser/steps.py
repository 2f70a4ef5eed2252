"""What the journeys of the office and of companies share: a browser, the way in by mail, a booking, the day itself."""

import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.bookings.harness import mail_goes_out, text_of
from tests.web.office.harness import somebody

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
PLAIN: dict[str, Any] = {"java_script_enabled": False}
HOUR = timedelta(hours=1)
# The day comes, whatever the time is now: a slot that begins this minute is open at its door, also at midnight.
MOVE = "UPDATE slot SET starts_at = $1, ends_at = $2, closes_at = $1"


async def opened(browser: Browser, **how: Any) -> Page:
    """A page of a browser of its own; what is not there within seconds does not come."""
    page = await browser.new_page(**how)
    page.set_default_timeout(10_000)
    return page


async def sign_in(page: Page, site: str, folder: Path) -> None:
    """From the office's shut door by mail into the office."""
    await somebody("organiser")
    await page.goto(f"{site}/office")
    await page.locator("#email").fill("organiser@campus.test")
    await page.locator("main form button").click()
    [letter] = await mail_goes_out(folder)
    await page.goto(link_in(letter, site, "/office/sign-in"))
    await page.get_by_role("button", name="Ouvrir").click()
    assert page.url == f"{site}/office"


async def book(page: Page, event: str, name: str) -> None:
    """A student of that name takes a seat, on the page of the event."""
    await page.goto(event)
    typed = {"first_name": name, "last_name": "Delattre", "email": f"{name}@exemple.test".lower(), "school": "LYPSO"}
    await fill_slowly(page, typed)
    await page.locator('form[action*="/bookings"] button').click()


async def fill_slowly(page: Page, typed: dict[str, str]) -> None:
    """Type it as a hand does."""
    for name, value in typed.items():
        await page.locator(f"#{name}").fill(value)
    await page.wait_for_timeout(1100)  # no hand is faster


async def path_of(page: Page, link: str) -> str:
    """Where a link leads."""
    return await page.get_by_role("link", name=link).get_attribute("href") or ""


def link_in(letter: EmailMessage, site: str, under: str = "/bookings") -> str:
    """What a letter's link leads to, on this test's site."""
    found = re.search(rf"{under}/[\w-]+\S*", text_of(letter))
    assert found
    return site + found[0]
