"""Dossiers, bookings, attendees, invitations, messages: what was asked for, by whom, and what people were told."""

from piccolo.columns import UUID, Boolean, ForeignKey, Integer, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from service.events.tables import Event, Slot

HOLDING = ("confirmed", "option", "pending", "offered")
OVER = ("cancelled", "declined", "expired")
LIVE = (*HOLDING, "waiting")
STATES = (*LIVE, *OVER)
AUDIENCES = ("individual", "class", "partner")
RECIPIENTS = ("confirmed", "waiting", "present", "absent")
OUTINGS = ("compulsory", "optional", "outside_school")


class Dossier(Table, tablename="dossier"):
    """What one person asked for in one go. Their data lives here, on no shared person: an event is erasable alone."""

    id = UUID(primary_key=True)
    token_hash = Varchar(length=64, unique=True)
    generation = SmallInt(default=0)
    code = Varchar(length=7, unique=True)
    first_name = Varchar(length=100)
    last_name = Varchar(length=100)
    email = Varchar(length=254)
    email_key = Varchar(length=320, index=True)
    school = Varchar(length=200)
    class_label = Varchar(length=60)
    level = Varchar(length=20)
    outing = Varchar(length=20)
    girls = Integer(null=True, default=None)
    needs = Varchar(length=300)
    guardian_email = Varchar(length=254)
    guardian_generation = SmallInt(default=0)
    guardian_hash = Varchar(length=64, index=True)
    guardian_answered_at = Timestamptz(null=True, default=None)
    language = Varchar(length=2, default="fr")
    created_at = Timestamptz()
    address_answered_at = Timestamptz(null=True, default=None)
    erase_asked_at = Timestamptz(null=True, default=None)
    erased_at = Timestamptz(null=True, default=None)

    language_known = Check("language IN ('fr', 'en')")
    outing_known = Check(f"outing IN {('', *OUTINGS)}")
    girls_counted = Check("girls >= 0")


class Booking(Table, tablename="booking"):
    """A claim on ``seats`` seats of one slot, for its ``audience``. A class counts its pupils and chaperones.

    A ``pending`` one says what it awaits; one that is over says what it ``was``.
    """

    id = UUID(primary_key=True)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.restrict, index=True)
    slot = ForeignKey(Slot, null=False, on_delete=OnDelete.restrict, index=True)
    seats = Integer(default=1)
    state = Varchar(length=20)
    email_key = Varchar(length=320)
    name_key = Varchar(length=220)
    age_band = Varchar(length=10)
    audience = Varchar(length=10, default="individual")
    pupils = Integer(default=0)
    chaperones = Integer(default=0)
    awaits_approval = Boolean(default=False)
    awaits_guardian = Boolean(default=False)
    revision = Integer(default=0)
    created_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    reminded_at = Timestamptz(null=True, default=None)
    queued_at = Timestamptz(null=True, default=None)
    passed_over = SmallInt(default=0)
    ended_at = Timestamptz(null=True, default=None)
    ended_by = Varchar(length=60)
    was = Varchar(length=20)

    state_known = Check(f"state IN {STATES}")
    seats_positive = Check("seats > 0")
    age_band_known = Check("age_band IN ('', 'under_15', '15_17', '18_plus')")
    audience_known = Check(f"audience IN {AUDIENCES}")
    party_counted = Check("least(pupils, chaperones) >= 0 AND pupils + chaperones IN (0, seats)")
    held_until = Check("state NOT IN ('offered', 'option', 'pending') OR expires_at IS NOT NULL")
    pending_awaits = Check("state <> 'pending' OR awaits_approval OR awaits_guardian")
    queued_since = Check("state NOT IN ('waiting', 'offered') OR queued_at IS NOT NULL")
    ended_says_when = Check(f"(state IN {OVER}) = (ended_at IS NOT NULL)")


class Attendee(Table, tablename="attendee"):
    """One name that a teacher gave for a class; the rest of it are numbered blank lines."""

    id = UUID(primary_key=True)
    booking = ForeignKey(Booking, null=False, on_delete=OnDelete.restrict, index=True)
    number = SmallInt()
    last_name = Varchar(length=100)
    first_name = Varchar(length=100)


class Invitation(Table, tablename="invitation"):
    """One entry in one calendar. Moved, restored or readdressed, the subject gets a new one with a new UID."""

    id = UUID(primary_key=True)
    uid = Varchar(length=191, unique=True)
    subject_kind = Varchar(length=20)
    subject_id = UUID(default=None, null=False, index=True)
    attendee = Varchar(length=254)
    sequence = Integer(default=0)
    stamp = Timestamptz()
    partstat = Varchar(length=20, default="ACCEPTED")
    answered_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)

    partstat_known = Check("partstat IN ('NEEDS-ACTION', 'ACCEPTED', 'TENTATIVE', 'DECLINED')")


class Message(Table, tablename="message"):
    """What an organiser wrote to people of an event, or of one slot of it, as it was typed."""

    id = UUID(primary_key=True)
    event = ForeignKey(Event, null=False, on_delete=OnDelete.restrict, index=True)
    slot = ForeignKey(Slot, null=True, default=None, on_delete=OnDelete.restrict)
    recipients = Varchar(length=20)
    title = Varchar(length=150)
    body = Text()
    letters = Integer()
    sent_by = Varchar(length=60)
    sent_at = Timestamptz()

    recipients_known = Check(f"recipients IN {RECIPIENTS}")
    letters_counted = Check("letters >= 0")
