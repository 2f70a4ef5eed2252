"""How a class fits into slots: groups, chaperones, several slots, or a part now and the rest later. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from service.events.slots import BookableSlot

MOST_PARTS = 6
LARGEST = 999  # pupils, or chaperones, of one class
WRITTEN = re.compile(r"([0-9a-f]{32}):([0-9]{1,3})\.([0-9]{1,3})-([0-9]{1,3})\.([0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Party:
    """The pupils and chaperones who come to one slot together."""

    pupils: int = 0
    chaperones: int = 0

    @property
    def seats(self) -> int:
        """Capacity counts everyone."""
        return self.pupils + self.chaperones

    def __add__(self, other: "Party") -> "Party":
        return Party(self.pupils + other.pupils, self.chaperones + other.chaperones)

    def __sub__(self, other: "Party") -> "Party":
        return Party(self.pupils - other.pupils, self.chaperones - other.chaperones)


NOBODY = Party()


@dataclass(frozen=True, slots=True)
class Rules:
    """What the event asks of a class. Group size counts pupils; each group carries its own chaperones."""

    group_max: int | None = None
    chaperone_ratio: int | None = None  # pupils to one chaperone
    chaperones_min: int = 0  # of each group

    def groups(self, pupils: int) -> list[int]:
        """The sizes of the groups that so many pupils make: full ones, and the rest."""
        full, rest = divmod(pupils, self.group_max or LARGEST)
        return [self.group_max or LARGEST] * full + [rest] * (rest > 0)

    def chaperones_for(self, pupils: int) -> int:
        """How many chaperones so many pupils need in one slot."""
        return sum(max(self.chaperones_min, self._by_ratio(size)) for size in self.groups(pupils))

    def most_pupils(self, seats: int) -> int:
        """How many pupils fit into so many seats, with the chaperones that they need."""
        fitting = (pupils for pupils in range(seats, 0, -1) if pupils + self.chaperones_for(pupils) <= seats)
        return next(fitting, 0)

    def _by_ratio(self, size: int) -> int:
        return -(-size // self.chaperone_ratio) if self.chaperone_ratio else 0


@dataclass(frozen=True, slots=True)
class Opening:
    """What a class may have of a slot: free seats now, and whether what is missing may be waited for."""

    slot: UUID
    seats_left: int
    capacity: int
    takes_queue: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """What of a class comes to one slot, and what of it waits for seats there."""

    slot: UUID
    now: Party
    later: Party = NOBODY

    @property
    def whole(self) -> Party:
        """All of it that is meant for the slot."""
        return self.now + self.later


Plan = Sequence[Part]


def rules_of(slot: BookableSlot) -> Rules:
    """What the event of a slot asks of a class."""
    return Rules(slot.group_max, slot.chaperone_ratio, slot.chaperones_min)


def split(party: Party, seats: int, rules: Rules) -> tuple[Party, Party]:
    """What of a party that has its chaperones fits into so many seats, and what is left over.

    All chaperones come first: the pupils who are left over join them later.
    """
    if party.seats <= seats:
        return party, NOBODY
    pupils = seats - party.chaperones if seats > party.chaperones else rules.most_pupils(seats)
    now = Party(pupils, min(party.chaperones, seats - pupils)) if pupils else NOBODY
    return now, party - now


def propose(party: Party, chosen: UUID, openings: Sequence[Opening], rules: Rules) -> list[Plan]:
    """The ways in which a class may come that cannot come as it asked; none when there is none.

    ``openings`` are the event's slots in their order in time. In the chosen slot with the chaperones that it lacks,
    or without those that are too many; else over several slots, or a part now and the rest on the waiting list.
    """
    party = Party(party.pupils, max(party.chaperones, rules.chaperones_for(party.pupils)))
    turn = next(turn for turn, opening in enumerate(openings) if opening.slot == chosen)
    here = openings[turn]
    chaperones = min(party.chaperones, here.seats_left - party.pupils)
    if chaperones >= rules.chaperones_for(party.pupils):
        return [(Part(chosen, Party(party.pupils, chaperones)),)]
    now, later = split(party, here.seats_left, rules)
    ways = [_over_several(party, [*openings[turn:], *reversed(openings[:turn])], rules)]
    if here.takes_queue and party.seats <= here.capacity:  # else the rest could never come
        ways.append((Part(chosen, now, later),))
    return [way for way in ways if way]


def write(plan: Plan) -> str:
    """A plan as the hidden field of a button."""
    return " ".join(f"{one.slot.hex}:{_numbers(one.now)}-{_numbers(one.later)}" for one in plan)


def read(field: str) -> Plan:
    """The plan of such a field: of pupils, each slot once. Raises ValueError for anything else."""
    found = [WRITTEN.fullmatch(word) for word in field.split(" ")]
    plan = [_part(*one.groups()) for one in found if one]
    if len(plan) != len(found) or len(plan) > MOST_PARTS or len({one.slot for one in plan}) < len(plan):
        raise ValueError("not a plan")
    if any(
        one.whole.pupils < 1 or any(here.seats and not here.pupils for here in (one.now, one.later)) for one in plan
    ):
        raise ValueError("nobody comes")
    return plan


def _over_several(party: Party, openings: Sequence[Opening], rules: Rules) -> Plan:
    """Fill one slot after the other; chaperones beyond those needed come along where seats are left."""
    plan: list[Part] = []
    pupils, needed = party.pupils, 0
    for opening in openings:
        if here := min(pupils, rules.most_pupils(opening.seats_left)):
            plan.append(Part(opening.slot, Party(here, rules.chaperones_for(here))))
            pupils, needed = pupils - here, needed + rules.chaperones_for(here)
    if pupils or len(plan) > MOST_PARTS:
        return ()
    seats = {opening.slot: opening.seats_left for opening in openings}
    spare, full = party.chaperones - needed, []
    for part in plan:
        more = max(0, min(spare, seats[part.slot] - part.now.seats))
        full.append(Part(part.slot, part.now + Party(0, more)))
        spare -= more
    return full


def _numbers(party: Party) -> str:
    return f"{party.pupils}.{party.chaperones}"


def _part(slot: str, *numbers: str) -> Part:
    pupils, chaperones, pupils_later, chaperones_later = map(int, numbers)
    return Part(UUID(slot), Party(pupils, chaperones), Party(pupils_later, chaperones_later))
