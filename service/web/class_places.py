"""Where a class stands in each of its slots, and what its teacher must answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service import clock, i18n
from service.bookings import plans, turns
from service.bookings.held import Held
from service.bookings.plans import Party
from service.bookings.tables import LIVE, Booking
from service.bookings.turns import Rank
from service.events.cards import SlotCard

# Where a class stands is where the first of these stands that any of its slots is in.
STANDS = (
    "option", "offered", "pending", "waiting", "confirmed",
    "over", "off", "refused", "expired", "unanswered", "lapsed", "closed", "declined", "left", "cancelled",
    "taken_back",
)  # fmt: skip
ANSWERED = ("option", "offered")  # what its teacher must answer in time
QUEUED = ("lapsed", "declined", "unanswered", "closed")  # what may be asked for once more


@dataclass(frozen=True, slots=True)
class Place:
    """What a class has of one slot."""

    slot: SlotCard
    state: str
    until: datetime | None
    party: Party
    rest: Party
    position: int
    restore_until: datetime | None
    may_end: bool
    may_change: bool
    may_grow: bool

    @property
    def whole(self) -> Party:
        """What it has and what it waits for."""
        return self.party + self.rest

    @property
    def key(self) -> str:
        """What tells its fields from those of the other slots."""
        return self.slot.slot_id.hex

    @property
    def is_live(self) -> bool:
        """Whether it holds or awaits seats that somebody may still come for."""
        return self.state in LIVE

    @property
    def may_rejoin(self) -> bool:
        """Whether its teacher may ask for the seats again that were not had."""
        return self.state in QUEUED and self.slot.takes_requests


@dataclass(frozen=True, slots=True)
class Asked:
    """What must be answered: all that is held alike, until the first of it ends."""

    state: str
    until: datetime
    places: list[Place]


async def places_of(held: list[Held], cards: dict[UUID, SlotCard]) -> list[Place]:
    """One for each slot of the class, in their order in time."""
    ranks = await turns.ranks_of([one.booking.id for one in held if one.booking.state == "waiting"])
    by_slot: dict[UUID, list[Held]] = {}
    for one in held:
        by_slot.setdefault(one.slot.id, []).append(one)
    places = [_place(here, cards[slot], ranks) for slot, here in by_slot.items()]
    return sorted(places, key=lambda place: place.slot.starts_at)


def asked_of(places: list[Place]) -> list[Asked]:
    """What is held until it is answered, the first to end first."""
    held = [(state, [one for one in places if one.state == state]) for state in ANSWERED]
    answers = [Asked(state, min(one.until for one in asked if one.until), asked) for state, asked in held if asked]
    return sorted(answers, key=lambda answer: answer.until)


def stands(places: list[Place]) -> str:
    """Where the class stands as a whole, in one word."""
    return min((place.state for place in places), key=STANDS.index)


def _place(here: list[Held], card: SlotCard, ranks: dict[UUID, Rank]) -> Place:
    first, *others = sorted(here, key=_precedence)
    state = _state(first, card)
    rest = next((one for one in others if one.booking.state == "waiting"), None)
    rank = ranks.get((rest or first).booking.id)
    may_end = first.may_change and state in LIVE
    return Place(
        slot=card,
        state=state,
        until=first.booking.expires_at and i18n.local(first.booking.expires_at),
        party=_party_of(first),
        rest=_party_of(rest) if rest else plans.NOBODY,
        position=rank.position if rank else 0,
        restore_until=first.restore_until and i18n.local(first.restore_until),
        may_end=may_end,
        may_change=may_end and state != "offered",
        may_grow=first.slot.closes_at > clock.now(),
    )


def _precedence(one: Held) -> tuple[bool, bool, datetime]:
    """What the class has of a slot comes first, before what it waits for there, before what is over."""
    return (not one.is_live, one.booking.state == "waiting", one.booking.created_at)


def _state(one: Held, card: SlotCard) -> str:
    """Where it stands, also when no worker has ended it yet."""
    state = one.booking.state
    if card.status == "called_off":
        return "off"
    if one.has_lapsed:
        return {"offered": "lapsed", "pending": "unanswered"}.get(state, "expired")
    if state == "waiting" and one.slot.closes_at <= clock.now():
        return "closed"
    if state == "confirmed" and one.is_over:
        return "over"
    return state if one.is_live else _ended(one.booking)


def _ended(booking: Booking) -> str:
    if booking.state == "expired":
        by_was = {"offered": "lapsed", "waiting": "closed", "pending": "unanswered"}
        return by_was.get(booking.was, "expired")
    if booking.ended_by == "organiser" and booking.was != "pending":
        return "taken_back"
    return {"organiser": "refused", "leaving": "left"}.get(booking.ended_by, booking.state)


def _party_of(one: Held) -> Party:
    return Party(one.booking.pupils, one.booking.chaperones)
