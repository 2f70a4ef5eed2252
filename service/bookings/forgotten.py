"""The list of who was erased, by opaque ids: a file beside the database, for the day an older backup is restored."""

import asyncio
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID

from service import db, settings

Erased = dict[UUID, datetime]

LINE = re.compile(
    r"(?P<when>\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d) (?P<dossier>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
HALF_A_LINE = re.compile(r"[\d:.T+ a-f-]*")
ERASED = "SELECT id, erased_at FROM dossier WHERE erased_at IS NOT NULL ORDER BY erased_at, id"


class Unusable(Exception):
    """The list cannot be written or read; the message says which and why, in one line."""


def kept_at() -> Path:
    """Where this installation keeps its list."""
    return settings.current().data_dir / "erasures"


def as_line(dossier: UUID, when: datetime) -> str:
    """How the list names one erasure."""
    return f"{when.isoformat()} {dossier}"


async def known_to_the_database() -> Erased:
    """Who was erased, as the database tells, the first one first."""
    return {row["id"]: row["erased_at"] for row in await db.fetch(ERASED)}


async def add(erased: Mapping[UUID, datetime]) -> None:
    """Write erasures into the list, for good: when this returns, a power cut cannot undo it. Refuses: Unusable."""
    lines = "".join(as_line(dossier, when) + "\n" for dossier, when in erased.items())
    if lines:
        await asyncio.to_thread(_append, kept_at(), lines)


def read(file: Path) -> Erased:
    """Who a list names. Half a line is what a crash left of an erasure that never came about: it is passed over.

    Refuses: Unusable, when the file cannot be read or is no such list.
    """
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as trouble:
        raise Unusable(f"{file}: {getattr(trouble, 'strerror', None) or 'no list of erasures'}.") from None
    if strange := [number for number, line in enumerate(lines, 1) if not HALF_A_LINE.fullmatch(line)]:
        raise Unusable(f"{file}: line {strange[0]} is no line of a list of erasures (see `passerelle erasures`).")
    found = [match for line in lines if (match := LINE.fullmatch(line))]
    return {UUID(match["dossier"]): datetime.fromisoformat(match["when"]) for match in found}


def _append(file: Path, lines: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        is_new = not file.exists()
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _write(handle, lines)
        finally:
            os.close(handle)
        if is_new:
            _make_durable(file.parent)
    except OSError as trouble:
        raise Unusable(f"{file}: {trouble.strerror}.") from None


def _write(handle: int, lines: str) -> None:
    """In one write, so that two processes do not mix theirs; never behind the half line that a crash left."""
    size = os.fstat(handle).st_size
    is_torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
    rest = (("\n" if is_torn else "") + lines).encode()
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)


def _make_durable(folder: Path) -> None:
    """The name of a new file is its folder's to keep."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
