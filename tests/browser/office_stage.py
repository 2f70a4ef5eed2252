"""The rows behind the office's situations: people of each role, and slots with all that may stand in them."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from service import clock, db, worker
from service.attendance import check_in, doors, walk_ins
from service.bookings import attendees, changes, messages, waiting
from service.bookings.message_emails import Typed
from service.bookings.messages import About
from service.bookings.names import Name
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.events.tables import Event
from service.mail import outbox
from service.mail.folder import FolderCourier
from service.people import contacts, delivery, remarks, structures
from service.people.contacts import Who
from service.people.structures import Facts
from tests.bookings.classes import a_class_of
from tests.browser.stage import LONG_NAME, LONG_TITLE
from tests.makers import CLEO, a_pupil, link_of, make_booking, make_event, make_slot
from tests.proposals.making import make_proposal
from tests.visits import somebody_who_came
from tests.web.office.harness import ROLES, somebody

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
ORGANISER = "person:test"
# A slot takes no more than it has: the next ones wait.
FILL_UP = "UPDATE slot SET capacity = seats_taken WHERE id = $1"
BEGIN = "UPDATE slot SET starts_at = $2, ends_at = $3, closes_at = $2 WHERE id = $1"
AT_ONCE = "UPDATE event SET needs_approval = false WHERE id = $1"
DRAFT = "UPDATE event SET state = 'draft' WHERE id = $1"
NOT_NOW = "UPDATE email SET next_try_at = next_try_at + interval '1 year' WHERE state = 'due' AND subject_id <> $1"
NOW = "UPDATE email SET next_try_at = next_try_at - interval '1 year' WHERE state = 'due' AND subject_id <> $1"
SENT = "UPDATE email SET state = 'sent', settled_at = posted_at WHERE state = 'due' AND subject_id = ANY($1)"
MESSAGE = "Bonjour {prénom},\n\nPensez à vos chaussures de sécurité : sans elles, pas de visite.\n\nÀ bientôt !"


@dataclass(frozen=True)
class OfficeStage:
    """Slots, events and bookings by the state they show; tokens by whose they are."""

    slots: dict[str, BookableSlot]
    events: dict[str, Event]
    bookings: dict[str, UUID]
    links: dict[str, str]
    organisations: dict[str, UUID]


async def set_up() -> OfficeStage:
    """Somebody of each role, and what they work on."""
    staff = {role: await somebody(role) for role in ROLES}
    event = await make_event(title=LONG_TITLE, takes_classes=True, needs_approval=True)
    full, bookings = await _full(event)
    many = await make_slot(80, event=event, starts_in=DAY)
    for _ in range(60):
        await make_booking(many, a_pupil())
    door, link = await _door()
    await doors.open_link(full.id, ORGANISER)
    await doors.grant(door.id, staff["door"].id, ORGANISER)
    return OfficeStage(
        slots={
            "full": full,
            "many": many,
            "empty": await make_slot(event=event, starts_in=3 * DAY),
            "door": door,
        },
        events={"published": event} | await _events(),
        bookings=bookings,
        links={"door": link} | await _certificates(),
        organisations=await _organisations(),
    )


async def _events() -> dict[str, Event]:
    ready = await make_event(title="Portes ouvertes de l’atelier de soudure")
    await make_slot(event=ready)
    await db.fetch(DRAFT, ready.id)
    over = await make_event(title="Une visite du mois dernier")
    await make_slot(event=over, starts_in=-30 * DAY)
    booked = await make_event(title="Initiation à la robotique")
    slot = await make_slot(event=booked)
    for _ in range(3):
        await make_booking(slot, a_pupil())
    return {
        "lacking": await make_event(state="draft", title="Un brouillon", summary=""),
        "ready": ready,
        "over": over,
        "off": await make_event(state="called_off", title="Une visite qui n’aura pas lieu"),
        "booked": booked,
    }


async def _full(event: Event) -> tuple[BookableSlot, dict[str, UUID]]:
    """A slot of the next hours in which every state stands, and the bookings by it."""
    full = await make_slot(80, event=event, starts_in=2 * HOUR, closes_at=clock.now() + 2 * HOUR)
    made: dict[str, Dossier] = {"pending": await make_booking(full, a_pupil())}
    await db.fetch(AT_ONCE, event.id)
    full = await slots.load(full.id)
    made |= {
        "confirmed": await make_booking(full, a_pupil()),
        "long": await make_booking(full, replace(CLEO, first_name=LONG_NAME, last_name=LONG_NAME)),
        "lost": await make_booking(full, a_pupil()),
        "gone": await make_booking(full, a_pupil()),
        "class": await a_class_of(full, pupils=14),
        "option": await a_class_of(full, pupils=12, label="3e B", state="option"),
    }
    await _name(made["class"])
    await db.fetch(FILL_UP, full.id)
    for name in ("offered", "waiting"):
        made[name] = await waiting.join(await slots.load(full.id), a_pupil())
    await changes.cancel(made["gone"])
    await delivery.mark_undeliverable(made["lost"].email, "550 no such user")
    found = {name: await _booking_of(dossier) for name, dossier in made.items()}
    await _send(found)
    await messages.send(About(event.id, full.id), "confirmed", Typed("Avant votre visite", MESSAGE), ORGANISER)
    return await slots.load(full.id), found


async def _name(a_class: Dossier) -> None:
    names = [Name("D’HÔTE-VANDAMME", f"Élève {letter}") for letter in "ABCDEFGHI"]
    for group in await attendees.groups(a_class):
        await attendees.save(a_class, {group.id: [Name(LONG_NAME, LONG_NAME), *names]})


async def _send(bookings: dict[str, UUID]) -> None:
    """One letter leaves as it does, so that it can be read; of the others only that they have left."""
    kept = bookings["confirmed"]
    await db.fetch(NOT_NOW, kept)
    with TemporaryDirectory(prefix="passerelle-") as folder:
        letter = await outbox.claim()
        assert letter is not None
        await worker.deliver(letter, FolderCourier(Path(folder)), worker.Gate())
    await db.fetch(NOW, kept)
    await db.fetch(SENT, [one for name, one in bookings.items() if name not in ("lost", "offered")])


async def _door() -> tuple[BookableSlot, str]:
    """A slot that begins now, at which some have come; and the path that its link opens."""
    slot = await make_slot(24, event=await make_event(title="Visite de la verrerie", takes_classes=True))
    people = [await make_booking(slot, a_pupil()) for _ in range(5)]
    classes = [await a_class_of(slot, pupils=12, chaperones=1), await a_class_of(slot, pupils=4, label="3e B")]
    await db.fetch(FILL_UP, slot.id)
    await waiting.join(await slots.load(slot.id), CLEO)
    await db.fetch(BEGIN, slot.id, clock.now(), clock.now() + 2 * HOUR)
    for dossier in people[:2]:
        await check_in.mark_present(slot.id, await _booking_of(dossier), ORGANISER)
    await check_in.count_class(slot.id, await _booking_of(classes[0]), 9, ORGANISER)
    for name in ("Une voisine", ""):
        await walk_ins.walk_in(slot.id, name, ORGANISER)
    return await slots.load(slot.id), f"/door/{await doors.open_link(slot.id, ORGANISER)}"


async def _certificates() -> dict[str, str]:
    a_class = await a_class_of(await make_slot(40), pupils=10)
    await _name(a_class)
    found = {"student": await somebody_who_came(), "class": await somebody_who_came(a_class)}
    to_come = link_of(await make_booking(await make_slot(), a_pupil()))
    return {f"certificate-{name}": f"/bookings/{token}/certificate" for name, token in found.items()} | {
        "certificate-not-yet": f"{to_come}/certificate"
    }


async def _organisations() -> dict[str, UUID]:
    """A structure with all that can be known of one, its double, and one of which nothing is."""
    glassworks, double, bare = [
        await structures.add(facts, ORGANISER)
        for facts in (
            Facts("Verrerie de l’Aa", "company", "Arques", "verre", "Communauté d’agglomération du Pays de Saint-Omer"),
            Facts("VERRERIE DE L'AA (SAS)", "other", "", "flacons et bocaux"),
            Facts("Une structure dont on ne sait rien", "other"),
        )
    ]
    for state in ("asked", "published"):
        await make_proposal(state, email=f"{state}@verrerie.test")
    who = Who(
        LONG_NAME, "ines@verrerie.test", "03 21 00 00 00", "Directrice du site et de ses deux lignes de production"
    )
    await contacts.add(glassworks, who, ORGANISER)
    await contacts.leave(glassworks, await contacts.add(glassworks, Who("Jules Caron"), ORGANISER), ORGANISER)
    await contacts.add(double, replace(who, name="I. D."), ORGANISER)
    await delivery.mark_undeliverable(who.email, "550 no such user")
    await remarks.write_down(glassworks, "Appelée le 3 mars : four en révision.\nD’accord pour l’automne.", ORGANISER)
    return {"glassworks": glassworks, "double": double, "bare": bare}


async def _booking_of(dossier: Dossier) -> UUID:
    [row] = await Booking.select(Booking.id).where(Booking.dossier == dossier.id)
    return UUID(str(row["id"]))
