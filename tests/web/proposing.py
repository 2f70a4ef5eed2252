"""What the tests of a proposal's pages share: the form as a glassworks fills it in, and its page behind a link."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Response

from service import clock, db
from service.proposals.tables import Proposal
from service.web import host_page
from service.web.forms import Form
from service.web.pages import Visit, page
from service.web.refusals import Answer
from tests.proposals.making import link_of
from tests.visits import Page, send

DAY = clock.now().date() + timedelta(days=30)
WHEN = {"day_1": f"{DAY:%Y-%m-%d}", "from_1": "14:00", "to_1": "16:00"}
WHO = {"organisation_name": "Verrerie de l’Aa", "contact_name": "Inès Delattre", "email": "ines@verrerie.test"}
WHAT = {"kind": "visit", "title": "Du sable au flacon", "words": "Le long de la ligne, du four à l’emballage."}
WHOLE: dict[str, Any] = {**WHO, **WHAT, **WHEN, "seats": "24"}


async def propose(visitor: httpx.AsyncClient, /, lang: str = "en", **changes: Any) -> httpx.Response:
    """Send the form, whole but for the ``changes``."""
    return await send(visitor, "/propose", {**WHOLE, **changes}, lang=lang)


async def press(visitor: httpx.AsyncClient, proposal: Proposal, verb: str, /, **fields: Any) -> httpx.Response:
    """Send one of the forms of its page."""
    return await send(visitor, f"{link_of(proposal)}/{verb}", fields, lang="en")


async def look(visitor: httpx.AsyncClient, proposal: Proposal, below: str = "", **query: str) -> Page:
    """The page behind the link, which must be there."""
    answer = await visitor.get(link_of(proposal) + below, params={"lang": "en", **query})
    assert answer.status_code == 200
    return Page.of(answer)


async def stands(proposal: Proposal) -> str:
    """The state that it is in now."""
    return str((await db.fetch("SELECT state FROM proposal WHERE id = $1", proposal.id))[0]["state"])


async def the_only() -> Mapping[str, Any]:
    """The row of the one proposal that there is."""
    [row] = await db.fetch("SELECT * FROM proposal")
    return dict(row)


def words(page: Page) -> str:
    """The words of a page with single blanks."""
    return " ".join(page.words.split())


def hosts_pages(patch: pytest.MonkeyPatch) -> list[tuple[str, Answer | None]]:
    """The hosts' pages that are asked for from now on, with what was refused on them."""
    asked: list[tuple[str, Answer | None]] = []

    async def answer(request: Visit, proposal: Proposal, _: Form, refused: Answer | None = None) -> Response[str]:
        asked.append((proposal.title, refused))
        status = refused.status if refused else 200
        return page(request, "proposals/check_mail", status=status, here="/proposals/find")

    patch.setattr(host_page, "answer", answer)
    return asked
