"""The page of one event, its poster and its short address."""

import re
import secrets
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from service import clock, i18n, settings, templates, text
from service.attendance import presence
from service.events import details
from service.events.cards import SlotCard
from service.events.details import EventPage
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
    """The slots that one page of the event shows, out of ``pages``."""

    slots: list[SlotCard]
    page: int
    pages: int


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


async def event_answer(request: Visit, event: EventPage, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of an event around a form: fresh, with its mistakes, or under the refusal it met."""
    return page(
        request,
        "events/show",
        **standing(form, refusal),
        here=f"/events/{event.slug}",
        event=event,
        place_path=f"/places/{text.slug(event.town)}" if event.town else "",
        schema_org=schema_org(event),
        dates=dates_of(request, event, form),
        form=form,
        chosen=chosen_slot(form),
        form_key=secrets.token_urlsafe(18),
        opened_at=f"{clock.now().timestamp():.6f}",
        presence=await presence.people_at(event.id) if event.is_over else None,
        level_choices=[(level, level) for level in event.levels],
        age_bands=age_bands(language(request)),
    )


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
