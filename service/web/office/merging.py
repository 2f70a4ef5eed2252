"""Two structures that are one: the other is looked for, both are compared, and the press of a button joins them."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service.edge.loading import DECIDERS, actor, signed_in
from service.events import hosts
from service.events.hosts import Filters
from service.people import likeness, structures
from service.people.structures import OrganisationChanged, UnknownOrganisation, facts_of
from service.people.tables import Organisation
from service.proposals import merging
from service.proposals.merging import AlreadyMerged, Pair, SameOrganisation
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office import event_fields, organisation_fields
from service.web.office.organisations import HERE
from service.web.office.paths import searched
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

DECIDE = {"roles": DECIDERS}
LARGEST_VERSION = 999_999_999
THEIRS = ("kept", "gone")


@get(HERE + "/{organisation:uuid}/merge", opt=DECIDE)
async def ask_merge(request: Visit, organisation: FromPath[UUID]) -> Response[str]:
    """Which other one it is; once it is named, what joining the two would do."""
    kept, other = await structures.load(organisation), _id(request.query_params.get("other", ""))
    if other is None:
        return await _choose(request, kept)
    try:
        pair = await merging.preview(organisation, other)
    except (SameOrganisation, AlreadyMerged, UnknownOrganisation) as refusal:
        return await _choose(request, kept, refusal)
    return _compare(request, pair, Form(_first_choice(pair)))


@post(HERE + "/{organisation:uuid}/merge", opt=DECIDE)
async def merge(request: Visit, organisation: FromPath[UUID]) -> Response[Any]:
    """Join the other one to this one, with the facts that were chosen."""
    form, kept = await forms.read(request, language(request)), await structures.load(organisation)
    try:
        pair = await merging.preview(organisation, _id(form.raw("other")) or organisation)
        theirs = {name: form.choice(name, THEIRS) == "gone" for name in pair.differing}
        if not form.ok:
            return _compare(request, pair, form)
        await merging.merge(_as_seen(pair, form), pair.facts(theirs), actor(request))
    except OrganisationChanged as refusal:
        return _compare(request, await merging.preview(organisation, pair.gone.id), form, refusal)
    except (SameOrganisation, AlreadyMerged, UnknownOrganisation) as refusal:
        return await _choose(request, kept, refusal)
    return see(request, f"{HERE}/{organisation}", done="merged")


HANDLERS = [ask_merge, merge]


async def _choose(request: Visit, kept: Organisation, refusal: Refusal | None = None) -> Response[str]:
    """The likely ones, and those that a search finds."""
    q = searched(request)
    found = await hosts.found(Filters(q=q)) if q else None
    return page(
        request,
        "office/organisations/merge",
        **standing(Form(), refusals.answer(refusal, language(request)) if refusal else None),
        here=f"{HERE}/{kept.id}/merge",
        me=signed_in(request),
        one=kept,
        alike=await likeness.alike(kept.id),
        q=q,
        found=[line for line in found.lines if line.id != kept.id] if found else [],
        kinds=dict(event_fields.host_kinds(language(request))),
    )


def _compare(request: Visit, pair: Pair, form: Form, refusal: Refusal | None = None) -> Response[str]:
    """Both side by side, what moves, and a choice wherever they differ."""
    sides = organisation_fields.compared(facts_of(pair.kept), facts_of(pair.gone), language(request), form.words)
    return page(
        request,
        "office/organisations/compare",
        **standing(form, refusals.answer(refusal, language(request)) if refusal else None),
        here=f"{HERE}/{pair.kept.id}/merge",
        me=signed_in(request),
        form=form,
        pair=pair,
        sides=sides,
    )


def _first_choice(pair: Pair) -> dict[str, str | list[str]]:
    """What is chosen at first: this one's facts, but for those that only the other has."""
    return {name: "kept" if getattr(pair.kept, name) else "gone" for name in pair.differing}


def _as_seen(pair: Pair, form: Form) -> Pair:
    """The pair with the versions that the page showed: what was saved since is not overlooked."""
    for one, name in ((pair.kept, "version"), (pair.gone, "other_version")):
        one.version = form.whole_number(name, least=0, most=LARGEST_VERSION) or 0
    return pair


def _id(raw: str) -> UUID | None:
    """An id as an address names it; None for anything else."""
    try:
        return UUID(raw)
    except ValueError:
        return None
