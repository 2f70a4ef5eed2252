"""What the house says of itself: who publishes it, what it keeps, how accessible it is, how it is used."""

from datetime import date, timedelta
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from service import settings
from service.bookings import seats
from service.bookings.held import UNDO
from service.limits import keys
from service.mail import outbox
from service.web.pages import Visit, page

GUIDES = ("student", "teacher", "company", "organiser", "member")
PAGES = ("/legal", "/privacy", "/accessibility", "/help", *(f"/help/{who}" for who in GUIDES))
DECLARED_ON = date(2026, 11, 22)  # when the words of the accessibility statement were last gone over
HOUR = timedelta(hours=1)
PUBLIC = {"public": True}


@get("/legal", opt=PUBLIC)
async def show_legal(request: Visit) -> Response[str]:
    """The legal notice: publisher, host, contact, software."""
    chosen = settings.current()
    fields = {
        "publisher": chosen.publisher,
        "publisher_address": chosen.publisher_address,
        "publisher_id": chosen.publisher_id,
        "publication_director": chosen.publication_director,
        "hosting": chosen.hosting,
    }
    is_complete = all(fields.values()) and bool(chosen.contact_phone)
    return _lasting(request, "legal", **fields, is_complete=is_complete)


@get("/privacy", opt=PUBLIC)
async def show_privacy(request: Visit) -> Response[str]:
    """What is kept of people, why, for how long, and how they erase it."""
    chosen = settings.current()
    longest = max(rate.seconds for rate in chosen.rate_limits.values())
    return _lasting(
        request,
        "privacy",
        controller=chosen.publisher or chosen.campus_name,
        privacy_email=chosen.privacy_email,
        hosting=chosen.hosting,
        key_hours=keys.KEPT // HOUR,
        clock_hours=-(-timedelta(seconds=longest) // HOUR),
        mail_hours=outbox.KEEP_TRYING // HOUR,
    )


@get("/accessibility", opt=PUBLIC)
async def show_accessibility(request: Visit) -> Response[str]:
    """The accessibility statement, in the form that the RGAA asks for."""
    chosen = settings.current()
    return _lasting(
        request,
        "accessibility",
        publisher=chosen.publisher or chosen.campus_name,
        publisher_address=chosen.publisher_address,
        public_url=chosen.public_url,
        audit=chosen.accessibility_audit,
        declared_on=DECLARED_ON,
    )


@get("/help", opt=PUBLIC)
async def show_help(request: Visit) -> Response[str]:
    """The way to each guide."""
    return _lasting(request, "help", guides=GUIDES)


@get("/help/{who:str}", opt=PUBLIC)
async def show_guide(request: Visit, who: FromPath[str]) -> Response[str]:
    """Questions and answers for one kind of user."""
    if who not in GUIDES:
        raise NotFoundException
    return _lasting(
        request,
        f"guides/{who}",
        who=who,
        guides=GUIDES,
        siblings=seats.SIBLINGS,
        undo_minutes=UNDO // timedelta(minutes=1),
    )


HANDLERS = [show_legal, show_privacy, show_accessibility, show_help, show_guide]


def _lasting(request: Visit, template: str, **names: Any) -> Response[str]:
    """A page that changes with the settings only; a browser may keep it, and asks before it shows it again."""
    answer = page(request, f"house/{template}", **names)
    answer.headers["Cache-Control"] = "no-cache"
    return answer
