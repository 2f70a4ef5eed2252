"""A real Chromium, when the machine has one; REQUIRE_BROWSER=1 demands it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.conftest import chromium
from tests.live import served

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser, for the whole session."""
    program = chromium()
    if program is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium found, and REQUIRE_BROWSER=1 asks for one")
        pytest.skip("no Chromium found")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=program, args=QUIET)
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
async def site(_opened: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the running service. Without a worker: it would carry off the letters of other tests."""
    folder: Path = tmp_path_factory.mktemp("site")
    generous = "network=100000/h,letters_hour=1000/h,letters_day=1000/d"
    async with served(folder, with_worker=False, RATE_LIMITS=generous) as address:
        yield address


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it in one line when nothing looked through a browser."""
    if chromium() is None:
        terminalreporter.write_line("NOTE: no Chromium found; the browser tests did not run (apt install chromium).")
