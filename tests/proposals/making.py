"""What the tests of proposals share: an idea of a company, and a proposal in any of its states."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service import clock, db
from service.proposals import acceptance, drafting, following, record, review
from service.proposals.contents import Idea, When
from service.proposals.links import token_of
from service.proposals.tables import Proposal

ADA, BEN = "person:00000000-0000-0000-0000-0000000000aa", "person:00000000-0000-0000-0000-0000000000bb"
STATES = ("draft", "submitted", "asked", "accepted", "declined", "withdrawn", "published", "over")


def a_when(days: int = 14, hours: int = 2) -> When:
    """A time so many days ahead, on the full hour."""
    starts_at = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    return starts_at, starts_at + timedelta(hours=hours)


def an_idea(**changes: Any) -> Idea:
    """What a glassworks would show, complete."""
    idea = Idea(
        organisation_name="Verrerie de l’Aa",
        contact_name="Inès Delattre",
        email="ines@verrerie.test",
        kind="visit",
        title="Du sable au flacon",
        words="Une heure et demie le long de la ligne, du four à l’emballage.",
        seats=24,
        dates=[a_when(14), a_when(21)],
        ppe="Chaussures de sécurité prêtées",
        dress="Manches longues",
        age_min=14,
        chaperone_ratio=8,
        group_max=12,
        access="Plain-pied, sauf la mezzanine",
        photos="Photos interdites dans la halle",
        parking="Parking visiteurs, rue du Four",
    )
    return replace(idea, **changes)


async def make_proposal(state: str = "submitted", **changes: Any) -> Proposal:
    """A proposal that got into this state by the verbs that people use (one of STATES)."""
    if state in ("draft", "withdrawn"):
        begun = await drafting.begin(an_idea(**changes))
        return begun if state == "draft" else await following.withdraw(begun)
    found = await drafting.propose(an_idea(**changes))
    if state == "asked":
        return await review.ask(found.id, "Combien de groupes à la fois ?", ADA)
    if state == "declined":
        return await review.decline(found.id, "Le site est trop loin de nos lycées.", ADA)
    if state in ("accepted", "published", "over"):
        found = await acceptance.accept(found.id, ADA)
    if state in ("published", "over"):
        await acceptance.publish(UUID(str(found.event)), ADA)
    return await record.by_id(found.id)


def link_of(proposal: Proposal) -> str:
    """The path of its page."""
    return f"/proposals/{token_of(proposal.id, proposal.generation)}"


async def letters_of(proposal: Proposal, kind: str = "proposal") -> list[str]:
    """The letters posted about it, in their order; of kind "proposal_office" those to the campus."""
    rows = await db.fetch(
        "SELECT letter FROM email WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id", kind, proposal.id
    )
    return [row["letter"] for row in rows]


async def over_at(proposal: Proposal) -> datetime:
    """A moment at which all dates of it are over: set the clock there for "over"."""
    return max(one.ends_at for one in await record.dates_of(proposal.id)) + timedelta(hours=1)
