"""What a company does with its proposal: it begins one, hands it in, edits it, answers, and may take it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from service import clock, db, text, tokens
from service.limits import keys, rates
from service.proposals import emails, journal
from service.proposals.links import token_of
from service.proposals.tables import Proposal, ProposedDate
from service.refusal import Refusal

COMPANY = "company"
EDITABLE = ("draft", "submitted", "asked")

EDIT = """
UPDATE proposal SET organisation_name = $3, contact_name = $4, kind = $5, title = $6, words = $7, seats = $8,
    requirements = $9, age_min = $10, chaperone_ratio = $11, group_max = $12, access = $13, photos = $14,
    parking = $15, organisation = CASE WHEN organisation_name = $3 THEN organisation END, version = version + 1
WHERE id = $1 AND version = $2 AND state = ANY($16) RETURNING *
"""
HAND_IN = """
UPDATE proposal SET state = 'submitted', submitted_at = coalesce(submitted_at, $2), waits_since = $2,
    reminded_at = NULL, version = version + 1
WHERE id = $1 AND state = ANY($3) RETURNING *
"""
# Until its event is published; the draft that organisers made of it is theirs.
WITHDRAW = """
UPDATE proposal SET state = 'withdrawn', waits_since = $2, version = version + 1
WHERE id = $1 AND (state = ANY($3) OR state = 'accepted'
    AND EXISTS (SELECT 1 FROM event WHERE event.id = proposal.event AND event.state = 'draft')) RETURNING *
"""


class UnknownProposal(Refusal):
    """No proposal has this link, or this id."""


class Incomplete(Refusal):
    """A proposal is handed in with a title, a few words, a kind, a date to come and a number of seats."""


class ProposalSettled(Refusal):
    """The proposal stands where this cannot be done any more: ``state`` says where."""

    def __init__(self, state: str) -> None:
        self.state = state


class ProposalChanged(Refusal):
    """Somebody else has changed the proposal since this page was opened."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form of a proposal holds. Of a draft, all but the contact may be empty; ``seats`` counts people."""

    organisation_name: str
    contact_name: str
    email: str
    language: str = "fr"
    kind: str = ""
    title: str = ""
    words: str = ""
    seats: int | None = None
    dates: Sequence[tuple[datetime, datetime]] = ()
    requirements: Sequence[str] = ()
    age_min: int | None = None
    chaperone_ratio: int | None = None
    group_max: int | None = None
    access: str = ""
    photos: str = ""
    parking: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """Its columns, but for who is written to."""
        names = (
            "organisation_name", "contact_name", "kind", "title", "words", "seats", "requirements", "age_min",
            "chaperone_ratio", "group_max", "access", "photos", "parking",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"requirements": list(self.requirements)}

    @property
    def is_complete(self) -> bool:
        """Whether it can be handed in."""
        told = all((self.organisation_name, self.contact_name, self.kind, self.title, self.words, self.seats))
        return told and any(starts > clock.now() for starts, _ in self.dates)


async def begin(offer: Offer, *, key: keys.Key | None = None) -> Proposal:
    """Keep a draft and send its link, to go on later. The same ``key`` gives the same one. Refuses: TooOften."""
    return await _make(offer, "draft", key)


async def propose(offer: Offer, *, key: keys.Key | None = None) -> Proposal:
    """Hand in a proposal at once. The same ``key`` gives the same one. Refuses: Incomplete, TooOften."""
    if not offer.is_complete:
        raise Incomplete
    return await _make(offer, "submitted", key)


async def edit(proposal: Proposal, offer: Offer, version: int) -> Proposal:
    """Change what is proposed, until it is accepted; its address stays. Refuses: ProposalChanged, ProposalSettled,
    and Incomplete for one that was handed in.
    """
    if proposal.state != "draft" and not offer.is_complete:
        raise Incomplete
    async with db.transaction():
        values = [*offer.content.values()]
        rows = await db.fetch(EDIT, proposal.id, version, *values, list(EDITABLE))
        if not rows:
            await _say_why(proposal.id)
        await _put_dates(proposal.id, offer.dates)
        await journal.tell(proposal.id, COMPANY, "edit")
    return row_of(rows[0])


async def hand_in(proposal: Proposal) -> Proposal:
    """Hand in a draft. Done twice, it is done once. Refuses: Incomplete, ProposalSettled."""
    if not (await offer_of(proposal)).is_complete:
        raise Incomplete
    async with db.transaction():
        rows = await db.fetch(HAND_IN, proposal.id, clock.now(), ["draft"])
        if not rows:
            return await _settled_as(proposal.id, "submitted")
        found = row_of(rows[0])
        await journal.tell(found.id, COMPANY, "submit")
        await emails.say_received(found)
    return found


