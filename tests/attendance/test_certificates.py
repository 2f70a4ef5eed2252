"""Certificates as values: only for who was there, and of a class for no more pupils than came."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from service import clock
from service.attendance import certificates, check_in, closing
from service.attendance.certificates import MoreThanCame, NoPresence, NotOverYet
from service.bookings import attendees, erasure
from service.bookings.names import Name
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot, UnknownSlot
from tests.attendance.harness import ADA, AFTERNOON, ENDS, door_slot, id_of
from tests.bookings.classes import a_class_of
from tests.makers import BEN, CLEO, make_booking
from tests.visits import counted

PUPILS = [Name("ZOLA", "Ana"), Name("ÉMERY", "Éva"), Name("D’HÔTE", "Léa")]


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


async def came(slot: BookableSlot, dossier: Dossier, people: int = 1) -> None:
    await check_in.count_class(slot.id, await id_of(dossier), people, ADA)


async def class_with_names(slot: BookableSlot, people: int) -> Dossier:
    dossier = await a_class_of(slot, pupils=3, chaperones=1)
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: PUPILS})
    await came(slot, dossier, people)
    return dossier


async def test_who_was_there_has_one_once_it_is_over() -> None:
    slot = await door_slot(title="Visite de la verrerie")
    dossier = await make_booking(slot, CLEO)
    await came(slot, dossier)
    with pytest.raises(NotOverYet) as refused:
        await certificates.of_dossier(dossier)
    assert (refused.value.ends_at, await certificates.attended(dossier)) == (ENDS, set())
    with clock.at(ENDS):
        found = await certificates.of_dossier(dossier)
        assert await certificates.attended(dossier) == {slot.id}
        assert await certificates.of_booking(await id_of(dossier)) == found
    assert (found.name, found.origin, found.title) == ("D'HÔTE-VANDAMME Cléo", CLEO.school, "Visite de la verrerie")
    assert (found.starts_at, found.ends_at, found.place) == (slot.starts_at, slot.ends_at, slot.place)


async def test_who_was_absent_or_never_counted_has_none() -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    with clock.at(ENDS):
        with pytest.raises(NoPresence):
            await certificates.of_dossier(dossier)
        await closing.close(slot.id, ADA)
        for asked in (certificates.of_dossier(dossier), certificates.of_booking(uuid4())):
            with pytest.raises(NoPresence):
                await asked


async def test_a_class_has_its_own_and_one_for_each_pupil_by_name() -> None:
    slot = await door_slot()
    dossier = await class_with_names(slot, 4)
    with clock.at(ENDS):
        found = await certificates.of_dossier(dossier)
    assert (found.label, found.people, found.seats, found.is_class) == ("2de 4", 4, 4, True)
    whole, *pupils = certificates.pages(found)
    assert whole == found
    assert [one.name for one in pupils] == ["D’HÔTE Léa", "ÉMERY Éva", "ZOLA Ana"]
    assert {(one.origin, one.is_class) for one in pupils} == {(f"2de 4, {CLEO.school}", False)}


async def test_there_are_never_more_than_came() -> None:
    slot = await door_slot()
    dossier = await class_with_names(slot, 2)
    with clock.at(ENDS):
        found = await certificates.of_dossier(dossier)
    assert certificates.pages(found) == [found]  # who of them came, only the teacher knows
    assert [one.name for one in certificates.pages(found, [0, 2])[1:]] == ["D’HÔTE Léa", "ZOLA Ana"]
    assert certificates.pages(found, []) == [found]
    assert len(certificates.pages(found, [0, 0, 0, 99])) == 2
    with pytest.raises(MoreThanCame) as refused:
        certificates.pages(found, [0, 1, 2])
    assert (refused.value.names, refused.value.people) == (3, 2)


async def test_who_of_a_class_was_missing_is_not_guessed() -> None:
    slot = await door_slot()
    dossier = await class_with_names(slot, 3)  # three names, and three of four people: one of them may be the teacher
    with clock.at(ENDS):
        found = await certificates.of_dossier(dossier)
    assert certificates.pages(found) == [found]
    assert len(certificates.pages(found, [0, 1, 2])) == 4


async def test_a_class_over_two_slots_has_one_of_each_that_it_came_to() -> None:
    first, second = await door_slot(), await door_slot()
    dossier = await a_class_of(first, second, pupils=3, chaperones=1)
    [booking] = [g.id for g in await attendees.groups(dossier) if g.held.slot.id == second.id]
    await check_in.mark_present(second.id, booking, ADA)
    with clock.at(ENDS):
        assert (await certificates.of_dossier(dossier)).slot == second.id
        with pytest.raises(NoPresence):
            await certificates.of_dossier(dossier, first.id)


async def test_those_of_a_slot_are_the_classes_then_everybody_by_name_in_three_questions() -> None:
    slot = await door_slot()
    for who in (BEN, CLEO):
        await came(slot, await make_booking(slot, who))
    await class_with_names(slot, 4)
    absentee = replace(CLEO, first_name="Ana", last_name="Absente", email="a@exemple.test")
    await make_booking(slot, absentee)
    with clock.at(ENDS), counted() as statements:
        found = await certificates.of_slot(slot.id)
    assert [one.label or one.name for one in found] == ["2de 4", "D'HÔTE-VANDAMME Cléo", "DELATTRE Ben"]

    assert len(statements) == 3


async def test_of_an_unknown_slot_or_one_without_presences_there_is_no_file() -> None:
    slot = await door_slot()
    with clock.at(ENDS):
        with pytest.raises(NoPresence):
            await certificates.of_slot(slot.id)
        with pytest.raises(UnknownSlot):
            await certificates.of_slot(uuid4())


async def test_who_erased_their_details_is_named_nowhere() -> None:
    slot = await door_slot()
    dossier = await make_booking(slot)
    await came(slot, dossier)
    with clock.at(ENDS):
        await erasure.erase(dossier)
        with pytest.raises(NoPresence):
            await certificates.of_slot(slot.id)
