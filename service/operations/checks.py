"""What must always hold, asked of the database itself."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from service import clock, db
from service.events.slots import LAST_CALL

UNBALANCED = """
SELECT * FROM (
    SELECT slot.id AS slot, slot.seats_taken, coalesce(sum(booking.seats) FILTER (WHERE holds), 0)::int AS seats_held,
           slot.seats_waiting, coalesce(sum(booking.seats) FILTER (WHERE NOT holds), 0)::int AS seats_queued,
           slot.class_seats,
           coalesce(sum(booking.seats) FILTER (WHERE holds AND audience = 'class'), 0)::int AS classes_held,
           slot.partner_seats,
           coalesce(sum(booking.seats) FILTER (WHERE holds AND audience = 'partner'), 0)::int AS partners_held
    FROM slot LEFT JOIN (
        SELECT slot, seats, audience, state <> 'waiting' AS holds FROM booking
        WHERE state IN ('confirmed', 'option', 'pending', 'offered', 'waiting')) booking ON booking.slot = slot.id
    GROUP BY slot.id) AS counted
WHERE (seats_taken, seats_waiting, class_seats, partner_seats)
    IS DISTINCT FROM (seats_held, seats_queued, classes_held, partners_held) ORDER BY slot
"""

# Somebody fits into the seats that are left for them, and nobody before them must be waited for: nobody who could
# have what they would take. When a share is released, the worker has an hour to find out (``released_at``).
IDLE = """
WITH share AS (
    SELECT slot.id AS slot, slot.capacity, slot.fill, had.audience, had.taken,
           CASE WHEN event.kept_days = 0 OR released > $1 THEN had.kept ELSE 0 END AS kept,
           CASE WHEN event.kept_days > 0 AND released <= $1 AND event.kept_for_individuals + event.kept_for_classes
                     + event.kept_for_partners > 0 THEN released END AS released_at
    FROM slot JOIN event ON event.id = slot.event
    CROSS JOIN LATERAL (VALUES
        ('individual', event.kept_for_individuals, slot.seats_taken - slot.class_seats - slot.partner_seats),
        ('class', event.kept_for_classes, slot.class_seats),
        ('partner', event.kept_for_partners, slot.partner_seats)) AS had (audience, kept, taken)
    CROSS JOIN LATERAL (SELECT slot.starts_at - event.kept_days * interval '24 hours' AS released) AS share_of
    WHERE slot.closes_at >= $2 AND slot.state = 'open' AND event.state = 'published'
), seen AS (
    SELECT me.slot, me.audience, me.fill, me.released_at, greatest(0, me.kept - me.taken) AS own,
           me.capacity - me.taken - sum(greatest(other.taken, other.kept)) AS free,
           me.capacity - sum(other.kept) AS most
    FROM share me JOIN share other ON other.slot = me.slot AND other.audience <> me.audience
    GROUP BY me.slot, me.audience, me.fill, me.released_at, me.kept, me.taken, me.capacity
), entry AS (
    SELECT booking.id, slot, audience, fill, released_at, queued_at, passed_over,
           seats <= free AS fits, seats <= own AS is_own
    FROM booking JOIN seen USING (slot, audience) WHERE booking.state = 'waiting' AND seats <= most
)
SELECT DISTINCT slot, released_at FROM entry ready WHERE fits AND NOT EXISTS (
    SELECT 1 FROM entry earlier WHERE earlier.slot = ready.slot
      AND (earlier.queued_at, earlier.id) < (ready.queued_at, ready.id)
      AND (earlier.audience = ready.audience OR NOT ready.is_own)
      AND (earlier.fits OR earlier.fill = 'strict' OR earlier.passed_over >= 3))
