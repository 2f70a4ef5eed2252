"""Events and slots. Capacity belongs to the slot, and the table itself says that it is never exceeded."""

from datetime import datetime, timedelta

from piccolo.columns import (
    UUID,
    Array,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Serial,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table

from service import i18n
from service.people.tables import Organisation

KINDS = ("visit", "workshop", "assembly")


class Event(Table, tablename="event"):
    """A visit, a workshop or an assembly: what it is; its slots say when."""

    id = UUID(primary_key=True)
    number = Serial(unique=True)  # the short address of a poster: /e/127
    slug = Varchar(length=120, unique=True)
    kind = Varchar(length=20)
    state = Varchar(length=20, default="draft")
    title = Varchar(length=200)
    theme = Varchar(length=40)
    summary = Varchar(length=300)
    description = Text()
    host = ForeignKey(Organisation, null=False, on_delete=OnDelete.restrict)
    speaker = Varchar(length=200)
    contact_name = Varchar(length=200)
    contact_email = Varchar(length=254)
    place = Varchar(length=250)
    town = Varchar(length=100)
    levels = Array(base_column=Varchar(length=20), default=list)
    requirements = Array(base_column=Varchar(length=200), default=list)
    photos = Varchar(length=200)
    access = Varchar(length=300)
    id_document = Boolean(default=False)
    age_min = SmallInt(null=True, default=None)
    takes_individuals = Boolean(default=True)
    takes_classes = Boolean(default=False)
    needs_approval = Boolean(default=False)
    outside_school_time = Boolean(default=False)  # a minor who comes alone needs a parent's authorisation
    option_days = SmallInt(null=True, default=10)  # how long a class may hesitate; None confirms it at once
    class_seats_max = Integer(null=True, default=None)
    kept_for_classes = Integer(default=0)  # seats of each slot that nobody else may take before ``kept_days``
    kept_for_individuals = Integer(default=0)
    kept_for_partners = Integer(default=0)
    kept_days = SmallInt(default=0)
    group_max = Integer(null=True, default=None)
    chaperone_ratio = SmallInt(null=True, default=None)
    chaperones_min = SmallInt(default=0)
    list_closes_days = SmallInt(default=0)
    names_required_days = SmallInt(null=True, default=None)
    contacts_erased_on = Date(null=True, default=None)
    names_erased_on = Date(null=True, default=None)
    host_gets_names = Boolean(default=False)  # who hosts it may see who comes, once the list is closed
    published_at = Timestamptz(null=True, default=None)
    version = Integer(default=0)  # of what the office edits: who edits an older one is told

    kind_known = Check("kind IN ('visit', 'workshop', 'assembly')")
    state_known = Check("state IN ('draft', 'published', 'called_off')")
    titled = Check("title <> '' AND slug <> ''")
    days_positive = Check("list_closes_days >= 0")
    option_lasts = Check("option_days > 0")
    kept_counted = Check("least(kept_for_classes, kept_for_individuals, kept_for_partners, kept_days) >= 0")
    assembly_is_for_members = Check("kind <> 'assembly' OR NOT (takes_individuals OR takes_classes)")


class Slot(Table, tablename="slot"):
    """One date of an event. Only ``bookings/seats.py`` touches what is counted here.

    Of ``seats_taken``, classes have ``class_seats``, partners have ``partner_seats``, individuals have the rest.
    """

    id = UUID(primary_key=True)
    event = ForeignKey(Event, null=False, on_delete=OnDelete.restrict, index=True)
    starts_at = Timestamptz(default=None, null=False, index=True, index_method=IndexMethod.btree)
    ends_at = Timestamptz(default=None, null=False)
    capacity = Integer()
    seats_taken = Integer(default=0)
    seats_waiting = Integer(default=0)
    class_seats = Integer(default=0)
    partner_seats = Integer(default=0)
    state = Varchar(length=20, default="open")
    called_off_reason = Varchar(length=300)
    opens_at = Timestamptz(null=True, default=None)
    closes_at = Timestamptz(default=None, null=False)
    fill = Varchar(length=20, default="best_fit")
    version = Integer(default=0)  # as of its event
    door_generation = SmallInt(default=0)
    door_hash = Varchar(length=64, index=True)  # of the link that opens its door to a helper without account
    door_closed_at = Timestamptz(null=True, default=None)  # who had not come by then was absent

    never_oversold = Check((seats_taken >= 0) & (seats_taken <= capacity))
    waiting_counted = Check(seats_waiting >= 0)
    shares_counted = Check("least(class_seats, partner_seats) >= 0 AND class_seats + partner_seats <= seats_taken")
    ends_after_start = Check("ends_at > starts_at")
    closes_by_the_start = Check("closes_at <= starts_at")
    state_known = Check("state IN ('open', 'called_off')")
    fill_known = Check("fill IN ('best_fit', 'strict')")


def closing(starts_at: datetime, event: Event) -> datetime:
    """When the list of a slot closes: its start, or the same time of day as many days before as the event says."""
    return days_before(starts_at, event.list_closes_days)


def days_before(starts_at: datetime, days: int) -> datetime:
    """The same time of day as many days before."""
    return i18n.local(starts_at) - timedelta(days=days)
