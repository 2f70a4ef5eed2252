"""Presence: who, or how many, came; and who may note it at which slot."""

from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from service.bookings.tables import Booking
from service.events.tables import Slot
from service.people.tables import Person


class Presence(Table, tablename="presence"):
    """People present at a slot: those of one booking, or a walk-in without any."""

    id = UUID(primary_key=True)
    slot = ForeignKey(Slot, null=False, on_delete=OnDelete.restrict, index=True)
    booking = ForeignKey(Booking, null=True, default=None, on_delete=OnDelete.restrict, unique=True)
    walk_in_name = Varchar(length=200)
    people = Integer(default=1)
    noted_at = Timestamptz()
    noted_by = Varchar(length=60)

    people_not_negative = Check("people >= 0")


class DoorGrant(Table, tablename="door_grant"):
    """Somebody with the role of the door may check people in at this slot."""

    id = UUID(primary_key=True)
    person = ForeignKey(Person, null=False, on_delete=OnDelete.restrict, index=True)
    slot = ForeignKey(Slot, null=False, on_delete=OnDelete.restrict, index=True)
    granted_at = Timestamptz()

    granted_once = Unique([person, slot])
