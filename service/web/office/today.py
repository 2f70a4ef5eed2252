"""The office's first page: what happens in the days ahead, and what waits for a decision."""

from itertools import groupby

from litestar import Response, get

from service import i18n
from service.attendance import doors
from service.bookings import followed
from service.edge.loading import DECIDERS, EVERYBODY, signed_in
from service.proposals import listing
from service.web.forms import Form
from service.web.pages import Visit, page
from service.web.refusals import Answer, standing


@get("/office", opt={"roles": EVERYBODY})
async def show_today(request: Visit) -> Response[str]:
    """Today and the next 7 days; below, what waits for a decision."""
    return await today_answer(request, Form())


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
        proposals=await listing.waiting() if decides else None,
        options=await followed.lapsing_options() if decides else None,
        unreached=await followed.unreached() if decides else None,
    )


HANDLERS = [show_today]
