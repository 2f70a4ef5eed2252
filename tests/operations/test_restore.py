"""Bringing a backup back: every row as it was, into an empty database, all or nothing."""

import asyncio
import json
import os
import sys
import zipfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from piccolo.apps.migrations.commands.base import BaseMigrationManager

from service import clock, db, settings
from service.bookings import dossiers
from service.bookings.dossiers import UnknownLink
from service.mail.outcomes import Kind
from service.operations import archive, checks, migrations, restore, rows
from service.operations.rows import Refused
from service.people import sessions, sign_in, staff
from service.proposals import links, record
from service.proposals.record import UnknownProposal
from service.worker import drain
from tests.bookings.harness import Refusing, booked, mail_goes_out
from tests.conftest import fresh_database
from tests.mail.makers import post
from tests.makers import BEN, make_booking, make_slot
from tests.operations.harness import a_season, everything, has_nothing, restored, written
from tests.operations.test_migrations import engine_on
from tests.proposals.making import make_proposal
from tests.visits import settings_with

ROOT = Path(__file__).parent.parent.parent
WAYS_IN = ("session", "sign_in")  # which end, so that nobody is let in by what a backup remembers
OTHER = "another secret for tests, long enough too"
SLOW = """
import asyncio, os, sys
from pathlib import Path
from service import db, settings
from service.operations import restore, rows

copy_in = rows.copy_in

async def slowly(connection, name, columns, source):
    counted = await copy_in(connection, name, columns, source)
    if name == "booking":
        print("loading", flush=True)
        await asyncio.sleep(60)
    return counted

async def main(file, url):
    rows.copy_in = slowly
    settings.use(settings.Settings.from_environment())
    await db.engine.open(url)
    await restore.restore(Path(file), url)

asyncio.run(main(*sys.argv[1:]))
"""
OF_OLD = (
    "INSERT INTO organisation (id, slug, name, kind) VALUES (gen_random_uuid(), 'verrerie', 'Verrerie', 'company')",
    "INSERT INTO event (id, slug, kind, title, host) SELECT id, 'fours', 'visit', 'Les fours', id FROM organisation",
    "INSERT INTO rate_clock (name, busy_until) VALUES ('network:1', now())",
)


@pytest.fixture
async def empty(server_url: str, worker_name: str) -> str:
    """An empty database beside the usual one."""
    return await fresh_database(server_url, f"passerelle_{worker_name}_restored")


async def test_every_row_comes_back_as_it_was(tmp_path: Path, empty: str) -> None:
    await a_season(tmp_path)
    before = await everything()
    assert [table for table, lines in before.items() if not lines] == []  # no table was left out of the test

    async with restored(await written(tmp_path), empty, verify=True) as done:
        after = await everything()
        assert {name: lines for name, lines in after.items() if name not in WAYS_IN} == {
            name: lines for name, lines in before.items() if name not in WAYS_IN
        }
        assert [len(after[name]) for name in WAYS_IN] == [len(before[name]) for name in WAYS_IN]
        assert (done.findings, done.migrated, done.erased) == ([], [], 0)
        assert await migrations.missing() == []


async def test_nobody_is_signed_in_by_a_backup_and_no_way_in_of_old_leads_in(tmp_path: Path, empty: str) -> None:
    ada = await staff.add("Ada", "ada@campus.test", "admin", by="test")
    async with db.transaction():
        token = await sessions.open_session(ada.id)
    link = await sign_in.open_directly(ada.id)
    file = await written(tmp_path)

    async with restored(file, empty, verify=True) as done:
        assert await sessions.of_token(token) is None
        with pytest.raises(sign_in.WayInOver):
            await sign_in.by_link(link, "")
        assert (done.signed_out, done.findings) == (1, [])
        assert "1 session(s) of the staff ended: they sign in again." in done.lines()
        again = await sign_in.open_directly(ada.id)
        assert await sessions.of_token(await sign_in.by_link(again, ""))
    assert await sessions.of_token(token)  # the negative control: where it was not restored, it goes on


