"""What the tests of the office share: somebody of each role, signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from litestar import Litestar

from service import db, settings
from service.people import sessions, staff
from service.people.tables import Person

ROLES = ("admin", "organiser", "door", "reader")


async def somebody(role: str) -> Person:
    """A person of the staff with this role."""
    return await staff.add(f"Ada {role}", f"{role}@campus.test", role, by="test")


@asynccontextmanager
async def browser_of(app: Litestar, person: Person) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the person is signed in."""
    async with db.transaction():
        token = await sessions.open_session(person.id)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.current().public_url) as client:
        client.cookies.set("__Host-session", token, domain="agenda.campus.test", path="/")
        yield client
