"""Writing the whole database into one file, as it is at one moment, while everybody goes on booking."""

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from uuid import UUID

from service import __version__, clock, db, tokens
from service.db import Connection
from service.operations import archive, migrations, rows
from service.operations.archive import Draft, Kept, Manifest
from service.operations.rows import Refused, Shape

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
NO_SUBJECT = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Written:
    """What a backup has become."""

    place: Path
    size: int
    manifest: Manifest

    def __str__(self) -> str:
        counted = f"{len(self.manifest.tables)} tables, {self.manifest.rows} rows, {self.size / 1e6:.1f} MB"
        return f"{self.place}: {counted}. It holds personal data, and needs the same SECRET_KEY."


async def write(place: Path, *, force: bool = False) -> Written:
    """Write the database of the engine to ``place``, a ``.zip``; into a folder, under a name made of the moment.

    The file appears when it is whole. One that is there already is left alone unless ``force`` (a nightly run
    that names one file must not put a backup of a broken database over the last good one). Refuses: Refused.
    """
    place = _place(place, force)
    with rows.refusals(), archive.draft(place) as draft:
        wanted = [shape.name for shape in await rows.shapes(rows.names())]
        async with db.transaction() as transaction:
            connection = transaction.connection
            await _hold_still(connection, wanted)
            await _check_schema()
            shapes = await rows.shapes(rows.names())
            if [shape.name for shape in shapes] != wanted:
                raise Refused("The tables are being changed just now: try again.")
            manifest = await _fill(draft, connection, shapes)
        return Written(place, draft.seal(manifest), manifest)


def secret_fingerprint() -> str:
    """What tells the SECRET_KEY of a backup from others, and says nothing else of it."""
    return tokens.fingerprint(tokens.derive("backup", NO_SUBJECT))


def _place(asked: Path, force: bool) -> Path:
    if asked.suffix != ".zip":
        asked /= f"passerelle-{clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"
    if asked.exists() and not force:
        raise Refused(f"{asked} exists already. Name a folder to get a new file each time, or say --force.")
    return asked


async def _hold_still(connection: Connection, tables: list[str]) -> None:
    """One moment for all tables. A migration that rewrites one would leave it empty to that moment: it must wait.

    The lock comes before the first look, so that nothing can be rewritten between the two.
    """
    await connection.execute(SNAPSHOT)
    for form in rows.FORMS:
        await connection.execute(form)
    if tables:
        listed = ", ".join(f'"{table}"' for table in tables)
        await connection.execute(f"LOCK TABLE {listed} IN ACCESS SHARE MODE")


async def _check_schema() -> None:
    """Refuse what would leave rows behind without a word."""
    recorded, known = await migrations.recorded(), migrations.known()
    if not recorded:
        raise Refused("The database is empty: there is nothing to back up.")
    if set(recorded) - set(known):
        raise Refused("The database belongs to a newer Passerelle: back it up with that one.")
    if recorded != known and (strange := await rows.strangers()):
        raise Refused(f"Migrations are missing, and table {strange[0]} is unknown: run `passerelle migrate` first.")


async def _fill(draft: Draft, connection: Connection, shapes: list[Shape]) -> Manifest:
    return Manifest(
        written_at=clock.now().isoformat(timespec="seconds"),
        passerelle=__version__,
        postgresql=(await db.fetch("SHOW server_version"))[0]["server_version"],
        secret_fingerprint=secret_fingerprint(),
        migrations=await migrations.recorded(),
        tables=[await _keep(draft, connection, shape) for shape in shapes],
    )


async def _keep(draft: Draft, connection: Connection, shape: Shape) -> Kept:
    last = {
        column: reached
        for column, sequence in shape.sequences.items()
        if (reached := (await db.fetch("SELECT pg_sequence_last_value($1::text::regclass) AS at", sequence))[0]["at"])
    }
    with draft.entry(archive.file_of(shape.name)) as entry:
        counted = await rows.copy_out(connection, shape, entry.take)
    return Kept(shape.name, shape.columns, counted, entry.seen.hexdigest(), last)
