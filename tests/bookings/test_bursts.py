"""Everything at once: days of bookings and second thoughts, drawn by lot; after each burst the books must balance."""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service import db, settings
from service.bookings import addresses, changes, erasure, invitations, seats
from service.bookings.tables import HOLDING, Dossier
from service.events.slots import BookableSlot
from service.limits.keys import Key
from service.mail import outbox
from service.mail.folder import FolderCourier
from service.refusal import Refusal
from service.settings import Rate
from service.worker import drain
from tests.bookings.harness import at_once, booked
from tests.makers import BEN, CLEO, make_slot

DAYS, BURSTS, AT_ONCE = range(6), 15, 6
VERBS = ("book", "book", "cancel", "cancel", "restore", "restore", "correct", "erase", "resize", "post")
# Few people with few addresses, two of them siblings: most bursts hold two wishes about one booking.
CAST = [
    BEN,
    replace(BEN, first_name="Lou"),
    CLEO,
    replace(CLEO, first_name="Max", email="max@exemple.test"),
    replace(CLEO, first_name="Sans", last_name="Adresse", email=""),
]
ADDRESSES = ["ben@exemple.test", "cleo@exemple.test", "max@exemple.test", "autre@exemple.test"]

# Each names what is wrong with a slot; none of them finds anything as long as the rules hold.
RULES = {
    "the counter is what the bookings hold": """
        SELECT slot.id FROM slot LEFT JOIN booking ON booking.slot = slot.id AND booking.state = ANY($2)
        WHERE slot.id = $1 GROUP BY slot.id HAVING slot.seats_taken <> coalesce(sum(booking.seats), 0)""",
    "no more is held than there is": """
        SELECT slot.id FROM slot JOIN booking ON booking.slot = slot.id AND booking.state = ANY($2)
        WHERE slot.id = $1 GROUP BY slot.id HAVING sum(booking.seats) > slot.capacity""",
    "nobody is entered twice, and an address for three individuals at most": """
        SELECT email_key FROM booking
        WHERE slot = $1 AND (state = ANY($2) OR state = 'waiting') AND email_key <> ''
        GROUP BY email_key
        HAVING count(*) FILTER (WHERE pupils = 0) > 3 OR count(*) > count(DISTINCT (name_key, pupils > 0))""",
    "a confirmed booking has one live invitation, at its dossier's address; any other has none": """
        SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
        LEFT JOIN invitation ON invitation.subject_id = booking.id AND invitation.ended_at IS NULL
        WHERE booking.slot = $1 GROUP BY booking.id, dossier.id
        HAVING array_agg(invitation.attendee) FILTER (WHERE invitation.id IS NOT NULL) IS DISTINCT FROM
            CASE WHEN booking.state = 'confirmed' AND dossier.email <> '' THEN ARRAY[dossier.email] END""",
    "a booking and its dossier agree about the address": """
        SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
        WHERE booking.slot = $1 AND (booking.state = ANY($2) OR booking.state = 'waiting')
          AND booking.email_key <> dossier.email_key""",
    "what is being erased holds nothing and waits for nothing": """
        SELECT booking.id FROM booking JOIN dossier ON dossier.id = booking.dossier
        WHERE booking.slot = $1 AND (booking.state = ANY($2) OR booking.state = 'waiting')
          AND dossier.erase_asked_at IS NOT NULL""",
    "an invitation that ended has SEQUENCE 1, a live one 0": """
        SELECT invitation.uid FROM invitation JOIN booking ON booking.id = invitation.subject_id
        WHERE booking.slot = $1 AND invitation.sequence <> (invitation.ended_at IS NOT NULL)::int""",
    "an invitation waits for one letter at most": """
        SELECT email.invitation_uid FROM email JOIN booking ON booking.id = email.subject_id
        WHERE booking.slot = $1 AND email.state IN ('due', 'sending')
        GROUP BY booking.id, email.invitation_uid HAVING count(*) > 1""",
    "the last letter about a booking is of its last change, and it stands": """
        SELECT booking.id FROM booking JOIN email last ON last.id =
            (SELECT max(id) FROM email WHERE email.subject_id = booking.id)
        JOIN dossier ON dossier.id = booking.dossier
        WHERE booking.slot = $1 AND NOT (booking.state = 'waiting' AND dossier.class_label <> '')
            AND (last.state = 'superseded' OR last.revision <> booking.revision
            OR last.letter <> CASE WHEN booking.state = 'confirmed' THEN 'confirmation'
                WHEN booking.state = 'waiting' THEN 'waiting' WHEN booking.state = 'offered' THEN 'offer'
                WHEN booking.state = 'expired' THEN 'lapsed'
                WHEN booking.state = 'declined' OR booking.ended_by = 'leaving' THEN 'left' ELSE 'cancellation' END)""",
}
# What calendars believe once all is delivered: of each UID, the last word that was sent.
BELIEVED = """
SELECT uid FROM (SELECT DISTINCT ON (email.invitation_uid) email.invitation_uid AS uid, email.method
                 FROM email JOIN booking ON booking.id = email.subject_id
                 WHERE booking.slot = $1 AND email.state = 'sent' AND email.invitation_uid <> ''
                 ORDER BY email.invitation_uid, email.settled_at DESC, email.id DESC) AS word
WHERE method = 'REQUEST' ORDER BY uid
"""
LIVE = """
SELECT invitation.uid FROM invitation JOIN booking ON booking.id = invitation.subject_id
WHERE booking.slot = $1 AND invitation.ended_at IS NULL ORDER BY uid
"""
STAMPS = """
SELECT invitation.uid, invitation.sequence, invitation.stamp FROM invitation
JOIN booking ON booking.id = invitation.subject_id WHERE booking.slot = $1
"""


