"""The database: whether it answers and is large enough, knows this code, and what waits in its outbox."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from service import clock, db, embedded
from service.operations import checks, migrations
from service.operations.doctor.findings import Finding, aside, bad, look, ok, words
from service.settings import Settings

OLDEST, NEWEST = 15, 18
ANSWER_SECONDS, START_SECONDS = 6.0, 40.0
SLOW = 0.02
SPARE = 5  # for a backup, a migration, an operator with psql
OVERLOOKED = timedelta(minutes=2)

SERVER = """
SELECT current_setting('server_version_num')::int / 10000 AS major,
       current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true)::int, 0) AS server,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_role,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database
"""
WAITING = """
SELECT count(*) AS letters, min(posted_at) AS oldest, min(next_try_at) FILTER (
    WHERE (state = 'due' AND next_try_at < $1 OR state = 'sending' AND lease_until < $1)
      AND NOT EXISTS (SELECT 1 FROM email earlier
                      WHERE earlier.subject_kind = email.subject_kind AND earlier.subject_id = email.subject_id
                        AND earlier.id < email.id AND earlier.state IN ('due', 'sending'))) AS overlooked
FROM email WHERE state IN ('due', 'sending')
"""


@dataclass(frozen=True, slots=True)
class Pools:
    """How many connections a process that serves pages may open, and how many a worker."""

    page: int
    worker: int


@asynccontextmanager
async def opened(chosen: Settings, *, is_named: bool = True) -> AsyncIterator[Finding | None]:
    """The engine, open on the database while the block runs; yields why it does not answer, or None."""
    if not is_named:
        yield look("not examined, for DATABASE_URL is wrong")
        return
    own: AbstractContextManager[str] | None = None
    try:
        url = chosen.database_url
        if not url:
            if not (chosen.data_dir / "postgres").exists():
                yield look("the embedded PostgreSQL was not started yet: the first start makes it")
                return
            own = embedded.postgres(chosen.data_dir)
        yield await _answer(url, own)
    finally:
        await db.engine.close()
        if own:
            with suppress(Exception):
                await aside(lambda: own.__exit__(None, None, None))


async def _answer(url: str | None, own: AbstractContextManager[str] | None) -> Finding | None:
    try:
        if own:
            async with asyncio.timeout(START_SECONDS):
                url = await aside(own.__enter__)
        async with asyncio.timeout(ANSWER_SECONDS):
            await _look_up(url or "")
            await db.engine.open(url or "", size=2, name="passerelle doctor")
            await db.fetch("SELECT 1")
    except Exception as trouble:  # noqa: BLE001 - wrong addresses, names and passwords have an exception each
        return bad(f"does not answer: {words(trouble)}", "is it running, and does DATABASE_URL lead to it?")
    return None


async def _look_up(url: str) -> None:
    """The name first: asyncpg's own look-up would keep this process waiting after its time is over."""
    host = urlsplit(url).hostname
    if host and "," not in host:
        await aside(lambda: socket.getaddrinfo(host, None))


async def server(chosen: Settings, pools: Pools) -> list[Finding]:
    """Version, encoding, speed, and connections for all processes."""
    [row] = await db.fetch(SERVER)
    seconds = await _latency()
    allowed = min(limit for limit in (row["server"], row["of_role"], row["of_database"]) if limit >= 0)
    needed = chosen.workers * pools.page + pools.worker
    found = [ok(f"PostgreSQL {row['version']} answers in {seconds * 1000:.1f} ms")]
    if row["major"] < OLDEST:
        found = [bad(f"PostgreSQL {row['version']} is too old", f"{OLDEST} to {NEWEST} are supported")]
    elif row["major"] > NEWEST:
        found = [look(f"PostgreSQL {row['version']} is newer than what was tested", f"{OLDEST} to {NEWEST} are")]
    elif seconds > SLOW:
        found = [
            look(f"PostgreSQL {row['version']} takes {seconds * 1000:.0f} ms to answer", "is it far away, or busy?")
        ]
    if row["encoding"] != "UTF8":
        found.append(bad(f"its encoding is {row['encoding']}", "make the database with ENCODING 'UTF8'"))
    return [*found, _connections(needed, allowed)]


def _connections(needed: int, allowed: int) -> Finding:
    counted = f"{allowed} connections are allowed, {needed} may be needed"
    if needed > allowed:
        return bad(counted, "fewer WORKERS, or a higher max_connections (or limit of the role, of the database)")
    if needed + SPARE > allowed:
        return look(counted, "little is left for backups and operators")
    return ok(counted)


async def _latency() -> float:
    """The middle one of five, so that a single hiccup says nothing."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        await db.fetch("SELECT 1")
        taken.append(time.perf_counter() - started)
    return sorted(taken)[2]


async def migrations_applied(chosen: Settings) -> list[Finding]:
    """Whether the database has the schema of this code."""
    recorded, known = await migrations.recorded(), migrations.known()
    if set(recorded) - set(known):
        return [bad("the database belongs to a newer Passerelle", "install that one, or restore a backup of this one")]
    if missing := set(known) - set(recorded):
        how = "run `passerelle migrate`" if chosen.database_url else "the next start applies them"
        return [(bad if chosen.database_url else look)(f"{len(missing)} migration(s) missing", how)]
    return [ok(f"all {len(known)} are applied")]


async def outbox(_: Settings) -> list[Finding]:
    """What waits, what nobody takes, what could not be delivered."""
    if await migrations.missing():
        return [look("not examined, for migrations are missing")]
    [row] = await db.fetch(WAITING, clock.now() - OVERLOOKED)
    found = [_overlooked(row["overlooked"])] if row["overlooked"] else []
    found += [bad(line) for line in await checks.late_mail()]
    found += [look(line, "often the address was mistyped") for line in await checks.failed_mail()]
    waiting = f"{row['letters']} letter(s) wait, the oldest since {_ago(row['oldest'])}" if row["letters"] else ""
    return found or [ok(waiting or "no letter waits")]


def _overlooked(since: datetime) -> Finding:
    return bad(
        f"a letter is due since {_ago(since)} and nobody takes it",
        "is a worker running? It pauses for 15 minutes when the mail server refuses what we send: see its log",
    )


def _ago(moment: datetime) -> str:
    minutes = int((clock.now() - moment).total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004
