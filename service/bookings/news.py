"""Telling people that what they booked has changed: what it was, what it is now, once it has settled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service import clock, db
from service.bookings import class_emails, held, invitations, news_emails, pending_emails, seats, turns
from service.bookings.tables import LIVE, Booking, Dossier, Invitation
from service.events import slots
from service.events.slots import BookableSlot
from service.mail import outbox

CONCERNED = """
SELECT booking.id, booking.dossier, booking.slot FROM booking JOIN dossier ON dossier.id = booking.dossier
JOIN slot ON slot.id = booking.slot
WHERE booking.slot = ANY($1) AND booking.state = ANY($2) AND slot.starts_at > $3 AND dossier.erase_asked_at IS NULL
ORDER BY booking.dossier, booking.id
"""
TO_TELL = """
SELECT count(*) AS people FROM booking JOIN dossier ON dossier.id = booking.dossier JOIN slot ON slot.id = booking.slot
WHERE booking.slot = ANY($1) AND booking.state = ANY($2) AND slot.starts_at > $3 AND dossier.erase_asked_at IS NULL
  AND dossier.email <> ''
"""
# A worker that is about to take one of them waits, or has it already: then it tells what it tells.
UNTOLD = """
SELECT subject_id, facts -> 'before' AS before, may_have_arrived FROM email
WHERE subject_kind = 'booking' AND subject_id = ANY($1) AND letter = 'moved' AND state = 'due' ORDER BY id FOR UPDATE
"""
SUMMED_UP = """
SELECT DISTINCT subject_id AS dossier FROM email
WHERE subject_kind = 'dossier' AND subject_id = ANY($1) AND letter = ANY($2) AND state = 'due'
"""
EDITED = "UPDATE slot SET version = version + 1 WHERE id = ANY($1)"
HOLD_DOSSIERS = "SELECT 1 FROM dossier WHERE id = ANY($1) ORDER BY id FOR UPDATE"
REVISE = "UPDATE booking SET revision = revision + 1 WHERE id = ANY($1) RETURNING *"

Before = dict[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """One booking whose people are told, what they were told before, and how it stands now."""

    dossier: Dossier
    booking: Booking
    slot: BookableSlot
    before: Before
    invitation: Invitation | None
    position: int


async def people_to_tell(slot_ids: Collection[UUID]) -> int:
    """How many bookings of these slots, as far as they are to come, have an address that is written to."""
    return int((await db.fetch(TO_TELL, list(slot_ids), list(LIVE), clock.now()))[0]["people"])


async def tell_change(slot_ids: Collection[UUID], before: Mapping[UUID, BookableSlot]) -> int:
    """Post to each live booking of these slots what was ``before`` and what is now: title, place, date and time.

    The letter leaves after five minutes; a newer one takes its place, and none is left where all is as it was told.
    A parent who is asked is asked anew. Who books meanwhile reads the slot again. Returns how many are written to.
    Needs an open transaction; locks these slots, then dossiers: slots and events that are held must be held before.
    """
    db.inside_transaction()
    await hold_slots(slot_ids)
    await db.fetch(EDITED, list(slot_ids))
    now = await slots.load_all(set(slot_ids))
    concerned = await db.fetch(CONCERNED, list(slot_ids), list(LIVE), clock.now())
    dossiers = await hold_dossiers({row["dossier"] for row in concerned})
    untold = await _withdraw_untold([row["id"] for row in concerned])
    news = _news(concerned, untold, before, now)
    told = await _revise(news, dossiers, now)
    for one in told:
        await _tell(one)
    touched = {row["dossier"] for row in concerned if row["id"] in news.keys() | untold.keys()}
    await renew_summaries([dossiers[dossier] for dossier in touched])
    return sum(bool(one.dossier.email) for one in told)


async def hold_slots(slot_ids: Collection[UUID]) -> None:
    """Lock these slots, in the order in which everybody does."""
    for slot_id in sorted(slot_ids):
        await seats.hold(slot_id)


async def hold_dossiers(dossier_ids: Collection[UUID]) -> dict[UUID, Dossier]:
    """Lock these dossiers, after their slots, and read them."""
    db.inside_transaction()
    await db.fetch(HOLD_DOSSIERS, list(dossier_ids))
    if not dossier_ids:
        return {}
    return {one.id: one for one in await Dossier.objects().where(Dossier.id.is_in(list(dossier_ids)))}


async def renew_summaries(dossiers: Sequence[Dossier]) -> None:
    """Write the summaries anew that classes were to be sent: they tell what is no longer so."""
    classes = {one.id: one for one in dossiers if one.class_label}
    for row in await db.fetch(SUMMED_UP, list(classes), list(class_emails.SUMMARIES)):
        dossier = classes[row["dossier"]]
        await class_emails.say_what_is_left(dossier, await held.live_of(dossier))


async def _withdraw_untold(bookings: Sequence[UUID]) -> dict[UUID, Any]:
    """Withdraw the letters about them that have not left; returns what they would have told."""
    untold = {row["subject_id"]: row for row in await db.fetch(UNTOLD, list(bookings))}
    await outbox.withdraw_unsent_of("booking", list(untold), "moved")
    return untold


def _news(
    concerned: Sequence[Any],
    untold: Mapping[UUID, Any],
    before: Mapping[UUID, BookableSlot],
    now: Mapping[UUID, BookableSlot],
) -> dict[UUID, Before]:
    """What each booking was told last, of those to which something else must be told now.

    A letter that has not left counts as never written; one that may have arrived is answered in any case.
    """
    news = {}
    for row in concerned:
        letter = untold.get(row["id"])
        was = news_emails.read_before(letter["before"]) if letter else news_emails.told_of(before[row["slot"]])
        if was != news_emails.told_of(now[row["slot"]]) or (letter and letter["may_have_arrived"]):
            news[row["id"]] = was
    return news


async def _revise(
    told: Mapping[UUID, Before], dossiers: Mapping[UUID, Dossier], now: Mapping[UUID, BookableSlot]
) -> list[Told]:
    """Each of them with its next revision, its invitation moved on, and where it waits."""
    rows = await db.fetch(REVISE, list(told))
    bookings = sorted((Booking(**dict(row), _exists_in_db=True) for row in rows), key=lambda one: one.id)
    moved_on = await invitations.move_all_on("booking", list(told))
    ranks = await turns.ranks_of([one.id for one in bookings if one.state == "waiting"])
    return [
        Told(
            dossier=dossiers[UUID(str(one.dossier))],
            booking=one,
            slot=now[UUID(str(one.slot))],
            before=told[one.id],
            invitation=moved_on.get(one.id),
            position=ranks[one.id].position if one.id in ranks else 0,
        )
        for one in bookings
    ]


async def _tell(one: Told) -> None:
    if one.dossier.email:
        await news_emails.say_moved(
            one.dossier, one.booking, one.slot, one.invitation, before=one.before, position=one.position
        )
    if one.booking.state == "pending" and one.booking.awaits_guardian:
        await pending_emails.ask_guardian_anew(one.dossier, one.booking, one.slot)
