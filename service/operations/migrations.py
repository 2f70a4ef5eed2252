"""Bringing the database to the schema of this code: one runner at a time, each step recorded with it."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from functools import cache
from typing import Any

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.tables import Migration

from service import db, schema

LOCK = 0x70617373  # "pass"
POLL_SECONDS = 0.2


class TookTooLong(Exception):
    """Another process has been migrating for longer than we wait."""


async def migrate(url: str, *, patience: float = 120.0) -> list[str]:
    """Apply what is missing and return its names. Needs the engine to be open on ``url``.

    Eight processes may start at once: one migrates, the others wait and find nothing to do.
    Refuses: TookTooLong.
    """
    async with alone(url, patience=patience):
        await BaseMigrationManager().create_migration_table()
        names = await missing()
        for name in names:
            async with db.transaction() as transaction:
                await transaction.take_your_time()
                await apply(name)
        return names


async def missing() -> list[str]:
    """The migrations of this code that the database has not seen; all of them when it is empty."""
    return sorted(set(known()) - set(await recorded()))


async def recorded() -> list[str]:
    """The migrations that the database has seen, in the order of their names; none when it is empty."""
    if not await Migration.table_exists():
        return []
    return sorted(await Migration.get_migrations_which_ran(schema.APP_CONFIG.app_name))


def known() -> list[str]:
    """The migrations of this code, in their order."""
    return sorted(_modules())


async def apply(name: str) -> None:
    """Make one change and its record, in the open transaction of a larger verb, whose statements may take long."""
    db.inside_transaction()
    manager: MigrationManager = await _modules()[name].forwards()
    manager.wrap_in_transaction = False  # ours wraps the change together with its record
    with redirect_stdout(io.StringIO()):
        await manager.run()
    await Migration.insert(Migration(name=name, app_name=schema.APP_CONFIG.app_name))


def _modules() -> dict[str, Any]:
    return _modules_of(str(schema.MIGRATIONS))


@cache
def _modules_of(folder: str) -> dict[str, Any]:
    """Read once: Piccolo puts the folder on ``sys.path`` each time, and ``/readyz`` asks often."""
    return dict(BaseMigrationManager().get_migration_modules(folder))


@asynccontextmanager
async def alone(url: str, *, patience: float = 120.0) -> AsyncIterator[None]:
    """Hold the advisory lock of whoever changes the schema. Refuses: TookTooLong."""
    connection = await asyncpg.connect(url, timeout=db.ACQUIRE_SECONDS)
    try:
        await _take_lock(connection, patience)
        yield
    finally:
        await connection.close(timeout=db.CLOSE_SECONDS)


async def _take_lock(connection: db.Connection, patience: float) -> None:
    """Polled: a plain wait for it would die of ``lock_timeout``."""
    try:
        async with asyncio.timeout(patience):
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise TookTooLong from None
