"""A new event: six questions after the choice of a model; all else has its defaults."""

from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post

from service import clock, templates
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import places, publishing
from service.events.contents import MODELS, Content, rules_of
from service.events.dates import Plan
from service.people import organisations
from service.web import forms
from service.web.forms import Form
from service.web.office import event_fields
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

HERE = "/office/events/new"
SHORTEST_MINUTES, LONGEST_MINUTES, MOST_SEATS = 10, 24 * 60, 10_000


@get(HERE, opt={"roles": DECIDERS})
async def ask_new(request: Visit) -> Response[str]:
    """The six questions of a new event; before them, of which kind it is."""
    kind = request.query_params.get("kind", "")
    if kind not in MODELS:
        return page(request, "office/events/models", me=signed_in(request), models=MODELS)
    model = MODELS[kind]
    return await _answer(request, kind, Form({"hour": model.hour, "seats": str(model.capacity)}))


@post(HERE, opt={"roles": DECIDERS})
async def create(request: Visit) -> Response[Any]:
    """Make the draft."""
    form = await forms.read(request, language(request))
    kind = form.raw("kind")
    if kind not in MODELS:
        return page(request, "office/events/models", status=422, me=signed_in(request), models=MODELS)
    content, first = await _content(form, kind), _first_slot(form, kind)
    if content is None or first is None or not form.ok:
        return await _answer(request, kind, form)
    event = await publishing.create(kind, content, first, actor(request))
    return see(request, f"/office/events/{event}", done="created")


HANDLERS = [ask_new, create]


async def _answer(request: Visit, kind: str, form: Form) -> Response[str]:
    return page(
        request,
        "office/events/new",
        **standing(form, None),
        switch_path=lambda other: templates.path(other, HERE, kind=kind),
        me=signed_in(request),
        form=form,
        kind=kind,
        minutes=MODELS[kind].minutes,
        hosts=list((await organisations.names()).values()),
        host_kinds=event_fields.host_kinds(language(request)),
    )


async def _content(form: Form, kind: str) -> Content | None:
    title = form.text("title", most=200, missing=event_fields.needed(form, "title"))
    summary = form.text("summary", most=300, missing=event_fields.needed(form, "summary"))
    host = await event_fields.read_host(form)
    place = form.text("place", most=250, missing=event_fields.needed(form, "place"))
    if host is None:
        return None
    town = places.town_in(place) or (await organisations.town_of(host) if isinstance(host, UUID) else "")
    return Content(title=title, summary=summary, host=host, place=place, town=town[:100], **rules_of(kind))


def _first_slot(form: Form, kind: str) -> Plan | None:
    starts_at = form.moment("day", "hour", missing=form.words.gettext("Please give the day and the time."))
    minutes = form.whole_number("minutes", least=SHORTEST_MINUTES, most=LONGEST_MINUTES) or MODELS[kind].minutes
    seats = form.whole_number("seats", least=1, most=MOST_SEATS, missing=event_fields.needed(form, "seats"))
    if starts_at and starts_at <= clock.now():
        form.refuse("day", form.words.gettext("Please choose a day to come."))
    if starts_at is None or seats is None:
        return None
    return Plan(starts_at, starts_at.astimezone(UTC) + timedelta(minutes=minutes), seats)
