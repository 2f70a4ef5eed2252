"""compose.yaml: valid, wary, started in order; with two lines of .env it is a whole installation."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from service import db
from service.settings import Settings
from tests.running.files import ROOT, compose, environment_of, filled_in, service

TWO_LINES = {"SECRET_KEY": "0123456789abcdef0123456789abcdef", "POSTGRES_PASSWORD": "0123456789abcdef"}
OURS = ("migrate", "app", "worker")
MEGABYTES = {"M": 1, "G": 1024}


def test_it_follows_the_schema_of_compose_files() -> None:
    assert _complaints(ROOT / "compose.yaml") == ""


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [("app", "restarts", "always"), ("app", "ports", {"8000": "8000"}), ("worker", "healthcheck", "none")],
)
def test_what_the_schema_does_not_know_is_found(tmp_path: Path, name: str, key: str, value: Any) -> None:
    """The negative control."""
    wrong = deepcopy(compose())
    wrong["services"][name][key] = value
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(wrong))

    assert "does not match" in _complaints(tmp_path / "compose.yaml") or key in _complaints(tmp_path / "compose.yaml")


def test_the_image_is_built_once_and_never_fetched() -> None:
    """Two builds at once would fight for its name."""
    assert {name: service(name).get("build") for name in OURS} == {"migrate": ".", "app": None, "worker": None}
    assert {name: service(name)["pull_policy"] for name in OURS} == {
        "migrate": "build",
        "app": "never",
        "worker": "never",
    }
    assert {service(name)["image"] for name in OURS} == {"passerelle"}


def test_the_database_answers_then_it_is_migrated_then_the_rest_starts() -> None:
    migrated = {"migrate": {"condition": "service_completed_successfully"}}

    assert {name: service(name).get("depends_on") for name in compose()["services"]} == {
        "migrate": {"database": {"condition": "service_healthy"}},
        "app": migrated,
        "worker": migrated,
        "database": None,
        "mail": None,
    }


def test_all_but_the_migration_start_again() -> None:
    assert {name: service(name)["restart"] for name in compose()["services"]} == {
        "migrate": "no",
        **dict.fromkeys(("app", "worker", "database", "mail"), "unless-stopped"),
    }


def test_each_service_is_wary_and_within_limits() -> None:
    for name in compose()["services"]:
        one, limits = service(name), service(name)["deploy"]["resources"]["limits"]
        assert (one["read_only"], one["cap_drop"], "/tmp" in one["tmpfs"]) == (True, ["ALL"], True), name  # noqa: S108
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert (0 < float(limits["cpus"]) <= 2, limits["pids"] <= 256) == (True, True), name
        assert 128 <= int(limits["memory"][:-1]) * MEGABYTES[limits["memory"][-1]] <= 1024, name
        assert not {"privileged", "network_mode", "pid"} & set(one), name


def test_nothing_is_open_to_the_network_and_the_database_to_nobody() -> None:
    ports = {name: service(name).get("ports") for name in compose()["services"]}

    assert ports == {
        "app": ["127.0.0.1:${PORT:-8000}:8000"],
        "mail": ["127.0.0.1:${MAIL_PORT:-8025}:8025"],
        "migrate": None,
        "worker": None,
        "database": None,
    }


def test_what_must_last_lies_in_volumes() -> None:
    assert set(compose()["volumes"]) == {"data", "database"}
    assert {tuple(service(name)["volumes"]) for name in OURS} == {("data:/data",)}
    assert service("database")["volumes"] == ["database:/var/lib/postgresql/data"]


def test_a_process_is_given_the_time_that_it_takes_to_stop() -> None:
    assert {service(name)["stop_grace_period"] for name in OURS} == {"30s"}


@pytest.mark.parametrize("name", TWO_LINES)
def test_a_missing_line_of_env_is_named_with_how_to_make_it(name: str) -> None:
    known = {key: value for key, value in TWO_LINES.items() if key != name}
    wanted = {"SECRET_KEY": service("app"), "POSTGRES_PASSWORD": service("database")}[name]["environment"][name]

    assert filled_in(wanted, TWO_LINES) == TWO_LINES[name]
    with pytest.raises(ValueError, match=rf"{name}: set it in .env \(openssl rand -hex \d\d\)"):
        filled_in(wanted, known)


def test_two_lines_of_env_make_settings_for_trying_it() -> None:
    read = Settings.from_environment(environment_of("app", TWO_LINES))

    assert read.database_url == "postgresql://passerelle:0123456789abcdef@database/passerelle"
    assert (read.public_url, read.smtp_url, read.host) == ("http://localhost:8000", "smtp://mail:1025", "0.0.0.0")
    assert (read.port, str(read.data_dir)) == (8000, "/data")
    assert service("database")["environment"]["POSTGRES_USER"] == "passerelle"
    assert service("database")["environment"]["POSTGRES_DB"] == "passerelle"


def test_more_lines_of_env_make_it_real() -> None:
    """Each of the README's settings gets through, and ``PORT`` moves the port of this machine only."""
    lines = {
        **TWO_LINES,
        "PUBLIC_URL": "https://agenda.campus.example.org",
        "SMTP_URL": "smtps://mail.example.org",
        "DATABASE_URL": "postgresql://passerelle@db.example.org/passerelle",
        "TRUSTED_PROXIES": "10.0.0.1",
        "WORKERS": "4",
        "PORT": "9000",
    }
    read = Settings.from_environment(environment_of("worker", lines))

    assert [path["path"] for path in service("worker")["env_file"]] == [".env"]
    assert (read.public_url, read.smtp_url, read.workers) == (lines["PUBLIC_URL"], lines["SMTP_URL"], 4)
    assert (read.database_url, [str(one) for one in read.trusted_proxies]) == (lines["DATABASE_URL"], ["10.0.0.1/32"])
    assert (read.port, filled_in(service("app")["ports"][0], lines)) == (8000, "127.0.0.1:9000:8000")


def test_no_secret_lies_in_git() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert [value for value in service("database")["environment"].values() if "PASS" in value] == [
        "${POSTGRES_PASSWORD:?set it in .env (openssl rand -hex 16)}"
    ]


async def test_the_database_is_asked_over_the_network_whether_it_answers() -> None:
    """While the image makes its database, a server answers on a socket only: it would be too early."""
    check = service("database")["healthcheck"]["test"]
    assert check[0] == "CMD"

    async with _server_on_the_network() as port:
        assert await _asked(check[1:], port) == 0
    assert await _asked(check[1:], port) == 2


def _complaints(path: Path) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@asynccontextmanager
async def _server_on_the_network() -> AsyncIterator[int]:
    """The tests' PostgreSQL, which may listen on a socket only, behind a port of the loopback."""
    asked = await db.fetch("SELECT current_setting('unix_socket_directories') AS folders, current_setting('port') AS n")
    socket = f"{asked[0]['folders'].split(',')[0]}/.s.PGSQL.{asked[0]['n']}"

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(socket)
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(4096):
        writer.write(piece)
    writer.close()


async def _asked(command: list[str], port: int) -> int:
    folders = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *Path(sys.prefix).glob("lib/*/site-packages/*/pginstall/bin"),
    ]
    program = shutil.which(command[0], path=":".join(map(str, folders)))
    assert program is not None
    env = {**os.environ, "PGPORT": str(port)}
    process = await asyncio.create_subprocess_exec(program, *command[1:], env=env, stdout=asyncio.subprocess.DEVNULL)
    return await asyncio.wait_for(process.wait(), 10)
