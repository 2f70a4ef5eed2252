"""Who asks, and what they may: routes are closed unless they say otherwise."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from service import settings
from service.people import sessions
from service.people.sessions import Staff
from service.refusal import Refusal

Visit = Request[Any, Any, Any]
ADMINS = ("admin",)
EVERYBODY = ("admin", "organiser", "door", "reader")
DECIDERS = ("admin", "organiser")
LISTS = (*DECIDERS, "reader")  # who sees who comes


class NotSignedIn(Refusal):
    """This page is for the staff, and nobody is signed in here."""


class NotAllowed(Refusal):
    """This page is for other roles."""


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let pass what is public, and the staff whose role the route names (``opt={"roles": …}``; none named: nobody).

    Refuses: NotSignedIn, NotAllowed.
    """
    if handler.opt.get("public") or connection.scope.get("method") == "OPTIONS":  # which only says what is allowed
        return
    token = connection.cookies.get(session_cookie(), "")
    who = await sessions.of_token(token) if token else None
    if who is None:
        raise NotSignedIn
    connection.scope["user"] = who
    if who.role not in handler.opt.get("roles", ()):
        raise NotAllowed


def signed_in(request: Visit) -> Staff:
    """Who is signed in, on a route that the guard let them pass."""
    who: Staff = request.scope["user"]
    return who


def actor(request: Visit) -> str:
    """Who acts, for the journal."""
    return f"person:{signed_in(request).id}"


def session_cookie() -> str:
    """The name of the session's cookie: bound to this host where the site has HTTPS."""
    return "__Host-session" if settings.current().is_https else "session"


def pending_cookie() -> str:
    """The name of the cookie that binds a way in to the browser that asked for it."""
    return "__Host-pending" if settings.current().is_https else "pending"
