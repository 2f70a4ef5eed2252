"""The names of a class: typed or pasted, shown as they were understood, then saved."""

from gettext import NullTranslations
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from service.bookings import attendees, names
from service.bookings.attendees import AlreadyOver, Group, TooManyNames
from service.bookings.names import Doubt, Unclear, Understood, Why
from service.bookings.tables import LIVE, Dossier
from service.web import forms, refusals
from service.web.booking_page import address_of
from service.web.forms import Form
from service.web.links import change, living
from service.web.pages import Visit, language, page, see

PUBLIC = {"public": True}
MOST_SAID = 3  # mistakes of one list that are told at once

Read = list[tuple[Group, list[Understood]]]


@get("/bookings/{token:str}/names", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """A list for each group of the class, as it was saved."""
    dossier = await living(token)
    groups = await _groups(dossier)
    saved = {field_of(group): names.rendered(group.names) for group in groups}
    return _lists(request, dossier, groups, Form(saved | {"from": request.query_params.get("from", "")}))


@post("/bookings/{token:str}/names", opt=PUBLIC)
async def understand(request: Visit, token: FromPath[str]) -> Response[str]:
    """What was understood, before anything is saved; with ``again=yes``, the lists to be corrected."""
    dossier, form = await living(token), await forms.read(request, language(request))
    groups = await _groups(dossier)
    if form.raw("again"):
        return _lists(request, dossier, groups, form)
    read = _read(form, groups, language(request))
    if not form.ok or not read:
        return _lists(request, dossier, groups, form)
    return page(request, "names/review", **_named(dossier, form), read=read, doubts=_doubts(form.words))


@post("/bookings/{token:str}/names/save", opt=PUBLIC)
async def save(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Save what was understood: 303 to the class's page, 422 with what cannot be read."""
    dossier, form = await change(request, token)
    groups = await _groups(dossier)
    read = _read(form, groups, language(request))
    if not form.ok:
        return _lists(request, dossier, groups, form)
    await attendees.save(dossier, {group.id: [line.name for line in lines] for group, lines in read})
    origin = {"from": "mail"} if form.raw("from") == "mail" else {}
    return see(request, address_of(dossier), names="saved", **origin)


HANDLERS = [show, understand, save]


def field_of(group: Group) -> str:
    """The name of the field that holds its list."""
    return f"names-{group.id}"


async def _groups(dossier: Dossier) -> list[Group]:
    """The groups that may have names; who comes alone, or with a class that was cancelled, has no such page."""
    groups = await attendees.groups(dossier)
    if not groups:
        raise NotFoundException
    return [group for group in groups if group.held.booking.state in LIVE]


def _lists(request: Visit, dossier: Dossier, groups: list[Group], form: Form) -> Response[str]:
    status = 200 if form.ok else 422
    return page(request, "names/lists", status=status, **_named(dossier, form), groups=groups)


def _named(dossier: Dossier, form: Form) -> dict[str, Any]:
    """What both pages need."""
    return {
        "here": f"{address_of(dossier)}/names",
        "form": form,
        "field_of": field_of,
        "link": address_of(dossier),
        "class_label": dossier.class_label,
        "from_mail": form.raw("from") == "mail",
    }


def _read(form: Form, groups: list[Group], spoken: str) -> Read:
    """Each list that was sent, read; mistakes are noted beside it. Refuses: AlreadyOver."""
    sent = [group for group in groups if form.has(field_of(group))]
    for group in sent:
        if not group.may_change:
            raise AlreadyOver(group.held.slot.ends_at)
    return [(group, _understood(form, group, spoken)) for group in sent]


def _understood(form: Form, group: Group, spoken: str) -> list[Understood]:
    lines = names.read(form.block(field_of(group)))
    read = [line for line in lines if isinstance(line, Understood)]
    unclear = [line for line in lines if isinstance(line, Unclear)]
    if unclear:
        form.refuse(field_of(group), _said(unclear, form.words))
    elif len(read) > group.pupils:
        told = refusals.answer(TooManyNames(len(read), group.pupils), spoken)
        form.refuse(field_of(group), f"{told.sentence} {told.next_step}")
    return read


def _said(unclear: list[Unclear], words: NullTranslations) -> str:
    """The first lines that cannot be read, each with its reason, and how many there are more."""
    reasons = {
        Why.characters: words.gettext("Line %(line)s holds a character we cannot read. Please type it again."),
        Why.too_long: words.gettext("Line %(line)s is too long for a name."),
        Why.nameless: words.gettext("Line %(line)s holds no name."),
        Why.too_many: words.gettext("Line %(line)s is one too many: a list has 100 names at most."),
    }
    told = [reasons[one.why] % {"line": one.line} for one in unclear[:MOST_SAID]]
    if (more := len(unclear) - MOST_SAID) > 0:
        told.append(words.ngettext("And %(num)s line more.", "And %(num)s lines more.", more) % {"num": more})
    return " ".join(told)


def _doubts(words: NullTranslations) -> dict[Doubt, str]:
    """Why a line should be looked at, in a few words."""
    return {
        Doubt.order: words.gettext("Which is the last name?"),
        Doubt.capitals: words.gettext("Is this the first name?"),
        Doubt.alone: words.gettext("No first name?"),
        Doubt.mixed: words.gettext("Is the last name whole?"),
        Doubt.left_out: words.gettext("The rest of the line was left out."),
        Doubt.twice: words.gettext("Twice in the list."),
    }
