"""A class's option: seats held until the head teacher agrees; one button confirms, a reminder comes before the end."""

from datetime import timedelta
from uuid import UUID

from service import clock, db, settings
from service.bookings import changes, class_emails, rounds
from service.bookings.held import Held, held_by, taking_place
from service.bookings.tables import Dossier
from service.journal.notes import note
from service.mail import outbox
from service.refusal import Refusal

CONFIRM = """
UPDATE booking SET state = 'confirmed', expires_at = NULL, revision = revision + 1
WHERE id = $1 AND state = 'option' AND expires_at > $2 RETURNING *
"""
# Who took the option later than that has just read of its end.
DUE = """
SELECT DISTINCT dossier FROM booking JOIN slot ON slot.id = booking.slot JOIN event ON event.id = slot.event
WHERE booking.state = 'option' AND reminded_at IS NULL AND expires_at > $1
  AND expires_at <= $1::timestamptz + $2::interval AND booking.created_at < expires_at - $2::interval
  AND slot.state = 'open' AND event.state = 'published' ORDER BY 1 LIMIT 50
"""
REMIND = """
UPDATE booking SET reminded_at = $2, revision = revision + 1
WHERE id = $1 AND state = 'option' AND reminded_at IS NULL AND expires_at > $2 RETURNING *
"""


class OptionOver(Refusal):
    """The option lapsed, or never was."""


async def confirm(dossier: Dossier) -> None:
    """Make the options of a class its seats, each with its invitation. Done twice, it is done once.

    A slot that was called off stays as it is, and keeps the others from nothing.

    Refuses: OptionOver, CalledOff, UnknownLink.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        held = await held_by(dossier)
        if any(one.booking.state == "option" and not one.slot.is_called_off for one in held):
            await confirm_held(dossier, held, "booker")
        elif not any(one.booking.state == "confirmed" for one in held):
            taking_place([one for one in held if one.booking.state == "option"])
            raise OptionOver


async def remind() -> int:
    """Write to those whose option ends within the days of the settings, once. Returns how many classes."""
    due = await db.fetch(DUE, clock.now(), reminder())
    return await rounds.each(due, lambda row: _remind(row["dossier"]))


def reminder() -> timedelta:
    """How long before the end of an option its teacher is reminded."""
    return timedelta(days=settings.current().option_reminder_days)


async def confirm_held(dossier: Dossier, held: list[Held], by: str) -> None:
    """The inner step of ``confirm``, for a verb that holds the dossier. ``by`` is who, for the journal.

    Refuses: OptionOver, CalledOff.
    """
    db.inside_transaction()
    options = taking_place([one for one in held if one.booking.state == "option"])
    for one in options:
        await _confirm(one, by)
    await changes.write_again(dossier, options)


async def _confirm(one: Held, by: str) -> None:
    if not await changes.change(one, CONFIRM, clock.now()):
        raise OptionOver
    await outbox.withdraw_unsent(one.subject)
    await note(by, "confirm", "booking", one.booking.id)


async def _remind(dossier_id: UUID) -> bool:
    async with db.transaction():
        dossier, now = await changes.lock(dossier_id), clock.now()
        on = [one for one in await held_by(dossier) if not one.slot.is_called_off]
        due = [one for one in on if await changes.change(one, REMIND, now)]
        if due:
            await class_emails.remind_of_option(dossier, [(one.booking, one.slot) for one in due])
            await note("system", "remind", "dossier", dossier.id)
    return bool(due)
