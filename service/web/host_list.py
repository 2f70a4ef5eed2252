"""The final list of one date for its host: to read and to print. Names stand behind a button, and are noted."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service import clock, i18n
from service.attendance.sheets import Section
from service.events.slots import UnknownSlot
from service.limits import rates
from service.proposals import lists, record
from service.proposals.tables import Proposal
from service.refusal import Refusal
from service.web import refusals
from service.web.host_page import address_of
from service.web.pages import Visit, language, page

PUBLIC = {"public": True}
LIST = "/proposals/{token:str}/slots/{slot:uuid}/list"


@get(LIST, opt=PUBLIC)
async def show(request: Visit, token: FromPath[str], slot: FromPath[UUID]) -> Response[str]:
    """How many come, of which classes, with what needs; before the list closes, when it will be there."""
    return await _answer(request, await record.by_token(token), slot)


@post(LIST, opt=PUBLIC)
async def read_names(request: Visit, token: FromPath[str], slot: FromPath[UUID]) -> Response[str]:
    """The same with the names, where the host receives them: asked for by a button, for mail scanners open links."""
    proposal = await record.by_token(token)
    await rates.spend("changes", str(proposal.id))
    try:
        sections = await lists.read_names(proposal, slot)
    except UnknownSlot:
        raise
    except Refusal as refusal:
        return await _answer(request, proposal, slot, refusal=refusal)
    return await _answer(request, proposal, slot, sections)


HANDLERS = [show, read_names]


async def _answer(
    request: Visit,
    proposal: Proposal,
    slot: UUID,
    sections: list[Section] | None = None,
    refusal: Refusal | None = None,
) -> Response[str]:
    event, one = await lists.of_slot(proposal, slot)
    said = refusals.answer(refusal, language(request)) if refusal else None
    more: dict[str, Any] = {"status": said.status, "headers": said.headers} if said else {}
    link = f"{address_of(proposal)}/slots/{slot}/list"
    return page(
        request,
        "proposals/list",
        **more,
        here=link,
        link=link,
        back=address_of(proposal),
        proposal=proposal,
        event=event,
        one=one,
        gives_names=await lists.gives_names(event.id),
        are_kept=lists.are_kept(one),
        sections=sections,
        refusal=said,
        made_at=i18n.local(clock.now()),
    )
