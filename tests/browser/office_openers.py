"""How one gets to the answers of the office's forms: by filling in and sending what changes nothing."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from playwright.async_api import Locator, Page

from service import db
from tests.browser.openers import Opener

ANSWERS = (200, 409, 422)  # looked at first, refused, with its mistakes
RIVAL = "UPDATE event SET summary = 'Trois ateliers, de la fusion au contrôle.', version = version + 1 WHERE id = $1"
CORRECTION = "UPDATE organisation SET town = 'Lens', version = version + 1 WHERE id = $1"


def sent(path: str, action: str, /, **typed: str) -> Opener:
    """The answer to the form of ``path`` that goes to ``action``, with this typed in its fields."""
    return _sending(path, action, typed)


def overtaken(path: str, action: str, event: UUID, /, **typed: str) -> Opener:
    """The same, when somebody else saves the event between the opening of the form and its sending."""

    async def save() -> None:
        await db.fetch(RIVAL, event)

    return _sending(path, action, typed, save)


def corrected(path: str, action: str, organisation: UUID) -> Opener:
    """The same of a structure, whose town and sector are typed meanwhile."""

    async def save() -> None:
        await db.fetch(CORRECTION, organisation)

    return _sending(path, action, {"town": "Arques", "sector": "flacons"}, save)


def _sending(
    path: str, action: str, typed: dict[str, str], meanwhile: Callable[[], Awaitable[None]] | None = None
) -> Opener:
    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        form = page.locator(f'form[action*="{action}"]').first
        await page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        for name, value in typed.items():
            await _put(form, name, value)
        if meanwhile:
            await meanwhile()
        async with page.expect_navigation() as going:
            await form.locator("button.is-primary, button.is-danger, button").first.click()
        answer = await going.value
        assert answer is not None
        assert answer.status in ANSWERS, f"{path}: {answer.status}"
        assert not answer.request.redirected_from, path  # it was done, where it was to be asked about

    return open_it


async def _put(form: Locator, name: str, value: str) -> None:
    """Choose it where it is one of some radios, type it anywhere else."""
    if await form.locator(f'[type="radio"][name="{name}"]').count():
        await form.locator(f'[name="{name}"][value="{value}"]').check(force=True)
    else:
        await form.locator(f'[name="{name}"]').fill(value)
