"""What an operator is told when something is wrong, and when nothing is."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from service import clock, db
from service.attendance import check_in
from service.bookings import attendees, changes, erasure, options, waiting
from service.bookings.names import Name
from service.bookings.plans import Party
from service.operations import checks
from tests.attendance.harness import AFTERNOON, door_slot
from tests.bookings.classes import a_class, again, class_slot, end_of
from tests.bookings.harness import booking_of
from tests.bookings.queues import DAY, ask, deadline_of, full_slot, joined, some
from tests.makers import a_pupil, make_booking, make_event, make_slot

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


@pytest.mark.parametrize(("lie", "found"), [("class_seats = 2", (2, 3, 1, 1)), ("partner_seats = 0", (3, 3, 0, 1))])
async def test_a_counter_of_an_audience_that_lies_is_found(lie: str, found: tuple[int, ...]) -> None:
    slot = await make_slot(9)
    await ask(slot, "class", 3)
    await ask(slot, "partner")
    await ask(slot, "individual")
    assert await checks.unbalanced_slots() == []
    await db.fetch(f"UPDATE slot SET {lie}")

    assert await checks.unbalanced_slots() == [checks.Unbalanced(slot.id, 5, 5, 0, 0, *found)]
    [line] = await checks.findings()
    assert f"{found[0]} counted for classes, {found[1]} held" in line
    assert f"{found[2]} counted for partners, {found[3]} held" in line
    await db.fetch("UPDATE slot SET class_seats = 3, partner_seats = 1")


async def test_a_seat_that_is_kept_for_others_is_not_idle() -> None:
    slot = await make_slot(4, event=await make_event(takes_classes=True, kept_for_classes=2))
    pupils = await some(slot, "individual", 2)
    await some(slot, "individual", 2)
    assert await checks.idle_slots() == []

    await db.fetch("UPDATE event SET kept_for_classes = 1")  # past the verb that would offer it
    assert await checks.idle_slots() == [slot.id]
    await db.fetch("UPDATE event SET kept_for_classes = 2")
    await changes.cancel(pupils[0])
    assert await checks.idle_slots() == []


@pytest.mark.parametrize("fill", ["strict", "best_fit"])
async def test_who_stays_in_the_own_share_is_idle_whoever_is_waited_for(fill: str) -> None:
    event = await make_event(takes_classes=True, kept_for_classes=2, kept_for_individuals=2)
    slot = await make_slot(4, event=event, fill=fill)
    for _ in range(2):
        await ask(slot, "class", 2)
    await some(slot, "individual", 3)
    await db.fetch("UPDATE booking SET passed_over = 3 WHERE state = 'waiting'")
    assert await checks.idle_slots() == []

    await db.fetch("UPDATE event SET kept_for_individuals = 3, kept_for_classes = 1")
    await db.fetch("UPDATE slot SET capacity = 5")
    assert await checks.idle_slots() == [slot.id]
    await waiting.resize(slot.id, 5)
    assert await checks.idle_slots() == []


@pytest.mark.parametrize("fill", ["strict", "best_fit"])
async def test_who_wants_more_than_there_is_makes_nobody_wait(fill: str) -> None:
    slot, _ = await full_slot(2, fill=fill)
    big = await joined(slot, wants=4)
    await db.fetch("UPDATE booking SET passed_over = 3 WHERE state = 'waiting'")
    await joined(slot)
    assert await checks.idle_slots() == []
    await db.fetch("UPDATE slot SET capacity = 3")
    assert await checks.idle_slots() == [slot.id]
    await db.fetch("UPDATE slot SET capacity = 4")
    assert await checks.idle_slots() == []
    await changes.cancel(big)


async def test_a_released_share_that_nobody_offers_is_overdue_after_an_hour_and_no_broken_rule() -> None:
    slot = await make_slot(2, event=await make_event(kept_for_partners=1, kept_days=2))
    await some(slot, "individual", 2)
    released = slot.starts_at - 2 * DAY
    with clock.at(released + HOUR - timedelta(minutes=1)):
        assert (await checks.broken_rules(), await checks.overdue_slots()) == ([], [])
    with clock.at(released + HOUR + timedelta(minutes=1)):
        assert (await checks.broken_rules(), await checks.overdue_slots()) == ([], [slot.id])
        assert [line for line in await checks.late_offers() if "waiting list stands still" in line] != []
        await waiting.expire()
        assert await checks.late_offers() == []


@pytest.mark.parametrize("of_event", [{}, {"needs_approval": True}])
async def test_a_hold_that_nobody_ends_for_an_hour_is_found(of_event: dict[str, Any]) -> None:
    slot = await class_slot(40, **of_event)
    dossier = await a_class(slot)
    for minutes, found in ((-1, []), (1, [slot.id])):
        with clock.at(await end_of(dossier) + HOUR + timedelta(minutes=minutes)):
            assert await checks.outlived_slots() == found
            assert [line.partition(":")[0] for line in await checks.late_offers()] == [f"slot {one}" for one in found]
            assert await checks.broken_rules() == []


async def test_nothing_is_odd_about_a_class_in_any_of_its_states() -> None:
    slot = await class_slot(20)
    await make_booking(slot)
    held = await a_class(slot, Party(10, 1), "2de 1")
    await options.confirm(held)
    await attendees.save(held, {(await booking_of(held)).id: [Name("DUPONT", "Léa")]})
    await a_class(slot, Party(5, 0), "2de 2", later=Party(5, 0))
    await a_class(await class_slot(40, needs_approval=True))
    await erasure.erase(await a_class(await class_slot(40, option_days=None), label="1re"))
    assert await checks.findings() == []


ALONE = "(SELECT id FROM booking WHERE pupils = 0)"
CLASS = "(SELECT id FROM booking WHERE chaperones = 1)"
REST = "(SELECT id FROM booking WHERE state = 'waiting')"


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (f"UPDATE booking SET state = 'option', expires_at = now() WHERE id = {ALONE}", "comes alone"),
        (f"UPDATE booking SET audience = 'individual' WHERE id = {CLASS}", "counted as somebody who comes alone"),
        (f"UPDATE booking SET awaits_approval = true WHERE id = {CLASS}", "awaits a word still"),
        (f"UPDATE booking SET awaits_guardian = true WHERE id = {ALONE}", "awaits a word still"),
        (f"UPDATE booking SET expires_at = now() + interval '1 year' WHERE id = {CLASS}", "past the start"),
        (
            f"UPDATE booking SET state = 'offered', expires_at = now(), email_key = '' WHERE id = {REST}",
            "more than its rest",
        ),
        (f"UPDATE booking SET passed_over = 4 WHERE id = {REST}", "passed over"),
        ("UPDATE dossier SET email_key = 'autre@exemple.test' WHERE class_label = ''", "two addresses"),
        ("UPDATE dossier SET erase_asked_at = now() WHERE class_label = ''", "being erased"),
        (f"UPDATE invitation SET subject_id = {CLASS}", "in a calendar"),
        (f"INSERT INTO attendee (id, booking, number) VALUES (gen_random_uuid(), {ALONE}, 1)", "no class comes"),
    ],
)
async def test_a_booking_that_cannot_be_is_found(lie: str, said: str) -> None:
    slot = await class_slot(20)
    await make_booking(slot)
    await a_class(await again(slot), Party(8, 1), later=Party(11, 0))
    assert await checks.odd_bookings() == []
    await db.fetch(lie)

    assert {what for what, _ in await checks.odd_bookings() if said in what} != set()
    assert [line for line in await checks.findings() if line.startswith("booking ") and said in line] != []
    await db.fetch("DELETE FROM attendee")
    await db.fetch("DELETE FROM booking")
    await db.fetch("UPDATE slot SET seats_taken = 0, seats_waiting = 0, class_seats = 0")


@pytest.mark.parametrize(
    "lie",
    [
        "state = 'pending', expires_at = now()",
        "state = 'pending', awaits_approval = true",
        "state = 'option'",
        "pupils = 3, chaperones = 1",
        "pupils = -1, chaperones = 2",
        "state = 'expired'",
        "audience = 'vip'",
    ],
)
async def test_what_a_table_refuses_need_not_be_looked_for(lie: str) -> None:
    await make_booking(await make_slot())
    with pytest.raises(asyncpg.CheckViolationError):
        await db.fetch(f"UPDATE booking SET {lie}")


async def test_a_queue_that_is_counted_wrong_is_found() -> None:
    slot, _ = await full_slot()
    await joined(slot)
    await db.fetch("UPDATE slot SET seats_waiting = 3")

    assert await checks.unbalanced_slots() == [checks.Unbalanced(slot.id, 1, 1, 3, 1)]
    assert [line.split(":")[0] for line in await checks.findings()] == [f"slot {slot.id}"]
    await db.fetch("UPDATE slot SET seats_waiting = 1")


async def test_a_queue_that_stands_still_beside_a_free_seat_is_found() -> None:
    slot, _ = await full_slot()
    await joined(slot)
    assert await checks.findings() == []
    await db.fetch("UPDATE slot SET capacity = 2")  # past the verb that would offer it

    assert await checks.idle_slots() == [slot.id]
    assert [line.partition(": ")[0] for line in await checks.findings()] == [f"slot {slot.id}"]
    await waiting.resize(slot.id, 2)
    assert await checks.findings() == []


async def test_a_seat_that_is_kept_together_with_others_for_the_first_is_not_idle() -> None:
    """Only whose turn it is counts: behind an entry that waits for enough, nobody's."""
    slot, [holder, _] = await full_slot(2)
    big = await joined(slot, wants=2)
    await db.fetch("UPDATE booking SET passed_over = 3 WHERE state = 'waiting'")
    await joined(slot)
    await changes.cancel(holder)
    assert await checks.findings() == []

    await db.fetch("UPDATE booking SET passed_over = 2 WHERE seats = 2")
    assert await checks.idle_slots() == [slot.id]
    await changes.cancel(big)


