"""A class of 28 over three slots: on a phone, without JavaScript, from the form to the last seat given back."""

import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from service import clock, db
from service.bookings import waiting
from service.events import slots
from service.events.slots import BookableSlot
from tests.bookings.classes import WEEK, class_event
from tests.bookings.harness import calendar_of, mail_goes_out, text_of
from tests.makers import a_pupil, make_slot

pytestmark = pytest.mark.browser

SETTLED = timedelta(minutes=6)
STATES = """
SELECT booking.state, pupils, chaperones FROM booking JOIN dossier ON dossier.id = booking.dossier
JOIN slot ON slot.id = booking.slot WHERE class_label <> '' ORDER BY slot.starts_at
"""
SINGLE = """
SELECT booking.state FROM booking JOIN dossier ON dossier.id = booking.dossier WHERE class_label = ''
ORDER BY dossier.created_at
"""
TYPED = {
    "last_name": "Cappelaere", "first_name": "Manon", "email": "m.cappelaere@lycee.test", "school": "LYPSO",
    "class_label": "2de 4", "pupils": "28", "chaperones": "2",
}  # fmt: skip


async def test_a_class_of_28_over_three_slots(browser: Browser, site: str, tmp_path: Path) -> None:
    event = await class_event(title="Programmer un robot", group_max=12, chaperones_min=1, levels=[])
    chosen = [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (2, 3, 4)]
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await phone.new_page()

    await _ask(page, f"{site}/events/{event.slug}")
    proposal = await page.locator(".way li").all_inner_texts()
    assert [re.findall(r"(\d+) élèves", line) for line in proposal] == [["12"], ["12"], ["4"]]
    assert await _states() == []
    await page.locator(".way button").click()
    assert await _states() == [("option", 12, 1), ("option", 12, 1), ("option", 4, 1)]

    [summary] = await mail_goes_out(tmp_path)
    assert [calendar_of(summary), text_of(summary).count(" élèves")] == [{}, 3]
    await page.goto(_link_in(summary, site))
    assert await _states() == [("option", 12, 1), ("option", 12, 1), ("option", 4, 1)]

    await _name(page, chosen[2], "Zoé D’HÔTE\nDE LA TOUR;Marie\nDUPONT\tLéa")
    assert await db.fetch("SELECT last_name, first_name FROM attendee ORDER BY number") == [
        ("D’HÔTE", "Zoé"), ("DE LA TOUR", "Marie"), ("DUPONT", "Léa"),
    ]  # fmt: skip

    await page.locator('form[action*="/confirm"] button').click()
    assert {state for state, _, _ in await _states()} == {"confirmed"}
    told = await mail_goes_out(tmp_path)
    assert [calendar_of(letter).get("METHOD", "") for letter in told] == ["", "REQUEST", "REQUEST", "REQUEST"]

    waits = [await waiting.join(await slots.load(chosen[0].id), a_pupil()) for _ in "12"]
    assert [row["state"] for row in await db.fetch(SINGLE)] == ["waiting"] * len(waits)
    await _count(page, chosen[0], pupils=10, chaperones=1)
    assert (await _states())[0] == ("confirmed", 10, 1)
    assert [row["state"] for row in await db.fetch(SINGLE)] == ["offered"] * len(waits)
    with clock.at(clock.now() + SETTLED):
        changed = [calendar_of(letter) for letter in await mail_goes_out(tmp_path)]
    assert [one["SEQUENCE"] for one in changed if one] == ["1"]

    await _give_up(page, chosen[1])
    assert [state for state, _, _ in await _states()] == ["confirmed", "cancelled", "confirmed"]
    await page.locator("input#sure + label").click()
    await page.locator('#cancel form[action*="/cancel"] button').click()
    assert {state for state, _, _ in await _states()} == {"cancelled"}
    assert await page.locator('form[action*="/confirm"], form[action*="/numbers"]').count() == 0
    told = await mail_goes_out(tmp_path)
    assert [calendar_of(letter)["METHOD"] for letter in told] == ["CANCEL", "CANCEL", "CANCEL"]
    await phone.close()


async def _ask(page: Page, event: str) -> None:
    """Find the class's form and fill it in as a teacher does."""
    await page.goto(event)
    await page.get_by_role("link", name="Réserver pour une classe").click()
    await page.locator('label[for="slot"]').click()
    for name, value in TYPED.items():
        await page.locator(f"#{name}").fill(value)
    await page.locator('input[value="compulsory"] + label').click()
    await page.wait_for_timeout(1100)  # no hand is faster
    await page.locator("form:has(#pupils) button").click()


async def _name(page: Page, slot: BookableSlot, pasted: str) -> None:
    """Paste the names of one slot, look at what was understood, and save it."""
    await page.get_by_role("link", name="Les noms de la classe").click()
    [row] = await db.fetch("SELECT id FROM booking WHERE slot = $1 AND pupils > 0", slot.id)
    await page.locator(f'textarea[name="names-{row["id"]}"]').fill(pasted)
    await page.locator('form[action*="/names"] button.is-primary').click()
    assert "3 noms" in await page.locator("h1").inner_text()
    await page.locator('form[action*="/names/save"] button.is-primary').first.click()


async def _count(page: Page, slot: BookableSlot, *, pupils: int, chaperones: int) -> None:
    """Unfold the numbers of one slot, and change them."""
    form = page.locator(f'form[action*="/numbers"]:has(input[value="{slot.id.hex}"])')
    await page.locator("details", has=form).locator("summary").click()
    await form.locator('[name^="pupils_"]').fill(str(pupils))
    await form.locator('[name^="chaperones_"]').fill(str(chaperones))
    await form.locator("button").click()


async def _give_up(page: Page, slot: BookableSlot) -> None:
    """Unfold the end of one slot, tick and press."""
    form = page.locator(f'form[action*="/cancel"]:has(input[value="{slot.id.hex}"])')
    await page.locator("details", has=form).locator("summary").click()
    await form.locator("label").click()
    await form.locator("button").click()


async def _states() -> list[tuple[str, int, int]]:
    return [tuple(row) for row in await db.fetch(STATES)]


def _link_in(letter: EmailMessage, site: str) -> str:
    """The page of the class, as the letter leads to it, on this test's site."""
    found = re.search(r"/bookings/[a-z2-7]+\S*", text_of(letter))
    assert found
    return site + found[0]
