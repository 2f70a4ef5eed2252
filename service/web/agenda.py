"""The agenda and the page of one event."""

import re
import secrets
from datetime import date

from litestar import Response, get
from litestar.params import FromPath

from service import clock, i18n
from service.attendance import presence
from service.events import agenda
from service.events.agenda import EventPage, Filters
from service.events.tables import KINDS
from service.web.forms import Form
from service.web.pages import Visit, language, page
from service.web.refusals import Answer, standing

AGE_BANDS = ("under_15", "15_17", "18_plus")
MOST_PAGES = 1000


@get("/", opt={"public": True})
async def show_agenda(request: Visit) -> Response[str]:
    """What is next, by week, narrowed by the query."""
    filters, number = _filters(request), _page_number(request)
    found, choices = await agenda.upcoming(filters, number), await agenda.choices()
    if number > found.pages:  # an old link
        found = await agenda.upcoming(filters, found.pages)
    cards = [card for week in found.weeks for card in week.cards]
    answer = page(
        request,
        "agenda/list",
        weeks=found.weeks,
        upcoming=cards[0] if cards and filters.is_empty and found.page == 1 else None,
        filters=filters,
        kinds=KINDS,
        towns=choices.towns,
        levels=choices.levels,
        total=found.total,
        pager=found,
    )
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@get("/events/{slug:str}", opt={"public": True})
async def show_event(request: Visit, slug: FromPath[str]) -> Response[str]:
    """The event with its facts, its slots and the form."""
    event = await agenda.event_page(slug)
    return await event_answer(request, event, Form())


async def event_answer(request: Visit, event: EventPage, form: Form, refusal: Answer | None = None) -> Response[str]:
    """The page of an event around a form: fresh, with its mistakes, or under the refusal it met."""
    return page(
        request,
        "events/show",
        **standing(form, refusal),
        here=f"/events/{event.slug}",
        event=event,
        slots=event.slots,
        form=form,
        form_key=secrets.token_urlsafe(18),
        opened_at=f"{clock.now().timestamp():.6f}",
        presence=await presence.people_at(event.id) if event.is_over else None,
        level_choices=[(level, level) for level in event.levels],
        age_bands=age_bands(language(request)),
    )


def age_bands(spoken: str) -> list[tuple[str, str]]:
    """The age bands with the words that pages say for them."""
    words = i18n.translations(spoken)
    labels = (words.gettext("Under 15"), words.gettext("15 to 17"), words.gettext("18 or older"))
    return list(zip(AGE_BANDS, labels, strict=True))


def _filters(request: Visit) -> Filters:
    """What the query asks for; nonsense asks for nothing."""
    query = request.query_params
    kind = query.get("kind", "")
    return Filters(
        kind=kind if kind in KINDS else "",
        town=_short(query.get("town", "")),
        level=_short(query.get("level", "")),
        from_date=_day(query.get("from_date", "")),
        until_date=_day(query.get("until_date", "")),
        with_seats=query.get("with_seats") == "yes",
    )


def _page_number(request: Visit) -> int:
    asked = request.query_params.get("page", "1")
    return min(max(1, int(asked)), MOST_PAGES) if re.fullmatch(r"[0-9]{1,4}", asked) else 1


def _short(raw: str) -> str:
    return "".join(letter for letter in raw if letter.isprintable())[:100]


def _day(raw: str) -> date | None:
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None  # noqa: PLR2004 - what a calendar of ours may hold
