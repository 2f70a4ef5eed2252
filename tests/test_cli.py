"""The command: what is wrong ends in one line that says what to set, and the exit status tells."""

import asyncio
import os
import socket
import sys
from pathlib import Path

from service import db, settings
from tests.live import START_SECONDS, end, start
from tests.makers import make_booking, make_slot


async def test_nonsense_is_refused_in_one_line_that_names_the_variable(tmp_path: Path) -> None:
    for name, value in (
        ("PORT", "many"),
        ("SMTP_URL", "mail.example.org"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("SECRET_KEY", "x"),
    ):
        status, said = await _passerelle(tmp_path, "check", **{name: value})
        assert (status, len(said.splitlines()), said.startswith(f"Error: {name}: ")) == (1, 1, True), said


async def test_a_zone_without_a_checked_calendar_is_refused(tmp_path: Path) -> None:
    status, said = await _passerelle(tmp_path, "serve", TIME_ZONE="America/New_York")

    assert (status, said.startswith("Error: TIME_ZONE: ")) == (1, True)


async def test_a_port_in_use_gives_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = await _passerelle(tmp_path, "serve", PORT=str(port))

    assert (status, len(said.splitlines())) == (1, 1)
    assert said.startswith(f"Error: PORT: 127.0.0.1:{port} cannot be used")


async def test_a_database_that_is_away_gives_one_clear_line(tmp_path: Path) -> None:
    status, said = await _passerelle(tmp_path, "check", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert (status, len(said.splitlines())) == (1, 1)
    assert said.startswith("Error: DATABASE_URL: the database does not answer")


async def test_check_says_what_is_wrong_and_its_status_tells(tmp_path: Path) -> None:
    await make_booking(await make_slot())
    assert await _passerelle(tmp_path, "check") == (0, "All is well.\n")

    await db.fetch("UPDATE slot SET seats_taken = 2")
    status, said = await _passerelle(tmp_path, "check")
    await db.fetch("UPDATE slot SET seats_taken = 1")

    assert (status, said.splitlines()[-1]) == (1, "1 finding(s).")


async def test_migrate_finds_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    assert await _passerelle(tmp_path, "migrate") == (0, "Nothing to migrate.\n")


async def test_work_once_delivers_what_is_due_and_ends(tmp_path: Path) -> None:
    await make_booking(await make_slot())

    status, _ = await _passerelle(tmp_path, "work", "--once")

    assert (status, len(list((tmp_path / "mail").glob("*.eml")))) == (0, 1)


async def test_a_worker_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    await make_booking(await make_slot())
    worker = await start(["work"], _environment(tmp_path))
    async with asyncio.timeout(START_SECONDS):
        while not list((tmp_path / "mail").glob("*.eml")):  # at work: asked to stop any earlier, it just ends
            await asyncio.sleep(0.1)

    assert await end(worker) == 0


async def _passerelle(data_dir: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Run the command; its exit status, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.cli",
        *arguments,
        env=_environment(data_dir, **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


def _environment(data_dir: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": settings.current().database_url or "",
        "SECRET_KEY": settings.current().secret_key,
        "DATA_DIR": str(data_dir),
        "LOG_LEVEL": "ERROR",
        "SMTP_URL": "",
        **more,
    }
