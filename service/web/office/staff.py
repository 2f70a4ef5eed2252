"""The staff: who signs in to the office, and what they may."""

import re
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.edge.loading import ADMINS, actor, signed_in
from service.people import roles, staff
from service.people.staff import AlreadyStaff, LastAdmin
from service.people.tables import ROLES
from service.web import forms, refusals
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

HERE = "/office/staff"
STAFF = {"roles": ADMINS}
PAGE = 50


@get(HERE, opt=STAFF)
async def show_staff(request: Visit) -> Response[str]:
    """Who signs in, and the form for one more."""
    return await _page(request, Form({"language": i18n.LANGUAGES[0]}))


@post(HERE, opt=STAFF)
async def add(request: Visit) -> Response[Any]:
    """Let somebody sign in, and write to them."""
    form = await forms.read(request, language(request))
    name = form.text("name", most=200, missing=form.words.gettext("Please type the name."))
    email = form.address("email", missing=form.words.gettext("Please type the address that they sign in with."))
    role = form.choice("role", ROLES)
    spoken = form.choice("language", i18n.LANGUAGES)
    if not form.ok:
        return await _page(request, form)
    try:
        await staff.invite(name, email, role, by=actor(request), language=spoken)
    except AlreadyStaff as refusal:
        return await _page(request, form, refusals.answer(refusal, language(request)))
    return _back(request, "added")


@post(HERE + "/{person:uuid}/role", opt=STAFF)
async def set_role(request: Visit, person: FromPath[UUID]) -> Response[Any]:
    """Give somebody another role. One's own asks for a tick, for one may not come back to this page."""
    form = await forms.read(request, language(request))
    role = form.choice(f"role_{person.hex}", ROLES)
    _check_own(request, form, person)
    if not form.ok:
        return await _page(request, form)
    try:
        await staff.set_role(person, role, by=actor(request))
    except LastAdmin as refusal:
        return await _page(request, form, refusals.answer(refusal, language(request)))
    return _back(request, "role")


@post(HERE + "/{person:uuid}/leave", opt=STAFF)
async def let_go(request: Visit, person: FromPath[UUID]) -> Response[Any]:
    """Let somebody sign in no more; oneself with a tick only."""
    form = await forms.read(request, language(request))
    _check_own(request, form, person)
    if not form.ok:
        return await _page(request, form)
    try:
        await staff.leave(person, by=actor(request))
    except LastAdmin as refusal:
        return await _page(request, form, refusals.answer(refusal, language(request)))
    return _back(request, "left")


@post(HERE + "/{person:uuid}/sign-out", opt=STAFF)
async def sign_out(request: Visit, person: FromPath[UUID]) -> Response[Any]:
    """End all sessions of somebody."""
    await staff.sign_out(person, by=actor(request))
    return _back(request, "signed_out")


HANDLERS = [show_staff, add, set_role, let_go, sign_out]


def _check_own(request: Visit, form: Form, person: UUID) -> None:
    if person == signed_in(request).id:
        form.ticked(f"sure_{person.hex}", form.words.gettext("Please tick this box: it is about yourself."))


def _back(request: Visit, done: str) -> Response[Any]:
    """To the page of the list on which it was done."""
    return see(request, HERE, done=done, page=_number(request) if _number(request) > 1 else "")


def _number(request: Visit) -> int:
    asked = request.query_params.get("page", "")
    return int(asked) if re.fullmatch(r"[1-9][0-9]{0,3}", asked) else 1


async def _page(request: Visit, form: Form, refusal: Answer | None = None) -> Response[str]:
    spoken, everybody = language(request), await staff.listed()
    pages = -(-len(everybody) // PAGE)
    number = min(_number(request), pages)
    return page(
        request,
        "office/staff",
        **standing(form, refusal),
        here=HERE,
        me=signed_in(request),
        form=form,
        total=len(everybody),
        found=everybody[(number - 1) * PAGE : number * PAGE],
        number=number,
        pages=pages,
        roles=[(role, roles.called(role, spoken), roles.may(role, spoken)) for role in ROLES],
        done=request.query_params.get("done", ""),
    )
