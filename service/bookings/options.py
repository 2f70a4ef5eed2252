"""A class's option: seats held until the head teacher agrees; one button confirms, a reminder comes before the end."""

from datetime import timedelta
from uuid import UUID

from service import clock, db
from service.bookings import changes, class_emails, dossiers, holds
from service.bookings.changes import Held
from service.bookings.dossiers import UnknownLink
from service.bookings.tables import Dossier
from service.events.slots import CalledOff
from service.journal.notes import note
from service.mail import outbox
from service.refusal import Refusal

REMINDER = timedelta(days=3)

CONFIRM = """
UPDATE booking SET state = 'confirmed', expires_at = NULL, revision = revision + 1
WHERE id = $1 AND state = 'option' AND expires_at > $2 RETURNING *
"""
# Who took the option later than that has just read of its end.
DUE = """
SELECT DISTINCT dossier FROM booking WHERE state = 'option' AND reminded_at IS NULL AND expires_at > $1
    AND expires_at <= $1::timestamptz + $2::interval AND created_at < expires_at - $2::interval ORDER BY 1 LIMIT 50
"""
REMIND = """
UPDATE booking SET reminded_at = $2, revision = revision + 1
WHERE id = $1 AND state = 'option' AND reminded_at IS NULL AND expires_at > $2 RETURNING *
"""


class OptionOver(Refusal):
    """The option lapsed, or never was."""


async def confirm(dossier: Dossier) -> None:
    """Make the options of a class its seats, each with its invitation. Done twice, it is done once.

    Refuses: OptionOver, CalledOff, UnknownLink.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        held = await changes.held_by(dossier)
        options = [one for one in held if one.booking.state == "option"]
        if not options and not any(one.booking.state == "confirmed" for one in held):
            raise OptionOver
        for one in options:
            await _confirm(one)
        if options:
            await outbox.withdraw_unsent(("dossier", dossier.id))
            await class_emails.say_booked(dossier, [(one.booking, one.slot) for one in held if one.is_live])
        for one in options:
            await holds.announce(dossier, one.booking, one.slot)


async def remind() -> int:
    """Write to those whose option ends within three days, once. Returns how many classes were written to."""
    return sum([await _remind(row["dossier"]) for row in await db.fetch(DUE, clock.now(), REMINDER)])


async def _confirm(one: Held) -> None:
    if one.slot.is_called_off:
        raise CalledOff(one.slot.reason)
    if not await changes.change(one, CONFIRM, clock.now()):
        raise OptionOver
    await outbox.withdraw_unsent(one.subject)
    await note("booker", "confirm", "booking", one.booking.id)


async def _remind(dossier_id: UUID) -> bool:
    async with db.transaction():
        try:
            dossier = await changes.hold(await dossiers.by_id(dossier_id))
        except UnknownLink:  # being erased, or readdressed a moment ago
            return False
        now = clock.now()
        due = [one for one in await changes.held_by(dossier) if await changes.change(one, REMIND, now)]
        if due:
            await class_emails.remind_of_option(dossier, [(one.booking, one.slot) for one in due])
            await note("system", "remind", "dossier", dossier.id)
    return bool(due)
