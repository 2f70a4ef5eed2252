"""Bookings that await somebody's word: a parent's for a minor who comes alone, an organiser's where it is asked."""

from dataclasses import astuple
from datetime import timedelta
from typing import Any
from uuid import UUID

from service import clock, db, tokens
from service.bookings import (
    changes,
    class_emails,
    dossiers,
    holds,
    lapses,
    options,
    pending_emails,
    rounds,
    seats,
    waiting,
)
from service.bookings.held import Held, held_by, live_of, taking_place
from service.bookings.holds import Standing
from service.bookings.tables import Dossier
from service.journal.notes import note
from service.mail import outbox
from service.refusal import Refusal

REMIND_AFTER = timedelta(days=2)
AGREED = ("pending", "option", "confirmed")  # what a booking may be once somebody has agreed to it

# Who has an option that ends so soon has just read of it.
SETTLE = """
UPDATE booking SET state = $3::text, expires_at = $4, awaits_approval = $5, awaits_guardian = $6,
    revision = revision + 1, reminded_at =
        CASE WHEN $3::text = 'pending' THEN reminded_at WHEN $4 <= $2::timestamptz + $7::interval THEN $2 END
WHERE id = $1 AND state = 'pending' AND expires_at > $2 RETURNING *
"""
REFUSE = """
UPDATE booking SET state = 'cancelled', ended_at = $2, ended_by = $3, was = state, expires_at = NULL,
    revision = revision + 1
WHERE id = $1 AND state = 'pending' RETURNING *
"""
ASK_ANEW = """
UPDATE booking SET revision = revision + 1, reminded_at = NULL
WHERE id = $1 AND state = 'pending' AND awaits_guardian AND expires_at > $2 RETURNING *
"""
REMIND = """
UPDATE booking SET reminded_at = $2
WHERE id = $1 AND state = 'pending' AND awaits_guardian AND reminded_at IS NULL AND expires_at > $2 RETURNING *
"""
UNANSWERED = """
SELECT booking.id, dossier.id AS dossier FROM booking JOIN dossier ON dossier.id = booking.dossier
JOIN slot ON slot.id = booking.slot JOIN event ON event.id = slot.event
WHERE booking.state = 'pending' AND awaits_guardian AND reminded_at IS NULL AND expires_at > $1
  AND dossier.guardian_email <> '' AND slot.state = 'open' AND event.state = 'published'
  AND (SELECT max(posted_at) FROM email WHERE subject_kind = 'guardian' AND subject_id = dossier.id
       AND letter = 'authorisation') <= $2
  AND NOT EXISTS (SELECT 1 FROM address WHERE email_key = lower(dossier.guardian_email)
                  AND undeliverable_since IS NOT NULL)
ORDER BY booking.id LIMIT 50
"""


class NothingPending(Refusal):
    """The booking awaits nobody's decision, or no longer does."""


class AuthorisationOver(Refusal):
    """The booking no longer awaits a parent's answer: it is over, or was answered otherwise."""


class UnknownAuthorisation(Refusal):
    """No booking asks a parent under this link, or one does under a newer link."""


async def by_guardian_token(token: str) -> Dossier:
    """The dossier about which a parent is asked under this link. Refuses: UnknownAuthorisation."""
    dossier = await Dossier.objects().get(Dossier.guardian_hash == tokens.fingerprint(token))
    if dossier is None:
        raise UnknownAuthorisation
    return dossier


def as_guardian_sees(dossier: Dossier, held: list[Held]) -> str:
    """How it stands for the parent who was asked: ``asked``, ``given``, ``refused``, or ``over``."""
    if dossier.erase_asked_at or any(one.slot.is_called_off for one in held):
        return "over"
    if asks_guardian(held):
        return "asked"
    if any(one.booking.ended_by == "guardian" for one in held):
        return "refused"
    return "given" if _was_authorised(dossier, held) else "over"


def asks_guardian(held: list[Held]) -> bool:
    """Whether a parent's answer is awaited."""
    return any(_asks_guardian(one) for one in held)


