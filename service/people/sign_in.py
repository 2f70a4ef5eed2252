"""Signing in by mail: a link that only the asking browser may spend, and a code for every other."""

import hmac
import secrets
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

from service import clock, db, text, tokens
from service.limits import rates
from service.people import emails, sessions, ways
from service.people.tables import SignIn
from service.refusal import Refusal

LASTS = timedelta(minutes=10)
ANY_BROWSER = ""  # stands where a fingerprint would: no token has it

BY_ADDRESS = "SELECT id, email FROM person WHERE email_key = $1 AND left_at IS NULL"
OPEN = "used_at IS NULL AND expires_at > $2 AND tries < 5"
# S608: fragments of ours.
BY_LINK = f"SELECT id, browser_hash FROM sign_in WHERE link_hash = $1 AND {OPEN}"  # noqa: S608
BY_BROWSER = f"SELECT id FROM sign_in WHERE browser_hash = $1 AND {OPEN} ORDER BY asked_at DESC LIMIT 1"  # noqa: S608
TRY = f"UPDATE sign_in SET tries = tries + 1 WHERE id = $1 AND {OPEN} RETURNING id"  # noqa: S608
USE = """
UPDATE sign_in SET used_at = $2 FROM person
WHERE sign_in.id = $1 AND used_at IS NULL AND expires_at > $2 AND person.id = sign_in.person AND person.left_at IS NULL
RETURNING sign_in.person
"""
CLOSE_ALL = "UPDATE sign_in SET used_at = $1 WHERE used_at IS NULL AND ($2::uuid IS NULL OR person = $2)"
FORGET = "DELETE FROM sign_in WHERE expires_at < $1"


class WayInOver(Refusal):
    """The link was used, is older than ten minutes, or never was; or its code was mistyped five times."""


class WrongCode(Refusal):
    """This is not the code of the letter."""


class OtherBrowser(Refusal):
    """The link was opened in another browser than the one that asked: there, the code is needed."""


class _Unknown(Exception):
    """The address is nobody's who signs in."""


async def ask(address: str, language: str) -> str:
    """Write a link and a code to the address, if somebody signs in with it; return the asking browser's token.

    The same work and the same answer for an address that nobody knows. Nothing is said of too many letters.
    """
    key, browser = text.address_key(address), secrets.token_urlsafe(32)
    with suppress(rates.TooOften, _Unknown):
        await rates.spend_letter(key)
        async with db.transaction():
            known = await db.fetch(BY_ADDRESS, key)
            way = await _open(known[0]["id"] if known else None, tokens.fingerprint(browser))
            await emails.send_way_in(way, known[0]["email"] if known else address, language)
            if not known:  # the same work for an address that nobody knows, undone
                raise _Unknown
    return browser


async def by_link(token: str, browser: str, *, label: str = "") -> str:
    """Spend the link in the browser that asked for it; returns the session's token.

    Refuses: WayInOver, OtherBrowser.
    """
    found = await db.fetch(BY_LINK, tokens.fingerprint(token), clock.now())
    if not found:
        raise WayInOver
    if found[0]["browser_hash"] not in (tokens.fingerprint(browser), ANY_BROWSER):
        raise OtherBrowser
    return await _use(found[0]["id"], label)


async def by_code(code: str, *, browser: str = "", token: str = "", label: str = "") -> str:
    """Spend the code: in the browser that asked, or anywhere beside the link. Five tries in all.

    Returns the session's token. Refuses: WayInOver, WrongCode.
    """
    now = clock.now()
    if token:
        found = await db.fetch(BY_LINK, tokens.fingerprint(token), now)
    else:
        found = await db.fetch(BY_BROWSER, tokens.fingerprint(browser), now)
    if not found or not await db.fetch(TRY, found[0]["id"], now):
        raise WayInOver
    if not hmac.compare_digest(ways.code_of(found[0]["id"]), _typed(code)):
        raise WrongCode
    return await _use(found[0]["id"], label)


async def close_all(person: UUID | None = None) -> None:
    """Let no way in that is open lead anywhere, or none of one person's. Needs an open transaction."""
    db.inside_transaction()
    await db.fetch(CLOSE_ALL, clock.now(), person)


async def forget_old() -> None:
    """Drop the ways in that are over."""
    await db.fetch(FORGET, clock.now() - LASTS)


async def _open(person: UUID | None, browser_hash: str) -> SignIn:
    now, way_id = clock.now(), uuid4()
    way = SignIn(
        id=way_id,
        person=person,
        browser_hash=browser_hash,
        link_hash=tokens.fingerprint(ways.link_token(way_id)),
        asked_at=now,
        expires_at=now + LASTS,
    )
    await db.insert(way)
    return way


async def _use(way: UUID, label: str) -> str:
    async with db.transaction():
        used = await db.fetch(USE, way, clock.now())
        if not used:
            raise WayInOver
        return await sessions.open_session(used[0]["person"], label)


async def open_directly(person: UUID) -> str:
    """The token of a link that any browser may spend once: for whoever has this machine's command line."""
    async with db.transaction():
        return ways.link_token((await _open(person, ANY_BROWSER)).id)


def _typed(code: str) -> str:
    """The code as it is, however it was typed: small letters, blanks, a hyphen."""
    return "".join(letter for letter in code.upper() if letter in tokens.CODE_LETTERS)
