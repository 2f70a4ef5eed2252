"""A parent's answer for a minor who comes alone: two buttons behind a link, or a form on paper."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from service import i18n
from service.bookings import dossiers, pending
from service.bookings.held import held_by
from service.bookings.pending import AuthorisationOver, NothingPending
from service.bookings.tables import Dossier
from service.events import details
from service.events.slots import CalledOff
from service.limits import rates
from service.web import refusals
from service.web.booking_page import address_of
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

PUBLIC = {"public": True}
Answering = Callable[[Dossier], Awaitable[None]]


@get("/authorisations/{token:str}", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """Who asks to come to what, and two buttons; or how it was answered. Opening it changes nothing."""
    return await _answer(request, token, await pending.by_guardian_token(token))


@post("/authorisations/{token:str}/give", opt=PUBLIC)
async def give(request: Visit, token: FromPath[str]) -> Response[Any]:
    """A parent agrees."""
    return await _answered(request, token, pending.authorise)


@post("/authorisations/{token:str}/refuse", opt=PUBLIC)
async def refuse(request: Visit, token: FromPath[str]) -> Response[Any]:
    """A parent does not agree."""
    return await _answered(request, token, pending.refuse_as_guardian)


@get("/bookings/{token:str}/authorisation", opt=PUBLIC)
async def show_paper(request: Visit, token: FromPath[str]) -> Response[str]:
    """The form on one A4 sheet, for a parent without e-mail; organisers note it by hand."""
    dossier = await dossiers.by_token(token)
    held = await held_by(dossier)
    if dossier.erase_asked_at or not pending.asks_guardian(held):
        raise NothingPending
    return page(
        request,
        "authorisations/paper",
        booking_path=address_of(dossier),
        code=dossier.code,
        **await _names(dossier),
    )


HANDLERS = [show, give, refuse, show_paper]


async def _answered(request: Visit, token: str, verb: Answering) -> Response[Any]:
    dossier = await pending.by_guardian_token(token)
    # Apart from the booker's own changes: neither may use up what the other needs.
    await rates.spend("changes", f"guardian {dossier.id}")
    try:
        await verb(dossier)
    except (AuthorisationOver, NothingPending, CalledOff) as refusal:
        now = await dossiers.by_id(dossier.id)
        return await _answer(request, token, now, refusals.answer(refusal, language(request)))
    return see(request, f"/authorisations/{token}")


async def _answer(request: Visit, token: str, dossier: Dossier, refusal: Answer | None = None) -> Response[str]:
    here = f"/authorisations/{token}"
    return page(
        request, "authorisations/show", **standing(Form(), refusal), here=here, **await _names(dossier), token_path=here
    )


async def _names(dossier: Dossier) -> dict[str, Any]:
    held = await held_by(dossier)
    one = held[0]
    event = await details.event_page(one.slot.slug)
    until = one.booking.expires_at
    return {
        "stands": pending.as_guardian_sees(dossier, held),
        "awaits_approval": one.booking.awaits_approval,
        "name": f"{dossier.first_name} {dossier.last_name}",
        "answer_until": until and i18n.local(until),
        "event": event,
        "slot": next(card for card in event.slots if card.slot_id == one.slot.id),
    }
