"""What the forms that ask for seats share: which slot, under which key, and how many at once."""

import asyncio
import hashlib
from collections.abc import Iterable
from uuid import UUID

from litestar import Response

from service import i18n
from service.bookings.tables import OUTINGS
from service.events import slots
from service.events.slots import BookableSlot, UnknownSlot
from service.limits.keys import Key
from service.web.events import QUEUE
from service.web.forms import Form
from service.web.pages import Visit, page

# A crowd waits here, in line and without a time limit, rather than for the pool's connections, which has one.
AT_ONCE = asyncio.Semaphore(16)
MOST_CHAPERONES = 99


async def asked_slot(form: Form, slug: str) -> BookableSlot | None:
    """The slot that the form names, of this event; a mistake of the form when it is none."""
    try:
        return await slots.load(UUID(form.raw("slot").removeprefix(QUEUE)), of=slug)
    except (ValueError, UnknownSlot):
        form.choice("slot", (), missing=form.words.gettext("Please choose a date."))
        return None


def key_of(request: Visit, form: Form, slug: str, fields: Iterable[str]) -> Key | None:
    """The key that came with the form, or in the header, hashed: whatever it holds, it fits its column."""
    sent = form.raw("key") or request.headers.get("idempotency-key", "")
    value = hashlib.sha256(sent.encode("utf-8", "surrogatepass")).hexdigest() if sent else ""
    return Key.of(value, {**form.body(*fields), "event": slug})


def check_mail(request: Visit) -> Response[str]:
    """The neutral page: the same for an address we know, one we do not, and a robot."""
    return page(request, "bookings/check_mail", here="/bookings/find")


def outings(spoken: str) -> list[tuple[str, str]]:
    """The kinds of outing with the words that pages say for them."""
    words = i18n.translations(spoken)
    labels = (words.gettext("Compulsory"), words.gettext("Optional"), words.gettext("Outside school time"))
    return list(zip(OUTINGS, labels, strict=True))
