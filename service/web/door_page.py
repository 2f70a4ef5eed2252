"""The page of a door and its list, the same for the staff and for a helper without account."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

from litestar import MediaType, Response
from litestar.response import Redirect

from service import templates
from service.attendance import arrivals, check_in, walk_ins
from service.attendance.arrivals import Door
from service.attendance.check_in import MoreThanBooked, NotExpected, NotOnTheList, StillWaiting
from service.attendance.days import DoorNotOpen, DoorOver
from service.events.slots import CalledOff
from service.limits.keys import Key
from service.people.sessions import Staff
from service.web import forms, refusals
from service.web.forms import Form
from service.web.pages import Visit, language, page
from service.web.refusals import Answer, standing

# The one page that may ask for the camera: it reads codes with it.
CAMERA = {"Permissions-Policy": "camera=(self), geolocation=(), microphone=(), browsing-topics=()"}
PART = "X-Part"  # set by the page's script, which takes the list alone
LONGEST_NAME, LONGEST_CODE, MOST_AT_ONCE = 200, 100, 99
SAYS = re.compile("here|first|undone|counted|class|added|removed|closed|reopened")
SAID_OF_NO_ROW = ("added", "removed", "closed", "reopened")
REFUSED = (CalledOff, DoorNotOpen, DoorOver, NotOnTheList, NotExpected, StillWaiting, MoreThanBooked)

Said = tuple[str, str]  # what was done, and the key of the row that it was done to


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody came to the door of a slot: under which address, as whom; ``me`` is who is signed in, if so."""

    slot: UUID
    base: str
    by: str
    me: Staff | None = None


async def door_answer(
    request: Visit, way: Way, form: Form | None = None, refusal: Answer | None = None, said: Said = ("", "")
) -> Response[str]:
    """The page around a form: fresh, with its mistakes, or under the refusal it met; or the list alone for a script."""
    door, form = await arrivals.at_door(way.slot), form or Form({"q": request.query_params.get("q", "")})
    row = next((one for one in (*door.rows, *door.others) if one.key == said[1]), None)
    names = {
        "door": door,
        "base": way.base,
        "form": form,
        "said": said[0] if row or said[0] in SAID_OF_NO_ROW else "",
        "of": row,
        "sees_others": way.me is not None,
        **standing(form, refusal),
    }
    if request.headers.get(PART):
        return _part(request, names)
    return _page(request, way, door, names)


async def list_answer(request: Visit, way: Way) -> Response[str]:
    """The list alone, for a page that asks every few seconds; 304 when nothing has changed since."""
    door = await arrivals.at_door(way.slot)
    names = {"door": door, "base": way.base, "sees_others": way.me is not None, **standing(Form(), None)}
    return _part(request, {**names, "form": Form(), "said": None, "of": None})


def shown(request: Visit) -> Said:
    """What the address says was just done."""
    what = SAYS.fullmatch(request.query_params.get("said", ""))
    return (what[0] if what else "", request.query_params.get("of", ""))


async def tap(request: Visit, way: Way) -> Response[Any]:
    """One button of the list: present, undo, one more or fewer of a class, or a walk-in taken back."""
    return await _do(request, way, _tapped)


async def walk_in(request: Visit, way: Way) -> Response[Any]:
    """One more person, who had not booked; their name if they give it."""
    return await _do(request, way, _walked_in)


async def enter_code(request: Visit, way: Way) -> Response[Any]:
    """Check in whom a typed or scanned code means."""
    return await _do(request, way, _coded)


def back(request: Visit, way: Way, said: Said, wanted: str = "") -> Response[Any]:
    """To the row that something was done to, on the same list."""
    what, of = said
    address = templates.path(language(request), way.base, said=what, of=of, q=wanted)
    return Redirect(f"{address}#row-{of}" if of else address, status_code=303)


