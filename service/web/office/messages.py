"""Writing to the people of an event or of one slot: whom, what, a look at the letter, and what was written before."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.bookings import message_emails, messages
from service.bookings.message_emails import OFFERED, Typed
from service.bookings.messages import About, NobodyToWriteTo, Reach
from service.bookings.tables import RECIPIENTS
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import slots
from service.events.slots import BookableSlot
from service.limits.keys import KeyReused
from service.web import forms, refusals
from service.web.asking import key_of
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

OPEN = {"roles": DECIDERS}
LONGEST_TITLE, LONGEST_BODY = 150, 3000  # in characters: a letter weighs 20 kB at most, twice its words
FIELDS = ("recipients", "title", "body")
EVENT, SLOT = "/office/events/{event:uuid}/messages", "/office/slots/{slot:uuid}/messages"


@dataclass(frozen=True, slots=True)
class Desk:
    """From where somebody writes: about what, and which address its pages have."""

    about: About
    title: str
    address: str
    slot: BookableSlot | None = None


@get(f"{EVENT}/new", opt=OPEN)
async def show_of_event(request: Visit, event: FromPath[UUID]) -> Response[str]:
    """The form to the people of an event."""
    return await _form_answer(request, await _desk_of_event(event), _fresh())


@get(f"{SLOT}/new", opt=OPEN)
async def show_of_slot(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The form to the people of one slot."""
    return await _form_answer(request, await _desk_of_slot(slot), _fresh())


@post(f"{EVENT}/new", opt=OPEN, status_code=200)
async def preview_of_event(request: Visit, event: FromPath[UUID]) -> Response[str]:
    """The letter before it leaves."""
    return await _preview(request, await _desk_of_event(event))


@post(f"{SLOT}/new", opt=OPEN, status_code=200)
async def preview_of_slot(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The letter before it leaves."""
    return await _preview(request, await _desk_of_slot(slot))


@post(EVENT, opt=OPEN)
async def send_of_event(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Let it leave."""
    return await _send(request, await _desk_of_event(event))


@post(SLOT, opt=OPEN)
async def send_of_slot(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Let it leave."""
    return await _send(request, await _desk_of_slot(slot))


HANDLERS = [show_of_event, show_of_slot, preview_of_event, preview_of_slot, send_of_event, send_of_slot]


async def _desk_of_event(event: UUID) -> Desk:
    return Desk(About(event), await messages.title_of(event), f"/office/events/{event}/messages")


async def _desk_of_slot(slot_id: UUID) -> Desk:
    slot = await slots.load(slot_id)
    return Desk(About(slot.event_id, slot.id), slot.title, f"/office/slots/{slot_id}/messages", slot)


def _fresh() -> Form:
    return Form({"recipients": RECIPIENTS[0]})


async def _preview(request: Visit, desk: Desk) -> Response[str]:
    form = await forms.read(request, language(request))
    if form.raw("again"):
        return await _form_answer(request, desk, form)
    reach = await messages.reach(desk.about)
    typed = _typed(form, reach)
    if not form.ok:
        return await _form_answer(request, desk, form)
    recipients = form.raw("recipients")
    try:
        letter = await messages.preview(desk.about, recipients, typed)
    except NobodyToWriteTo as refusal:  # the last of them has just left
        return await _form_answer(request, desk, form, refusals.answer(refusal, language(request)))
    return page(
        request,
        "office/message_preview",
        **_named(request, desk, form),
        letter=letter,
        reach=reach[recipients],
        key=form.raw("key") or secrets.token_urlsafe(18),
    )


async def _send(request: Visit, desk: Desk) -> Response[Any]:
    form = await forms.read(request, language(request))
    typed = _typed(form)
    if not form.ok:
        return await _form_answer(request, desk, form)
    key = key_of(request, form, desk.address, FIELDS)
    try:
        await messages.send(desk.about, form.raw("recipients"), typed, actor(request), key=key)
    except (NobodyToWriteTo, KeyReused) as refusal:
        return await _form_answer(request, desk, form, refusals.answer(refusal, language(request)))
    return see(request, f"{desk.address}/new", done="sent")


def _typed(form: Form, reach: dict[str, Reach] | None = None) -> Typed:
    """What was typed; its mistakes are noted beside the fields."""
    words = form.words
    recipients = form.choice("recipients", RECIPIENTS, missing=words.gettext("Please say to whom you write."))
    if reach and recipients and not reach[recipients].letters:
        form.refuse("recipients", words.gettext("None of them has an e-mail address. Please choose others."))
    title = form.text("title", most=LONGEST_TITLE, missing=words.gettext("Please give your message a title."))
    body = form.block("body", most=LONGEST_BODY)
    if not body.strip():
        form.refuse("body", words.gettext("Please type your message."))
    for name, typed in (("title", title), ("body", body)):
        if unknown := message_emails.unknown_placeholders(typed):
            wanted = words.gettext("We do not know what to put for %(name)s.")
            form.refuse(name, wanted % {"name": f"{{{unknown[0]}}}"})
    return Typed(title, body)


async def _form_answer(request: Visit, desk: Desk, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page around a form: fresh, with its mistakes, or under the refusal it met."""
    return page(
        request,
        "office/message",
        **standing(form, refusal),
        **_named(request, desk, form),
        reach=await messages.reach(desk.about),
        sent=await messages.sent_about(desk.about.event),
        placeholders=[f"{{{name}}}" for name in OFFERED[language(request)]],
        done=request.query_params.get("done") == "sent",
    )


def _named(request: Visit, desk: Desk, form: Form) -> dict[str, Any]:
    return {
        "here": f"{desk.address}/new",
        "me": signed_in(request),
        "form": form,
        "desk": desk,
        "kinds": recipients(language(request)),
    }


def recipients(spoken: str) -> dict[str, str]:
    """The kinds of recipients with the words that pages say for them."""
    words = i18n.translations(spoken)
    told = (
        words.gettext("Who has a confirmed seat"),
        words.gettext("Who is on the waiting list"),
        words.gettext("Who was there"),
        words.gettext("Who was absent"),
    )
    return dict(zip(RECIPIENTS, told, strict=True))
