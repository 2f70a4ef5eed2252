"""Erasing a dossier: first it is cancelled and everybody told, then, once that mail is settled, it is blanked."""

from uuid import UUID

from service import clock, db
from service.bookings import changes
from service.bookings.tables import Dossier
from service.journal.notes import note

READY = """
SELECT dossier.id FROM dossier
WHERE dossier.erase_asked_at IS NOT NULL AND dossier.erased_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM booking JOIN email ON email.subject_kind = 'booking' AND email.subject_id = booking.id
                  WHERE booking.dossier = dossier.id AND email.state IN ('due', 'sending'))
  AND NOT EXISTS (SELECT 1 FROM email WHERE subject_kind = 'links' AND state IN ('due', 'sending') AND facts @>
                  jsonb_build_object('bookings', jsonb_build_array(jsonb_build_object('dossier', dossier.id))))
ORDER BY dossier.erase_asked_at LIMIT 50
"""
CLOSE = "UPDATE dossier SET erased_at = $2 WHERE id = $1 AND erased_at IS NULL RETURNING id"
BLANK = (
    """
DELETE FROM address WHERE email_key IN (
    SELECT email_key FROM dossier WHERE id = $1
    UNION SELECT lower(attendee) FROM invitation JOIN booking ON subject_id = booking.id WHERE booking.dossier = $1)
  AND NOT EXISTS (SELECT 1 FROM dossier other WHERE other.email_key = address.email_key AND other.id <> $1)
""",
    """
UPDATE email SET recipient = '', facts = '{}', content = NULL, detail = ''
WHERE subject_kind = 'links' AND state NOT IN ('due', 'sending')
  AND facts @> jsonb_build_object('bookings', jsonb_build_array(jsonb_build_object('dossier', $1::uuid)))
""",
    """
UPDATE email SET recipient = '', facts = '{}', content = NULL, detail = ''
WHERE subject_kind = 'booking' AND subject_id IN (SELECT id FROM booking WHERE dossier = $1)
""",
    """
UPDATE invitation SET attendee = ''
WHERE subject_kind = 'booking' AND subject_id IN (SELECT id FROM booking WHERE dossier = $1)
""",
    "UPDATE booking SET email_key = '', name_key = '', age_band = '' WHERE dossier = $1",
    """
UPDATE dossier SET first_name = '', last_name = '', email = '', email_key = '', school = '', class_label = '',
    level = '' WHERE id = $1
""",
)


async def erase(dossier: Dossier) -> None:
    """Cancel what is still to come, then forget who asked. The page says so at once; the worker finishes it.

    Refuses: AlreadyStarted, while the slot is going on (its sheet is in use; afterwards it may be erased), and
    UnknownLink when it is being erased already.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        held = [one for one in await changes.held_by(dossier) if not one.is_over]
        await changes.cancel_held(dossier, held, for_good=True)
        await Dossier.update({Dossier.erase_asked_at: clock.now()}).where(Dossier.id == dossier.id)
        await note("booker", "erase", "dossier", dossier.id)


async def finish() -> int:
    """Blank the dossiers whose last letters are settled; returns how many."""
    return sum([await _blank(row["id"]) for row in await db.fetch(READY)])


async def _blank(dossier: UUID) -> bool:
    """Names, addresses, letters and free text go; ids, states and counts stay. False when another was first."""
    async with db.transaction():
        if not await db.fetch(CLOSE, dossier, clock.now()):
            return False
        for statement in BLANK:
            await db.fetch(statement, dossier)
        await note("system", "erased", "dossier", dossier)
    return True
