"""A worker process that dies, is stopped, or loses its database, over a real mail server: no letter is lost."""

import asyncio
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service import db, embedded, settings
from service.operations import migrations
from tests.mail.makers import rows, states
from tests.mail.smtp_server import Fault, Slow, SmtpServer, smtp_server
from tests.makers import a_pupil, make_booking, make_slot
from tests.operations.test_migrations import engine_on
from tests.test_db import stop_and_start

# One process that has imported everything and forks: each worker is then there in no time.
STABLE = """
import os, signal, sys
from datetime import timedelta
from service import cli, settings, worker
from service.mail import outbox

outbox.LEASE = timedelta(seconds=1)
worker.RENEW_SECONDS = 0.3
{planted}
alive = set()
for line in sys.stdin:
    match line.split():
        case ["start"]:
            if not (pid := os.fork()):
                cli.main(["work"])
            alive.add(pid)
            print(pid, flush=True)
        case ["wait", pid]:
            alive.remove(int(pid))
            print(os.waitstatus_to_exitcode(os.waitpid(int(pid), 0)[1]), flush=True)
for pid in alive:
    os.kill(pid, signal.SIGKILL)
"""

SETTLES_FIRST = """
async def deliver(email, courier, gate):
    content = await worker._content(email)
    await outbox.settle(email, "sent")
    await courier.deliver(settings.current().mail_from, email.recipient, content)

worker.deliver = deliver
"""


# What was sent while the database was away is noted when it is back, if the lease lasts as long.
PATIENT = "outbox.LEASE = timedelta(seconds=6)"


@dataclass
class Stable:
    """Starts workers, and tells how they ended."""

    process: asyncio.subprocess.Process

    async def start(self) -> int:
        """A new worker: its process id."""
        return await self._ask("start")

    async def end(self, pid: int, how: signal.Signals) -> int:
        """Send the worker a signal, wait for its end, and return its exit status."""
        os.kill(pid, how)
        return await self._ask(f"wait {pid}")

    async def _ask(self, what: str) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{what}\n".encode())
        return int(await self.process.stdout.readline())


@asynccontextmanager
async def stable(server: SmtpServer, database_url: str, planted: str = "") -> AsyncIterator[Stable]:
    """Workers on this database and mail server; all of them have ended when the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STABLE.replace("{planted}", planted),
        env=environment(server, database_url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Stable(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def environment(server: SmtpServer, database_url: str) -> dict[str, str]:
    """The settings of these tests, as variables."""
    chosen = settings.current()
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "SECRET_KEY": chosen.secret_key,
        "SMTP_URL": server.url,
        "PUBLIC_URL": chosen.public_url,
        "MAIL_FROM": chosen.mail_from,
        "DATA_DIR": str(chosen.data_dir),
    }


# --- kill -9 ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Toll:
    """What kills did: how many met a worker at work, letters that never arrived, copies too many, messages."""

    hits: int
    lost: int
    twice: int
    messages: int


async def deliver_under_fire(database_url: str, *, letters: int, kills: int, planted: str = "") -> Toll:
    """Book, and have workers deliver that are killed at random moments, until one has settled it all."""
    dice = random.Random(20_261_122)
    slot = await make_slot(capacity=letters)
    for _ in range(letters):
        await make_booking(slot, a_pupil())
    hits, posted = 0, {row.recipient for row in await rows()}

    async with smtp_server(Fault("rcpt", Slow(0.01))) as server, stable(server, database_url, planted) as ours:
        for _ in range(kills):
            pid = await ours.start()
            enough = len(server.received) + letters // kills // 2
            while len(server.received) < enough and await is_anything_open():
                await asyncio.sleep(0.002)
            await asyncio.sleep(dice.uniform(0, 0.1))
            hits += await is_anything_open()
            assert await ours.end(pid, signal.SIGKILL) == -signal.SIGKILL
        pid = await ours.start()
        await all_settled()
        assert await ours.end(pid, signal.SIGTERM) == 0

    copies = Counter(mail.recipient for mail in server.received)
    return Toll(
        hits,
        lost=len(posted - set(copies)),
        twice=copies.total() - len(copies),
        messages=len({mail.content for mail in server.received}),
    )


async def all_settled() -> None:
    """Wait until the outbox has nothing left to do; the database may be away meanwhile."""
    async with asyncio.timeout(30):
        while await is_anything_open():
            await asyncio.sleep(0.1)


async def is_anything_open() -> bool:
    """Whether a letter waits or is in hand; so it seems, too, while the database is away."""
    with suppress(*db.TROUBLE):
        return bool(await db.fetch("SELECT 1 FROM email WHERE state IN ('due', 'sending') LIMIT 1"))
    return True


async def test_killing_the_worker_loses_no_letter_and_repeats_few_with_the_same_bytes(database_url: str) -> None:
    toll = await deliver_under_fire(database_url, letters=200, kills=8)

    print(toll)  # noqa: T201 - the figure is part of what this proves
    assert (toll.lost, toll.messages) == (0, 200)
    assert toll.twice <= toll.hits >= 6


async def test_a_worker_that_settles_before_it_sends_loses_letters_here(database_url: str) -> None:
    toll = await deliver_under_fire(database_url, letters=100, kills=4, planted=SETTLES_FIRST)

    print(toll)  # noqa: T201 - the figure is part of what this proves
    assert toll.lost > 0


# --- an orderly end --------------------------------------------------------------------------------------


async def test_a_stopped_worker_ends_the_letter_in_hand_and_begins_no_other(database_url: str) -> None:
    slot = await make_slot(capacity=20)
    for _ in range(20):
        await make_booking(slot, a_pupil())

    async with smtp_server(Fault("kept", Slow(1))) as server, stable(server, database_url) as ours:
        pid = await ours.start()
        await server.until(lambda: len(server.received) > 0, 20)
        async with asyncio.timeout(10):
            assert await ours.end(pid, signal.SIGTERM) == 0

        copies = Counter(mail.recipient for mail in server.received)
    assert 1 <= len(copies) <= 4
    assert copies.total() == len(copies)
    assert Counter(await states()) == {"sent": len(copies), "due": 20 - len(copies)}


# --- the database restarts -------------------------------------------------------------------------------


async def test_a_worker_outlives_two_restarts_of_its_database_and_goes_on_by_itself() -> None:
    # Not in pytest's own folder: each session that starts closes that one to the server's user.
    with tempfile.TemporaryDirectory() as home, embedded.postgres(Path(home)) as address:
        async with engine_on(address):
            await migrations.migrate(address)
            slot = await make_slot(capacity=60)
            for _ in range(60):
                await make_booking(slot, a_pupil())

            async with smtp_server(Fault("rcpt", Slow(0.1))) as server, stable(server, address, PATIENT) as ours:
                pid = await ours.start()
                for how in ("fast", "immediate"):
                    await server.until(partial(has_taken, server, len(server.received) + 10), 20)
                    await asyncio.to_thread(stop_and_start, Path(home) / "postgres", how)
                assert len(server.received) < 60
                await all_settled()
                assert await ours.end(pid, signal.SIGTERM) == 0

            assert await states() == ["sent"] * 60
    assert len(server.received) == len({mail.content for mail in server.received}) == 60


def has_taken(server: SmtpServer, letters: int) -> bool:
    return len(server.received) >= letters