async def authorise(dossier: Dossier) -> None:
    """A parent says yes: the seat is confirmed, or awaits the organisers only. Done twice, it is done once.

    Refuses: AuthorisationOver, UnknownAuthorisation (the booker corrected the parent's address), CalledOff.
    """
    async with db.transaction():
        dossier, held = await _hold_for_guardian(dossier)
        asked = [one for one in held if _asks_guardian(one)]
        if not asked and not _was_authorised(dossier, held):
            raise AuthorisationOver
        for one in taking_place(asked):
            await _authorise(dossier, one, ("guardian", "authorise"))


async def refuse_as_guardian(dossier: Dossier) -> None:
    """A parent says no: the seat goes to the next, and the booker is told. Done twice, it is done once.

    Refuses: AuthorisationOver, UnknownAuthorisation.
    """
    async with db.transaction():
        dossier, held = await _hold_for_guardian(dossier)
        asked = [one for one in held if _asks_guardian(one)]
        if not asked and not any(one.booking.ended_by == "guardian" for one in held):
            raise AuthorisationOver
        for one in asked:
            await _note_answer(dossier)
            await _end(dossier, one, ("guardian", "refuse"))
            await waiting.promote(one.slot.id)


async def approve(booking_id: UUID, by: str) -> None:
    """An organiser says yes (``by`` is who, for the journal): to one, or to a class in all of its slots.

    A class then has its option, where there are any. Done twice, it is done once. Refuses: NothingPending, CalledOff.
    """
    async with db.transaction():
        await approve_held(*await _hold_booking(booking_id), by)


async def approve_held(dossier: Dossier, one: Held, all_of_it: list[Held], by: str) -> None:
    """The inner step of ``approve``, for a verb that holds the dossier. Refuses: NothingPending, CalledOff."""
    db.inside_transaction()
    if _was_approved(one):
        return
    asked = [each for each in all_of_it if each.booking.state == "pending" and each.booking.awaits_approval]
    if one not in asked:
        raise NothingPending
    approved = taking_place(asked)
    standings = holds.as_one([_standing(each, approval=False) for each in approved])
    for each, standing in zip(approved, standings, strict=True):
        await _agree(each, standing, (by, "approve"))
    await changes.write_again(dossier, approved)


async def authorise_on_paper(booking_id: UUID, by: str) -> None:
    """An organiser holds the paper form that a parent signed. Done twice, it is done once.

    Refuses: NothingPending, CalledOff.
    """
    async with db.transaction():
        dossier, one, _ = await _hold_booking(booking_id)
        if not _was_authorised(dossier, [one]):
            [one] = taking_place([one])
            await _authorise(dossier, one, (by, "authorise_on_paper"))


async def refuse(booking_id: UUID, reason: str, by: str) -> None:
    """An organiser says no, for a ``reason`` that the booker is told (or none); the seats go to the next.

    To a class, it is said for all of its slots. Done twice, it is done once. Refuses: NothingPending.
    """
    async with db.transaction():
        dossier, one, all_of_it = await _hold_booking(booking_id)
        if one.booking.ended_by == "organiser":
            return
        if one.booking.state != "pending":
            raise NothingPending
        ended = [each for each in all_of_it if each.booking.state == "pending"]
        for each in ended:
            await _end(dossier, each, (by, "refuse"), reason)
        await lapses.end_rests(ended, all_of_it)
        if one.is_class:
            await class_emails.say_what_is_left(dossier, await live_of(dossier))
        for each in ended:
            await waiting.promote(each.slot.id)


