"""What we write about proposals: to the company that made one, and to the campus that reads it."""

from typing import Any
from uuid import UUID

from service import settings
from service.mail import outbox
from service.mail.letters import Letter
from service.people.tables import Person
from service.proposals.contents import When
from service.proposals.tables import Proposal

NEWS = ("submitted", "answered", "withdrawn", "dates", "cancel", "change")


async def say_kept(proposal: Proposal) -> None:
    """Post the link of a draft, to go on later. Needs an open transaction, as all of these do."""
    await _to_company("proposal_kept", proposal)


async def say_received(proposal: Proposal) -> None:
    """Post that it has come in, with its link."""
    await _to_company("proposal_received", proposal)


async def ask(proposal: Proposal, question: str) -> None:
    """Post what the organisers want to know."""
    await _to_company("proposal_asked", proposal, words=question)


async def say_accepted(proposal: Proposal) -> None:
    """Post that it becomes an event, which will be published."""
    await _to_company("proposal_accepted", proposal)


async def say_declined(proposal: Proposal, reason: str) -> None:
    """Post why it does not become an event."""
    await _to_company("proposal_declined", proposal, words=reason)


async def say_withdrawn(proposal: Proposal) -> None:
    """Post that the company took it back."""
    await _to_company("proposal_withdrawn", proposal)


async def say_published(proposal: Proposal) -> None:
    """Post that people can book now, and where the host sees who comes."""
    await _to_company("proposal_published", proposal)


async def say_date_answered(proposal: Proposal, when: When, *, is_taken: bool) -> None:
    """Post what became of a new date."""
    moments = {"starts_at": when[0].isoformat(), "ends_at": when[1].isoformat()}
    await _to_company("proposal_date", proposal, **moments, is_taken=is_taken)


async def tell_campus(proposal: Proposal, news: str, words: str = "") -> None:
    """Post what the company did (one of NEWS) to the colleague who looks after it, or else to the campus."""
    if news not in NEWS:
        raise ValueError(news)
    await _to_campus("proposal_news", proposal, news=news, words=words)


async def _to_company(letter: str, proposal: Proposal, **facts: Any) -> None:
    subject = ("proposal", proposal.id)
    named = _facts(proposal) | facts
    await outbox.post(letter, proposal.email, proposal.language, named, subject, revision=proposal.revision)


async def _to_campus(letter: str, proposal: Proposal, **facts: Any) -> None:
    # A subject of its own: a mailbox of the campus that fails must not hold up what the company reads.
    subject = ("proposal_office", proposal.id)
    colleague = await _colleague(proposal.assigned_to)
    address, language = colleague or (settings.current().contact_email, "fr")
    await outbox.post(letter, address, language, _facts(proposal) | facts, subject, revision=proposal.revision)


async def _colleague(person: UUID | None) -> tuple[str, str] | None:
    """The address and the language of who looks after it, unless they have left."""
    if person is None:
        return None
    still_here = (Person.id == person) & Person.left_at.is_null()
    row = await Person.select(Person.email, Person.language).where(still_here).first()
    return (row["email"], row["language"]) if row else None


def _facts(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal": str(proposal.id),
        "generation": proposal.generation,
        "title": proposal.title,
        "kind": proposal.kind,
        "organisation_name": proposal.organisation_name,
        "contact_name": proposal.contact_name,
    }


LETTERS: dict[str, Letter] = {}
