"""Who else may stand at the door of a slot: helpers named for it, and whoever scans its QR code on the day."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock, settings, templates
from service.attendance import days, doors
from service.attendance.doors import DoorLinkOver
from service.edge.loading import DECIDERS, actor, signed_in
from service.events import slots
from service.events.slots import CalledOff
from service.people.staff import UnknownPerson
from service.refusal import Refusal
from service.web import forms, refusals
from service.web.drawings import qr_code
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import standing

ORGANISERS = {"roles": DECIDERS}


@get("/office/slots/{slot:uuid}/door", opt=ORGANISERS)
async def show(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The QR code to show or print, and the helpers with an account."""
    return await _answer(request, slot)


@post("/office/slots/{slot:uuid}/door/open", opt=ORGANISERS)
async def open_link(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Make the link, or another in its place."""
    try:
        await doors.open_link(slot, actor(request))
    except (CalledOff, DoorLinkOver) as refusal:
        return await _answer(request, slot, refusal)
    return see(request, f"/office/slots/{slot}/door", done="opened")


@post("/office/slots/{slot:uuid}/door/revoke", opt=ORGANISERS)
async def close_link(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Withdraw the link."""
    await doors.close_link(slot, actor(request))
    return see(request, f"/office/slots/{slot}/door", done="revoked")


@post("/office/slots/{slot:uuid}/door/helpers", opt=ORGANISERS)
async def name_helper(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Name one helper for the slot, or no longer."""
    form = await forms.read(request, language(request))
    verb = doors.revoke if form.has("revoke") else doors.grant
    try:
        person = UUID(form.raw("revoke") or form.raw("grant"))
        await verb(slot, person, actor(request))
    except ValueError:
        return await _answer(request, slot, UnknownPerson())
    except UnknownPerson as refusal:
        return await _answer(request, slot, refusal)
    return see(request, f"/office/slots/{slot}/door")


HANDLERS = [show, open_link, close_link, name_helper]


async def _answer(request: Visit, slot_id: UUID, refusal: Refusal | None = None) -> Response[str]:
    slot, token = await slots.load(slot_id), await doors.link_of(slot_id)
    address = settings.current().public_url + templates.path(language(request), f"/door/{token}")
    done = request.query_params.get("done", "")
    return page(
        request,
        "office/door_link",
        **standing(Form(), refusals.answer(refusal, language(request)) if refusal else None),
        here=f"/office/slots/{slot_id}/door",
        me=signed_in(request),
        slot=slot,
        address=address if token else "",
        qr_svg=qr_code(address) if token else "",
        is_over=days.day_ends_at(slot.ends_at) <= clock.now(),
        helpers=await doors.helpers(slot_id),
        done=done if done in ("opened", "revoked") else "",
    )
