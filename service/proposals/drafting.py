"""Writing a proposal: a company begins one, hands it in, and changes it until it is accepted."""

from contextlib import suppress
from uuid import UUID, uuid4

from service import clock, db, text, tokens
from service.limits import keys, rates
from service.proposals import emails, journal, record
from service.proposals.contents import Idea
from service.proposals.journal import COMPANY
from service.proposals.links import token_of
from service.proposals.record import waiting_for
from service.proposals.tables import Proposal
from service.refusal import Refusal

WRITABLE = ("draft", "submitted", "asked")


class Incomplete(Refusal):
    """A proposal is handed in with all that the campus needs: ``missing`` names what it lacks."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        self.missing = missing


class ProposalChanged(Refusal):
    """Somebody has changed the proposal since this form was opened."""


class _NothingMade(Exception):
    """Nobody is sending this form."""


async def begin(idea: Idea, *, key: keys.Key | None = None) -> Proposal:
    """Keep a draft and send its link, to go on later. The same ``key`` gives the same one. Refuses: TooOften."""
    return await _make(idea, "draft", key)


async def propose(idea: Idea, *, key: keys.Key | None = None) -> Proposal:
    """Hand in a proposal at once. The same ``key`` gives the same one. Refuses: Incomplete, TooOften."""
    _check_complete(idea)
    return await _make(idea, "submitted", key)


async def edit(proposal: Proposal, idea: Idea, version: int) -> Proposal:
    """Change what is proposed, if ``version`` is still its last one; its address stays.

    Refuses: ProposalChanged, ProposalMoved, and Incomplete for one that was handed in.
    """
    async with db.transaction():
        held = await record.hold(proposal.id, *WRITABLE)
        if held.version != version:
            raise ProposalChanged
        if held.state != "draft":
            _check_complete(idea)
        await record.put_dates(held.id, idea.dates)
        await journal.tell(held.id, COMPANY, "edit")
        return await record.change(held, **await record.content_of(idea), version=version + 1)


async def hand_in(proposal: Proposal) -> Proposal:
    """Hand in a draft. Done twice, it is done once. Refuses: Incomplete, ProposalMoved."""
    async with db.transaction():
        held = await record.hold(proposal.id, *WRITABLE)
        if held.state != "draft":
            return held
        _check_complete(await record.idea_of(held))
        now = clock.now()
        found = await record.change(held, state="submitted", submitted_at=now, **waiting_for("campus"))
        await _say_handed_in(found)
    return found


def _check_complete(idea: Idea) -> None:
    if lacks := idea.missing():
        raise Incomplete(lacks)


async def _make(idea: Idea, state: str, key: keys.Key | None) -> Proposal:
    if known := await keys.answered(key):
        return await record.by_id(known)
    try:
        await rates.spend_letter(text.address_key(idea.email))
    except rates.TooOften:
        if found := await _made_meanwhile(key):
            return found
        raise
    new_id = uuid4()
    async with db.transaction():
        if await keys.claim(key, new_id):
            proposal = await _new(new_id, idea, state)
            await db.insert(proposal)
            await record.put_dates(proposal.id, idea.dates)
            await (_say_handed_in if state == "submitted" else _say_begun)(proposal)
            return proposal
    return await record.by_id(UUID(str(await keys.answered(key))))


async def _made_meanwhile(key: keys.Key | None) -> Proposal | None:
    """What another request is making of this very form: its repeats ask for no letter, but count as if they did.

    Whoever is as fast as the maker lets it go first, and looks once more.
    """
    for _ in range(2):
        with suppress(_NothingMade):
            async with db.transaction():
                if await keys.claim(key, uuid4()):  # else it has waited for the maker's end
                    raise _NothingMade
            return await record.by_id(UUID(str(await keys.answered(key))))
    return None


async def _new(new_id: UUID, idea: Idea, state: str) -> Proposal:
    now, is_draft = clock.now(), state == "draft"
    return Proposal(
        id=new_id,
        token_hash=tokens.fingerprint(token_of(new_id)),
        state=state,
        email=idea.email,
        email_key=text.address_key(idea.email),
        language=idea.language,
        created_at=now,
        submitted_at=None if is_draft else now,
        waits_for="company" if is_draft else "campus",
        waits_since=now,
        **await record.content_of(idea),
    )


async def _say_begun(proposal: Proposal) -> None:
    await journal.tell(proposal.id, COMPANY, "begin")
    await emails.say_kept(proposal)


async def _say_handed_in(proposal: Proposal) -> None:
    await journal.tell(proposal.id, COMPANY, "submit")
    await emails.say_received(proposal)
    await emails.tell_campus(proposal, "submitted")
