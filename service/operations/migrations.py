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
    async with _alone(url, patience):
        await BaseMigrationManager().create_migration_table()
        names = await missing()
        for name in names:
            await _apply(name)
        return names


async def missing() -> list[str]:
    """The migrations of this code that the database has not seen; all of them when it is empty."""
    if not await Migration.table_exists():
        return sorted(_modules())
    return sorted(set(_modules()) - set(await Migration.get_migrations_which_ran(schema.APP_CONFIG.app_name)))


async def _apply(name: str) -> None:
    manager: MigrationManager = await _modules()[name].forwards()
    manager.wrap_in_transaction = False  # ours wraps the change together with its record
    async with db.transaction() as transaction:
        await transaction.take_your_time()
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
async def _alone(url: str, patience: float) -> AsyncIterator[None]:
    """Hold the advisory lock. Polled: a plain wait for it would die of ``lock_timeout``."""
    connection = await asyncpg.connect(url, timeout=db.ACQUIRE_SECONDS)
    try:
        await _take_lock(connection, patience)
        yield
    finally:
        await connection.close(timeout=db.CLOSE_SECONDS)


async def _take_lock(connection: db.Connection, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise TookTooLong from None
