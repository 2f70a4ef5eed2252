"""The stage: a database of its own with 200 slots, the real servers and bare ones, all gone at the end."""

import asyncio
import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from service import db, embedded, settings
from service.operations import migrations
from service.people import sessions, staff
from service.settings import DEFAULT_RATES, Settings
from tests.bench import seeds, servers
from tests.bench.plan import Plan
from tests.bench.seeds import Target
from tests.bench.servers import Server
from tests.conftest import fresh_database

BARE_PAGES = {"small": b"ok"}


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the measures need; ``ours`` and ``bare`` by their number of processes.

    ``sheet`` is where 300 names stand to be signed, ``session`` the cookie of who may print them.
    """

    url: str
    environ: dict[str, str]
    folder: Path
    slots: dict[int, Target]
    pages: dict[str, str]
    sheet: str
    session: str
    ours: dict[int, Server]
    bare: dict[int, Server]

    def targets(self, numbers: range) -> tuple[Target, ...]:
        """What to book: slug and id of these slots."""
        return tuple(self.slots[number] for number in numbers)

    def value(self, sql: str) -> Any:
        """One value of the database."""
        return asyncio.run(_value(self.url, sql))


@contextmanager
def stage(plan: Plan) -> Iterator[Stage]:
    """Set it up, and take it down whatever happens."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="passerelle-bench-")))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # pgserver's own farewell makes it once more
        folder.chmod(0o755)  # the embedded server runs as another user when we are root
        url = stack.enter_context(_database(folder))
        environ = _environ(url, folder)
        settings.use(Settings.from_environment(environ))
        slots, sheet, session = asyncio.run(_sown(url))
        bare_pages = str(folder / "pages")
        ours = {number: _start(stack, ["service.cli", "serve"], environ, number) for number in plan.processes}
        bare = {number: _start(stack, ["tests.bench.bare", bare_pages], environ, number) for number in plan.processes}
        for server in [*ours.values(), *bare.values()]:
            server.wait_ready()
        pages = {"agenda": "/", "event": f"/events/{slots[seeds.ORDINARY[0]][0]}"}
        _copy(folder / "pages", ours[plan.processes[0]], pages)
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not stop the stopping
        yield Stage(url, environ, folder, slots, pages, sheet, session, ours, bare)


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """A database of our own, on the server of DATABASE_URL or on an embedded one that ends with us."""
    with ExitStack() as stack:
        server = os.environ.get("DATABASE_URL") or stack.enter_context(embedded.postgres(folder))
        name = f"passerelle_bench_{os.getpid()}"
        url = asyncio.run(fresh_database(server, name))
        try:
            yield url
        finally:
            asyncio.run(_value(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


def _environ(url: str, folder: Path) -> dict[str, str]:
    """What the service is told: nothing limits, and networks come from the clients' own word."""
    inherited = {name: value for name, value in os.environ.items() if name not in settings.VARIABLES}
    return {
        **inherited,
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "SECRET_KEY": "a secret for measuring only, long enough",
        "RATE_LIMITS": ",".join(f"{name}=999999/s" for name in DEFAULT_RATES),
        "TRUSTED_PROXIES": "127.0.0.0/8",
    }


async def _sown(url: str) -> tuple[dict[int, Target], str, str]:
    await db.engine.open(url)
    try:
        await migrations.migrate(url)
        slots, of_sheet = await seeds.sow(), await seeds.sow_sheet()
        session = await _signed_in()
        await db.fetch("ANALYZE")
        return slots, f"/office/slots/{of_sheet}/attendance", session
    finally:
        await db.engine.close()


async def _signed_in() -> str:
    """The cookie of an organiser's browser, over plain HTTP."""
    person = await staff.add("Ada Vandamme", "ada@exemple.test", "organiser", by="bench")
    async with db.transaction():
        return f"session={await sessions.open_session(person.id)}"


def _start(stack: ExitStack, module: list[str], environ: dict[str, str], number: int) -> Server:
    log = Path(environ["DATA_DIR"]) / f"{module[0]}-{number}.log"
    return stack.enter_context(servers.serving(module, environ, number, log))


def _copy(folder: Path, server: Server, pages: dict[str, str]) -> None:
    """The bytes that our own server sends, as files for the bare ones."""
    folder.mkdir()
    for name, path in pages.items():
        status, body = servers.fetch(server.port, path)
        if status != 200:
            raise RuntimeError(f"{path} answers {status}")
        (folder / name).write_bytes(body)
    for name, body in BARE_PAGES.items():
        (folder / name).write_bytes(body)


async def _value(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()
