"""Proposals, the dates they name, the journal that both sides read, and what a host was told of its dates."""

from piccolo.columns import (
    UUID,
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
SIDES = ("", "campus", "company")
AGAIN = ("yes", "perhaps", "no")
VERBS = (
    "begin", "submit", "edit", "ask", "answer", "accept", "decline", "withdraw", "detach", "publish", "add_dates",
    "take_date", "decline_date", "report_cancel", "report_change", "settle", "read_names", "feedback",
)  # fmt: skip


class Proposal(Table, tablename="proposal"):
    """What a company would host: who it is, what it shows, for how many; its dates stand beside it.

    It ``waits_for`` one of the two sides, since ``waits_since``, or for nobody. ``version`` tells who edits an older
    one, ``revision`` counts what was written about it. The event of one that was withdrawn may outlive it as a draft.
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
    seats = Integer(null=True, default=None)  # people on each date
    ppe = Varchar(length=200)
    dress = Varchar(length=200)
    age_min = SmallInt(null=True, default=None)
    chaperone_ratio = SmallInt(null=True, default=None)
    group_max = Integer(null=True, default=None)
    access = Varchar(length=200)
    photos = Varchar(length=200)
    parking = Varchar(length=90)
    event = ForeignKey(Event, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    assigned_to = ForeignKey(Person, null=True, default=None, on_delete=OnDelete.restrict)
    created_at = Timestamptz()
    submitted_at = Timestamptz(null=True, default=None)
    waits_for = Varchar(length=10)
    waits_since = Timestamptz()
    reminded_at = Timestamptz(null=True, default=None)
    thanked_at = Timestamptz(null=True, default=None)
    again = Varchar(length=10)
    version = Integer(default=0)
    revision = Integer(default=0)

    proposal_state_known = Check(f"state IN {STATES}")
    proposal_kind_known = Check(f"kind IN {('', *KINDS)}")
    proposal_again_known = Check(f"again IN {('', *AGAIN)}")
    proposal_language_known = Check("language IN ('fr', 'en')")
    proposal_side_known = Check(f"waits_for IN {SIDES}")
    proposal_seats_counted = Check("seats > 0")
    accepted_has_event = Check("state <> 'accepted' OR event IS NOT NULL")
    event_was_accepted = Check("event IS NULL OR state IN ('accepted', 'declined', 'withdrawn')")
    submitted_says_when = Check("state IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL")


class ProposedDate(Table, tablename="proposed_date"):
    """A time at which the company could: open until it became a ``slot``, or was declined."""

    id = UUID(primary_key=True)
    proposal = ForeignKey(Proposal, null=False, on_delete=OnDelete.restrict, index=True)
    starts_at = Timestamptz(default=None, null=False)
    ends_at = Timestamptz(default=None, null=False)
    slot = ForeignKey(Slot, null=True, default=None, on_delete=OnDelete.set_null)
    declined_at = Timestamptz(null=True, default=None)

    proposed_date_ends_later = Check("ends_at > starts_at")
    taken_or_declined = Check("slot IS NULL OR declined_at IS NULL")


class ProposalNote(Table, tablename="proposal_note"):
    """One line of the journal that both sides read: who did what, and the words that were said."""

    id = UUID(primary_key=True)
    proposal = ForeignKey(Proposal, null=False, on_delete=OnDelete.restrict, index=True)
    at = Timestamptz()
    by = Varchar(length=60)
    verb = Varchar(length=20)
    words = Text()

    proposal_note_verb_known = Check(f"verb IN {VERBS}")


class HostedDate(Table, tablename="hosted_date"):
    """What the host of a slot was last told of it, and whether its final list was announced."""

    slot = ForeignKey(Slot, primary_key=True, null=False, on_delete=OnDelete.restrict)
    proposal = ForeignKey(Proposal, null=False, on_delete=OnDelete.restrict, index=True)
    starts_at = Timestamptz(default=None, null=False)
    ends_at = Timestamptz(default=None, null=False)
    state = Varchar(length=20)
    list_told_at = Timestamptz(null=True, default=None)
