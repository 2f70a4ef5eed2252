"""Booking for a class: the form, and what we propose when the class does not fit as it was asked for."""

import secrets
from contextlib import suppress
from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock, i18n
from service.bookings import dossiers, groups, plans
from service.bookings.dossiers import Booker, UnknownLink
from service.bookings.groups import TooFewChaperones
from service.bookings.plans import NOBODY, Opening, Part, Party, Plan
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.tables import OUTINGS
from service.events import details, partners, slots
from service.events.cards import SlotCard
from service.events.details import EventPage
from service.events.shares import CLASS, PARTNER
from service.events.slots import BookableSlot, NoClasses
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.asking import AT_ONCE, MOST_CHAPERONES, asked_slot, check_mail, key_of, outings
from service.web.booking_page import address_of
from service.web.events import QUEUE, chosen_slot, dates_of, is_partner
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

FIELDS = (
    "slot", "last_name", "first_name", "email", "school", "class_label", "pupils", "chaperones", "outing",
    "girls", "level", "needs", "partner",
)  # fmt: skip
PUBLIC = {"public": True}


@get("/events/{slug:str}/class", opt=PUBLIC)
async def show_class(request: Visit, slug: FromPath[str]) -> Response[str]:
    """The form for a class; with the teacher's details of an earlier one, when its link comes ``like`` it."""
    form = Form(await _like(request.query_params.get("like", "")))
    return await class_answer(request, await _event(request, form, slug), form)


@post("/events/{slug:str}/class", opt=PUBLIC)
async def create_class(request: Visit, slug: FromPath[str]) -> Response[Any]:
    """Book a class: 303 to its page, 422 with the mistakes, 409 with what we propose instead."""
    form = await forms.read(request, language(request))
    if form.raw("website"):  # the field no person sees
        return check_mail(request)
    slot = await asked_slot(form, slug)
    event = await _event(request, form, slug)
    who, party = _teacher(request, form, event), _party(form)
    if not form.ok or slot is None or party is None:
        return await class_answer(request, event, form)
    plan, key = _plan(form, event, slot, party), key_of(request, form, slug, (*FIELDS, "plan"))
    try:
        form.check_pace()
        async with AT_ONCE:
            dossier = await groups.book(plan, who, key=key)
    except AlreadyBooked:
        return check_mail(request)
    except (SoldOut, TooFewChaperones) as refusal:
        ways = _ways(event, slot, party)
        return await class_answer(request, event, form, _told(request, refusal, plan, ways), ways)
    except Refusal as refusal:
        return await class_answer(request, event, form, refusals.answer(refusal, language(request)))
    return see(request, address_of(dossier), booked="yes")


async def class_answer(
    request: Visit, event: EventPage, form: Form, refusal: Answer | None = None, ways: list[Plan] | None = None
) -> Response[str]:
    """The page of the form: fresh, with its mistakes, or under what is in its way, with ``ways`` around it."""
    seen = {card.slot_id: card for card in event.slots}
    partner = partners.token_of(event.id) if is_partner(request, form, event.id) else ""
    return page(
        request,
        "classes/form",
        **standing(form, refusal),
        here=f"/events/{event.slug}/class",
        event=event,
        dates=replace(dates_of(request, event, form), partner=partner),
        form=form,
        chosen=chosen_slot(form),
        form_key=secrets.token_urlsafe(18),
        opened_at=f"{clock.now().timestamp():.6f}",
        outings=outings(language(request)),
        level_choices=[(level, level) for level in event.levels],
        kept={name: form.raw(name) for name in FIELDS},
        ways=[(plans.write(way), [(seen[part.slot], part) for part in way]) for way in ways or ()],
    )


HANDLERS = [show_class, create_class]


async def _event(request: Visit, form: Form, slug: str) -> EventPage:
    """The event as a class sees it, or a partner's. Refuses: UnknownEvent, NoClasses."""
    event = await details.event_page(slug)
    if not event.takes_classes:
        raise NoClasses
    audience = PARTNER if is_partner(request, form, event.id) else CLASS
    return replace(event, slots=[card.seen_by(audience) for card in event.slots])


