"""One letter as the octets that go out: headers, texts, and the invitation where clients look for it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from service.text import ascii_domain

OCTETS: Final = SMTP.clone(max_line_length=76)  # the limit of quoted-printable; 78 is the default
METHODS: Final = ("REQUEST", "CANCEL")
SUPPRESS: Final = "DR, RN, NRN, OOF"  # not "All": answers to invitations must come back
ON_ONE_LINE: Final = 60
NOT_IN_HEADERS: Final = re.compile(
    r"[\x00-\x20\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+"
)
ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$&'*+/=^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*")
MESSAGE_ID: Final = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class CalendarPart:
    """An iCalendar file and the METHOD that it holds. Refuses one that says another: ValueError."""

    content: bytes
    method: str

    def __post_init__(self) -> None:
        if self.method not in METHODS or f"\r\nMETHOD:{self.method}\r\n".encode() not in self.content:
            raise ValueError(f"the calendar file is no {self.method!r}")


@dataclass(frozen=True)
class Draft:
    """One letter to one recipient, all of it known. ``references`` are its thread, oldest first."""

    sender_name: str
    sender_address: str
    reply_to: str | None
    recipient_name: str
    recipient_address: str
    subject: str
    text: str
    html: str
    language: str
    date: datetime
    message_id: str
    references: tuple[str, ...] = ()
    calendar: CalendarPart | None = None


def assemble(draft: Draft) -> bytes:
    """The whole message, CRLF throughout; the same draft gives the same octets. Refuses: ValueError."""
    body = _body(draft)
    body["Content-Language"] = _fit(LANGUAGE, draft.language)
    # Our own header lines go first: in a name like "=?utf-8?q?a=0D=0ABcc:…?=" email.policy reads the line
    # break that hides there and writes it (seen with Python 3.11.7), and long names lose blanks and quotes.
    lines = "".join(f"{name}: {value}\r\n" for name, value in _headers(draft))
    return lines.encode("ascii") + bytes(body)


def _headers(draft: Draft) -> list[tuple[str, str]]:
    if draft.date.utcoffset() is None:
        raise ValueError("the date needs a time zone")
    ids = [_fit(MESSAGE_ID, x) for x in (draft.message_id, *draft.references)]
    reply_to = [("Reply-To", _address(draft.reply_to))] if draft.reply_to is not None else []
    thread = [("In-Reply-To", ids[-1]), ("References", "\r\n ".join(ids[1:]))] if ids[1:] else []
    return [
        ("From", _mailbox("From", draft.sender_name, draft.sender_address)),
        ("To", _mailbox("To", draft.recipient_name, draft.recipient_address)),
        *reply_to,
        ("Subject", _words("Subject", draft.subject)),
        ("Date", format_datetime(draft.date)),
        ("Message-ID", ids[0]),
        *thread,
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", SUPPRESS),
    ]


def _mailbox(header: str, name: str, address: str) -> str:
    words = _one_line(name)
    if not words:
        return _address(address)
    if _is_plain(words):
        escaped = words.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}" <{_address(address)}>'
    return f"{_words(header, words)}\r\n <{_address(address)}>"


def _words(header: str, text: str) -> str:
    """The text as it is, or as encoded words in lines of at most 76 octets."""
    words = _one_line(text)
    if _is_plain(words):
        return words
    return Header(words, "utf-8", maxlinelen=76, header_name=header).encode(linesep="\r\n")


def _is_plain(words: str) -> bool:
    """Whether it can stand as it is; what looks like an encoded word cannot, or it would be decoded."""
    return words.isascii() and len(words) <= ON_ONE_LINE and "=?" not in words


def _one_line(text: str) -> str:
    """No line break, no control: what comes from people cannot begin a header of its own."""
    return unicodedata.normalize("NFC", NOT_IN_HEADERS.sub(" ", text).strip())


def _address(typed: str) -> str:
    """The address in ASCII, its domain in lower case and punycode."""
    local, _, domain = typed.strip().rpartition("@")
    return _fit(ADDRESS, f"{local}@{ascii_domain(domain)}")


def _fit(form: re.Pattern[str], value: str) -> str:
    if not form.fullmatch(value):
        # The value stays out of the message, which ends up in a log.
        raise ValueError(f"a header value has not the form {form.pattern}")
    return value


def _body(draft: Draft) -> EmailMessage:
    """Text, then HTML, then the invitation; and once more as a file, for those who open attachments."""
    message = EmailMessage(policy=OCTETS)
    message.set_content(draft.text, cte="quoted-printable")
    message.add_alternative(draft.html, subtype="html", cte="quoted-printable")
    if draft.calendar:
        _add_invitation(message, draft.calendar)
    for number, part in enumerate(message.walk()):
        if number:
            del part["MIME-Version"]  # the library gives one to every part
        if part.is_multipart():
            # Fixed, so that a retry is the same message. "=_" never occurs in quoted-printable or base64.
            part.set_boundary(f"=_{sha256(draft.message_id.encode()).hexdigest()[:32]}_{number}")
    return message


def _add_invitation(message: EmailMessage, calendar: CalendarPart) -> None:
    # As bytes: given as text, its line ends would be rewritten. No name and no disposition, or Thunderbird
    # shows no invitation; no method on the attachment, or Nextcloud processes it twice.
    params = {"charset": "UTF-8", "method": calendar.method}
    message.add_alternative(calendar.content, maintype="text", subtype="calendar", cte="base64", params=params)
    message.add_attachment(calendar.content, maintype="application", subtype="ics", filename="invitation.ics")
