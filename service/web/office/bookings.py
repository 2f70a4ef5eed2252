"""The bookings of a slot: the table, and what is done to a selection of them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock
from service.attendance import days
from service.bookings import decisions, pending, register, selections
from service.bookings.register import Filters, Head
from service.bookings.selections import Outcome
from service.edge.loading import DECIDERS, LISTS, actor, signed_in
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office.paths import filters_of, number_of, path_of_slot
from service.web.pages import Visit, language, page, see

LONGEST_REASON = 300
TICK = "pick_"
ACTIONS = ("confirm", "approve", "resend", "cancel")


@get("/office/slots/{slot:uuid}", opt={"roles": LISTS})
async def show(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The table, narrowed and sorted as the address asks."""
    return await _table(request, slot, Form())


@post("/office/slots/{slot:uuid}/bulk", opt={"roles": DECIDERS})
async def bulk(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Do one thing to each booking that is ticked; the page says to whom it could not be done."""
    form = await forms.read(request, language(request))
    await register.head(slot)  # what does not exist is a 404, before any mistake in its form
    action, chosen = form.choice("action", ACTIONS), form.picked(TICK)
    reason = form.text("reason", missing="", most=LONGEST_REASON) if form.raw("reason").strip() else ""
    if not chosen:
        form.refuse("picks", form.words.gettext("Please tick the bookings first."))
    if not form.ok:
        return await _table(request, slot, form)
    outcome = await selections.each(slot, chosen, _steps(actor(request), reason)[action])
    if outcome.refused:
        return await _table(request, slot, form, action, outcome)
    return see(request, path_of_slot(slot), **filters_of(request).as_query(), done=action, number=outcome.done)


HANDLERS = [show, bulk]


def _steps(by: str, reason: str) -> dict[str, Callable[[UUID], Awaitable[None]]]:
    return {
        "confirm": partial(decisions.confirm, by=by),
        "approve": partial(pending.approve, by=by),
        "resend": partial(decisions.resend, by=by),
        "cancel": partial(decisions.cancel, by=by, reason=reason),
    }


async def _table(
    request: Visit, slot: UUID, form: Form, action: str = "", outcome: Outcome | None = None
) -> Response[str]:
    """The page around a form: fresh, with its mistakes, or with what a selection came to."""
    filters, who = filters_of(request), signed_in(request)
    head = await register.head(slot)
    found = await register.read(slot, filters, number_of(request, "page"))
    done = request.query_params.get("done", "")
    return page(
        request,
        "office/bookings",
        status=409 if outcome else 200 if form.ok else 422,
        here=path_of_slot(slot),
        me=who,
        form=form,
        slot=head,
        next_step=_next_step(head),
        filters=filters,
        found=found,
        groups=list(register.GROUPS),
        decides=who.role in DECIDERS,
        ticked=request.query_params.get("tick") == "all",
        done=action or (done if done in ACTIONS else ""),
        number=outcome.done if outcome else number_of(request, "number"),
        refused=_said(request, outcome),
        pages=_around(filters, found.page),
    )


def _next_step(slot: Head) -> str:
    """What one does next with the slot: add somebody before its day, then check in, then thank who came."""
    if slot.is_over and slot.is_attended:
        return "certificates"
    return "door" if days.opens_at(slot.starts_at) <= clock.now() < days.closes_at(slot.ends_at) else "add"


def _said(request: Visit, outcome: Outcome | None) -> list[dict[str, Any]]:
    """To whom it could not be done, and why, in words."""
    return [
        {"booking": one.booking, "name": one.name, "why": refusals.answer_to_staff(one.why, language(request))}
        for one in (outcome.refused if outcome else [])
    ]


def _around(filters: Filters, number: int) -> dict[str, dict[str, Any]]:
    """The queries of the pages before and after this one."""
    return {
        "previous": {**filters.as_query(), "page": number - 1},
        "next": {**filters.as_query(), "page": number + 1},
    }