async def _like(token: str) -> dict[str, str]:
    """The teacher's details of the dossier that this link opens: who holds it may see them."""
    if not token:
        return {}
    try:
        dossier = await dossiers.by_token(token)
    except UnknownLink:
        return {}
    known = ("last_name", "first_name", "email", "school")
    return {} if dossier.erase_asked_at else {name: getattr(dossier, name) for name in known}


def _teacher(request: Visit, form: Form, event: EventPage) -> Booker:
    words = form.words
    return Booker(
        last_name=form.text("last_name", missing=words.gettext("Please type your last name.")),
        first_name=form.text("first_name", missing=words.gettext("Please type your first name.")),
        email=form.address("email"),
        school=form.text("school", most=200, missing=words.gettext("Please name your school.")),
        class_label=form.text("class_label", most=60, missing=words.gettext("Please name the class.")),
        outing=form.choice("outing", OUTINGS, missing=words.gettext("Please say what kind of outing it is.")),
        girls=form.whole_number("girls", least=0, most=plans.LARGEST),
        level=form.choice("level", event.levels, required=False),
        needs=form.text("needs", most=300, missing="") if form.raw("needs").strip() else "",
        language=language(request),
        is_partner=is_partner(request, form, event.id),
    )


def _party(form: Form) -> Party | None:
    words = form.words
    how_many = words.gettext("Please say how many pupils come.")
    with_them = words.gettext("Please say how many adults come with them.")
    pupils = form.whole_number("pupils", least=1, most=plans.LARGEST, missing=how_many)
    chaperones = form.whole_number("chaperones", least=0, most=MOST_CHAPERONES, missing=with_them)
    if pupils is not None and (form.whole_number("girls", least=0, most=plans.LARGEST) or 0) > pupils:
        form.refuse("girls", words.gettext("There cannot be more girls than pupils."))
    return None if pupils is None or chaperones is None else Party(pupils, chaperones)


def _plan(form: Form, event: EventPage, slot: BookableSlot, party: Party) -> Plan:
    """What the pressed button proposes; else the class in the chosen slot, or on its waiting list."""
    with suppress(ValueError):
        plan = plans.read(form.raw("plan"))
        is_of_event = {part.slot for part in plan} <= {card.slot_id for card in event.slots}
        if is_of_event and sum(part.whole.pupils for part in plan) == party.pupils:
            return plan
    if form.raw("slot").startswith(QUEUE) and party.seats <= slot.capacity:
        return [Part(slot.id, NOBODY, party)]
    return [Part(slot.id, party)]


def _ways(event: EventPage, slot: BookableSlot, party: Party) -> list[Plan]:
    """What the class may do instead, within what the event gives one class."""
    openings = [_opening(card) for card in event.slots if card.takes_requests or card.slot_id == slot.id]
    ways = plans.propose(party, slot.id, openings, plans.rules_of(slot))
    most = event.class_seats_max or plans.LARGEST
    return [way for way in ways if sum(part.whole.seats for part in way) <= most]


def _opening(card: SlotCard) -> Opening:
    seats_left = card.seats_left if card.status == "open" else 0
    return Opening(card.slot_id, seats_left, card.capacity, card.closes_at - clock.now() >= slots.LAST_CALL)


def _told(request: Visit, refusal: Refusal, plan: Plan, ways: list[Plan]) -> Answer:
    """Why it cannot be so, and that something else can."""
    words = i18n.translations(language(request))
    elsewhere = words.gettext("Choose another date, or come with fewer.")
    said = refusals.answer_to_class(refusal, language(request), elsewhere)
    if isinstance(refusal, SoldOut) and len(plan) > 1:
        said = replace(said, sentence=words.gettext("Somebody has just taken some of these seats."))
    if not ways:
        return said
    return replace(said, next_step=words.gettext("Here is what is possible: one press takes it."))
