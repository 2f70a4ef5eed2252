"""The whole examination: one thing after another, each for itself, whatever becomes of the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from service import settings
from service.campus import preferences
from service.operations.doctor import database, machine, mail_server, public_address, variables
from service.operations.doctor.findings import Finding, Verdict, bad, look, words
from service.settings import Settings

SECONDS = 20.0  # for one check, all its own time limits together
Check = Callable[[Settings], Awaitable[list[Finding]]]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was examined, as the operator reads it."""

    verdict: Verdict
    about: str
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.verdict:<5}{self.about:<16}{self.what}" + (f" → {self.do}" if self.do else "")


# What is examined, and the variables without which it cannot be.
OF_THE_DATABASE: tuple[tuple[str, Check], ...] = (
    ("migrations", database.migrations_applied),
    ("outbox", database.outbox),
)
OTHERS: tuple[tuple[str, set[str], Check], ...] = (
    ("mail server", {"SMTP_URL", "MAIL_FROM"}, mail_server.mail_server),
    ("clock", {"TIME_ZONE"}, machine.clocks),
    ("disk", {"DATA_DIR"}, machine.disk),
    ("public address", {"PUBLIC_URL"}, public_address.public_address),
)


async def examine(environ: Mapping[str, str], pools: database.Pools) -> AsyncIterator[Line]:
    """Every line as it is known. Never raises for what it examines, and never writes a letter or a row."""
    chosen, mistakes = variables.readable(environ)
    wrong = {line.partition(":")[0] for line in mistakes}
    settings.use(chosen)
    async with database.opened(chosen, is_named="DATABASE_URL" not in wrong) as away:
        if not away:
            with suppress(Exception):  # not migrated yet: the office has set nothing
                await preferences.apply()
        for one in variables.judge(settings.current(), mistakes):
            yield _line("settings", one)
        for one in [away] if away else await _examined(lambda given: database.server(given, pools), chosen):
            yield _line("database", one)
        for about, check in OF_THE_DATABASE:
            for one in [_left_out("there is no database to ask")] if away else await _examined(check, chosen):
                yield _line(about, one)
        for about, needed, check in OTHERS:
            unread = sorted(needed & wrong)
            for one in [_left_out(f"{unread[0]} is wrong")] if unread else await _examined(check, chosen):
                yield _line(about, one)


async def _examined(check: Check, chosen: Settings) -> list[Finding]:
    """What a check finds; that it fails or takes too long is a finding, too."""
    try:
        async with asyncio.timeout(SECONDS):
            return await check(chosen)
    except Exception as trouble:  # noqa: BLE001 - whatever it is, the other checks must be heard
        return [bad(f"could not be examined: {words(trouble)}", "this may be a defect: please report it")]


def _left_out(why: str) -> Finding:
    return look(f"not examined, for {why}")


def _line(about: str, found: Finding) -> Line:
    return Line(found.verdict, about, found.what, found.do)
