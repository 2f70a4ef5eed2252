"""The page of one proposal: where it stands, what happens next, what was said; once its event is public, its host's."""

from typing import Any

from litestar import Response

from service.proposals import hosting, journal, record
from service.proposals.drafting import WRITABLE
from service.proposals.journal import Line
from service.proposals.tables import Proposal
from service.web import host_page, proposal_fields
from service.web.forms import Form
from service.web.host_page import address_of
from service.web.pages import Visit, page
from service.web.refusals import Answer, standing

MAY_WITHDRAW = (*WRITABLE, "accepted")
# What leads to each state, in its order; the last one is where it stands.
WAY = {
    "draft": ("draft",),
    "submitted": ("draft", "submitted"),
    "asked": ("submitted", "asked"),
    "accepted": ("draft", "submitted", "accepted"),
    "declined": ("draft", "submitted", "declined"),
    "withdrawn": ("draft", "withdrawn"),
}
AHEAD = {
    "draft": ("submitted", "accepted", "published"),
    "submitted": ("accepted", "published"),
    "asked": ("accepted", "published"),
    "accepted": ("published",),
}


async def proposal_answer(
    request: Visit, proposal: Proposal, form: Form, refusal: Answer | None = None, pressed: str = ""
) -> Response[str]:
    """Its page around a form: fresh, with the mistakes of the one that was ``pressed``, or under what it met."""
    if await hosting.is_hosted(proposal):
        return await host_page.answer(request, proposal, form, refusal)
    idea, lines = await record.idea_of(proposal), await journal.lines_of(proposal.id)
    return page(
        request,
        "proposals/show",
        **standing(form, refusal),
        here=address_of(proposal),
        here_link=address_of(proposal),
        proposal=proposal,
        idea=idea,
        lines=lines,
        said=_last_words(proposal, lines),
        lacks=proposal_fields.anchors(idea.missing()) if proposal.state == "draft" else [],
        way=_way(proposal),
        ahead=AHEAD.get(proposal.state, ()),
        just=_just_done(request),
        may_edit=proposal.state in WRITABLE,
        may_withdraw=proposal.state in MAY_WITHDRAW,
        form=form,
        pressed=pressed,
    )


def _way(proposal: Proposal) -> tuple[str, ...]:
    """The states it went through, as one reads them: what was handed in before it was withdrawn was sent."""
    way = WAY[proposal.state]
    return ("draft", "submitted", "withdrawn") if proposal.state == "withdrawn" and proposal.submitted_at else way


def _last_words(proposal: Proposal, lines: list[Line]) -> Line | None:
    """What the campus wrote last: its question where it asks, its reason where it said no."""
    verb = {"asked": "ask", "declined": "decline"}.get(proposal.state)
    return next((line for line in reversed(lines) if line.verb == verb), None)


def _just_done(request: Visit) -> str:
    """What the visitor has just done, as the address says."""
    known: tuple[Any, ...] = ("sent", "kept", "saved", "answered")
    return next((name for name in known if request.query_params.get(name) == "yes"), "")
