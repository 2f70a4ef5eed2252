"""New dates of an event: one, several by a rule, or one like another; listed and edited before they are added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import dates, rules
from service.events.dates import Dated, DatesChanged, EventHead, PastDate, Plan
from service.events.editing import EventCalledOff
from service.events.rules import Rule
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office.date_fields import Marks, hidden_number, marks_of, plan_of, typed_of
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

OPEN = {"roles": DECIDERS}
WEEK = timedelta(weeks=1)
REPEATS = ("once", *rules.EVERY)
MOST_FIELDS = 500  # five for each of sixty dates, and some
AGAIN = (DatesChanged, EventCalledOff, PastDate)


@dataclass(frozen=True, slots=True)
class Row:
    """One date of the list: its fields end with ``key``."""

    key: str
    starts_at: datetime | None
    marks: Marks


@get("/office/events/{event:uuid}/slots/new", opt=OPEN)
async def show_new(request: Visit, event: FromPath[UUID]) -> Response[str]:
    """One date or several by a rule, a week after the last one."""
    there = await dates.of_event(event)
    first = _a_week_later(there[-1]) if there else {}
    form = Form({**first, "every": "once", "seen": str(len(there))})
    return _new_page(request, await dates.head(event), form)


@post("/office/events/{event:uuid}/slots/new", opt=OPEN)
async def plan_new(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Add the one date, or list what the rule means."""
    head, form = await dates.head(event), await forms.read(request, language(request))
    plans = _by_rule(form)
    if not plans:
        return _new_page(request, head, form)
    return await _add_or_ask(request, head, plans, form, is_one=form.raw("every") == "once")


