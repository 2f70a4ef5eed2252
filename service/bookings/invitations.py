"""Calendar invitations as rows: one UID an entry, a sequence that grows with every mailed change."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from service import clock, db, settings
from service.bookings.tables import Invitation
from service.calendars import invitation as calendar
from service.events.slots import BookableSlot
from service.refusal import Refusal

# Calendars drop what is not newer than what they have: even if the clock went back, the stamp goes on.
END = """
UPDATE invitation SET sequence = sequence + 1, ended_at = $3, stamp = greatest(stamp, $4) + interval '1 second'
WHERE subject_kind = $1 AND subject_id = ANY($2) AND ended_at IS NULL RETURNING *
"""
MOVE_ON = """
UPDATE invitation SET sequence = sequence + 1, stamp = greatest(stamp, $3) + interval '1 second'
WHERE subject_kind = $1 AND subject_id = ANY($2) AND ended_at IS NULL RETURNING *
"""
LATEST = """
SELECT * FROM invitation WHERE subject_kind = $1 AND subject_id = $2 ORDER BY ended_at DESC NULLS FIRST LIMIT 1
"""


class NoInvitation(Refusal):
    """The booking was made without an address, so no invitation exists."""


async def open_invitation(subject_kind: str, subject_id: UUID, attendee: str) -> Invitation:
    """A new entry with a new UID, SEQUENCE 0."""
    db.inside_transaction()
    invitation = Invitation(
        uid=calendar.new_uid(settings.current().mail_domain),
        subject_kind=subject_kind,
        subject_id=subject_id,
        attendee=attendee,
        stamp=clock.now().replace(microsecond=0),
    )
    await db.insert(invitation)
    return invitation


async def move_on(subject_kind: str, subject_id: UUID) -> Invitation | None:
    """The live invitation of the subject with its next sequence and stamp, for a change that is mailed."""
    return (await move_all_on(subject_kind, [subject_id])).get(subject_id)


async def move_all_on(subject_kind: str, subject_ids: Sequence[UUID]) -> dict[UUID, Invitation]:
    """The same for many subjects, with one statement; those without a live invitation are left out."""
    db.inside_transaction()
    return _by_subject(await db.fetch(MOVE_ON, subject_kind, list(subject_ids), clock.now().replace(microsecond=0)))


async def end(subject_kind: str, subject_id: UUID) -> Invitation | None:
    """End the live invitation of the subject, its sequence and stamp moved on; None when there is none."""
    return (await end_all(subject_kind, [subject_id])).get(subject_id)


async def end_all(subject_kind: str, subject_ids: Sequence[UUID]) -> dict[UUID, Invitation]:
    """The same for many subjects, with one statement; those without a live invitation are left out."""
    db.inside_transaction()
    now = clock.now()
    return _by_subject(await db.fetch(END, subject_kind, list(subject_ids), now, now.replace(microsecond=0)))


async def latest(subject_kind: str, subject_id: UUID) -> Invitation | None:
    """The live invitation of the subject, or else the one that ended last."""
    rows = await db.fetch(LATEST, subject_kind, subject_id)
    return Invitation(**rows[0], _exists_in_db=True) if rows else None


async def as_file(subject: tuple[str, UUID], slot: BookableSlot, link: str) -> bytes:
    """The calendar file of the subject's newest invitation, for people to download."""
    invitation = await latest(*subject)
    if invitation is None:
        raise NoInvitation
    return calendar.download(
        calendar.Invitation(
            uid=invitation.uid,
            sequence=invitation.sequence,
            stamp=invitation.stamp,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            time_zone=settings.current().time_zone,
            title=slot.title,
            place=slot.place,
            description="\n".join(slot.requirements),
            url=link,
            organizer_name=settings.current().campus_name,
            organizer_address=settings.current().mail_from,
            attendee_name="",
            attendee_address=invitation.attendee,
            status="CANCELLED" if invitation.ended_at else "CONFIRMED",
        )
    )


def _by_subject(rows: Sequence[Any]) -> dict[UUID, Invitation]:
    return {row["subject_id"]: Invitation(**row, _exists_in_db=True) for row in rows}