async def test_life_goes_on_after_it(tmp_path: Path, empty: str) -> None:
    kept = await a_season(tmp_path)
    link = dossiers.token_of(kept.id, kept.generation)

    async with restored(await written(tmp_path), empty):
        assert (await dossiers.by_token(link)).id == kept.id
        await booked(await make_slot(), BEN)  # a letter and a line of the journal, with numbers of their own
        assert await checks.unbalanced_slots() == []
        assert len(await mail_goes_out(tmp_path)) == 2  # the one that waited in the backup, too


async def test_numbers_go_on_even_behind_rows_that_are_gone(tmp_path: Path, empty: str) -> None:
    for _ in range(3):
        await post()
    highest = (await db.fetch("SELECT max(id) AS id FROM email"))[0]["id"]
    await db.fetch("DELETE FROM email")

    async with restored(await written(tmp_path), empty):
        await post()
        assert (await db.fetch("SELECT id FROM email"))[0]["id"] == highest + 1


async def test_it_says_how_many_letters_will_leave(tmp_path: Path, empty: str) -> None:
    for _ in range(2):
        await post()

    async with restored(await written(tmp_path), empty) as done:
        assert done.waiting == 2
        assert any(line.startswith("2 letter(s) wait") for line in done.lines())


# Only into an empty database


async def test_a_second_time_is_refused(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())
    file = await written(tmp_path)

    async with restored(file, empty):
        before = await everything()
        with pytest.raises(Refused, match="not empty"):
            await restore.restore(file, empty)
        assert await everything() == before


async def test_a_database_that_was_only_migrated_is_empty(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())
    before, file = await everything(), await written(tmp_path)

    async with engine_on(empty):
        await migrations.migrate(empty)
        await restore.restore(file, empty, verify=True)
        assert await everything() == before


async def test_the_tables_of_somebody_else_are_not_touched(tmp_path: Path, empty: str) -> None:
    file = await written(tmp_path)

    async with engine_on(empty):
        await db.fetch("CREATE TABLE event (mine int)")
        with pytest.raises(Refused, match="not of this Passerelle"):
            await restore.restore(file, empty)
        assert [row["column_name"] for row in await db.fetch(COLUMNS_OF_EVENT)] == ["mine"]


async def test_a_database_that_a_newer_code_migrated_is_not_touched(tmp_path: Path, empty: str) -> None:
    file = await written(tmp_path)

    async with engine_on(empty):
        await migrations.migrate(empty)
        await db.fetch("INSERT INTO migration (name, app_name) VALUES ('9999', 'passerelle')")
        with pytest.raises(Refused, match="not of this Passerelle"):
            await restore.restore(file, empty)


async def test_a_table_in_use_is_waited_for_and_then_refused(tmp_path: Path, empty: str) -> None:
    file = await written(tmp_path)

    async with engine_on(empty):
        await migrations.migrate(empty)
        other = await asyncpg.connect(empty)
        await other.execute("BEGIN; LOCK TABLE slot IN ACCESS SHARE MODE")
        with pytest.raises(Refused, match="Somebody holds the tables"):
            await restore.restore(file, empty)
        await other.close()


# Only from a file that is whole and ours