ORDER BY slot
"""
OVERDUE = """
SELECT slot FROM booking WHERE state = 'offered' AND expires_at < $1
UNION SELECT id FROM slot WHERE seats_waiting > 0 AND closes_at < $1
"""
OUTLIVED = "SELECT DISTINCT slot FROM booking WHERE state IN ('option', 'pending') AND expires_at < $1 ORDER BY 1"
# Each finds bookings of which something is not so; what a table's own checks refuse is not looked for again.
ODD = {
    "an option of somebody who comes alone": "SELECT id FROM booking WHERE state = 'option' AND pupils = 0",
    "pupils who are counted as somebody who comes alone": """
        SELECT id FROM booking WHERE pupils > 0 AND audience = 'individual'""",
    "what is agreed upon awaits a word still": """
        SELECT id FROM booking WHERE state IN ('confirmed', 'option') AND (awaits_approval OR awaits_guardian)""",
    "a hold reaches past the start": """
        SELECT booking.id FROM booking JOIN slot ON slot.id = booking.slot
        WHERE booking.state IN ('option', 'pending', 'offered') AND booking.expires_at > slot.starts_at""",
    "beside what a class holds in a slot stands more than its rest that waits": """
        SELECT one.id FROM booking one JOIN booking other
            ON other.dossier = one.dossier AND other.slot = one.slot AND other.id <> one.id
        WHERE one.state IN ('confirmed', 'option', 'pending', 'offered', 'waiting')
          AND (other.state = 'offered' OR other.state = 'waiting' AND (one.state = 'waiting' OR other.pupils = 0)
               OR other.state IN ('confirmed', 'option', 'pending') AND one.state <> 'waiting')""",
    "somebody was passed over more than three times": "SELECT id FROM booking WHERE passed_over > 3",
    "a booking and its dossier name two addresses": """
        SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
        WHERE booking.state IN ('confirmed', 'option', 'pending', 'offered', 'waiting')
          AND booking.email_key <> dossier.email_key""",
    "what is being erased has seats to come, or waits for some": """
        SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
        JOIN slot ON slot.id = booking.slot
        WHERE booking.state IN ('confirmed', 'option', 'pending', 'offered', 'waiting')
          AND slot.ends_at > dossier.erase_asked_at""",
    "an invitation stands in a calendar for what is not confirmed": """
        SELECT booking.id FROM booking JOIN invitation
            ON invitation.subject_kind = 'booking' AND invitation.subject_id = booking.id
        WHERE invitation.ended_at IS NULL AND booking.state <> 'confirmed'""",
    "a name is listed where no class comes": """
        SELECT DISTINCT booking.id FROM booking JOIN attendee ON attendee.booking = booking.id
        WHERE booking.pupils = 0""",
    "the door noted it at another slot": """
        SELECT booking.id FROM booking JOIN presence ON presence.booking = booking.id
        WHERE presence.slot <> booking.slot""",
    "the door noted more people than it has seats": """
        SELECT booking.id FROM booking JOIN presence ON presence.booking = booking.id
        WHERE presence.people > booking.seats""",
    "somebody was there although the slot was called off": """
        SELECT booking.id FROM presence JOIN booking ON booking.id = presence.booking
        JOIN slot ON slot.id = presence.slot WHERE slot.state = 'called_off'""",
}
# The same of proposals.
ODD_PROPOSALS = {
    "it waits for another side than its state says": """
        SELECT id FROM proposal WHERE waits_for <> CASE state
            WHEN 'draft' THEN 'company' WHEN 'submitted' THEN 'campus' WHEN 'asked' THEN 'company'
            WHEN 'accepted' THEN CASE waits_for WHEN 'campus' THEN 'campus' ELSE '' END ELSE '' END""",
    "another one stands behind the same event": """
        SELECT one.id FROM proposal one JOIN proposal other ON other.event = one.event AND other.id <> one.id""",
    "its event is public, and its host was never told": """
        SELECT proposal.id FROM proposal JOIN event ON event.id = proposal.event
        WHERE proposal.state = 'accepted' AND event.state <> 'draft' AND NOT EXISTS (
            SELECT 1 FROM email WHERE email.subject_kind = 'proposal' AND email.subject_id = proposal.id
                AND email.letter = 'proposal_published')""",
    "its event is public although it was taken back or declined": """
        SELECT proposal.id FROM proposal JOIN event ON event.id = proposal.event
        WHERE proposal.state <> 'accepted' AND event.state <> 'draft'""",
    "a date of it was made a slot of another event": """
        SELECT DISTINCT proposal.id FROM proposal JOIN proposed_date ON proposed_date.proposal = proposal.id
        JOIN slot ON slot.id = proposed_date.slot WHERE slot.event <> proposal.event""",
    "its host was told of a slot of another event": """
        SELECT DISTINCT proposal.id FROM proposal JOIN hosted_date ON hosted_date.proposal = proposal.id
        JOIN slot ON slot.id = hosted_date.slot WHERE slot.event IS DISTINCT FROM proposal.event""",
    "its host looked back on what was never accepted": """
        SELECT id FROM proposal WHERE state <> 'accepted' AND (again <> '' OR thanked_at IS NOT NULL)""",
}
STUCK = "SELECT count(*) AS letters FROM email WHERE state IN ('due', 'sending') AND posted_at < $1"
FAILED = "SELECT count(*) AS letters FROM email WHERE state = 'failed' AND settled_at > $1"
PATIENCE = timedelta(hours=1)
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """A slot whose counters and bookings disagree: in all, in its queue, or in what an audience has of it."""

    slot: UUID
    seats_taken: int
    seats_held: int
    seats_waiting: int = 0
    seats_queued: int = 0
    class_seats: int = 0
    classes_held: int = 0
    partner_seats: int = 0
    partners_held: int = 0


async def unbalanced_slots() -> list[Unbalanced]:
    """The slots whose counters are not what the bookings hold and wait for: none, or the product is broken."""
    return [Unbalanced(**dict(row)) for row in await db.fetch(UNBALANCED)]


async def idle_slots() -> list[UUID]:
    """The slots where seats stay free although the one whose turn it is fits: none, or the product is broken.

    Without those whose turn has come because a share was released: that is the worker's to find.
    """
    return [row["slot"] for row in await _idle() if row["released_at"] is None]


async def overdue_slots() -> list[UUID]:
    """The slots where an offer outlived its deadline, a queue its list, or a share its days, for an hour now."""
    since = clock.now() - PATIENCE
    late = {row["slot"] for row in await db.fetch(OVERDUE, since)}
    return sorted(late | {row["slot"] for row in await _idle() if row["released_at"] and row["released_at"] < since})


async def outlived_slots() -> list[UUID]:
    """The slots where an option or a pending booking outlived its deadline, and nobody ended it for an hour."""
    return [row["slot"] for row in await db.fetch(OUTLIVED, clock.now() - PATIENCE)]


async def odd_bookings() -> list[tuple[str, UUID]]:
    """What is not as it should be, and of which booking: none, or the product is broken."""
    return [(what, row["id"]) for what, query in ODD.items() for row in await db.fetch(f"{query} ORDER BY 1")]


async def odd_proposals() -> list[tuple[str, UUID]]:
    """What is not as it should be, and of which proposal: none, or the product is broken."""
    return [(what, row["id"]) for what, query in ODD_PROPOSALS.items() for row in await db.fetch(f"{query} ORDER BY 1")]


async def findings() -> list[str]:
    """One line for each thing that is wrong, with what to do about it; none when all is well."""
    return [*await broken_rules(), *await late_offers(), *await late_mail(), *await failed_mail()]


async def broken_rules() -> list[str]:
    """One line for each slot whose counters lie or queue stands still, each booking and proposal that cannot be."""
    lies = [
        f"slot {one.slot}: {one.seats_taken} seats counted, {one.seats_held} held; "
        f"{one.seats_waiting} counted as waited for, {one.seats_queued} waited for; "
        f"{one.class_seats} counted for classes, {one.classes_held} held; "
        f"{one.partner_seats} counted for partners, {one.partners_held} held. "
        "This is a defect: please report it with the journal of this slot."
        for one in await unbalanced_slots()
    ]
    still = [
        f"slot {slot}: seats stay free while people wait for them. "
        "This is a defect: please report it with the journal of this slot."
        for slot in await idle_slots()
    ]
    odd = [
        f"booking {booking}: {what}. This is a defect: please report it with the journal of this booking."
        for what, booking in await odd_bookings()
    ]
    odder = [
        f"proposal {proposal}: {what}. This is a defect: please report it with the journal of this proposal."
        for what, proposal in await odd_proposals()
    ]
    return lies + still + odd + odder


async def late_offers() -> list[str]:
    """One line for each slot whose queue nobody moves on, or where seats are held for nobody.

    A backup may bring them back: the worker ends them.
    """
    still = [
        f"slot {slot}: its waiting list stands still since more than an hour. Is the worker running?"
        for slot in await overdue_slots()
    ]
    held = [
        f"slot {slot}: an option or a pending booking lapsed more than an hour ago and still holds its seats. "
        "Is the worker running?"
        for slot in await outlived_slots()
    ]
    return still + held


async def late_mail() -> list[str]:
    """A line when letters wait too long."""
    stuck = (await db.fetch(STUCK, clock.now() - PATIENCE))[0]["letters"]
    line = f"{stuck} letter(s) wait since more than an hour. Is the worker running? Is SMTP_URL right?"
    return [line] if stuck else []


async def failed_mail() -> list[str]:
    """A line when letters of the last days could not be delivered."""
    failed = (await db.fetch(FAILED, clock.now() - RECENT))[0]["letters"]
    line = f"{failed} letter(s) of the last 7 days could not be delivered: column `detail` of email says why."
    return [line] if failed else []


async def _idle() -> list[Any]:
    now = clock.now()
    return await db.fetch(IDLE, now, now + LAST_CALL)
