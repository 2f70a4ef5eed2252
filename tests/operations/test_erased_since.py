"""Whoever was erased after a backup was made stays erased when it is restored."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service import clock, db
from service.attendance.tables import Presence
from service.bookings import dossiers, emails, erasure, forgotten, seats
from service.operations import checks, restore
from service.operations.rows import Refused
from tests.bookings.harness import booking_of, held, invitations_of, journal_of, letters_about, mail_goes_out, reread
from tests.bookings.queues import full_slot, joined, state_of
from tests.bookings.test_erasure import CANARY, where_it_sings
from tests.conftest import fresh_database
from tests.makers import CLEO, make_booking, make_slot
from tests.operations.harness import everything, has_nothing, own_list, restored, written
from tests.operations.test_migrations import engine_on
from tests.visits import settings_with


@pytest.fixture(autouse=True)
def _own_list(tmp_path: Path) -> Iterator[None]:
    """A list of this test's own."""
    with settings_with(data_dir=tmp_path / "data"):
        yield


@pytest.fixture
async def empty(server_url: str, worker_name: str) -> str:
    """An empty database beside the usual one."""
    return await fresh_database(server_url, f"passerelle_{worker_name}_restored")


async def test_who_was_erased_after_the_backup_is_erased_again_and_their_seat_is_free(
    tmp_path: Path, empty: str
) -> None:
    slot = await make_slot()
    dossier, other = await make_booking(slot, CANARY), await make_booking(slot, CLEO)
    await mail_goes_out(tmp_path)
    file = await written(tmp_path)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    erased_at = (await reread(dossier)).erased_at

    async with restored(file, empty, verify=True) as done:
        assert (done.erased, done.findings) == (1, [])
        assert await where_it_sings() == []
        now, booking = await reread(dossier), await booking_of(dossier)
        assert now.erased_at == now.erase_asked_at == erased_at
        assert (booking.state, booking.ended_by, booking.ended_at) == ("cancelled", "erasure", erased_at)
        assert await held(slot) == await seats_counted() == 1
        assert await invitations_of(dossier) == [("", 1, True)]
        assert await journal_of(dossier.id) == [("system", "erased")]
        assert await journal_of(booking.id) == [("booker", "book"), ("system", "cancel")]
        assert (await dossiers.by_token(dossiers.token_of(dossier.id, 0))).id == dossier.id  # the link says "erased"
        assert (await reread(other)).email == CLEO.email
        assert await mail_goes_out(tmp_path) == []


async def test_without_a_list_they_would_be_back_and_the_operator_is_told(tmp_path: Path, empty: str) -> None:
    """The negative control."""
    dossier = await make_booking(await make_slot(), CANARY)
    file = await written(tmp_path)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    own_list().unlink()

    async with restored(file, empty) as done:
        assert "dossier" in await where_it_sings()
        assert (done.erased, done.has_list) == (0, False)
        assert any(line.startswith("No list of erasures was found") for line in done.lines())


async def test_nothing_is_sent_to_a_forgotten_address(tmp_path: Path, empty: str) -> None:
    dossier = await make_booking(await make_slot(), CANARY)
    await emails.send_links(CANARY.email, "canari@exemple.test", clock.now(), "fr")
    file = await written(tmp_path)
    await mail_goes_out(tmp_path)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)

    async with restored(file, empty) as done:
        assert done.waiting == 0
        assert await mail_goes_out(tmp_path) == []
        assert [letter[:2] for letter in await letters_about(dossier)] == [("confirmation", "superseded")]
        assert await where_it_sings() == []


async def test_what_was_over_when_it_was_erased_stays_counted(tmp_path: Path, empty: str) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, CANARY)
    await mail_goes_out(tmp_path)
    booking = await booking_of(dossier)
    await Presence.insert(Presence(slot=slot.id, booking=booking.id, people=1, noted_at=slot.starts_at))
    file = await written(tmp_path)
    with clock.at(slot.ends_at + timedelta(days=1)):
        await erasure.erase(dossier)
        await mail_goes_out(tmp_path)

        async with restored(file, empty, verify=True) as done:
            assert (done.erased, done.findings) == (1, [])
            assert ((await booking_of(dossier)).state, await held(slot)) == ("confirmed", 1)
            assert await where_it_sings() == []


