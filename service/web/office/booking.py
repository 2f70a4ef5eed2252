"""One booking in the office: all that is known of it, and each thing that may be done to it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock
from service.bookings import by_hand, decisions, moves, numbers, pending, record
from service.bookings.by_hand import MOST_PEOPLE, OthersWait
from service.bookings.numbers import Terms
from service.edge.loading import DECIDERS, LISTS, actor, signed_in
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office.adding import party_of
from service.web.office.paths import number_of, path_of_booking
from service.web.office.today import today_answer
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

LONGEST_REASON = 300
OPEN = {"roles": DECIDERS}
NOWHERE = UUID(int=0)
HERE = "booking"  # what the form of this page says, where Today has one of the same


@get("/office/bookings/{booking:uuid}", opt={"roles": LISTS})
async def show(request: Visit, booking: FromPath[UUID]) -> Response[str]:
    """All that is known of a booking; to a reader, nothing by which to reach anybody."""
    return await booking_answer(request, booking, Form())


@post("/office/bookings/{booking:uuid}/approve", opt=OPEN)
async def approve(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Say yes to a booking that awaits it; to a class, in all of its slots."""
    form = await forms.read(request, language(request))
    return await _answered(request, booking, form, "approve", partial(pending.approve, booking, actor(request)))


@post("/office/bookings/{booking:uuid}/refuse", opt=OPEN)
async def refuse(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Say no, with the reason that the booker is told."""
    form = await forms.read(request, language(request))
    name = f"reason_{booking.hex}"
    reason = form.text(name, most=LONGEST_REASON, missing=form.words.gettext("Please give the reason: they read it."))
    return await _answered(request, booking, form, "refuse", partial(pending.refuse, booking, reason, actor(request)))


@post("/office/bookings/{booking:uuid}/paper", opt=OPEN)
async def paper(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Note that the paper form that a parent signed is here."""
    form = await forms.read(request, language(request))
    return await _done(request, booking, form, "paper", partial(pending.authorise_on_paper, booking, actor(request)))


@post("/office/bookings/{booking:uuid}/confirm", opt=OPEN)
async def confirm(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Give them their seats for good."""
    form = await forms.read(request, language(request))
    passes = form.ticked("before_others")
    step = partial(decisions.confirm, booking, actor(request), before_others=passes)
    return await _done(request, booking, form, "confirm", step)


@post("/office/bookings/{booking:uuid}/cancel", opt=OPEN)
async def cancel(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """End it, with a reason that the booker is told, or none."""
    form = await forms.read(request, language(request))
    reason = form.text("reason", missing="", most=LONGEST_REASON) if form.raw("reason").strip() else ""
    return await _done(request, booking, form, "cancel", partial(decisions.cancel, booking, actor(request), reason))


@post("/office/bookings/{booking:uuid}/restore", opt=OPEN)
async def restore(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Bring back what is over."""
    form = await forms.read(request, language(request))
    passes = form.ticked("before_others")
    step = partial(decisions.restore, booking, actor(request), before_others=passes)
    return await _done(request, booking, form, "restore", step)


@post("/office/bookings/{booking:uuid}/move", opt=OPEN)
async def move(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Move it to another date of its event."""
    form = await forms.read(request, language(request))
    to, passes = _slot_of(form), form.ticked("before_others")
    step = partial(moves.move, booking, to, actor(request), before_others=passes)
    return await _done(request, booking, form, "move", step)


@post("/office/bookings/{booking:uuid}/seats", opt=OPEN)
async def change_seats(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Change the numbers of a class, or of who comes under one name."""
    form = await forms.read(request, language(request))
    by, passes = actor(request), form.ticked("before_others")
    if form.has("pupils"):
        party, terms = party_of(form), Terms(by, form.ticked("queue_rest"), passes)
        return await _done(request, booking, form, "seats", partial(numbers.recount, booking, party, terms))
    people = form.whole_number("people", least=1, most=MOST_PEOPLE, missing=form.words.gettext("How many people come?"))
    step = partial(by_hand.resize, booking, people or 1, by, before_others=passes)
    return await _done(request, booking, form, "seats", step)


@post("/office/bookings/{booking:uuid}/resend", opt=OPEN)
async def resend(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Send the letter once more that says how it stands."""
    form = await forms.read(request, language(request))
    return await _done(request, booking, form, "resend", partial(decisions.resend, booking, actor(request)))


@post("/office/bookings/{booking:uuid}/address", opt=OPEN)
async def correct_address(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Give it another address, or its first."""
    form = await forms.read(request, language(request))
    address = form.address("email", missing=form.words.gettext("Please type the e-mail address."))
    step = partial(decisions.correct_address, booking, address, actor(request))
    return await _done(request, booking, form, "address", step)


HANDLERS = [
    show, approve, refuse, paper, confirm, cancel, restore, move, change_seats, resend, correct_address,
]  # fmt: skip


async def booking_answer(
    request: Visit, booking: UUID, form: Form, acting: str = "", refusal: Refusal | None = None
) -> Response[str]:
    """The page around a form: fresh, with the mistakes of what one was ``acting``, or under the refusal it met."""
    who, found = signed_in(request), await record.of(booking, clock.now())
    said = refusals.answer_to_staff(refusal, language(request)) if refusal else None
    decides = who.role in DECIDERS
    return page(
        request,
        "office/booking",
        **standing(form, said),
        here=path_of_booking(booking),
        me=who,
        form=form,
        found=found,
        may=found.may if decides else frozenset(),
        decides=decides,
        acting=acting,
        others_wait=isinstance(refusal, OthersWait) or form.ticked("before_others"),
        done=request.query_params.get("done", ""),
        missing=number_of(request, "missing"),
    )


async def _done(
    request: Visit, booking: UUID, form: Form, action: str, step: Callable[[], Awaitable[Any]]
) -> Response[Any]:
    """Take the step, unless the form has mistakes, and show the booking as it is then.

    A step may return for how many people it found no seat.
    """
    if not form.ok:
        return await booking_answer(request, booking, form, action)
    try:
        missing = await step()
    except Refusal as refusal:
        return await booking_answer(request, booking, form, action, refusal)
    return see(request, path_of_booking(booking), done=action, missing=missing)


async def _answered(
    request: Visit, booking: UUID, form: Form, action: str, step: Callable[[], Awaitable[None]]
) -> Response[Any]:
    """The same for what may be decided on Today, too: the answer is the page that the form stood on."""
    if form.raw("from") == HERE:
        return await _done(request, booking, form, action, step)
    if not form.ok:
        return await today_answer(request, form)
    try:
        await step()
    except Refusal as refusal:
        return await today_answer(request, form, refusals.answer_to_staff(refusal, language(request)))
    return see(request, "/office", done="approved" if action == "approve" else "refused")


def _slot_of(form: Form) -> UUID:
    """The date to move to; a mistake of the form when it names none."""
    try:
        return UUID(form.raw("slot"))
    except ValueError:
        form.choice("slot", (), missing=form.words.gettext("Please choose a date."))
        return NOWHERE
