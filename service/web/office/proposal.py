"""One proposal in the office: what a company would host, what was said of it, and each thing that may be done."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock, text
from service.edge.loading import DECIDERS, LISTS, actor, signed_in
from service.events.dates import LARGEST
from service.people import likeness
from service.proposals import acceptance, listing, record, review
from service.proposals.contents import LONGEST_WORDS
from service.proposals.listing import Overview
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office.paths import path_of_proposal
from service.web.office.proposals import HERE, reviewers
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

OPEN = {"roles": DECIDERS}
ONE = HERE + "/{proposal:uuid}"


@get(ONE, opt={"roles": LISTS})
async def show(request: Visit, proposal: FromPath[UUID]) -> Response[str]:
    """All that is known of a proposal; to a reader, nothing by which to reach anybody."""
    return await proposal_answer(request, proposal, Form())


@post(ONE + "/ask", opt=OPEN)
async def ask(request: Visit, proposal: FromPath[UUID]) -> Response[Any]:
    """Ask the company for an answer or a change."""
    form = await forms.read(request, language(request))
    words = _words(form, form.words.gettext("Please write what you want to know: they read it."))
    return await _done(request, proposal, form, "ask", partial(review.ask, proposal, words, actor(request)))


@post(ONE + "/decline", opt=OPEN)
async def decline(request: Visit, proposal: FromPath[UUID]) -> Response[Any]:
    """Say no, with the reason that the company reads."""
    form = await forms.read(request, language(request))
    reason = _words(form, form.words.gettext("Please give the reason: they read it."))
    return await _done(request, proposal, form, "decline", partial(review.decline, proposal, reason, actor(request)))


@post(ONE + "/accept", opt=OPEN)
async def accept(request: Visit, proposal: FromPath[UUID]) -> Response[Any]:
    """Make a draft event of it."""
    form = await forms.read(request, language(request))
    return await _done(request, proposal, form, "accept", partial(acceptance.accept, proposal, actor(request)))


@post(ONE + "/assign", opt=OPEN)
async def assign(request: Visit, proposal: FromPath[UUID]) -> Response[Any]:
    """Let a colleague look after it, or nobody."""
    form = await forms.read(request, language(request))
    chosen = form.choice("person", [str(one.id) for one in await reviewers()], required=False)
    person = UUID(chosen) if chosen else None
    return await _done(request, proposal, form, "assign", partial(review.assign, proposal, person, actor(request)))


@post(ONE + "/settle", opt=OPEN)
async def settle(request: Visit, proposal: FromPath[UUID]) -> Response[Any]:
    """Note that what the host reported was seen to."""
    form = await forms.read(request, language(request))
    return await _done(request, proposal, form, "settle", partial(review.settle, proposal, actor(request)))


@post(ONE + "/detach", opt=OPEN)
async def detach(request: Visit, proposal: FromPath[UUID]) -> Response[Any]:
    """Let the draft go on without the company; the answer is the page on which it was pressed."""
    form = await forms.read(request, language(request))
    event = (await record.by_id(proposal)).event if form.raw("from") == "event" else None
    step = partial(review.detach, proposal, actor(request))
    return await _done(request, proposal, form, "detach", step, back=f"/office/events/{event}" if event else "")


@post(ONE + "/dates/{date:uuid}/take", opt=OPEN)
async def take_date(request: Visit, proposal: FromPath[UUID], date: FromPath[UUID]) -> Response[Any]:
    """Make a slot of a new date."""
    form = await forms.read(request, language(request))
    missing = form.words.gettext("Please say how many seats there are.")
    capacity = form.whole_number("capacity", least=1, most=LARGEST, missing=missing)
    step = partial(review.take_date, proposal, date, capacity or 1, actor(request))
    return await _done(request, proposal, form, f"take_{date}", step)


@post(ONE + "/dates/{date:uuid}/decline", opt=OPEN)
async def decline_date(request: Visit, proposal: FromPath[UUID], date: FromPath[UUID]) -> Response[Any]:
    """Say that a new date is not wanted."""
    form = await forms.read(request, language(request))
    step = partial(review.decline_date, proposal, date, actor(request))
    return await _done(request, proposal, form, f"leave_{date}", step)


HANDLERS = [show, ask, decline, accept, assign, settle, detach, take_date, decline_date]


async def proposal_answer(
    request: Visit, proposal: UUID, form: Form, acting: str = "", refusal: Refusal | None = None
) -> Response[str]:
    """The page around a form: fresh, with the mistakes of what one was ``acting``, or under the refusal it met."""
    who, one = signed_in(request), await listing.overview(proposal)
    said = refusals.answer_to_staff(refusal, language(request)) if refusal else None
    decides = who.role in DECIDERS
    return page(
        request,
        "office/proposals/show",
        **standing(form, said),
        here=path_of_proposal(proposal),
        me=who,
        form=form,
        blank=Form(),
        acting=acting,
        decides=decides,
        one=one,
        now=clock.now(),
        may=one.may if decides else frozenset(),
        people=await reviewers() if decides else [],
        alike=await _alike(one),
        done=request.query_params.get("done", ""),
    )


async def _done(  # noqa: PLR0913 - the page, what was pressed on it, and where it leads
    request: Visit, proposal: UUID, form: Form, action: str, step: Callable[[], Awaitable[Any]], *, back: str = ""
) -> Response[Any]:
    """Take the step, unless the form has mistakes, and show the proposal as it is then (or the page ``back``)."""
    if not form.ok:
        return await proposal_answer(request, proposal, form, action)
    try:
        await step()
    except Refusal as refusal:
        return await proposal_answer(request, proposal, form, action, refusal)
    return see(request, back or path_of_proposal(proposal), done=action.partition("_")[0])


def _words(form: Form, missing: str) -> str:
    """Several lines that must say something."""
    return form.block("words", most=LONGEST_WORDS, missing=missing).strip()


async def _alike(one: Overview) -> list[dict[str, Any]]:
    """The structures of this name, or of nearly this name, while the proposal is tied to none."""
    if one.proposal.organisation or one.stands not in ("submitted", "asked"):
        return []
    name = one.proposal.organisation_name
    found = await likeness.resembling(name)
    return [{"id": each, "name": known, "is_same": text.key(known) == text.key(name)} for each, known in found.items()]
