"""A queue of three moves by itself: on a phone, without JavaScript, every step through the pages."""

import re

import pytest
from playwright.async_api import Browser, Page

from service import db
from service.bookings.seats import seats_left
from tests.makers import make_event, make_slot

pytestmark = pytest.mark.browser

STATES = """
SELECT first_name, state FROM booking JOIN dossier ON dossier.id = booking.dossier ORDER BY dossier.created_at
"""


async def test_a_queue_of_three_moves_by_itself(browser: Browser, site: str) -> None:
    slot = await make_slot(1, event=await make_event(title="Programmer un robot collaboratif", levels=[]))
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await phone.new_page()
    links = {name: await _ask(page, f"{site}/events/{slot.slug}", name) for name in ("Ada", "Ben", "Cléo", "Dan")}
    assert await _states() == {"Ada": "confirmed", "Ben": "waiting", "Cléo": "waiting", "Dan": "waiting"}
    assert await _position(page, links["Dan"]) == "3"

    await page.goto(links["Ada"])
    await page.locator("input#sure + label").click()
    await page.locator('form[action*="/cancel"] button').click()
    assert await _states() == {"Ada": "cancelled", "Ben": "offered", "Cléo": "waiting", "Dan": "waiting"}
    assert await page.locator('form[action*="/restore"] button').count() <= 1

    await page.goto(links["Ben"])
    await page.locator('form[action*="/decline"] button').click()
    assert await _states() == {"Ada": "cancelled", "Ben": "declined", "Cléo": "offered", "Dan": "waiting"}
    assert await _position(page, links["Dan"]) == "1"

    await page.goto(links["Cléo"])
    await page.locator('form[action*="/accept"] button').click()
    assert await _states() == {"Ada": "cancelled", "Ben": "declined", "Cléo": "confirmed", "Dan": "waiting"}
    assert await page.locator("svg.qr").count() == 1
    assert await seats_left(slot.id) == 0

    await page.goto(links["Ben"])
    await page.locator('form[action*="/rejoin"] button').click()
    assert await _position(page, links["Ben"]) == "2"
    await phone.close()


async def _ask(page: Page, event: str, name: str) -> str:
    """Fill in the form as it stands, booking or queueing; returns the address of the page that answers."""
    await page.goto(event)
    await page.locator("#first_name").fill(name)
    await page.locator("#last_name").fill("Delattre")
    await page.locator("#email").fill(f"{name.lower()}@exemple.test".replace("é", "e"))
    await page.locator("#school").fill("LYPSO")
    await page.wait_for_timeout(1100)  # no hand is faster
    await page.locator('form[action*="/bookings"] button').click()
    return page.url.partition("?")[0]


async def _states() -> dict[str, str]:
    return {row["first_name"]: row["state"] for row in await db.fetch(STATES)}


async def _position(page: Page, link: str) -> str:
    """The place in the queue, as the page tells it."""
    await page.goto(link)
    return "".join(re.findall(r"\d+", await page.locator("h1").inner_text()))
