"""Calling off a date or an event: how many people will be told, the reason that they read, and a tick."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock
from service.bookings import calling_off, moving, news
from service.bookings.moving import HasBegun, WasCalledOff
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import dates
from service.events.dates import Dated, EventHead
from service.events.details import UnknownEvent
from service.events.slots import UnknownSlot
from service.web import forms, refusals
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

OPEN = {"roles": DECIDERS}
LONGEST_REASON = 300


@get("/office/slots/{slot:uuid}/call-off", opt=OPEN)
async def show_slot(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """Ask why the date is called off."""
    return await _slot_page(request, await dates.load(slot), Form())


@post("/office/slots/{slot:uuid}/call-off", opt=OPEN)
async def call_off_slot(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Call the date off, and tell everybody."""
    one = await dates.load(slot)
    form, reason = await _reason(request)
    if not form.ok:
        return await _slot_page(request, one, form)
    try:
        told = await calling_off.call_off_slot(slot, reason, actor(request))
    except HasBegun as refusal:
        return await _slot_page(request, one, form, refusals.answer(refusal, language(request)))
    return see(request, f"/office/events/{one.event_id}", done="date_called_off", told=told or "")


@get("/office/events/{event:uuid}/call-off", opt=OPEN)
async def show_event(request: Visit, event: FromPath[UUID]) -> Response[str]:
    """Ask why the event is called off."""
    return await _event_page(request, await _published(event), Form())


@post("/office/events/{event:uuid}/call-off", opt=OPEN)
async def call_off_event(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Call the event off with all of its dates that are to come, and tell everybody."""
    head = await _published(event)
    form, reason = await _reason(request)
    if not form.ok:
        return await _event_page(request, head, form)
    told = await calling_off.call_off_event(event, reason, actor(request))
    return see(request, f"/office/events/{event}", done="event_called_off", told=told or "")


HANDLERS = [show_slot, call_off_slot, show_event, call_off_event]


async def _reason(request: Visit) -> tuple[Form, str]:
    form = await forms.read(request, language(request))
    words = form.words
    reason = form.text("reason", most=LONGEST_REASON, missing=words.gettext("Please give the reason: they read it."))
    form.ticked("sure", words.gettext("Please tick the box: this cannot be taken back."))
    return form, reason


async def _published(event_id: UUID) -> EventHead:
    """The event, which is no draft. Refuses: UnknownEvent."""
    head = await dates.head(event_id)
    if head.state == "draft":
        raise UnknownEvent
    return head


async def _slot_page(request: Visit, slot: Dated, form: Form, refusal: Answer | None = None) -> Response[str]:
    event = await dates.head(slot.event_id)
    if event.state == "draft":
        raise UnknownSlot
    try:
        moving.check_to_come(slot)
    except (HasBegun, WasCalledOff) as late:
        refusal = refusal or refusals.answer(late, language(request))
    names: dict[str, Any] = {"slot": slot, "coming": [slot], "is_possible": not (slot.has_begun or slot.is_called_off)}
    return await _page(request, event, form, refusal, here=f"/office/slots/{slot.id}/call-off", **names)


async def _event_page(request: Visit, event: EventHead, form: Form) -> Response[str]:
    coming = [one for one in await dates.of_event(event.id) if one.starts_at > clock.now() and not one.is_called_off]
    is_possible = event.state == "published"
    refusal = None if is_possible else refusals.answer(WasCalledOff(""), language(request))
    names: dict[str, Any] = {"slot": None, "coming": coming, "is_possible": is_possible}
    return await _page(request, event, form, refusal, here=f"/office/events/{event.id}/call-off", **names)


async def _page(
    request: Visit, event: EventHead, form: Form, refusal: Answer | None, *, coming: list[Dated], **names: Any
) -> Response[str]:
    return page(
        request,
        "office/dates/call_off",
        **standing(form, refusal),
        me=signed_in(request),
        event=event,
        form=form,
        coming=coming,
        people=await news.people_to_tell([one.id for one in coming]),
        **names,
    )
