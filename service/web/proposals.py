"""Following a proposal by its link: what a company can do with it until its event is public."""

from collections.abc import Awaitable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from service.limits import rates
from service.proposals import drafting, following, forgotten, hosting, record
from service.proposals.contents import LONGEST_WORDS, Idea
from service.proposals.drafting import WRITABLE
from service.proposals.record import ProposalMoved
from service.proposals.tables import Proposal
from service.refusal import Refusal
from service.web import forms, proposal_fields, refusals
from service.web.forms import Form
from service.web.host_page import address_of
from service.web.pages import Visit, again, language, page, see
from service.web.proposal_page import MAY_WITHDRAW, proposal_answer
from service.web.propose import check_mail
from service.web.refusals import Answer, standing

PUBLIC = {"public": True}


@get("/proposals/find", opt=PUBLIC)
async def show_find(request: Visit) -> Response[str]:
    """Ask for the address whose links are to be sent again."""
    return page(request, "proposals/find", form=Form())


@post("/proposals/find", opt=PUBLIC)
async def find(request: Visit) -> Response[Any]:
    """Send the links of an address to it; the answer is the same whether or not there are any."""
    form = await forms.read(request, language(request))
    address = form.address("email")
    if not form.ok:
        return again(request, "proposals/find", here="/proposals/find", form=form)
    await forgotten.send_links(address, language(request))
    return check_mail(request)


@get("/proposals/{token:str}", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """The proposal: where it stands, what happens next, and what can be done with it."""
    return await proposal_answer(request, await record.by_token(token), Form())


@get("/proposals/{token:str}/edit", opt=PUBLIC)
async def show_edit(request: Visit, token: FromPath[str]) -> Response[str]:
    """The form with all that it says now; once nothing can be changed any more, its page says why."""
    proposal = await record.by_token(token)
    if proposal.state not in WRITABLE:
        return await _refused(request, proposal, Form(), await record.moved(proposal))
    idea = await record.idea_of(proposal)
    form = Form(proposal_fields.typed_of(idea) | {"version": str(proposal.version)}, language(request))
    return _edit_answer(request, proposal, form)


@post("/proposals/{token:str}/edit", opt=PUBLIC)
async def edit(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Change what is proposed; a draft is handed in by it, unless it is kept for ``later``."""
    proposal, form = await _change(request, token)
    if proposal.state not in WRITABLE:
        return await _refused(request, proposal, Form(), await record.moved(proposal))
    is_draft = proposal.state == "draft"
    is_whole = not is_draft or form.raw("later") != "yes"
    idea = proposal_fields.read(form, proposal.language, whole=is_whole, address=proposal.email)
    if not form.ok:
        return _edit_answer(request, proposal, form)
    try:
        edited = await drafting.edit(proposal, idea, proposal_fields.version_of(form))
        if is_draft and is_whole:
            await drafting.hand_in(edited)
    except ProposalMoved as refusal:
        return await _refused(request, proposal, Form(), refusal)
    except Refusal as refusal:
        now = await record.by_id(proposal.id)
        said = refusals.answer(refusal, language(request))
        return _edit_answer(request, now, form, said, await record.idea_of(now))
    return see(request, address_of(edited), **{"sent" if is_draft and is_whole else "saved": "yes"})


@post("/proposals/{token:str}/hand-in", opt=PUBLIC)
async def hand_in(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Hand a draft in."""
    proposal, form = await _change(request, token)
    return await _taken(request, proposal, form, drafting.hand_in(proposal), sent="yes")


@post("/proposals/{token:str}/answer", opt=PUBLIC)
async def answer(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Answer what the campus asked."""
    proposal, form = await _change(request, token)
    missing = form.words.gettext("Please type your answer.")
    words = form.block("words", most=LONGEST_WORDS, missing=missing).strip()
    if not form.ok and proposal.state == "asked":
        return await proposal_answer(request, proposal, form, pressed="answer")
    return await _taken(request, proposal, form, following.answer(proposal, words), answered="yes")


@post("/proposals/{token:str}/withdraw", opt=PUBLIC)
async def withdraw(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Take the proposal back; needs its ``sure=yes``."""
    proposal, sent = await _change(request, token)
    form = Form({"reason": sent.raw("words"), "sure": sent.raw("sure")}, language(request))  # two boxes, two names
    words = form.block("reason", most=LONGEST_WORDS).strip()
    form.ticked("sure", form.words.gettext("Tick the box first: then we know that you are sure."))
    if not form.ok and proposal.state in MAY_WITHDRAW and not await hosting.is_hosted(proposal):
        return await proposal_answer(request, proposal, form, pressed="withdraw")
    return await _taken(request, proposal, form, following.withdraw(proposal, words))


HANDLERS = [show_find, find, show, show_edit, edit, hand_in, answer, withdraw]


async def _change(request: Visit, token: str) -> tuple[Proposal, Form]:
    """What every change begins with: the proposal, its rate, the form."""
    proposal = await record.by_token(token)
    await rates.spend("changes", str(proposal.id))
    return proposal, await forms.read(request, language(request))


async def _taken(
    request: Visit, proposal: Proposal, form: Form, step: Awaitable[Proposal], **query: str
) -> Response[Any]:
    """Take a step, or show the page with what is in its way."""
    try:
        found = await step
    except Refusal as refusal:
        return await _refused(request, proposal, form, refusal)
    return see(request, address_of(found), **query)


async def _refused(request: Visit, proposal: Proposal, form: Form, refusal: Refusal) -> Response[str]:
    """The page as the proposal stands now, under why nothing was done."""
    now = await record.by_id(proposal.id)
    return await proposal_answer(request, now, form, refusals.answer(refusal, language(request)))


def _edit_answer(
    request: Visit, proposal: Proposal, form: Form, refusal: Answer | None = None, stands: Idea | None = None
) -> Response[str]:
    """The form around what was typed; ``stands``: beside what somebody else has saved meanwhile."""
    return page(
        request,
        "proposals/edit",
        **standing(form, refusal),
        here=f"{address_of(proposal)}/edit",
        here_link=address_of(proposal),
        proposal=proposal,
        form=form,
        version=proposal.version if stands else form.value("version"),
        idea=stands,
        hosts=(),
        about_safety=proposal_fields.is_about_safety(form),
    )
