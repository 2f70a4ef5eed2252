"""A letter as it was sent, for organisers: without the links that would open it in the booker's place."""

from email.utils import parsedate_to_datetime
from uuid import UUID

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from service.bookings import record
from service.edge.loading import DECIDERS, signed_in
from service.mail import reading
from service.mail.reading import SANDBOX, Read
from service.web.office.paths import path_of_booking
from service.web.pages import Visit, page

OPEN = {"roles": DECIDERS}
LARGEST = 2**62


@get("/office/bookings/{booking:uuid}/letters/{number:int}", opt=OPEN)
async def show(request: Visit, booking: FromPath[UUID], number: FromPath[int]) -> Response[str]:
    """One letter about this booking."""
    letter = await _letter(booking, number)
    return page(
        request,
        "office/letter",
        here=f"{path_of_booking(booking)}/letters/{number}",
        me=signed_in(request),
        booking=booking,
        here_path=f"{path_of_booking(booking)}/letters/{number}/html",
        letter=letter,
        envelope=(envelope := dict(letter.headers)),
        sent_at=parsedate_to_datetime(envelope["Date"]) if "Date" in envelope else None,
    )


@get("/office/bookings/{booking:uuid}/letters/{number:int}/html", opt=OPEN)
async def show_html(booking: FromPath[UUID], number: FromPath[int]) -> Response[str]:
    """Its HTML, for a sandboxed frame: its own policy, nothing loads, nothing runs."""
    headers = {"Content-Security-Policy": SANDBOX}
    return Response((await _letter(booking, number)).html, media_type=MediaType.HTML, headers=headers)


HANDLERS = [show, show_html]


async def _letter(booking: UUID, number: int) -> Read:
    content = await record.letter_of(booking, number) if 0 < number < LARGEST else None
    if content is None:
        raise NotFoundException
    return reading.masked(reading.read(content))
