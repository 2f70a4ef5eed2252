"""The events of the office: their list, one event with its dates, and what one press does to it."""

import re
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n, settings, templates
from service.edge.loading import DECIDERS, LISTS, actor, signed_in
from service.events import details, listing, partners, publishing
from service.events.editing import EventCalledOff
from service.events.listing import STATES, WHENS, Filters, Overview
from service.events.publishing import DraftInUse, NotADraft, NotReady
from service.events.tables import KINDS
from service.proposals import acceptance
from service.proposals.acceptance import HostWithdrew
from service.refusal import Refusal
from service.web import events as public
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office.paths import one_of, searched
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

DATES_A_PAGE = 50
MOST_PAGES = 1000


@get("/office/events", opt={"roles": LISTS})
async def show_list(request: Visit) -> Response[str]:
    """All events, drafts too, narrowed by the query."""
    filters, number = _filters(request), _number(request, "page")
    found = await listing.found(filters, number)
    if number > found.pages:  # an old link
        found = await listing.found(filters, found.pages)
    return page(
        request,
        "office/events/list",
        me=signed_in(request),
        decides=signed_in(request).role in DECIDERS,
        filters=filters,
        found=found,
        kinds=KINDS,
        deleted=request.query_params.get("done") == "deleted",
    )


@get("/office/events/{event:uuid}", opt={"roles": LISTS})
async def show_event(request: Visit, event: FromPath[UUID]) -> Response[str]:
    """One event: where it stands, its dates, and what comes next."""
    return await event_answer(request, await listing.overview(event), Form())


@get("/office/events/{event:uuid}/preview", opt={"roles": LISTS})
async def show_preview(request: Visit, event: FromPath[UUID]) -> Response[str]:
    """The public page of the event, also before it is public. Its form sends nothing."""
    here = f"/office/events/{event}/preview"
    return await public.event_answer(
        request,
        await details.preview(event),
        Form(),
        preview=f"/office/events/{event}",
        me=signed_in(request),
        here=here,
        switch_path=lambda other: templates.path(other, here),
    )


@post("/office/events/{event:uuid}/publish", opt={"roles": DECIDERS})
async def publish(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Let everybody see it."""
    try:
        await acceptance.publish(event, actor(request))
    except (NotReady, EventCalledOff, HostWithdrew) as refusal:
        return await _refused(request, event, refusal)
    return see(request, f"/office/events/{event}", done="published")


@post("/office/events/{event:uuid}/duplicate", opt={"roles": DECIDERS})
async def duplicate(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Make a draft that says the same; with its dates, where the form names a first day."""
    form = await forms.read(request, language(request))
    overview = await listing.overview(event)
    first = form.day("first_day")
    if first and first <= i18n.today():
        form.refuse("first_day", form.words.gettext("Please choose a day to come."))
    if not form.ok:
        return await event_answer(request, overview, form)
    copy = await publishing.duplicate(event, first, actor(request))
    return see(request, f"/office/events/{copy}", done="copied")


@post("/office/events/{event:uuid}/delete", opt={"roles": DECIDERS})
async def delete(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Delete a draft, once the box is ticked."""
    form = await forms.read(request, language(request))
    form.ticked("sure", form.words.gettext("Tick the box first: a deleted draft cannot be taken back."))
    if not form.ok:
        return await event_answer(request, await listing.overview(event), form)
    try:
        await publishing.delete(event, actor(request))
    except (NotADraft, DraftInUse) as refusal:
        return await _refused(request, event, refusal)
    return see(request, "/office/events", done="deleted")


HANDLERS = [show_list, show_event, show_preview, publish, duplicate, delete]


async def event_answer(request: Visit, overview: Overview, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of one event around its small forms: fresh, with a mistake, or under the refusal it met."""
    event, who = overview.event, signed_in(request)
    address = settings.current().public_url
    return page(
        request,
        "office/events/show",
        **standing(form, refusal),
        here=f"/office/events/{event.id}",
        me=who,
        form=form,
        decides=who.role in DECIDERS,
        event=event,
        overview=overview,
        lacks=publishing.missing(event.to_dict(), has_slot=overview.has_coming) if event.state == "draft" else (),
        dates=_dates(request, overview),
        proposal=await acceptance.of_event(event.id),
        addresses={
            "public": f"{address}/events/{event.slug}",
            "short": f"{address}/e/{event.number}",
            "partner": f"{address}/events/{event.slug}?partner={partners.token_of(event.id)}",
        },
        done=request.query_params.get("done", ""),
        told=_number(request, "told", least=0),
        number=_number(request, "number"),
    )


async def _refused(request: Visit, event: UUID, refusal: Refusal) -> Response[str]:
    said = refusals.answer(refusal, language(request))
    return await event_answer(request, await listing.overview(event), Form(), said)


def _dates(request: Visit, overview: Overview) -> dict[str, Any]:
    """The page of dates that is asked for, else the one with the date that comes next."""
    slots = overview.slots
    pages = max(1, -(-len(slots) // DATES_A_PAGE))
    coming = next((number for number, slot in enumerate(slots) if not slot.is_over), 0)
    asked = _number(request, "dates", least=0)
    number = min(asked, pages) if asked else coming // DATES_A_PAGE + 1
    return {"slots": slots[(number - 1) * DATES_A_PAGE : number * DATES_A_PAGE], "page": number, "pages": pages}


def _filters(request: Visit) -> Filters:
    """What the query asks for; nonsense asks for nothing."""
    return Filters(
        q=searched(request),
        kind=one_of(request, "kind", KINDS),
        state=one_of(request, "state", STATES),
        when=one_of(request, "when", WHENS),
    )


def _number(request: Visit, name: str, *, least: int = 1) -> int:
    asked = request.query_params.get(name, "")
    return min(max(least, int(asked)), MOST_PAGES) if re.fullmatch(r"[0-9]{1,4}", asked) else least
