"""The agenda: what is next as a list, as a month, by host and by place."""

import re
from datetime import date
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from service import i18n, templates
from service.events import agenda, months, places
from service.events.agenda import Agenda, Filters
from service.events.places import UnknownHost
from service.events.tables import KINDS
from service.web.pages import Visit, language, page

MOST_PAGES = 1000
FIELDS = ("q", "town", "level", "from_date", "until_date")
PUBLIC = {"public": True}


@get("/", opt=PUBLIC)
async def show_agenda(request: Visit) -> Response[Any]:
    """What is next, by week or as a month, narrowed by the query."""
    filters = _filters(request)
    if any(request.query_params.get(name) == "" for name in FIELDS):
        return _tidied(request, filters)
    answer = await (_month if request.query_params.get("view") == "month" else _list)(request, filters)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@get("/hosts/{slug:str}", opt=PUBLIC)
async def show_host(request: Visit, slug: FromPath[str]) -> Response[Any]:
    """What one structure opens its doors for; of one that was joined to another, the way to that one."""
    try:
        host = await places.host(slug)
    except UnknownHost:
        if not (now_at := await places.now_at(slug)):
            raise
        return Redirect(templates.path(language(request), f"/hosts/{now_at}"), status_code=301)
    found = await _found(request, Filters(host=host.slug))
    return page(request, "agenda/host", host=host, found=found, base=f"/hosts/{slug}")


@get("/places/{slug:str}", opt=PUBLIC)
async def show_place(request: Visit, slug: FromPath[str]) -> Response[str]:
    """What is to come in one town."""
    town = await places.town(slug)
    found = await _found(request, Filters(town=town))
    return page(request, "agenda/place", town=town, found=found, base=f"/places/{slug}")


HANDLERS = [show_agenda, show_host, show_place]


def _tidied(request: Visit, filters: Filters) -> Response[Any]:
    """A form sends what was left open too: an address that people keep is shorter."""
    kept = {name: request.query_params.get(name) for name in ("view", "month")}
    return Redirect(templates.path(language(request), "/", **filters.as_query(**kept)), status_code=302)


async def _list(request: Visit, filters: Filters) -> Response[str]:
    found, choices = await _found(request, filters), await agenda.choices()
    cards = [card for week in found.weeks for card in week.cards]
    return page(
        request,
        "agenda/list",
        view="week" if filters.when else "list",
        found=found,
        upcoming=cards[0] if cards and filters.is_empty and found.page == 1 else None,
        filters=filters,
        kinds=KINDS,
        choices=choices,
        wider=[] if found.total else await agenda.wider(filters),
    )


async def _month(request: Visit, filters: Filters) -> Response[str]:
    """The month grid. Dates asked for do not count here; the other choices do."""
    first = months.clamped(_day(request.query_params.get("month", "") + "-01") or i18n.today())
    shown = await months.month(first, filters)
    choices = await agenda.choices()
    return page(request, "agenda/month", view="month", month=shown, filters=filters, kinds=KINDS, choices=choices)


async def _found(request: Visit, filters: Filters) -> Agenda:
    number = _page_number(request)
    found = await agenda.upcoming(filters, number)
    return found if number <= found.pages else await agenda.upcoming(filters, found.pages)  # an old link


def _filters(request: Visit) -> Filters:
    """What the query asks for; nonsense asks for nothing."""
    query = request.query_params
    kind = query.get("kind", "")
    return Filters(
        q=_short(query.get("q", "")).strip(),
        kind=kind if kind in KINDS else "",
        town=_short(query.get("town", "")),
        level=_short(query.get("level", "")),
        when="week" if query.get("when") == "week" else "",
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
