"""One slot as pages show it: its event's name, its time, its seats, and what one may do with it now."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, i18n
from service.events import shares
from service.events.shares import CLASS, INDIVIDUAL, Room
from service.events.slots import LAST_CALL

CARD = f"""
SELECT slot.id AS slot_id, event.slug, event.title, event.summary, event.kind, event.theme, event.place, event.town,
       slot.starts_at, slot.ends_at, {shares.COLUMNS}, slot.seats_waiting, slot.opens_at, slot.closes_at,
       slot.called_off_reason AS reason, event.takes_individuals, event.takes_classes,
       CASE WHEN slot.state = 'called_off' OR (event.state = 'called_off' AND slot.ends_at > $1) THEN 'called_off'
            WHEN slot.ends_at <= $1 THEN 'over'
            WHEN event.kind = 'assembly' THEN 'members'
            WHEN slot.opens_at > $1 THEN 'not_yet'
            WHEN slot.closes_at <= $1 THEN 'closed'
            ELSE 'open' END AS status
"""


@dataclass(frozen=True, slots=True)
class SlotCard:
    """One slot as pages show it. Times are the campus's wall time; ``status`` says what one may do with it.

    Its seats are those that ``audience`` sees; without one, an individual, or a class where individuals cannot come.
    """

    slot_id: UUID
    slug: str
    title: str
    summary: str
    kind: str
    theme: str
    place: str
    town: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    seats_left: int
    seats_waiting: int
    opens_at: datetime | None
    closes_at: datetime
    reason: str
    takes_individuals: bool
    takes_classes: bool
    status: str
    room: Room
    audience: str = ""

    @property
    def takes_queue(self) -> bool:
        """Whether one may join its waiting list: it is full, and there is time to offer what comes free."""
        is_theirs = self.takes_classes if self.onlooker == CLASS else self.takes_individuals
        return self.status == "full" and is_theirs and not self._is_last_call

    @property
    def takes_requests(self) -> bool:
        """Whether ``audience`` (without one: an individual) may ask for a seat: a free one, or one that comes free."""
        is_theirs = self.takes_classes if self.audience == CLASS else self.takes_individuals
        return is_theirs and (self.status == "open" or self.takes_queue)

    def seats_left_for(self, audience: str) -> int:
        """How many seats the audience may take."""
        return self.room.left_for(audience)

    def seen_by(self, audience: str) -> "SlotCard":
        """The same slot with the seats and the status that the audience sees."""
        onlooker, status = self._onlooker(audience), self.status
        if status in ("open", "full"):
            has_seat = self.room.has_seat_for(onlooker, is_last_call=self._is_last_call)
            status = "open" if has_seat else "full"
        return replace(self, audience=audience, status=status, seats_left=self.room.left_for(onlooker))

    @property
    def onlooker(self) -> str:
        """Whose view of the seats it is."""
        return self._onlooker(self.audience)

    def _onlooker(self, audience: str) -> str:
        return audience or (INDIVIDUAL if self.takes_individuals else CLASS)

    @property
    def _is_last_call(self) -> bool:
        return self.closes_at - clock.now() < LAST_CALL


def card(row: Any) -> SlotCard:
    """A row of CARD, in the campus's wall time, as whoever the event is for first sees it."""
    local = {name: row[name] and i18n.local(row[name]) for name in ("starts_at", "ends_at", "closes_at", "opens_at")}
    room = shares.room_of(row).at(clock.now())
    read = SlotCard(**{name: row[name] for name in CARD_COLUMNS} | local, room=room, seats_left=0)
    return read.seen_by("")


CARD_COLUMNS = [name for name in SlotCard.__slots__ if name not in ("room", "seats_left", "audience")]
