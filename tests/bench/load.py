"""The clients: a process of its own, sockets and bytes only, so that it is never what is measured.

``python -m tests.bench.load`` reads one job (JSON) from its standard input and writes its figures.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

PATIENCE_SECONDS = 30.0
TYPED = (
    "slot={slot}&first_name=%C3%89l%C3%A8ve+{n}&last_name=D%E2%80%99H%C3%B4te&email=bench.{run}.{n}%40exemple.test"
    "&school=LYPSO&level=2de&website=&opened_at={opened}&key=bench-{run}-{n}"
)


@dataclass(frozen=True, slots=True)
class Job:
    """Either ``path`` is fetched, or seats of ``targets`` (slug, slot) are booked by turns.

    With ``seconds`` 0 each client asks once, all at the same moment. ``run`` makes people and keys new.
    """

    port: int
    clients: int
    seconds: float
    run: str = ""
    path: str = ""
    targets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: answers a second, latencies in milliseconds, statuses, how busy this process was."""

    rate: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]
    client_cpu: float

    @property
    def total(self) -> int:
        """How many answers."""
        return sum(self.statuses.values())

    def of(self, status: int) -> int:
        """How many answers with this status."""
        return self.statuses.get(str(status), 0)


def ask(job: Job) -> Answers:
    """Run one job in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(command, input=json.dumps(asdict(job)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the clients failed: {done.stderr[-2000:]}")
    return Answers(**json.loads(done.stdout))


class Client(asyncio.Protocol):
    """One browser: one connection, kept; the next request as soon as an answer is complete."""

    def __init__(self, requests: Iterator[bytes], goes_on: Callable[[], bool], seen: list[tuple[int, float]]) -> None:
        self._requests, self._goes_on, self._seen = requests, goes_on, seen
        self._received, self._wanted, self._sent_at = bytearray(), 0, 0.0
        self._transport: Any = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._wanted:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._wanted = end + 4 + _length(bytes(self._received[:end]))
        if len(self._received) >= self._wanted:
            self._answered()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self._seen.append((0, time.perf_counter() - self._sent_at))
            self.done.set_result(None)

    def _answered(self) -> None:
        self._seen.append((int(self._received[9:12]), time.perf_counter() - self._sent_at))
        self._received.clear()
        self._wanted = 0
        if self._goes_on():
            self.ask()
        else:
            self.done.set_result(None)
            self._transport.close()


async def _run(job: Job) -> Answers:
    requests, seen = _requests(job), list[tuple[int, float]]()
    loop, until = asyncio.get_running_loop(), 0.0
    clients = []
    for _ in range(job.clients):
        _, client = await loop.create_connection(
            lambda: Client(requests, lambda: time.perf_counter() < until, seen), "127.0.0.1", job.port
        )
        clients.append(client)
    busy, started = _cpu_seconds(), time.perf_counter()
    until = started + job.seconds
    for client in clients:
        client.ask()
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), job.seconds + PATIENCE_SECONDS)
    took = time.perf_counter() - started
    return _figures(seen, took, _cpu_seconds() - busy)


def _figures(seen: list[tuple[int, float]], took: float, busy: float) -> Answers:
    latencies = sorted(latency * 1000 for _, latency in seen)
    return Answers(
        rate=len(seen) / took,
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        statuses={str(status): times for status, times in sorted(Counter(status for status, _ in seen).items())},
        client_cpu=busy / took,
    )


def percentile(ordered: list[float], part: float) -> float:
    """The value that ``part`` of the ordered values do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * round(part * 1000) // 1000) - 1)]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError(f"an answer without a length: {head!r}")


def _requests(job: Job) -> Iterator[bytes]:
    """Whole requests: pages, or forms of people who are new each time, behind networks of 25 people."""
    host = f"Host: 127.0.0.1:{job.port}\r\n"
    if job.path:
        page = f"GET {job.path} HTTP/1.1\r\n{host}\r\n".encode()
        while True:
            yield page
    opened = int(time.time()) - 40
    for n in count():
        slug, slot = job.targets[n % len(job.targets)]
        body = TYPED.format(slot=slot, n=n, run=job.run, opened=opened)
        yield (
            f"POST /events/{slug}/bookings HTTP/1.1\r\n{host}Origin: http://127.0.0.1:{job.port}\r\n"
            f"Sec-Fetch-Site: same-origin\r\nX-Forwarded-For: 10.1.{n // 25 // 250 % 250}.{n // 25 % 250}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Do the job of the standard input."""
    import uvloop  # noqa: PLC0415 - only this process needs it

    given = json.load(sys.stdin)
    job = Job(**{**given, "targets": tuple((slug, slot) for slug, slot in given["targets"])})
    json.dump(asdict(uvloop.run(_run(job))), sys.stdout)


if __name__ == "__main__":
    main()
