"""What companies propose: one proposal in every state, told by the verbs, and whom the campus knows there."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from service import clock, db, text
from service.attendance import check_in, closing, walk_ins
from service.bookings import groups, options, seats
from service.bookings.dossiers import Booker
from service.bookings.plans import Part, Party
from service.bookings.tables import Booking, Dossier
from service.events import slots
from service.operations.demo import season, staffing
from service.operations.demo.crowd import LETTERS_ARE_OLD
from service.operations.demo.season import Data, address, an_id
from service.people.tables import Contact, OrganisationNote
from service.proposals import acceptance, drafting, following, record, review
from service.proposals.contents import Idea, When
from service.proposals.links import token_of
from service.proposals.tables import Proposal

# How each of demo.json's ``propositions`` is left: its state, whom it waits for, and how its event is.
STORIES = {
    "drafted": ("draft", "company", ""),
    "handed_in": ("submitted", "campus", ""),
    "waiting_long": ("submitted", "campus", ""),
    "question": ("asked", "company", ""),
    "answered": ("submitted", "campus", ""),
    "accepted": ("accepted", "", "draft"),
    "declined": ("declined", "", ""),
    "withdrawn": ("withdrawn", "", ""),
    "published": ("accepted", "", "published"),
    "new_dates": ("accepted", "campus", "published"),
    "must_change": ("accepted", "campus", "published"),
    "over": ("accepted", "", "published"),
}
LOOKED_AFTER = ("question", "answered", "accepted")  # by a colleague
KNOWN_SINCE = -60  # days

FOUND = """
SELECT DISTINCT ON (email_key) email_key, proposal.id, generation, proposal.state, waits_for,
       coalesce(event.state, '') AS event_state
