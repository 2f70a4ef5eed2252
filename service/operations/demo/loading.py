"""Loading the demonstration, once a day: its days follow today, and its offers and options end in days."""

from contextlib import suppress
from uuid import UUID

from service import clock, db, i18n, settings
from service.journal.notes import note
from service.operations import migrations
from service.operations.demo import crowd, season, stories
from service.operations.demo.season import Season
from service.people import staff
from service.people.staff import AlreadyStaff
from service.people.tables import Person

SUBJECT = ("demo", season.an_id("demo", "season"))
LOADED = "SELECT at FROM journal WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1"
SLOTS = "SELECT id FROM slot WHERE event = ANY($1)"
BOOKED = "SELECT id, dossier FROM booking WHERE slot = ANY($1)"
# Rows and whose ids they go by, in an order that no reference stands against.
CLEAR = (
    ("DELETE FROM door_grant WHERE slot = ANY($1)", "slots"),
    ("DELETE FROM message WHERE event = ANY($1)", "events"),
    ("DELETE FROM presence WHERE slot = ANY($1)", "slots"),
    ("DELETE FROM attendee WHERE booking = ANY($1)", "bookings"),
    ("DELETE FROM invitation WHERE subject_id = ANY($1)", "bookings"),
    ("DELETE FROM email WHERE subject_id = ANY($1)", "bookings"),
    ("DELETE FROM email WHERE subject_id = ANY($1)", "dossiers"),
    ("DELETE FROM booking WHERE id = ANY($1)", "bookings"),
    ("DELETE FROM dossier WHERE id = ANY($1)", "dossiers"),
    ("DELETE FROM slot WHERE id = ANY($1)", "slots"),
    ("DELETE FROM event WHERE id = ANY($1)", "events"),
)


async def load() -> bool:
    """Fill the database with today's season; one that was filled today is left as it is. Returns whether it filled.

    The season of an earlier day, or of a load that was cut short, goes with all that was booked in it. Of two starts
    at once, one fills. Needs the engine to be open. Refuses: migrations.TookTooLong.
    """
    async with migrations.alone(settings.current().database_url or ""):
        if await _is_of_today():
            return False
        planned = season.read()
        async with db.transaction():
            await _clear(planned)
            await season.plan(planned)
        people = crowd.people(planned)
        await crowd.book(planned, people)
        await stories.tell(planned, people)
        async with db.transaction():
            await note("system", "load", *SUBJECT)
    return True


async def organiser() -> UUID:
    """The id of who opens the office in the demonstration: an administrator whose address nobody can have."""
    name = str(season.read().data["organisateurs"][0]["nom"])
    with suppress(AlreadyStaff):
        await staff.add(name, season.address(name), "admin", by="system")
    found = await Person.select(Person.id, Person.role).where(Person.email_key == season.address(name)).first()
    if found and found["role"] != "admin":  # somebody tried what roles do
        await staff.set_role(found["id"], "admin", by="system")
    return UUID(str(found["id"])) if found else UUID(int=0)


async def _is_of_today() -> bool:
    loaded = await db.fetch(LOADED, *SUBJECT)
    return bool(loaded) and i18n.local(loaded[0]["at"]).date() == i18n.local(clock.now()).date()


async def _clear(planned: Season) -> None:
    """Take away what stands in the demonstration's own events; nothing else is touched."""
    events = [event.id for event in planned.events]
    slots = [row["id"] for row in await db.fetch(SLOTS, events)]
    booked = await db.fetch(BOOKED, slots)
    ids: dict[str, list[UUID]] = {
        "events": events,
        "slots": slots,
        "bookings": [row["id"] for row in booked],
        "dossiers": list({row["dossier"] for row in booked}),
    }
    for statement, of in CLEAR:
        await db.fetch(statement, ids[of])
