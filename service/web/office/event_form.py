"""Editing everything of an event: what people are told of is confirmed first, what somebody else changed is shown."""

from dataclasses import replace
from gettext import NullTranslations
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.bookings import revisions
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import editing, listing, retention
from service.events.contents import COLUMNS, Content, content_of
from service.events.editing import EventCalledOff
from service.events.listing import Overview
from service.events.retention import KeptTooShort
from service.events.versions import EditedMeanwhile
from service.people import organisations
from service.web import forms, refusals
from service.web.forms import Form
from service.web.office import event_fields, event_sections
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

DECIDE = {"roles": DECIDERS}
LARGEST_VERSION = 999_999_999
LONGEST_REASON = 300


@get("/office/events/{event:uuid}/edit", opt=DECIDE)
async def ask_edit(request: Visit, event: FromPath[UUID]) -> Response[str]:
    """Everything of the event, to change it."""
    overview = await _to_edit(event)
    return await _answer(request, overview, _fresh(overview))


@post("/office/events/{event:uuid}/edit", opt=DECIDE)
async def edit(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Save it: where people are to be told, once that was confirmed; where somebody else saved first, not at all."""
    form, overview = await forms.read(request, language(request)), await _to_edit(event)
    content = await _typed(form, overview)
    version = form.whole_number("version", least=0, most=LARGEST_VERSION) or 0
    if not form.ok or form.raw("confirmed") == "no":
        return await _answer(request, overview, form, version=version)
    if version != overview.event.version and content.changed_from(_present(overview)):
        return await _conflict(request, overview, form, content, await editing.meanwhile(event, version))
    if form.raw("confirmed") != "yes" and (people := await revisions.told_of(event, content)):
        return _ask_to_confirm(request, overview, content, version, people)
    try:
        told = await revisions.edit_event(event, content, version, actor(request))
    except EditedMeanwhile as refusal:
        return await _conflict(request, await _to_edit(event), form, content, refusal)
    return see(request, f"/office/events/{event}", done="saved", told=told)


@post("/office/events/{event:uuid}/retention", opt=DECIDE)
async def keep_until(request: Visit, event: FromPath[UUID]) -> Response[Any]:
    """Keep its data for another time than the usual, for a reason."""
    form, overview = await forms.read(request, language(request)), await _to_edit(event)
    needed = event_fields.needed(form, "day")
    contacts, names = form.day("contacts_until", missing=needed), form.day("names_until", missing=needed)
    reason = form.text("reason", most=LONGEST_REASON, missing=event_fields.needed(form, "reason"))
    before = form.day("contacts_before"), form.day("names_before")
    if not form.ok or contacts is None or names is None:
        return await _answer(request, overview, _fresh(overview), keeping=form, is_keeping=True)
    try:
        await retention.keep_until(event, (contacts, names), reason, before=before, by=actor(request))
    except (KeptTooShort, EditedMeanwhile) as refusal:
        said = refusals.answer(refusal, language(request))
        return await _answer(request, overview, _fresh(overview), said, keeping=form, is_keeping=True)
    return see(request, f"/office/events/{event}", done="saved")


HANDLERS = [ask_edit, edit, keep_until]


async def _to_edit(event: UUID) -> Overview:
    """The event as it is now. Refuses: UnknownEvent, EventCalledOff."""
    overview = await listing.overview(event)
    if overview.event.state == "called_off":
        raise EventCalledOff
    return overview


async def _typed(form: Form, overview: Overview) -> Content:
    """What the form says; of a conflict, without what is to stay as it stands now."""
    present = _present(overview)
    content = await event_fields.read(form, overview.event.kind, present)
    kept = {name: getattr(present, name) for name in form.chosen("keep", COLUMNS)}
    return replace(content, **kept)


async def _answer(
    request: Visit, overview: Overview, form: Form, refusal: Answer | None = None, **more: Any
) -> Response[str]:
    """The page around its two forms: the event's, and (``keeping``) how long its data are kept."""
    event = overview.event
    usual: dict[str, Any] = {
        "version": event.version,
        "keeping": _fresh_keeping(overview),
        "is_keeping": False,
        "rivals": [],
    }
    return page(
        request,
        "office/events/edit",
        **standing(more.get("keeping", form), refusal),
        here=f"/office/events/{event.id}/edit",
        me=signed_in(request),
        form=form,
        event=event,
        sections=event_sections.sections(event.kind),
        levels=event_fields.level_choices(_present(overview)),
        hosts=list((await organisations.names()).values()),
        host_kinds=event_fields.host_kinds(language(request)),
        **usual | more,
    )


async def _conflict(
    request: Visit, overview: Overview, form: Form, content: Content, met: EditedMeanwhile
) -> Response[str]:
    """What was typed beside what stands now: of what the other has changed, that is ticked to stay."""
    rivals = _compared(overview, content, form.words, await organisations.names())
    for one in rivals:
        one["is_theirs"] = one["name"] in met.fields
    return await _answer(request, overview, form, refusals.answer(met, language(request)), rivals=rivals)


def _ask_to_confirm(request: Visit, overview: Overview, content: Content, version: int, people: int) -> Response[str]:
    """Say what changes and how many people will be told; the button sends the same again, confirmed."""
    event, words = overview.event, i18n.translations(language(request))
    sent = event_fields.as_fields(content, event.kind, overview.host_name)
    return page(
        request,
        "office/events/confirm",
        here=f"/office/events/{event.id}/edit",
        me=signed_in(request),
        event=event,
        people=people,
        changes=[one for one in _compared(overview, content, words, {}) if one["name"] in revisions.RELIED_ON],
        hidden=[(name, one) for name, value in sent.items() for one in ([value] if isinstance(value, str) else value)],
        version=version,
    )


def _compared(
    overview: Overview, content: Content, words: NullTranslations, hosts: dict[UUID, str]
) -> list[dict[str, Any]]:
    """Each field in which what was typed differs from what stands now, both in words."""
    present = _present(overview)
    changed = content.changed_from(present)
    shown = [each for each in event_sections.fields(overview.event.kind) if each.name in changed]
    return [
        {
            "name": each.name,
            "label": words.gettext(each.label),
            "now": event_fields.told(getattr(present, each.name), words, hosts),
            "typed": event_fields.told(getattr(content, each.name), words, hosts),
        }
        for each in shown
    ]


def _present(overview: Overview) -> Content:
    return content_of(overview.event.to_dict())


def _fresh(overview: Overview) -> Form:
    return Form(event_fields.as_fields(_present(overview), overview.event.kind, overview.host_name))


def _fresh_keeping(overview: Overview) -> Form:
    event = overview.event
    return Form(
        {"contacts_until": str(event.contacts_erased_on or ""), "names_until": str(event.names_erased_on or "")}
    )
