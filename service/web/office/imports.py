"""A list of people for a slot: pasted or uploaded, looked at row by row, then added whole."""

import secrets
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import FromPath

from service.bookings import imports, people_lists
from service.bookings.imports import PeopleThere, TooManyPeople
from service.bookings.people_lists import MOST_ROWS, Line, Odd, Unreadable, Why
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import slots
from service.events.shares import INDIVIDUAL
from service.events.slots import BookableSlot, CalledOff, MembersOnly, SlotOver
from service.limits.keys import KeyReused
from service.web import forms, refusals
from service.web.asking import key_of
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

OPEN = {"roles": DECIDERS}
LARGEST_LIST = 1024 * 1024
FIELDS = ("people", "letters")
ADDRESS = "/office/slots/{slot:uuid}/import"
IN_THE_WAY = (CalledOff, MembersOnly, SlotOver, TooManyPeople, PeopleThere, KeyReused)


@get(ADDRESS, opt=OPEN)
async def show(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The form for a list."""
    return _form_answer(request, await slots.load(slot), Form(), [])


@post(ADDRESS, opt=OPEN, status_code=200, request_max_body_size=LARGEST_LIST)
async def read(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """What was understood of a list; with ``save=yes`` the people are added, with ``again=yes`` it is corrected."""
    found, form = await slots.load(slot), await _sent(request)
    if form.raw("again"):
        return _form_answer(request, found, form, [])
    lines = _understood(form)
    try:
        if form.raw("save") and form.ok and not any(line.why for line in lines):
            return await _save(request, found, form, lines)
        lines = await _looked_at(form, found, lines)
        if form.ok:
            slots.check_takes_place(found)
            _check_seats(found, len(lines))
    except IN_THE_WAY as refusal:
        lines = await _looked_at(form, found, lines)
        return _form_answer(request, found, form, lines, refusals.answer(refusal, language(request)))
    if not form.ok:
        return _form_answer(request, found, form, lines)
    return page(
        request,
        "office/import_review",
        **_named(request, found, form),
        lines=lines,
        key=secrets.token_urlsafe(18),
    )


HANDLERS = [show, read]


async def _save(request: Visit, slot: BookableSlot, form: Form, lines: list[Line]) -> Response[Any]:
    key = key_of(request, form, slot.id.hex, FIELDS)
    people = await imports.add(slot.id, lines, actor(request), tells_them=form.ticked("letters"), key=key)
    return see(request, f"/office/slots/{slot.id}/import", added=people)


async def _sent(request: Visit) -> Form:
    """The form; the text of a file, if one came with it, in place of what was pasted."""
    form = await forms.read(request, language(request))
    content = await _content(request)
    if not content:
        return form
    try:
        return Form({"people": people_lists.decoded(content)}, language(request))
    except Unreadable as odd:
        form.refuse("file", _why_not(form, odd.why))
        return form


async def _content(request: Visit) -> bytes:
    if request.content_type[0] != RequestEncodingType.MULTI_PART:
        return b""
    sent = [value for _, value in (await request.form()).multi_items() if isinstance(value, UploadFile)]
    return await sent[0].read() if sent else b""


def _understood(form: Form) -> list[Line]:
    """The people of the list; what is wrong with it as a whole is noted."""
    if not form.ok:
        return []
    try:
        return people_lists.read(form.raw("people"))
    except Unreadable as odd:
        form.refuse("people", _why_not(form, odd.why))
        return []


async def _looked_at(form: Form, slot: BookableSlot, lines: list[Line]) -> list[Line]:
    """The lines with who is there already; how many of them cannot be taken is noted."""
    looked_up = await imports.looked_up(slot.id, lines) if lines else []
    if wrong := sum(bool(line.why) for line in looked_up):
        told = form.words.ngettext(
            "%(num)s line cannot be taken as it stands: see below.",
            "%(num)s lines cannot be taken as they stand: see below.",
            wrong,
        )
        form.refuse("people", told % {"num": wrong})
    return looked_up


def _check_seats(slot: BookableSlot, people: int) -> None:
    """A glance, so that nobody presses a button in vain. Refuses: TooManyPeople."""
    left = _seats_left(slot)
    if people > left:
        raise TooManyPeople(people, left)


def _seats_left(slot: BookableSlot) -> int:
    """How many seats people who come alone may have now; none while others wait for them."""
    return slot.room.left_for(INDIVIDUAL) if slot.has_seat_for(INDIVIDUAL) else 0


def _form_answer(
    request: Visit, slot: BookableSlot, form: Form, lines: list[Line], refusal: Answer | None = None
) -> Response[str]:
    """The page around a form: fresh, with its mistakes row by row, or under the refusal it met."""
    return page(
        request,
        "office/import",
        **standing(form, refusal),
        **_named(request, slot, form),
        wrong=[line for line in lines if line.why],
        reasons=_reasons(form),
        added=_count(request.query_params.get("added", "")),
    )


def _named(request: Visit, slot: BookableSlot, form: Form) -> dict[str, Any]:
    return {
        "here": f"/office/slots/{slot.id}/import",
        "me": signed_in(request),
        "form": form,
        "slot": slot,
        "seats_left": _seats_left(slot),
        "typed": people_lists.CONTROLS.sub("", form.raw("people")),
        "most": MOST_ROWS,
    }


def _why_not(form: Form, why: Odd) -> str:
    words = form.words
    return {
        Odd.no_text: words.gettext("This is no list as text. In your spreadsheet, save it as CSV, then choose it."),
        Odd.quotes: words.gettext("A quotation mark is opened and never closed. Please correct the list."),
        Odd.too_many: words.gettext("At most %(most)s people at once, please.") % {"most": MOST_ROWS},
        Odd.empty: words.gettext("Please paste a list, or choose a file: a line for each person."),
    }[why]


def _reasons(form: Form) -> dict[Why, str]:
    words = form.words
    return {
        Why.characters: words.gettext("A character that we cannot read."),
        Why.nameless: words.gettext("No name."),
        Why.too_long: words.gettext("Too long."),
        Why.address: words.gettext("This is no e-mail address."),
        Why.twice: words.gettext("Twice in the list."),
        Why.booked: words.gettext("Has a booking for this date already."),
    }


def _count(sent: str) -> int:
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) <= len(str(MOST_ROWS)) else 0
