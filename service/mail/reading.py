"""A letter as it was sent, taken apart for people to read; without the links that open what it tells of."""

import re
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import Message

from service import tokens

# Every link that opens something carries a token of this shape, and so does a calendar entry's UID, a little shorter.
TOKEN = re.compile(rf"(?<![a-z0-9])[a-z2-7]{{{tokens.TOKEN_LENGTH}}}(?![a-z0-9])", re.IGNORECASE)
UID = re.compile(r"(?m)^(UID:)[^@\r\n]+")
FOLD = re.compile(r"\r?\n[ \t]")
HEADERS = ("From", "To", "Reply-To", "Subject", "Date")
MASK = "…"
# For a frame of its own: nothing loads, nothing runs.
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True, slots=True)
class Read:
    """What a letter says: to people, to mail programs, to calendars."""

    subject: str
    headers: list[tuple[str, str]]
    text: str
    html: str
    calendar: str


def read(content: bytes) -> Read:
    """Take the bytes of a message apart; whatever they are, it raises nothing."""
    message = message_from_bytes(content, policy=policy.default)
    parts = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    return Read(
        subject=str(message["Subject"] or ""),
        headers=[(name, str(message[name])) for name in HEADERS if message[name]],
        text=_words(parts.get("text/plain")),
        html=_words(parts.get("text/html")),
        calendar=_words(parts.get("text/calendar")),
    )


def masked(letter: Read) -> Read:
    """The same without any token: who reads it can open nothing in the booker's place."""
    return replace(
        letter,
        subject=_mask(letter.subject),
        headers=[(name, _mask(value)) for name, value in letter.headers],
        text=_mask(letter.text),
        html=_mask(letter.html),
        calendar=UID.sub(rf"\g<1>{MASK}", _mask(FOLD.sub("", letter.calendar))),
    )


def _mask(words: str) -> str:
    return TOKEN.sub(MASK, words)


def _words(part: Message | None) -> str:
    content = part.get_payload(decode=True) if part else b""
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
