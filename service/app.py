"""The whole service, put together."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import structlog
from litestar import Litestar
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from service import db, settings, templates, worker
from service.calendars import zones
from service.campus import preferences
from service.edge import errors, headers, loading, requests
from service.mail import smtp
from service.settings import BadSetting, Settings
from service.web import (
    agenda,
    authorisations,
    bookings,
    certificates,
    class_page,
    classes,
    demo,
    door,
    events,
    health,
    host_list,
    hosting,
    house,
    names,
    proposals,
    propose,
    robots,
)
from service.web import errors as pages_errors
from service.web.office import rooms

LARGEST_BODY = 64 * 1024
POOL = 8


def create_app(chosen: Settings) -> Litestar:
    """The application with these settings. Opens its database when it starts; in the demo it also works the mail."""
    settings.use(chosen)
    check(chosen)
    mailbox = demo.HANDLERS if chosen.demo else []
    return headers.Guarded(
        route_handlers=[
            *agenda.HANDLERS,
            *events.HANDLERS,
            *bookings.HANDLERS,
            *class_page.HANDLERS,
            *classes.HANDLERS,
            *names.HANDLERS,
            *authorisations.HANDLERS,
            *propose.HANDLERS,
            *proposals.HANDLERS,
            *rooms.HANDLERS,
            *door.HANDLERS,
            *certificates.HANDLERS,
            *hosting.HANDLERS,
            *host_list.HANDLERS,
            *house.HANDLERS,
            *health.HANDLERS,
            *robots.HANDLERS,
            *mailbox,
            _static(),
        ],
        lifespan=[_running],
        guards=[loading.guard],
        before_request=requests.admit,
        exception_handlers={Exception: errors.handler(pages_errors.tell)},
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )


def from_environment() -> Litestar:
    """What each process of the server makes."""
    return _logged(Settings.from_environment())


def demonstration() -> Litestar:
    """The same as a demonstration: with its mailbox, and with the worker inside."""
    return _logged(replace(Settings.from_environment(), demo=True))


def check(chosen: Settings) -> None:
    """Refuse what only the floors above the settings can judge: BadSetting."""
    mistakes = []
    if not zones.is_known(chosen.time_zone):
        mistakes.append(f"TIME_ZONE: no checked calendar definition for {chosen.time_zone!r}; see the README")
    try:
        if chosen.smtp_url:
            smtp.parse(chosen.smtp_url)
    except ValueError as wrong:
        mistakes.append(f"SMTP_URL: {wrong}")
    if mistakes:
        raise BadSetting(*mistakes)


def configure_logging(level: str) -> None:
    """JSON lines on standard error: what happened, by route and id; never an address, a token or a body."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _logged(chosen: Settings) -> Litestar:
    configure_logging("WARNING" if chosen.demo else chosen.log_level)
    return create_app(chosen)


@asynccontextmanager
async def _running(_: Litestar) -> AsyncIterator[None]:
    """Open the database (a server that is away is no reason not to start) and follow the office's settings.

    In the demo, also work the mail.
    """
    chosen = settings.current()
    await db.engine.open(chosen.database_url or "", size=POOL)
    stop = asyncio.Event()
    mail = asyncio.create_task(worker.run(stop)) if chosen.demo else None
    try:
        async with preferences.followed():
            yield
    finally:
        stop.set()
        if mail:
            await mail
        await db.engine.close()


def _static() -> Any:
    """Style, script and icon: their addresses change with their content, so they are kept for a year."""
    return create_static_files_router(
        path="/static",
        directories=[templates.STATIC],
        cache_control=CacheControlHeader(public=True, max_age=31536000, immutable=True),
        opt={"public": True},
    )
