"""The README's units: systemd takes them, and what they run exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli import main
from service.settings import VARIABLES, BadSetting, Settings
from tests.running.files import README, UNITS_FOLDER, examples, unit, units

PYTHON = "/opt/passerelle/.venv/bin/python"
COMMON = "passerelle-.service.d/common.conf"


def test_there_is_a_unit_for_each_part_of_the_service() -> None:
    assert set(units()) == {
        COMMON,
        "passerelle-web.service",
        "passerelle-worker.service",
        "passerelle-check.service",
        "passerelle-check.timer",
        "passerelle-backup.service",
        "passerelle-backup.timer",
    }


def test_they_run_commands_that_exist() -> None:
    run = re.findall(r"-m service\.cli ([a-z]+)", "\n".join(units().values()))

    assert run == ["migrate", "serve", "work", "check", "backup"]
    assert [command for command in run if command not in main.commands] == []


def test_they_run_them_in_the_folder_and_with_the_python_that_the_readme_makes() -> None:
    lines = re.findall(r"^ExecStart(?:Pre)?=(.*)$", "\n".join(units().values()), re.MULTILINE)
    known = unit(COMMON)["Service"]

    assert [line for line in lines if not line.startswith(f"{PYTHON} -m service.cli ")] == []
    assert known["WorkingDirectory"] == "/opt/passerelle"
    assert "git clone https://git.example.org/passerelle /opt/passerelle && cd /opt/passerelle" in README
    assert "sudo python3 -m venv .venv" in README
    assert "sudo .venv/bin/pip install --require-hashes -r requirements.production.lock" in README


def test_the_server_migrates_first_and_both_start_again() -> None:
    web, worker = unit("passerelle-web.service"), unit("passerelle-worker.service")

    assert web["Service"]["ExecStartPre"].endswith(" migrate")
    assert (web["Service"]["Restart"], worker["Service"]["Restart"]) == ("always", "always")
    assert (web["Service"]["TimeoutStopSec"], worker["Service"]["TimeoutStopSec"]) == ("30", "30")
    assert worker["Unit"]["After"] == "passerelle-web.service"


def test_each_timer_has_its_service_and_what_is_enabled_exists() -> None:
    timers = {name for name in units() if name.endswith(".timer")}
    (enabled,) = re.findall(r"systemctl enable --now (.*)", README)

    assert {name.replace(".timer", ".service") for name in timers} <= set(units())
    assert {unit(name)["Install"]["WantedBy"] for name in timers} == {"timers.target"}
    assert {name if "." in name else f"{name}.service" for name in enabled.split()} == {
        "passerelle-web.service",
        "passerelle-worker.service",
        *timers,
    }


def test_they_may_write_to_their_own_folder_only() -> None:
    known = unit(COMMON)["Service"]

    assert (known["User"], known["ProtectSystem"], known["NoNewPrivileges"]) == ("passerelle", "strict", "yes")
    assert f"DATA_DIR=/var/lib/{known['StateDirectory']}" in known["Environment"].split()


def test_the_file_of_their_settings_wants_nothing_but_a_secret(tmp_path: Path) -> None:
    (block,) = (one for one in examples("sh") if one.startswith("# /etc/passerelle.env"))
    lines = dict(line.split("=", 1) for line in block.splitlines()[1:])
    known = {name: value.strip('"') for name, value in lines.items()}

    assert unit(COMMON)["Service"]["EnvironmentFile"] == "/etc/passerelle.env"
    assert set(known) <= set(VARIABLES)
    with pytest.raises(BadSetting, match=r"^SECRET_KEY: "):
        Settings.from_environment(known)
    assert Settings.from_environment({**known, "SECRET_KEY": "s" * 32}).is_https


def test_systemd_takes_them(tmp_path: Path) -> None:
    _verified(tmp_path, units())


def test_what_systemd_does_not_know_is_found(tmp_path: Path) -> None:
    """The negative control."""
    broken = {**units(), COMMON: units()[COMMON].replace("ProtectHome", "ProtectHomes")}

    with pytest.raises(AssertionError, match="Unknown key 'ProtectHomes'"):
        _verified(tmp_path, broken)


def test_the_command_for_administrators_is_a_script() -> None:
    (script,) = (one for one in examples("sh") if one.startswith("#!/bin/sh"))

    assert subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=False).returncode == 0
    assert f"{PYTHON} -m service.cli" in script
    assert "--property=EnvironmentFile=/etc/passerelle.env" in script


def _verified(folder: Path, texts: dict[str, str]) -> None:
    """Let systemd read them. It looks for their program: another stands in for the one that the README installs."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze found")
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace(PYTHON, sys.executable).replace(UNITS_FOLDER, f"{folder}/"))
    names = [name for name in texts if name != COMMON]
    command = [program, "verify", "--man=no", *names]
    env = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "passerelle-" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
