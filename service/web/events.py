"""The page of one event, its poster and its short address."""

import re
import secrets
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from service import clock, i18n, settings, templates, text
from service.attendance import presence
from service.events import details, partners
from service.events.cards import SlotCard
from service.events.details import EventPage
from service.events.shares import PARTNER
from service.web.drawings import qr_code
from service.web.forms import Form
from service.web.metadata import schema_org
from service.web.pages import Visit, language, page
from service.web.refusals import Answer, standing

AGE_BANDS = ("under_15", "15_17", "18_plus")
DATES_A_PAGE = 20
QUEUE = "queue."  # before the slot's id: not the slot, its waiting list
PUBLIC = {"public": True}


@dataclass(frozen=True, slots=True)
class Dates:
    """The slots that one page of the event shows, out of ``pages``; its links keep a ``partner``'s token."""

    slots: list[SlotCard]
    page: int
    pages: int
    partner: str = ""

    @property
    def kept(self) -> int:
        """How many seats of one date are kept for a partner, at most."""
        asked = [slot for slot in self.slots if slot.takes_requests]
        return max((min(slot.seats_left_for(PARTNER), slot.room.unused(PARTNER)) for slot in asked), default=0)


@get("/events/{slug:str}", opt=PUBLIC)
async def show_event(request: Visit, slug: FromPath[str]) -> Response[str]:
    """The event with its facts, its slots and the form."""
    event = await details.event_page(slug)
    return await event_answer(request, event, Form())


@get("/events/{slug:str}/poster", opt=PUBLIC)
async def show_poster(request: Visit, slug: FromPath[str]) -> Response[str]:
    """The event on one A4 sheet, to print: its QR code and its short address lead back here."""
    event = await details.event_page(slug)
    address = settings.current().public_url + templates.path(language(request), f"/e/{event.number}")
    coming = [slot for slot in event.slots if slot.status not in ("over", "called_off")]
    return page(
        request,
        "events/poster",
        event=event,
        slots=coming,
        days=[list(day) for _, day in groupby(coming, key=lambda slot: slot.starts_at.date())],
        qr=qr_code(address, border=0),
        short_address=address.removeprefix(urlsplit(address).scheme + "://"),
    )


@get("/e/{number:int}", opt=PUBLIC)
async def follow_number(request: Visit, number: FromPath[int]) -> Redirect:
    """From the short address of a poster to the event."""
    slug = await details.slug_of(number)
    return Redirect(templates.path(language(request), f"/events/{slug}"), status_code=302)


async def event_answer(
    request: Visit, event: EventPage, form: Form, refusal: Answer | None = None, **more: Any
) -> Response[str]:
    """The page of an event around a form: fresh, with its mistakes, or under the refusal it met.

    Whom a partner's link brought sees a partner's seats, and every link and form of the page keeps its token.
    ``more`` is what the office's preview says otherwise: ``preview``, where it leads back to.
    """
    partner = partners.token_of(event.id) if is_partner(request, form, event.id) else ""
    told = schema_org(event)
    if partner:
        event = replace(event, slots=[slot.seen_by(PARTNER) for slot in event.slots])
    own: dict[str, Any] = {
        "here": f"/events/{event.slug}",
        "switch_path": lambda other: templates.path(other, f"/events/{event.slug}", partner=partner),
        "preview": "",
    }
    return page(
        request,
        "events/show",
        **standing(form, refusal),
        **own | more,
        event=event,
        place_path=f"/places/{text.slug(event.town)}" if event.town else "",
        schema_org=told,
        dates=replace(dates_of(request, event, form), partner=partner),
        form=form,
        chosen=chosen_slot(form),
        form_key=secrets.token_urlsafe(18),
        opened_at=f"{clock.now().timestamp():.6f}",
        presence=await presence.people_at(event.id) if event.is_over else None,
        level_choices=[(level, level) for level in event.levels],
        age_bands=age_bands(language(request)),
    )


def is_partner(request: Visit, form: Form, event_id: UUID) -> bool:
    """Whether a partner's link of the event brought them here: its token is in the form, or in the address.

    A wrong one is no error: they book like anybody else.
    """
    return partners.is_partner(event_id, form.raw("partner") or request.query_params.get("partner", ""))


def dates_of(request: Visit, event: EventPage, form: Form) -> Dates:
    """The page of dates that holds the chosen slot, else the one asked for, else the one that comes next."""
    asked = request.query_params.get("dates", "")
    chosen = [n for n, slot in enumerate(event.slots) if slot.slot_id == chosen_slot(form)]
    coming = [n for n, slot in enumerate(event.slots) if slot.status != "over"]
    last = max(0, len(event.slots) - 1) // DATES_A_PAGE
    if re.fullmatch(r"[0-9]{1,4}", asked) and not chosen:
        number = min(max(int(asked), 1) - 1, last)
    else:
        number = next(iter(chosen or coming), 0) // DATES_A_PAGE
    start = number * DATES_A_PAGE
    return Dates(event.slots[start : start + DATES_A_PAGE], number + 1, last + 1)


def chosen_slot(form: Form) -> UUID | None:
    """The slot that was chosen, whether for a seat or for its waiting list: that changes meanwhile."""
    try:
        return UUID(form.value("slot").removeprefix(QUEUE))
    except ValueError:
        return None


def age_bands(spoken: str) -> list[tuple[str, str]]:
    """The age bands with the words that pages say for them."""
    words = i18n.translations(spoken)
    labels = (words.gettext("Under 15"), words.gettext("15 to 17"), words.gettext("18 or older"))
    return list(zip(AGE_BANDS, labels, strict=True))


HANDLERS = [show_event, show_poster, follow_number]
