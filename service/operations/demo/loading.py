"""Loading the demonstration, once a day: its days follow today, and its offers and options end in days."""

from typing import Any

from service import clock, db, i18n, settings
from service.journal.notes import note
from service.operations import migrations
from service.operations.demo import companies, crowd, season, stories
from service.operations.demo.season import Season

SUBJECT = ("demo", season.an_id("demo", "season"))
LOADED = "SELECT at FROM journal WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1"
SLOTS = "SELECT id FROM slot WHERE event = ANY($1)"
PROPOSED = "SELECT id FROM proposal WHERE email_key = ANY($1)"
# Also of those that were let go on without their company.
CAME_OF = """
SELECT DISTINCT slot.event FROM proposed_date JOIN slot ON slot.id = proposed_date.slot
WHERE proposed_date.proposal = ANY($1)
"""
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
    ("DELETE FROM proposal_note WHERE proposal = ANY($1)", "proposals"),
    ("DELETE FROM proposed_date WHERE proposal = ANY($1)", "proposals"),
    ("DELETE FROM hosted_date WHERE proposal = ANY($1)", "proposals"),
    ("DELETE FROM email WHERE subject_id = ANY($1)", "proposals"),
    ("DELETE FROM proposal WHERE id = ANY($1)", "proposals"),
    ("DELETE FROM contact WHERE organisation = ANY($1)", "organisations"),
    ("DELETE FROM organisation_note WHERE organisation = ANY($1)", "organisations"),
    ("DELETE FROM former_slug WHERE slug = ANY($1)", "slugs"),
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
        await companies.tell()
        async with db.transaction():
            await note("system", "load", *SUBJECT)
    return True


async def _is_of_today() -> bool:
    loaded = await db.fetch(LOADED, *SUBJECT)
    return bool(loaded) and i18n.local(loaded[0]["at"]).date() == i18n.local(clock.now()).date()


async def _clear(planned: Season) -> None:
    """Take away what stands in the demonstration's own events and proposals; nothing else is touched.

    But for the limits: its people write weeks ago, whatever was asked for in their names since.
    """
    ids = await _ids(planned)
    for statement, of in CLEAR:
        await db.fetch(statement, ids[of])
    await db.fetch("DELETE FROM rate_clock")


async def _ids(planned: Season) -> dict[str, list[Any]]:
    proposed = [row["id"] for row in await db.fetch(PROPOSED, companies.addresses())]
    events = {event.id for event in planned.events} | {row["event"] for row in await db.fetch(CAME_OF, proposed)}
    slots = [row["id"] for row in await db.fetch(SLOTS, list(events))]
    booked = await db.fetch(BOOKED, slots)
    return {
        "events": list(events),
        "slots": slots,
        "bookings": [row["id"] for row in booked],
        "dossiers": list({row["dossier"] for row in booked}),
        "proposals": proposed,
        "organisations": [season.an_id("organisation", slug) for slug in season.organisation_slugs()],
        "slugs": season.organisation_slugs(),
    }
