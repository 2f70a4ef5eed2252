"""The command ``passerelle``: serve, work, migrate, check, backup, restore, erasures, doctor, demo."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TypeVar

import click
from granian import Granian
from granian.constants import Interfaces, Loops

from service import advice, app, db, embedded, settings, text, worker
from service.bookings import forgotten
from service.campus import preferences
from service.operations import backup, checks, demo, migrations, restore, rows
from service.operations.doctor import examination
from service.operations.doctor.database import Pools
from service.people import sign_in
from service.people import staff as people_staff
from service.people.staff import AlreadyStaff
from service.people.tables import ROLES
from service.settings import BadSetting, Settings

T = TypeVar("T")
STOP_SECONDS = 20
WORKER_POOL = worker.LANES + 2
PATH = click.Path(path_type=Path)


@click.group()
def main() -> None:
    """Passerelle: events and workshops of a campus, booked, confirmed and kept true."""


@main.command()
@click.option("--with-worker", is_flag=True, help="Also start a worker, as a process of its own.")
def serve(with_worker: bool) -> None:
    """Serve the pages with WORKERS processes."""
    is_real = _names_a_database()
    with _ready() as chosen:
        _check_port(chosen)
        if is_real:
            _advise(chosen)
        with _worker_process() if with_worker else nullcontext():
            _serve(chosen, "service.app:from_environment", chosen.workers)


@main.command()
@click.option("--once", is_flag=True, help="Deliver what is due now, then stop.")
@click.option("--beside-server", is_flag=True, hidden=True)
def work(once: bool, beside_server: bool) -> None:
    """Deliver mail and finish what was begun."""
    is_real = _names_a_database() and not once and not beside_server
    with _ready() as chosen:
        if is_real:
            _advise(chosen)
        app.configure_logging(chosen.log_level)
        _run(chosen, _work_once if once else _work)


@main.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with _database() as chosen:
        applied = _migrate(chosen)
        click.echo(f"{len(applied)} migration(s) applied." if applied else "Nothing to migrate.")


@main.command()
def check() -> None:
    """Compare counters with rows and look for stuck mail; the exit status tells."""
    with _ready() as chosen:
        findings = _run(chosen, checks.findings)
    for finding in findings:
        click.echo(finding)
    click.echo("All is well." if not findings else f"{len(findings)} finding(s).")
    sys.exit(bool(findings))


@main.command(name="backup")
@click.argument("file", type=PATH)
@click.option("--force", is_flag=True, help="Replace FILE, if there is one.")
def back_up(file: Path, force: bool) -> None:
    """Write the whole database into FILE; into a folder, under a new name made of the moment."""
    with _refusals(), _database() as chosen:
        click.echo(_run(chosen, lambda: backup.write(file, force=force)))


@main.command(name="restore")
@click.argument("file", type=PATH)
@click.option("--verify", is_flag=True, help="Also compare all rows with the backup, and counters with rows.")
@click.option("--erasures", "lists", type=PATH, multiple=True, help="A list of who was erased since; may be repeated.")
@click.option("--other-secret", is_flag=True, help="Go on with another SECRET_KEY: links in sent mails die.")
def bring_back(file: Path, verify: bool, lists: tuple[Path, ...], other_secret: bool) -> None:
    """Bring the backup FILE back into an empty database; the exit status tells whether --verify found anything."""
    with _refusals(), _database() as chosen:
        url = chosen.database_url or ""
        done = _run(chosen, lambda: restore.restore(file, url, verify=verify, other_secret=other_secret, lists=lists))
    click.echo("\n".join(done.lines()))
    sys.exit(bool(done.findings))


@main.command()
def erasures() -> None:
    """Print who was erased and when, by opaque ids: to be kept with the backups, for ``restore --erasures``."""
    with _ready() as chosen:
        for dossier, when in _run(chosen, forgotten.known_to_the_database).items():
            click.echo(forgotten.as_line(dossier, when))


@main.command()
def doctor() -> None:
    """Look at settings, database, mail server, clock, disk and public address; the exit status tells."""
    sys.exit(asyncio.run(_examine()))


@main.group()
def staff() -> None:
    """Who signs in to the office."""


@staff.command(name="add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", default="", help="As the journal and the colleagues see it; the address, when not given.")
def add_staff(email: str, role: str, name: str) -> None:
    """Let somebody sign in with EMAIL; prints a link that opens the office once, for a machine without mail."""
    try:
        address = text.address(email)
    except ValueError:
        raise click.ClickException(f"{email!r} has not the form of an e-mail address.") from None
    with _ready() as chosen:
        try:
            link = _run(chosen, lambda: _add_staff(name or address, address, role))
        except AlreadyStaff:
            raise click.ClickException(f"{address} signs in already.") from None
    click.echo(f"{address} may sign in as {role}.\nOpens the office once, within ten minutes, in any browser:\n{link}")


async def _add_staff(name: str, address: str, role: str) -> str:
    person = await people_staff.add(name, address, role, by="command")
    return settings.current().public_url + f"/office/sign-in/{await sign_in.open_directly(person.id)}"


@main.command(name="demo")
def demonstrate() -> None:
    """Serve the demonstration: invented people and companies, and a mailbox to look into."""
    with _database() as chosen:
        _check_port(chosen)
        _migrate(chosen)
        _run(chosen, demo.load)
        click.echo(f"\n  Passerelle is at  {chosen.public_url}\n  {_mail_hint(chosen)}\n  Ctrl-C stops everything.\n")
        _serve(chosen, "service.app:demonstration", 1)


def _mail_hint(chosen: Settings) -> str:
    if chosen.smtp_url:
        return f"Mail goes to the server of SMTP_URL; read it at {chosen.public_url}/demo/mailbox"
    folder, mailbox = os.path.relpath(chosen.data_dir / "mail"), f"{chosen.public_url}/demo/mailbox"
    return f"No mail leaves this machine: each letter is a file in {folder}, and stands in {mailbox}"


@contextmanager
def _refusals() -> Iterator[None]:
    """What an operation refuses ends in its one line."""
    try:
        yield
    except rows.Refused as refused:
        raise click.ClickException(str(refused)) from None


@contextmanager
def _database() -> Iterator[Settings]:
    """The settings, with the embedded PostgreSQL running when no other is named. Bad settings end in a line each."""
    try:
        chosen = Settings.from_environment()
        app.check(chosen)
    except BadSetting as wrong:
        raise click.ClickException("\nError: ".join(wrong.lines)) from None
    if chosen.database_url:
        yield _used(chosen)
        return
    with embedded.postgres(chosen.data_dir) as url:
        yield _used(chosen.with_database(url))


@contextmanager
def _ready() -> Iterator[Settings]:
    """The database, migrated if it is our own; a foreign one is migrated by ``passerelle migrate`` only."""
    is_own = not _names_a_database()
    with _database() as chosen:
        if is_own:
            _migrate(chosen)
        elif lacking := _run(chosen, migrations.missing):
            raise click.ClickException(f"{len(lacking)} migration(s) missing: run `passerelle migrate` first.")
        yield chosen


def _names_a_database() -> bool:
    """Whether somebody runs it for real. To be asked first: later the embedded database has a name too."""
    return bool(os.environ.get("DATABASE_URL", "").strip())


def _advise(chosen: Settings) -> None:
    """Say once, in plain words before the log begins, what nobody has set yet, here or in the office."""
    _run(chosen, preferences.apply)
    if lacking := advice.unset(settings.current()):
        lines = ("Not set yet:", *(f"  {one.name}: {one.why}" for one in lacking), advice.WHERE)
        click.echo("\n".join(lines), err=True)


def _used(chosen: Settings) -> Settings:
    """Make the settings those of this process and of the ones that it starts."""
    settings.use(chosen)
    os.environ.update(chosen.as_environment())
    return chosen


def _migrate(chosen: Settings) -> list[str]:
    return _run(chosen, lambda: migrations.migrate(chosen.database_url or ""))


def _run(chosen: Settings, step: Callable[[], Awaitable[T]]) -> T:
    """Run one step with the database open. A database that does not answer ends in one line."""

    async def opened() -> T:
        await db.engine.open(chosen.database_url or "", size=WORKER_POOL)
        try:
            return await step()
        finally:
            await db.engine.close()

    try:
        return asyncio.run(opened())
    except db.TROUBLE as trouble:
        raise click.ClickException(f"DATABASE_URL: the database does not answer ({trouble}).") from None


async def _examine() -> bool:
    """Say each line as soon as it is known; whether any is bad."""
    pools, is_bad = Pools(app.POOL, WORKER_POOL), False
    async for line in examination.examine(os.environ, pools):
        click.echo(line)
        is_bad |= line.verdict == "bad"
    return is_bad


async def _work() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await worker.run(stop)


async def _work_once() -> None:
    await worker.run_once()


def _serve(chosen: Settings, target: str, processes: int) -> None:
    _check_port(chosen)
    Granian(
        target,
        address=chosen.host,
        port=chosen.port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=processes,
        loop=Loops.uvloop,
        log_enabled=False,
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
    ).serve()


def _check_port(chosen: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((chosen.host, chosen.port))
        except OSError as taken:
            line = f"PORT: {chosen.host}:{chosen.port} cannot be used ({taken.strerror}); try PORT={chosen.port + 1}."
            raise click.ClickException(line) from None


@contextmanager
def _worker_process() -> Iterator[None]:
    """A worker beside the server, which ends with it."""
    process = subprocess.Popen([sys.executable, "-m", "service.cli", "work", "--beside-server"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS + 5)


if __name__ == "__main__":
    main()
