"""Who may do what: every closed route, by every role and by nobody, also about what is somebody else's."""

import re
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from service import app as service_app
from service import settings
from service.people import sessions
from tests.test_app import handlers
from tests.visits import dump, send
from tests.web.office.harness import ROLES, browser_of, somebody

ALL, DECIDERS = frozenset(ROLES), frozenset({"admin", "organiser"})
LISTS = DECIDERS | {"reader"}
ADMINS = frozenset({"admin"})
DOOR = DECIDERS | {"door"}  # and of these, whoever is named for the slot
# Literal, so that a new route is looked at: who passes the guard.
CLOSED = {
    "GET /office": ALL,
    "POST /office/sign-out": ALL,
    "GET /office/sessions": ALL,
    "POST /office/sessions/{session:uuid}/end": ALL,
    "POST /office/bookings/{booking:uuid}/approve": DECIDERS,
    "POST /office/bookings/{booking:uuid}/refuse": DECIDERS,
    "GET /office/events": LISTS,
    "GET /office/events/new": DECIDERS,
    "POST /office/events/new": DECIDERS,
    "GET /office/events/{event:uuid}": LISTS,
    "GET /office/events/{event:uuid}/preview": LISTS,
    "GET /office/events/{event:uuid}/edit": DECIDERS,
    "POST /office/events/{event:uuid}/edit": DECIDERS,
    "POST /office/events/{event:uuid}/retention": DECIDERS,
    "POST /office/events/{event:uuid}/publish": DECIDERS,
    "POST /office/events/{event:uuid}/duplicate": DECIDERS,
    "POST /office/events/{event:uuid}/delete": DECIDERS,
    "POST /office/bookings/{booking:uuid}/paper": DECIDERS,
    "POST /office/bookings/{booking:uuid}/confirm": DECIDERS,
    "POST /office/bookings/{booking:uuid}/cancel": DECIDERS,
    "POST /office/bookings/{booking:uuid}/restore": DECIDERS,
    "POST /office/bookings/{booking:uuid}/move": DECIDERS,
    "POST /office/bookings/{booking:uuid}/seats": DECIDERS,
    "POST /office/bookings/{booking:uuid}/resend": DECIDERS,
    "POST /office/bookings/{booking:uuid}/address": DECIDERS,
    "GET /office/bookings/{booking:uuid}": LISTS,
    "GET /office/bookings/{booking:uuid}/letters/{number:int}": DECIDERS,
    "GET /office/bookings/{booking:uuid}/letters/{number:int}/html": DECIDERS,
    "GET /office/slots/{slot:uuid}": LISTS,
    "GET /office/slots/{slot:uuid}/add": DECIDERS,
    "POST /office/slots/{slot:uuid}/add": DECIDERS,
    "POST /office/slots/{slot:uuid}/bulk": DECIDERS,
    "GET /office/slots/{slot:uuid}/attendance.html": LISTS,
    "GET /office/slots/{slot:uuid}/attendance.pdf": LISTS,
    "GET /office/slots/{slot:uuid}/attendance.xlsx": LISTS,
    "GET /office/slots/{slot:uuid}/attendance.csv": LISTS,
    "GET /office/staff": ADMINS,
    "POST /office/staff": ADMINS,
    "POST /office/staff/{person:uuid}/role": ADMINS,
    "POST /office/staff/{person:uuid}/leave": ADMINS,
    "POST /office/staff/{person:uuid}/sign-out": ADMINS,
    "GET /office/settings": ADMINS,
    "POST /office/settings": ADMINS,
    "GET /office/slots/{slot:uuid}/edit": DECIDERS,
    "POST /office/slots/{slot:uuid}/edit": DECIDERS,
    "POST /office/slots/{slot:uuid}/delete": DECIDERS,
    "GET /office/slots/{slot:uuid}/duplicate": DECIDERS,
    "POST /office/slots/{slot:uuid}/duplicate": DECIDERS,
    "GET /office/slots/{slot:uuid}/call-off": DECIDERS,
    "POST /office/slots/{slot:uuid}/call-off": DECIDERS,
    "GET /office/events/{event:uuid}/slots/new": DECIDERS,
    "POST /office/events/{event:uuid}/slots/new": DECIDERS,
    "POST /office/events/{event:uuid}/slots/add": DECIDERS,
    "GET /office/events/{event:uuid}/call-off": DECIDERS,
    "POST /office/events/{event:uuid}/call-off": DECIDERS,
    "GET /office/door/{slot:uuid}": DOOR,
    "GET /office/door/{slot:uuid}/list": DOOR,
    "POST /office/door/{slot:uuid}/tap": DOOR,
    "POST /office/door/{slot:uuid}/walk-in": DOOR,
    "POST /office/door/{slot:uuid}/code": DOOR,
    "POST /office/door/{slot:uuid}/close": DOOR,
    "POST /office/door/{slot:uuid}/reopen": DOOR,
    "GET /office/slots/{slot:uuid}/door": DECIDERS,
    "POST /office/slots/{slot:uuid}/door/open": DECIDERS,
    "POST /office/slots/{slot:uuid}/door/revoke": DECIDERS,
    "POST /office/slots/{slot:uuid}/door/helpers": DECIDERS,
    "GET /office/bookings/{booking:uuid}/certificate.pdf": DECIDERS,
    "GET /office/slots/{slot:uuid}/certificates.pdf": DECIDERS,
    "GET /office/days": LISTS,
    "GET /office/days/{day:str}/attendance.html": LISTS,
    "GET /office/days/{day:str}/attendance.pdf": LISTS,
    "GET /office/days/{day:str}/attendance.xlsx": LISTS,
    "GET /office/days/{day:str}/attendance.csv": LISTS,
    "GET /office/exports": LISTS,
    "GET /office/bookings.csv": LISTS,
    "GET /office/bookings.xlsx": LISTS,
    "GET /office/events/{event:uuid}/bookings.csv": LISTS,
    "GET /office/events/{event:uuid}/bookings.xlsx": LISTS,
    "GET /office/events/{event:uuid}/messages/new": DECIDERS,
    "POST /office/events/{event:uuid}/messages/new": DECIDERS,
    "POST /office/events/{event:uuid}/messages": DECIDERS,
    "GET /office/slots/{slot:uuid}/messages/new": DECIDERS,
    "POST /office/slots/{slot:uuid}/messages/new": DECIDERS,
    "POST /office/slots/{slot:uuid}/messages": DECIDERS,
    "GET /office/proposals": LISTS,
    "GET /office/proposals/{proposal:uuid}": LISTS,
    "POST /office/proposals/{proposal:uuid}/ask": DECIDERS,
    "POST /office/proposals/{proposal:uuid}/decline": DECIDERS,
    "POST /office/proposals/{proposal:uuid}/accept": DECIDERS,
    "POST /office/proposals/{proposal:uuid}/assign": DECIDERS,
    "POST /office/proposals/{proposal:uuid}/settle": DECIDERS,
    "POST /office/proposals/{proposal:uuid}/detach": DECIDERS,
    "POST /office/proposals/{proposal:uuid}/dates/{date:uuid}/take": DECIDERS,
    "POST /office/proposals/{proposal:uuid}/dates/{date:uuid}/decline": DECIDERS,
    "GET /office/slots/{slot:uuid}/import": DECIDERS,
    "POST /office/slots/{slot:uuid}/import": DECIDERS,
    "GET /office/organisations": LISTS,
    "GET /office/organisations/new": DECIDERS,
    "POST /office/organisations/new": DECIDERS,
    "GET /office/organisations/{organisation:uuid}": LISTS,
    "GET /office/organisations/{organisation:uuid}/edit": DECIDERS,
    "POST /office/organisations/{organisation:uuid}/edit": DECIDERS,
    "POST /office/organisations/{organisation:uuid}/contacts": DECIDERS,
    "POST /office/organisations/{organisation:uuid}/contacts/{contact:uuid}/edit": DECIDERS,
    "POST /office/organisations/{organisation:uuid}/contacts/{contact:uuid}/leave": DECIDERS,
    "POST /office/organisations/{organisation:uuid}/contacts/{contact:uuid}/back": DECIDERS,
    "POST /office/organisations/{organisation:uuid}/notes": DECIDERS,
    "GET /office/organisations/{organisation:uuid}/merge": DECIDERS,
    "POST /office/organisations/{organisation:uuid}/merge": DECIDERS,
}


