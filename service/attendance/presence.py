"""Who came, as far as somebody counted."""

from uuid import UUID

from service import db

OF_EVENT = """
SELECT sum(presence.people)::int AS people FROM presence JOIN slot ON slot.id = presence.slot WHERE slot.event = $1
"""
OF_BOOKING = """
SELECT count(*) > 0 AS counted,
       coalesce(sum(presence.people) FILTER (WHERE presence.booking = booking.id), 0) > 0 AS came
FROM booking JOIN presence ON presence.slot = booking.slot WHERE booking.id = $1
"""


async def people_at(event_id: UUID) -> int | None:
    """How many people came to the event; None when nobody counted."""
    people: int | None = (await db.fetch(OF_EVENT, event_id))[0]["people"]
    return people


async def came(booking_id: UUID) -> bool | None:
    """Whether the people of a booking came; None when nobody counted at their slot."""
    row = (await db.fetch(OF_BOOKING, booking_id))[0]
    return bool(row["came"]) if row["counted"] else None
