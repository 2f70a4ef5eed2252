"""Sessions of the staff: 30 minutes idle, 12 hours at most; listed, and ended one by one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from service import clock, db, tokens
from service.journal.notes import note
from service.people.tables import Session
from service.refusal import Refusal

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)

ALIVE = "session.ended_at IS NULL AND session.opened_at > $2 AND session.seen_at > $3 AND person.left_at IS NULL"
BY_TOKEN = f"""
SELECT session.id AS session, session.seen_at, person.id, person.name, person.email, person.role, person.language
FROM session JOIN person ON person.id = session.person WHERE session.token_hash = $1 AND {ALIVE}
"""  # noqa: S608 - fragments of ours
SEE = "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2"
OF_PERSON = f"""
SELECT session.id, session.browser, session.opened_at, session.seen_at
FROM session JOIN person ON person.id = session.person WHERE person.id = $1 AND {ALIVE} ORDER BY session.seen_at DESC
"""  # noqa: S608
END = "UPDATE session SET ended_at = $3 WHERE id = $1 AND person = $2 AND ended_at IS NULL RETURNING id"
END_ALL = """
UPDATE session SET ended_at = $2 WHERE person = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3 RETURNING id
"""
END_EVERYBODYS = "UPDATE session SET ended_at = $1 WHERE ended_at IS NULL RETURNING id"
FORGET = "DELETE FROM session WHERE opened_at < $1"


class UnknownSession(Refusal):
    """This session is not one's own, or has ended."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is signed in, in which session."""

    id: UUID
    session: UUID
    name: str
    email: str
    role: str
    language: str


@dataclass(frozen=True, slots=True)
class Opened:
    """One of one's own sessions."""

    id: UUID
    browser: str
    opened_at: datetime
    seen_at: datetime


async def open_session(person: UUID, browser: str = "") -> str:
    """A new session of the person; returns its token, which is kept nowhere. Needs an open transaction."""
    db.inside_transaction()
    token, now = secrets.token_urlsafe(32), clock.now()
    session = Session(
        id=uuid4(),
        token_hash=tokens.fingerprint(token),
        person=person,
        browser=browser[:80],
        opened_at=now,
        seen_at=now,
    )
    await db.insert(session)
    await note(f"person:{person}", "sign_in", "session", session.id)
    return token


async def of_token(token: str) -> Staff | None:
    """Who is signed in with this token; None when nobody is, or no longer."""
    now = clock.now()
    rows = await db.fetch(BY_TOKEN, tokens.fingerprint(token), now - LONGEST, now - IDLE)
    if not rows:
        return None
    if rows[0]["seen_at"] < now - SEEN_EVERY:
        await db.fetch(SEE, rows[0]["session"], now)
    return Staff(**{name: rows[0][name] for name in Staff.__slots__})


async def of_person(person: UUID) -> list[Opened]:
    """The sessions of a person that are alive, the latest seen first."""
    now = clock.now()
    rows = await db.fetch(OF_PERSON, person, now - LONGEST, now - IDLE)
    return [Opened(**dict(row)) for row in rows]


async def end(who: Staff, session: UUID) -> None:
    """End one of one's own sessions. Refuses: UnknownSession."""
    async with db.transaction():
        if not await db.fetch(END, session, who.id, clock.now()):
            raise UnknownSession
        await note(f"person:{who.id}", "sign_out", "session", session)


async def end_all(person: UUID, *, but: UUID | None = None) -> int:
    """End the sessions of a person, ``but`` perhaps one; returns how many. Needs an open transaction."""
    db.inside_transaction()
    return len(await db.fetch(END_ALL, person, clock.now(), but))


async def end_everybodys() -> int:
    """End every session that there is; returns how many. Needs an open transaction."""
    db.inside_transaction()
    return len(await db.fetch(END_EVERYBODYS, clock.now()))


async def forget_old() -> None:
    """Drop the sessions that nobody can use any more."""
    await db.fetch(FORGET, clock.now() - LONGEST - timedelta(days=1))
