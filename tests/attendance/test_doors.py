"""Who may stand at a door: organisers, the helpers who are named for it, and who holds its link, on its day."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from service import clock, db, settings, tokens
from service.attendance import doors
from service.attendance.doors import DoorLinkNotYet, DoorLinkOver, UnknownDoor
from service.events.slots import CalledOff, UnknownSlot
from service.people import staff
from service.people.sessions import Staff
from service.people.staff import UnknownPerson
from service.people.tables import Person
from tests.attendance.harness import ADA, AFTERNOON, DAY, ENDS, door_slot
from tests.bookings.harness import at_once
from tests.makers import at_paris, make_event, make_slot
from tests.visits import settings_with
from tests.web.office.harness import ROLES, somebody


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


def as_staff(person: Person) -> Staff:
    return Staff(person.id, person.id, person.name, person.email, person.role, "fr")


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_opens_every_door_no_door_or_those_it_is_named_for(role: str) -> None:
    slot, other = await door_slot(), await door_slot()
    who = as_staff(await somebody(role))
    everywhere = role in ("admin", "organiser")
    assert await doors.may_check_in(who, slot.id) == everywhere
    if role == "door":
        await doors.grant(slot.id, who.id, ADA)
        assert [await doors.may_check_in(who, one.id) for one in (slot, other)] == [True, False]
        await doors.revoke(slot.id, who.id, ADA)
        assert not await doors.may_check_in(who, slot.id)


async def test_only_who_has_the_role_of_the_door_is_named() -> None:
    slot, gone = await door_slot(), await somebody("door")
    await staff.leave(gone.id, by=ADA)
    for person in (gone.id, (await somebody("reader")).id, slot.id):
        with pytest.raises(UnknownPerson):
            await doors.grant(slot.id, person, ADA)
    with pytest.raises(UnknownSlot):
        await doors.grant(gone.id, gone.id, ADA)


async def test_naming_somebody_often_is_naming_them_once() -> None:
    slot, helper = await door_slot(), await somebody("door")
    outcomes = await at_once(*(doors.grant(slot.id, helper.id, ADA) for _ in range(6)))
    assert outcomes == [None] * 6
    assert [(one.name, one.is_named) for one in await doors.helpers(slot.id)] == [(helper.name, True)]
    assert len(await db.fetch("SELECT 1 FROM journal WHERE verb = 'grant_door'")) == 1
    for _ in range(2):
        await doors.revoke(slot.id, helper.id, ADA)
    assert len(await db.fetch("SELECT 1 FROM journal WHERE verb = 'revoke_door'")) == 1


async def test_who_gets_another_role_loses_the_doors_that_they_were_named_for() -> None:
    slot, helper = await door_slot(), await somebody("door")
    await doors.grant(slot.id, helper.id, ADA)
    assert not await doors.may_check_in(replace(as_staff(helper), role="reader"), slot.id)


async def test_a_helper_sees_the_slots_of_today_and_later_that_they_are_named_for() -> None:
    helper = await somebody("door")
    today, next_week, past = await door_slot(), await make_slot(), await make_slot(starts_in=-2 * DAY)
    draft = await make_slot(event=await make_event(title="Brouillon"))
    await door_slot()
    for slot in (next_week, today, past, draft):
        await doors.grant(slot.id, helper.id, ADA)
    await db.fetch("UPDATE event SET state = 'draft' WHERE id = $1", draft.event_id)
    assert [one.id for one in await doors.granted_slots(helper.id)] == [today.id, next_week.id]


async def test_the_link_opens_its_door_on_its_day_only() -> None:
    slot = await door_slot()
    with clock.at(AFTERNOON - DAY):
        token = await doors.open_link(slot.id, ADA)
        with pytest.raises(DoorLinkNotYet):
            await doors.by_token(token)
    assert await doors.by_token(token) == slot.id
    assert len(token) == tokens.TOKEN_LENGTH
    with clock.at(at_paris("2031-11-24 23:59")):
        assert await doors.by_token(token) == slot.id
    with clock.at(at_paris("2031-11-25 00:00")):
        with pytest.raises(DoorLinkOver):
            await doors.by_token(token)
        with pytest.raises(DoorLinkOver):
            await doors.open_link(slot.id, ADA)


async def test_a_slot_past_midnight_keeps_its_link_to_the_end() -> None:
    slot = await make_slot(starts_at=at_paris("2031-11-24 22:00"), ends_at=at_paris("2031-11-25 02:00"))
    token = await doors.open_link(slot.id, ADA)
    with clock.at(at_paris("2031-11-25 01:00")):
        assert await doors.by_token(token) == slot.id


async def test_a_new_link_replaces_the_old_one_and_a_withdrawn_one_leads_nowhere() -> None:
    slot = await door_slot()
    first = await doors.open_link(slot.id, ADA)
    second = await doors.open_link(slot.id, ADA)
    assert await doors.link_of(slot.id) == second != first
    with pytest.raises(UnknownDoor):
        await doors.by_token(first)
    for _ in range(2):
        await doors.close_link(slot.id, ADA)
    assert await doors.link_of(slot.id) == ""
    with pytest.raises(UnknownDoor):
        await doors.by_token(second)
    assert await doors.open_link(slot.id, ADA) not in (first, second)
    verbs = [
        row["verb"] for row in await db.fetch("SELECT verb FROM journal WHERE subject_id = $1 ORDER BY id", slot.id)
    ]
    assert verbs == ["open_door_link"] * 2 + ["close_door_link", "open_door_link"]


async def test_two_organisers_who_renew_at_once_leave_one_link_that_works() -> None:
    slot = await door_slot()
    made = await at_once(*(doors.open_link(slot.id, ADA) for _ in range(4)))
    good = await doors.link_of(slot.id)
    assert len(set(made)) == 4
    assert good in made
    assert await doors.by_token(good) == slot.id


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "é", "\ud800"])
async def test_a_wrong_link_opens_nothing(token: str) -> None:
    await door_slot()
    with pytest.raises(UnknownDoor):
        await doors.by_token(token)


async def test_what_is_called_off_needs_no_link() -> None:
    slot = await make_slot(state="called_off", starts_at=ENDS)
    with pytest.raises(CalledOff):
        await doors.open_link(slot.id, ADA)


async def test_a_link_that_another_secret_made_is_none() -> None:
    slot = await door_slot()
    token = await doors.open_link(slot.id, ADA)
    with settings_with(secret_key="another secret, which is long enough"):
        assert settings.current().secret_key != token
        assert await doors.link_of(slot.id) == ""
    assert await doors.link_of(slot.id) == token


async def test_who_leaves_or_has_another_role_for_a_while_is_named_for_no_door_any_more() -> None:
    slot, helper = await door_slot(), await staff.add("Ben", "ben@campus.test", "door", by="test")
    await doors.grant(slot.id, helper.id, ADA)
    await staff.set_role(helper.id, "reader", by=ADA)
    await staff.set_role(helper.id, "door", by=ADA)
    assert await doors.granted_slots(helper.id) == []

    await doors.grant(slot.id, helper.id, ADA)
    await staff.leave(helper.id, by=ADA)
    await staff.add("Ben", "ben@campus.test", "door", by="test")
    assert await doors.granted_slots(helper.id) == []
