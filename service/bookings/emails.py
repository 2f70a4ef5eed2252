"""What we write to people who book: the letters, the facts they freeze, and how facts become words."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from service import db, i18n, settings, templates, text
from service.bookings import dossiers
from service.bookings.dossiers import Booker
from service.bookings.tables import Booking, Dossier, Invitation
from service.calendars import invitation as calendar
from service.events import slots
from service.events.slots import BookableSlot
from service.limits import rates
from service.mail import outbox
from service.mail.letters import Letter
from service.mail.outbox import Claimed

URGENT, ORDINARY = 3, 5
SETTLING = timedelta(minutes=5)  # changes of mind within them make one letter
METHODS = {
    "confirmation": "REQUEST",
    "changed": "REQUEST",
    "moved": "REQUEST",
    "cancellation": "CANCEL",
    "called_off": "CANCEL",
    "transferred": "CANCEL",
    "withdrawn": "CANCEL",
}
SETTLE = ("changed", "moved")  # which letters wait for it

OF_DOSSIERS = """
SELECT dossier.id, dossier.generation, dossier.code, dossier.first_name, dossier.last_name, booking.state,
       slot.starts_at, slot.ends_at, event.title, event.place
FROM dossier JOIN booking ON booking.dossier = dossier.id JOIN slot ON slot.id = booking.slot
JOIN event ON event.id = slot.event WHERE dossier.id = ANY($1) ORDER BY slot.starts_at, dossier.created_at
"""
LIVE_OF_ADDRESS = """
SELECT DISTINCT dossier.id, dossier.language FROM dossier JOIN booking ON booking.dossier = dossier.id
JOIN slot ON slot.id = booking.slot
WHERE dossier.email_key = $1 AND slot.ends_at > $2 AND dossier.erase_asked_at IS NULL
"""


class _NothingHeld(Exception):
    """The address has no link to be sent."""


async def confirm(dossier: Dossier, booking: Booking, slot: BookableSlot, invitation: Invitation) -> None:
    """Post the confirmation of a seat, with its invitation (METHOD:REQUEST)."""
    await post("confirmation", dossier, booking, slot, invitation)


async def say_cancelled(
    dossier: Dossier,
    booking: Booking,
    slot: BookableSlot,
    invitation: Invitation | None,
    restore_until: datetime | None,
) -> None:
    """Post what tells the booker that it is over; with a CANCEL when an invitation may have gone out."""
    more: dict[str, str | int] = {"reason": "", "restore_until": restore_until.isoformat() if restore_until else ""}
    await post("cancellation", dossier, booking, slot, invitation, **more)


async def say_taken_back(
    dossier: Dossier, booking: Booking, slot: BookableSlot, invitation: Invitation | None, reason: str
) -> None:
    """Post that the organisers ended this booking, of a date that takes place; with a CANCEL as above."""
    more: dict[str, str | int] = {"reason": reason, "restore_until": "", "taken_back": booking.was}
    await post("cancellation", dossier, booking, slot, invitation, **more)


async def say_transferred(
    dossier: Dossier, booking: Booking, before: BookableSlot, invitation: Invitation | None, now: BookableSlot
) -> None:
    """Post that the organisers moved the booking from one date to another; with the CANCEL of the first."""
    moved = {"moved_to": now.starts_at.isoformat(), "moved_until": now.ends_at.isoformat(), "moved_place": now.place}
    await post("transferred", dossier, booking, before, invitation, state=booking.state, reason="", **moved)


async def say_waiting(dossier: Dossier, booking: Booking, slot: BookableSlot, position: int) -> None:
    """Post where they stand in the queue."""
    await post("waiting", dossier, booking, slot, None, position=position)


async def offer(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post the offer of a seat that is held until ``expires_at``."""
    await post("offer", dossier, booking, slot, None, expires_at=_until(booking))


