"""The door for a helper without account: behind a link that one slot has for its day."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from service.attendance import doors
from service.web import door_page
from service.web.door_page import Way
from service.web.pages import Visit

PUBLIC = {"public": True}


@get("/door/{token:str}", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """The list of who is expected."""
    return await door_page.door_answer(request, await _way(token), said=door_page.shown(request))


@get("/door/{token:str}/list", opt=PUBLIC)
async def show_list(request: Visit, token: FromPath[str]) -> Response[str]:
    """The same as a part of the page, for its script."""
    return await door_page.list_answer(request, await _way(token))


@post("/door/{token:str}/tap", opt=PUBLIC)
async def tap(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Press one button of the list."""
    return await door_page.tap(request, await _way(token))


@post("/door/{token:str}/walk-in", opt=PUBLIC)
async def walk_in(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Count somebody who had not booked."""
    return await door_page.walk_in(request, await _way(token))


@post("/door/{token:str}/code", opt=PUBLIC)
async def enter_code(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Check in by a code."""
    return await door_page.enter_code(request, await _way(token))


HANDLERS = [show, show_list, tap, walk_in, enter_code]


async def _way(token: str) -> Way:
    """Who holds the link is nobody in particular: the journal says which door it was."""
    slot = await doors.by_token(token)
    return Way(slot, f"/door/{token}", f"door:{slot}")
