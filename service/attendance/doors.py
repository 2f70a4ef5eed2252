"""Who may stand at the door of a slot: its organisers, the helpers named for it, and who holds its link that day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db, i18n, tokens
from service.attendance import days
from service.bookings import seats
from service.events import slots
from service.events.slots import BookableSlot, CalledOff, UnknownSlot
from service.journal.notes import note
from service.people.sessions import Staff
from service.people.staff import UnknownPerson
from service.refusal import Refusal

KIND = "door"
EVERY_DOOR = ("admin", "organiser")
AHEAD = timedelta(days=366)

GRANTED = "SELECT 1 FROM door_grant WHERE person = $1 AND slot = $2"
GRANT = """
INSERT INTO door_grant (id, person, slot, granted_at)
SELECT gen_random_uuid(), person.id, $2, $3 FROM person WHERE id = $1 AND role = 'door' AND left_at IS NULL
ON CONFLICT (person, slot) DO NOTHING RETURNING 1
"""
IS_HELPER = "SELECT 1 FROM person WHERE id = $1 AND role = 'door' AND left_at IS NULL"
REVOKE = "DELETE FROM door_grant WHERE person = $1 AND slot = $2 RETURNING 1"
HELPERS = """
SELECT person.id, person.name, door_grant.id IS NOT NULL AS is_named
FROM person LEFT JOIN door_grant ON door_grant.person = person.id AND door_grant.slot = $1
WHERE person.role = 'door' AND person.left_at IS NULL ORDER BY person.name, person.id
"""
NAMED_FOR = """
SELECT slot.id, event.title, event.kind, event.place, slot.starts_at, slot.ends_at,
       slot.state = 'called_off' OR event.state = 'called_off' AS is_off
FROM door_grant JOIN slot ON slot.id = door_grant.slot JOIN event ON event.id = slot.event
WHERE door_grant.person = $1 AND event.state <> 'draft' AND slot.ends_at > $2 AND slot.starts_at < $3
ORDER BY slot.starts_at, slot.id LIMIT 50
"""
LINK = "SELECT door_generation AS generation, door_hash AS hash FROM slot WHERE id = $1"
# Whatever link there was leads nowhere from now on.
TURN_OVER = """
UPDATE slot SET door_generation = door_generation + 1, door_hash = '' WHERE id = $1 RETURNING door_generation
"""
SET = "UPDATE slot SET door_hash = $2 WHERE id = $1"
BY_HASH = "SELECT id FROM slot WHERE door_hash = $1"


class UnknownDoor(Refusal):
    """No door opens with this link: it was withdrawn or renewed, or has a slip in it."""


class DoorLinkNotYet(Refusal):
    """The link opens its door on the day itself."""

    def __init__(self, opens_at: datetime) -> None:
        self.opens_at = opens_at


class DoorLinkOver(Refusal):
    """The day of the link is over."""

    def __init__(self, since: datetime) -> None:
        self.since = since


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody with the role of the door, and whether they are named for the slot."""

    id: UUID
    name: str
    is_named: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A slot that somebody is named for."""

    id: UUID
    title: str
    kind: str
    place: str
    starts_at: datetime
    ends_at: datetime
    is_off: bool


async def may_check_in(who: Staff, slot_id: UUID) -> bool:
    """Whether this person may check people in there: an organiser anywhere, a helper where they are named."""
    if who.role in EVERY_DOOR:
        return True
    return who.role == "door" and bool(await db.fetch(GRANTED, who.id, slot_id))


async def check_may(who: Staff, slot_id: UUID) -> None:
    """Return when this person may check people in there. Refuses: UnknownSlot, as if there were none."""
    if not await may_check_in(who, slot_id):
        raise UnknownSlot


async def grant(slot_id: UUID, person: UUID, by: str) -> None:
    """Let a helper check people in at this slot. Done twice, it is done once. Refuses: UnknownSlot, UnknownPerson."""
    async with db.transaction():
        await _hold(slot_id)
        if await db.fetch(GRANT, person, slot_id, clock.now()):
            await note(by, "grant_door", "slot", slot_id, person=str(person))
        elif not await db.fetch(IS_HELPER, person):
            raise UnknownPerson


async def revoke(slot_id: UUID, person: UUID, by: str) -> None:
    """Let somebody check people in there no more. Done twice, it is done once."""
    async with db.transaction():
        if await db.fetch(REVOKE, person, slot_id):
            await note(by, "revoke_door", "slot", slot_id, person=str(person))


async def helpers(slot_id: UUID) -> list[Helper]:
    """Everybody who could be named, by name."""
    return [Helper(**dict(row)) for row in await db.fetch(HELPERS, slot_id)]


async def granted_slots(person: UUID) -> list[Named]:
    """The slots of today, and those to come, that a helper is named for."""
    today = i18n.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    return [Named(**dict(row)) for row in await db.fetch(NAMED_FOR, person, today, today + AHEAD)]


async def open_link(slot_id: UUID, by: str) -> str:
    """Make the link that opens the door without an account, on the day only; one made before leads nowhere any more.

    Returns its token. Refuses: UnknownSlot, CalledOff, DoorLinkOver.
    """
    async with db.transaction():
        slot = await _hold(slot_id)
        if slot.is_called_off:
            raise CalledOff(slot.reason)
        _check_not_over(slot)
        token = tokens.derive(KIND, slot_id, await _turn_over(slot_id))
        await db.fetch(SET, slot_id, tokens.fingerprint(token))
        await note(by, "open_door_link", "slot", slot_id)
    return token


async def close_link(slot_id: UUID, by: str) -> None:
    """Withdraw the link. Done twice, it is done once. Refuses: UnknownSlot."""
    async with db.transaction():
        await _hold(slot_id)
        if (await db.fetch(LINK, slot_id))[0]["hash"]:
            await _turn_over(slot_id)
            await note(by, "close_door_link", "slot", slot_id)


async def link_of(slot_id: UUID) -> str:
    """The token of the slot's link; empty where there is none, or one that another secret made."""
    found: list[Any] = await db.fetch(LINK, slot_id)
    token = tokens.derive(KIND, slot_id, found[0]["generation"]) if found and found[0]["hash"] else ""
    return token if token and tokens.fingerprint(token) == found[0]["hash"] else ""


async def by_token(token: str) -> UUID:
    """The slot whose door a link opens now. Refuses: UnknownDoor, DoorLinkNotYet, DoorLinkOver, CalledOff."""
    found = await db.fetch(BY_HASH, tokens.fingerprint(token))
    if not found:
        raise UnknownDoor
    slot = await slots.load(found[0]["id"])
    if clock.now() < days.opens_at(slot.starts_at):
        raise DoorLinkNotYet(days.opens_at(slot.starts_at))
    _check_not_over(slot)
    return slot.id


def _check_not_over(slot: BookableSlot) -> None:
    if clock.now() >= days.day_ends_at(slot.ends_at):
        raise DoorLinkOver(days.day_ends_at(slot.ends_at))


async def _hold(slot_id: UUID) -> BookableSlot:
    await seats.hold(slot_id)
    return await slots.load(slot_id)


async def _turn_over(slot_id: UUID) -> int:
    generation: int = (await db.fetch(TURN_OVER, slot_id))[0]["door_generation"]
    return generation
