"""What we write to the staff: that they may sign in, and how."""

from typing import Any
from uuid import UUID

from service import settings, templates
from service.mail import outbox
from service.mail.letters import Letter
from service.mail.outbox import Claimed
from service.people import roles, ways
from service.people.tables import Person, SignIn

FIRST = 1  # before all other letters: somebody waits for it


async def send_way_in(way: SignIn, address: str, language: str) -> None:
    """Post the link and the code of a way in; its facts hold neither. Needs an open transaction."""
    subject = ("sign_in", way.id)
    await outbox.post("sign_in", address, language, {"way": str(way.id)}, subject, priority=FIRST, until=way.expires_at)


async def send_welcome(person: Person, times: int) -> None:
    """Post where and how the person signs in; ``times`` they were let in, so far. Needs an open transaction."""
    facts = {"name": person.name, "role": person.role}
    await outbox.post("welcome", person.email, person.language, facts, subject_of(person.id), revision=times)


def subject_of(person: UUID) -> tuple[str, UUID]:
    """What keeps the letters to one person in order."""
    return "person", person


def _way_in(email: Claimed) -> dict[str, Any]:
    way = UUID(email.facts["way"])
    link = settings.current().public_url + templates.path(email.language, f"/office/sign-in/{ways.link_token(way)}")
    return {"link": link, "code": ways.code_of(way), "recipient_name": ""}


def _welcome(email: Claimed) -> dict[str, Any]:
    role = email.facts["role"]
    return {
        "link": settings.current().public_url + templates.path(email.language, "/office/sign-in"),
        "address": email.recipient,
        "role": roles.called(role, email.language),
        "may": roles.may(role, email.language),
        "recipient_name": email.facts["name"],
    }


LETTERS = {"sign_in": Letter(_way_in, secret=True), "welcome": Letter(_welcome)}