async def answer(proposal: Proposal, words: str) -> Proposal:
    """Answer what the organisers asked: the proposal goes back to them. Refuses: ProposalSettled."""
    async with db.transaction():
        rows = await db.fetch(HAND_IN, proposal.id, clock.now(), ["asked"])
        if not rows:
            await _say_why(proposal.id)
        await journal.tell(proposal.id, COMPANY, "answer", words)
    return row_of(rows[0])


async def withdraw(proposal: Proposal, words: str = "") -> Proposal:
    """Take it back, until its event is published. Done twice, it is done once. Refuses: ProposalSettled."""
    async with db.transaction():
        rows = await db.fetch(WITHDRAW, proposal.id, clock.now(), list(EDITABLE))
        if not rows:
            return await _settled_as(proposal.id, "withdrawn")
        found = row_of(rows[0])
        await journal.tell(found.id, COMPANY, "withdraw", words)
        await emails.say_withdrawn(found)
    return found


async def by_token(token: str) -> Proposal:
    """The proposal of a link. Refuses: UnknownProposal."""
    proposal = await Proposal.objects().get(Proposal.token_hash == tokens.fingerprint(token))
    if proposal is None:
        raise UnknownProposal
    return proposal


async def by_id(proposal_id: UUID) -> Proposal:
    """The proposal of an id. Refuses: UnknownProposal."""
    proposal = await Proposal.objects().get(Proposal.id == proposal_id)
    if proposal is None:
        raise UnknownProposal
    return proposal


async def dates_of(proposal_id: UUID) -> list[ProposedDate]:
    """The dates that it names, in their order."""
    named = ProposedDate.objects().where(ProposedDate.proposal == proposal_id)
    return await named.order_by(ProposedDate.starts_at)


async def offer_of(proposal: Proposal) -> Offer:
    """What it says now, as its form holds it."""
    dates = [(one.starts_at, one.ends_at) for one in await dates_of(proposal.id)]
    names = [name for name in Offer.__slots__ if name != "dates"]
    return Offer(dates=dates, **{name: getattr(proposal, name) for name in names})


def row_of(row: Any) -> Proposal:
    """A proposal as a statement returned it."""
    return Proposal(**dict(row), _exists_in_db=True)


async def _make(offer: Offer, state: str, key: keys.Key | None) -> Proposal:
    if known := await keys.answered(key):
        return await by_id(known)
    await rates.spend_letter(text.address_key(offer.email))
    proposal = _new(offer, state)
    async with db.transaction():
        if await keys.claim(key, proposal.id):
            await db.insert(proposal)
            await _put_dates(proposal.id, offer.dates)
            await journal.tell(proposal.id, COMPANY, "begin" if state == "draft" else "submit")
            await (emails.say_kept if state == "draft" else emails.say_received)(proposal)
            return proposal
    return await by_id(await keys.answered(key) or proposal.id)


def _new(offer: Offer, state: str) -> Proposal:
    now, new_id = clock.now(), uuid4()
    return Proposal(
        id=new_id,
        token_hash=tokens.fingerprint(token_of(new_id)),
        state=state,
        email=offer.email,
        email_key=text.address_key(offer.email),
        language=offer.language,
        created_at=now,
        submitted_at=now if state == "submitted" else None,
        waits_since=now,
        **offer.content,
    )


async def _put_dates(proposal_id: UUID, dates: Sequence[tuple[datetime, datetime]]) -> None:
    """These dates in place of those that it named; what became a slot stays."""
    await ProposedDate.delete().where((ProposedDate.proposal == proposal_id) & ProposedDate.slot.is_null())
    for starts_at, ends_at in dates:
        await db.insert(ProposedDate(id=uuid4(), proposal=proposal_id, starts_at=starts_at, ends_at=ends_at))


async def _settled_as(proposal_id: UUID, wanted: str) -> Proposal:
    """The proposal, when it is already where it should go. Refuses: ProposalSettled."""
    found = await by_id(proposal_id)
    if found.state != wanted:
        raise ProposalSettled(found.state)
    return found


async def _say_why(proposal_id: UUID) -> None:
    """Refuse what changed nothing: it is settled, or was changed meanwhile."""
    found = await by_id(proposal_id)
    if found.state in EDITABLE:
        raise ProposalChanged
    raise ProposalSettled(found.state)