async def correct_guardian(dossier: Dossier, address: str) -> None:
    """Ask a parent at another ``address``, under a new link; the old one leads nowhere any more.

    Refuses: NothingPending, when no parent's answer is awaited; UnknownLink.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        asked = [one for one in await held_by(dossier) if _asks_guardian(one)]
        if not asked:
            raise NothingPending
        await renew_guardian(dossier, address)
        for one in asked:
            if await changes.change(one, ASK_ANEW, clock.now()):
                await pending_emails.ask_guardian(dossier, one.booking, one.slot)
        await note("booker", "correct_guardian", "dossier", dossier.id)


async def remind() -> int:
    """Write once more to the parents who have not answered for 2 days; returns to how many.

    Once each, never after the deadline. Any number of workers may call it at once.
    """
    now = clock.now()
    due = await db.fetch(UNANSWERED, now, now - REMIND_AFTER)
    return await rounds.each(due, lambda row: _remind(row["id"], row["dossier"]))


async def _hold_for_guardian(dossier: Dossier) -> tuple[Dossier, list[Held]]:
    """The dossier as it is now: it is the parent's link that must still be good, not the booker's."""
    now = await changes.lock(dossier.id)
    if now.guardian_generation != dossier.guardian_generation:
        raise UnknownAuthorisation
    if now.erase_asked_at:
        raise AuthorisationOver
    return now, await held_by(now)


async def _hold_booking(booking_id: UUID) -> tuple[Dossier, Held, list[Held]]:
    """The dossier, the booking, and all that the dossier has."""
    try:
        return await changes.lock_booking(booking_id)
    except changes.UnknownBooking:
        raise NothingPending from None


def _asks_guardian(one: Held) -> bool:
    return one.booking.state == "pending" and one.booking.awaits_guardian and not one.has_lapsed


def _was_authorised(dossier: Dossier, held: list[Held]) -> bool:
    agreed = any(one.booking.state in AGREED and not one.booking.awaits_guardian for one in held)
    return agreed and dossier.guardian_answered_at is not None


def _was_approved(one: Held) -> bool:
    return one.slot.needs_approval and one.booking.state in AGREED and not one.booking.awaits_approval


async def _authorise(dossier: Dossier, one: Held, who: tuple[str, str]) -> None:
    if not one.booking.awaits_guardian:
        raise NothingPending
    await _agree(one, _standing(one, guardian=False), who)
    await changes.write_again(dossier, [one])
    await _note_answer(dossier)


async def _agree(one: Held, standing: Standing, who: tuple[str, str]) -> None:
    """Somebody agreed, ``who`` as (actor, verb): it stands like this now."""
    if not await changes.change(one, SETTLE, clock.now(), *astuple(standing), options.reminder()):
        raise NothingPending
    await outbox.withdraw_unsent(one.subject)
    await note(*who, "booking", one.booking.id)


def _standing(one: Held, *, approval: bool | None = None, guardian: bool | None = None) -> Standing:
    """How it stands once one of the two is no longer awaited."""
    approval = one.booking.awaits_approval if approval is None else approval
    guardian = one.booking.awaits_guardian if guardian is None else guardian
    if approval or guardian:
        return Standing("pending", one.booking.expires_at, approval, guardian)
    return holds.after_approval(one.slot, clock.now(), takes_option=one.is_class)


async def _end(dossier: Dossier, one: Held, who: tuple[str, str], reason: str = "") -> None:
    ended_by = "guardian" if who[0] == "guardian" else "organiser"
    if not await changes.change(one, REFUSE, clock.now(), ended_by):
        raise NothingPending
    await changes.silence(one)
    await seats.give_back(one.slot.id, one.booking.seats, one.booking.audience)
    await pending_emails.say_refused(dossier, one.booking, one.slot, reason)
    await note(*who, "booking", one.booking.id)


async def _note_answer(dossier: Dossier) -> None:
    await outbox.withdraw_unsent(("guardian", dossier.id))
    answered: dict[Any, Any] = {Dossier.guardian_answered_at: clock.now()}
    await Dossier.update(answered).where(Dossier.id == dossier.id)


async def renew_guardian(dossier: Dossier, address: str) -> None:
    """Give a parent a new link at ``address``: the old one leads nowhere any more. Needs an open transaction."""
    db.inside_transaction()
    await outbox.withdraw_unsent(("guardian", dossier.id))
    dossier.guardian_email, dossier.guardian_generation = address, dossier.guardian_generation + 1
    renewed: dict[Any, Any] = {
        Dossier.guardian_email: address,
        Dossier.guardian_generation: dossier.guardian_generation,
        Dossier.guardian_hash: tokens.fingerprint(dossiers.guardian_token(dossier.id, dossier.guardian_generation)),
    }
    await Dossier.update(renewed).where(Dossier.id == dossier.id)


async def _remind(booking_id: UUID, dossier_id: UUID) -> bool:
    async with db.transaction():
        dossier = await changes.lock(dossier_id)
        [one] = [one for one in await held_by(dossier) if one.booking.id == booking_id]
        if not await changes.change(one, REMIND, clock.now()):
            return False
        await pending_emails.remind_guardian(dossier, one.booking, one.slot)
        await note("system", "remind_guardian", "booking", booking_id)
    return True