async def test_a_file_cut_short_anywhere_is_refused_and_nothing_is_touched(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())
    whole = (await written(tmp_path)).read_bytes()
    file = tmp_path / "cut.zip"

    async with engine_on(empty):
        for length in (0, 10, 200, len(whole) // 2, len(whole) - 200, len(whole) - 1):
            file.write_bytes(whole[:length])
            with pytest.raises(Refused, match=r"no backup|damaged or cut short"):
                await restore.restore(file, empty)
        assert await has_nothing()


async def test_a_changed_byte_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    await make_booking(await make_slot())
    original = await written(tmp_path)
    whole, file, refused = original.read_bytes(), tmp_path / "flipped.zip", 0

    with archive.opened(original) as untouched:
        tables = untouched.manifest.tables
    for place in range(0, len(whole), 13):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        try:
            with archive.opened(file) as opened:
                assert opened.manifest.tables == tables  # a date or an attribute that zip files have, and nobody reads
        except Refused:
            refused += 1

    assert refused > len(whole) // 13 // 2


async def test_rows_that_were_changed_together_with_their_checksum_in_the_zip_are_refused(
    tmp_path: Path, empty: str
) -> None:
    await make_booking(await make_slot(), BEN)

    def elsewhere_booked(name: str, content: bytes) -> bytes:
        return content.replace(b"ben@", b"eve@") if name == "tables/dossier.txt" else content

    file = rewritten(await written(tmp_path), elsewhere_booked)
    async with engine_on(empty):
        with pytest.raises(Refused, match="damaged"):
            await restore.restore(file, empty)
        assert await has_nothing()


async def test_what_is_no_backup_is_refused(tmp_path: Path, empty: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" * 3000)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("report.txt", "nothing of ours")

    async with engine_on(empty):
        for name, why in (("photo.jpg", "no backup"), ("other.zip", "no backup"), ("nowhere.zip", "no such file")):
            with pytest.raises(Refused, match=why):
                await restore.restore(tmp_path / name, empty)


async def test_a_backup_of_a_newer_passerelle_is_refused(tmp_path: Path, empty: str) -> None:
    file = await written(tmp_path)

    async with engine_on(empty):
        for newer in ({"format": 2}, {"migrations": [*migrations.known(), "9999"]}):
            with pytest.raises(Refused, match="newer Passerelle"):
                await restore.restore(with_manifest(file, **newer), empty)
        assert await has_nothing()


async def test_rows_that_are_fewer_than_promised_are_refused(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())
    file = await written(tmp_path)
    tables = json.loads(zipfile.ZipFile(file).read("manifest.json"))["tables"]
    more = [{**table, "rows": table["rows"] + (table["name"] == "journal")} for table in tables]

    async with engine_on(empty):
        with pytest.raises(Refused, match="Table journal: 1 rows came of 2"):
            await restore.restore(with_manifest(file, tables=more), empty)
        assert await has_nothing()


# Only with its secret


async def test_another_secret_is_refused_for_all_links_would_die(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())
    file = await written(tmp_path)

    async with engine_on(empty):
        with settings_with(secret_key=OTHER), pytest.raises(Refused, match="SECRET_KEY"):
            await restore.restore(file, empty)
        assert await has_nothing()


async def test_with_another_secret_on_purpose_old_links_die_and_new_ones_work(tmp_path: Path, empty: str) -> None:
    dossier = await make_booking(await make_slot())
    old, file = dossiers.token_of(dossier.id, 0), await written(tmp_path)

    with settings_with(secret_key=OTHER):
        async with restored(file, empty, other_secret=True, verify=True) as done:
            assert (done.findings, done.relinked) == ([], 1)
            with pytest.raises(UnknownLink):
                await dossiers.by_token(old)
            assert (await dossiers.by_token(dossiers.token_of(dossier.id, 0))).id == dossier.id
            [letter] = await mail_goes_out(tmp_path)
            assert dossiers.token_of(dossier.id, 0) in letter.as_string().replace("=\n", "")


async def test_with_another_secret_a_company_finds_its_proposal_by_a_new_link_only(tmp_path: Path, empty: str) -> None:
    proposals = [await make_proposal(email=f"host{number}@exemple.test") for number in range(2)]
    await db.fetch("UPDATE proposal SET generation = 3 WHERE id = $1", proposals[0].id)
    old, file = links.token_of(proposals[1].id), await written(tmp_path)

    with settings_with(secret_key=OTHER):
        async with restored(file, empty, other_secret=True, verify=True) as done:
            assert (done.findings, done.relinked) == ([], 2)
            with pytest.raises(UnknownProposal):
                await record.by_token(old)
            for proposal, generation in zip(proposals, (3, 0), strict=True):
                assert (await record.by_token(links.token_of(proposal.id, generation))).id == proposal.id


async def test_with_its_own_secret_no_link_is_made_anew(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())

    async with restored(await written(tmp_path), empty, other_secret=True) as done:
        assert done.relinked == 0


# All or nothing


async def test_killed_while_loading_it_leaves_the_database_empty(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())
    file = await written(tmp_path)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW, file, empty, cwd=ROOT, env=environment(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"loading\n"
    process.kill()
    await process.wait()

    async with engine_on(empty):
        async with asyncio.timeout(10):  # until the server has noticed
            while await db.fetch(OTHERS_AT_WORK):
                await asyncio.sleep(0.05)
        assert await has_nothing()
        await restore.restore(file, empty, verify=True)


async def test_rows_that_changed_on_their_way_are_found(
    tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of ``verify``: a server that keeps something else than it was given."""
    await make_slot()
    copy_in = rows.copy_in

    async def spoiling(connection: db.Connection, name: str, *more: Any) -> int:
        counted = await copy_in(connection, name, *more)
        if name == "event":
            await connection.execute("UPDATE event SET title = title || ' '")
        return counted

    monkeypatch.setattr(rows, "copy_in", spoiling)

    async with restored(await written(tmp_path), empty, verify=True) as done:
        assert [line.split(":")[0] for line in done.findings] == ["table event"]


# An older backup, a newer code


async def test_an_old_backup_is_restored_as_it_was_and_then_brought_up_to_date(tmp_path: Path, empty: str) -> None:
    async with engine_on(empty):
        await BaseMigrationManager().create_migration_table()
        async with db.transaction():
            await migrations.apply(migrations.known()[0])
            for statement in OF_OLD:
                await db.fetch(statement)
        file = await written(tmp_path)
        before = await everything()
    again = empty.replace("_restored", "_restored_too")
    await fresh_database(empty, again.partition("?")[0].rpartition("/")[2])

    async with restored(file, again, verify=True) as done:
        assert done.findings == []
        assert done.migrated == migrations.known()[1:]
        assert await migrations.missing() == []
        assert set(before["columns"]) < set((await everything())["columns"])
        assert [row["title"] for row in await db.fetch("SELECT title FROM event")] == ["Les fours"]
        await booked(await make_slot(), BEN)


async def test_a_database_migrated_further_than_the_backup_starts_anew(tmp_path: Path, empty: str) -> None:
    async with engine_on(empty):
        await BaseMigrationManager().create_migration_table()
        async with db.transaction():
            await migrations.apply(migrations.known()[0])
            await db.fetch(OF_OLD[0])
        file = await written(tmp_path)
        await db.fetch("DELETE FROM organisation")
        await migrations.migrate(empty)

        done = await restore.restore(file, empty, verify=True)

        assert (done.findings, done.migrated) == ([], migrations.known()[1:])
        assert [row["slug"] for row in await db.fetch("SELECT slug FROM organisation")] == ["verrerie"]


async def test_letters_in_somebodys_hands_leave_again_once_their_lease_is_over(tmp_path: Path, empty: str) -> None:
    await make_booking(await make_slot())
    await drain(Refusing(Kind.unknown))
    file = await written(tmp_path)

    async with restored(file, empty) as done:
        assert done.waiting == 1
        with clock.at(clock.now() + timedelta(minutes=10)):
            assert len(await mail_goes_out(tmp_path)) == 1


# How the tests look at it

OTHERS_AT_WORK = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND xact_start IS NOT NULL
"""
COLUMNS_OF_EVENT = "SELECT column_name FROM information_schema.columns WHERE table_name = 'event'"


def environment(data_dir: Path) -> dict[str, str]:
    chosen = settings.current()
    return {
        **os.environ,
        "DATABASE_URL": chosen.database_url or "",
        "SECRET_KEY": chosen.secret_key,
        "DATA_DIR": str(data_dir),
    }


def rewritten(file: Path, change: Any) -> Path:
    """The same zip with other contents, whose own checksums are right."""
    forged = file.with_name("forged.zip")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(forged, "w") as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
        target.comment = source.comment
    return forged


def with_manifest(file: Path, **changes: Any) -> Path:
    """The same backup with another manifest, sealed as it should be."""

    def change(name: str, content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **changes}).encode() if name == "manifest.json" else content

    forged = rewritten(file, change)
    with zipfile.ZipFile(forged, "a") as target:
        target.comment = (archive.SEAL + sha256(target.read("manifest.json")).hexdigest()).encode()
    return forged
