"""This machine: its clock and its disk."""

import http.client
import os
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from service import clock, db
from service.calendars import zones
from service.operations.doctor import public_address
from service.operations.doctor.findings import Finding, aside, bad, look, ok, words
from service.settings import Settings

DRIFT, WRONG = 5.0, 60.0  # seconds
LITTLE, NOTHING = 1_000_000_000, 200_000_000  # bytes


async def clocks(chosen: Settings) -> list[Finding]:
    """This machine's against the database server's and the public address's; and the zone that people read."""
    found = []
    if not zones.is_known(chosen.time_zone):
        found.append(
            bad(f"TIME_ZONE: no calendar definition for {chosen.time_zone}", "the README lists those there are")
        )
    with suppress(*db.TROUBLE, RuntimeError):  # away: said already
        before = clock.now()
        [row] = await db.fetch("SELECT clock_timestamp() AS now")
        found.append(_drift("the database server", row["now"], before, clock.now()))
    with suppress(OSError, http.client.HTTPException, ValueError, TypeError):
        before = clock.now()
        said = (await public_address.ask(chosen.public_url)).headers["Date"]
        found.append(_drift("the public address", parsedate_to_datetime(said), before, clock.now()))
    return found or [ok(f"{clock.now():%Y-%m-%d %H:%M:%S} UTC; nobody to compare with")]


def _drift(whose: str, theirs: datetime, before: datetime, after: datetime) -> Finding:
    """How far apart, beyond what the question itself took."""
    ahead, behind = (theirs - after).total_seconds(), (before - theirs).total_seconds()
    apart = max(ahead, behind, 0.0)
    if apart <= DRIFT:
        return ok(f"agrees with {whose}")
    verdict = bad if apart > WRONG else look
    return verdict(f"{apart:.0f} s apart from {whose}", "let both machines take their time from NTP")


async def disk(chosen: Settings) -> list[Finding]:
    """Room, leave to write, and what should not lie about."""
    return await aside(lambda: _disk(chosen))


def _disk(chosen: Settings) -> list[Finding]:
    folder = chosen.data_dir
    if not folder.exists():
        nearest = next(parent for parent in folder.parents if parent.exists())
        is_writable = os.access(nearest, os.W_OK)
        return [
            look(f"DATA_DIR {folder} is not there yet", "the first start makes it")
            if is_writable
            else bad(
                f"DATA_DIR {folder} is not there and cannot be made", f"make it, or give leave to write to {nearest}"
            )
        ]
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    except OSError as trouble:
        return [bad(f"DATA_DIR {folder} cannot be written: {words(trouble)}", "who runs this, and whose is it?")]
    return [
        _room(folder),
        *_secret(folder / "secret_key"),
        *_list(folder / "erasures"),
        *_letters(chosen, folder / "mail"),
    ]


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    left = f"DATA_DIR {folder} can be written, {free / 1e9:.1f} GB are free"
    if free < NOTHING:
        return bad(left, "make room: a full disk stops bookings")
    return look(left, "make room") if free < LITTLE else ok(left)


def _secret(file: Path) -> list[Finding]:
    if file.exists() and file.stat().st_mode & 0o077:
        return [look(f"others may read {file}", f"chmod 600 {file}")]
    return []


def _list(file: Path) -> list[Finding]:
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        return [bad(f"{file} cannot be written", "whose is it? Nobody is erased without being listed there")]
    return []


def _letters(chosen: Settings, folder: Path) -> list[Finding]:
    """Letters as files are personal data that nobody erases."""
    sizes = [file.stat().st_size for file in folder.glob("*.eml")]
    if not sizes:
        return []
    kept = f"{len(sizes)} letter(s) lie in {folder}, {sum(sizes) / 1e6:.1f} MB"
    if chosen.smtp_url:
        return [look(kept, "delete them: they hold names and links, and no erasure reaches them")]
    return [ok(kept)]
