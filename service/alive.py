"""Whether the server, or the worker, of this machine lives: what the health check of a container asks.

``python -m service.alive`` asks the server; with ``worker`` behind it, it looks for the worker's pulse. Neither asks
for the database: one that is away is waited for, and to restart what waits would help nobody. It is run twice a
minute, so it imports no framework.
"""

import asyncio
import http.client
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from service.settings import BadSetting, Settings

BEAT_SECONDS, PATIENCE = 5.0, 60.0
ANSWER_SECONDS = 3.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened on there is asked for here


def main() -> None:
    """Say it by the exit status, and by a line when it is bad news."""
    try:
        chosen = Settings.from_environment()
    except BadSetting as wrong:
        sys.exit(str(wrong))
    if sys.argv[1:] == ["worker"]:
        sys.exit(None if has_pulse(chosen.data_dir) else "The worker has shown no sign of life for a minute.")
    sys.exit(None if is_answering(chosen.host, chosen.port) else "The server does not answer.")


def is_answering(host: str, port: int) -> bool:
    """Whether a server of ours answers there that it lives."""
    asked = http.client.HTTPConnection(EVERYWHERE.get(host, host), port, timeout=ANSWER_SECONDS)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def has_pulse(data_dir: Path) -> bool:
    """Whether a worker of this machine has shown a sign of life lately."""
    try:
        return time.time() - _pulse(data_dir).stat().st_mtime < PATIENCE
    except OSError:
        return False


async def beat(data_dir: Path, stop: asyncio.Event) -> None:
    """Show signs of life until stopped: as long as the loop turns, the worker lives."""
    pulse = _pulse(data_dir)
    while not stop.is_set():
        _touch(pulse)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), BEAT_SECONDS)
    with suppress(OSError):
        pulse.unlink(missing_ok=True)


def _pulse(data_dir: Path) -> Path:
    """One file a machine: containers that share the folder do not answer for each other."""
    return data_dir / f"worker-{socket.gethostname()}"


def _touch(pulse: Path) -> None:
    """A folder that cannot be written to spoils the health check, not the mail."""
    with suppress(OSError):
        pulse.parent.mkdir(parents=True, exist_ok=True)
        pulse.touch()


if __name__ == "__main__":
    main()
