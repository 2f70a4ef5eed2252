"""A backup: the database of one moment, whole or not there at all."""

import asyncio
import json
import resource
import stat
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service import __version__, db, settings
from service.bookings import changes
from service.operations import archive, backup, checks, migrations, rows
from service.operations.rows import Refused
from tests.bookings.harness import booking_of
from tests.conftest import fresh_database
from tests.mail.makers import elsewhere
from tests.makers import a_pupil, make_booking, make_slot
from tests.operations.harness import a_season, restored, written
from tests.operations.test_migrations import engine_on


@pytest.fixture
async def empty(server_url: str, worker_name: str) -> str:
    """An empty database beside the usual one."""
    return await fresh_database(server_url, f"passerelle_{worker_name}_restored")


async def test_a_backup_says_what_it_holds_and_nothing_of_the_secret(tmp_path: Path) -> None:
    await a_season(tmp_path)

    made = await backup.write(tmp_path / "night.zip")

    counts = {table: (await db.fetch(f'SELECT count(*) FROM "{table}"'))[0]["count"] for table in rows.names()}
    assert {table.name: table.rows for table in made.manifest.tables} == counts
    assert made.manifest.migrations == migrations.known()
    assert stat.S_IMODE(made.place.stat().st_mode) == 0o600
    assert made.size == made.place.stat().st_size
    assert settings.current().secret_key.encode() not in b"".join(contents(made.place).values())
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".eml"] == ["night.zip"]
    assert "personal data" in contents(made.place)["passerelle-backup.txt"].decode()


async def test_tables_stand_in_an_order_in_which_they_can_be_loaded() -> None:
    names = rows.names()

    assert "rate_clock" not in names
    order = ["organisation", "event", "slot", "booking", "presence"]
    assert [name for name in names if name in order] == order


async def test_a_folder_gets_a_new_file_each_time(tmp_path: Path) -> None:
    made = await backup.write(tmp_path)

    assert made.place.parent == tmp_path
    assert made.place.name.startswith("passerelle-2")


async def test_a_file_that_is_there_is_left_alone_unless_it_is_asked_for(tmp_path: Path) -> None:
    first = await written(tmp_path)
    before = first.read_bytes()
    await make_slot()

    with pytest.raises(Refused, match="exists already"):
        await backup.write(first)
    assert first.read_bytes() == before

    await backup.write(first, force=True)
    assert first.read_bytes() != before


async def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    made = await backup.write(tmp_path / "var" / "backups")

    assert made.place.parent == tmp_path / "var" / "backups"
    assert made.manifest.passerelle == __version__


async def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(Refused, match="cannot be written"):
        await backup.write(tmp_path / "file" / "night.zip")


async def test_a_disk_without_room_is_told_as_such_and_keeps_nothing(tmp_path: Path) -> None:
    await make_booking(await make_slot())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, 100, 1500):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            with pytest.raises(Refused, match="cannot be written: File too large"):
                await backup.write(tmp_path / "night.zip")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(tmp_path.iterdir()) == []


async def test_what_fails_in_the_middle_leaves_the_old_backup_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_booking(await make_slot())
    old = await written(tmp_path)
    before = old.read_bytes()
    after_table(monkeypatch, "slot", cut_the_line)

    with pytest.raises(db.TROUBLE):
        await backup.write(old, force=True)

    assert list(tmp_path.iterdir()) == [old]
    assert old.read_bytes() == before


async def test_an_empty_database_is_not_worth_a_backup(tmp_path: Path, empty: str) -> None:
    async with engine_on(empty):
        with pytest.raises(Refused, match="nothing to back up"):
            await backup.write(tmp_path / "night.zip")
    assert list(tmp_path.iterdir()) == []


async def test_a_database_of_a_newer_code_is_refused_for_its_tables_are_unknown(tmp_path: Path, empty: str) -> None:
    async with engine_on(empty):
        await migrations.migrate(empty)
        await db.fetch("UPDATE migration SET name = '9999' WHERE name = $1", migrations.known()[-1])
        with pytest.raises(Refused, match="newer Passerelle"):
            await backup.write(tmp_path / "night.zip")


