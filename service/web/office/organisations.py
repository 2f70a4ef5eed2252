"""The structures of the office: their list, a new one, and all that is known of one."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service.edge.loading import DECIDERS, LISTS, actor, signed_in
from service.events import hosts, places
from service.events.hosts import Filters
from service.people import contacts, likeness, structures
from service.people.organisations import KINDS
from service.people.structures import SameName, UnknownOrganisation
from service.people.tables import Organisation
from service.proposals import histories
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office import event_fields, organisation_fields
from service.web.office.paths import one_of, page_of, searched
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

HERE = "/office/organisations"


@get(HERE, opt={"roles": LISTS})
async def show_list(request: Visit) -> Response[str]:
    """All structures, narrowed by the query."""
    filters, number = _filters(request), page_of(request)
    found = await hosts.found(filters, number)
    if number > found.pages:  # an old link
        found = await hosts.found(filters, found.pages)
    return page(
        request,
        "office/organisations/list",
        me=signed_in(request),
        decides=signed_in(request).role in DECIDERS,
        filters=filters,
        found=found,
        kinds=event_fields.host_kinds(language(request)),
        towns=await hosts.towns(),
    )


@get(HERE + "/new", opt={"roles": DECIDERS})
async def ask_new(request: Visit) -> Response[str]:
    """The facts of a structure that nobody has named yet."""
    return _new(request, Form())


@post(HERE + "/new", opt={"roles": DECIDERS})
async def add(request: Visit) -> Response[Any]:
    """Enter it."""
    form = await forms.read(request, language(request))
    facts = organisation_fields.read(form)
    if not form.ok:
        return _new(request, form)
    try:
        organisation = await structures.add(facts, actor(request))
    except SameName as refusal:
        return _new(request, form, refusal)
    return see(request, f"{HERE}/{organisation}", done="added")


@get(HERE + "/{organisation:uuid}", opt={"roles": LISTS})
async def show(request: Visit, organisation: FromPath[UUID]) -> Response[Any]:
    """All that is known of a structure; of one that was merged, the way to the one that stayed."""
    try:
        found = await structures.load(organisation)
    except UnknownOrganisation:
        if kept := await structures.merged_into(organisation):
            return see(request, f"{HERE}/{kept}")
        raise
    return await organisation_answer(request, found, Form())


HANDLERS = [show_list, ask_new, add, show]


async def organisation_answer(
    request: Visit, found: Organisation, form: Form, acting: str = "", refusal: Refusal | None = None
) -> Response[str]:
    """The page of one around its small forms: fresh, with the mistakes of what one was ``acting``, or refused.

    Who only reads sees nothing by which to reach anybody, and nothing that was said in confidence.
    """
    said = refusals.answer(refusal, language(request)) if refusal else None
    decides = signed_in(request).role in DECIDERS
    return page(
        request,
        "office/organisations/show",
        **standing(form, said),
        here=f"{HERE}/{found.id}",
        me=signed_in(request),
        form=form,
        acting=acting,
        decides=decides,
        one=found,
        kinds=dict(event_fields.host_kinds(language(request))),
        **await _around(request, found, decides=decides),
        done=request.query_params.get("done", ""),
    )


async def _around(request: Visit, found: Organisation, *, decides: bool) -> dict[str, Any]:
    """What stands around a structure; a page of its events or of its history that is not there is the first."""
    events_page, lines_page = page_of(request, "events"), page_of(request)
    hosted, lines = (
        await histories.hosted(found.id, events_page),
        await histories.lines_of(found.id, lines_page, in_full=decides),
    )
    return {
        "people": await contacts.of(found.id) if decides else [],
        "hosted": hosted if hosted.rows or events_page == 1 else await histories.hosted(found.id),
        "lines": lines if lines.rows or lines_page == 1 else await histories.lines_of(found.id, in_full=decides),
        "proposals": await histories.proposals_of(found.id),
        "alike": await likeness.alike(found.id) if decides else {},
        "is_public": found.slug in await places.hosts(),
    }


def _new(request: Visit, form: Form, refusal: SameName | None = None) -> Response[str]:
    return page(
        request,
        "office/organisations/new",
        **standing(form, refusals.answer(refusal, language(request)) if refusal else None),
        here=f"{HERE}/new",
        me=signed_in(request),
        form=form,
        same=refusal,
        kinds=event_fields.host_kinds(language(request)),
    )


def _filters(request: Visit) -> Filters:
    """What the query asks for; nonsense asks for nothing."""
    return Filters(
        q=searched(request),
        kind=one_of(request, "kind", KINDS),
        town=searched(request, "town"),
        quiet=one_of(request, "quiet", ("yes",)),
    )
