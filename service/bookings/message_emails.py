"""The letter that an organiser wrote: their words in our frame, with what the booker needs to find their booking."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, i18n
from service.bookings import dossiers, emails
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.mail import letters, outbox
from service.mail.letters import Letter
from service.mail.outbox import Claimed

BULK = 7  # after everything that somebody waits for
PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
# What stands in braces, in either language, and the value that takes its place.
PLACEHOLDERS = {
    "first_name": "first_name", "last_name": "last_name", "event": "event", "date": "date", "time": "time",
    "place": "place", "code": "code",
    "prénom": "first_name", "prenom": "first_name", "nom": "last_name", "événement": "event", "evenement": "event",
    "heure": "time", "lieu": "place",
}  # fmt: skip
OFFERED = {
    "fr": ("prénom", "nom", "événement", "date", "heure", "lieu", "code"),
    "en": ("first_name", "last_name", "event", "date", "time", "place", "code"),
}
MASK = "…"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, with its placeholders."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as its recipient would read it, without the link that only they may have."""

    recipient: str
    reply_to: str
    subject: str
    text: str


def unknown_placeholders(typed: str) -> list[str]:
    """What stands in braces and has no value, as it was typed."""
    return [name for name in PLACEHOLDER.findall(typed) if _key(name) not in PLACEHOLDERS]


async def write(dossier: Dossier, held: Sequence[BookableSlot], typed: Typed, message_id: UUID, revision: int) -> None:
    """Post the letter, on its own thread: nothing that happens to a booking takes it back. Needs an open transaction.

    It is worth trying after the event too.
    """
    await outbox.post(
        "message",
        dossier.email,
        dossier.language,
        {**_facts(dossier, held, typed), "message": str(message_id)},
        ("message", dossier.id),
        revision=revision,
        priority=BULK,
    )


def preview(dossier: Dossier, held: Sequence[BookableSlot], typed: Typed) -> Preview:
    """What ``write`` would post, read before it is."""
    now = clock.now()
    draft = Claimed(
        id=0, letter="message", recipient=dossier.email, language=dossier.language, facts=_facts(dossier, held, typed),
        subject_kind="message", subject_id=dossier.id, revision=0, invitation_uid="", method="", message_id="",
        posted_at=now, attempts=0, failures=0, give_up_at=now, content=None, is_overtaken=False,
    )  # fmt: skip
    read = letters.read(draft, LETTERS["message"])
    token = dossiers.token_of(dossier.id, dossier.generation)
    return Preview(dossier.email, read.reply_to, read.subject, read.text.replace(token, MASK))


def filled(typed: str, values: dict[str, str]) -> str:
    """The text with its values, looked up one by one: what a value holds is never looked at again."""
    return PLACEHOLDER.sub(lambda found: values.get(PLACEHOLDERS.get(_key(found[1]), ""), found[0]), typed)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _facts(dossier: Dossier, held: Sequence[BookableSlot], typed: Typed) -> dict[str, Any]:
    return {
        **emails.facts_of(dossier, held[0], None),
        "subject": typed.title,
        "text": typed.body,
        "slots": [{"starts_at": slot.starts_at.isoformat(), "ends_at": slot.ends_at.isoformat()} for slot in held],
    }


def _names(email: Claimed) -> dict[str, Any]:
    names, facts = emails.names_of(email), email.facts
    times = [{name: _moment(slot[name]) for name in ("starts_at", "ends_at")} for slot in facts["slots"]]
    values = _values(email, times)
    return {
        **names,
        "reply_to": names["contact_email"],
        "subject": filled(facts["subject"], values),
        "paragraphs": [block.split("\n") for block in re.split(r"\n\s*\n", filled(facts["text"], values).strip())],
        "slots": times,
    }


def _values(email: Claimed, times: list[dict[str, datetime]]) -> dict[str, str]:
    """What stands for each placeholder. Who comes to several slots reads all of their days."""
    facts, spoken = email.facts, email.language
    days = dict.fromkeys(i18n.short_date(slot["starts_at"].date(), spoken) for slot in times)
    hours = dict.fromkeys(i18n.time_range(slot["starts_at"], slot["ends_at"], spoken) for slot in times)
    return {
        "first_name": facts["first_name"],
        "last_name": facts["last_name"],
        "event": facts["title"],
        "date": ", ".join(days),
        "time": ", ".join(hours),
        "place": facts["place"],
        "code": facts["code"],
    }


def _moment(stored: str) -> datetime:
    return i18n.local(datetime.fromisoformat(stored))


LETTERS = {"message": Letter(_names)}
