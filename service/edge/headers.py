"""Headers on every answer, and one log line for each request."""

import asyncio
import time
from contextlib import suppress
from typing import cast

import structlog
from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE
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
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

HEARD_OUT = 16 * 1024 * 1024
HEARD_OUT_SECONDS = 1.0  # from one piece to the next

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
            reading = cast("Receive", receive)
            await super().__call__(routed, reading, _completing(asked, routed, reading, cast("Send", send)))
        else:
            await super().__call__(scope, receive, send)


def _completing(asked: HTTPScope, routed: HTTPScope, receive: Receive, send: Send) -> Send:
    started = time.perf_counter()

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            for name, value in {**ALWAYS, **(HTTPS_ONLY if settings.current().is_https else {})}.items():
                headers.setdefault(name, value)
            _log(asked["method"], routed, message["status"], time.perf_counter() - started)
            if message["status"] == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
                await _hear_out(asked, receive)
        elif message["type"] == "http.response.body" and asked["method"] == "HEAD":
            message["body"] = b""
        await send(message)

    return send_on


async def _hear_out(asked: HTTPScope, receive: Receive) -> None:
    """Let a sender finish, within reason: a browser that is cut off while sending shows no page of ours."""
    if any(name == b"expect" for name, _ in asked["headers"]):
        return  # it waits for our answer before it sends
    heard = 0
    with suppress(TimeoutError):
        while heard < HEARD_OUT:
            message = await asyncio.wait_for(receive(), HEARD_OUT_SECONDS)
            if message["type"] != "http.request" or not message["more_body"]:
                return
            heard += len(message["body"])


def _log(method: str, routed: HTTPScope, status: int, seconds: float) -> None:
    route = routed.get("path_template") or "unknown"
    log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
