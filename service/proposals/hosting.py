"""What a host sees of its event: how many come to each date, of which classes and levels, and what they need."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service import clock, db, i18n, text
from service.events import details
from service.events.cards import SlotCard
from service.events.details import EventPage
from service.proposals import figures, following, journal, record
from service.proposals.contents import When
from service.proposals.figures import Figures
from service.proposals.following import REPORTS
from service.proposals.journal import Line
from service.proposals.tables import Proposal

EXPECTED = ("confirmed", "option", "pending")  # as on the sheet that is signed at the door
QUEUED = ("waiting", "offered")  # whoever was offered a seat has not taken it yet
PUBLIC_STATES = ("published", "called_off")
REPORTED = tuple(f"report_{what}" for what in REPORTS)

# Columns by their names, and none that tells who somebody is: this page is for no person of the school's or campus's.
BOOKED = """
SELECT booking.slot, booking.state, booking.seats, booking.pupils, booking.chaperones, dossier.school,
       dossier.class_label, dossier.level, dossier.needs
FROM booking JOIN slot ON slot.id = booking.slot JOIN dossier ON dossier.id = booking.dossier
WHERE slot.event = $1 AND booking.state = ANY($2) ORDER BY booking.created_at, booking.id
"""
PRESENT = """
SELECT presence.slot, sum(presence.people)::int AS people FROM presence JOIN slot ON slot.id = presence.slot
WHERE slot.event = $1 GROUP BY presence.slot
"""
UNANSWERED = """
SELECT starts_at, ends_at FROM proposed_date
WHERE proposal = $1 AND slot IS NULL AND declined_at IS NULL AND starts_at > $2 ORDER BY starts_at, id
"""


@dataclass(frozen=True, slots=True)
class ComingClass:
    """A class that comes to a date, or one of its groups: whose teacher it is, the host is not told."""

    label: str
    school: str
    level: str
    pupils: int
    chaperones: int
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class HostedSlot:
    """One date with the people expected at it; ``to_confirm`` of them are not sure yet, ``waiting`` are beside them.

    ``present`` were counted at the door, walk-ins too; None where nobody counted.
    """

    slot: SlotCard
    individuals: int
    classes: list[ComingClass]
    levels: list[tuple[str, int]]
    needs: list[str]
    to_confirm: int
    waiting: int
    present: int | None

    @property
    def pupils(self) -> int:
        """How many come with their class."""
        return sum(one.pupils for one in self.classes)

    @property
    def chaperones(self) -> int:
        """How many adults come with the classes."""
        return sum(one.chaperones for one in self.classes)

    @property
    def expected(self) -> int:
        """Everybody who is expected."""
        return self.individuals + self.pupils + self.chaperones

    @property
    def state(self) -> str:
        """called_off, over or begun; before that not_yet, open, full or closed, as its list is."""
        status = self.slot.status
        return "begun" if status not in ("called_off", "over") and self.slot.starts_at <= clock.now() else status

    @property
    def is_coming(self) -> bool:
        """Whether it is still to take place, or does now."""
        return self.state not in ("called_off", "over")

    @property
    def took_place(self) -> bool:
        """Whether it is over, and was not called off."""
        return self.state == "over"

    @property
    def has_final_list(self) -> bool:
        """Whether nobody joins it any more, but by an organiser's hand."""
        return self.state != "called_off" and self.slot.closes_at <= clock.now()


