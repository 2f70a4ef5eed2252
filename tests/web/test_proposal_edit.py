"""A company changes what it proposed, until it is accepted: nothing of anybody else is overwritten."""

from typing import Any

import httpx
import pytest

from service import clock
from service.proposals import drafting, record
from service.proposals.tables import Proposal
from tests.makers import at_paris
from tests.proposals.making import an_idea, link_of, make_proposal
from tests.visits import Page
from tests.web.proposing import WHOLE, hosts_pages, look, press, stands

BARE: dict[str, Any] = {"kind": "", "title": "", "words": "", "seats": None, "dates": []}


@pytest.mark.parametrize("state", ["draft", "submitted", "asked"])
async def test_the_form_comes_back_filled_in_and_changes_what_is_typed(visitor: httpx.AsyncClient, state: str) -> None:
    proposal = await _on_afternoons(state)
    form = await look(visitor, proposal, "/edit")
    names = [has["name"] for has in form.all("input") if has.get("type") not in ("hidden", "radio")]
    typed = {name: form.typed(name) for name in (*names, "kind", "version")} | {"words": "Autrement dit"}

    answer = await press(visitor, proposal, "edit", **{**typed, "title": "Du sable", "email": "x@autre.test"})

    sent = "sent" if state == "draft" else "saved"
    assert answer.headers["location"] == f"{link_of(proposal)}?{sent}=yes&lang=en"
    idea, before = await record.idea_of(await record.by_id(proposal.id)), await _idea_before(proposal)
    assert (idea.title, idea.words, idea.email) == ("Du sable", "Autrement dit", before.email)
    assert [(a, b) for a, b in idea.dates] == [(a, b) for a, b in before.dates]
    assert await stands(proposal) == {"draft": "submitted"}.get(state, state)
    assert not form.all("input", name="email")
    assert before.email in form.words


async def test_a_draft_is_saved_without_being_sent(visitor: httpx.AsyncClient) -> None:
    draft = await drafting.begin(an_idea(**BARE))

    answer = await press(
        visitor, draft, "edit", organisation_name="Forge", contact_name="Inès", title="Le fer", version="0", later="yes"
    )

    assert answer.headers["location"] == f"{link_of(draft)}?saved=yes&lang=en"
    assert (await stands(draft), (await record.by_id(draft.id)).title) == ("draft", "Le fer")


async def test_what_was_sent_stays_whole(visitor: httpx.AsyncClient) -> None:
    proposal = await make_proposal()

    answer = await press(visitor, proposal, "edit", **{**WHOLE, "seats": "", "later": "yes", "version": "0"})

    assert (answer.status_code, Page.of(answer).has_mistake("seats")) == (422, True)
    assert (await record.by_id(proposal.id)).seats == 24


async def test_who_edits_an_older_one_sees_what_stands_now_and_keeps_what_they_typed(
    visitor: httpx.AsyncClient,
) -> None:
    proposal = await make_proposal()
    await drafting.edit(proposal, an_idea(title="De quelqu’un d’autre"), 0)

    answer = await press(visitor, proposal, "edit", **{**WHOLE, "title": "De moi", "version": "0"})
    found = Page.of(answer)
    assert answer.status_code == 409
    assert "De quelqu’un d’autre" in found.words
    assert (found.typed("title"), found.typed("version")) == ("De moi", "1")
    assert (await record.by_id(proposal.id)).title == "De quelqu’un d’autre"

    again = await press(visitor, proposal, "edit", **{**WHOLE, "title": "De moi", "version": found.typed("version")})
    assert again.status_code == 303
    assert (await record.by_id(proposal.id)).title == "De moi"


@pytest.mark.parametrize("version", ["", "-1", "x", "9" * 30, "١"])
async def test_a_form_without_its_version_overwrites_nothing(visitor: httpx.AsyncClient, version: str) -> None:
    proposal = await make_proposal()

    assert (await press(visitor, proposal, "edit", **{**WHOLE, "version": version})).status_code == 409
    assert (await record.by_id(proposal.id)).version == 0


async def test_dates_that_have_passed_are_left_out_of_the_form(visitor: httpx.AsyncClient) -> None:
    dates = [(at_paris(f"2031-03-0{day} 14:00"), at_paris(f"2031-03-0{day} 16:00")) for day in (4, 6)]
    proposal = await drafting.propose(an_idea(dates=dates))

    with clock.at(at_paris("2031-03-05 09:00")):
        form = await look(visitor, proposal, "/edit")
    assert (form.typed("day_1"), form.typed("day_2")) == ("2031-03-06", "")


@pytest.mark.parametrize("state", ["accepted", "declined", "withdrawn", "published"])
async def test_what_is_decided_cannot_be_edited_any_more(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    hosts_pages(monkeypatch)
    proposal = await make_proposal(state)
    before = (await record.by_id(proposal.id)).to_dict()

    assert (await visitor.get(f"{link_of(proposal)}/edit")).status_code == 409
    assert (await press(visitor, proposal, "edit", **{**WHOLE, "version": "0"})).status_code == 409
    assert (await record.by_id(proposal.id)).to_dict() == before


async def _on_afternoons(state: str) -> Proposal:
    days = ("2031-03-04", "2031-07-11")
    dates = [(at_paris(f"{day} 14:00"), at_paris(f"{day} 16:30")) for day in days]
    return await make_proposal(state, dates=dates)


async def _idea_before(proposal: Proposal) -> Any:
    return an_idea(dates=[(one.starts_at, one.ends_at) for one in await record.dates_of(proposal.id)])
