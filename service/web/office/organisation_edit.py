"""Correcting what is known of a structure: what somebody else changed meanwhile is shown beside it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service.edge.loading import DECIDERS, actor, signed_in
from service.people import structures
from service.people.structures import Facts, OrganisationChanged, SameName, facts_of
from service.people.tables import Organisation
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office import event_fields, organisation_fields
from service.web.office.organisations import HERE
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

DECIDE = {"roles": DECIDERS}
LARGEST_VERSION = 999_999_999


@get(HERE + "/{organisation:uuid}/edit", opt=DECIDE)
async def ask_edit(request: Visit, organisation: FromPath[UUID]) -> Response[str]:
    """Everything that is known of it, to correct it."""
    found = await structures.load(organisation)
    return _answer(request, found, Form(organisation_fields.as_fields(facts_of(found))))


@post(HERE + "/{organisation:uuid}/edit", opt=DECIDE)
async def edit(request: Visit, organisation: FromPath[UUID]) -> Response[Any]:
    """Save it; where somebody else saved first, not at all."""
    form, found = await forms.read(request, language(request)), await structures.load(organisation)
    facts = organisation_fields.read(form, facts_of(found))
    version = form.whole_number("version", least=0, most=LARGEST_VERSION) or 0
    if not form.ok:
        return _answer(request, found, form, version=version)
    try:
        await structures.edit(organisation, facts, version, actor(request))
    except OrganisationChanged as refusal:
        return _conflict(request, await structures.load(organisation), form, facts, refusal)
    except SameName as refusal:
        return _answer(request, found, form, refusal, version=version, same=refusal)
    return see(request, f"{HERE}/{organisation}", done="saved")


HANDLERS = [ask_edit, edit]


def _answer(
    request: Visit, found: Organisation, form: Form, refusal: Refusal | None = None, **more: Any
) -> Response[str]:
    usual: dict[str, Any] = {"version": found.version, "same": None, "rivals": []}
    return page(
        request,
        "office/organisations/edit",
        **standing(form, refusals.answer(refusal, language(request)) if refusal else None),
        here=f"{HERE}/{found.id}/edit",
        me=signed_in(request),
        form=form,
        one=found,
        kinds=event_fields.host_kinds(language(request)),
        **usual | more,
    )


def _conflict(request: Visit, found: Organisation, form: Form, typed: Facts, met: OrganisationChanged) -> Response[str]:
    """What was typed beside what stands now: of what the other has changed, that is ticked to stay."""
    rivals = organisation_fields.compared(typed, facts_of(found), language(request), form.words)
    for one in rivals:
        one["is_theirs"] = one["name"] in met.fields
    return _answer(request, found, form, met, rivals=rivals)
