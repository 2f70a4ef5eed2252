"""When the door of a slot is open: from the midnight its day begins to the end of the day after it."""

from datetime import datetime, time, timedelta

from service import clock, i18n
from service.events.slots import BookableSlot, CalledOff
from service.refusal import Refusal

DAY = timedelta(days=1)


class DoorNotOpen(Refusal):
    """People are checked in on the day itself."""

    def __init__(self, opens_at: datetime) -> None:
        self.opens_at = opens_at


class DoorOver(Refusal):
    """The day is over, and so is the one after it: what was noted stays as it is."""

    def __init__(self, since: datetime) -> None:
        self.since = since


def opens_at(starts_at: datetime) -> datetime:
    """The midnight with which the day begins, where the campus is."""
    return _midnight(i18n.local(starts_at))


def day_ends_at(ends_at: datetime) -> datetime:
    """The midnight with which the day ends: a helper's link leads nowhere after it."""
    return _midnight(i18n.local(ends_at) + DAY)


def closes_at(ends_at: datetime) -> datetime:
    """The end of the day after: until then what was forgotten in the corridor may be put right."""
    return _midnight(i18n.local(ends_at) + 2 * DAY)


def check_open(slot: BookableSlot) -> None:
    """Return while people may be checked in. Refuses: CalledOff, DoorNotOpen, DoorOver."""
    if slot.is_called_off:
        raise CalledOff(slot.reason)
    now = clock.now()
    if now < opens_at(slot.starts_at):
        raise DoorNotOpen(opens_at(slot.starts_at))
    if now >= closes_at(slot.ends_at):
        raise DoorOver(closes_at(slot.ends_at))


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time(), moment.tzinfo)
