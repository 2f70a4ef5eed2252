"""Bringing a backup back into an empty database: all of it or nothing, and nobody who was erased since."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.tables import Migration

from service import db, schema
from service.bookings import dossiers, erasure, forgotten
from service.bookings.forgotten import Erased
from service.db import Connection
from service.operations import archive, backup, checks, migrations, rows
from service.operations.archive import Archive, Manifest
from service.operations.rows import Refused
from service.people import sessions, sign_in
from service.proposals import links

WAITING = "SELECT count(*) AS letters FROM email WHERE state IN ('due', 'sending')"


@dataclass(slots=True)
class Restored:
    """What came back, and what was done to it. ``findings`` are what ``verify`` found wrong."""

    manifest: Manifest
    has_list: bool  # of erasures
    migrated: list[str] = field(default_factory=list)
    relinked: int = 0
    erased: int = 0
    waiting: int = 0
    signed_out: int = 0
    findings: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """All that the operator should know, a line a thing."""
        held = self.manifest
        said = [f"{len(held.tables)} tables and {held.rows} rows restored, as they were at {held.written_at}."]
        if self.migrated:
            said.append(f"{len(self.migrated)} newer migration(s) applied.")
        if self.relinked:
            said.append(
                f"Every link in the mails sent so far is dead: {self.relinked} bookers and hosts have new ones."
            )
        if self.erased:
            said.append(f"{self.erased} dossier(s) that were erased after the backup are erased again.")
        if self.signed_out:
            said.append(f"{self.signed_out} session(s) of the staff ended: they sign in again.")
        if not self.has_list:
            said.append("No list of erasures was found: whoever was erased after the backup is back. See --erasures.")
        if self.waiting:
            said.append(
                f"{self.waiting} letter(s) wait in the outbox. They leave as soon as a worker starts; "
                "those that had left after the backup was made leave a second time."
            )
        return [*said, *self.findings]


async def restore(
    file: Path, url: str, *, verify: bool = False, other_secret: bool = False, lists: Sequence[Path] = ()
) -> Restored:
    """Load a backup into the empty database of the engine, which is open on ``url``.

    Everything happens in one transaction: whatever fails or is killed, the database is as it was. Whoever this
    installation's list of erasures, or one of ``lists``, names is erased again. Refuses: Refused.
    """
    with rows.refusals(), archive.opened(file) as opened:
        _check_known(opened.manifest)
        _check_secret(opened.manifest, other_secret)
        erased = _listed(lists)
        result = Restored(opened.manifest, has_list=erased is not None)
        try:
            async with migrations.alone(url), db.transaction() as transaction:
                await _bring_back(opened, transaction, result, verify)
                await _bring_up_to_date(result, erased or {})
        except (migrations.TookTooLong, forgotten.Unusable) as trouble:
            raise Refused(str(trouble) or "Another process has been changing the schema for too long.") from None
    result.findings += await checks.broken_rules() if verify else []
    return result


def _check_known(manifest: Manifest) -> None:
    if unknown := sorted(set(manifest.migrations) - set(migrations.known())):
        raise Refused(
            f"The backup was made by a newer Passerelle ({manifest.passerelle}, migration {unknown[0]}): "
            "restore it with that one."
        )


def _check_secret(manifest: Manifest, other_secret: bool) -> None:
    if manifest.secret_fingerprint != backup.secret_fingerprint() and not other_secret:
        raise Refused(
            "SECRET_KEY is not the one of this backup: set that one (without DATABASE_URL it is the file secret_key "
            "in DATA_DIR). If it is lost, --other-secret goes on: every link in the mails sent so far dies."
        )


def _listed(lists: Sequence[Path]) -> Erased | None:
    """Whom our own list and the given ones name; None when there is no list at all."""
    own = [forgotten.kept_at()] if forgotten.kept_at().exists() else []
    try:
        read = [forgotten.read(file) for file in (*lists, *own)]
    except forgotten.Unusable as trouble:
        raise Refused(str(trouble)) from None
    return {dossier: when for one in read for dossier, when in one.items()} if read else None


async def _bring_back(opened: Archive, transaction: db.Transaction, result: Restored, verify: bool) -> None:
    """The schema and the rows of the backup, as they were."""
    connection: Connection = transaction.connection
    for form in rows.FORMS:
        await connection.execute(form)
    await transaction.take_your_time()
    await _make_room(connection, opened.manifest)
    for table in opened.manifest.tables:
        with opened.rows(table) as source:
            came = await rows.copy_in(connection, table.name, table.columns, source)
        if came != table.rows:
            raise Refused(f"Table {table.name}: {came} rows came of {table.rows}.")
    shapes = await rows.shapes([table.name for table in opened.manifest.tables])
    if verify:
        result.findings += await _differences(connection, opened.manifest, shapes)
    await _number_on(opened.manifest, shapes)


async def _make_room(connection: Connection, manifest: Manifest) -> None:
    """Leave the tables that the backup's migrations make, empty, and nobody else in them until the end."""
    recorded = await migrations.recorded()
    present = await rows.shapes([*rows.names(), *rows.FLEETING])
    if set(recorded) - set(migrations.known()) or (present and not recorded):
        raise Refused("The database is not empty: its tables are not of this Passerelle. Nothing was changed.")
    listed = ", ".join(f'"{shape.name}"' for shape in present)
    if present:
        await connection.execute(f"LOCK TABLE {listed} IN ACCESS EXCLUSIVE MODE")
    for shape in present:
        if shape.name not in rows.FLEETING and await db.fetch(f'SELECT 1 FROM "{shape.name}" LIMIT 1'):  # noqa: S608
            raise Refused(f"The database is not empty: table {shape.name} has rows. Nothing was changed.")
    if recorded == sorted(manifest.migrations):
        return
    if present:
        await connection.execute(f"DROP TABLE {listed}")
    await BaseMigrationManager().create_migration_table()
    await Migration.delete().where(Migration.app_name == schema.APP_CONFIG.app_name)
    for name in sorted(manifest.migrations):
        await migrations.apply(name)


