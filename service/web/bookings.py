"""Booking a seat, and everything one can do with the link that answers it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock, i18n, text
from service.bookings import (
    addresses,
    changes,
    dossiers,
    emails,
    erasure,
    holds,
    invitations,
    offers,
    pending,
    seats,
    waiting,
)
from service.bookings.addresses import AddressSettled
from service.bookings.changes import AlreadyStarted, TooLateToRestore
from service.bookings.dossiers import Booker, UnknownLink
from service.bookings.held import held_by
from service.bookings.pending import NothingPending
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.tables import Dossier
from service.events import details
from service.events.details import EventPage
from service.events.slots import BookableSlot, CalledOff
from service.limits import rates
from service.refusal import Refusal
from service.web import forms, links, refusals
from service.web.asking import AT_ONCE, asked_slot, check_mail, key_of
from service.web.booking_page import address_of
from service.web.class_page import dossier_answer
from service.web.events import AGE_BANDS, QUEUE, event_answer, is_partner
from service.web.forms import Form
from service.web.pages import Visit, again, language, page, see
from service.web.refusals import Answer

FIELDS = (
    "slot", "first_name", "last_name", "email", "school", "level", "age_band", "parent_email", "partner",
)  # fmt: skip
PUBLIC = {"public": True}
Answering = Callable[[Dossier], Awaitable[None]]


@post("/events/{slug:str}/bookings", opt=PUBLIC)
async def create(request: Visit, slug: FromPath[str]) -> Response[Any]:
    """Book one seat, or join a waiting list: 303 to the booking, 422 with the mistakes, 409 with the reason."""
    form = await forms.read(request, language(request))
    if form.raw("website"):  # the field no person sees
        return check_mail(request)
    slot = await asked_slot(form, slug)
    # An unknown event is a 404, before any mistake in its form.
    who = _booker(form, slot or await details.event_page(slug), language(request))
    if not form.ok or slot is None:
        return await event_answer(request, await details.event_page(slug), form)
    who = replace(who, is_partner=is_partner(request, form, slot.event_id))
    try:
        form.check_pace()
        async with AT_ONCE:
            ask = waiting.join if form.raw("slot").startswith(QUEUE) else seats.book
            dossier = await ask(slot, who, key=key_of(request, form, slug, FIELDS))
    except AlreadyBooked:
        return check_mail(request)
    except Refusal as refusal:
        event = await details.event_page(slug)
        return await event_answer(request, event, form, _said(request, refusal, event, slot, who))
    return see(request, address_of(dossier), booked="yes")


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
    return check_mail(request)


@get("/bookings/{token:str}", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """The booking: its state, its code, and what can be done with it."""
    return await dossier_answer(request, await dossiers.by_token(token), Form())


@get("/bookings/{token:str}/invitation.ics", opt=PUBLIC)
async def download(request: Visit, token: FromPath[str]) -> Response[bytes]:
    """The calendar file for people, with the mail's UID and SEQUENCE: importing both makes one entry.

    A class of several slots names the one that is meant.
    """
    dossier = await links.living(token)
    asked, all_of_it = request.query_params.get("slot", ""), await held_by(dossier)
    here = [one for one in all_of_it if one.slot.id.hex == asked] or all_of_it
    # What waits in the same slot for the rest of a class has no invitation.
    held = min(here, key=lambda one: one.booking.state != "confirmed")
    content = await invitations.as_file(held.subject, held.slot, emails.link_to(dossier))
    disposition = {"Content-Disposition": 'attachment; filename="invitation.ics"'}
    return Response(content, media_type="text/calendar", headers=disposition)


@post("/bookings/{token:str}/cancel", opt=PUBLIC)
async def cancel(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Give the seats back, all or those of one slot; needs its ``sure=yes``."""
    dossier, form = await links.change(request, token)
    slot = links.slot_of(form)
    form.ticked(f"sure_{slot.hex}" if slot else "sure", _tick_first(request))
    if not form.ok:
        return await dossier_answer(request, dossier, form)
    await changes.cancel(dossier, slot=slot)
    return see(request, address_of(dossier), **links.origin(form))


