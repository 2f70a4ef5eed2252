"""What every test stands on: one PostgreSQL a session, a database a worker, migrated once, emptied after each test."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from hypothesis import settings as hypothesis
from litestar import Litestar

from service import db, embedded, settings
from service.app import create_app
from service.operations import checks, migrations

# The same examples every time, and no time limit: a slow machine is no finding.
hypothesis.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.load_profile("house")

EMPTYING_ORDER = (
    "proposal_note", "proposed_date", "hosted_date", "proposal", "door_grant", "session", "sign_in", "person",
    "presence", "message", "attendee", "booking", "dossier", "invitation", "slot", "event", "organisation_note",
    "contact", "former_slug", "organisation", "address", "email", "journal", "idempotency_key", "preference",
    "rate_clock",
)  # fmt: skip


@pytest.fixture(scope="session")
async def server_url() -> AsyncIterator[str]:
    """A PostgreSQL server: the one of DATABASE_URL, or an embedded one that ends with the session.

    Not below pytest's own folder: a second pytest run would close that to the server's user.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with TemporaryDirectory(prefix="passerelle-") as folder, embedded.postgres(Path(folder)) as url:
        await _hurry(url)
        yield url


@pytest.fixture(scope="session")
async def database_url(server_url: str, worker_name: str) -> str:
    """An empty database of this worker's own, migrated."""
    return await fresh_database(server_url, f"passerelle_{worker_name}")


@pytest.fixture(scope="session")
def worker_name() -> str:
    """The name of this pytest-xdist worker."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session", autouse=True)
async def _opened(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    settings.use(some_settings(database_url, tmp_path_factory.mktemp("data")))
    await db.engine.open(database_url, size=10)
    await migrations.migrate(database_url)
    yield
    await db.engine.close()


@pytest.fixture(autouse=True)
async def _clean(_opened: None) -> AsyncIterator[None]:
    """After each test: the books must balance, then the rows go (about 2 ms)."""
    yield
    wrong = (await checks.unbalanced_slots(), await checks.idle_slots())
    for table in EMPTYING_ORDER:
        await db.fetch(f'DELETE FROM "{table}"')
    settings.overlay({})
    assert wrong == ([], [])


@pytest.fixture(scope="session")
def app(_opened: None) -> Litestar:
    """The whole service, in this process, on this worker's database."""
    return create_app(settings.current())


@pytest.fixture
async def visitor(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's browser, without cookies: over ASGI, in the test's own loop."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.current().public_url) as client:
        yield client


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line each what was not looked at. Here: beside workers, no other conftest is heard."""
    if chromium() is None:
        terminalreporter.write_line("NOTE: no Chromium found; the browser tests did not run (apt install chromium).")
    if where_nginx_is() is None:
        terminalreporter.write_line("NOTE: no nginx found; the proxy's tests did not run (apt install nginx-light).")
    if libreoffice() is None:
        terminalreporter.write_line(
            "NOTE: no LibreOffice found; no spreadsheet opened our files (apt install libreoffice-calc-nogui)."
        )


def chromium() -> str | None:
    """Where this machine's Chromium is: CHROMIUM, or the first of its usual names."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def where_nginx_is() -> str | None:
    """This machine's nginx: NGINX, or where it usually is."""
    return os.environ.get("NGINX") or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def libreoffice() -> str | None:
    """This machine's LibreOffice: SOFFICE, or where it usually is."""
    return os.environ.get("SOFFICE") or shutil.which("soffice") or shutil.which("libreoffice")


async def _hurry(url: str) -> None:
    """Let the server of the tests not wait for its disk: what it holds is thrown away."""
    connection = await asyncpg.connect(url)
    for wait in ("fsync", "synchronous_commit", "full_page_writes"):
        await connection.execute(f"ALTER SYSTEM SET {wait} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def fresh_database(server_url: str, name: str) -> str:
    """Make the database ``name`` anew and return its address."""
    connection = await asyncpg.connect(server_url)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    parts = urlsplit(server_url)
    if parts.netloc:
        return urlunsplit(parts._replace(path=f"/{name}"))
    return server_url.replace("/postgres?", f"/{name}?")


def some_settings(database_url: str, data_dir: Path, **changes: str) -> settings.Settings:
    """Settings as a test wants them: a known secret, an HTTPS address, generous limits."""
    return settings.Settings.from_environment(
        {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a secret for tests only, long enough",
            "PUBLIC_URL": "https://agenda.campus.test",
            "MAIL_FROM": "agenda@campus.test",
            "CONTACT_EMAIL": "contact@campus.test",
            "DATA_DIR": str(data_dir),
            **changes,
        }
    )
