"""Adding somebody to a slot by hand."""

import secrets
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.bookings import by_hand, register
from service.bookings.by_hand import MOST_PEOPLE, Entry, OthersWait, Way
from service.bookings.dossiers import Booker
from service.bookings.held import held_by
from service.bookings.plans import LARGEST, NOBODY, Party
from service.bookings.seats import SoldOut
from service.edge.loading import DECIDERS, actor, signed_in
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.asking import MOST_CHAPERONES, key_of
from service.web.forms import Form
from service.web.office.paths import path_of_booking, path_of_slot
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

OPEN = {"roles": DECIDERS}
FIELDS = (
    "kind", "first_name", "last_name", "school", "email", "language", "people", "class_label", "pupils", "chaperones",
    "way",
)  # fmt: skip
LONGEST_LABEL, LONGEST_SCHOOL = 60, 200


@get("/office/slots/{slot:uuid}/add", opt=OPEN)
async def show(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The form: of one person or a few, or of a class."""
    return await _page(request, slot, Form({"kind": request.query_params.get("kind", ""), "people": "1"}))


@post("/office/slots/{slot:uuid}/add", opt=OPEN)
async def add(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Add them, in turn; or before those who wait, or at the end of the queue, as the form says."""
    form = await forms.read(request, language(request))
    await register.head(slot)
    entry, way = _entry(form), Way(form.choice("way", list(Way), required=False) or Way.in_turn)
    if not form.ok:
        return await _page(request, slot, form)
    try:
        dossier = await by_hand.add(slot, entry, actor(request), way, key=key_of(request, form, str(slot), FIELDS))
    except Refusal as refusal:
        return await _page(request, slot, form, refusal)
    [one] = await held_by(dossier)
    return see(request, path_of_booking(one.booking.id), done="added")


HANDLERS = [show, add]


def _entry(form: Form) -> Entry:
    is_class = form.raw("kind") == "class"
    words = form.words
    who = Booker(
        first_name=form.text("first_name", missing=words.gettext("Please type the first name.")),
        last_name=form.text("last_name", missing=words.gettext("Please type the last name.")),
        email=form.address("email") if form.raw("email").strip() else "",
        school=_optional(form, "school", LONGEST_SCHOOL),
        language=form.choice("language", i18n.LANGUAGES, required=False) or i18n.LANGUAGES[0],
        class_label=form.text("class_label", missing=words.gettext("Please type the class."), most=LONGEST_LABEL)
        if is_class
        else "",
    )
    if is_class:
        return Entry(who, party_of(form))
    missing = words.gettext("How many people come?")
    return Entry(who, NOBODY, form.whole_number("people", least=1, most=MOST_PEOPLE, missing=missing) or 1)


def party_of(form: Form) -> Party:
    """The numbers of a class."""
    words = form.words
    pupils = form.whole_number("pupils", least=1, most=LARGEST, missing=words.gettext("How many pupils come?"))
    chaperones = form.whole_number(
        "chaperones", least=0, most=MOST_CHAPERONES, missing=words.gettext("How many chaperones come?")
    )
    return Party(pupils or 0, chaperones or 0)


def _optional(form: Form, name: str, most: int) -> str:
    return form.text(name, missing="", most=most) if form.raw(name).strip() else ""


async def _page(request: Visit, slot: UUID, form: Form, refusal: Refusal | None = None) -> Response[str]:
    said = refusals.answer_to_staff(refusal, language(request)) if refusal else None
    return page(
        request,
        "office/add",
        **standing(form, said),
        here=f"{path_of_slot(slot)}/add",
        me=signed_in(request),
        form=form,
        slot=await register.head(slot),
        is_class=form.raw("kind") == "class",
        form_key=form.raw("key") or secrets.token_urlsafe(18),
        # Once it was a question, it stays one: what was answered is not lost beside another mistake.
        others_wait=isinstance(refusal, OthersWait) or form.raw("way") == Way.before_others,
        may_queue=isinstance(refusal, SoldOut | OthersWait) or form.has("way"),
        languages=[("fr", "Français"), ("en", "English")],
    )
