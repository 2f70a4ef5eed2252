"""Real servers for a while: started, waited for, weighed, and ended by their ids."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil  # type: ignore[import-untyped]

START_SECONDS = 30.0
STOP_SECONDS = 10.0
MEBI = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Server:
    """A server with ``processes`` web processes, listening on ``port``."""

    port: int
    processes: int
    process: subprocess.Popen[bytes]
    log: Path

    def wait_ready(self) -> None:
        """Return when it answers. Raises RuntimeError, with what it said, when it does not."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if fetch(self.port, "/readyz")[0] == http.client.OK:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-2000:]}")

    def rss_mb(self) -> dict[str, list[float]]:
        """Resident memory: of the process that watches, and of each one that serves."""
        watcher = psutil.Process(self.process.pid)
        serving = [one for one in watcher.children() if "resource_tracker" not in " ".join(one.cmdline())]
        return {"main": [rss_mb(watcher.pid)], "web": [rss_mb(one.pid) for one in serving]}


@contextmanager
def serving(module: Sequence[str], environ: Mapping[str, str], processes: int, log: Path) -> Iterator[Server]:
    """``python -m`` this module, told by its environment where to listen, until the block ends. Not yet ready."""
    port = free_port()
    told = {**environ, "PORT": str(port), "WORKERS": str(processes), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with running(module, told, log) as process:
        yield Server(port, processes, process, log)


@contextmanager
def running(module: Sequence[str], environ: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One process and its children. Out of the terminal's reach, so that Ctrl-C ends them here, in order."""
    command = [sys.executable, "-m", *module]
    with log.open("ab") as said:
        process = subprocess.Popen(command, env=dict(environ), stdout=said, stderr=said, start_new_session=True)
        try:
            yield process
        finally:
            _end(process)


def rss_mb(pid: int) -> float:
    """Resident memory of one process."""
    return float(psutil.Process(pid).memory_info().rss) / MEBI


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(port: int, path: str, headers: Mapping[str, str] = MappingProxyType({})) -> tuple[int, bytes]:
    """Status and body of one page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop; what is left of it and its children after 10 s is killed, each by its id."""
    if process.poll() is None:
        family = [*psutil.Process(process.pid).children(recursive=True)]
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for one in psutil.wait_procs(family, timeout=2)[1]:
            one.kill()