async def test_lists_of_other_machines_are_given_and_kept(tmp_path: Path, empty: str) -> None:
    slot = await make_slot()
    one, two = await make_booking(slot, CANARY), await make_booking(slot, replace(CANARY, first_name="Deux"))
    file = await written(tmp_path)
    lists = []
    for number, dossier in enumerate((one, two)):
        lists.append(tmp_path / f"list{number}")
        lists[-1].write_text(forgotten.as_line(dossier.id, clock.now()) + "\n")

    async with restored(file, empty, lists=lists) as done:
        assert (done.erased, await held(slot), await seats_counted()) == (2, 0, 0)
        assert set(forgotten.read(own_list())) == {one.id, two.id}
        assert await where_it_sings() == []


async def test_the_seat_of_who_was_erased_is_offered_to_who_waits_and_a_place_in_the_queue_goes(
    tmp_path: Path, empty: str
) -> None:
    slot, [holder] = await full_slot()
    gone, next_one = await joined(slot, CANARY), await joined(slot)
    file = await written(tmp_path)
    lists = tmp_path / "list"
    lists.write_text("".join(forgotten.as_line(one.id, clock.now()) + "\n" for one in (holder, gone)))

    async with restored(file, empty, verify=True, lists=[lists]) as done:
        assert (done.erased, done.findings) == (2, [])
        assert await state_of(holder, gone, next_one) == ["cancelled", "cancelled", "offered"]
        assert await where_it_sings() == []
        assert [letter[0] for letter in await letters_about(next_one) if letter[1] == "due"] == ["offer"]
        assert [letter for letter in await letters_about(gone) if letter[1] == "due"] == []
        assert (await checks.unbalanced_slots(), await checks.idle_slots()) == ([], [])


async def test_a_list_of_people_who_are_erased_in_the_backup_too_changes_nothing(tmp_path: Path, empty: str) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot, CANARY)
    await make_booking(slot, CLEO)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    before, file = await everything(), await written(tmp_path)

    async with restored(file, empty) as done:
        assert done.erased == 0
        assert await everything() == before
        async with db.transaction():
            assert await erasure.repeat(forgotten.read(own_list())) == 0


async def test_the_list_learns_whom_the_backup_knows(tmp_path: Path, empty: str) -> None:
    """On a new machine: its list must not be behind its database."""
    dossier = await make_booking(await make_slot(), CANARY)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    file = await written(tmp_path)
    own_list().unlink()

    async with restored(file, empty):
        assert forgotten.read(own_list()) == await forgotten.known_to_the_database()


async def test_an_erasure_that_was_only_asked_for_is_finished_by_the_worker(tmp_path: Path, empty: str) -> None:
    dossier = await make_booking(await make_slot(), CANARY)
    await erasure.erase(dossier)
    file = await written(tmp_path)

    async with restored(file, empty):
        await mail_goes_out(tmp_path)
        assert (await reread(dossier)).erased_at is not None
        assert await where_it_sings() == []


async def test_a_list_that_cannot_be_read_is_refused_before_anything_is_done(tmp_path: Path, empty: str) -> None:
    file = await written(tmp_path)
    (tmp_path / "letter").write_text("Dear operator,\n")

    async with engine_on(empty):
        for name in ("letter", "nowhere"):
            with pytest.raises(Refused, match=name):
                await restore.restore(file, empty, lists=[tmp_path / name])
        assert await has_nothing()


async def test_seats_that_were_not_given_back_would_be_noticed(
    tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the counts."""

    async def forgotten_seats(slot: object, number: int, audience: str) -> None:
        return None

    dossier = await make_booking(await make_slot(), CANARY)
    file = await written(tmp_path)
    await erasure.erase(dossier)
    await mail_goes_out(tmp_path)
    monkeypatch.setattr(seats, "give_back", forgotten_seats)

    async with restored(file, empty, verify=True) as done:
        assert len(done.findings) == len(await checks.unbalanced_slots()) == 1


async def seats_counted() -> int:
    return int((await db.fetch("SELECT sum(seats_taken)::int AS seats FROM slot"))[0]["seats"])
