"""What a company does once it handed a proposal in: answers, takes it back, names new dates, reports, looks back."""

from collections.abc import Sequence

from service import clock, db
from service.events.tables import Event
from service.limits import rates
from service.proposals import emails, journal, record
from service.proposals.contents import When
from service.proposals.journal import COMPANY
from service.proposals.record import OPEN, ProposalMoved, waiting_for
from service.proposals.tables import AGAIN, Proposal
from service.refusal import Refusal

REPORTS = ("cancel", "change")
IS_OVER = "SELECT NOT EXISTS (SELECT 1 FROM slot WHERE event = $1 AND state = 'open' AND ends_at > $2) AS is_over"


class NoNewDate(Refusal):
    """None of the dates is to come, or all are named already."""


class HostedNoMore(Refusal):
    """The event was called off: there is nothing left of it to change, nor to add a date to."""


async def answer(proposal: Proposal, words: str) -> Proposal:
    """Answer what the organisers asked: the proposal goes back to them. Refuses: ProposalMoved."""
    async with db.transaction():
        held = await record.hold(proposal.id, "asked")
        found = await record.change(held, state="submitted", **waiting_for("campus"))
        await journal.tell(found.id, COMPANY, "answer", words)
        await emails.tell_campus(found, "answered", words)
    return found


async def withdraw(proposal: Proposal, words: str = "") -> Proposal:
    """Take it back, until its event is published. Done twice, it is done once.

    The draft that organisers made of it stays theirs. Refuses: ProposalMoved.
    """
    async with db.transaction():
        held = await record.hold(proposal.id, "draft", *OPEN, "accepted", "withdrawn")
        if held.state == "withdrawn":
            return held
        if held.state == "accepted" and await event_state(held) != "draft":
            raise ProposalMoved("published")
        found = await record.change(held, state="withdrawn", **waiting_for(""))
        await journal.tell(found.id, COMPANY, "withdraw", words)
        await emails.say_withdrawn(found)
        if held.submitted_at:
            await emails.tell_campus(found, "withdrawn", words)
    return found


async def add_dates(proposal: Proposal, dates: Sequence[When]) -> Proposal:
    """Name new dates for an event that was accepted: organisers take or decline each.

    Refuses: NoNewDate, ProposalMoved, HostedNoMore, TooOften.
    """
    await rates.spend_letter(str(proposal.id))
    async with db.transaction():
        held = await _hold_hosted(proposal)
        known = {one.starts_at for one in await record.dates_of(held.id)}
        new = [when for when in dates if when[0] > clock.now() and when[0] not in known]
        if not new:
            raise NoNewDate
        await record.add_dates(held.id, new)
        found = await record.change(held, **waiting_for("campus"))
        await journal.tell(found.id, COMPANY, "add_dates")
        await emails.tell_campus(found, "dates")
    return found


async def report(proposal: Proposal, what: str, words: str) -> Proposal:
    """Tell the organisers that the host must "cancel" or "change", and why: nothing is called off by it.

    Refuses: ProposalMoved, HostedNoMore, TooOften.
    """
    if what not in REPORTS:
        raise ValueError(what)
    await rates.spend_letter(str(proposal.id))
    async with db.transaction():
        held = await _hold_hosted(proposal)
        found = await record.change(held, **waiting_for("campus"))
        await journal.tell(found.id, COMPANY, f"report_{what}", words)
        await emails.tell_campus(found, what, words)
    return found


async def look_back(proposal: Proposal, again: str, words: str) -> Proposal:
    """Say, once all of it is over, whether the host would do it again and what should change.

    Said anew, the last word counts. Refuses: ProposalMoved while something is to come.
    """
    if again not in AGAIN:
        raise ValueError(again)
    async with db.transaction():
        held = await record.hold(proposal.id, "accepted")
        if not await is_over(held):
            raise ProposalMoved("published")
        found = await record.change(held, again=again)
        await journal.tell(found.id, COMPANY, "feedback", words)
    return found


async def event_state(proposal: Proposal) -> str:
    """The state of its event: draft, published or called_off; nothing where it has none."""
    if proposal.event is None:
        return ""
    row = await Event.select(Event.state).where(Event.id == proposal.event).first()
    return str(row["state"]) if row else ""


async def is_over(proposal: Proposal) -> bool:
    """Whether its event was published and nothing of it is still to come."""
    if await event_state(proposal) != "published":
        return False
    return bool((await db.fetch(IS_OVER, proposal.event, clock.now()))[0]["is_over"])


async def _hold_hosted(proposal: Proposal) -> Proposal:
    """Lock it, if it was accepted and its event was not called off."""
    held = await record.hold(proposal.id, "accepted")
    if await event_state(held) == "called_off":
        raise HostedNoMore
    return held
