"""The office's first page: what happens in the days ahead, and what waits for a decision."""

from itertools import groupby
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.attendance import doors
from service.bookings import followed, pending
from service.bookings.pending import NothingPending
from service.edge.loading import DECIDERS, EVERYBODY, actor, signed_in
from service.events.slots import CalledOff
from service.web import forms, refusals
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

LONGEST_REASON = 300


@get("/office", opt={"roles": EVERYBODY})
async def show_today(request: Visit) -> Response[str]:
    """Today and the next 7 days; below, what waits for a decision."""
    return await today_answer(request, Form())


@post("/office/bookings/{booking:uuid}/approve", opt={"roles": DECIDERS})
async def approve(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Say yes to a booking that awaits it; to a class, in all of its slots."""
    form = await forms.read(request, language(request))
    try:
        await pending.approve(booking, actor(request))
    except (NothingPending, CalledOff) as refusal:
        return await today_answer(request, form, refusals.answer(refusal, language(request)))
    return see(request, "/office", done="approved")


@post("/office/bookings/{booking:uuid}/refuse", opt={"roles": DECIDERS})
async def refuse(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Say no, with the reason that the booker is told."""
    form = await forms.read(request, language(request))
    name = f"reason_{booking.hex}"
    reason = form.text(name, most=LONGEST_REASON, missing=form.words.gettext("Please give the reason: they read it."))
    if not form.ok:
        return await today_answer(request, form)
    try:
        await pending.refuse(booking, reason, actor(request))
    except NothingPending as refusal:
        return await today_answer(request, form, refusals.answer(refusal, language(request)))
    return see(request, "/office", done="refused")


async def today_answer(request: Visit, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page around a form: fresh, with its mistakes, or under the refusal it met."""
    who = signed_in(request)
    decides = who.role in DECIDERS
    slots = await followed.ahead() if who.role != "door" else []
    return page(
        request,
        "office/today",
        **standing(form, refusal),
        here="/office",
        me=who,
        form=form,
        decides=decides,
        named_for=await doors.granted_slots(who.id) if who.role == "door" else [],
        done=request.query_params.get("done", ""),
        days=[(day, list(found)) for day, found in groupby(slots, key=lambda slot: i18n.local(slot.starts_at).date())],
        approvals=await followed.awaiting_approval() if decides else None,
        options=await followed.lapsing_options() if decides else None,
        unreached=await followed.unreached() if decides else None,
    )


HANDLERS = [show_today, approve, refuse]
