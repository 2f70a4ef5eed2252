"""Proposing a visit or a workshop: one page, handed in at once or kept for later."""

import secrets
from dataclasses import replace
from typing import Any

from litestar import Response, get, post

from service import clock, i18n
from service.events import places
from service.limits.keys import KeyReused
from service.proposals import drafting
from service.refusal import Refusal
from service.web import forms, proposal_fields, refusals
from service.web.asking import AT_ONCE, key_of
from service.web.forms import Form
from service.web.host_page import address_of
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

SUGGESTED = 60  # names of hosts: the page stays within its weight
PUBLIC = {"public": True}


@get("/propose", opt=PUBLIC)
async def show_propose(request: Visit) -> Response[str]:
    """The form."""
    return await _answer(request, Form())


@post("/propose", opt=PUBLIC)
async def propose(request: Visit) -> Response[Any]:
    """Hand a proposal in, or keep it for ``later``: 303 to its page, 422 with the mistakes, 409 with the reason."""
    form = await forms.read(request, language(request))
    if form.raw("website"):  # the field no person sees
        return check_mail(request)
    is_draft = form.raw("later") == "yes"
    idea = proposal_fields.read(form, language(request), whole=not is_draft)
    if not form.ok:
        return await _answer(request, form)
    make = drafting.begin if is_draft else drafting.propose
    try:
        form.check_pace()
        async with AT_ONCE:
            proposal = await make(idea, key=key_of(request, form, "propose", (*proposal_fields.FIELDS, "later")))
    except Refusal as refusal:
        return await _answer(request, form, _said(refusal, language(request)))
    return see(request, address_of(proposal), **{"kept" if is_draft else "sent": "yes"})


def check_mail(request: Visit) -> Response[str]:
    """The neutral page: the same for an address we know, one we do not, and a robot."""
    return page(request, "proposals/check_mail", here="/proposals/find")


HANDLERS = [show_propose, propose]


async def _answer(request: Visit, form: Form, refusal: Answer | None = None) -> Response[str]:
    return page(
        request,
        "proposals/propose",
        **standing(form, refusal),
        here="/propose",
        form=form,
        hosts=await places.host_names(SUGGESTED),
        about_safety=proposal_fields.is_about_safety(form),
        form_key=secrets.token_urlsafe(18),
        opened_at=f"{clock.now().timestamp():.6f}",
    )


def _said(refusal: Refusal, spoken: str) -> Answer:
    """Why nothing was kept. Who changes the form after it was sent has the link of the first one."""
    said = refusals.answer(refusal, spoken)
    if not isinstance(refusal, KeyReused):
        return said
    words = i18n.translations(spoken)
    return replace(said, next_step=words.gettext("The link in our e-mail opens it: change it there."))
