"""One state of one page, and how to get there."""

from dataclasses import dataclass

from playwright.async_api import Page

from tests.browser.openers import Opener

FOUND = 200


@dataclass(frozen=True)
class Situation:
    """``path`` where it has an address; ``role`` where one must be signed in."""

    name: str
    open: Opener
    path: str | None = None
    role: str = ""


def at(name: str, path: str, role: str = "", *, status: int = FOUND) -> Situation:
    """A situation that has an address, and the status of its answer."""

    async def open_it(page: Page, site: str) -> None:
        answer = await page.goto(site + path)
        assert answer is not None
        assert answer.status == status, f"{name}: {answer.status}"  # a picture of the wrong page proves nothing

    return Situation(name, open_it, path, role)
