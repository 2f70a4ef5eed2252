"""For machines: whether the process is alive, and the service ready."""

import asyncio

from litestar import Response, get

from service import db
from service.operations import migrations

READY_SECONDS = 1.0


@get("/healthz", opt={"public": True})
async def alive() -> Response[str]:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


@get("/readyz", opt={"public": True})
async def ready() -> Response[str]:
    """The database answers within a second and has the schema of this code; 503 otherwise."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            lacking = await migrations.missing()
    except db.TROUBLE:
        return Response("database away\n", status_code=503, media_type="text/plain")
    if lacking:
        return Response("migrations missing\n", status_code=503, media_type="text/plain")
    return Response("ready\n", media_type="text/plain")


HANDLERS = [alive, ready]
