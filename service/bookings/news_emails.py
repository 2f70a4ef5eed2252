"""What we write when organisers change or call off what people booked: two letters, each with its calendar part."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service import i18n, settings, templates
from service.bookings import emails
from service.bookings.tables import Booking, Dossier, Invitation
from service.calendars import invitation as calendar
from service.events.slots import BookableSlot
from service.mail.letters import Letter
from service.mail.outbox import Claimed

Before = dict[str, str]
When = tuple[datetime, datetime]


async def say_moved(  # noqa: PLR0913 - each is a fact of the letter
    dossier: Dossier,
    booking: Booking,
    slot: BookableSlot,
    invitation: Invitation | None,
    *,
    before: Before,
    position: int,
) -> None:
    """Post what was ``before`` and what is now, with the invitation that brings a calendar up to date."""
    expires_at = booking.expires_at.isoformat() if booking.expires_at else ""
    stands = {"state": booking.state, "position": position, "expires_at": expires_at}
    await emails.post("moved", dossier, booking, slot, invitation, before=before, **stands)


async def say_called_off(
    dossier: Dossier, booking: Booking, slot: BookableSlot, invitation: Invitation | None, others: Sequence[When]
) -> None:
    """Post that the date was called off, why, and which ``others`` of its event have seats; with its CANCEL."""
    listed = [[moment.isoformat() for moment in other] for other in others]
    await emails.post("called_off", dossier, booking, slot, invitation, reason=slot.reason, others=listed)


def told_of(slot: BookableSlot) -> Before:
    """What people were told of the slot, and are told anew when it changes."""
    return {
        "title": slot.title,
        "place": slot.place,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
    }


def read_before(stored: str) -> Before:
    """The same as a letter's facts kept it."""
    before: Before = json.loads(stored)
    return before


def _moved_names(email: Claimed) -> dict[str, Any]:
    names, before = emails.names_of(email), email.facts["before"]
    was = {**before, **{name: _moment(before[name]) for name in ("starts_at", "ends_at")}}
    has_moved = (was["starts_at"], was["ends_at"]) != (names["starts_at"], names["ends_at"])
    return {
        **names,
        "before": was,
        "what": "date" if has_moved else "place" if was["place"] != names["place"] else "title",
        "has_moved": has_moved,
        "is_invitation": bool(email.method),
    }


def _called_off_names(email: Claimed) -> dict[str, Any]:
    facts = email.facts
    below = "/class" if facts["class_label"] else ""
    path = f"/events/{facts['slug']}{below}" if facts["others"] else "/"
    return {
        **emails.names_of(email),
        "others": [[_moment(moment) for moment in other] for other in facts["others"]],
        "others_link": settings.current().public_url + templates.path(email.language, path),
        "is_invitation": bool(email.method),
    }


def _moment(stored: str) -> datetime:
    return i18n.local(datetime.fromisoformat(stored))


LETTERS = {
    "moved": Letter(_moved_names, lambda email: calendar.request(emails.invitation_of(email))),
    "called_off": Letter(
        _called_off_names, lambda email: calendar.cancel(emails.invitation_of(email), email.facts["reason"])
    ),
}