def path_of(route: str) -> str:
    """The route's path with something that does not exist in it."""
    path = re.sub(r"\{[a-z]+:uuid\}", str(uuid4()), route.split()[1])
    return path.replace("{day:str}", "2031-01-01").replace("{number:int}", "7")


async def answer_of(client: httpx.AsyncClient, route: str) -> int:
    path = path_of(route)
    return (await (client.get(path) if route.startswith("GET") else send(client, path))).status_code


def test_every_closed_route_stands_in_the_matrix_with_the_roles_that_it_names() -> None:
    routes = dict(handlers(service_app.create_app(settings.current())))
    closed = {name: frozenset(one.opt.get("roles", ())) for name, one in routes.items() if not one.opt.get("public")}
    assert closed == CLOSED
    assert all(roles <= ALL and roles for roles in closed.values())


@pytest.mark.parametrize("route", CLOSED)
async def test_nobody_passes_without_a_session(visitor: httpx.AsyncClient, route: str) -> None:
    before = await dump()
    for token in ("", "made-up"):
        visitor.cookies.set("__Host-session", token, domain="agenda.campus.test", path="/")
        assert await answer_of(visitor, route) == (303 if route.startswith("GET") else 401)
    assert await dump() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", CLOSED)
async def test_a_role_passes_where_it_may_and_nowhere_else(app: Litestar, route: str, role: str) -> None:
    async with browser_of(app, await somebody(role)) as client:
        before = await dump()
        status = await answer_of(client, route)
        if role in CLOSED[route]:
            assert status in (200, 303, 404, 409, 422)
        else:
            assert status == 403
            assert await dump() == before


async def test_a_form_of_another_site_is_refused_beside_a_session(app: Litestar) -> None:
    async with browser_of(app, await somebody("admin")) as client:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {}):
            answer = await client.post("/office/sign-out", headers=headers)
            assert answer.status_code == 403
        assert (await client.get("/office")).status_code == 200


async def test_one_ends_ones_own_sessions_only(app: Litestar) -> None:
    ada, ben = await somebody("admin"), await somebody("organiser")
    async with browser_of(app, ada) as hers, browser_of(app, ben) as his:
        [session] = await sessions.of_person(ada.id)
        assert (await send(his, f"/office/sessions/{session.id}/end")).status_code == 404
        assert (await hers.get("/office")).status_code == 200
        assert (await send(hers, f"/office/sessions/{session.id}/end")).status_code == 303
        assert (await hers.get("/office")).status_code == 303
