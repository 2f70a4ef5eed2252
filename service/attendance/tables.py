"""Presence: who, or how many, came."""

from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from service.bookings.tables import Booking
from service.events.tables import Slot


class Presence(Table, tablename="presence"):
    """People present at a slot: those of one booking, or a walk-in without any."""

    id = UUID(primary_key=True)
    slot = ForeignKey(Slot, null=False, on_delete=OnDelete.restrict, index=True)
    booking = ForeignKey(Booking, null=True, default=None, on_delete=OnDelete.restrict, unique=True)
    walk_in_name = Varchar(length=200)
    people = Integer(default=1)
    noted_at = Timestamptz()

    people_not_negative = Check("people >= 0")
