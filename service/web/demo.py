"""The demonstration's mailbox: what was written, as a mail program, a text reader and a calendar see it."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from service import i18n
from service.mail.tables import Email
from service.web.pages import Visit, page

NEWEST = 100
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
PUBLIC = {"public": True}


@dataclass(frozen=True, slots=True)
class Shown:
    """One letter as it was sent."""

    id: int
    recipient: str
    subject: str
    sent_at: datetime | None
    state: str
    text: str
    html: str
    calendar: str

    @property
    def html_path(self) -> str:
        """Where the frame finds its HTML."""
        return f"/demo/mailbox/{self.id}/html"


@get("/demo/mailbox", opt=PUBLIC)
async def mailbox(request: Visit) -> Response[str]:
    """Every letter written, the newest first."""
    rendered = Email.objects().where(Email.content.is_not_null())
    rows = await rendered.order_by(Email.id, ascending=False).limit(NEWEST)
    return page(request, "demo/mailbox", letters=[_shown(row) for row in rows])


@get("/demo/mailbox/{number:int}", opt=PUBLIC)
async def letter(request: Visit, number: FromPath[int]) -> Response[str]:
    """One letter."""
    return page(request, "demo/letter", letter=await _letter(number))


@get("/demo/mailbox/{number:int}/html", opt=PUBLIC)
async def letter_html(number: FromPath[int]) -> Response[str]:
    """The HTML of one letter, for a sandboxed frame: its own policy, nothing loads, nothing runs."""
    headers = {"Content-Security-Policy": SANDBOX}
    return Response((await _letter(number)).html, media_type=MediaType.HTML, headers=headers)


HANDLERS = [mailbox, letter, letter_html]


async def _letter(number: int) -> Shown:
    known = 0 < number < 2**62
    row = await Email.objects().get(Email.id == number) if known else None
    if row is None or row.content is None:
        raise NotFoundException
    return _shown(row)


def _shown(row: Email) -> Shown:
    message = message_from_bytes(row.content or b"", policy=policy.default)
    parts = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    return Shown(
        id=row.id,
        recipient=row.recipient,
        subject=str(message["Subject"]),
        sent_at=row.settled_at and i18n.local(row.settled_at),
        state=row.state,
        text=_words(parts.get("text/plain")),
        html=_words(parts.get("text/html")),
        calendar=_words(parts.get("text/calendar")),
    )


def _words(part: Message | None) -> str:
    content = part.get_payload(decode=True) if part else b""
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
