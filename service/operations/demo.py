"""The demonstration's data: a season of a campus with invented people, on days that follow today."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from service import clock, db, i18n, settings, text, tokens
from service.attendance.tables import Presence
from service.bookings import dossiers, seats, waiting
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.events.tables import Event, Slot, closing
from service.people.tables import Organisation

SOURCE = Path(__file__).with_name("demo.json")
KINDS = {"visite": "visit", "atelier": "workshop", "assemblee": "assembly"}
CLASS_SEATS = 28
MANY = 5
CONTACTS_KEPT, NAMES_KEPT = timedelta(days=30), timedelta(days=365)

Data = dict[str, Any]


async def load() -> bool:
    """Fill an empty database; one that holds the demonstration already is left as it is. Returns whether it filled."""
    data: Data = json.loads(text.typeset(SOURCE.read_text()))
    async with db.transaction():
        await db.fetch("SELECT pg_advisory_xact_lock($1)", 0x64656D6F)  # "demo": two starts at once load it once
        if await Organisation.exists().where(Organisation.slug == "campus"):
            return False
        await _organisations(data)
        people = _people(data)
        for event in data["evenements"]:
            await _event(event, data, people)
    return True


async def _organisations(data: Data) -> None:
    schools = [
        {**school, "kind": "school" if school["slug"] != "autre" else "other"} for school in data["etablissements"]
    ]
    companies = [{"kind": "company", **company} for company in data["organisations"]]
    rows = [
        Organisation(
            id=_id("organisation", each["slug"]),
            slug=each["slug"],
            name=each["nom"],
            kind=each["kind"],
            town=each["ville"],
            sector=each.get("secteur", ""),
            authority_area=data["epci"].get(each["epci"] or "", ""),
        )
        for each in schools + companies
    ]
    await Organisation.insert(*rows)


async def _event(source: Data, data: Data, people: Iterator["Person"]) -> None:
    event = _as_event(source, data)
    await Event.insert(event)
    times = source.get("creneaux") or [source["debut"]]
    booked, queued = (_a_slot(source["demo"][name]) for name in ("reserves", "attente"))
    for start, wanted, queue in zip(times, booked, queued, strict=True):
        slot = _as_slot(source, event, start)
        await Slot.insert(slot)
        if event.kind != "assembly":  # members answer their convocation, they do not book
            # Where many wait, a seat has just come free, and is being offered to the first.
            await _fill(slot, event, wanted - (queue >= MANY), data, people)
            await _queue(slot, queue if slot.starts_at > clock.now() else 0, people)
        if source["demo"]["presents"]:
            await _note_presence(slot, source["demo"]["presents"])


def _as_event(source: Data, data: Data) -> Event:
    chaperones = source["accompagnateurs"] or {}
    last_day = i18n.today() + timedelta(days=source["jour"])
    organiser = data["organisateurs"][0]["nom"]
    return Event(
        id=_id("event", source["slug"]),
        slug=source["slug"],
        kind=KINDS[source["type"]],
        state="published",
        title=source["titre"],
        theme=source.get("theme", ""),
        summary=source["resume"],
        description=source["description"],
        host=_id("organisation", source["org"]),
        contact_name=organiser,
        contact_email=_address(organiser),
        place=source["lieu"],
        town=_town(source["lieu"]),
        levels=source["niveaux"],
        requirements=source["exigences"],
        photos=source["photos"] or "",
        access=source["pmr"],
        id_document=source["piece_identite"],
        age_min=source["age_min"],
        takes_individuals="individuel" in source["mode"],
        takes_classes="classe" in source["mode"],
        group_max=source["groupe_max"],
        chaperone_ratio=chaperones.get("ratio"),
        chaperones_min=chaperones.get("min", 0),
        list_closes_days=source["liste_close_j"],
        names_required_days=source.get("noms_requis_j"),
        contacts_erased_on=last_day + CONTACTS_KEPT,
        names_erased_on=last_day + NAMES_KEPT,
        published_at=clock.now(),
    )


def _as_slot(source: Data, event: Event, start: str) -> Slot:
    starts = _moment(i18n.today() + timedelta(days=source["jour"]), start)
    minutes = source["duree_min"] if "creneaux" not in source else min(source["duree_min"], 90)
    return Slot(
        id=_id("slot", f"{source['slug']}/{start}"),
        event=event.id,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes),
        capacity=source["capacite"],
        closes_at=closing(starts, event),
    )


class Person:
    """Somebody who does not exist."""

    def __init__(self, first_name: str, last_name: str, school: str) -> None:
        self.first_name, self.last_name, self.school = first_name, last_name, school
        self.email = _address(f"{first_name} {last_name}")


def _people(data: Data) -> Iterator[Person]:
    """Every pair of a first and a last name, in an order that looks like life."""
    first, last = data["personnes"]["prenoms"], data["personnes"]["noms"]
    schools = [school["nom"] for school in data["etablissements"][:-1]]
    for turn in count():
        row, column = divmod(turn * 7 % 400, 20)
        yield Person(first[(row + column) % 20], last[column], schools[turn % len(schools)])


async def _fill(slot: Slot, event: Event, wanted: int, data: Data, people: Iterator[Person]) -> None:
    """Book ``wanted`` seats: classes where the event takes them and many come, else one by one."""
    left, teachers = wanted, iter(data["enseignants"] * 20)
    at = await slots.load(slot.id)
    while left and event.takes_classes and (left >= CLASS_SEATS or not event.takes_individuals):
        seats_now = min(left, CLASS_SEATS)
        await _book_class(slot, next(teachers), seats_now, data)
        await seats.take(at, seats_now, "class")
        left -= seats_now
    for _ in range(left):
        await _book_one(slot, next(people))
    if left:
        await seats.take(at, left, "individual")


async def _queue(slot: Slot, wanted: int, people: Iterator[Person]) -> None:
    """Put ``wanted`` people on the waiting list, and offer them what is free."""
    for turn in range(wanted):
        joined = clock.now() - timedelta(hours=wanted - turn)
        await _book(slot, next(people), 1, "", state="waiting", queued_at=joined)
    await seats.count_waiting(slot.id, wanted)
    await waiting.promote(slot.id)


async def _book_class(slot: Slot, teacher: Data, seats_wanted: int, data: Data) -> None:
    school = next(each["nom"] for each in data["etablissements"] if each["slug"] == teacher["etab"])
    title, _, name = teacher["nom"].partition(" ")
    person = Person(title, name, school)
    label = teacher["classe"]
    if await Booking.exists().where((Booking.slot == slot.id) & (Booking.name_key == text.key(label))):
        label += " bis"
    await _book(slot, person, seats_wanted, label)


async def _book_one(slot: Slot, person: Person) -> None:
    await _book(slot, person, 1, "")


async def _book(slot: Slot, person: Person, seats_wanted: int, class_label: str, **how: Any) -> None:
    dossier = _id("dossier", f"{slot.id}/{person.email}/{class_label}")
    who = text.key(class_label or f"{person.first_name} {person.last_name}")
    await Dossier.insert(
        Dossier(
            id=dossier,
            token_hash=tokens.fingerprint(dossiers.token_of(dossier, 0)),
            code=_code(dossier),
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            email_key=person.email,
            school=person.school,
            class_label=class_label,
            created_at=clock.now(),
        )
    )
    await Booking.insert(
        Booking(
            id=_id("booking", str(dossier)),
            dossier=dossier,
            slot=slot.id,
            seats=seats_wanted,
            email_key=person.email,
            name_key=who,
            audience="class" if class_label else "individual",
            created_at=clock.now(),
            **{"state": "confirmed", **how},
        )
    )


async def _note_presence(slot: Slot, present: int) -> None:
    came = await Booking.select(Booking.id).where(Booking.slot == slot.id).order_by(Booking.id).limit(present)
    rows = [Presence(slot=slot.id, booking=one["id"], people=1, noted_at=slot.starts_at) for one in came]
    await Presence.insert(*rows)


def _a_slot(counted: int | list[int]) -> list[int]:
    """What is counted once for the only slot, or for each."""
    return counted if isinstance(counted, list) else [counted]


def _id(kind: str, name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"passerelle/demo/{kind}/{name}")


def _code(dossier: UUID) -> str:
    letters = [tokens.CODE_LETTERS[byte % len(tokens.CODE_LETTERS)] for byte in dossier.bytes[:6]]
    return "".join(letters[:3]) + "-" + "".join(letters[3:])


def _address(name: str) -> str:
    return text.key(name).replace(" ", ".") + "@exemple.test"


def _town(place: str) -> str:
    found = re.search(r"\d{5} ([^,(]+)", place)
    return found[1].strip() if found else ""


def _moment(day: date, start: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(start), ZoneInfo(settings.current().time_zone))
