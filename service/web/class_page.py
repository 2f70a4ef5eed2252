"""The page of a class: where it stands, slot by slot, and what its teacher can do."""

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from service import i18n
from service.attendance import certificates
from service.bookings import addresses, attendees, numbers, options, plans
from service.bookings.dossiers import UnknownLink
from service.bookings.held import Held, held_by
from service.bookings.numbers import NothingToCount
from service.bookings.options import OptionOver
from service.bookings.plans import Party
from service.bookings.tables import Dossier
from service.events import details
from service.events.shares import CLASS
from service.people import delivery
from service.refusal import Refusal
from service.web import class_places, links, refusals
from service.web.asking import MOST_CHAPERONES, outings
from service.web.booking_page import address_of, booking_answer, told_of
from service.web.class_places import Place
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

PUBLIC = {"public": True}


async def dossier_answer(request: Visit, dossier: Dossier, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of a dossier: a class's, or an individual's booking."""
    is_class = dossier.class_label and not dossier.erase_asked_at
    return await (class_answer if is_class else booking_answer)(request, dossier, form, refusal)


async def class_answer(request: Visit, dossier: Dossier, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of a class around a form: fresh, with its mistakes, or under the refusal it met."""
    held = [one for one in await held_by(dossier) if one.booking.ended_by != "merged"]
    event = await details.event_page(held[0].slot.slug)
    places = await class_places.places_of(held, {card.slot_id: card.seen_by(CLASS) for card in event.slots})
    return page(
        request,
        "classes/show",
        **standing(form, refusal),
        here=address_of(dossier),
        booking=await _names(request, dossier, held, form) | _may(places),
        stands=class_places.stands(places),
        places=places,
        certified={slot.hex for slot in await certificates.attended(dossier)},
        live=[place for place in places if place.is_live],
        answers=class_places.asked_of(places),
        position=max((place.position for place in places), default=0),
        names=await _names_missing(dossier),
        outing=dict(outings(language(request))).get(dossier.outing, ""),
        counted=_counted(request, places),
        missing=_count(request.query_params.get("missing", "")),
        event=event,
        slot=places[0].slot,
        form=form,
    )


@post("/bookings/{token:str}/confirm", opt=PUBLIC)
async def confirm(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Make the options of a class its seats."""
    dossier, form = await links.change(request, token)
    try:
        if not dossier.class_label:
            raise OptionOver
        await options.confirm(dossier)
    except UnknownLink:
        raise
    except Refusal as refusal:
        return await dossier_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(dossier), booked="yes", **links.origin(form))


@post("/bookings/{token:str}/numbers", opt=PUBLIC)
async def count(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Let a class come to one of its slots with other numbers."""
    dossier, form = await links.change(request, token)
    slot = links.slot_of(form)
    try:
        if not dossier.class_label or slot is None:
            raise NothingToCount
        if (party := _party(form, slot.hex)) is None:
            return await class_answer(request, dossier, form)
        missing = await numbers.change(dossier, slot, party, queue_rest=form.ticked(f"queue_{slot.hex}"))
    except UnknownLink:
        raise
    except Refusal as refusal:
        as_it_was = form.words.gettext("Your numbers are as they were. To wait for more seats, tick the box.")
        said = refusals.answer_to_class(refusal, language(request), as_it_was)
        return await dossier_answer(request, dossier, form, said)
    return see(request, address_of(dossier), missing=missing or "", counted=slot.hex, **links.origin(form))


HANDLERS = [confirm, count]


async def _names_missing(dossier: Dossier) -> dict[str, Any]:
    """How many names of the class are missing, and by when the first of them is needed."""
    lacking = [group for group in await attendees.groups(dossier) if group.may_change and group.missing]
    needed = [group.required_by for group in lacking if group.required_by]
    return {"count": sum(group.missing for group in lacking), "by": min(needed, default=None)}


async def _names(request: Visit, dossier: Dossier, held: list[Held], form: Form) -> dict[str, Any]:
    until = min((one.restore_until for one in held if one.restore_until), default=None)
    may_change = any(one.may_change and not one.has_lapsed for one in held)
    return told_of(dossier) | {
        "age": "",
        "parent_email": "",
        "awaits_guardian": False,  # a class has its teachers with it
        "can_restore": until is not None,
        "restore_until": until and i18n.local(until),
        "can_correct_email": may_change and await addresses.may_correct_address(dossier),
        "undeliverable": await delivery.is_undeliverable(dossier.email_key),
        "just_booked": request.query_params.get("booked") == "yes",
        "just_named": request.query_params.get("names") == "saved",
        "from_mail": "mail" in (request.query_params.get("from"), form.raw("from")),
    }


def _may(places: list[Place]) -> dict[str, bool]:
    """What may be done with the class as a whole."""
    wanted = [place for place in places if place.may_rejoin]
    return {
        "can_cancel": any(place.may_end for place in places),
        "can_rejoin": bool(wanted),
        "must_wait": any(place.slot.takes_queue or place.slot.seats_left < place.party.seats for place in wanted),
    }


def _counted(request: Visit, places: list[Place]) -> Place | None:
    """The place whose numbers were just changed."""
    key = request.query_params.get("counted", "")
    return next((place for place in places if place.key == key), None)


def _party(form: Form, here: str) -> Party | None:
    """The fields are named by their slot, so that each form of the page keeps its own mistakes."""
    words = form.words
    how_many = words.gettext("Please say how many pupils come.")
    with_them = words.gettext("Please say how many adults come with them.")
    pupils = form.whole_number(f"pupils_{here}", least=1, most=plans.LARGEST, missing=how_many)
    chaperones = form.whole_number(f"chaperones_{here}", least=0, most=MOST_CHAPERONES, missing=with_them)
    return None if pupils is None or chaperones is None else Party(pupils, chaperones)


def _count(sent: str) -> int:
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < len("1000") else 0
