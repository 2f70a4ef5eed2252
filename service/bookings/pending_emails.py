"""What we write about bookings that await somebody's word: to who booked, and to a parent.

A letter to a parent tells nothing that the booker typed, not even a name: anybody could have us send anything.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from service import db, i18n, settings, templates
from service.bookings import dossiers, emails
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.mail import outbox
from service.mail.letters import Letter
from service.mail.outbox import Claimed

# A deadline that was told once under this link needs no second letter: not when the booker corrects their address,
# nor when they take a cancellation back.
ASKED = """
SELECT 1 FROM email WHERE subject_kind = 'guardian' AND subject_id = $1 AND letter = 'authorisation'
    AND state IN ('due', 'sending', 'sent')
    AND facts @> jsonb_build_object('generation', $2::int, 'expires_at', $3::text)
"""


async def say_pending(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post what the booking awaits, and until when; ask the parent who must agree. Needs an open transaction."""
    awaited = {"guardian": booking.awaits_guardian, "approval": booking.awaits_approval}
    if dossier.email:
        await emails.post("pending", dossier, booking, slot, None, expires_at=_until(booking), **awaited)
    if booking.awaits_guardian:
        await ask_guardian(dossier, booking, slot)


async def ask_guardian(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post the letter that asks the parent, once for each link and deadline. Needs an open transaction."""
    if dossier.guardian_email and not await db.fetch(ASKED, dossier.id, dossier.guardian_generation, _until(booking)):
        await _to_guardian("authorisation", dossier, booking, slot)


async def ask_guardian_anew(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Ask once more, of a date that is another now; what is unsent is withdrawn. Needs an open transaction."""
    if dossier.guardian_email:
        await outbox.withdraw_unsent(("guardian", dossier.id))
        await _to_guardian("authorisation", dossier, booking, slot)


async def remind_guardian(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post the one reminder to a parent who has not answered. Needs an open transaction."""
    await _to_guardian("authorisation_reminder", dossier, booking, slot)


async def say_refused(dossier: Dossier, booking: Booking, slot: BookableSlot, reason: str) -> None:
    """Post that a parent, or an organiser for this ``reason``, said no. Needs an open transaction."""
    if dossier.email:
        await emails.post("refused", dossier, booking, slot, None, why=booking.ended_by, reason=reason)


async def _to_guardian(letter: str, dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    facts = {
        **slots.as_facts(slot),
        "dossier": str(dossier.id),
        "generation": dossier.guardian_generation,
        "expires_at": _until(booking),
    }
    # A subject of its own: an address that fails must not hold up the booker's letters.
    await outbox.post(
        letter,
        dossier.guardian_email,
        dossier.language,
        facts,
        ("guardian", dossier.id),
        revision=booking.revision,
        until=booking.expires_at,
    )


def _until(booking: Booking) -> str:
    return booking.expires_at.isoformat() if booking.expires_at else ""


def _pending_names(email: Claimed) -> dict[str, Any]:
    awaited = {name: email.facts[name] for name in ("guardian", "approval")}
    return {**emails.names_of(email), **awaited}


def _guardian_names(email: Claimed) -> dict[str, Any]:
    facts = email.facts
    token = dossiers.guardian_token(UUID(facts["dossier"]), facts["generation"])
    moments = {name: i18n.local(datetime.fromisoformat(facts[name])) for name in ("starts_at", "ends_at", "expires_at")}
    return {
        **{name: facts[name] for name in ("title", "kind", "place", "host_name")},
        **moments,
        "link": settings.current().public_url + templates.path(email.language, f"/authorisations/{token}"),
        "recipient_name": "",
    }


LETTERS = {
    "pending": Letter(_pending_names),
    "authorisation": Letter(_guardian_names),
    "authorisation_reminder": Letter(_guardian_names),
    "refused": Letter(emails.names_of),
}
