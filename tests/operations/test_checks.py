"""What an operator is told when something is wrong, and when nothing is."""

from datetime import timedelta

from service import clock, db
from service.operations import checks
from tests.makers import a_pupil, make_booking, make_slot

HOUR = timedelta(hours=1)


async def test_nothing_is_found_where_all_is_well() -> None:
    await make_booking(await make_slot())

    assert await checks.findings() == []


async def test_a_counter_that_lies_is_found() -> None:
    slot = await make_slot(5)
    await make_booking(slot)
    await db.fetch("UPDATE slot SET seats_taken = 3")

    assert await checks.unbalanced_slots() == [checks.Unbalanced(slot.id, 3, 1)]
    assert [line.split(":")[0] for line in await checks.findings()] == [f"slot {slot.id}"]
    await db.fetch("UPDATE slot SET seats_taken = 1")


async def test_letters_that_wait_too_long_and_letters_that_failed_are_found() -> None:
    slot = await make_slot()
    for _ in range(2):
        await make_booking(slot, a_pupil())
    await db.fetch("UPDATE email SET state = 'failed', settled_at = now() WHERE id = (SELECT min(id) FROM email)")

    with clock.at(clock.now() + 2 * HOUR):
        found = await checks.findings()

    assert [line.split(" ")[0] for line in found] == ["1", "1"]
    assert "more than an hour" in found[0]
    assert "could not be delivered" in found[1]
