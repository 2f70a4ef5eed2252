"""Proposals, the dates they name, and the journal that both sides read."""

from piccolo.columns import (
    UUID,
    Array,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check
from piccolo.table import Table

from service.events.tables import Event, Slot
from service.people.tables import Organisation, Person

KINDS = ("visit", "workshop")
STATES = ("draft", "submitted", "asked", "accepted", "declined", "withdrawn")
WITH_COMPANY = ("draft", "asked")  # who must act next
VERBS = (
    "begin", "submit", "edit", "ask", "answer", "accept", "decline", "withdraw", "add_dates", "report", "feedback",
)  # fmt: skip


class Proposal(Table, tablename="proposal"):
    """What a company would host: who it is, what and when; ``version`` tells who changes an older one.

    ``waits_since`` is when it came to whoever must act on it now.
    """

    id = UUID(primary_key=True)
    token_hash = Varchar(length=64, unique=True)
    generation = SmallInt(default=0)
    state = Varchar(length=20, default="draft")
    organisation_name = Varchar(length=200)
    organisation = ForeignKey(Organisation, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    contact_name = Varchar(length=200)
    email = Varchar(length=254)
    email_key = Varchar(length=320, index=True)
    language = Varchar(length=2, default="fr")
    kind = Varchar(length=20)
    title = Varchar(length=200)
    words = Text()
    seats = Integer(null=True, default=None)
    requirements = Array(base_column=Varchar(length=200), default=list)
    age_min = SmallInt(null=True, default=None)
    chaperone_ratio = SmallInt(null=True, default=None)
    group_max = Integer(null=True, default=None)
    access = Varchar(length=300)
    photos = Varchar(length=200)
    parking = Varchar(length=300)
    event = ForeignKey(Event, null=True, default=None, on_delete=OnDelete.restrict, unique=True)
    assigned_to = ForeignKey(Person, null=True, default=None, on_delete=OnDelete.restrict)
    created_at = Timestamptz()
    submitted_at = Timestamptz(null=True, default=None)
    waits_since = Timestamptz()
    reminded_at = Timestamptz(null=True, default=None)
    thanked_at = Timestamptz(null=True, default=None)
    again = Varchar(length=10)
    version = Integer(default=0)

    state_known = Check(f"state IN {STATES}")
    kind_known = Check(f"kind IN {('', *KINDS)}")
    again_known = Check("again IN ('', 'yes', 'perhaps', 'no')")
    language_known = Check("language IN ('fr', 'en')")
    seats_counted = Check("seats > 0")
    accepted_has_event = Check("(state = 'accepted') = (event IS NOT NULL)")
    submitted_says_when = Check("state IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL")


class ProposedDate(Table, tablename="proposed_date"):
    """A time at which the company could; the slot that was made of it, once there is one."""

    id = UUID(primary_key=True)
    proposal = ForeignKey(Proposal, null=False, on_delete=OnDelete.restrict, index=True)
    starts_at = Timestamptz(default=None, null=False)
    ends_at = Timestamptz(default=None, null=False)
    slot = ForeignKey(Slot, null=True, default=None, on_delete=OnDelete.restrict)

    ends_later = Check("ends_at > starts_at")


class ProposalNote(Table, tablename="proposal_note"):
    """One line of the journal that both sides read: who did what, and the words that were said."""

    id = UUID(primary_key=True)
    proposal = ForeignKey(Proposal, null=False, on_delete=OnDelete.restrict, index=True)
    at = Timestamptz()
    by = Varchar(length=60)
    verb = Varchar(length=20)
    words = Text()

    verb_known = Check(f"verb IN {VERBS}")
