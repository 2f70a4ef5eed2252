"""How one gets into a situation that has no address: by filling in, sending, or meeting a fault."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
from playwright.async_api import Page

from service import db, settings
from service.bookings.seats import seats_left
from service.edge.errors import LAST_RESORT
from service.events.slots import BookableSlot
from tests.live import served
from tests.makers import a_pupil, make_booking
from tests.test_settings import IMPRINT

Opener = Callable[[Page, str], Awaitable[object]]
TOO_MUCH = 70_000
CHANGES_AN_HOUR = 20


def refused(path: str) -> Opener:
    """The form of an event with mistakes in it."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator("#last_name").fill("Hôte " * 60)
        await page.locator("#email").fill("zoe chez exemple")
        await _send(page)

    return open_it


def just_full(slot: BookableSlot) -> Opener:
    """The last seat goes while the form is being filled in."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(f"{site}/events/{slot.slug}")
        if not await page.locator("#first_name").count():
            return
        for name in ("first_name", "last_name", "school"):
            await page.locator(f"#{name}").fill("Élisabeth")
        await page.locator("#email").fill("elisabeth@exemple.test")
        if await seats_left(slot.id):
            await make_booking(slot, a_pupil())
        await _send(page)

    return open_it


def asked_for_class(path: str, **typed: str) -> Opener:
    """The answer to the form of a class, of which 28 pupils come unless it says otherwise."""
    fields = {"last_name": "Cappelaere", "first_name": "Manon", "email": "m.cappelaere@lycee.test", "school": "LYPSO",
              "class_label": "2de 4", "pupils": "28", "chaperones": "3"} | typed  # fmt: skip

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        if not await page.locator('input[name="slot"]:checked').count():
            await page.locator('label[for="slot"]').click()
        for name, value in fields.items():
            await page.locator(f"#{name}").fill(value)
        await page.locator('input[value="compulsory"] + label').click()
        await page.wait_for_timeout(1100)
        await _press(page, 'form[action*="/class"] button')

    return open_it


def counted(path: str, *, pupils: str, chaperones: str) -> Opener:
    """The answer to other numbers for the first slot of a class."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await _unfold(page, "/numbers")
        form = page.locator('form[action*="/numbers"]').first
        await form.locator('[name^="pupils_"]').fill(pupils)
        await form.locator('[name^="chaperones_"]').fill(chaperones)
        async with page.expect_navigation():
            await form.locator("button").click()

    return open_it


def given_up(path: str) -> Opener:
    """The page after a class gave up its first slot without saying that it is sure."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator('summary:has-text("Renoncer")').first.click()
        async with page.expect_navigation():
            await page.locator('form:has([name="slot"]) button.is-danger').first.click()

    return open_it


def submitted(path: str, action: str) -> Opener:
    """The page after its form was sent empty."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await _unfold(page, action)
        await _press(page, f'form[action*="{action}"] button')

    return open_it


def refused_minor(path: str) -> Opener:
    """The form of a minor who names no parent."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator('input[value="15_17"] + label').click()
        await _send(page)

    return open_it


def emptied(path: str, action: str, name: str) -> Opener:
    """The page after one of its filled-in forms was sent empty."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await _unfold(page, action)
        await page.locator(f"#{name}").fill("")
        await _press(page, f'form[action*="{action}"] button')

    return open_it


def asked(path: str) -> Opener:
    """The neutral answer to an address."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator("#email").fill("personne@exemple.test")
        await _press(page, 'form[action*="/bookings/find"] button')

    return open_it


def pasted(path: str, lines: str) -> Opener:
    """The answer to names that were pasted into each list of a class."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(f"{site}{path}")
        for field in await page.locator("textarea").all():
            await field.fill(lines)
        await _press(page, 'form[action*="/names"] button.is-primary')

    return open_it


def opened(path: str, summary: str) -> Opener:
    """A page with one of its folded parts open."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator(f"summary:has-text('{summary}')").click()

    return open_it


def too_much(path: str) -> Opener:
    """413: a form with more in it than any form of ours."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        async with page.expect_navigation():
            await page.evaluate(
                """most => { const form = document.querySelector('form[method=post]');
                const field = document.createElement('textarea'); field.name = 'more'; field.value = 'x'.repeat(most);
                form.append(field); form.submit(); }""",
                TOO_MUCH,
            )

    return open_it


def too_often(path: str, action: str) -> Opener:
    """429: one link, changed again and again."""

    async def open_it(page: Page, site: str) -> None:
        for _ in range(CHANGES_AN_HOUR):
            await page.request.post(site + path + action)
        await page.goto(site + path)
        await _unfold(page, action)
        await _press(page, f'form[action*="{action}"] button')

    return open_it


def broken(path: str) -> Opener:
    """500: something that nobody planned, here a table that is not there."""

    async def open_it(page: Page, site: str) -> None:
        await db.fetch("ALTER TABLE presence RENAME TO presence_gone")
        try:
            await page.goto(site + path)
        finally:
            await db.fetch("ALTER TABLE presence_gone RENAME TO presence")

    return open_it


def away(path: str) -> Opener:
    """503: a database that does not answer in time."""

    async def open_it(page: Page, site: str) -> None:
        async with _locked("event"):
            await page.goto(site + path)

    return open_it


def declared(path: str, state: str = "none") -> Opener:
    """A page of a campus that has filled in all there is to fill in."""

    async def open_it(page: Page, site: str) -> None:
        with TemporaryDirectory(prefix="passerelle-") as folder:
            filled_in: dict[str, Any] = {**IMPRINT, "ACCESSIBILITY_STATE": state}
            async with served(Path(folder), with_worker=False, **filled_in) as address:
                await page.goto(address + path, wait_until="networkidle")

    return open_it


async def last_resort(page: Page, site: str) -> None:
    """What stands there when not even the error page can be made."""
    await page.goto(site + "/legal")  # the address that its style comes from
    await page.set_content(LAST_RESORT, wait_until="networkidle")


@asynccontextmanager
async def _locked(table: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(settings.current().database_url)
    try:
        async with connection.transaction():
            await connection.execute(f'LOCK TABLE "{table}"')
            yield
    finally:
        await connection.close()


async def _unfold(page: Page, action: str) -> None:
    """Open the part of the page that holds the form, where it is folded."""
    await page.evaluate(
        "action => document.querySelector(`form[action*='${action}']`).closest('details')?.setAttribute('open', '')",
        action,
    )


async def _send(page: Page) -> None:
    """Press the button as late as a person would: a form sent within a second looks like a robot's."""
    await page.wait_for_timeout(1100)
    await _press(page, 'form[action*="/bookings"] button')


async def _press(page: Page, button: str) -> None:
    """Press a button that sends its form, and be there when the answer is."""
    async with page.expect_navigation():
        await page.locator(button).click()
