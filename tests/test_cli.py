"""The command: what is wrong ends in one line that says what to set, and the exit status tells."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import httpx

from service import advice, alive, db, settings
from service.settings import Settings
from tests.conftest import fresh_database
from tests.live import START_SECONDS, end, free_port, start
from tests.makers import make_booking, make_slot
from tests.visits import send


async def test_nonsense_is_refused_in_one_line_that_names_the_variable(tmp_path: Path) -> None:
    for name, value in (
        ("PORT", "many"),
        ("SMTP_URL", "mail.example.org"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("SECRET_KEY", "x"),
    ):
        status, said = await _passerelle(tmp_path, "check", **{name: value})
        assert (status, len(said.splitlines()), said.startswith(f"Error: {name}: ")) == (1, 1, True), said


async def test_all_that_is_wrong_is_said_at_once_a_line_each(tmp_path: Path) -> None:
    status, said = await _passerelle(tmp_path, "serve", SECRET_KEY="", WORKERS="0", PUBLIC_URL="agenda")

    assert (status, [line.split(": ")[:2] for line in said.splitlines()]) == (
        1,
        [["Error", "SECRET_KEY"], ["Error", "PUBLIC_URL"], ["Error", "WORKERS"]],
    )


async def test_what_only_the_upper_floors_can_judge_is_said_at_once_too(tmp_path: Path) -> None:
    wrong = {"TIME_ZONE": "America/New_York", "SMTP_URL": "smtp://user:hidden@mail.example.org"}
    status, said = await _passerelle(tmp_path, "check", **wrong)

    assert (status, [line.split(": ")[:2] for line in said.splitlines()]) == (
        1,
        [["Error", "TIME_ZONE"], ["Error", "SMTP_URL"]],
    )


async def test_a_real_server_says_once_what_is_not_set_yet(tmp_path: Path) -> None:
    port = free_port()
    process = await _started(tmp_path, "serve", "--with-worker", PORT=str(port), WORKERS="2", LOG_LEVEL="INFO")
    async with asyncio.timeout(START_SECONDS):
        while not list(tmp_path.glob("worker-*")) or not await asyncio.to_thread(alive.is_answering, "127.0.0.1", port):
            await asyncio.sleep(0.1)
    process.terminate()
    said = (await asyncio.wait_for(process.communicate(), START_SECONDS))[0].decode().splitlines()

    plain = [line for line in said if not line.startswith("{")]
    assert said[: len(plain)] == plain
    assert plain[0] == "Not set yet:"
    assert [line.split(":")[0].strip() for line in plain[1:-1]] == [one.name for one in advice.unset(_bare(tmp_path))]
    assert plain[-1] == advice.WHERE


async def test_commands_that_come_and_go_say_nothing_of_it(tmp_path: Path) -> None:
    for command in (["check"], ["migrate"], ["work", "--once"]):
        assert "Not set yet" not in (await _passerelle(tmp_path, *command))[1]


async def test_a_laptop_s_server_says_nothing_of_it(tmp_path: Path) -> None:
    """Without DATABASE_URL nobody means to receive people. Its worker names the embedded database, and is told."""
    port = free_port()
    process = await _started(tmp_path, "serve", "--with-worker", DATABASE_URL="", PORT=str(port))
    async with asyncio.timeout(START_SECONDS):
        while not list(tmp_path.glob("worker-*")):
            await asyncio.sleep(0.1)
    process.terminate()

    assert b"Not set yet" not in (await asyncio.wait_for(process.communicate(), START_SECONDS))[0]


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


async def test_somebody_is_let_into_the_office_with_a_link_that_works_once(
    tmp_path: Path, visitor: httpx.AsyncClient
) -> None:
    status, said = await _passerelle(tmp_path, "staff", "add", "ada@campus.test", "--role", "admin", "--name", "Ada")
    link = said.split()[-1]
    again = await _passerelle(tmp_path, "staff", "add", "ADA@campus.test", "--role", "reader")
    wrong = await _passerelle(tmp_path, "staff", "add", "nobody", "--role", "admin")

    path = link[link.index("/office/") :]
    opened = [(await send(visitor, path)).status_code, (await visitor.get("/office")).status_code]
    visitor.cookies.clear()
    assert (status, opened, (await send(visitor, path)).status_code) == (0, [303, 200], 410)
    assert (again, wrong[0]) == ((1, "Error: ADA@campus.test signs in already.\n"), 1)


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


async def test_a_backup_comes_back_into_an_empty_database_once(
    tmp_path: Path, server_url: str, worker_name: str
) -> None:
    await make_booking(await make_slot())
    file, empty = str(tmp_path / "night.zip"), await fresh_database(server_url, f"passerelle_{worker_name}_restored")

    status, said = await _passerelle(tmp_path, "backup", file)
    assert (status, said.startswith(f"{file}: "), len(said.splitlines())) == (0, True, 1)
    status, said = await _passerelle(tmp_path, "backup", file)
    assert (status, said.startswith(f"Error: {file} exists already.")) == (1, True)
    assert (await _passerelle(tmp_path, "backup", file, "--force"))[0] == 0

    status, said = await _passerelle(tmp_path, "restore", file, "--verify", DATABASE_URL=empty)
    assert (status, "1 letter(s) wait in the outbox" in said) == (0, True)
    assert await _passerelle(tmp_path, "check", DATABASE_URL=empty) == (0, "All is well.\n")
    status, said = await _passerelle(tmp_path, "restore", file, DATABASE_URL=empty)
    assert (status, said.startswith("Error: The database is not empty")) == (1, True)


async def test_what_verify_finds_is_a_line_and_the_exit_status(
    tmp_path: Path, server_url: str, worker_name: str
) -> None:
    slot = await make_slot()
    file, empty = str(tmp_path / "night.zip"), await fresh_database(server_url, f"passerelle_{worker_name}_restored")
    await db.fetch("UPDATE slot SET seats_taken = 2")
    await _passerelle(tmp_path, "backup", file)
    await db.fetch("UPDATE slot SET seats_taken = 0")

    status, said = await _passerelle(tmp_path, "restore", file, "--verify", DATABASE_URL=empty)

    assert (status, said.splitlines()[-1].startswith(f"slot {slot.id}: 2 seats counted, 0 held; ")) == (1, True)


async def test_a_backup_moves_into_the_embedded_database_with_its_list_and_its_secret(tmp_path: Path) -> None:
    dossiers = [await make_booking(await make_slot()) for _ in range(2)]
    await _passerelle(tmp_path, "backup", str(tmp_path))
    [file] = tmp_path.glob("passerelle-*.zip")
    listed = f"2027-03-28T01:30:00+00:00 {dossiers[0].id}"
    (tmp_path / "list").write_text(f"{listed}\n")
    command, laptop = ("restore", str(file), "--verify", "--erasures", str(tmp_path / "list")), tmp_path / "laptop"

    status, said = await _passerelle(laptop, *command, DATABASE_URL="", SECRET_KEY="")
    assert (status, said.startswith("Error: SECRET_KEY is not the one of this backup"), len(said.splitlines())) == (
        1,
        True,
        1,
    )
    status, said = await _passerelle(laptop, *command, DATABASE_URL="")
    assert (status, "1 dossier(s) that were erased after the backup are erased again." in said) == (0, True)

    assert await _passerelle(laptop, "erasures", DATABASE_URL="") == (0, f"{listed}\n")
    assert (laptop / "erasures").read_text() == f"{listed}\n"
    assert (await _passerelle(laptop, "backup", str(laptop), DATABASE_URL=""))[0] == 0
    assert "\nok   migrations" in (await _passerelle(laptop, "doctor", DATABASE_URL=""))[1]


async def test_the_doctor_says_all_it_can_and_its_status_tells(tmp_path: Path) -> None:
    away = "postgresql://nobody:hidden@127.0.0.1:1/none"
    status, said = await _passerelle(tmp_path, "doctor", DATABASE_URL=away, SMTP_URL="nonsense", WORKERS="0")

    assert (status, "Traceback" in said, "hidden" in said) == (1, False, False)
    about = dict.fromkeys(line[5:21].strip() for line in said.splitlines())
    assert list(about) == [
        "settings", "database", "migrations", "outbox", "mail server", "clock", "disk", "public address",
    ]  # fmt: skip


async def test_the_doctor_s_status_is_nought_where_nothing_is_bad(tmp_path: Path) -> None:
    status, said = await _passerelle(tmp_path, "doctor")

    assert (status, {line[:5].strip() for line in said.splitlines()}) == (0, {"ok", "look"})


async def _passerelle(data_dir: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Run the command; its exit status, and all that it said."""
    process = await _started(data_dir, *arguments, **more)
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


async def _started(data_dir: Path, *arguments: str, **more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.cli",
        *arguments,
        env=_environment(data_dir, **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


def _bare(data_dir: Path) -> Settings:
    """What these tests' commands read."""
    return Settings.from_environment(_environment(data_dir))


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
