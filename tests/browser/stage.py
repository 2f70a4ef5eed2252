"""The rows behind the situations: the demo's season, and every state of an event and of a booking."""

from dataclasses import dataclass, replace
from datetime import timedelta

from service import clock, db
from service.bookings import attendees, changes, erasure, lapses, offers, pending
from service.bookings.names import Name
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.events.tables import Event
from service.operations import demo
from service.people import delivery
from tests.bookings.classes import a_class_of
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_organisation, make_slot
from tests.visits import make_queue

DAY = timedelta(days=1)
LONG_TITLE = "Dans un atelier de câblage : fabriquer une armoire électrique connectée de A à Z"
LONGEST_TITLE = LONG_TITLE + ", avec les équipes de production, de contrôle et de maintenance du site de Bailleul"
LONG_NAME = "Marie-Antoinette-Éléonore de La Rochefou"


@dataclass(frozen=True)
class Stage:
    """Slots and dossiers by the state they show."""

    slots: dict[str, BookableSlot]
    dossiers: dict[str, Dossier]
    many_days: Event
    dateless: Event


async def set_up() -> Stage:
    """The demo's data, and what it has no example of."""
    await demo.load()
    return Stage(
        await _slots(),
        await _dossiers() | await _waiting() | await _classes() | await _minors(),
        await _many_days(),
        await make_event(title="La date à trouver", host=(await make_organisation(slug="sans-date")).id),
    )


async def _slots() -> dict[str, BookableSlot]:
    full = await make_slot(1)
    await make_booking(full, a_pupil())
    host = (await make_organisation(name="Électro-Flandre (entreprise fictive)", town="Bailleul")).id
    several = await make_event(title=LONG_TITLE, host=host)
    for waiting in (3, 1):
        queue = await make_queue(*[a_pupil() for _ in range(waiting)], event=several)
    last_hour = await make_slot(1, closes_at=clock.now() + timedelta(minutes=50))
    await make_booking(last_hour, a_pupil())
    return {
        "full": full,
        "queue": (await make_queue(a_pupil(), a_pupil(), a_pupil())).slot,
        "queues": queue.slot,
        "last-hour": last_hour,
        "closed": await make_slot(event=await make_event(list_closes_days=10)),
        "over": await make_slot(starts_in=-3 * DAY, event=await make_event(host=host)),
        "off": await make_slot(state="called_off", called_off_reason="machine en panne"),
        "not-yet": await make_slot(opens_at=clock.now() + 2 * DAY),
        "single": await make_slot(1, event=await make_event(title=LONG_TITLE, host=host)),
        "evening": await make_slot(event=await _evening()),
        "longest": await make_slot(event=await make_event(title=LONGEST_TITLE, host=host, place="Atelier " * 30)),
    }


async def _dossiers() -> dict[str, Dossier]:
    slot = await make_slot(20, event=await make_event(title=LONG_TITLE))
    past, off = await make_slot(), await make_slot()
    made = {name: await make_booking(slot, a_pupil()) for name in ("gone", "erased", "lost", "restored")}
    made["held"] = await make_booking(slot, BEN)
    made["long"] = await make_booking(slot, replace(CLEO, first_name=LONG_NAME, last_name=LONG_NAME))
    made["over"], made["off"] = await make_booking(past, a_pupil()), await make_booking(off, a_pupil())
    for name in ("gone", "restored"):
        await changes.cancel(made[name])
    await changes.restore(made["restored"])
    await erasure.erase(made["erased"])
    await delivery.mark_undeliverable(made["lost"].email, "550 no such user")
    await db.fetch(
        "UPDATE slot SET starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval,"
        " closes_at = closes_at - $2::interval WHERE id = $1",
        past.id,
        9 * DAY,
    )
    await db.fetch(
        "INSERT INTO presence (id, slot, booking, people, noted_at)"
        " SELECT gen_random_uuid(), slot, id, 1, now() FROM booking WHERE dossier = $1",
        made["over"].id,
    )
    await db.fetch("UPDATE slot SET state = 'called_off', called_off_reason = 'grève' WHERE id = $1", off.id)
    return made


