"""The files that say how it runs, read: the Dockerfile, compose.yaml, and the examples of the README."""

import json
import re
import subprocess
from collections.abc import Mapping
from configparser import ConfigParser
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
UNITS_FOLDER = "/etc/systemd/system/"


class Line(NamedTuple):
    """One instruction of a Dockerfile."""

    does: str
    what: str


@cache
def stages() -> tuple[list[Line], list[Line]]:
    """What the builder does, and what makes the image."""
    read = DockerfileParser(fileobj=BytesIO((ROOT / "Dockerfile").read_bytes())).structure
    lines = [Line(one["instruction"], one["value"]) for one in read if one["instruction"] != "COMMENT"]
    second = [number for number, line in enumerate(lines) if line.does == "FROM"][1]
    return lines[:second], lines[second:]


def said(does: str) -> list[str]:
    """What the image's lines of one kind say."""
    return [line.what for line in stages()[1] if line.does == does]


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(said("ENV"))))


def image_command() -> list[str]:
    """What the image runs, in exec form."""
    (command,) = said("CMD")
    return list(json.loads(command))


def image_health() -> list[str]:
    """How the image is asked whether it lives, in exec form."""
    (check,) = said("HEALTHCHECK")
    return list(json.loads(check[check.index("CMD ") + 4 :]))


@cache
def compose() -> dict[str, Any]:
    """``compose.yaml``, its anchors resolved."""
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text()))


def service(name: str) -> dict[str, Any]:
    """One service of ``compose.yaml``."""
    return dict(compose()["services"][name])


def filled_in(value: str, env: Mapping[str, str]) -> str:
    """A value of ``compose.yaml`` as these variables make it: ``${A:-b}`` and ``${A:?b}`` are the shell's own signs.

    Raises ValueError with what is said when a variable is missing.
    """
    done = subprocess.run(
        ["/bin/sh", "-c", f'printf %s "{value}"'], env=dict(env), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ValueError(done.stderr)
    return done.stdout


def environment_of(name: str, env: Mapping[str, str]) -> dict[str, str]:
    """The variables of one of our services, with this ``.env`` beside ``compose.yaml``."""
    said_there = service(name)["environment"]
    return {**image_environment(), **env, **{key: filled_in(str(value), env) for key, value in said_there.items()}}


def examples(language: str) -> list[str]:
    """The README's blocks of code in one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def units() -> dict[str, str]:
    """The README's units, by their names below the folder where they belong."""
    return {block.split(UNITS_FOLDER)[1].split()[0]: block for block in examples("ini")}


def unit(name: str) -> ConfigParser:
    """One unit, read; keys keep their case."""
    read = ConfigParser(interpolation=None, comment_prefixes=("#",))
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string(units()[name])
    return read
