"""Booking a seat, and everything one can do with the link that answers it."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock, i18n, text, tokens
from service.attendance import presence
from service.bookings import changes, dossiers, emails, erasure, invitations, seats
from service.bookings.changes import AddressSettled, AlreadyStarted, Held, TooLateToRestore
from service.bookings.dossiers import Booker
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.tables import Dossier
from service.events import details, slots
from service.events.details import EventPage
from service.events.slots import BookableSlot, CalledOff, UnknownSlot
from service.limits import rates
from service.limits.keys import Key
from service.people import delivery
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.drawings import qr_code
from service.web.events import AGE_BANDS, age_bands, event_answer
from service.web.forms import Form
from service.web.pages import Visit, again, language, page, see
from service.web.refusals import Answer, standing

FIELDS = ("slot", "first_name", "last_name", "email", "school", "level", "age_band")
PUBLIC = {"public": True}
# A crowd waits here, in line and without a time limit, rather than for the pool's connections, which has one.
AT_ONCE = asyncio.Semaphore(16)


@post("/events/{slug:str}/bookings", opt=PUBLIC)
async def create(request: Visit, slug: FromPath[str]) -> Response[Any]:
    """Book one seat: 303 to the booking, 422 with the mistakes, 409 with the reason."""
    form = await forms.read(request, language(request))
    if form.raw("website"):  # the field no person sees
        return _check_mail(request)
    slot = await _slot(form, slug)
    # An unknown event is a 404, before any mistake in its form.
    who = _booker(form, slot or await details.event_page(slug), language(request))
    if not form.ok or slot is None:
        return await event_answer(request, await details.event_page(slug), form)
    try:
        form.check_pace()
        async with AT_ONCE:
            dossier = await seats.book(slot, who, key=_key(request, form, slug))
    except AlreadyBooked:
        return _check_mail(request)
    except Refusal as refusal:
        said = refusals.answer(refusal, language(request))
        return await event_answer(request, await details.event_page(slug), form, said)
    return see(request, _address(dossier), booked="yes")


@get("/bookings/find", opt=PUBLIC)
async def show_find(request: Visit) -> Response[str]:
    """Ask for the address whose links are to be sent again."""
    return page(request, "bookings/find", form=Form())


@post("/bookings/find", opt=PUBLIC)
async def find(request: Visit) -> Response[Any]:
    """Send the links of an address to it; the answer is the same whether or not there are any."""
    form = await forms.read(request, language(request))
    address = form.address("email")
    if not form.ok:
        return again(request, "bookings/find", here="/bookings/find", form=form)
    await emails.send_links(address, text.address_key(address), clock.now(), language(request))
    return _check_mail(request)


@get("/bookings/{token:str}", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """The booking: its state, its code, and what can be done with it."""
    return await _booking_answer(request, await dossiers.by_token(token), Form())


@get("/bookings/{token:str}/invitation.ics", opt=PUBLIC)
async def download(token: FromPath[str]) -> Response[bytes]:
    """The calendar file for people, with the mail's UID and SEQUENCE: importing both makes one entry."""
    dossier = await _living(token)
    held = (await changes.held_by(dossier))[0]
    content = await invitations.as_file(held.subject, held.slot, emails.link_to(dossier))
    disposition = {"Content-Disposition": 'attachment; filename="invitation.ics"'}
    return Response(content, media_type="text/calendar", headers=disposition)


@post("/bookings/{token:str}/cancel", opt=PUBLIC)
async def cancel(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Give the seat back; needs ``sure=yes``."""
    dossier, form = await _change(request, token)
    form.ticked("sure", _tick_first(request))
    if not form.ok:
        return await _booking_answer(request, dossier, form)
    await changes.cancel(dossier)
    return see(request, _address(dossier), **_origin(form))


@post("/bookings/{token:str}/restore", opt=PUBLIC)
async def restore(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Take a cancellation back, while it is fresh and the seat is free."""
    dossier, form = await _change(request, token)
    try:
        await changes.restore(dossier)
    except (TooLateToRestore, CalledOff, SoldOut, AlreadyBooked) as refusal:
        return await _booking_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, _address(dossier), **_origin(form))


@post("/bookings/{token:str}/erase", opt=PUBLIC)
async def erase(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Cancel and forget; needs ``sure=yes``."""
    dossier, form = await _change(request, token)
    if not form.ticked("sure"):
        form.refuse("erase-sure", _tick_first(request))  # the page has another tick of that name
        return await _booking_answer(request, dossier, form)
    await erasure.erase(dossier)
    return see(request, _address(dossier))


@post("/bookings/{token:str}/email", opt=PUBLIC)
async def correct_address(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Send everything to another address, under a new link."""
    dossier, form = await _change(request, token, heard=False)
    address = form.address("email")
    if not form.ok:
        return await _booking_answer(request, dossier, form)
    await rates.spend_letter(text.address_key(address))
    try:
        moved = await changes.correct_address(dossier, address)
    except AlreadyBooked:
        return _check_mail(request)
    except (AddressSettled, AlreadyStarted) as refusal:
        return await _booking_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, _address(moved), booked="yes")


