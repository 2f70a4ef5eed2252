"""Who works in the office of the demonstration: its administrator, and a colleague."""

from uuid import UUID

from service import db
from service.operations.demo import season
from service.people import staff
from service.people.staff import AlreadyStaff
from service.people.tables import Person


async def organiser() -> UUID:
    """The id of who opens the office in the demonstration: an administrator whose address nobody can have."""
    found = await _entered(0, "admin")
    if found.role != "admin":  # somebody tried what roles do
        await staff.set_role(found.id, "admin", by="system")
    return UUID(str(found.id))


async def colleague() -> UUID:
    """The id of an organiser beside them."""
    return UUID(str((await _entered(1, "organiser")).id))


async def _entered(turn: int, role: str) -> Person:
    name = str(season.source()["organisateurs"][turn]["nom"])
    try:
        return await staff.add(name, season.address(name), role, by="system")
    except AlreadyStaff:
        [known] = await db.fetch(staff.BY_ADDRESS, season.address(name))
        return Person(**dict(known), _exists_in_db=True)
