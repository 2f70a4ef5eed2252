"""What the administrators set in the office: kept in a table, laid over the environment in every process."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import structlog

from service import clock, db, readers, settings
from service.journal.notes import note
from service.refusal import Refusal

EVERY_SECONDS = 5.0
CAMPUS = UUID(int=0)  # there is one

# Habits and their bounds, then all that may be set with the reader that its variable has, too.
BOUNDS = {
    "list_closes_days": (0, 60),
    "contacts_kept_days": (1, 365),
    "names_kept_months": (1, 60),
    "option_days": (1, 60),
    "option_reminder_days": (1, 30),
}
KNOWN: dict[str, Callable[[str], Any]] = {
    "campus_name": readers.name,
    "contact_email": readers.address,
    "contact_phone": readers.words,
    "publisher": readers.words,
    "publisher_address": readers.words,
    "publisher_id": readers.words,
    "publication_director": readers.words,
    "hosting": readers.words,
    "privacy_email": readers.address,
    "accessibility_state": readers.conformity,
    "accessibility_audit": readers.words,
    "funders": readers.words,
    **{name: readers.whole(*bounds) for name, bounds in BOUNDS.items()},
}

HELD = "SELECT name, value FROM preference"
SET = """
INSERT INTO preference (name, value, changed_at, changed_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET value = $2, changed_at = $3, changed_by = $4
"""
LOCK = "SELECT pg_advisory_xact_lock($1)"
UNSET = "DELETE FROM preference WHERE name = $1"
ALONE = 0x63616D707573  # "campus": one change of the settings at a time

Values = dict[str, str]
log = structlog.get_logger()

_readings = _applied = 0
_told: set[str] = set()  # what was ignored stands in the log once, not every few seconds


class SettingsChanged(Refusal):
    """Somebody else has changed the settings since this form was opened."""


async def save(typed: Mapping[str, str], opened: str, by: str) -> list[str]:
    """Set what was typed; what is empty, or as the environment has it, goes back to the environment.

    ``opened`` is the fingerprint of what stood there when the form was opened. Returns the names that changed, which
    count in this process at once. What stands there already is no change, whoever sent it. Refuses: SettingsChanged.
    """
    async with db.transaction():
        await db.fetch(LOCK, ALONE)
        held, given = await held_now(), fallbacks()
        wanted = {name: "" if value == given[name] else value for name, value in typed.items()}
        changed = sorted(name for name, value in wanted.items() if value != held.get(name, ""))
        if changed and fingerprint(held) != opened:
            raise SettingsChanged
        for name in changed:
            await _put(name, wanted[name], by)
        if changed:
            await note(by, "set_preferences", "campus", CAMPUS, names=changed)
    await refresh()
    return changed


async def apply() -> Values:
    """Read what the table holds and lay it over the settings of this process; returns it as it was typed.

    What was asked for earlier never replaces what was asked for later.
    """
    global _readings, _applied
    _readings += 1
    turn = _readings
    held = await held_now()
    if turn > _applied:
        _applied = turn
        settings.overlay(_usable(held))
    return held


async def refresh() -> bool:
    """The same, whatever becomes of the database; returns whether it was read. Pages go on with what is known."""
    try:
        await apply()
    except Exception as trouble:  # noqa: BLE001 - a database that is away, or not migrated yet, stops nobody
        log.warning("preferences not read", trouble=type(trouble).__name__)
        return False
    return True


@asynccontextmanager
async def followed() -> AsyncIterator[None]:
    """Meanwhile, this process learns within seconds what an administrator set in another."""
    await refresh()
    following = asyncio.create_task(_follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def held_now() -> Values:
    """What was set in the office, as it was typed."""
    return {row["name"]: row["value"] for row in await db.fetch(HELD)}


def fallbacks() -> Values:
    """What counts where nothing is set in the office; nothing, where that depends on another setting."""
    given = settings.base()
    told = {name: str(getattr(given, name)) for name in KNOWN}
    return {**told, "privacy_email": ""} if given.privacy_email == given.contact_email else told


def standing(held: Values) -> Values:
    """What stands in each field: what was set here, or else what the environment says."""
    return {name: held.get(name) or given for name, given in fallbacks().items()}


def fingerprint(held: Values) -> str:
    """What tells two states of the settings apart, field by field."""
    return "-".join(_mark(value) for value in standing(held).values())


def touched(typed: Values, opened: str) -> set[str]:
    """The names that were typed anew since the form was opened; all of them, if ``opened`` is no fingerprint."""
    marks = dict(zip(KNOWN, opened.split("-"), strict=False))
    return {name for name, value in typed.items() if _mark(value) != marks.get(name)}


def _mark(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:8]


async def _put(name: str, value: str, by: str) -> None:
    if value:
        await db.fetch(SET, name, value, clock.now(), by)
    else:
        await db.fetch(UNSET, name)


def _usable(held: Values) -> dict[str, Any]:
    """The values of what we know and can read. The rest is told to the log, by name, and breaks nothing."""
    found, odd = {}, set()
    for name, value in held.items():
        try:
            if value.strip():
                found[name] = KNOWN[name](value.strip())
        except (KeyError, ValueError):
            odd.add(name)
    for name in odd - _told:
        log.error("preference ignored", name=name)
    _told.clear()
    _told.update(odd)
    return found


async def _follow() -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await refresh()
