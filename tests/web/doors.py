"""What the tests of the door's pages share: the pages of a slot of this afternoon, by a link or signed in."""

import re
from urllib.parse import urlencode

import httpx
from litestar import Litestar

from service import settings
from service.attendance import doors
from service.events.slots import BookableSlot
from tests.attendance.harness import ADA
from tests.visits import Page

PART = {"X-Part": "list"}


async def link_to(slot: BookableSlot) -> str:
    """The path of the slot's door for a helper without account."""
    return f"/door/{await doors.open_link(slot.id, ADA)}"


def visitor_of(app: Litestar) -> httpx.AsyncClient:
    """A phone of its own."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=settings.current().public_url)


async def read(client: httpx.AsyncClient, path: str, **query: str) -> Page:
    """The page in English."""
    answer = await client.get(f"{path}{'&' if '?' in path else '?'}{urlencode({**query, 'lang': 'en'})}")
    assert answer.status_code == 200
    return Page.of(answer)


def tally(page: Page) -> str:
    """How many are there, as the head of the page says it."""
    found = re.search(r"(\d+ / \d+) present(?: \+ (\d+ not booked))?", " ".join(page.words.split()))
    assert found
    return " + ".join(filter(None, found.groups()))
