"""The embedded PostgreSQL: it lives in one folder, and as long as somebody uses it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest

from service import embedded

ROOT = Path(__file__).parent.parent
ANOTHER = """
import pathlib, sys
from service import embedded
with embedded.postgres(pathlib.Path(sys.argv[1])) as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """The data folder of one installation; the tests start its server again and again."""
    with TemporaryDirectory(prefix="passerelle-") as folder:
        yield Path(folder)


async def test_what_was_written_is_there_at_the_second_start(home: Path) -> None:
    with embedded.postgres(home) as address:
        await ask(address, "CREATE TABLE kept AS SELECT 42 AS answer")
    with embedded.postgres(home) as address:
        assert await ask(address, "SELECT answer FROM kept") == 42


async def test_everything_lies_in_the_folder(home: Path) -> None:
    with embedded.postgres(home) as address:
        assert Path(await ask(address, "SHOW data_directory")) == home / "postgres"
        assert (home / "postgres" / "postmaster.pid").exists()
        assert await ask(address, "SHOW listen_addresses") == ""
    assert names_in(home) == ["postgres", "postgres.lock"]


async def test_the_last_process_out_stops_the_server(home: Path) -> None:
    async with another_process(home):
        with embedded.postgres(home) as address:
            assert await ask(address, "SELECT 1") == 1
        assert is_running(home)
    assert not is_running(home)


async def test_the_last_block_in_one_process_stops_the_server(home: Path) -> None:
    with embedded.postgres(home):
        with embedded.postgres(home) as address:
            assert await ask(address, "SELECT 1") == 1
        assert await ask(address, "SELECT 1") == 1
    assert not is_running(home)


async def test_a_process_that_was_killed_does_not_keep_the_server_running(home: Path) -> None:
    async with another_process(home) as other:
        other.kill()
    assert is_running(home)
    with embedded.postgres(home) as address:
        assert await ask(address, "SELECT 1") == 1
    assert not is_running(home)


async def test_a_number_left_by_a_crash_and_borne_by_another_program_does_not_mislead(home: Path) -> None:
    left = home / "postgres" / "postmaster.pid"
    with embedded.postgres(home):
        lines = left.read_text().splitlines()
    left.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with embedded.postgres(home) as address:
        assert await ask(address, "SELECT 1") == 1


# How the tests look at it


@asynccontextmanager
async def another_process(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that uses the server until its input ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ANOTHER,
        home,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline()
    try:
        yield process
    finally:
        await process.communicate(b"")


async def ask(address: str, sql: str) -> Any:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def names_in(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


def is_running(home: Path) -> bool:
    return (home / "postgres" / "postmaster.pid").exists()
