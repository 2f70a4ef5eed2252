"""The season: who hosts, what happens, and when. Its days follow today."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from service import clock, db, i18n, settings, text
from service.events import places
from service.events.tables import Event, Slot, closing
from service.people.tables import Organisation

SOURCE = Path(__file__).with_name("demo.json")
KINDS = {"visite": "visit", "atelier": "workshop", "assemblee": "assembly"}
# A visitor may have renamed it: what is proposed in its name must find it again.
AS_AT_FIRST = """
UPDATE organisation SET name = $2, kind = $3, town = $4, sector = $5, authority_area = $6, version = version + 1
WHERE slug = $1 AND (name, kind, town, sector, authority_area) <> ($2, $3, $4, $5, $6)
"""
ORGANISATION = ("slug", "name", "kind", "town", "sector", "authority_area")
PUBLISHED = timedelta(days=30)  # before today
CONTACTS_KEPT, NAMES_KEPT = timedelta(days=30), timedelta(days=365)

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """How a slot stands in the end, and what of that the stories have; the crowd has the rest."""

    slot: Slot
    taken: int
    waiting: int
    taken_by_stories: int
    waiting_of_stories: int
    present: int


@dataclass(frozen=True, slots=True)
class Season:
    """What the demonstration's source says, as rows to be."""

    data: Data
    events: list[Event]
    counts: dict[str, list[Counts]]  # by the event's slug, in the order of the slots

    def slot(self, slug: str, turn: int = 0) -> UUID:
        """The id of one slot of the event."""
        return slot_id(slug, self.counts[slug][turn].slot.starts_at)


def read() -> Season:
    """The season as it is for who comes today."""
    data = source()
    events = [_event(each, data) for each in data["evenements"]]
    pairs = zip(data["evenements"], events, strict=True)
    return Season(data, events, {event.slug: _counts(each, event) for each, event in pairs})


@cache
def source() -> Data:
    """The demonstration's source, which nobody changes."""
    data: Data = json.loads(text.typeset(SOURCE.read_text()))
    return data


async def plan(season: Season) -> None:
    """Insert hosts, events and slots, empty. Needs an open transaction."""
    db.inside_transaction()
    for organisation in _organisations(season.data):
        if not await db.insert(organisation, unless="slug"):
            await db.fetch(AS_AT_FIRST, *[getattr(organisation, name) for name in ORGANISATION])
    await Event.insert(*season.events)
    await Slot.insert(*[counts.slot for each in season.counts.values() for counts in each])


def an_id(kind: str, name: str) -> UUID:
    """The id of something of the demonstration: the same at every load."""
    return uuid5(NAMESPACE_URL, f"passerelle/demo/{kind}/{name}")


def event_id(slug: str) -> UUID:
    """The id of one of its events."""
    return an_id("event", slug)


def organisation_slugs() -> list[str]:
    """Its structures, by their addresses."""
    return [each["slug"] for each in source()["etablissements"] + source()["organisations"]]


def slot_id(slug: str, starts_at: datetime) -> UUID:
    """The id of one of its slots."""
    return an_id("slot", f"{slug}/{i18n.local(starts_at):%H:%M}")


def moment(days: int, hour: str) -> datetime:
    """An hour of the day that is so many days from today, where the campus is."""
    return _moment(i18n.today() + timedelta(days=days), hour)


def address(name: str) -> str:
    """An address that nobody can have (RFC 2606)."""
    return text.key(name).replace(" ", ".") + "@exemple.test"


def _organisations(data: Data) -> list[Organisation]:
    schools = [
        {**school, "kind": "school" if school["slug"] != "autre" else "other"} for school in data["etablissements"]
    ]
    companies = [{"kind": "company", **company} for company in data["organisations"]]
    return [
        Organisation(
            id=an_id("organisation", each["slug"]),
            slug=each["slug"],
            name=each["nom"],
            kind=each["kind"],
            town=each["ville"],
            sector=each.get("secteur", ""),
            authority_area=data["epci"].get(each["epci"] or "", ""),
        )
        for each in schools + companies
    ]


def _event(source: Data, data: Data) -> Event:
    chaperones, quotas = source["accompagnateurs"] or {}, source.get("quotas", {})
    last_day = i18n.today() + timedelta(days=source["jour"])
    organiser = data["organisateurs"][0]["nom"]
    return Event(
        id=event_id(source["slug"]),
        slug=source["slug"],
        kind=KINDS[source["type"]],
        state="published",
        title=source["titre"],
        theme=source.get("theme", ""),
        summary=source["resume"],
        description=source["description"],
        host=an_id("organisation", source["org"]),
        contact_name=organiser,
        contact_email=address(organiser),
        place=source["lieu"],
        town=places.town_in(source["lieu"]),
        levels=source["niveaux"],
        requirements=source["exigences"],
        photos=source["photos"] or "",
        access=source["pmr"],
        id_document=source["piece_identite"],
        age_min=source["age_min"],
        takes_individuals="individuel" in source["mode"],
        takes_classes="classe" in source["mode"],
        needs_approval=source.get("accord_requis", False),
        outside_school_time=source.get("hors_temps_scolaire", False),
        kept_for_classes=quotas.get("classes", 0),
        kept_for_partners=quotas.get("partenaires", 0),
        kept_days=quotas.get("liberes_j", 0),
        group_max=source["groupe_max"],
        chaperone_ratio=chaperones.get("ratio"),
        chaperones_min=chaperones.get("min", 0),
        list_closes_days=source["liste_close_j"],
        names_required_days=source.get("noms_requis_j"),
        contacts_erased_on=last_day + CONTACTS_KEPT,
        names_erased_on=last_day + NAMES_KEPT,
        published_at=clock.now() - PUBLISHED,
    )


def _counts(source: Data, event: Event) -> list[Counts]:
    times = source.get("creneaux") or [source["debut"]]
    demo, told = source["demo"], source["demo"].get("histoires", {})
    listed = (demo["reserves"], demo["attente"], told.get("reserves", 0), told.get("attente", 0), demo["presents"] or 0)
    each = zip(*[one if isinstance(one, list) else [one] * len(times) for one in listed], strict=True)
    return [Counts(_slot(source, event, start), *counts) for start, counts in zip(times, each, strict=True)]


def _slot(source: Data, event: Event, start: str) -> Slot:
    starts = _moment(i18n.today() + timedelta(days=source["jour"]), start)
    minutes = source["duree_min"] if "creneaux" not in source else min(source["duree_min"], 90)
    return Slot(
        id=slot_id(source["slug"], starts),
        event=event.id,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes),
        capacity=source["capacite"],
        closes_at=closing(starts, event),
    )


def _moment(day: date, start: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(start), ZoneInfo(settings.current().time_zone))
