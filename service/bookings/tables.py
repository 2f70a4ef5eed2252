"""Dossiers, bookings and invitations: what was asked for, which seats it holds, what calendars were told."""

from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from service.events.tables import Slot

HOLDING = ("confirmed", "option", "pending", "offered")
OVER = ("cancelled", "declined", "expired")
LIVE = (*HOLDING, "waiting")
STATES = (*LIVE, *OVER)


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
    language = Varchar(length=2, default="fr")
    created_at = Timestamptz()
    address_answered_at = Timestamptz(null=True, default=None)
    erase_asked_at = Timestamptz(null=True, default=None)
    erased_at = Timestamptz(null=True, default=None)

    language_known = Check("language IN ('fr', 'en')")


class Booking(Table, tablename="booking"):
    """A claim on ``seats`` seats of one slot."""

    id = UUID(primary_key=True)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.restrict, index=True)
    slot = ForeignKey(Slot, null=False, on_delete=OnDelete.restrict, index=True)
    seats = Integer(default=1)
    state = Varchar(length=20)
    email_key = Varchar(length=320)
    name_key = Varchar(length=220)
    age_band = Varchar(length=10)
    revision = Integer(default=0)
    created_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    queued_at = Timestamptz(null=True, default=None)
    passed_over = SmallInt(default=0)
    ended_at = Timestamptz(null=True, default=None)
    ended_by = Varchar(length=60)

    state_known = Check(f"state IN {STATES}")
    seats_positive = Check("seats > 0")
    age_band_known = Check("age_band IN ('', 'under_15', '15_17', '18_plus')")
    offered_until = Check("state <> 'offered' OR expires_at IS NOT NULL")
    queued_since = Check("state NOT IN ('waiting', 'offered') OR queued_at IS NOT NULL")
    ended_says_when = Check(f"(state IN {OVER}) = (ended_at IS NOT NULL)")


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