async def _differences(connection: Connection, manifest: Manifest, shapes: list[rows.Shape]) -> list[str]:
    """The tables whose rows are not, as text, what the backup holds."""
    as_loaded = {shape.name: shape for shape in shapes}
    return [
        f"table {table.name}: the restored rows are not those of the backup."
        for table in manifest.tables
        if await rows.digest(connection, as_loaded[table.name]) != table.sha256
    ]


async def _number_on(manifest: Manifest, shapes: list[rows.Shape]) -> None:
    """New rows get numbers that none of the backup's ever had."""
    for table, shape in zip(manifest.tables, shapes, strict=True):
        for column, sequence in shape.sequences.items():
            highest = f'SELECT max("{column}") AS number FROM "{table.name}"'  # noqa: S608 - names of ours
            number = (await db.fetch(highest))[0]["number"] or 0
            if reached := max(number, table.last.get(column, 0)):
                await db.fetch("SELECT setval($1::text::regclass, $2)", sequence, reached)


async def _bring_up_to_date(result: Restored, erased: Erased) -> None:
    """What has happened to the code, to the secret and to people since the backup was made."""
    result.migrated = await migrations.missing()
    for name in result.migrated:
        await migrations.apply(name)
    if result.manifest.secret_fingerprint != backup.secret_fingerprint():
        result.relinked = await dossiers.derive_links_again() + await links.derive_again()
    result.erased = await erasure.repeat(erased)
    result.signed_out = await sessions.end_everybodys()  # who had left, or lost a browser since, is not let in again
    await sign_in.close_all()
    result.waiting = (await db.fetch(WAITING))[0]["letters"]
    await _complete_the_list(erased)


async def _complete_the_list(erased: Erased) -> None:
    """This installation's list is never behind its database: it learns what the others and the backup know."""
    own = forgotten.read(forgotten.kept_at()) if forgotten.kept_at().exists() else {}
    known = {**await forgotten.known_to_the_database(), **erased}
    await forgotten.add({dossier: when for dossier, when in known.items() if dossier not in own})