async def _waiting() -> dict[str, Dossier]:
    """Every state that the waiting list leads to."""
    event = await make_event(title=LONG_TITLE)
    long = replace(CLEO, first_name=LONG_NAME, last_name=LONG_NAME)
    names = ("waiting", "offered", "offer-lapsed", "offer-declined", "left", "list-closed")
    queues = {name: await make_queue(long if name == "offered" else a_pupil(), event=event) for name in names}
    made = {name: queue.waiting[0] for name, queue in queues.items()}
    for name in ("offered", "offer-lapsed", "offer-declined"):
        await queues[name].free()
    await queues["offer-lapsed"].lapse()
    await offers.decline(made["offer-declined"])
    await changes.cancel(made["left"])
    await db.fetch("UPDATE slot SET closes_at = $1 WHERE id = $2", clock.now(), queues["list-closed"].slot.id)
    return made


async def _classes() -> dict[str, Dossier]:
    """Classes whose names are not known, known, and asked for."""
    event = await make_event(title=LONG_TITLE, takes_classes=True)
    asked = await make_event(title=LONG_TITLE, takes_classes=True, names_required_days=3)
    made = {
        "class": await a_class_of(await make_slot(60, event=event)),
        "class-named": await a_class_of(
            *[await make_slot(60, event=asked, starts_in=(7 + n) * DAY) for n in range(3)], pupils=14
        ),
        "class-over": await a_class_of(await make_slot(60)),
    }
    for group in await attendees.groups(made["class-named"]):
        names = [Name("D’HÔTE-VANDAMME", f"Élève {'ABCDEFGHIJ'[n]}") for n in range(9)]
        await attendees.save(made["class-named"], {group.id: [Name(LONG_NAME, LONG_NAME), *names]})
    await changes.cancel(made["class-over"])
    return made


async def _evening() -> Event:
    return await make_event(
        title=LONG_TITLE, outside_school_time=True, age_min=15, photos="pas de photo", access="rampe"
    )


async def _minors() -> dict[str, Dossier]:
    """Every state that the word of a parent, or of an organiser, leads to."""
    slot = await make_slot(20, event=await _evening())
    both = await make_slot(20, event=await make_event(outside_school_time=True, needs_approval=True, title=LONG_TITLE))
    names = ("minor", "minor-both", "minor-lost", "minor-given", "minor-refused", "minor-lapsed", "minor-gone")
    minors = {name: replace(a_pupil(), age_band="15_17", guardian_email=f"{name}@exemple.test") for name in names}
    minors["minor-long"] = replace(
        minors["minor"], first_name=LONG_NAME, last_name=LONG_NAME, email="long@exemple.test"
    )
    made = {name: await make_booking(both if name == "minor-both" else slot, who) for name, who in minors.items()}
    await delivery.mark_undeliverable("minor-lost@exemple.test", "550 no such user")
    await pending.authorise(made["minor-given"])
    await pending.refuse_as_guardian(made["minor-refused"])
    await changes.cancel(made["minor-gone"])
    await db.fetch("UPDATE booking SET expires_at = $2 WHERE dossier = $1", made["minor-lapsed"].id, clock.now())
    await lapses.expire()
    approval = await make_slot(20, event=await make_event(needs_approval=True, title=LONG_TITLE))
    made["approval"], made["approval-refused"] = [await make_booking(approval, a_pupil()) for _ in "12"]
    [refused] = await db.fetch("SELECT id FROM booking WHERE dossier = $1", made["approval-refused"].id)
    await pending.refuse(refused["id"], "le groupe est complet", "ada")
    return made


async def _many_days() -> Event:
    event = await make_event(title="Portes ouvertes des ateliers", takes_classes=True)
    for day in range(9):
        for hour in range(3):
            await make_slot(event=event, starts_in=(20 + day) * DAY + timedelta(hours=2 * hour))
    return event
