"""The door for the staff: an organiser at any slot, a helper where they are named."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from service.attendance import closing, doors
from service.attendance.closing import NotBegun
from service.edge.loading import DECIDERS, actor, signed_in
from service.events.slots import CalledOff
from service.web import door_page, refusals
from service.web.door_page import Way
from service.web.pages import Visit, language

STAFF = {"roles": (*DECIDERS, "door")}


@get("/office/door/{slot:uuid}", opt=STAFF)
async def show(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The list of who is expected."""
    return await door_page.door_answer(request, await _way(request, slot), said=door_page.shown(request))


@get("/office/door/{slot:uuid}/list", opt=STAFF)
async def show_list(request: Visit, slot: FromPath[UUID]) -> Response[str]:
    """The same as a part of the page, for its script."""
    return await door_page.list_answer(request, await _way(request, slot))


@post("/office/door/{slot:uuid}/tap", opt=STAFF)
async def tap(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Press one button of the list."""
    return await door_page.tap(request, await _way(request, slot))


@post("/office/door/{slot:uuid}/walk-in", opt=STAFF)
async def walk_in(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Count somebody who had not booked."""
    return await door_page.walk_in(request, await _way(request, slot))


@post("/office/door/{slot:uuid}/code", opt=STAFF)
async def enter_code(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Check in by a code."""
    return await door_page.enter_code(request, await _way(request, slot))


@post("/office/door/{slot:uuid}/close", opt=STAFF)
async def close(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Mark the absent."""
    return await _settle(request, slot, closing.close, "closed")


@post("/office/door/{slot:uuid}/reopen", opt=STAFF)
async def reopen(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Take these marks back."""
    return await _settle(request, slot, closing.reopen, "reopened")


HANDLERS = [show, show_list, tap, walk_in, enter_code, close, reopen]


async def _settle(request: Visit, slot: UUID, verb: Callable[[UUID, str], Awaitable[Any]], said: str) -> Response[Any]:
    way = await _way(request, slot)
    try:
        await verb(slot, way.by)
    except (NotBegun, CalledOff) as refusal:
        return await door_page.door_answer(request, way, refusal=refusals.answer(refusal, language(request)))
    return door_page.back(request, way, (said, ""))


async def _way(request: Visit, slot: UUID) -> Way:
    """Refuses: UnknownSlot, also to a helper who is named for others."""
    who = signed_in(request)
    await doors.check_may(who, slot)
    return Way(slot, f"/office/door/{slot}", actor(request), who)
