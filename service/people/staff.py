"""The staff of the campus: added, given another role, signed out, gone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from service import clock, db, text
from service.journal.notes import note
from service.mail import outbox
from service.people import emails, sessions, sign_in
from service.people.tables import ROLES, Person
from service.refusal import Refusal

BY_ADDRESS = "SELECT * FROM person WHERE email_key = $1"
ADMINS_LEFT = "SELECT count(*) AS admins FROM person WHERE role = 'admin' AND left_at IS NULL AND id <> $1"
EVERYBODY = "SELECT * FROM person WHERE left_at IS NULL ORDER BY name, id"
TIMES_ADDED = """
SELECT count(*)::int AS times FROM journal WHERE subject_kind = 'person' AND subject_id = $1 AND verb = 'add_staff'
"""
LISTED = """
SELECT person.id, person.name, person.email, person.role, person.added_at, seen.at AS seen_at, seen.browsers,
       address.undeliverable_since IS NOT NULL AS is_unreached
FROM person LEFT JOIN address ON address.email_key = person.email_key
CROSS JOIN LATERAL (
    SELECT max(seen_at) AS at,
           count(*) FILTER (WHERE ended_at IS NULL AND opened_at > $1 AND seen_at > $2)::int AS browsers
    FROM session WHERE session.person = person.id) seen
WHERE person.left_at IS NULL ORDER BY person.id
"""
RETURN = "UPDATE person SET left_at = NULL, role = $2, name = $3, language = $4 WHERE id = $1 RETURNING *"
SET_ROLE = "UPDATE person SET role = $2 WHERE id = $1 AND left_at IS NULL AND role <> $2 RETURNING id"
LEAVE = "UPDATE person SET left_at = $2 WHERE id = $1 AND left_at IS NULL RETURNING id"
# Who comes back, or has the role of the door again, is named for a slot anew.
CLOSE_DOORS = "DELETE FROM door_grant WHERE person = $1"
ALONE = 0x7374616666  # "staff": one change of who may do what at a time


class UnknownPerson(Refusal):
    """Nobody of the staff has this id."""


class LastAdmin(Refusal):
    """Nobody would be left who may change the staff."""


class AlreadyStaff(Refusal):
    """Somebody signs in with this address already."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the staff as the administrators see them; ``browsers`` are those signed in now.

    Sessions are kept for a day: who was ``seen_at`` no moment was not here in that time.
    """

    id: UUID
    name: str
    email: str
    role: str
    added_at: datetime
    seen_at: datetime | None
    browsers: int
    is_unreached: bool


async def add(name: str, email: str, role: str, *, by: str, language: str = "fr") -> Person:
    """Let somebody sign in with this address. Who had left comes back. Refuses: AlreadyStaff."""
    async with db.transaction():
        return await _add(name, email, role, by, language)


async def invite(name: str, email: str, role: str, *, by: str, language: str = "fr") -> Person:
    """The same, and write to them where and how they sign in. Refuses: AlreadyStaff."""
    async with db.transaction():
        person = await _add(name, email, role, by, language)
        await emails.send_welcome(person, (await db.fetch(TIMES_ADDED, person.id))[0]["times"])
    return person


async def set_role(person: UUID, role: str, *, by: str) -> None:
    """Give somebody another role; they sign in again. Refuses: UnknownPerson, LastAdmin."""
    assert_role(role)
    async with db.transaction():
        await _alone()
        await _check_known(person)
        if role != "admin":
            await _check_not_last_admin(person)
        if await db.fetch(SET_ROLE, person, role):
            await sessions.end_all(person)
            await db.fetch(CLOSE_DOORS, person)
            await note(by, "set_role", "person", person, role=role)


async def leave(person: UUID, *, by: str) -> None:
    """Let somebody sign in no more, from this moment. Done twice, it is done once. Refuses: LastAdmin."""
    async with db.transaction():
        await _alone()
        await _check_not_last_admin(person)
        if await db.fetch(LEAVE, person, clock.now()):
            await sessions.end_all(person)
            await db.fetch(CLOSE_DOORS, person)
            await note(by, "leave", "person", person)
            await outbox.withdraw_unsent(emails.subject_of(person))


async def sign_out(person: UUID, *, by: str) -> None:
    """End all sessions of somebody, and the ways in that wait in their mailbox. Refuses: UnknownPerson."""
    async with db.transaction():
        await _check_known(person)
        await sign_in.close_all(person)
        if await sessions.end_all(person):
            await note(by, "sign_out", "person", person)


async def everybody() -> list[Person]:
    """Who may sign in, by name."""
    return [Person(**dict(row), _exists_in_db=True) for row in await db.fetch(EVERYBODY)]


async def listed() -> list[Colleague]:
    """Who may sign in, by name as people look names up."""
    now = clock.now()
    rows = await db.fetch(LISTED, now - sessions.LONGEST, now - sessions.IDLE)
    return sorted((Colleague(**dict(row)) for row in rows), key=lambda one: text.key(one.name))


def assert_role(role: str) -> None:
    """A role that there is; anything else is a mistake of ours."""
    if role not in ROLES:
        raise ValueError(role)


async def _add(name: str, email: str, role: str, by: str, language: str) -> Person:
    assert_role(role)
    await _alone()
    known = await db.fetch(BY_ADDRESS, text.address_key(email))
    if known and known[0]["left_at"] is None:
        raise AlreadyStaff
    if known:
        rows = await db.fetch(RETURN, known[0]["id"], role, name, language)
        person = Person(**dict(rows[0]), _exists_in_db=True)
    else:
        person = Person(
            id=uuid4(), name=name, email=email, email_key=text.address_key(email), role=role, language=language,
            added_at=clock.now(),
        )  # fmt: skip
        await db.insert(person)
    await note(by, "add_staff", "person", person.id, role=role)
    return person


async def _alone() -> None:
    await db.fetch("SELECT pg_advisory_xact_lock($1)", ALONE)


async def _check_known(person: UUID) -> None:
    if not await db.fetch("SELECT 1 FROM person WHERE id = $1 AND left_at IS NULL", person):
        raise UnknownPerson


async def _check_not_last_admin(person: UUID) -> None:
    rows = await db.fetch("SELECT role, left_at FROM person WHERE id = $1", person)
    if not rows:
        raise UnknownPerson
    is_admin = rows[0]["role"] == "admin" and rows[0]["left_at"] is None
    if is_admin and not (await db.fetch(ADMINS_LEFT, person))[0]["admins"]:
        raise LastAdmin
