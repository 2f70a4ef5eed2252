"""How long the data of an event are kept: dates that follow its last slot, unless somebody set others with a reason."""

from datetime import date, datetime, timedelta
from uuid import UUID

from dateutil.relativedelta import relativedelta

from service import db, i18n, settings
from service.events import editing
from service.events.versions import EditedMeanwhile
from service.journal.notes import note
from service.refusal import Refusal

LAST = "SELECT max(ends_at) AS ends_at FROM slot WHERE event = $1"
FOLLOW = """
UPDATE event SET contacts_erased_on = $2, names_erased_on = $3
WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM journal WHERE subject_id = $1 AND verb = 'keep_until')
"""
# Who set dates by hand is not overruled, but nothing is erased before its day has come.
AT_LEAST = """
UPDATE event SET contacts_erased_on = greatest(contacts_erased_on, $2), names_erased_on = greatest(names_erased_on, $2)
WHERE id = $1
"""
KEEP = """
UPDATE event SET contacts_erased_on = $2, names_erased_on = $3
WHERE id = $1 AND contacts_erased_on IS NOT DISTINCT FROM $4 AND names_erased_on IS NOT DISTINCT FROM $5 RETURNING id
"""

Dates = tuple[date | None, date | None]  # until when contacts are kept, and names with presence


class KeptTooShort(Refusal):
    """Data would be erased before ``last``, the last day of the event."""

    def __init__(self, last: date) -> None:
        self.last = last


def dates_after(ends_at: datetime) -> tuple[date, date]:
    """Contacts and names for as long after the last slot as the campus keeps them, by its calendar."""
    last, habits = i18n.local(ends_at).date(), settings.current()
    months = relativedelta(months=habits.names_kept_months)
    return last + timedelta(days=habits.contacts_kept_days), last + months


async def follow(event_id: UUID) -> None:
    """Set the dates by the last slot as it is now. Every verb that adds, moves or removes slots ends with it.

    Dates that were set by hand stay, if they do not come before that slot. Needs an open transaction.
    """
    db.inside_transaction()
    [row] = await db.fetch(LAST, event_id)
    if row["ends_at"]:
        await db.fetch(FOLLOW, event_id, *dates_after(row["ends_at"]))
        await db.fetch(AT_LEAST, event_id, i18n.local(row["ends_at"]).date())


async def keep_until(event_id: UUID, dates: tuple[date, date], reason: str, *, before: Dates, by: str) -> None:
    """Keep contacts and names until these dates, for a reason that the journal keeps.

    ``before`` are the dates that were seen. Refuses: KeptTooShort, EditedMeanwhile.
    """
    async with db.transaction():
        [row] = await db.fetch(LAST, event_id)
        if row["ends_at"] and min(dates) < (last := i18n.local(row["ends_at"]).date()):
            raise KeptTooShort(last)
        if not await db.fetch(KEEP, event_id, *dates, *before):
            raise EditedMeanwhile(*await editing.last("keep_until", event_id))
        contacts, names = dates
        await note(by, "keep_until", "event", event_id, contacts=str(contacts), names=str(names), reason=reason)
