"""The proposals of the office, in the states that look unlike each other."""

from dataclasses import dataclass
from datetime import timedelta

from service import db
from service.proposals import following
from service.proposals.tables import Proposal
from tests.browser.office_openers import sent
from tests.browser.situation import Situation, at
from tests.browser.stage import LONG_NAME, LONG_TITLE
from tests.makers import make_organisation
from tests.proposals.making import a_when, make_proposal

ADMIN = "admin"
HERE = "/office/proposals"
STATES = ("submitted", "asked", "accepted", "declined", "withdrawn", "draft", "published")
AGED = "UPDATE proposal SET waits_since = waits_since - $2::interval WHERE id = $1"


@dataclass(frozen=True)
class ProposalStage:
    """Proposals by what they show."""

    proposals: dict[str, Proposal]


async def set_up() -> ProposalStage:
    """One in each state, and what only some of them have."""
    made = {state: await _made(state) for state in STATES}
    await make_organisation(name="Verrerie de l’Aa (entreprise fictive)")
    made["long"] = await _made("submitted", title=LONG_TITLE, organisation_name=f"{LONG_NAME} et fils")
    await db.fetch(AGED, made["submitted"].id, timedelta(days=9))
    made["dates"] = await _made("published", title="Nuit de la forge", kind="workshop")
    await following.add_dates(made["dates"], [a_when(30), a_when(37)])
    made["report"] = await _made("published", title="Le laminoir en marche")
    await following.report(made["report"], "cancel", "Le four est à l’arrêt jusqu’au mois prochain.")
    made["left"] = await _made("accepted", title="Une verrière à ciel ouvert")
    await following.withdraw(made["left"], "Notre site déménage.")
    return ProposalStage(made)


def all_situations(staged: ProposalStage) -> list[Situation]:
    """The queue, and one proposal in each of those states."""
    shown = ("submitted", "accepted", "dates", "report", "left")
    return [
        at("office-proposals", HERE, ADMIN),
        at("office-proposals-en", f"{HERE}?lang=en", ADMIN),
        at("office-proposals-nothing-found", f"{HERE}?q=introuvable", ADMIN),
        *[at(f"office-proposal-{name}", _path(staged, name), ADMIN) for name in shown],
        at("office-event-left", f"/office/events/{staged.proposals['left'].event}", ADMIN),
        Situation("office-proposal-refused", sent(_path(staged, "long"), "/decline", words=""), role=ADMIN),
    ]


def _path(staged: ProposalStage, name: str) -> str:
    return f"{HERE}/{staged.proposals[name].id}"


async def _made(state: str, **changes: object) -> Proposal:
    """From an address of its own: nobody hands in so many."""
    number = await Proposal.count()
    return await make_proposal(state, **{"email": f"ines{number}@verrerie.test", **changes})
