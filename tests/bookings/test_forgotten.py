"""The list of who was erased: never behind the database, and read with doubt."""

import asyncio
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from service import clock, db
from service.bookings import erasure, forgotten
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from tests.bookings.harness import at_once, booked, mail_goes_out, reread
from tests.makers import a_pupil, make_booking, make_slot
from tests.visits import settings_with

WHEN = datetime(2027, 3, 28, 1, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture(autouse=True)
def a_list(tmp_path: Path) -> Iterator[Path]:
    """A list of this test's own."""
    with settings_with(data_dir=tmp_path / "data"):
        yield tmp_path / "data" / "erasures"


async def test_who_is_erased_stands_in_the_list_with_the_moment(tmp_path: Path, a_list: Path) -> None:
    dossier = await make_booking(await make_slot())
    await erasure.erase(dossier)
    assert not a_list.exists()  # asked for, not done yet

    await mail_goes_out(tmp_path)

    assert forgotten.read(a_list) == {dossier.id: (await reread(dossier)).erased_at}
    assert forgotten.read(a_list) == await forgotten.known_to_the_database()
    assert stat.S_IMODE(a_list.stat().st_mode) == 0o600
    assert dossier.email not in a_list.read_text()


async def test_the_list_is_ahead_of_the_commit(tmp_path: Path, a_list: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the two: the list names somebody who is not erased yet, and soon will be."""
    dossier = await erasable()
    add = forgotten.add

    async def add_and_crash(erased: forgotten.Erased) -> None:
        await add(erased)
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(forgotten, "add", add_and_crash)
        with pytest.raises(KeyboardInterrupt):
            await erasure.finish()
    assert (await reread(dossier)).erased_at is None
    assert list(forgotten.read(a_list)) == [dossier.id]

    assert await erasure.finish() == 1
    assert list(forgotten.read(a_list)) == [dossier.id]


async def test_nobody_is_erased_without_being_listed(tmp_path: Path, a_list: Path) -> None:
    dossier = await erasable()
    a_list.mkdir(parents=True)

    with pytest.raises(forgotten.Unusable, match="Is a directory"):
        await erasure.finish()
    assert (await reread(dossier)).erased_at is None

    a_list.rmdir()
    assert await erasure.finish() == 1


async def test_of_many_workers_one_writes_the_line(a_list: Path) -> None:
    slot = await make_slot()
    dossiers = [await erasable(slot) for _ in range(3)]

    await at_once(*(erasure.finish() for _ in range(4)))

    assert len(a_list.read_text().splitlines()) == 3
    assert set(forgotten.read(a_list)) == {dossier.id for dossier in dossiers}


async def test_many_lines_written_at_once_do_not_mix(a_list: Path) -> None:
    names = [uuid4() for _ in range(60)]

    await asyncio.gather(*(forgotten.add({name: WHEN}) for name in names))

    assert forgotten.read(a_list) == dict.fromkeys(names, WHEN)


async def test_half_a_line_that_a_crash_left_spoils_neither_the_list_nor_the_next_line(a_list: Path) -> None:
    first, second = uuid4(), uuid4()
    await forgotten.add({first: WHEN})
    for length in (3, 20, 40, 60):
        with a_list.open("a") as torn:
            torn.write(forgotten.as_line(uuid4(), WHEN)[:length])

        await forgotten.add({second: WHEN})

        assert forgotten.read(a_list) == {first: WHEN, second: WHEN}


async def test_what_is_no_list_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text(forgotten.as_line(uuid4(), WHEN) + "\nDear operator,\n")
    with pytest.raises(forgotten.Unusable, match="line 2 is no line"):
        forgotten.read(file)

    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(forgotten.Unusable, match="no list of erasures"):
        forgotten.read(file)
    with pytest.raises(forgotten.Unusable, match="No such file"):
        forgotten.read(tmp_path / "nowhere")


async def erasable(slot: BookableSlot | None = None) -> Dossier:
    """A dossier whose goodbye is settled: the worker's next round erases it."""
    dossier = await booked(slot or await make_slot(), a_pupil())
    await erasure.erase(dossier)
    await db.fetch("UPDATE email SET state = 'sent', settled_at = $1", clock.now())
    return dossier
