"""Erasing a dossier: first it is cancelled and everybody told, then, once that mail is settled, it is blanked."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from service import clock, db
from service.bookings import changes, forgotten, invitations, rounds, seats, waiting
from service.bookings.changes import Ending
from service.bookings.held import held_by
from service.bookings.tables import HOLDING, Dossier
from service.journal.notes import note
from service.mail import outbox

READY = """
SELECT dossier.id FROM dossier
WHERE dossier.erase_asked_at IS NOT NULL AND dossier.erased_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM booking JOIN email ON email.subject_kind = 'booking' AND email.subject_id = booking.id
                  WHERE booking.dossier = dossier.id AND email.state IN ('due', 'sending'))
  AND NOT EXISTS (SELECT 1 FROM email WHERE subject_kind IN ('dossier', 'guardian', 'message')
                  AND subject_id = dossier.id AND state IN ('due', 'sending'))
  AND NOT EXISTS (SELECT 1 FROM email WHERE subject_kind = 'links' AND state IN ('due', 'sending') AND facts @>
                  jsonb_build_object('bookings', jsonb_build_array(jsonb_build_object('dossier', dossier.id))))
ORDER BY dossier.erase_asked_at LIMIT 50
"""
CLOSE = "UPDATE dossier SET erased_at = $2 WHERE id = $1 AND erased_at IS NULL RETURNING id"
BLANK = (
    """
DELETE FROM address WHERE email_key IN (
    SELECT email_key FROM dossier WHERE id = $1
    UNION SELECT lower(recipient) FROM email WHERE subject_kind IN ('guardian', 'message') AND subject_id = $1
    UNION SELECT lower(attendee) FROM invitation JOIN booking ON subject_id = booking.id WHERE booking.dossier = $1)
  AND NOT EXISTS (SELECT 1 FROM dossier other
                  WHERE address.email_key IN (other.email_key, lower(other.guardian_email)) AND other.id <> $1)
""",
    """
UPDATE email SET recipient = '', facts = '{}', content = NULL, detail = ''
WHERE subject_kind = 'links' AND state NOT IN ('due', 'sending')
  AND facts @> jsonb_build_object('bookings', jsonb_build_array(jsonb_build_object('dossier', $1::uuid)))
""",
    """
UPDATE email SET recipient = '', facts = '{}', content = NULL, detail = ''
WHERE subject_kind = 'booking' AND subject_id IN (SELECT id FROM booking WHERE dossier = $1)
   OR subject_kind IN ('dossier', 'guardian', 'message') AND subject_id = $1
""",
    """
UPDATE invitation SET attendee = ''
WHERE subject_kind = 'booking' AND subject_id IN (SELECT id FROM booking WHERE dossier = $1)
""",
    """
UPDATE attendee SET last_name = '', first_name = '' WHERE booking IN (SELECT id FROM booking WHERE dossier = $1)
""",
    "UPDATE booking SET email_key = '', name_key = '', age_band = '' WHERE dossier = $1",
    """
UPDATE dossier SET first_name = '', last_name = '', email = '', email_key = '', school = '', class_label = '',
    level = '', outing = '', girls = NULL, needs = '', guardian_email = '', guardian_hash = '' WHERE id = $1
""",
)

# An older backup was restored: what had been done to the dossier is done to its rows of back then.
BACK_AGAIN = "SELECT id FROM dossier WHERE id = ANY($1) AND erased_at IS NULL ORDER BY id"
END_LIVE = """
UPDATE booking SET state = 'cancelled', ended_at = $2, ended_by = 'erasure', was = before.state, expires_at = NULL,
    revision = booking.revision + 1
FROM slot, booking before
WHERE booking.dossier = $1 AND slot.id = booking.slot AND slot.ends_at > $2
  AND before.id = booking.id AND (before.state = ANY($3) OR before.state = 'waiting')
RETURNING booking.id, booking.slot, booking.seats, booking.audience, before.state = ANY($3) AS held
"""
SILENCE = """
UPDATE email SET state = 'superseded', settled_at = $2, lease_until = NULL
WHERE state IN ('due', 'sending')
  AND (subject_kind = 'booking' AND subject_id IN (SELECT id FROM booking WHERE dossier = $1)
       OR subject_kind IN ('dossier', 'guardian', 'message') AND subject_id = $1
       OR subject_kind = 'links' AND facts @>
          jsonb_build_object('bookings', jsonb_build_array(jsonb_build_object('dossier', $1::uuid))))
"""
CLOSE_AGAIN = "UPDATE dossier SET erase_asked_at = coalesce(erase_asked_at, $2), erased_at = $2 WHERE id = $1"


async def erase(dossier: Dossier) -> None:
    """Cancel what is still to come, then forget who asked. The page says so at once; the worker finishes it.

    Refuses: AlreadyStarted, while the slot is going on (its sheet is in use; afterwards it may be erased), and
    UnknownLink when it is being erased already.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        held = [one for one in await held_by(dossier) if not one.is_over]
        await changes.cancel_held(dossier, held, Ending(for_good=True))
        await outbox.withdraw_unsent(("message", dossier.id))  # an organiser's words need not reach them any more
        await Dossier.update({Dossier.erase_asked_at: clock.now()}).where(Dossier.id == dossier.id)
        await note("booker", "erase", "dossier", dossier.id)


async def finish() -> int:
    """Blank the dossiers whose last letters are settled; returns how many."""
    return await rounds.each(await db.fetch(READY), lambda row: _blank(row["id"]))


async def repeat(erased: Mapping[UUID, datetime]) -> int:
    """Erase again, in rows that a backup brought back, whom ``erased`` names with the moment of their erasure.

    Nothing is sent: they were told then. Needs an open transaction in which nobody else can see those rows.
    Returns how many dossiers were back.
    """
    db.inside_transaction()
    back = [row["id"] for row in await db.fetch(BACK_AGAIN, list(erased))]
    for dossier in back:
        await _end_again(dossier, erased[dossier])
        await db.fetch(SILENCE, dossier, clock.now())
        await db.fetch(CLOSE_AGAIN, dossier, erased[dossier])
        await _forget(dossier)
    return len(back)


async def _blank(dossier: UUID) -> bool:
    """False when another was first."""
    now = clock.now()
    async with db.transaction():
        if not await db.fetch(CLOSE, dossier, now):
            return False
        await _forget(dossier)
        # Just before the commit, never after it: a crash between the two may leave the list ahead of the database,
        # naming one who asked to be erased anyway; behind it, an older backup would bring them back for good.
        await forgotten.add({dossier: now})
    return True


async def _forget(dossier: UUID) -> None:
    """Names, addresses, letters and free text go; ids, states and counts stay."""
    for statement in BLANK:
        await db.fetch(statement, dossier)
    await note("system", "erased", "dossier", dossier)


async def _end_again(dossier: UUID, when: datetime) -> None:
    """Free the seats of what was still to come then; what was over stays counted, as at the first time."""
    for booked in await db.fetch("SELECT DISTINCT slot FROM booking WHERE dossier = $1 ORDER BY slot", dossier):
        await seats.hold(booked["slot"])
    for ended in await db.fetch(END_LIVE, dossier, when, list(HOLDING)):
        if ended["held"]:
            await seats.give_back(ended["slot"], ended["seats"], ended["audience"])
        else:
            await seats.count_waiting(ended["slot"], -ended["seats"])
        await invitations.end("booking", ended["id"])
        await note("system", "cancel", "booking", ended["id"])
        await waiting.promote(ended["slot"])
