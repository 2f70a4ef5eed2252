"""A container without an engine: the builder's lines done in a folder, and commands run as the image would run them."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.running.files import ROOT, image_environment, stages

PATIENCE = 60.0
ENOUGH_SECONDS = 600


def build(root: Path) -> None:
    """Do what the builder's lines say; what they do to / happens below ``root``. The context is what is let through."""
    here = root
    for line in stages()[0]:
        if line.does == "WORKDIR":
            here = Path(inside(root, line.what))
            here.mkdir(parents=True)
        elif line.does == "COPY":
            _copy(*line.what.split(), into=here)
        elif line.does == "RUN":
            _run(inside(root, line.what), here, _with_python(root))


def inside(root: Path, text: str) -> str:
    """The text, its folders being those below ``root``."""
    return re.sub(r"(?<![\w./-])/(app|data)\b", rf"{root}/\1", text)


async def start(root: Path, command: list[str], env: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start a command as the image would: in its folder, with its variables and no other."""
    known = {name: inside(root, value) for name, value in {**image_environment(), **env}.items()}
    program = shutil.which(command[0], path=known["PATH"])
    assert program is not None, f"no {command[0]} in {known['PATH']}"
    return await asyncio.create_subprocess_exec(
        program,
        *command[1:],
        cwd=root / "app",
        env=known,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def run(root: Path, command: list[str], env: Mapping[str, str]) -> tuple[int, str]:
    """Run a command to its end; its exit status and what it said."""
    process = await start(root, command, env)
    told, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode or 0, told.decode()


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with its size and when it was written."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def _copy(source: str, target: str, *, into: Path) -> None:
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, into / target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / source, into / target)


def _with_python(root: Path) -> str:
    """A folder where ``python`` is what the base image means by it: an interpreter without anything of ours."""
    folder = root / "bin"
    if not folder.exists():
        folder.mkdir()
        (folder / "python").symlink_to(sys._base_executable)  # type: ignore[attr-defined]
    return str(folder)


def _run(command: str, here: Path, python: str) -> None:
    """As a builder runs a line: the shell, and no variable of this venv. How to reach the registry stays known."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=here,
        env={**known, "PATH": f"{python}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=ENOUGH_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