@post("/bookings/{token:str}/restore", opt=PUBLIC)
async def restore(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Take a cancellation back, of all or of one slot, while it is fresh and the seat is free."""
    dossier, form = await links.change(request, token)
    try:
        await changes.restore(dossier, slot=links.slot_of(form))
    except (TooLateToRestore, CalledOff, SoldOut, AlreadyBooked) as refusal:
        return await dossier_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(dossier), **links.origin(form))


@post("/bookings/{token:str}/accept", opt=PUBLIC)
async def accept(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Take the seat that is offered."""
    return await _answered(request, token, offers.accept, booked="yes")


@post("/bookings/{token:str}/decline", opt=PUBLIC)
async def decline(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Leave the seat that is offered to the next."""
    return await _answered(request, token, offers.decline)


@post("/bookings/{token:str}/rejoin", opt=PUBLIC)
async def rejoin(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Go to the end of the waiting list again, or have the seat that is free."""
    return await _answered(request, token, offers.rejoin, booked="yes")


@post("/bookings/{token:str}/erase", opt=PUBLIC)
async def erase(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Cancel and forget; needs ``sure=yes``."""
    dossier, form = await links.change(request, token)
    if not form.ticked("sure"):
        form.refuse("erase-sure", _tick_first(request))  # the page has another tick of that name
        return await dossier_answer(request, dossier, form)
    await erasure.erase(dossier)
    return see(request, address_of(dossier))


@post("/bookings/{token:str}/guardian", opt=PUBLIC)
async def correct_guardian(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Ask a parent at another address, under a new link."""
    dossier, form = await links.change(request, token)
    address = _guardian(form)
    if not form.ok:
        return await dossier_answer(request, dossier, form)
    await rates.spend_letter(text.address_key(address))
    try:
        await pending.correct_guardian(dossier, address)
    except NothingPending as refusal:
        return await dossier_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(dossier), **links.origin(form))


@post("/bookings/{token:str}/email", opt=PUBLIC)
async def correct_address(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Send everything to another address, under a new link."""
    dossier, form = await links.change(request, token, heard=False)
    address = form.address("email")
    if not form.ok:
        return await dossier_answer(request, dossier, form)
    await rates.spend_letter(text.address_key(address))
    try:
        moved = await addresses.correct_address(dossier, address)
    except AlreadyBooked:
        return check_mail(request)
    except (AddressSettled, AlreadyStarted) as refusal:
        return await dossier_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(moved), booked="yes")


HANDLERS = [
    create, show_find, find, show, download,
    cancel, restore, accept, decline, rejoin, erase, correct_guardian, correct_address,
]  # fmt: skip


def _booker(form: Form, asking: BookableSlot | EventPage, spoken: str) -> Booker:
    words = form.words
    who = Booker(
        first_name=form.text("first_name", missing=words.gettext("Please type your first name.")),
        last_name=form.text("last_name", missing=words.gettext("Please type your last name.")),
        email=form.address("email"),
        school=form.text("school", most=200, missing=words.gettext("Please name your school or organisation.")),
        level=form.choice("level", asking.levels, required=False),
        age_band=_age_band(form, asking) if asking.age_min is not None or asking.outside_school_time else "",
        language=spoken,
    )
    needs_guardian = asking.outside_school_time and who.age_band in holds.MINORS
    return replace(who, guardian_email=_guardian(form)) if needs_guardian else who


def _age_band(form: Form, asking: BookableSlot | EventPage) -> str:
    chosen = form.choice("age_band", AGE_BANDS, missing=form.words.gettext("Please say how old you are."))
    if holds.is_too_young(chosen, asking.age_min):
        wanted = form.words.gettext("This event is for people from %(age)s years of age.")
        form.refuse("age_band", wanted % {"age": asking.age_min})
    return chosen


def _guardian(form: Form) -> str:
    """The address of a parent, which a minor must give."""
    return form.address("parent_email", missing=form.words.gettext("Please type a parent's e-mail address."))


def _said(request: Visit, refusal: Refusal, event: EventPage, slot: BookableSlot, who: Booker) -> Answer:
    """Why nothing was booked. Of a slot that is full now, the form holds the waiting list ready."""
    said = refusals.answer(refusal, language(request))
    takes_queue = any(card.seen_by(who.audience).takes_queue for card in event.slots if card.slot_id == slot.id)
    is_full = isinstance(refusal, SoldOut) and takes_queue
    return refusals.to_the_queue(said, language(request)) if is_full else said


async def _answered(request: Visit, token: str, verb: Answering, **query: str) -> Response[Any]:
    """Do what a button of the waiting list asks for, or show the page with what is in its way."""
    dossier, form = await links.change(request, token)
    try:
        await verb(dossier)
    except UnknownLink:
        raise
    except Refusal as refusal:
        return await dossier_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(dossier), **query, **links.origin(form))


def _tick_first(request: Visit) -> str:
    return i18n.translations(language(request)).gettext("Tick the box first: then we know that you are sure.")