async def _do(request: Visit, way: Way, act: Callable[[Form, Way], Awaitable[Said]]) -> Response[Any]:
    form = await forms.read(request, language(request))
    try:
        said = await act(form, way)
    except REFUSED as refusal:
        return await door_answer(request, way, form, refusals.answer(refusal, language(request)))
    if not form.ok or request.headers.get(PART):
        return await door_answer(request, way, form, said=said)
    return back(request, way, said, form.value("q"))


async def _tapped(form: Form, way: Way) -> Said:
    for name, act in TAPS.items():
        if form.has(name):
            subject = _id(form.raw(name))
            if subject is None:
                raise NotOnTheList
            return await act(form, way, subject), subject.hex
    raise NotOnTheList


async def _present(_: Form, way: Way, booking: UUID) -> str:
    seen = await check_in.mark_present(way.slot, booking, way.by)
    return ("counted" if seen.is_group else "here") if seen.is_new else "first"


async def _undone(_: Form, way: Way, booking: UUID) -> str:
    await check_in.undo(way.slot, booking, way.by)
    return "undone"


async def _more(form: Form, way: Way, booking: UUID, sign: int = 1) -> str:
    times = re.fullmatch("[0-9]{1,2}", form.raw("times"), re.ASCII)
    change = sign * (int(times[0]) if times else 1)
    # One page has one key: each of its buttons is pressed once with it.
    key = _key(form, booking, f"{sign:+d}")
    await check_in.step(way.slot, booking, change, way.by, key=Key.of(key.hex, {}) if key else None)
    return "counted"


async def _fewer(form: Form, way: Way, booking: UUID) -> str:
    return await _more(form, way, booking, -1)


async def _removed(_: Form, way: Way, presence: UUID) -> str:
    await walk_ins.undo(way.slot, presence, way.by)
    return "removed"


TAPS: dict[str, Callable[[Form, Way, UUID], Awaitable[str]]] = {
    "present": _present, "undo": _undone, "more": _more, "less": _fewer, "remove": _removed,
}  # fmt: skip


async def _walked_in(form: Form, way: Way) -> Said:
    name = ""
    if form.raw("name").strip():
        name = form.text("name", most=LONGEST_NAME, missing=form.words.gettext("Please type a name, or none at all."))
    if form.ok:
        await walk_ins.walk_in(way.slot, name, way.by, key=_key(form, way.slot, name))
    return "added", ""


async def _coded(form: Form, way: Way) -> Said:
    code = form.text("code", most=LONGEST_CODE, missing=form.words.gettext("Please type the code of the booking."))
    if not form.ok:
        return "", ""
    seen = await check_in.by_code(way.slot, code, way.by)
    what = "class" if seen.is_group else "here" if seen.is_new else "first"
    return what, seen.booking.hex


def _page(request: Visit, way: Way, door: Door, names: dict[str, Any]) -> Response[str]:
    """The whole page, which filters its list by what was searched: a script of ours does that by itself."""
    wanted = names["form"].value("q")
    if way.me:
        names["me"] = way.me
    return page(
        request,
        "door/show",
        headers={**CAMERA, **names.pop("headers", {})},
        here=way.base,
        rows=arrivals.matching(door.rows, wanted),
        others=arrivals.matching(door.others, wanted) if wanted and way.me else [],
        wanted=wanted,
        key=uuid4().hex,
        **names,
    )


def _part(request: Visit, names: dict[str, Any]) -> Response[str]:
    door, spoken = names["door"], language(request)
    told = {**names, "rows": door.rows, "others": door.others if names["sees_others"] else [], "wanted": ""}
    content = templates.render("pages/door/list.html", spoken, told)
    etag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, PART: "list", **names.get("headers", {})}
    if request.headers.get("If-None-Match") == etag:
        return Response("", status_code=304, headers=headers)
    return Response(content, status_code=names["status"], headers=headers, media_type=MediaType.HTML)


def _key(form: Form, of: UUID, what: str) -> UUID | None:
    """What a form brought to be done once, whatever it looks like, for one thing that it does."""
    sent = form.value("key")
    return uuid5(of, f"{sent} {what}") if sent else None


def _id(sent: str) -> UUID | None:
    try:
        return UUID(sent)
    except ValueError:
        return None
