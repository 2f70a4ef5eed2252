"""What we write to the staff: how to sign in."""

from typing import Any
from uuid import UUID

from service import settings, templates
from service.mail import outbox
from service.mail.letters import Letter
from service.mail.outbox import Claimed
from service.people import ways
from service.people.tables import SignIn

FIRST = 1  # before all other letters: somebody waits for it


async def send_way_in(way: SignIn, address: str, language: str) -> None:
    """Post the link and the code of a way in; its facts hold neither. Needs an open transaction."""
    subject = ("sign_in", way.id)
    await outbox.post("sign_in", address, language, {"way": str(way.id)}, subject, priority=FIRST, until=way.expires_at)


def _names(email: Claimed) -> dict[str, Any]:
    way = UUID(email.facts["way"])
    link = settings.current().public_url + templates.path(email.language, f"/office/sign-in/{ways.link_token(way)}")
    return {"link": link, "code": ways.code_of(way), "recipient_name": ""}


LETTERS = {"sign_in": Letter(_names, secret=True)}
