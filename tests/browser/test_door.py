"""The door on two phones: each sees the other's taps, nothing pretends to be saved, and plain forms do it all too."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from service import clock, db
from service.attendance import doors
from service.bookings.plans import Party
from service.people import sessions
from tests.attendance.harness import class_at_door
from tests.browser import audit
from tests.makers import BEN, CLEO, make_booking, make_event, make_slot
from tests.visits import class_that_came, somebody_who_came
from tests.web.office.harness import somebody

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
AGREED = 5000  # milliseconds within which two phones show the same
BEGIN = "UPDATE slot SET starts_at = $2, closes_at = $2 WHERE id = $1"


async def door_of_today(site: str) -> str:
    """The address of a door at which a class and two people are expected, now."""
    slot = await make_slot(40, event=await make_event(title="Visite de la verrerie"))
    for who in (BEN, CLEO):
        await make_booking(slot, who)
    await class_at_door(slot, Party(26, 2))
    await db.fetch(BEGIN, slot.id, clock.now())
    return f"{site}/door/{await doors.open_link(slot.id, 'test')}?lang=en"


async def phone_at(browser: Browser, address: str, **how: Any) -> Page:
    page = await browser.new_page(**PHONE, **how)
    await page.goto(address)
    return page


async def test_two_phones_at_one_door(browser: Browser, site: str) -> None:
    address = await door_of_today(site)
    ada, ben = [await phone_at(browser, address) for _ in range(2)]
    cleo, of_class = "#rows button:has-text('VANDAMME')", "#rows li.is-group"

    # A tap is seen on the other phone within five seconds; the other one takes it back.
    await ada.locator(cleo).click()
    await expect(ada.locator("#tally b")).to_have_text("1 / 30")
    await expect(ben.locator("#tally b")).to_have_text("1 / 30", timeout=AGREED)
    await expect(ben.locator("#rows li.is-here")).to_contain_text("VANDAMME")
    await ben.locator(cleo).click()
    await expect(ben.locator("#tally b")).to_have_text("0 / 30")

    # A finger that bounces is one tap; the keyboard stays where it was.
    await ben.wait_for_timeout(1000)
    await ben.locator(cleo).dblclick()
    await expect(ben.locator("#say")).to_contain_text("is here")
    await expect(ben.locator("#tally b")).to_have_text("1 / 30")
    assert "VANDAMME" in await ben.evaluate("document.activeElement.textContent")

    # Many taps on a class are one number; all of it is one tap.
    for _ in range(3):
        await ada.locator(f"{of_class} [name=more]").click()
    assert await ada.locator(f"{of_class}.is-unsaved [data-now]").inner_text() == "3 / 28"
    await expect(ada.locator("#say")).to_contain_text("3 of 28")
    await ada.locator(f"{of_class} [name=present]").click()
    await expect(ben.locator("#tally b")).to_have_text("29 / 30", timeout=AGREED)

    # Search as you type.
    await ada.locator("#q").press_sequentially("BEN dél")
    assert await ada.locator("#rows li:visible").count() == 1
    await ada.locator("#q").fill("nobody")
    await expect(ada.locator("#nobody")).to_be_visible()
    await ada.locator("#q").fill("")
    assert await ada.locator("#rows li:visible").count() == 3

    # Offline it says so, and saves later.
    await ada.context.set_offline(True)
    await ada.locator("#rows button:has-text('DELATTRE')").click()
    await expect(ada.locator("#offline")).to_have_text("Offline. Not saved yet: 1")
    await expect(ada.locator("#rows li.is-unsaved")).to_contain_text("DELATTRE")
    assert "29 / 30" in await ada.locator("#tally").inner_text()
    await ada.context.set_offline(False)
    await expect(ada.locator("#tally b")).to_have_text("30 / 30", timeout=AGREED)
    await expect(ada.locator("#offline")).to_be_empty()

    for width in (1280, 390, 320):
        await ada.set_viewport_size({"width": width, "height": 844})
        assert await audit.overflow(ada) == []
    assert await audit.small_targets(ada) == []
    for page in (ada, ben):
        await page.context.close()


async def test_a_link_that_is_withdrawn_shuts_the_door_on_every_phone(browser: Browser, site: str) -> None:
    page = await phone_at(browser, await door_of_today(site))
    [slot] = await db.fetch("SELECT id FROM slot WHERE door_hash <> ''")
    await doors.close_link(slot["id"], "test")
    await expect(page.locator("h1")).to_have_text("This link opens no door", timeout=AGREED)
    await page.context.close()


async def test_the_door_without_javascript(browser: Browser, site: str) -> None:
    page = await phone_at(browser, await door_of_today(site), java_script_enabled=False)
    await page.locator("#q").fill("vandamme")
    await page.locator(".door-search button").click()
    assert await page.locator("#rows li").count() == 2  # Cléo, and the class whose teacher has her name
    await page.locator("#rows button:has-text('VANDAMME')").click()
    assert await page.locator("#tally b").inner_text() == "1 / 30"
    assert "#row-" in page.url
    await page.locator("#rows li.is-group [name=present]").click()
    await page.locator("#rows li.is-group [name=less]").click()
    assert await page.locator("#tally b").inner_text() == "28 / 30"
    await page.locator(".door-ways form[action*='walk-in'] button").click()
    assert "1 not booked" in await page.locator("#tally").inner_text()
    await page.locator("#besides button").click()
    assert "not booked" not in await page.locator("#tally").inner_text()
    await page.context.close()


async def test_the_pages_of_the_door_and_of_certificates_are_accessible(browser: Browser, site: str) -> None:
    address = await door_of_today(site)
    [slot] = await db.fetch("SELECT id FROM slot")
    certificates = [f"/bookings/{token}/certificate" for token in (await somebody_who_came(), await class_that_came())]
    office = [f"/office/door/{slot['id']}?q=van", f"/office/slots/{slot['id']}/door"]
    page = await browser.new_page(**PHONE, bypass_csp=True)
    await page.context.add_cookies([{"name": "session", "value": await signed_in(), "url": site}])
    for path in (address, *[site + path for path in (*certificates, *office)]):
        await page.goto(path)
        for width in (1280, 320):
            await page.set_viewport_size({"width": width, "height": 844})
            assert (path, await audit.violations(page)) == (path, [])
        assert (path, await audit.overflow(page), await audit.small_targets(page)) == (path, [], [])
        assert (path, await audit.unseen_stops(page)) == (path, [])
    await page.context.close()


async def signed_in() -> str:
    """The token of an organiser's session."""
    person = await somebody("organiser")
    await somebody("door")
    async with db.transaction():
        return await sessions.open_session(person.id)