class Broken(AssertionError):
    """A rule does not hold; says which, of which day, after which burst."""


@dataclass
class Day:
    """One slot, and what people want of it in one day. The same seed draws the same wishes."""

    seed: int
    slot: BookableSlot
    folder: Path
    dice: Random = field(init=False)
    wishes: list[str] = field(default_factory=list)
    stamps: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)

    async def run(self) -> None:
        """All the bursts of the day, and the post at its end. Raises Broken."""
        for _ in range(BURSTS):
            await self.burst()
        await self.post()
        await self.check(at_rest=True)

    async def burst(self) -> None:
        """A handful of wishes at once. A refusal is an answer; anything else that is raised is a fault."""
        dossiers = [
            row["dossier"] for row in await db.fetch("SELECT dossier FROM booking WHERE slot = $1", self.slot.id)
        ]
        self.wishes = self.dice.choices(VERBS, k=self.dice.randint(2, AT_ONCE))
        for outcome in await at_once(*(self.wish(verb, sorted(dossiers)) for verb in self.wishes)):
            if isinstance(outcome, BaseException) and not isinstance(outcome, Refusal):
                raise outcome
        await self.check()

    def wish(self, verb: str, dossiers: list[UUID]) -> Awaitable[Any]:
        """One wish about a booking drawn by lot; while there is none, somebody books."""
        who, address = self.dice.choice(CAST), self.dice.choice(ADDRESSES)
        dossier = self.dice.choice(dossiers) if dossiers else None
        capacity = self.dice.randint(1, 5)
        if verb == "resize":
            return self.resize(capacity)
        if verb == "post":
            return self.post()
        if verb == "book" or dossier is None:
            form = Key.of(f"{self.seed} {self.dice.randint(1, 30)}", {"name": who.name_key})  # some are sent twice
            return seats.book(self.slot, who, key=form) if self.dice.random() < 0.5 else booked(self.slot, who)
        return self.change(verb, dossier, address)

    async def change(self, verb: str, dossier_id: UUID, address: str) -> None:
        """As a page does it: the dossier is read first, and may be old when the verb begins."""
        dossier = await Dossier.objects().get(Dossier.id == dossier_id)
        assert dossier is not None
        match verb:
            case "cancel":
                await changes.cancel(dossier)
            case "restore":
                await changes.restore(dossier)
            case "erase":
                await erasure.erase(dossier)
            case "correct":
                await addresses.correct_address(dossier, address)

    async def resize(self, capacity: int) -> None:
        """What an organiser may do: any capacity that holds what is taken."""
        statement = "UPDATE slot SET capacity = $2 WHERE id = $1 AND seats_taken <= $2"
        await db.fetch(statement, self.slot.id, capacity)

    async def post(self) -> None:
        """A worker delivers what is due."""
        await drain(FolderCourier(self.folder))

    async def check(self, *, at_rest: bool = False) -> None:
        """Raise Broken for the first rule that does not hold."""
        for rule, query in RULES.items():
            if found := await db.fetch(query, self.slot.id, *([list(HOLDING)] if "$2" in query else [])):
                self.broken(rule, found)
        for uid, sequence, stamp in await db.fetch(STAMPS, self.slot.id):
            before = self.stamps.setdefault(uid, (sequence, stamp))
            if before != (sequence, stamp) and not (sequence > before[0] and stamp > before[1]):
                self.broken("a change of an invitation is newer than what it changes", uid)
            self.stamps[uid] = (sequence, stamp)
        if at_rest and (believed := await db.fetch(BELIEVED, self.slot.id)) != await db.fetch(LIVE, self.slot.id):
            self.broken("calendars believe what is true", believed)

    def broken(self, rule: str, found: Any) -> None:
        raise Broken(f"day {self.seed}, after {self.wishes}: not so: {rule} ({found})")


@pytest.fixture
def _many_letters() -> Iterator[None]:
    """A day of five people is a year of letters: no limit shall hide a race."""
    kept = settings.current()
    settings.use(replace(kept, rate_limits=dict.fromkeys(kept.rate_limits, Rate(100_000, 60))))
    yield
    settings.use(kept)


@pytest.mark.usefixtures("_many_letters")
@pytest.mark.parametrize("seed", DAYS)
async def test_whatever_people_want_at_once_the_books_balance_and_calendars_are_right(
    seed: int, tmp_path: Path
) -> None:
    await Day(seed, await make_slot(capacity=3), tmp_path).run()


async def _does_nothing(*_: Any) -> None:
    """Planted."""


async def _sees_nobody(*_: Any, **__: Any) -> int:
    """Planted: no double is one."""
    return 0


async def _looks_away(dossier: Dossier) -> Dossier:
    """Planted: read again, but not locked."""
    await asyncio.sleep(0)
    now = await Dossier.objects().get(Dossier.id == dossier.id)
    assert now is not None
    return now


@pytest.mark.usefixtures("_many_letters")
@pytest.mark.parametrize(
    ("module", "verb", "planted"),
    [
        (seats, "give_back", _does_nothing),
        (seats, "check_not_doubled", _sees_nobody),
        (invitations, "end", _does_nothing),
        (outbox, "withdraw_unsent", _does_nothing),
        (changes, "hold", _looks_away),
    ],
)
async def test_a_planted_bug_is_found(
    module: Any, verb: str, planted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The negative control: each of these makes one of the days above fail."""
    monkeypatch.setattr(module, verb, planted)
    with pytest.raises((Broken, asyncpg.UniqueViolationError)):
        await _all_days(tmp_path)
    await db.fetch("DELETE FROM booking")
    await db.fetch("UPDATE slot SET seats_taken = 0")


async def _all_days(folder: Path) -> None:
    for seed in DAYS:
        await Day(seed, await make_slot(capacity=3), folder).run()