async def say_left(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post that they left the queue, or gave an offered seat to the next."""
    await post("left", dossier, booking, slot, None, state=booking.state)


async def say_over(dossier: Dossier, booking: Booking, slot: BookableSlot) -> None:
    """Post that an offer or a pending booking lapsed, or that the list closed before a seat came free."""
    why = "pending" if booking.was == "pending" else booking.ended_by
    await post("lapsed", dossier, booking, slot, None, why=why)


async def withdraw(dossier: Dossier, booking: Booking, slot: BookableSlot, invitation: Invitation) -> None:
    """Tell a wrong address that its invitation was not meant for it: no link, no name."""
    await post("withdrawn", dossier, booking, slot, invitation, first_name="", last_name="")


async def remind_of_booking(held_by: list[UUID], who: Booker) -> None:
    """Send the owner of the address the link of what it holds already, within the limits of letters."""
    await _send_links("already_booked", held_by, who.email, who.language)


async def send_links(address: str, address_key: str, now: datetime, language: str) -> None:
    """Send every live link of an address to it. Nothing tells the caller whether there was any."""
    rows = await db.fetch(LIVE_OF_ADDRESS, address_key, now)
    await _send_links("links", [row["id"] for row in rows], address, language)


def link_to(dossier: Dossier) -> str:
    """The permanent link of a dossier, absolute, in its language, as its letters carry it."""
    facts = {"dossier": str(dossier.id), "generation": dossier.generation}
    return _link(facts, dossier.language)


async def _send_links(letter: str, held_by: list[UUID], address: str, language: str) -> None:
    try:
        await rates.spend_letter(text.address_key(address))
    except rates.TooOften:
        return  # said to no one: it would tell that the address is known
    facts = {"bookings": [_as_link(row) for row in await db.fetch(OF_DOSSIERS, held_by)]}
    with suppress(_NothingHeld):  # the same work for an address that nobody knows, undone
        async with db.transaction():
            await outbox.post(letter, address, language, facts, ("links", uuid4()), priority=URGENT)
            if not held_by:
                raise _NothingHeld


def _as_link(row: Any) -> dict[str, Any]:
    return {
        "dossier": str(row["id"]),
        "generation": row["generation"],
        "code": row["code"],
        "name": f"{row['first_name']} {row['last_name']}",
        "state": row["state"],
        "title": row["title"],
        "place": row["place"],
        "starts_at": row["starts_at"].isoformat(),
        "ends_at": row["ends_at"].isoformat(),
    }


async def post(
    letter: str,
    dossier: Dossier,
    booking: Booking,
    slot: BookableSlot,
    invitation: Invitation | None,
    **more: Any,
) -> None:
    """Post a letter about one booking, with its ``invitation`` if it carries one. Needs an open transaction."""
    await outbox.post(
        letter,
        invitation.attendee if invitation else dossier.email,
        dossier.language,
        {**facts_of(dossier, slot, invitation), **_party(booking), **more},
        ("booking", booking.id),
        revision=booking.revision,
        calendar=(METHODS[letter], invitation.uid) if invitation else ("", ""),
        priority=URGENT if letter == "offer" else ORDINARY,  # its deadline runs
        until=(letter == "offer" and booking.expires_at) or slot.ends_at,
        after=SETTLING if letter in SETTLE else timedelta(0),
    )


def _party(booking: Booking) -> dict[str, int]:
    return {"pupils": booking.pupils, "chaperones": booking.chaperones, "seats": booking.seats}


def _until(booking: Booking) -> str:
    return booking.expires_at.isoformat() if booking.expires_at else ""


def facts_of(dossier: Dossier, slot: BookableSlot, invitation: Invitation | None) -> dict[str, Any]:
    """What any letter about a booking says, frozen as JSON."""
    facts = {
        **slots.as_facts(slot),
        "dossier": str(dossier.id),
        "generation": dossier.generation,
        "code": dossier.code,
        "first_name": dossier.first_name,
        "last_name": dossier.last_name,
        "class_label": dossier.class_label,
        "names_by": names_by.isoformat() if dossier.class_label and (names_by := slots.names_by(slot)) else "",
    }
    if invitation:
        facts["sequence"] = invitation.sequence
        facts["stamp"] = invitation.stamp.isoformat()
        facts["partstat"] = invitation.partstat
    return facts


def names_of(email: Claimed) -> dict[str, Any]:
    """What the templates of one booking's letters call things."""
    facts = email.facts
    link = _link(facts, email.language)
    return {
        "recipient_name": f"{facts['first_name']} {facts['last_name']}".strip(),
        "title": facts["title"],
        "kind": facts["kind"],
        "starts_at": _moment(facts["starts_at"]),
        "ends_at": _moment(facts["ends_at"]),
        "place": facts["place"],
        "host_name": facts["host_name"],
        "requirements": facts["requirements"],
        "code": facts["code"],
        "link": link,
        "cancel_link": f"{link}#cancel",
        "contact_email": facts["contact_email"] or settings.current().contact_email,
        "reason": facts.get("reason", ""),
        "position": facts.get("position", 0),
        "expires_at": _moment(facts["expires_at"]) if facts.get("expires_at") else None,
        "state": facts.get("state", ""),
        "why": facts.get("why", ""),
        "class_label": facts.get("class_label", ""),
        "taken_back": facts.get("taken_back", ""),
        "seats": facts.get("seats", 1),
        "pupils": facts.get("pupils", 0),
        "chaperones": facts.get("chaperones", 0),
        "names_by": _moment(facts["names_by"]) if facts.get("names_by") else None,
        "names_link": _link(facts, email.language, "/names"),
        "restore_until": _moment(facts["restore_until"]) if facts.get("restore_until") else None,
    }


def _transferred_names(email: Claimed) -> dict[str, Any]:
    facts = email.facts
    moments = {"moved_to": _moment(facts["moved_to"]), "moved_until": _moment(facts["moved_until"])}
    return {**names_of(email), **moments, "moved_place": facts["moved_place"], "is_invitation": bool(email.method)}


def _link_names(email: Claimed) -> dict[str, Any]:
    held = [
        {
            **booking,
            "starts_at": _moment(booking["starts_at"]),
            "ends_at": _moment(booking["ends_at"]),
            "link": _link(booking, email.language),
        }
        for booking in email.facts["bookings"]
    ]
    return {"bookings": held, "recipient_name": ""}


def _link(facts: dict[str, Any], language: str, below: str = "") -> str:
    """The permanent link of a dossier, or a page ``below`` it, which says that it was opened from a mail."""
    token = dossiers.token_of(UUID(facts["dossier"]), facts["generation"])
    return settings.current().public_url + templates.path(language, f"/bookings/{token}{below}", **{"from": "mail"})


def _moment(stored: str) -> datetime:
    return i18n.local(datetime.fromisoformat(stored))


def invitation_of(email: Claimed) -> calendar.Invitation:
    """The values of the calendar part: the same at every rendering."""
    facts, names = email.facts, names_of(email)
    public = settings.current().public_url
    withdrawn = email.letter == "withdrawn"
    link = f"{public}/events/{facts['slug']}" if withdrawn else names["link"]
    return calendar.Invitation(
        uid=email.invitation_uid,
        sequence=facts["sequence"],
        stamp=datetime.fromisoformat(facts["stamp"]),
        starts_at=names["starts_at"],
        ends_at=names["ends_at"],
        time_zone=settings.current().time_zone,
        title=facts["title"],
        place=facts["place"],
        description="\n".join(facts["requirements"]),
        url=link,
        organizer_name=settings.current().campus_name,
        organizer_address=settings.current().mail_from,
        attendee_name=names["recipient_name"],
        attendee_address=email.recipient,
        partstat=facts["partstat"],
        rsvp=False,  # no way in for answers is configured yet
    )


LETTERS = {
    "confirmation": Letter(names_of, lambda email: calendar.request(invitation_of(email))),
    "cancellation": Letter(names_of, lambda email: calendar.cancel(invitation_of(email), email.facts["reason"])),
    "transferred": Letter(_transferred_names, lambda email: calendar.cancel(invitation_of(email), "")),
    "waiting": Letter(names_of),
    "offer": Letter(names_of),
    "left": Letter(names_of),
    "lapsed": Letter(names_of),
    "withdrawn": Letter(names_of, lambda email: calendar.cancel(invitation_of(email), ""), fleeting=True),
    "links": Letter(_link_names, fleeting=True),
    "already_booked": Letter(_link_names, fleeting=True),
}