@post("/office/events/{event:uuid}/slots/add", opt=OPEN)
async def add(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Add the dates of the list that are ticked, all or nothing."""
    head, form = await dates.head(event), await forms.read(request, language(request), MOST_FIELDS)
    keys = _keys(form)
    ticked = [key for key in keys if form.ticked(f"keep{key}")]
    like = await _like(head, form)
    plans = [plan for key in ticked if (plan := plan_of(form, key, like=like))]
    if not ticked:
        form.refuse("keep_1", form.words.gettext("Tick one date at least."))
    if not form.ok:
        return await _list_page(request, head, form)
    try:
        await dates.add(event, plans, actor(request), seen=hidden_number(form, "seen"))
    except AGAIN as refusal:
        return await _list_page(request, head, form, refusals.answer(refusal, language(request)))
    return see(request, f"/office/events/{event}", done="dates_added", number=len(plans))


@get("/office/slots/{slot:uuid}/duplicate", opt=OPEN)
async def show_duplicate(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The same date once more, a week later unless somebody wants it otherwise."""
    one = await dates.load(slot)
    there = await dates.of_event(one.event_id)
    form = Form({**_a_week_later(one), "seen": str(len(there))})
    return _duplicate_page(request, await dates.head(one.event_id), one, form)


@post("/office/slots/{slot:uuid}/duplicate", opt=OPEN)
async def duplicate(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Add a date like this one."""
    one, form = await dates.load(slot), await forms.read(request, language(request))
    head = await dates.head(one.event_id)
    plan = plan_of(form, like=one)
    if plan is None:
        return _duplicate_page(request, head, one, form)
    return await _add_or_ask(request, head, [plan], form, is_one=True, like=str(slot))


HANDLERS = [show_new, plan_new, add, show_duplicate, duplicate]


async def _add_or_ask(  # noqa: PLR0913 - the page and what it stands around
    request: Visit, event: EventHead, plans: Sequence[Plan], form: Form, *, is_one: bool, like: str = ""
) -> Response[Any]:
    """Add the one date about which nothing is odd; list any others first."""
    there = await dates.of_event(event.id)
    listed = _listed(event, plans, there, like=like, seen=form.raw("seen"))
    if not is_one or any(one.marks.is_doubtful or one.marks.is_closed for one in _rows(event, listed, there)):
        return await _list_page(request, event, listed)
    try:
        await dates.add(event.id, plans, actor(request), seen=hidden_number(form, "seen"))
    except AGAIN as refusal:
        return await _list_page(request, event, listed, refusals.answer(refusal, language(request)))
    return see(request, f"/office/events/{event.id}", done="dates_added", number=1)


def _by_rule(form: Form) -> list[Plan]:
    """What the fields of a rule mean, or nothing beside their mistakes."""
    words = form.words
    plan = plan_of(form)
    every = form.choice("every", REPEATS, missing=words.gettext("Please say whether it repeats."))
    if every == "once":
        return [plan] if plan else []
    count = form.whole_number("count", least=1, most=rules.MOST)
    until = form.day("until")
    if every and count is None and until is None:
        form.refuse("count", words.gettext("Please say how many times, or until when."))
    if plan is None or not form.ok:
        return []
    starts, ends = i18n.local(plan.starts_at), i18n.local(plan.ends_at)
    rule = Rule(starts.date(), starts.time(), ends.time(), every, count, until)
    if until and until < rule.first:
        form.refuse("until", words.gettext("This is before the first date."))
    if rules.is_cut(rule):
        form.refuse("until", words.gettext("At most %(most)s dates at once, please.") % {"most": rules.MOST})
    return [Plan(*moments, plan.capacity) for moments in rules.moments(rule)] if form.ok else []


def _a_week_later(one: Dated) -> dict[str, str]:
    """Its fields a week later by the clocks on the wall, or as many weeks as make it a day to come."""
    starts, ends = i18n.local(one.starts_at), i18n.local(one.ends_at)
    weeks = max(1, (i18n.today() - starts.date()).days // WEEK.days + 1)
    return typed_of(Plan(starts + weeks * WEEK, ends + weeks * WEEK, one.capacity))


def _listed(event: EventHead, plans: Sequence[Plan], there: Sequence[Dated], **hidden: str) -> Form:
    """The form of the list: all ticked but what is past or there already."""
    fields = {"rows": str(len(plans)), **hidden}
    for number, plan in enumerate(plans, 1):
        is_doubtful = marks_of(plan.starts_at, event, there).is_doubtful
        fields |= {**typed_of(plan, f"_{number}"), f"keep_{number}": "" if is_doubtful else "yes"}
    return Form(fields)


def _keys(form: Form) -> list[str]:
    """What the fields of each row end with."""
    return [f"_{row}" for row in range(1, min(hidden_number(form, "rows") or 0, rules.MOST) + 1)]


def _rows(event: EventHead, form: Form, there: Sequence[Dated]) -> list[Row]:
    """The rows as they are typed, each with its marks; what cannot be read has none."""
    rows = []
    for key in _keys(form):
        typed = Form({name: form.raw(f"{name}{key}") for name in ("day", "starts")})
        starts = typed.moment("day", "starts", missing="-")
        rows.append(Row(key, starts, marks_of(starts, event, there) if starts else Marks()))
    return rows


async def _like(event: EventHead, form: Form) -> Dated | None:
    """The date of the same event that the new one is like."""
    return next((one for one in await dates.of_event(event.id) if str(one.id) == form.raw("like")), None)


def _new_page(request: Visit, event: EventHead, form: Form) -> Response[str]:
    names: dict[str, Any] = {
        "here": f"/office/events/{event.id}/slots/new",
        "me": signed_in(request),
        "event": event,
        "form": form,
    }
    refusal = refusals.answer(EventCalledOff(), language(request)) if event.state == "called_off" else None
    return page(request, "office/dates/new", **standing(form, refusal), **names, most=rules.MOST)


def _duplicate_page(request: Visit, event: EventHead, slot: Dated, form: Form) -> Response[str]:
    names: dict[str, Any] = {
        "here": f"/office/slots/{slot.id}/duplicate",
        "me": signed_in(request),
        "event": event,
        "slot": slot,
    }
    refusal = refusals.answer(EventCalledOff(), language(request)) if event.state == "called_off" else None
    return page(request, "office/dates/duplicate", **standing(form, refusal), **names, form=form)


async def _list_page(request: Visit, event: EventHead, form: Form, refusal: Answer | None = None) -> Response[str]:
    there = await dates.of_event(event.id)
    return page(
        request,
        "office/dates/list",
        **standing(form, refusal),
        here=f"/office/events/{event.id}/slots/new",
        me=signed_in(request),
        event=event,
        form=form,
        rows=_rows(event, form, there),
        seen=len(there),
    )
