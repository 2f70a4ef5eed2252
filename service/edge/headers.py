"""Headers on every answer, and one log line for each request."""

import time
from typing import cast

import structlog
from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import (
    HTTPScope,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Message,
    Receive,
    Scope,
    Send,
)

from service import settings

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

log = structlog.get_logger()


class Guarded(Litestar):
    """The application as the world meets it. Around its router: Litestar's middleware sees no 404 and no 405.

    Adds what an answer does not say itself, answers HEAD like GET without its body, and logs each request by
    its route: no query, no token, no address.
    """

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        """Pass the request on; complete and log its answer."""
        if scope["type"] == ScopeType.HTTP:
            asked = cast("HTTPScope", scope)
            routed = cast("HTTPScope", {**asked, "method": "GET"}) if asked["method"] == "HEAD" else asked
            await super().__call__(routed, receive, _completing(asked, routed, cast("Send", send)))
        else:
            await super().__call__(scope, receive, send)


def _completing(asked: HTTPScope, routed: HTTPScope, send: Send) -> Send:
    started = time.perf_counter()

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            for name, value in {**ALWAYS, **(HTTPS_ONLY if settings.current().is_https else {})}.items():
                headers.setdefault(name, value)
            _log(asked["method"], routed, message["status"], time.perf_counter() - started)
        elif message["type"] == "http.response.body" and asked["method"] == "HEAD":
            message["body"] = b""
        await send(message)

    return send_on


def _log(method: str, routed: HTTPScope, status: int, seconds: float) -> None:
    route = routed.get("path_template") or "unknown"
    log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
