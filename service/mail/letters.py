"""What a letter is: the modules that write them register how, the worker puts template and facts together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service import i18n, settings, templates
from service.mail import outbox
from service.mail.message import CalendarPart, Draft, assemble
from service.mail.outbox import Claimed

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """How one letter is made from the facts of its row.

    ``names`` gives what its templates need; ``calendar`` its calendar part, if any; a ``fleeting`` letter is
    forgotten as soon as it is settled (in the demonstration, it stands in the mailbox); a ``secret`` one always.
    """

    names: Callable[[Claimed], Facts]
    calendar: Callable[[Claimed], bytes] | None = None
    fleeting: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A letter as people read it."""

    reply_to: str
    subject: str
    text: str


def read(email: Claimed, letter: Letter) -> Read:
    """What people would read of it. Raises when a template or a fact is missing."""
    names = {**_house(), **letter.names(email)}
    subject, text = (_template(email, file, names) for file in ("subject.txt", "body.txt"))
    return Read(str(names["reply_to"]), subject.strip(), text)


def render(email: Claimed, letter: Letter) -> bytes:
    """The bytes of the message, the same at every call. Raises when a template or a fact is missing."""
    names = {**_house(), **letter.names(email)}
    calendar = letter.calendar(email) if letter.calendar and email.method else None
    root = outbox.root_message_id((email.subject_kind, email.subject_id))
    return assemble(
        Draft(
            sender_name=settings.current().campus_name,
            sender_address=settings.current().mail_from,
            reply_to=str(names["reply_to"]),
            recipient_name=str(names.get("recipient_name", "")),
            recipient_address=email.recipient,
            subject=_template(email, "subject.txt", names).strip(),
            text=_template(email, "body.txt", names),
            html=_template(email, "body.html", names),
            language=email.language,
            date=i18n.local(email.posted_at),
            message_id=email.message_id,
            references=(root,),
            calendar=CalendarPart(calendar, email.method) if calendar else None,
        )
    )


def _template(email: Claimed, file: str, names: Facts) -> str:
    return templates.render(f"mail/{email.letter}/{file}", email.language, names)


def _house() -> Facts:
    """What every letter names, unless it names it otherwise itself: the campus, and who answers for it."""
    chosen = settings.current()
    return {
        "campus_name": chosen.campus_name,
        "contact_email": chosen.contact_email,
        "reply_to": chosen.contact_email,
    }
