"""Every state of the page of a host, and of its final lists."""

from playwright.async_api import Page

from tests.browser import host_stage
from tests.browser.openers import Opener
from tests.browser.situation import Situation, at


async def all_situations() -> list[Situation]:
    """Before, on and after the day; what a host sends, and what it is refused."""
    staged = await host_stage.set_up()
    coming, lists = staged.pages["coming"], staged.lists
    return [
        *[at(f"host-page-{name}", path) for name, path in staged.pages.items()],
        at("host-page-coming-en", f"{coming}?lang=en"),
        at("host-page-over-en", f"{staged.pages['over']}?lang=en"),
        at("host-page-reported", f"{coming}?done=report"),
        *[at(f"host-list-{name}", path) for name, path in lists.items()],
        at("host-list-closed-en", f"{lists['closed']}?lang=en"),
        Situation("host-list-named", _pressed(lists["closed"], "/list", 200)),
        Situation("host-page-mistaken-report", _pressed(coming, "/report", 422)),
        Situation("host-page-mistaken-dates", _pressed(coming, "/dates", 422)),
        Situation("host-page-mistaken-feedback", _pressed(staged.pages["over"], "/feedback", 422)),
    ]


def _pressed(path: str, action: str, status: int) -> Opener:
    """The page after the button of one of its forms was pressed, with nothing typed."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        button = page.locator(f'form[action*="{action}"] button')
        await button.evaluate("one => one.closest('details')?.setAttribute('open', '')")
        async with page.expect_navigation() as moved:
            await button.click()
        answer = await moved.value
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"

    return open_it
