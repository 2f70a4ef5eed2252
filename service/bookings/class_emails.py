"""What we write to teachers: one summary of the whole class; the invitation of each slot is a letter of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service import db, i18n
from service.bookings import emails, invitations, turns
from service.bookings.tables import Booking, Dossier
from service.calendars import invitation as calendar
from service.events.slots import BookableSlot
from service.mail import outbox
from service.mail.letters import Letter
from service.mail.outbox import Claimed

Booked = tuple[Booking, BookableSlot]
SUMMARIES = ("class", "option_reminder")
# What a class's summary is about, the first that is so of any of its slots.
FIRST = ("option", "pending", "waiting", "confirmed")
# Who posts a summary holds the dossier's row: no two of one dossier are posted at once.
NEXT_REVISION = """
SELECT coalesce(max(revision) + 1, 0) AS next FROM email
WHERE subject_kind = 'dossier' AND subject_id = $1 AND letter = $2
"""


async def say_booked(dossier: Dossier, booked: Sequence[Booked]) -> None:
    """Post the summary of a class as it stands with all that is live of it, in place of one that has not left.

    None where another letter says all of it: one confirmation, an offer.
    """
    await withdraw_summary(dossier)
    told = [one for one in booked if one[0].state != "offered"]
    if len(told) > 1 or any(booking.state != "confirmed" for booking, _ in told):
        await _post("class", dossier, told)


async def say_what_is_left(dossier: Dossier, booked: Sequence[Booked]) -> None:
    """A part of the class has ended, and a letter of its own says so: only a summary that has not left is renewed."""
    if await withdraw_summary(dossier):
        await say_booked(dossier, booked)


async def withdraw_summary(dossier: Dossier) -> int:
    """Withdraw what is unsent and tells how the class stood; returns how many letters. Needs an open transaction."""
    return sum([await outbox.withdraw_unsent(("dossier", dossier.id), letter) for letter in SUMMARIES])


async def remind_of_option(dossier: Dossier, booked: Sequence[Booked]) -> None:
    """Post that an option ends soon unless it is confirmed."""
    await _post("option_reminder", dossier, booked)


async def say_lapsed(dossier: Dossier, booked: Sequence[Booked]) -> None:
    """Post that an option, or a class that awaited approval, ran out."""
    await _post("option_lapsed", dossier, booked)


async def say_changed(dossier: Dossier, booking: Booking, slot: BookableSlot, rest: Booking | None, rank: int) -> None:
    """Post the numbers of a class as they are now; with its invitation where it has one, and what still waits.

    The letter leaves after five minutes, and a newer one takes its place.
    """
    subject = ("booking", booking.id)
    await outbox.withdraw_unsent(subject, "changed")
    invitation = await invitations.move_on(*subject)
    if dossier.email:
        waits = {"pupils_waiting": rest.pupils, "seats_waiting": rest.seats} if rest else {}
        await emails.post("changed", dossier, booking, slot, invitation, state=booking.state, position=rank, **waits)


async def _post(letter: str, dossier: Dossier, booked: Sequence[Booked]) -> None:
    if not dossier.email:
        return
    in_time = sorted(booked, key=lambda one: (one[1].starts_at, one[0].state == "waiting"))
    states = {booking.state for booking, _ in booked}
    [revision] = await db.fetch(NEXT_REVISION, dossier.id, letter)
    deadlines = [booking.expires_at for booking, _ in booked if booking.expires_at]
    await outbox.post(
        letter,
        dossier.email,
        dossier.language,
        {
            **emails.facts_of(dossier, in_time[0][1], None),
            "stands": next((state for state in FIRST if state in states), "over"),
            "expires_at": min(deadlines).isoformat() if deadlines else "",
            "why": "pending" if all(booking.was == "pending" for booking, _ in booked) else "",
            "slots": [await _as_line(*one) for one in in_time],
        },
        ("dossier", dossier.id),
        revision=revision["next"],
        until=max(slot.ends_at for _, slot in booked),
    )


async def _as_line(booking: Booking, slot: BookableSlot) -> dict[str, Any]:
    return {
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "pupils": booking.pupils,
        "chaperones": booking.chaperones,
        "state": booking.state,
        "position": (await turns.rank_of(booking)).position if booking.state == "waiting" else 0,
    }


def _names(email: Claimed) -> dict[str, Any]:
    facts = email.facts
    lines = [
        {**line, "starts_at": _moment(line["starts_at"]), "ends_at": _moment(line["ends_at"])}
        for line in facts["slots"]
    ]
    return {**emails.names_of(email), "stands": facts["stands"], "slots": lines}


def _moment(stored: str) -> datetime:
    return i18n.local(datetime.fromisoformat(stored))


def _changed_names(email: Claimed) -> dict[str, Any]:
    waits = {name: email.facts.get(name, 0) for name in ("pupils_waiting", "seats_waiting")}
    return {**emails.names_of(email), **waits, "is_invitation": bool(email.method)}


LETTERS = {
    "class": Letter(_names),
    "option_reminder": Letter(_names),
    "option_lapsed": Letter(_names),
    "changed": Letter(_changed_names, lambda email: calendar.request(emails.invitation_of(email))),
}
