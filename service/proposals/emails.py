"""What we write about proposals: to the company that made one, and to the campus that reads it.

To an address that nobody has verified goes no word that was typed: anybody could have us send anything.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from service import db, settings
from service.mail import outbox
from service.people.tables import Person
from service.proposals import record
from service.proposals.contents import When
from service.proposals.figures import Figures
from service.proposals.tables import Proposal

NEWS = ("submitted", "answered", "withdrawn", "dates", "cancel", "change")
OF_EVENT = "SELECT title, slug, place FROM event WHERE id = $1"
DATES = "SELECT starts_at, ends_at FROM slot WHERE event = $1 AND state = 'open' ORDER BY starts_at, id"


async def say_kept(proposal: Proposal) -> None:
    """Post the link of a draft, to go on later. Needs an open transaction, as all of these do."""
    await _post("proposal_kept", proposal, _bare(proposal))


async def say_received(proposal: Proposal) -> None:
    """Post that it has come in, with its link."""
    await _post("proposal_received", proposal, _bare(proposal))


async def ask(proposal: Proposal, question: str) -> None:
    """Post what the organisers want to know."""
    await _to_company("proposal_asked", proposal, words=question)


async def remind_of_question(proposal: Proposal, question: str, asked_at: datetime) -> None:
    """Post once more what the organisers asked, and when."""
    await _to_company("proposal_question_waits", proposal, words=question, asked_at=asked_at.isoformat())


async def say_accepted(proposal: Proposal) -> None:
    """Post that it becomes an event, which will be published, and on which of its dates."""
    taken = [(one.starts_at, one.ends_at) for one in await record.dates_of(proposal.id) if one.slot]
    await _to_company("proposal_accepted", proposal, dates=_spans(taken))


async def say_declined(proposal: Proposal, reason: str) -> None:
    """Post why it does not become an event."""
    await _to_company("proposal_declined", proposal, words=reason)


async def say_withdrawn(proposal: Proposal) -> None:
    """Post that the company took it back: the one letter beside the first that no organiser brings about."""
    await _post("proposal_withdrawn", proposal, _bare(proposal))


async def say_published(proposal: Proposal) -> None:
    """Post that everybody sees it now and on which dates, and where the host sees who comes."""
    rows = await db.fetch(DATES, proposal.event)
    dates = [(row["starts_at"], row["ends_at"]) for row in rows]
    await _to_host("proposal_published", proposal, dates=_spans(dates))


async def say_date_answered(proposal: Proposal, when: When, *, is_taken: bool) -> None:
    """Post what became of a new date."""
    await _to_host("proposal_date", proposal, **_span(when), is_taken=is_taken)


async def say_changed(proposal: Proposal, changes: Sequence[dict[str, Any]], *, is_called_off: bool) -> None:
    """Post which dates were added, moved or called off (as ``telling`` tells them), or all of the event with them."""
    await _to_host("proposal_changed", proposal, changes=list(changes), is_called_off=is_called_off)


async def say_list_closed(proposal: Proposal, when: When, figures: Figures) -> None:
    """Post how many come on a date whose list is closed: figures, and never a name."""
    levels = [list(level) for level in figures.levels]
    facts = {**_span(when), "people": figures.booked, "classes": figures.classes, "levels": levels}
    await _to_host("proposal_list", proposal, **facts)


async def thank(proposal: Proposal, figures: Figures) -> None:
    """Post what came of it, and two questions if they have no answer yet."""
    levels = [list(level) for level in figures.levels]
    facts = {"booked": figures.booked, "present": figures.present, "classes": figures.classes, "levels": levels}
    await _to_host("proposal_thanks", proposal, **facts, has_answered=bool(proposal.again))


async def tell_campus(proposal: Proposal, news: str, words: str = "") -> None:
    """Post what the company did (one of NEWS) to the colleague who looks after it, or else to the campus."""
    if news not in NEWS:
        raise ValueError(news)
    # A subject of its own: a mailbox of the campus that fails must not hold up what the company reads.
    subject = ("proposal_office", proposal.id)
    address, language = await _colleague(proposal.assigned_to) or of_campus()
    facts = {**_facts(proposal), "news": news, "words": words}
    await outbox.post("proposal_news", address, language, facts, subject, revision=proposal.revision)


async def remind_campus(address: str, language: str, number: int, oldest: datetime) -> None:
    """Post how many proposals wait too long for whoever reads this address, and the oldest since when."""
    facts = {"number": number, "oldest": oldest.isoformat()}
    await outbox.post("proposal_waits", address, language, facts, ("proposal_queue", uuid4()))


def of_campus() -> tuple[str, str]:
    """The address and the language of the campus itself, for what no colleague looks after."""
    return settings.current().contact_email, "fr"


async def _to_host(letter: str, proposal: Proposal, **facts: Any) -> None:
    """Post to the company what its event is called, as everybody reads it now."""
    [event] = await db.fetch(OF_EVENT, proposal.event)
    await _to_company(letter, proposal, **dict(event), **facts)


async def _to_company(letter: str, proposal: Proposal, **facts: Any) -> None:
    await _post(letter, proposal, _facts(proposal) | facts)


async def _post(letter: str, proposal: Proposal, facts: dict[str, Any]) -> None:
    subject = ("proposal", proposal.id)
    await outbox.post(letter, proposal.email, proposal.language, facts, subject, revision=proposal.revision)


async def _colleague(person: UUID | None) -> tuple[str, str] | None:
    """The address and the language of who looks after it, unless they have left."""
    if person is None:
        return None
    still_here = (Person.id == person) & Person.left_at.is_null()
    row = await Person.select(Person.email, Person.language).where(still_here).first()
    return (row["email"], row["language"]) if row else None


def _facts(proposal: Proposal) -> dict[str, Any]:
    return {
        **_bare(proposal),
        "title": proposal.title,
        "organisation_name": proposal.organisation_name,
        "contact_name": proposal.contact_name,
    }


def _bare(proposal: Proposal) -> dict[str, Any]:
    """What may be said of it to anybody: its kind, and the day on which it came."""
    return {
        "proposal": str(proposal.id),
        "generation": proposal.generation,
        "kind": proposal.kind,
        "day": (proposal.submitted_at or proposal.created_at).isoformat(),
    }


def _spans(dates: Sequence[When]) -> list[dict[str, str]]:
    return [_span(when) for when in dates]


def _span(when: When) -> dict[str, str]:
    return {"starts_at": when[0].isoformat(), "ends_at": when[1].isoformat()}
