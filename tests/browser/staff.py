"""Somebody of the staff at the browser: one person a role, signed in."""

from typing import Any

from service import db
from service.people import sessions
from service.people.tables import Person


async def cookie(role: str, site: str) -> Any:
    """The cookie of a new session of whoever has the role."""
    person = await Person.objects().get((Person.role == role) & Person.left_at.is_null())
    assert person is not None, role
    async with db.transaction():
        return {"name": "session", "value": await sessions.open_session(person.id), "url": site}
