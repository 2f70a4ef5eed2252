"""What a host says from its page: it names new dates, must cancel or change something, looks back."""

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from service.limits import rates
from service.proposals import following, hosting, record
from service.proposals.contents import LONGEST_WORDS
from service.proposals.following import REPORTS
from service.proposals.tables import AGAIN, Proposal
from service.refusal import Refusal
from service.web import forms, proposed_dates, refusals
from service.web.forms import Form
from service.web.host_page import address_of, answer
from service.web.pages import Visit, language, see

PUBLIC = {"public": True}


@post("/proposals/{token:str}/dates", opt=PUBLIC)
async def name_dates(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Name new dates: 303 to the page, 422 with the mistakes, 409 under what was refused."""
    proposal, form = await _change(request, token)
    named = proposed_dates.read(form, required=True)
    if not form.ok:
        return await answer(request, proposal, form, sent="dates")
    try:
        await following.add_dates(proposal, named)
    except following.NoNewDate:
        form.refuse("day_1", form.words.gettext("The campus has these dates already. Please name another one."))
        return await answer(request, proposal, form, sent="dates")
    except Refusal as refusal:
        return await _refused(request, proposal, form, refusal, "dates")
    return see(request, address_of(proposal), done="dates")


@post("/proposals/{token:str}/report", opt=PUBLIC)
async def report(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Tell the campus that the host must cancel or change something: nothing is called off by it."""
    proposal, form = await _change(request, token)
    what = form.choice("what", REPORTS, missing=form.words.gettext("Please say what has to change."))
    words = _words(form, form.words.gettext("Please say which date, and why: the campus needs it to act."))
    if not form.ok:
        return await answer(request, proposal, form, sent="report")
    try:
        await following.report(proposal, what, words)
    except Refusal as refusal:
        return await _refused(request, proposal, form, refusal, "report")
    return see(request, address_of(proposal), done="report")


@post("/proposals/{token:str}/feedback", opt=PUBLIC)
async def look_back(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Answer the two questions that come after the event; said anew, the last word counts."""
    proposal, form = await _change(request, token)
    again = form.choice("again", AGAIN, missing=form.words.gettext("Please say whether you would do it again."))
    words = _words(form)
    if not form.ok:
        return await answer(request, proposal, form, sent="feedback")
    try:
        await following.look_back(proposal, again, words)
    except Refusal as refusal:
        return await _refused(request, proposal, form, refusal, "feedback")
    return see(request, address_of(proposal), done="feedback")


HANDLERS = [name_dates, report, look_back]


async def _change(request: Visit, token: str) -> tuple[Proposal, Form]:
    """What every change begins with: the proposal, its rate, the form. Refuses: UnknownProposal, ProposalMoved."""
    proposal = await record.by_token(token)
    if not await hosting.is_hosted(proposal):
        raise await record.moved(proposal)
    await rates.spend("changes", str(proposal.id))
    return proposal, await forms.read(request, language(request))


async def _refused(request: Visit, proposal: Proposal, form: Form, refusal: Refusal, sent: str) -> Response[str]:
    """The page again under a refusal, with all that was typed."""
    return await answer(request, proposal, form, refusals.answer(refusal, language(request)), sent)


def _words(form: Form, missing: str = "") -> str:
    """A few lines of the field ``words``; ``missing`` is said where they are needed and say nothing."""
    return form.block("words", most=LONGEST_WORDS, missing=missing).strip()