async def test_a_table_that_a_missing_migration_may_take_away_is_not_left_behind(tmp_path: Path, empty: str) -> None:
    async with engine_on(empty):
        await migrations.migrate(empty)
        await db.fetch("DELETE FROM migration WHERE name = $1", migrations.known()[-1])
        await db.fetch("CREATE TABLE of_old (id int)")
        with pytest.raises(Refused, match="of_old"):
            await backup.write(tmp_path / "night.zip")


# One moment


async def test_what_changes_in_the_middle_is_not_there_by_half(
    tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = await make_booking(await make_slot())
    after_table(monkeypatch, "slot", lambda: changes.cancel(dossier))

    file = await written(tmp_path)

    assert (await booking_of(dossier)).state == "cancelled"
    async with restored(file, empty, verify=True) as done:
        assert done.findings == []
        assert (await booking_of(dossier)).state == "confirmed"


async def test_without_its_one_moment_a_backup_would_hold_half_a_change(
    tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: each table as it is when its turn comes."""
    slot = await make_slot()
    dossier = await make_booking(slot)
    after_table(monkeypatch, "slot", lambda: changes.cancel(dossier))
    monkeypatch.setattr(backup, "SNAPSHOT", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY")

    file = await written(tmp_path)

    async with restored(file, empty, verify=True) as done:
        assert [(one.seats_taken, one.seats_held) for one in await checks.unbalanced_slots()] == [(1, 0)]
        assert done.findings[0].startswith(f"slot {slot.id}:")


async def test_a_backup_under_a_crowd_balances(tmp_path: Path, empty: str) -> None:
    slots = [await make_slot(40) for _ in range(3)]
    crowd = [elsewhere(make_booking(slot, a_pupil())) for _ in range(15) for slot in slots]

    files = [(await backup.write(tmp_path / f"{number}.zip")).place for number in range(3)]
    await asyncio.gather(*crowd)

    async with restored(files[1], empty, verify=True) as done:
        assert done.findings == []


async def test_a_migration_waits_for_the_backup_that_reads_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rewritten table looks empty to an older snapshot: a backup of it would hold no rows, and no error."""
    await make_slot()
    tried: list[type[BaseException]] = []

    async def rewrite() -> None:
        try:
            async with db.transaction():
                await db.fetch("SET LOCAL lock_timeout = '100ms'")
                await db.fetch("ALTER TABLE slot ADD COLUMN rewritten uuid DEFAULT gen_random_uuid()")
        except asyncpg.PostgresError as refused:
            tried.append(type(refused))

    after_table(monkeypatch, "organisation", rewrite)
    made = await backup.write(tmp_path)

    assert tried == [asyncpg.LockNotAvailableError]
    assert {table.name: table.rows for table in made.manifest.tables}["slot"] == 1


# How the tests look at it


def after_table(monkeypatch: pytest.MonkeyPatch, name: str, then: Callable[[], Awaitable[Any]]) -> None:
    """Somebody does something, once, in a connection of their own, just after this table was read."""
    copy_out, left = rows.copy_out, [then]

    async def copying(connection: db.Connection, shape: rows.Shape, sink: Any) -> int:
        counted = await copy_out(connection, shape, sink)
        if shape.name == name and left:
            await elsewhere(as_coroutine(left.pop()))
        return counted

    monkeypatch.setattr(rows, "copy_out", copying)


async def as_coroutine(then: Callable[[], Awaitable[Any]]) -> None:
    await then()


async def cut_the_line() -> None:
    """The server ends whoever is reading a snapshot."""
    await db.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"
    )


def contents(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as opened:
        assert json.loads(opened.read("manifest.json"))["format"] == archive.FORMAT
        return {name: opened.read(name) for name in opened.namelist()}
