"""A list becomes bookings: all of it or none of it, never one seat too many, and each once."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service import clock, db
from service.bookings import changes, imports, people_lists, seats
from service.bookings.imports import PeopleThere, TooManyPeople
from service.bookings.people_lists import Line, Why
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot, CalledOff, MembersOnly, SlotOver
from service.limits.keys import Key
from tests.bookings.classes import class_event
from tests.bookings.harness import (
    at_once,
    booked,
    booking_of,
    calendar_of,
    held,
    journal_of,
    kinds,
    mail_goes_out,
    somebody_else,
    until_somebody_waits,
)
from tests.bookings.queues import full_slot, joined
from tests.makers import BEN, a_pupil, make_booking, make_event, make_slot

BY = "person:ada"
NAMES_ONLY = people_lists.read("Léa;Dupont\nAli;Ben Salah\nZoé;Émery")


def listed(number: int, start: int = 0) -> list[Line]:
    """So many people with addresses."""
    return people_lists.read(
        "\n".join(f"Élève {n};Liste;liste{n}@exemple.test;LYPSO;2de" for n in range(start, start + number))
    )


async def add(slot: BookableSlot, lines: list[Line], *, tells_them: bool = True, key: Key | None = None) -> int:
    return await imports.add(slot.id, lines, BY, tells_them=tells_them, key=key)


async def test_each_has_a_confirmed_seat_and_a_letter_with_an_invitation(tmp_path: Path) -> None:
    slot = await make_slot(5)
    lines = [*listed(2), *people_lists.read("Sans;Adresse;;Ferry")]
    assert await add(slot, lines) == 3
    rows = await Dossier.objects().order_by(Dossier.email_key)
    first = rows[0]
    assert (first.first_name, first.last_name, first.school, first.level) == ("Sans", "Adresse", "Ferry", "")
    assert {(await booking_of(row)).state for row in rows} == {"confirmed"}
    sent = await mail_goes_out(tmp_path)
    assert sorted(str(message["To"].addresses[0].addr_spec) for message in sent) == [
        "liste0@exemple.test", "liste1@exemple.test",
    ]  # fmt: skip
    assert all(calendar_of(message)["UID"] for message in sent)
    assert await held(slot) == 3


async def test_who_is_not_to_be_told_is_not() -> None:
    slot = await make_slot(5)
    await add(slot, listed(2), tells_them=False)
    assert (await db.fetch("SELECT 1 FROM email"), await held(slot)) == ([], 2)


async def test_one_too_many_adds_nobody_and_says_how_many_seats_there_are() -> None:
    slot = await make_slot(5)
    await booked(slot, BEN)
    with pytest.raises(TooManyPeople) as refused:
        await add(slot, listed(6))
    assert (refused.value.people, refused.value.seats_left) == (6, 4)
    assert (await Dossier.count(), await held(slot)) == (1, 1)
    assert await add(slot, listed(4)) == 4


async def test_nobody_overtakes_the_waiting_list_not_even_a_list() -> None:
    slot, _ = await full_slot(1)
    await joined(slot)
    await db.fetch("UPDATE slot SET capacity = 9 WHERE id = $1", slot.id)
    with pytest.raises(TooManyPeople) as refused:
        await add(slot, listed(2))
    assert refused.value.seats_left == 0
    await db.fetch("UPDATE slot SET capacity = 1 WHERE id = $1", slot.id)


async def test_seats_that_are_kept_for_others_stay_theirs() -> None:
    slot = await make_slot(10, event=await class_event(kept_for_classes=8))
    with pytest.raises(TooManyPeople) as refused:
        await add(slot, listed(3))
    assert refused.value.seats_left == 2


async def test_a_list_that_is_closed_or_not_yet_open_binds_no_organiser() -> None:
    closed = await make_slot(5, closes_at=clock.now() - timedelta(days=1))
    not_yet = await make_slot(5, opens_at=clock.now() + timedelta(days=1))
    assert [await add(slot, listed(1)) for slot in (closed, not_yet)] == [1, 1]


async def test_what_is_off_over_or_an_assembly_takes_no_list() -> None:
    off = await make_slot(5)
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE id = $1", off.id)
    with pytest.raises(CalledOff):
        await add(off, listed(1))
    with pytest.raises(MembersOnly):
        await add(await make_slot(5, event=await make_event(kind="assembly", takes_individuals=False)), listed(1))
    slot = await make_slot(5)
    with clock.at(slot.ends_at), pytest.raises(SlotOver):
        await add(slot, listed(1))


async def test_who_is_there_already_is_found_by_name_and_address() -> None:
    slot = await make_slot(9)
    await make_booking(slot, replace(BEN, first_name="Léa", last_name="Dupont", email="lea@exemple.test"))
    await make_booking(slot, replace(BEN, first_name="Sans", last_name="Adresse", email=""))
    gone = await make_booking(slot, replace(BEN, first_name="Parti", last_name="Dupont", email="parti@exemple.test"))
    await changes.cancel(gone)
    lines = people_lists.read(
        "Léa;Dupont;Lea@exemple.test\nLEA;DUPONT;\nLéa;Dupont;autre@exemple.test\nSans;Adresse;x@exemple.test\n"
        "Parti;Dupont;parti@exemple.test\nAli;Dupont;lea@exemple.test"
    )
    found = [(line.number, line.why) for line in await imports.looked_up(slot.id, lines)]
    assert found == [(1, (Why.booked,)), (2, (Why.booked,)), (3, ()), (4, (Why.booked,)), (5, ()), (6, ())]
    with pytest.raises(PeopleThere) as refused:
        await add(slot, lines)
    assert (refused.value.people, await held(slot)) == (3, 2)


async def test_more_than_three_may_share_a_teacher_s_address_when_an_organiser_says_so() -> None:
    slot = await make_slot(9)
    lines = people_lists.read("\n".join(f"Élève {n};Liste;prof@exemple.test" for n in range(5)))
    assert await add(slot, lines) == 5


async def test_the_same_form_twice_or_at_once_adds_once() -> None:
    slot, key = await make_slot(9), Key.of("form", {"people": "x"})
    outcomes = await at_once(*(add(slot, listed(3), key=key) for _ in range(4)))
    assert outcomes == [3] * 4
    assert await add(slot, listed(3), key=key) == 3
    assert await held(slot) == 3


async def test_two_lists_and_a_crowd_at_once_never_oversell() -> None:
    slot = await make_slot(10)
    attempts = [add(slot, listed(6)), add(slot, listed(6, start=50)), *(booked(slot, a_pupil()) for _ in range(6))]
    outcomes = kinds(await at_once(*attempts))
    assert outcomes["int"] <= 1
    assert await held(slot) <= 10
    assert (await slots.load(slot.id)).capacity - (await seats.seats_left(slot.id)) == await held(slot)


async def test_of_two_who_add_the_same_list_at_once_one_is_told_that_they_are_there() -> None:
    for lines in (listed(3), NAMES_ONLY):
        slot = await make_slot(20)
        outcomes = kinds(await at_once(add(slot, lines), add(slot, lines)))
        assert outcomes == {"int": 1, "PeopleThere": 1}
        assert await held(slot) == 3


async def test_without_the_second_look_the_same_list_would_be_booked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the race."""

    async def glance(_: object, lines: list[Line]) -> list[Line]:
        return lines

    monkeypatch.setattr(imports, "looked_up", glance)
    slot = await make_slot(20)
    await at_once(add(slot, NAMES_ONLY), add(slot, NAMES_ONLY))
    assert await held(slot) == 6


async def test_who_is_added_while_the_date_moves_is_told_the_new_one() -> None:
    slot = await make_slot(5)
    async with somebody_else() as other:
        await other.fetch("SELECT 1 FROM slot FOR UPDATE")
        adding = asyncio.create_task(add(slot, listed(1)))
        await until_somebody_waits()
        await other.fetch("UPDATE slot SET ends_at = ends_at + interval '1 day', version = version + 1")
    await adding
    [row] = await db.fetch("SELECT facts ->> 'ends_at' AS ends_at FROM email")
    assert row["ends_at"] == (slot.ends_at + timedelta(days=1)).isoformat()


async def test_the_journal_tells_who_added_whom_and_names_nobody() -> None:
    slot = await make_slot(5)
    await add(slot, listed(2))
    assert await journal_of(slot.id) == [(BY, "import")]
    [row] = await db.fetch("SELECT facts FROM journal WHERE verb = 'import'")
    assert json.loads(row["facts"]) == {"people": 2}
    [one, _] = await Dossier.objects()
    assert await journal_of((await booking_of(one)).id) == [(BY, "add")]