@dataclass(frozen=True, slots=True)
class Hosted:
    """Everything that the page of a host says. ``figures`` are there once all of it is over."""

    event: EventPage
    slots: list[HostedSlot]
    new_dates: list[When]
    lines: list[Line]
    figures: Figures | None

    @property
    def is_off(self) -> bool:
        """Whether the whole event was called off."""
        return self.event.state == "called_off"

    @property
    def coming(self) -> list[HostedSlot]:
        """The dates that are still to take place."""
        return [one for one in self.slots if one.is_coming]

    @property
    def expected(self) -> int:
        """How many people are expected in all."""
        return sum(one.expected for one in self.coming)

    @property
    def reports(self) -> list[Line]:
        """What the host reported and the campus has not settled yet."""
        settled = max((line.at for line in self.lines if line.verb == "settle"), default=None)
        reported = [line for line in self.lines if line.verb in REPORTED]
        return [line for line in reported if settled is None or line.at > settled]

    @property
    def looked_back(self) -> str:
        """What should change, in the host's last words of it."""
        return next((line.words for line in reversed(self.lines) if line.verb == "feedback"), "")


async def is_hosted(proposal: Proposal) -> bool:
    """Whether its event is, or was, there for everybody to see."""
    return proposal.state == "accepted" and await following.event_state(proposal) in PUBLIC_STATES


async def load(proposal: Proposal) -> Hosted:
    """What its host sees of its event, with as many statements for one date as for twelve.

    Refuses: ProposalMoved, while there is no such event that people can see.
    """
    if not await is_hosted(proposal):
        raise await record.moved(proposal)
    event = await details.preview(proposal.event)
    slots = await slots_of(event)
    is_over = event.state == "published" and event.is_over and any(one.took_place for one in slots)
    return Hosted(
        event=event,
        slots=slots,
        new_dates=await _unanswered(proposal.id),
        lines=await journal.lines_of(proposal.id),
        figures=await figures.of_event(event.id) if is_over else None,
    )


async def slots_of(event: EventPage) -> list[HostedSlot]:
    """The dates of the event in their order, with the people who are expected."""
    booked: dict[UUID, list[Any]] = {}
    for row in await db.fetch(BOOKED, event.id, [*EXPECTED, *QUEUED]):
        booked.setdefault(row["slot"], []).append(row)
    present = {row["slot"]: row["people"] for row in await db.fetch(PRESENT, event.id)}
    return [_hosted(card, booked.get(card.slot_id, []), present.get(card.slot_id)) for card in event.slots]


def _hosted(card: SlotCard, booked: Sequence[Any], present: int | None) -> HostedSlot:
    expected = [one for one in booked if one["state"] in EXPECTED]
    alone = [one for one in expected if not _is_class(one)]
    return HostedSlot(
        slot=card,
        individuals=sum(one["seats"] for one in alone),
        classes=[_coming(one) for one in sorted(expected, key=_class_key) if _is_class(one)],
        levels=_levels(alone),
        # Once they have left, nobody needs to know any more what they needed.
        needs=[one["needs"] for one in expected if one["needs"] and card.status != "over"],
        to_confirm=sum(one["seats"] for one in expected if one["state"] != "confirmed"),
        waiting=sum(one["seats"] for one in booked if one["state"] in QUEUED),
        present=present,
    )


def _is_class(one: Any) -> bool:
    return bool(one["pupils"] + one["chaperones"])


def _class_key(one: Any) -> tuple[str, str]:
    return text.key(one["class_label"]), text.key(one["school"])


def _coming(one: Any) -> ComingClass:
    told = (one["class_label"], one["school"], one["level"], one["pupils"], one["chaperones"])
    return ComingClass(*told, is_confirmed=one["state"] == "confirmed")


def _levels(alone: Sequence[Any]) -> list[tuple[str, int]]:
    """How many come of each level, the most first; who says none is in none."""
    counted: Counter[str] = Counter()
    for one in alone:
        counted[one["level"]] += one["seats"]
    return sorted(((level, people) for level, people in counted.items() if level), key=lambda one: (-one[1], one[0]))


async def _unanswered(proposal_id: UUID) -> list[tuple[datetime, datetime]]:
    rows = await db.fetch(UNANSWERED, proposal_id, clock.now())
    return [(i18n.local(row["starts_at"]), i18n.local(row["ends_at"])) for row in rows]
