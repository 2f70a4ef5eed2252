"""The rows behind the situations of classes: events that a class fits into or not, and every state of a class."""

from dataclasses import dataclass, replace
from datetime import timedelta

from service import clock, db
from service.bookings import changes, groups, lapses, offers, options
from service.bookings.dossiers import Booker
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.events.tables import Event
from service.people import delivery
from tests.bookings.classes import TEACHER
from tests.makers import a_pupil, make_booking, make_event, make_organisation, make_slot

DAY = timedelta(days=1)
LONG_TITLE = "Dans un atelier de câblage : fabriquer une armoire électrique connectée de A à Z"
LONG = replace(
    TEACHER,
    first_name="Marie-Antoinette-Éléonore de La Rochefou",
    last_name="Marie-Antoinette-Éléonore de La Rochefou",
    school="Lycée professionnel et technologique de l’Yser et des Trois-Canaux-Réunis",
    class_label="Terminale STI2D innovation technologique, groupe 2",
    needs="Un élève en fauteuil, un interprète en langue des signes.",
)
WHOLE = Party(28, 3)


@dataclass(frozen=True)
class ClassStage:
    """Events by what their form shows, dossiers by where their class stands."""

    events: dict[str, Event]
    dossiers: dict[str, Dossier]


async def set_up() -> ClassStage:
    """All of it."""
    return ClassStage(await _events(), await _held() | await _waiting() | await _ended())


async def make(slots: list[BookableSlot], *parts: Party, who: Booker = TEACHER, later: Party = NOBODY) -> Dossier:
    """A class in these slots, of a teacher of its own; what comes ``later`` waits in the first."""
    first, *others = [Part(slot.id, party) for slot, party in zip(slots, parts, strict=False)]
    return await groups.book([replace(first, later=later), *others], somebody(who))


def somebody(who: Booker) -> Booker:
    """The teacher under an address of their own: one address is written to only so often."""
    return replace(who, email=who.email if "perdu" in who.email else a_pupil().email)


async def three(event: Event, capacity: int = 40) -> list[BookableSlot]:
    """Three slots of the event, weeks apart."""
    return [await make_slot(capacity, event=event, starts_in=(14 + 7 * n) * DAY) for n in range(3)]


async def _event(**values: object) -> Event:
    host = await make_organisation(name="Électro-Flandre (entreprise fictive)", town="Bailleul")
    return await make_event(**{"takes_classes": True, "title": LONG_TITLE, "host": host.id} | values)


async def _fill(slot: BookableSlot, seats: int) -> None:
    for _ in range(seats):
        await make_booking(slot, a_pupil())


async def _events() -> dict[str, Event]:
    rules = {"group_max": 12, "chaperone_ratio": 10, "chaperones_min": 1, "class_seats_max": 35}
    events = {name: await _event(**rules) for name in ("three", "fresh", "large")}
    events |= {name: await _event() for name in ("part", "queue", "closed", "narrow")}
    events["chaperones"] = await _event(chaperone_ratio=10)
    events["partner"] = await _event(kept_for_partners=20, names_required_days=5)
    for name in ("three", "fresh", "large"):
        await three(events[name], 14)
    for name in ("chaperones", "partner"):
        await make_slot(40, event=events[name], starts_in=14 * DAY)
    part = [await make_slot(seats, event=events["part"], starts_in=(14 + seats) * DAY) for seats in (31, 40)]
    await _fill(part[0], 13)
    await _fill(await make_slot(3, event=events["queue"]), 3)
    await make_slot(8, event=events["narrow"], closes_at=clock.now() + timedelta(minutes=50))
    await make_slot(event=events["closed"], closes_at=clock.now())
    return events


async def _held() -> dict[str, Dossier]:
    """Options, classes that are confirmed or await the organisers, in one slot and in three."""
    plain, asked = await _event(title="Visite de la verrerie"), await _event(names_required_days=5, chaperone_ratio=12)
    slots, others = await three(asked), await three(plain, 200)
    made = {
        "option": await make([others[0]], WHOLE),
        "option-three": await make(slots, Party(12, 2), Party(12, 1), Party(4, 1), who=LONG),
        "booked-three": await make(slots, Party(12, 2), Party(10, 1), Party(4, 1), who=replace(TEACHER, girls=None)),
        "booked": await make([others[0]], WHOLE, who=replace(TEACHER, class_label="1re A")),
        "lost": await make([others[1]], WHOLE, who=replace(TEACHER, email="perdu@exemple.test")),
        "pending": await make([await make_slot(40, event=await _event(needs_approval=True))], WHOLE),
        "closing": await make([closing := await make_slot(40, event=await _event(), starts_in=3 * DAY)], WHOLE),
    }
    for name in ("booked", "booked-three"):
        await options.confirm(made[name])
    await delivery.mark_undeliverable("perdu@exemple.test", "550 no such user")
    await db.fetch("UPDATE slot SET closes_at = $1 WHERE id = $2", clock.now(), closing.id)
    return made


async def _waiting() -> dict[str, Dossier]:
    """Classes that wait as a whole or for a part, and what the queue brings them."""
    event = await _event(option_days=None)
    made = {}
    for name in ("waiting", "offered", "offer-declined", "part"):
        slot = await make_slot(31, event=event, starts_in=21 * DAY)
        first = await make([slot], Party(20, 1), who=replace(TEACHER, class_label="1re B"))
        now, later = (Party(8, 2), Party(20, 1)) if name == "part" else (NOBODY, WHOLE)
        made[name] = await groups.book([Part(slot.id, now, later)], somebody(TEACHER))
        if name.startswith("offer"):
            await changes.cancel(first)
    await offers.decline(made["offer-declined"])
    made["mixed"] = await _mixed()
    return made


async def _mixed() -> Dossier:
    """Of four slots: one held, one offered, one waited for, one given up."""
    event = await _event()
    slots = [*await three(event, 15), await make_slot(15, event=event, starts_in=40 * DAY)]
    queues = [await make([slot], Party(14, 1), who=replace(TEACHER, class_label="1re C")) for slot in slots[1:3]]
    party = Party(13, 1)
    plan = [Part(slot.id, *((party, NOBODY) if slot not in slots[1:3] else (NOBODY, party))) for slot in slots]
    mixed = await groups.book(plan, somebody(LONG))
    await changes.cancel(mixed, slot=slots[3].id)
    await changes.cancel(queues[0])
    return mixed


async def _ended() -> dict[str, Dossier]:
    """What is over, in each of its ways."""
    event = await _event()
    slots = await three(event, 200)
    labels = ("cancelled", "cancelled-long-ago", "lapsed", "over", "off")
    made = {name: await make(slots[:2], WHOLE, Party(5, 1), who=replace(LONG, class_label=name)) for name in labels[:3]}
    for name in labels[:2]:
        await changes.cancel(made[name])
    await db.fetch("UPDATE booking SET ended_at = ended_at - interval '1 hour' WHERE dossier = $1", made[labels[1]].id)
    await db.fetch("UPDATE booking SET expires_at = $2 WHERE dossier = $1", made["lapsed"].id, clock.now())
    await lapses.expire()
    past, off = await make_slot(40, event=await _event(option_days=None)), await make_slot(40, event=await _event())
    made["over"], made["off"] = await make([past], WHOLE), await make([off], WHOLE)
    await db.fetch(
        "UPDATE slot SET starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval,"
        " closes_at = closes_at - $2::interval WHERE id = $1",
        past.id,
        9 * DAY,
    )
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'machine en panne' WHERE id = $1", off.id)
    return made
