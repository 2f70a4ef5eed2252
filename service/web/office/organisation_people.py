"""The people of a structure, and what the campus notes about it: each a small form on its page."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from service.edge.loading import DECIDERS, actor
from service.people import contacts, remarks, structures
from service.people.contacts import KnownContact, Who
from service.web import forms
from service.web.forms import Form
from service.web.office.organisations import HERE, organisation_answer
from service.web.pages import Visit, language, see

DECIDE = {"roles": DECIDERS}
PEOPLE = HERE + "/{organisation:uuid}/contacts"
NEW = "new"  # ends the names of the fields of who is not there yet


@post(PEOPLE, opt=DECIDE)
async def add(request: Visit, organisation: FromPath[UUID]) -> Response[Any]:
    """Write somebody down."""
    form = await forms.read(request, language(request))
    step = partial(contacts.add, organisation, _who(form, NEW), actor(request))
    return await _done(request, organisation, form, NEW, step)


@post(PEOPLE + "/{contact:uuid}/edit", opt=DECIDE)
async def edit(request: Visit, organisation: FromPath[UUID], contact: FromPath[UUID]) -> Response[Any]:
    """Correct what is known of somebody."""
    form = await forms.read(request, language(request))
    step = partial(contacts.edit, organisation, contact, _who(form, contact.hex), actor(request))
    return await _done(request, organisation, form, contact.hex, step)


@post(PEOPLE + "/{contact:uuid}/leave", opt=DECIDE)
async def leave(request: Visit, organisation: FromPath[UUID], contact: FromPath[UUID]) -> Response[Any]:
    """Note that somebody has left the structure."""
    await contacts.leave(organisation, contact, actor(request))
    return see(request, f"{HERE}/{organisation}", done="left")


@post(PEOPLE + "/{contact:uuid}/back", opt=DECIDE)
async def come_back(request: Visit, organisation: FromPath[UUID], contact: FromPath[UUID]) -> Response[Any]:
    """Note that somebody is there after all."""
    await contacts.come_back(organisation, contact, actor(request))
    return see(request, f"{HERE}/{organisation}", done="back")


@post(HERE + "/{organisation:uuid}/notes", opt=DECIDE)
async def write_down(request: Visit, organisation: FromPath[UUID]) -> Response[Any]:
    """Keep a note in its history."""
    form, found = await forms.read(request, language(request)), await structures.load(organisation)
    words = form.block("words", most=remarks.LONGEST).strip()
    if not words:
        form.refuse("words", form.words.gettext("Please write what is to be kept."))
    if not form.ok:
        return await organisation_answer(request, found, form, "note")
    await remarks.write_down(organisation, words, actor(request))
    return see(request, f"{HERE}/{organisation}", done="noted")


HANDLERS = [add, edit, leave, come_back, write_down]


def _who(form: Form, mark: str) -> Who:
    """Somebody as the form of that ``mark`` names them."""
    return Who(
        name=form.text(f"name_{mark}", most=200, missing=form.words.gettext("Please type the name.")),
        email=form.address(f"email_{mark}") if form.raw(f"email_{mark}").strip() else "",
        phone=form.text(f"phone_{mark}", most=30, missing=""),
        role=form.text(f"role_{mark}", most=100, missing=""),
    )


async def _done(
    request: Visit, organisation: UUID, form: Form, mark: str, step: Callable[[], Awaitable[Any]]
) -> Response[Any]:
    """Take the step, unless the form has mistakes, and show the structure as it is then."""
    found = await structures.load(organisation)
    if not form.ok:
        return await organisation_answer(request, found, form, mark)
    try:
        await step()
    except KnownContact as refusal:
        return await organisation_answer(request, found, form, mark, refusal)
    return see(request, f"{HERE}/{organisation}", done="added_contact" if mark == NEW else "saved")
