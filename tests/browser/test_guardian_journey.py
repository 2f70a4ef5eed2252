"""A minor and a parent: on a phone, without JavaScript, through the pages and the letters that lead to them."""

import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from service import db
from service.bookings.seats import seats_left
from tests.bookings.harness import calendar_of, mail_goes_out, text_of
from tests.makers import make_event, make_slot

pytestmark = pytest.mark.browser

STATES = (
    "SELECT first_name, state FROM booking JOIN dossier ON dossier.id = booking.dossier ORDER BY dossier.created_at"
)
AWAITED, HELD = "#pending-title", "svg.qr"


async def test_a_parent_s_yes_brings_the_invitation_and_a_no_gives_the_seat_back(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    event = await make_event(title="Soudure du soir", age_min=15, outside_school_time=True, levels=[])
    slot = await make_slot(2, event=event)
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await phone.new_page()

    zoe = await _ask(page, f"{site}/events/{slot.slug}", "Zoé")
    assert await page.locator(AWAITED).count() == 1
    assert "parent.zoe@exemple.test" in await page.locator("main").inner_text()
    assert await page.locator(HELD).count() == 0
    arrived = await _by_recipient(tmp_path)
    assert sorted(arrived) == ["parent.zoe@exemple.test", "zoe@exemple.test"]
    assert [calendar_of(letter) for letter in arrived.values()] == [{}, {}]

    parents = _link_in(arrived["parent.zoe@exemple.test"])
    await page.goto(site + parents)
    assert "Zoé Delattre" in await page.locator("main").inner_text()
    assert await _states() == {"Zoé": "pending"}
    await page.locator('form[action*="/give"] button').click()
    assert await page.locator("form").count() == 0
    assert await _states() == {"Zoé": "confirmed"}

    await page.goto(zoe)
    assert await page.locator(HELD).count() == 1
    invited = await _by_recipient(tmp_path)
    assert list(invited) == ["zoe@exemple.test"]
    assert calendar_of(invited["zoe@exemple.test"])["METHOD"] == "REQUEST"

    leo = await _ask(page, f"{site}/events/{slot.slug}", "Léo")
    assert await seats_left(slot.id) == 0
    await page.goto(site + _link_in((await _by_recipient(tmp_path))["parent.leo@exemple.test"]))
    await page.locator('form[action*="/refuse"] button').click()
    assert await _states() == {"Zoé": "confirmed", "Léo": "cancelled"}
    assert await seats_left(slot.id) == 1

    await page.goto(leo)
    assert await page.locator(HELD).count() == 0
    assert await page.locator('form[action*="/restore"]').count() == 0
    told = await _by_recipient(tmp_path)
    assert list(told) == ["leo@exemple.test"]
    assert calendar_of(told["leo@exemple.test"]) == {}
    await phone.close()


async def test_the_paper_form_is_one_sheet(browser: Browser, site: str) -> None:
    slot = await make_slot(event=await make_event(title="Soudure du soir " * 6, age_min=15, outside_school_time=True))
    page = await browser.new_page()
    link = await _ask(page, f"{site}/events/{slot.slug}", "Zoé")

    await page.goto(f"{link}/authorisation")
    printed = await page.pdf(prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
    await page.close()


async def _ask(page: Page, event: str, name: str) -> str:
    """Fill in the form as a 16-year-old does; returns the address of the page that answers."""
    plain = name.lower().replace("é", "e")
    await page.goto(event)
    await page.locator("#first_name").fill(name)
    await page.locator("#last_name").fill("Delattre")
    await page.locator("#email").fill(f"{plain}@exemple.test")
    await page.locator("#school").fill("LYPSO")
    await page.locator('input[value="15_17"] + label').click()
    await page.locator("#parent_email").fill(f"parent.{plain}@exemple.test")
    await page.wait_for_timeout(1100)  # no hand is faster
    await page.locator('form[action*="/bookings"] button').click()
    return page.url.partition("?")[0]


async def _by_recipient(folder: Path) -> dict[str, EmailMessage]:
    """What the post brings now, one letter each."""
    return {letter["To"].addresses[0].addr_spec: letter for letter in await mail_goes_out(folder)}


def _link_in(letter: EmailMessage) -> str:
    """The parent's page, as the letter leads to it."""
    found = re.search(r"/authorisations/[a-z2-7]{32}", text_of(letter))
    assert found
    return found[0]


async def _states() -> dict[str, str]:
    return {row["first_name"]: row["state"] for row in await db.fetch(STATES)}
