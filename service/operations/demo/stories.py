"""The stories: one for each situation that a booking may be in, told by the verbs, with the clock set back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from service import clock, db
from service.bookings import attendees, changes, dossiers, groups, lapses, options, pending, seats, waiting
from service.bookings.dossiers import Booker
from service.bookings.names import Name
from service.bookings.plans import NOBODY, Part, Party
from service.bookings.tables import Dossier
from service.events import slots
from service.operations.demo import crowd
from service.operations.demo.crowd import People
from service.operations.demo.season import Season, address, event_id

ELECTRIC, GLASS, BISCUITS = "visite-tableaux-electriques", "visite-verrerie", "visite-biscuiterie"
CYBER, PRINTING, VIRTUAL = "atelier-cyber", "atelier-impression-3d", "atelier-rv-maintenance"
CONVEYOR, EVENING = "atelier-automatisme", "soiree-electronique"
PARCOURS, FORUM = "rencontre-elles-industrie", "forum-metiers"
NAMES_GIVEN = 4  # of those whose list is begun

ANY_HOLDER = """
SELECT dossier FROM booking WHERE slot = $1 AND state = 'confirmed' AND pupils = 0 ORDER BY created_at LIMIT 1
"""
FOUND = """
SELECT event.slug, dossier.email_key, dossier.id, array_agg(DISTINCT booking.state::text) AS states
FROM dossier JOIN booking ON booking.dossier = dossier.id JOIN slot ON slot.id = booking.slot
JOIN event ON event.id = slot.event
WHERE event.id = ANY($1) AND dossier.email_key = ANY($2) AND dossier.erase_asked_at IS NULL
GROUP BY event.slug, dossier.id ORDER BY dossier.created_at DESC
"""


def _pupil(first_name: str, last_name: str, guardian_email: str = "") -> Booker:
    who = Booker(first_name, last_name, address(f"{first_name} {last_name}"), "Lycée Blaise-Pascal")
    return replace(who, age_band="15_17", guardian_email=guardian_email)


def _minor(first_name: str, last_name: str) -> Booker:
    return _pupil(first_name, last_name, address(f"parent {last_name}"))


def _teacher(last_name: str, title: str, school: str, class_label: str) -> Booker:
    email = address(f"{title} {last_name}")
    return Booker(title, last_name, email, school, class_label=class_label, outing="compulsory")


# Those of demo.json's ``enseignants``, and pupils whom the crowd does not know.
LESAGE = _teacher("Lesage", "M.", "Cité scolaire des Flandres", "2de 4")
CAPPELAERE = _teacher("Cappelaere", "Mme", "Lycée du Pays de Saint-Omer (LYPSO)", "1re bac pro MSPC")
WALLART = _teacher("Wallart", "Mme", "Collège des Trois-Canaux (fictif)", "3e B")
NINA, AXEL, ROSE = _pupil("Nina", "Delattre"), _pupil("Axel", "Roussel"), _pupil("Rose", "Caron")
ADAM, IRIS, MALO = _minor("Adam", "Pruvost"), _minor("Iris", "Dewaele"), _minor("Malo", "Lesage")
PARTNER = Booker(
    "Elsa", "Vanhoutte", address("Elsa Vanhoutte"), "Électro-Flandre (entreprise fictive)", is_partner=True
)


@dataclass(frozen=True, slots=True)
class Story:
    """Whose booking of which event shows a situation, and the states that it is left in."""

    event: str
    who: Booker
    states: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """The dossier of a story as it is now; ``has_moved`` on when somebody has tried it."""

    dossier: Dossier
    has_moved: bool


def _story(event: str, who: Booker, *states: str) -> Story:
    return Story(event, who, frozenset(states))


STORIES = {
    "booked": _story(CYBER, NINA, "confirmed"),
    "waiting": _story(VIRTUAL, AXEL, "waiting"),
    "offered": _story(PRINTING, ROSE, "offered"),
    "minor": _story(EVENING, ADAM, "pending"),
    "minor_authorised": _story(EVENING, IRIS, "confirmed"),
    "minor_refused": _story(EVENING, MALO, "cancelled"),
    "option": _story(PARCOURS, LESAGE, "option"),
    "option_ending": _story(FORUM, WALLART, "option"),
    "option_lapsed": _story(CONVEYOR, WALLART, "expired"),
    "class_offered": _story(CONVEYOR, CAPPELAERE, "offered"),
    "named": _story(FORUM, CAPPELAERE, "confirmed"),
    "half_named": _story(BISCUITS, WALLART, "confirmed"),
    "three_slots": _story(CONVEYOR, LESAGE, "confirmed"),
    "rest_waits": _story(ELECTRIC, CAPPELAERE, "confirmed", "waiting"),
    "approval": _story(GLASS, LESAGE, "pending"),
    "partner": _story(PARCOURS, PARTNER, "confirmed"),
}


async def tell(season: Season, people: People) -> None:
    """Let each story happen in a season that the crowd has filled, up to now."""
    await _classes(season)
    await _option_that_lapses(season)
    await _pupils(season)
    await _minors(season)
    await _queues(season, people)


async def found() -> dict[str, Found]:
    """The stories by their names, as they are now; without those whose booking was erased, or never was."""
    events = [event_id(story.event) for story in STORIES.values()]
    rows = await db.fetch(FOUND, events, [story.who.email_key for story in STORIES.values()])
    by_story = {(row["slug"], row["email_key"]): row for row in rows}
    known = {name: by_story.get((story.event, story.who.email_key)) for name, story in STORIES.items()}
    ids = [row["id"] for row in rows]
    opened = {one.id: one for one in await Dossier.objects().where(Dossier.id.is_in(ids))} if ids else {}
    return {
        name: Found(opened[row["id"]], STORIES[name].states != set(row["states"])) for name, row in known.items() if row
    }


async def _classes(season: Season) -> None:
    with _ago(days=8):
        await groups.book([Part(season.slot(FORUM, 2), Party(26, 2))], WALLART)
    await options.remind()
    with _ago(days=6):
        await _named(await _confirmed(CAPPELAERE, Part(season.slot(FORUM, 3), Party(15, 2))), season, 15)
    with _ago(days=5):
        part = Part(season.slot(BISCUITS), Party(7, 1))
        await _named(await _confirmed(_group_of(WALLART), part), season, NAMES_GIVEN)
    with _ago(days=4):
        sizes = (Party(12, 1), Party(12, 1), Party(4, 1))
        await _confirmed(LESAGE, *[Part(season.slot(CONVEYOR, turn), size) for turn, size in enumerate(sizes)])
    with _ago(days=3):
        await _confirmed(CAPPELAERE, Part(season.slot(ELECTRIC), Party(12, 2), Party(3, 0)))
    with _ago(days=2):
        await groups.book([Part(season.slot(GLASS), Party(14, 4))], _group_of(LESAGE))
    with _ago(days=1):
        await groups.book([Part(season.slot(PARCOURS), Party(28, 2))], LESAGE)


async def _option_that_lapses(season: Season) -> None:
    """A class never confirms; the one that waited behind it is offered the seats."""
    slot = season.slot(CONVEYOR, 3)
    with _ago(days=11):
        await groups.book([Part(slot, Party(12, 1))], _group_of(WALLART))
    with _ago(days=9):
        await groups.book([Part(slot, NOBODY, Party(10, 1))], _group_of(CAPPELAERE))
    with _ago(hours=1):
        await lapses.expire()


async def _pupils(season: Season) -> None:
    with _ago(days=2):
        await seats.book(await slots.load(season.slot(CYBER)), NINA)
        await seats.book(await slots.load(season.slot(PARCOURS)), PARTNER)


async def _minors(season: Season) -> None:
    with _ago(days=1):
        slot = await slots.load(season.slot(EVENING))
        _, iris, malo = [await seats.book(slot, minor) for minor in (ADAM, IRIS, MALO)]
    with _ago(hours=20):
        await pending.authorise(iris)
        await pending.refuse_as_guardian(malo)


async def _queues(season: Season, people: People) -> None:
    """Two are first in their queues; for one of them a seat comes free."""
    with _ago(hours=7):
        await waiting.join(await slots.load(season.slot(PRINTING)), ROSE)
        await waiting.join(await slots.load(season.slot(VIRTUAL)), AXEL)
    await crowd.queue(season, people)
    with _ago(hours=1):
        [holder] = await db.fetch(ANY_HOLDER, season.slot(PRINTING))
        await changes.cancel(await dossiers.by_id(holder["dossier"]))


async def _confirmed(who: Booker, *parts: Part) -> Dossier:
    dossier = await groups.book(parts, who)
    await options.confirm(dossier)
    return dossier


async def _named(dossier: Dossier, season: Season, number: int) -> None:
    """Give the names of so many pupils, none of whom exists."""
    names = [Name(who.last_name.upper(), who.first_name) for who in islice(crowd.people(season), number)]
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: names})


def _group_of(teacher: Booker) -> Booker:
    """The same with a part of the class."""
    return replace(teacher, class_label=f"{teacher.class_label}, groupe 1")


@contextmanager
def _ago(**how_long: float) -> Iterator[None]:
    with clock.at(clock.now() - timedelta(**how_long)):
        yield
