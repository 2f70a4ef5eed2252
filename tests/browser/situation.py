"""One state of one page, and how to get there."""

from dataclasses import dataclass

from playwright.async_api import Page

from tests.browser.openers import Opener

BROKEN = 500


@dataclass(frozen=True)
class Situation:
    """``path`` where it has an address; ``role`` where one must be signed in."""

    name: str
    open: Opener
    path: str | None = None
    role: str = ""


def at(name: str, path: str, role: str = "") -> Situation:
    """A situation that has an address."""

    async def open_it(page: Page, site: str) -> None:
        answer = await page.goto(site + path)
        assert answer is not None
        assert answer.status < BROKEN, name  # a picture of the wrong page proves nothing

    return Situation(name, open_it, path, role)
