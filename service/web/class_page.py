"""The page of a class: where it stands, slot by slot, and what its teacher can do."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from service import clock, i18n
from service.bookings import attendees, changes, dossiers, numbers, options, plans, turns
from service.bookings.changes import Held
from service.bookings.dossiers import UnknownLink
from service.bookings.plans import Party
from service.bookings.tables import LIVE, Dossier
from service.events import details
from service.events.cards import SlotCard
from service.people import delivery
from service.refusal import Refusal
from service.web import links, refusals
from service.web.asking import MOST_CHAPERONES, outings
from service.web.booking_page import address_of, booking_answer
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

# Where a class stands is where the first of these stands that any of its slots is in.
STANDS = ("option", "offered", "pending", "waiting", "confirmed")
PUBLIC = {"public": True}


@dataclass(frozen=True, slots=True)
class Place:
    """What a class has of one slot."""

    slot: SlotCard
    state: str
    was: str
    party: Party
    rest: Party
    position: int
    may_change: bool
    may_grow: bool

    @property
    def whole(self) -> Party:
        """What it has and what it waits for."""
        return self.party + self.rest

    @property
    def key(self) -> str:
        """What tells its fields from those of the other slots."""
        return self.slot.slot_id.hex


async def dossier_answer(request: Visit, dossier: Dossier, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of a dossier: a class's, or an individual's booking."""
    is_class = dossier.class_label and not dossier.erase_asked_at
    return await (class_answer if is_class else booking_answer)(request, dossier, form, refusal)


async def class_answer(request: Visit, dossier: Dossier, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of a class around a form: fresh, with its mistakes, or under the refusal it met."""
    held = [one for one in await changes.held_by(dossier) if one.booking.ended_by != "merged"]
    event = await details.event_page(held[0].slot.slug)
    cards = {card.slot_id: card for card in event.slots}
    places = await _places(held, cards)
    stands = _stands(places)
    return page(
        request,
        "classes/show",
        **standing(form, refusal),
        here=address_of(dossier),
        booking=await _names(request, dossier, held, form),
        stands=stands,
        places=places,
        live=[place for place in places if place.state in LIVE],
        expires_at=_first_end(held),
        position=max((place.position for place in places), default=0),
        names=await _names_missing(dossier),
        outing=dict(outings(language(request))).get(dossier.outing, ""),
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
        await options.confirm(dossier)
    except UnknownLink:
        raise
    except Refusal as refusal:
        return await class_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(dossier), booked="yes", **links.origin(form))


@post("/bookings/{token:str}/numbers", opt=PUBLIC)
async def count(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Let a class come to one of its slots with other numbers."""
    dossier, form = await links.change(request, token)
    slot, party = links.slot_of(form), _party(form)
    if not form.ok or slot is None or party is None:
        return await class_answer(request, dossier, form)
    try:
        missing = await numbers.change(dossier, slot, party, queue_rest=form.ticked(f"queue_{slot.hex}"))
    except UnknownLink:
        raise
    except Refusal as refusal:
        return await class_answer(request, dossier, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(dossier), missing=missing or "", counted="yes", **links.origin(form))


HANDLERS = [confirm, count]


async def _names_missing(dossier: Dossier) -> dict[str, Any]:
    """How many names of the class are missing, and by when the first of them is needed."""
    lacking = [group for group in await attendees.groups(dossier) if group.may_change and group.missing]
    needed = [group.required_by for group in lacking if group.required_by]
    return {"count": sum(group.missing for group in lacking), "by": min(needed, default=None)}


async def _names(request: Visit, dossier: Dossier, held: list[Held], form: Form) -> dict[str, Any]:
    until = max((one.restore_until for one in held if one.restore_until), default=None)
    may_change = any(one.may_change for one in held)
    return {
        "token": dossiers.token_of(dossier.id, dossier.generation),
        "code": dossier.code,
        "first_name": dossier.first_name,
        "last_name": dossier.last_name,
        "email": dossier.email,
        "school": dossier.school,
        "level": dossier.level,
        "age": "",
        "parent_email": "",
        "awaits_guardian": False,  # a class has its teachers with it
        "class_label": dossier.class_label,
        "girls": dossier.girls,
        "needs": dossier.needs,
        "can_cancel": may_change,
        "can_restore": until is not None,
        "restore_until": until and i18n.local(until),
        "can_correct_email": may_change and await changes.may_correct_address(dossier),
        "undeliverable": await delivery.is_undeliverable(dossier.email_key),
        "just_booked": request.query_params.get("booked") == "yes",
        "just_counted": request.query_params.get("counted") == "yes",
        "from_mail": "mail" in (request.query_params.get("from"), form.raw("from")),
    }


async def _places(held: list[Held], cards: dict[UUID, SlotCard]) -> list[Place]:
    """One for each slot of the class, in their order in time."""
    by_slot: dict[UUID, list[Held]] = {}
    for one in held:
        by_slot.setdefault(one.slot.id, []).append(one)
    places = [await _place(here, cards[slot]) for slot, here in by_slot.items()]
    return sorted(places, key=lambda place: place.slot.starts_at)


async def _place(here: list[Held], card: SlotCard) -> Place:
    rest = next((one for one in here if one.booking.state == "waiting"), None)
    order = sorted(here, key=lambda one: (not one.is_live, one is rest, one.booking.created_at))
    first, rest = order[0], None if order[0] is rest else rest
    waits = rest or first
    is_waiting = waits.booking.state == "waiting"
    return Place(
        slot=card,
        state=_state(first, card),
        was=first.booking.was,
        party=_party_of(first),
        rest=_party_of(rest) if rest else plans.NOBODY,
        position=(await turns.rank_of(waits.booking)).position if is_waiting else 0,
        may_change=first.may_change and first.booking.state in (*numbers.COUNTED, "waiting") and not first.has_lapsed,
        may_grow=first.slot.closes_at > clock.now(),
    )


def _state(one: Held, card: SlotCard) -> str:
    if card.status == "called_off":
        return "off"
    if one.has_lapsed:
        return "expired"
    return "over" if one.booking.state == "confirmed" and one.is_over else one.booking.state


def _party_of(one: Held) -> Party:
    return Party(one.booking.pupils, one.booking.chaperones)


def _stands(places: list[Place]) -> str:
    """Where the class stands as a whole, in one word."""
    states = {place.state for place in places}
    live = next((state for state in STANDS if state in states), "")
    over = next((state for state in ("over", "off", "expired", "declined") if state in states), "cancelled")
    return live or over


def _first_end(held: list[Held]) -> Any:
    ends = [one.booking.expires_at for one in held if one.booking.expires_at]
    return i18n.local(min(ends)) if ends else None


def _party(form: Form) -> Party | None:
    """The fields are named by their slot, so that each form of the page keeps its own mistakes."""
    words, here = form.words, form.raw("slot").replace("-", "")
    how_many = words.gettext("Please say how many pupils come.")
    with_them = words.gettext("Please say how many adults come with them.")
    pupils = form.whole_number(f"pupils_{here}", least=1, most=plans.LARGEST, missing=how_many)
    chaperones = form.whole_number(f"chaperones_{here}", least=0, most=MOST_CHAPERONES, missing=with_them)
    return None if pupils is None or chaperones is None else Party(pupils, chaperones)


def _count(sent: str) -> int:
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < len("1000") else 0
