"""Migrations: from nothing to this code's schema, by one runner at a time, all or nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.columns import Varchar
from piccolo.conf.apps import AppConfig
from piccolo.table import Table

from service import db, schema
from service.limits.tables import RateClock
from service.operations import migrations
from tests.conftest import fresh_database

NewDatabase = Callable[[], Awaitable[str]]
ROOT = Path(__file__).parent.parent.parent
ALL = sorted(migrations._modules())
RUNNER = """
import asyncio, sys
from service import db
from service.operations import migrations

async def main(url):
    await db.engine.open(url, size=2)
    try:
        print(*await migrations.migrate(url), sep="\\n")
    finally:
        await db.engine.close()

asyncio.run(main(sys.argv[1]))
"""
MIGRATION = """
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from service import db

ID = "{name}"

async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="passerelle", description="")
    async def change():
        for statement in {statements}:
            await db.fetch(statement)
    manager.add_raw(change)
    return manager
"""


@pytest.fixture
async def empty(server_url: str, worker_name: str) -> AsyncIterator[str]:
    """An empty database, with the engine open on it instead of on the migrated one."""
    url = await fresh_database(server_url, f"passerelle_{worker_name}_migrations")
    async with engine_on(url):
        yield url


async def test_an_empty_database_becomes_the_schema_of_this_code(empty: str) -> None:
    assert await migrations.missing() == ALL
    assert await migrations.migrate(empty) == ALL
    assert await migrations.missing() == []
    assert await migrations.migrate(empty) == []
    assert await recorded() == ALL
    assert await columns_of_the_database() == columns_of_the_tables()


async def test_eight_processes_at_once_all_end_well_and_each_step_is_applied_once(empty: str) -> None:
    runners = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUNNER, empty, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(8)
    ]
    outputs = [(await runner.communicate())[0].decode() for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 8
    assert sorted(" ".join(outputs).split()) == ALL
    assert await recorded() == ALL
    assert await migrations.missing() == []


async def test_a_failing_migration_leaves_neither_its_change_nor_its_record(empty: str, plant: "Plant") -> None:
    plant("planted_1", "CREATE TABLE good (id int)")
    plant("planted_2", "CREATE TABLE bad (id int)", "INSERT INTO bad VALUES ('no number')")
    plant("planted_3", "CREATE TABLE late (id int)")
    with pytest.raises(asyncpg.PostgresError):
        await migrations.migrate(empty)
    assert await tables_of_the_database() == {"good", "migration"}
    assert await recorded() == ["planted_1"]
    assert await migrations.missing() == ["planted_2", "planted_3"]


async def test_a_migration_may_take_longer_than_any_other_statement(
    server_url: str, worker_name: str, plant: "Plant", monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("patient_1", "SELECT pg_sleep(0.6)", "CREATE TABLE patient (id int)")
    monkeypatch.setitem(db.TIME_LIMITS, "statement_timeout", "300ms")
    monkeypatch.setattr(db, "COMMAND_SECONDS", 0.3)
    url = await fresh_database(server_url, f"passerelle_{worker_name}_migrations")
    async with engine_on(url):
        assert await migrations.migrate(url) == ["patient_1"]
        with pytest.raises((asyncpg.QueryCanceledError, TimeoutError)):
            await db.fetch("SELECT pg_sleep(0.6)")


async def test_who_waits_too_long_for_another_runner_gives_up(empty: str) -> None:
    other = await asyncpg.connect(empty)
    await other.execute(f"SELECT pg_advisory_lock({migrations.LOCK})")
    with pytest.raises(migrations.TookTooLong):
        await migrations.migrate(empty, patience=0.5)
    assert await migrations.missing() == ALL
    await other.close()
    assert await migrations.migrate(empty) == ALL


async def test_who_is_cancelled_while_waiting_leaves_no_connection_behind(empty: str) -> None:
    other = await asyncpg.connect(empty)
    await other.execute(f"SELECT pg_advisory_lock({migrations.LOCK})")
    waiting = asyncio.create_task(migrations.migrate(empty))
    await asyncio.sleep(0.3)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await other.close()
    await asyncio.sleep(0.1)
    sessions = await db.fetch(
        "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend'"
    )
    assert sessions == [("passerelle",)]


# Drift


async def test_tables_and_migrations_say_the_same() -> None:
    assert await drift(schema.APP_CONFIG.table_classes) == []


async def test_a_column_without_a_migration_is_noticed() -> None:
    class Planted(RateClock, tablename="rate_clock"):
        planted = Varchar()

    Planted.__name__ = "RateClock"
    others = [table for table in schema.APP_CONFIG.table_classes if table is not RateClock]
    [statement] = await drift([*others, Planted])
    assert "add_column" in statement
    assert "planted" in statement


async def test_a_table_without_a_migration_is_noticed() -> None:
    class Forgotten(Table):
        pass

    [statement] = await drift([*schema.APP_CONFIG.table_classes, Forgotten])
    assert "add_table" in statement


# How the tests look at it

Plant = Callable[..., None]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """A way to write migrations that replace those of this code for one test."""
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path)

    def plant(name: str, *statements: str) -> None:
        (tmp_path / f"{name}.py").write_text(MIGRATION.format(name=name, statements=statements))

    return plant


@asynccontextmanager
async def engine_on(url: str) -> AsyncIterator[None]:
    """The engine of the tables, open on ``url`` for a while."""
    usual = db.engine.pool
    await db.engine.open(url, size=2)
    try:
        yield
    finally:
        await db.engine.close()
        db.engine.pool = usual


async def recorded() -> list[str]:
    return sorted(await Migration.get_migrations_which_ran(schema.APP_CONFIG.app_name))


async def tables_of_the_database() -> set[str]:
    return {row["tablename"] for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


async def columns_of_the_database() -> set[tuple[str, str, bool]]:
    """Table, column and whether it may be empty, as the server tells."""
    rows = await db.fetch(
        "SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name <> 'migration'"
    )
    return {tuple(row) for row in rows}


def columns_of_the_tables() -> set[tuple[str, str, bool]]:
    return {
        (table._meta.tablename, column._meta.db_column_name, column._meta.params["null"])
        for table in schema.APP_CONFIG.table_classes
        for column in table._meta.columns
    }


async def drift(tables: list[type[Table]]) -> list[str]:
    """What ``piccolo migrations new --auto`` would write; every question it asks is answered with no."""
    config = AppConfig(
        app_name=schema.APP_CONFIG.app_name, migrations_folder_path=schema.MIGRATIONS, table_classes=tables
    )
    found: list[Any] = await AutoMigrationManager(auto_input="n").get_alter_statements(app_config=config)
    return [statement for alter in found for statement in alter.statements]
