"""A pupil books on a phone, without JavaScript, and changes their mind."""

import re

import pytest
from playwright.async_api import Browser

from service.bookings.seats import seats_left
from tests.makers import make_event, make_slot

pytestmark = pytest.mark.browser


async def test_a_pupil_books_and_cancels_on_a_phone_without_javascript(browser: Browser, site: str) -> None:
    slot = await make_slot(2, event=await make_event(title="Programmer un robot collaboratif", age_min=15))
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await phone.new_page()

    await page.goto(site)
    await page.get_by_role("link", name="Programmer un robot collaboratif").first.click()
    await page.locator("#first_name").fill("Zoé")
    await page.locator("#last_name").fill("D’Hôte-Vandamme")
    await page.locator("#email").fill("zoe.dhote@exemple.test")
    await page.locator("#school").fill("Lycée du Pays de Saint-Omer")
    await page.locator('input[value="15_17"] + label').click()
    await page.wait_for_timeout(1100)  # no hand is faster
    await page.locator('form[action*="/bookings"] button').click()

    code = re.search(r"[A-Z0-9]{3}-[A-Z0-9]{3}", await page.locator("main").inner_text())
    assert code
    assert await seats_left(slot.id) == 1
    assert await page.locator("svg.qr").count() == 1

    await page.locator("input#sure + label").click()
    await page.locator('form[action*="/cancel"] button').click()
    assert await seats_left(slot.id) == 2

    await page.locator('form[action*="/restore"] button').click()
    assert await seats_left(slot.id) == 1
    assert code[0] in await page.locator("main").inner_text()
    await phone.close()


async def test_an_individual_types_four_fields_at_most(browser: Browser, site: str) -> None:
    slot = await make_slot(event=await make_event(age_min=15))
    page = await browser.new_page()
    await page.goto(f"{site}/events/{slot.slug}")

    typed = page.locator('form[action*="/bookings"] input:is([type=text], [type=email]):not(#website)')

    assert await typed.count() == 4
    await page.close()


async def test_a_refused_form_puts_the_focus_on_what_is_wrong(browser: Browser, site: str) -> None:
    slot = await make_slot()
    page = await browser.new_page()
    await page.goto(f"{site}/events/{slot.slug}")
    await page.locator("#first_name").fill("Zoé")
    await page.locator('form[action*="/bookings"] button').click()

    assert await page.evaluate("document.activeElement.id") == "mistakes"
    assert await page.locator("#first_name").input_value() == "Zoé"
    await page.locator("#mistakes a[href='#email']").click()
    assert await page.evaluate("document.activeElement.id") == "email"
    await page.close()
