"""One date of an event in the office: changed, with the step that says who will be told, or deleted."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.bookings import moving, news
from service.bookings.moving import HasBegun, InUse, WasCalledOff
from service.bookings.waiting import FewerThanTaken
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import dates
from service.events.dates import Dated, EventHead, PastDate, Plan
from service.events.versions import EditedMeanwhile
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office.date_fields import hidden_number, whole_plan_of, whole_typed_of
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

OPEN = {"roles": DECIDERS}


@get("/office/slots/{slot:uuid}/edit", opt=OPEN)
async def show_edit(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The fields of the date as they are."""
    one = await dates.load(slot)
    return await _edit_page(request, one, Form(whole_typed_of(one, await dates.head(one.event_id))))


@post("/office/slots/{slot:uuid}/edit", opt=OPEN)
async def edit(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Save the date; another time that people must be told of is shown beside the old one first."""
    one, form = await dates.load(slot), await forms.read(request, language(request))
    event = await dates.head(one.event_id)
    plan = whole_plan_of(form, event)
    version = hidden_number(form, "version")
    if plan is None or form.raw("step") == "back":
        return await _edit_page(request, one, form)
    if version == one.version and await _must_ask(one, plan, form):
        return await _told_page(request, one, event, plan, form)
    try:
        told = await moving.change(slot, plan, version if version is not None else -1, actor(request))
    except EditedMeanwhile as refusal:
        now = await dates.load(slot)
        return await _edit_page(request, now, form, refusals.answer(refusal, language(request)), is_old=True)
    except (HasBegun, WasCalledOff, PastDate, FewerThanTaken) as refusal:
        return await _edit_page(request, one, form, refusals.answer(refusal, language(request)))
    return see(request, f"/office/events/{one.event_id}", done="date_changed", told=told or "")


@post("/office/slots/{slot:uuid}/delete", opt=OPEN)
async def delete(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Delete a date that nobody ever booked."""
    one = await dates.load(slot)
    try:
        await moving.delete(slot, actor(request))
    except InUse as refusal:
        form = Form(whole_typed_of(one, await dates.head(one.event_id)))
        return await _edit_page(request, one, form, refusals.answer(refusal, language(request)))
    return see(request, f"/office/events/{one.event_id}", done="date_deleted")


HANDLERS = [show_edit, edit, delete]


async def _must_ask(slot: Dated, plan: Plan, form: Form) -> bool:
    """Whether people would be told of another time, and nobody has agreed to that yet."""
    is_moved = (plan.starts_at, plan.ends_at) != (slot.starts_at, slot.ends_at)
    may_move = not (slot.has_begun or slot.is_called_off) and plan.capacity >= slot.seats_taken
    return is_moved and may_move and not form.ticked("sure") and await news.people_to_tell([slot.id]) > 0


async def _edit_page(
    request: Visit, slot: Dated, form: Form, refusal: Answer | None = None, *, is_old: bool = False
) -> Response[str]:
    """The page around a form: fresh, with its mistakes, or under the refusal it met."""
    try:
        moving.check_to_come(slot)
    except (HasBegun, WasCalledOff) as late:
        refusal = refusal or refusals.answer(late, language(request))
    return page(
        request,
        "office/dates/edit",
        **standing(form, refusal),
        here=f"/office/slots/{slot.id}/edit",
        me=signed_in(request),
        event=await dates.head(slot.event_id),
        slot=slot,
        form=form,
        may_change=not (slot.has_begun or slot.is_called_off),
        was_booked=await moving.was_booked(slot.id),
        is_old=is_old,
    )


async def _told_page(request: Visit, slot: Dated, event: EventHead, plan: Plan, form: Form) -> Response[str]:
    """How many people will be told, and what."""
    return page(
        request,
        "office/dates/told",
        here=f"/office/slots/{slot.id}/edit",
        me=signed_in(request),
        event=event,
        slot=slot,
        was=(i18n.local(slot.starts_at), i18n.local(slot.ends_at)),
        now=(i18n.local(plan.starts_at), i18n.local(plan.ends_at)),
        people=await news.people_to_tell([slot.id]),
        form=form,
        kept=KEPT,
    )


# What the step in between passes on.
KEPT = (
    "day", "starts", "ends", "last_day", "seats", "opens_day", "opens_hour", "closes_day", "closes_hour", "fill",
    "version",
)  # fmt: skip
