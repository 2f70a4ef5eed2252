"""The address of a dossier: corrected by its booker, or by an organiser; and whether anybody answers from it."""

from typing import Any

from service import clock, db, text, tokens
from service.bookings import changes, dossiers, emails, invitations
from service.bookings.held import Held, held_by
from service.bookings.tables import LIVE, Dossier
from service.journal.notes import note
from service.mail import outbox
from service.people import delivery
from service.refusal import Refusal


class AddressSettled(Refusal):
    """Somebody answered from the address: it is theirs, and is changed by an organiser only."""


async def correct_address(dossier: Dossier, address: str) -> Dossier:
    """Move the dossier to ``address``: a new link, a new invitation there, and the old one withdrawn.

    Only until somebody answers from the old address, or when no mail reaches it. Returns the dossier with its
    new generation. Refuses: AddressSettled, AlreadyStarted, AlreadyBooked, UnknownLink.
    """
    async with db.transaction():
        dossier = await changes.hold(dossier)
        if not await may_correct_address(dossier):
            raise AddressSettled
        await readdress(dossier, address, "booker")
    return dossier


async def readdress(dossier: Dossier, address: str, by: str) -> None:
    """The inner step of ``correct_address``, for a verb that holds the dossier. ``by`` is who, for the journal.

    Refuses: AlreadyStarted, AlreadyBooked.
    """
    db.inside_transaction()
    held = changes.still_to_come([one for one in await held_by(dossier) if one.is_live])
    for one in held:
        changes.check_not_started(one)
        await one.check_not_doubled(_other_key(dossier, address), may_share=by != "booker")
    await _renew_link(dossier, address)
    for one in held:
        await _readdress(dossier, one)
    await changes.write_again(dossier, held)
    await note(by, "correct_address", "dossier", dossier.id)


async def may_correct_address(dossier: Dossier) -> bool:
    """Whether the address was never heard from, or is known not to work."""
    return dossier.address_answered_at is None or await delivery.is_undeliverable(dossier.email_key)


async def hear_from(dossier: Dossier) -> None:
    """Note the first sign of life from the dossier's address: a button pressed on a page that its mail opened."""
    unheard = (Dossier.id == dossier.id) & Dossier.address_answered_at.is_null()
    await Dossier.update({Dossier.address_answered_at: clock.now()}).where(unheard)


async def _renew_link(dossier: Dossier, address: str) -> None:
    dossier.generation += 1
    dossier.email, dossier.email_key = address, text.address_key(address)
    dossier.address_answered_at = None
    renewed: dict[Any, Any] = {
        Dossier.email: dossier.email,
        Dossier.email_key: dossier.email_key,
        Dossier.generation: dossier.generation,
        Dossier.token_hash: tokens.fingerprint(dossiers.token_of(dossier.id, dossier.generation)),
        Dossier.address_answered_at: None,
    }
    await Dossier.update(renewed).where(Dossier.id == dossier.id)


async def _readdress(dossier: Dossier, one: Held) -> None:
    if not await changes.change(one, changes.REVISE, dossier.email_key, list(LIVE)):
        return
    await outbox.withdraw_unsent(one.subject)
    if old := await invitations.end(*one.subject):
        await emails.withdraw(dossier, one.booking, one.slot, old)


def _other_key(dossier: Dossier, address: str) -> str:
    """The key to look for doubles under: none when only the spelling changes, or the booking would meet itself."""
    new = text.address_key(address)
    return "" if new == dossier.email_key else new