HANDLERS = [create, show_find, find, show, download, cancel, restore, erase, correct_address]


async def _slot(form: Form, slug: str) -> BookableSlot | None:
    """The slot that the form names, of this event; a mistake of the form when it is none."""
    try:
        return await slots.load(UUID(form.raw("slot")), of=slug)
    except (ValueError, UnknownSlot):
        form.choice("slot", (), missing=form.words.gettext("Please choose a date."))
        return None


def _booker(form: Form, asking: BookableSlot | EventPage, spoken: str) -> Booker:
    words = form.words
    missing_age = words.gettext("Please say how old you are.")
    return Booker(
        first_name=form.text("first_name", missing=words.gettext("Please type your first name.")),
        last_name=form.text("last_name", missing=words.gettext("Please type your last name.")),
        email=form.address("email"),
        school=form.text("school", most=200, missing=words.gettext("Please name your school or organisation.")),
        level=form.choice("level", asking.levels, required=False),
        age_band=form.choice("age_band", AGE_BANDS, missing=missing_age) if asking.age_min is not None else "",
        language=spoken,
    )


def _key(request: Visit, form: Form, slug: str) -> Key | None:
    """The key that came with the form, or in the header, hashed: whatever it holds, it fits its column."""
    sent = form.raw("key") or request.headers.get("idempotency-key", "")
    value = hashlib.sha256(sent.encode("utf-8", "surrogatepass")).hexdigest() if sent else ""
    return Key.of(value, {**form.body(*FIELDS), "event": slug})


async def _living(token: str) -> Dossier:
    dossier = await dossiers.by_token(token)
    if dossier.erase_asked_at:
        raise dossiers.UnknownLink
    return dossier


async def _change(request: Visit, token: str, *, heard: bool = True) -> tuple[Dossier, Form]:
    """What every change begins with: the dossier, its rate, the form, and whether its address answered."""
    dossier = await _living(token)
    await rates.spend("changes", str(dossier.id))
    form = await forms.read(request, language(request))
    if heard and form.raw("from") == "mail":
        await changes.hear_from(dossier)
    return dossier, form


def _check_mail(request: Visit) -> Response[str]:
    """The neutral page: the same for an address we know, one we do not, and a robot."""
    return page(request, "bookings/check_mail", here="/bookings/find")


async def _booking_answer(request: Visit, dossier: Dossier, form: Form, refusal: Answer | None = None) -> Response[str]:
    if dossier.erase_asked_at:
        return page(request, "bookings/erased")
    held = (await changes.held_by(dossier))[0]
    event = await details.event_page(held.slot.slug)
    return page(
        request,
        "bookings/show",
        **standing(form, refusal),
        here=_address(dossier),
        booking=await _booking_names(request, dossier, held, form),
        event=event,
        slot=next(card for card in event.slots if card.slot_id == held.slot.id),
        form=form,
    )


async def _booking_names(request: Visit, dossier: Dossier, held: Held, form: Form) -> dict[str, Any]:
    return {
        "token": dossiers.token_of(dossier.id, dossier.generation),
        "code": dossier.code,
        "state": held.booking.state,
        "first_name": dossier.first_name,
        "last_name": dossier.last_name,
        "email": dossier.email,
        "school": dossier.school,
        "level": dossier.level,
        "age": dict(age_bands(language(request))).get(held.booking.age_band, ""),
        "seats": held.booking.seats,
        "check_in_svg": qr_code(_check_in(held.booking.id)),
        "can_cancel": held.may_change,
        "can_restore": held.restore_until is not None,
        "restore_until": held.restore_until and i18n.local(held.restore_until),
        "can_correct_email": held.may_change and await changes.may_correct_address(dossier),
        "undeliverable": await delivery.is_undeliverable(dossier.email_key),
        "present": await presence.came(held.booking.id) if held.is_over else None,
        "is_over": held.is_over,
        "just_booked": request.query_params.get("booked") == "yes",
        "from_mail": "mail" in (request.query_params.get("from"), form.raw("from")),
    }


def _check_in(booking: UUID) -> str:
    """What the door reads: 160 random-looking bits, no name and no link inside."""
    return "PASSERELLE:" + tokens.derive("check-in", booking).upper()


def _address(dossier: Dossier) -> str:
    return f"/bookings/{dossiers.token_of(dossier.id, dossier.generation)}"


def _origin(form: Form) -> dict[str, str]:
    return {"from": "mail"} if form.raw("from") == "mail" else {}


def _tick_first(request: Visit) -> str:
    return i18n.translations(language(request)).gettext("Tick the box first: then we know that you are sure.")