FROM proposal LEFT JOIN event ON event.id = proposal.event
WHERE email_key = ANY($1) ORDER BY email_key, created_at
"""
# What was written more than a week ago was read.
READ = """
UPDATE email SET state = 'sent', attempts = 1, settled_at = posted_at
WHERE state = 'due' AND subject_kind IN ('proposal', 'proposal_office') AND posted_at < $1
"""
WEEK = timedelta(days=7)
OFFICE_HOUR = "10:12"  # nobody writes to a campus at the hour at which a demonstration is started

CLASS, PAST_CLASS = Party(24, 3), Party(18, 3)
TEACHER = Booker(
    "Mme", "Bollaert", address("Mme Bollaert"), "Lycée du Pays de Saint-Omer (LYPSO)", class_label="1re STI2D",
    outing="compulsory", level="1re", needs="Un élève se déplace en fauteuil.",
)  # fmt: skip
PUPILS = [
    Booker(first, last, address(f"{first} {last}"), "Lycée Blaise-Pascal", level=level, age_band="15_17")
    for first, last, level in (("Tess", "Ringot", "Tle"), ("Ilan", "Caloin", "Tle"), ("Lou", "Fauquembergue", "2de"))
]


@dataclass(frozen=True, slots=True)
class Followed:
    """The proposal of a story as it is now, by its link; ``has_moved`` on when somebody has tried it."""

    path: str
    has_moved: bool


async def tell() -> None:
    """Let each proposal go its way up to now; note whom the campus knows in two structures."""
    admin = f"person:{await staffing.organiser()}"
    colleague = await staffing.colleague()
    async with db.transaction():
        await _people(admin)
    for source in season.source()["propositions"]:
        told = await _told(source, admin)
        if source["histoire"] in LOOKED_AFTER:
            await review.assign(told.id, colleague, admin)
    await db.fetch(READ, clock.now() - WEEK)


async def found() -> dict[str, Followed]:
    """The proposals by the names of their stories, as they are now; without those that are gone."""
    by_address = {row["email_key"]: row for row in await db.fetch(FOUND, addresses())}
    return {
        name: Followed(f"/proposals/{token_of(row['id'], row['generation'])}", _has_moved(name, row))
        for name, whose in zip(STORIES, addresses(), strict=True)
        if (row := by_address.get(whose))
    }


def addresses() -> list[str]:
    """Whose proposals these are, in the order of the stories."""
    return [address(each["contact"]) for each in season.source()["propositions"]]


def _has_moved(name: str, row: Any) -> bool:
    return STORIES[name] != (row["state"], row["waits_for"], row["event_state"])


async def _people(by: str) -> None:
    source = season.source()
    for each in source["contacts"]:
        email, host = address(each["nom"]), an_id("organisation", each["org"])
        known = {"name": each["nom"], "email": email, "email_key": text.address_key(email), "phone": each["tel"]}
        added_at = _at(KNOWN_SINCE)
        await db.insert(Contact(id=uuid4(), organisation=host, role=each["role"], added_at=added_at, **known))
    for each in source["notes"]:
        host, at = an_id("organisation", each["org"]), _at(each["jour"])
        await db.insert(OrganisationNote(id=uuid4(), organisation=host, at=at, by=by, words=each["mots"]))


async def _told(source: Data, by: str) -> Proposal:
    """The steps that it has taken, each on its day."""
    idea = _idea(source)
    with clock.at(_at(source["jour"])):
        made = await (drafting.propose(idea) if source["dates"] else drafting.begin(idea))
    if "question" in source:
        await _on(source["question"], lambda words: review.ask(made.id, words, by))
    if "reponse" in source:
        await _on(source["reponse"], lambda words: following.answer(made, words))
    if "refus" in source:
        await _on(source["refus"], lambda words: review.decline(made.id, words, by))
    if "retrait" in source:
        await _on(source["retrait"], lambda words: following.withdraw(made, words))
    if "accord" in source:
        await _hosted(source, made, by)
    return await record.by_id(made.id)


async def _hosted(source: Data, proposal: Proposal, by: str) -> None:
    with clock.at(_at(source["accord"])):
        event = UUID(str((await acceptance.accept(proposal.id, by)).event))
    if "publie" in source:
        with clock.at(_at(source["publie"])):
            await acceptance.publish(event, by)
    if source["histoire"] == "published":
        await _fill(proposal, _at(-5), CLASS, PUPILS[:1])
    if "nouvelles" in source:
        await _new_dates(source, proposal, by)
    if "signalement" in source:
        await _on(source["signalement"], lambda words: following.report(proposal, "change", words))
    if "bilan" in source:
        await _took_place(proposal, by)
        await _on(source["bilan"], lambda words: following.look_back(proposal, "yes", words))
    await db.fetch(LETTERS_ARE_OLD, [event])


async def _new_dates(source: Data, proposal: Proposal, by: str) -> None:
    """Two are named; the campus takes the first of them."""
    day, named = source["nouvelles"]
    whens = _whens(named)
    with clock.at(_at(day)):
        await following.add_dates(proposal, whens)
    first = next(one for one in await record.dates_of(proposal.id) if one.slot is None)
    with clock.at(_at(source["prise"])):
        await review.take_date(proposal.id, first.id, source["places"], by)


async def _fill(
    proposal: Proposal, moment: datetime, party: Party, pupils: Iterable[Booker]
) -> tuple[UUID, list[Dossier]]:
    """A class and some pupils book its first date; the slot, and whose the bookings are."""
    slot = UUID(str((await record.dates_of(proposal.id))[0].slot))
    with clock.at(moment):
        of_class = await groups.book([Part(slot, party)], TEACHER)
        await options.confirm(of_class)
        return slot, [of_class, *[await seats.book(await slots.load(slot), pupil) for pupil in pupils]]


async def _took_place(proposal: Proposal, by: str) -> None:
    """One pupil of the class and one of those who came alone were missing; somebody came without a booking."""
    slot, dossiers = await _fill(proposal, _at(-20), PAST_CLASS, PUPILS)
    held = [await Booking.objects().get(Booking.dossier == one.id) for one in dossiers]
    at_door = [one.id for one in held if one]
    with clock.at((await slots.load(slot)).starts_at):
        await check_in.count_class(slot, at_door[0], PAST_CLASS.seats - 1, by)
        for booking in at_door[1:-1]:
            await check_in.mark_present(slot, booking, by)
        await walk_ins.walk_in(slot, "", by)
        await closing.close(slot, by)


async def _on(said: list[Any], step: Callable[[str], Awaitable[object]]) -> None:
    """Take the step with its words, on its day."""
    day, words = said
    with clock.at(_at(day)):
        await step(words)


def _idea(source: Data) -> Idea:
    return Idea(
        organisation_name=source["org"],
        contact_name=source["contact"],
        email=address(source["contact"]),
        kind=season.KINDS[source["type"]],
        title=source["titre"],
        words=source["mots"],
        seats=source["places"],
        dates=_whens(source["dates"]),
        **source.get("accueil", {}),
    )


def _whens(named: list[Any]) -> list[When]:
    """Each as demo.json has it: days from today, the hour, how many hours."""
    starts = [(season.moment(day, hour), hours) for day, hour, hours in named]
    return [(starts_at, starts_at + timedelta(hours=hours)) for starts_at, hours in starts]


def _at(days: int) -> datetime:
    return season.moment(days, OFFICE_HOUR)
