"""The page of one booking, as it stands: a seat, a place in the queue, an offer, or what is over."""

from typing import Any

from litestar import Response

from service import clock, i18n, text
from service.attendance import passes, presence
from service.bookings import addresses, dossiers, turns
from service.bookings.held import Held, held_by
from service.bookings.tables import Booking, Dossier
from service.events import details
from service.events.cards import SlotCard
from service.people import delivery
from service.web.drawings import qr_code
from service.web.events import age_bands
from service.web.forms import Form
from service.web.pages import Visit, language, page
from service.web.refusals import Answer, standing

# How it stands before its deadline, and after it, also when no worker has ended it yet.
UNTIL = {"offered": ("offered", "lapsed"), "pending": ("pending", "unanswered")}


def address_of(dossier: Dossier) -> str:
    """The path of a dossier's page."""
    return f"/bookings/{dossiers.token_of(dossier.id, dossier.generation)}"


async def booking_answer(request: Visit, dossier: Dossier, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of a dossier around a form: fresh, with its mistakes, or under the refusal it met."""
    if dossier.erase_asked_at:
        return page(request, "bookings/erased")
    held = (await held_by(dossier))[0]
    event = await details.event_page(held.slot.slug)
    card = next(card for card in event.slots if card.slot_id == held.slot.id)
    return page(
        request,
        "bookings/show",
        **standing(form, refusal),
        here=address_of(dossier),
        booking=await _names(request, dossier, held, form)
        | await _in_the_queue(held, card)
        | await _awaited(dossier, held),
        event=event,
        slot=card,
        form=form,
    )


def told_of(dossier: Dossier) -> dict[str, Any]:
    """What any page of a dossier says of who booked."""
    known = ("code", "first_name", "last_name", "email", "school", "level", "class_label", "girls", "needs")
    token = dossiers.token_of(dossier.id, dossier.generation)
    return {"token": token, **{name: getattr(dossier, name) for name in known}}


async def _names(request: Visit, dossier: Dossier, held: Held, form: Form) -> dict[str, Any]:
    return told_of(dossier) | {
        "age": dict(age_bands(language(request))).get(held.booking.age_band, ""),
        "seats": held.booking.seats,
        "check_in_svg": qr_code(passes.of(held.booking.id)),
        "can_cancel": held.may_change,
        "can_restore": held.restore_until is not None,
        "restore_until": held.restore_until and i18n.local(held.restore_until),
        "can_correct_email": held.may_change and await addresses.may_correct_address(dossier),
        "undeliverable": await delivery.is_undeliverable(dossier.email_key),
        "present": await presence.came(held.booking.id) if held.is_over else None,
        "is_over": held.is_over,
        "just_booked": request.query_params.get("booked") == "yes",
        "from_mail": "mail" in (request.query_params.get("from"), form.raw("from")),
    }


async def _in_the_queue(held: Held, card: SlotCard) -> dict[str, Any]:
    """Where the booking stands, in one word, and what the waiting list has to do with it."""
    stands, until = _stands(held, card), held.booking.expires_at
    return {
        "stands": stands,
        "position": (await turns.rank_of(held.booking)).position if stands == "waiting" else 0,
        "answer_until": i18n.local(until) if stands in ("offered", "pending") and until else None,
        "can_rejoin": stands in ("lapsed", "closed", "declined", "unanswered")
        and held.booking.state != "pending"
        and card.takes_requests,
    }


async def _awaited(dossier: Dossier, held: Held) -> dict[str, Any]:
    """Whose word the booking awaits, and who said no."""
    asks_guardian = held.booking.state == "pending" and held.booking.awaits_guardian
    parent_key = text.address_key(dossier.guardian_email)
    return {
        "awaits_guardian": held.booking.awaits_guardian,
        "awaits_approval": held.booking.awaits_approval,
        "refused_by": held.booking.ended_by,
        "parent_email": dossier.guardian_email,
        "parent_undeliverable": asks_guardian and await delivery.is_undeliverable(parent_key),
    }


def _stands(held: Held, card: SlotCard) -> str:
    state = held.booking.state
    if card.status == "called_off":
        return "off"
    if state == "confirmed":
        return "over" if held.is_over else "held"
    if state == "waiting":  # no worker ended it yet
        return "waiting" if card.closes_at > clock.now() else "closed"
    if state in UNTIL:
        return UNTIL[state][held.has_lapsed]
    return _ended(held.booking)


def _ended(booking: Booking) -> str:
    by = booking.ended_by
    if booking.state == "expired":
        return "unanswered" if booking.was == "pending" else "closed" if by == "closing" else "lapsed"
    if by == "organiser" and booking.was != "pending":
        return "taken_back"
    if by in ("guardian", "organiser"):
        return "refused"
    return "left" if by == "leaving" else "declined" if booking.state == "declined" else "cancelled"