async def test_in_the_last_hour_a_seat_that_is_open_to_all_is_not_idle() -> None:
    slot, [holder] = await full_slot()
    await joined(slot)
    with clock.at(slot.closes_at - HOUR + timedelta(seconds=1)):
        await changes.cancel(holder)
        assert await checks.idle_slots() == []
    await waiting.resize(slot.id, 1)


async def test_an_offer_or_a_queue_that_nobody_ends_for_an_hour_is_found() -> None:
    slot, [holder] = await full_slot()
    entry, _ = await joined(slot), await joined(slot)
    await changes.cancel(holder)
    for over in (await deadline_of(entry), slot.closes_at):
        with clock.at(over + HOUR - timedelta(minutes=1)):
            assert await checks.late_offers() == []
        with clock.at(over + HOUR + timedelta(minutes=1)):
            assert await checks.overdue_slots() == [slot.id]
            assert [line for line in await checks.findings() if "waiting list stands still" in line] != []
            await waiting.expire()
            assert await checks.late_offers() == []
        if over < slot.closes_at:
            await db.fetch("UPDATE booking SET state = 'confirmed', expires_at = NULL WHERE state = 'offered'")
            await joined(slot)


async def test_a_restored_offer_that_lapsed_meanwhile_is_no_broken_rule() -> None:
    """The worker will end it: a backup that holds one is in order."""
    slot, [holder] = await full_slot()
    await joined(slot)
    await changes.cancel(holder)
    with clock.at(clock.now() + 2 * DAY):
        assert await checks.broken_rules() == []
        assert await checks.overdue_slots() == [slot.id]


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


@pytest.mark.parametrize(
    ("lie", "what"),
    [
        ("UPDATE presence SET slot = (SELECT id FROM slot WHERE id <> presence.slot)", "at another slot"),
        ("UPDATE presence SET people = 9", "more people than it has seats"),
        ("UPDATE slot SET state = 'called_off', called_off_reason = 'x'", "although the slot was called off"),
    ],
)
async def test_what_the_door_cannot_have_noted_is_found(lie: str, what: str) -> None:
    with clock.at(AFTERNOON):
        slot, _ = await door_slot(), await make_slot()
        booking = (await booking_of(await make_booking(slot))).id
        await check_in.mark_present(slot.id, booking, "person:ada")
    assert await checks.odd_bookings() == []
    await db.fetch(lie)

    [(found, named)] = await checks.odd_bookings()
    assert what in found
    assert named == booking
