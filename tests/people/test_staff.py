"""The staff: let in with a letter, given another role, signed out, let go; and of two who do it at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from asyncpg import UniqueViolationError

from service import clock, db
from service.people import delivery, roles, sessions, sign_in, staff
from service.people.staff import AlreadyStaff, LastAdmin, UnknownPerson
from service.people.tables import Person
from tests.bookings.harness import at_once, journal_of, kinds, mail_goes_out, text_of
from tests.bookings.queues import DAY, HOUR, MINUTE, after
from tests.visits import dump

BOSS, ADA = "boss@campus.test", "ada@campus.test"


async def boss() -> Person:
    return await staff.add("Claire Martel", BOSS, "admin", by="test")


async def ada(role: str = "organiser") -> Person:
    return await staff.invite("Ada Vandamme", ADA, role, by="test")


async def a_session(person: Person) -> str:
    async with db.transaction():
        return await sessions.open_session(person.id)


async def admins() -> int:
    return len([one for one in await staff.everybody() if one.role == "admin"])


async def test_who_is_let_in_is_written_to(tmp_path: Path) -> None:
    await boss()
    person = await staff.invite("Ada Vandamme", "Ada@campus.test", "reader", by="person:boss", language="en")
    [letter] = await mail_goes_out(tmp_path)
    assert (letter["To"].addresses[0].addr_spec, letter["Content-Language"]) == ("Ada@campus.test", "en")
    assert "There is no password" in text_of(letter)
    assert await journal_of(person.id) == [("person:boss", "add_staff")]
    assert await sign_in.ask(ADA, "en")


async def test_who_is_there_already_is_not_written_to_and_stays_as_they_are(tmp_path: Path) -> None:
    await ada()
    await mail_goes_out(tmp_path)
    before = await dump()
    with pytest.raises(AlreadyStaff):
        await staff.invite("Somebody else", "ADA@campus.test", "admin", by="test")
    assert await dump() == before


async def test_who_comes_back_is_welcomed_anew_by_another_message(tmp_path: Path) -> None:
    first = await ada()
    await mail_goes_out(tmp_path)
    await staff.leave(first.id, by="test")
    again = await ada("reader")
    [letter] = await mail_goes_out(tmp_path)
    assert (again.id, again.role) == (first.id, "reader")
    ids = await db.fetch("SELECT message_id, letter FROM email ORDER BY id")
    assert len({row["message_id"] for row in ids}) == len(ids) == 2
    assert roles.may("reader", "fr") in text_of(letter)


async def test_who_is_let_go_before_the_welcome_has_left_gets_none(tmp_path: Path) -> None:
    person = await ada()
    await staff.leave(person.id, by="test")
    assert await mail_goes_out(tmp_path) == []
    [row] = await db.fetch("SELECT state, recipient FROM email")
    assert tuple(row) == ("superseded", "")


async def test_signing_somebody_out_ends_all_their_browsers_and_the_ways_in_that_wait(tmp_path: Path) -> None:
    person, other = await ada(), await boss()
    tokens, theirs = [await a_session(person) for _ in range(2)], await a_session(other)
    link, kept = await sign_in.open_directly(person.id), await sign_in.open_directly(other.id)
    await staff.sign_out(person.id, by="person:boss")
    await staff.sign_out(person.id, by="person:boss")
    assert [await sessions.of_token(token) for token in tokens] == [None, None]
    with pytest.raises(sign_in.WayInOver):
        await sign_in.by_link(link, "")
    assert await sessions.of_token(theirs)
    assert await sign_in.by_link(kept, "")
    assert await journal_of(person.id) == [("test", "add_staff"), ("person:boss", "sign_out")]


async def test_they_are_listed_by_name_with_when_they_were_last_seen() -> None:
    for name, email in (("Zoé", "z@campus.test"), ("Élodie", "e@campus.test"), ("ali", "a@campus.test")):
        await staff.add(name, email, "organiser", by="test")
    gone = await ada()
    await boss()
    await staff.leave(gone.id, by="test")
    zoe = next(one for one in await staff.everybody() if one.name == "Zoé")
    await a_session(zoe)
    with after(HOUR):
        await a_session(zoe)
        found = {one.name: one for one in await staff.listed()}
        assert list(found) == ["ali", "Claire Martel", "Élodie", "Zoé"]
        seen = found["Zoé"].seen_at
        assert seen
        assert (found["Zoé"].browsers, clock.now() - seen < MINUTE) == (1, True)
        assert (found["ali"].browsers, found["ali"].seen_at, found["ali"].is_unreached) == (0, None, False)
    await delivery.mark_undeliverable("E@campus.test", "550")
    assert [one.name for one in await staff.listed() if one.is_unreached] == ["Élodie"]
    with after(HOUR + 31 * MINUTE):
        assert next(one for one in await staff.listed() if one.name == "Zoé").browsers == 0


@pytest.mark.parametrize("verb", ["role", "admin", "leave", "sign_out"])
async def test_of_nobody_nothing_can_be_changed(verb: str) -> None:
    await boss()
    before = await dump()
    verbs: dict[str, Callable[[UUID], Any]] = {
        "role": lambda who: staff.set_role(who, "reader", by="test"),
        "admin": lambda who: staff.set_role(who, "admin", by="test"),
        "leave": lambda who: staff.leave(who, by="test"),
        "sign_out": lambda who: staff.sign_out(who, by="test"),
    }
    with pytest.raises(UnknownPerson):
        await verbs[verb](uuid4())
    assert await dump() == before


async def test_who_has_left_gets_no_role_by_an_old_page() -> None:
    await boss()
    person = await ada()
    await staff.leave(person.id, by="test")
    await staff.leave(person.id, by="test")
    for change in (staff.set_role(person.id, "admin", by="test"), staff.sign_out(person.id, by="test")):
        with pytest.raises(UnknownPerson):
            await change
    with after(DAY):
        assert await admins() == 1


# --- two administrators at once


async def both_add() -> list[Any]:
    return await at_once(*(staff.invite(f"Ada {n}", ADA, "reader", by=f"person:{n}") for n in range(4)))


async def test_of_two_who_add_one_address_one_does_and_one_letter_leaves(tmp_path: Path) -> None:
    assert kinds(await both_add()) == {"Person": 1, "AlreadyStaff": 3}
    assert len(await mail_goes_out(tmp_path)) == 1


async def test_without_the_lock_the_table_itself_has_to_say_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: nobody is there twice, but the others meet an error instead of a sentence."""
    _without_lock(monkeypatch)
    fetch = db.fetch

    async def slowly(sql: str, *values: Any) -> list[Any]:
        found = await fetch(sql, *values)
        await asyncio.sleep(0.05 if sql == staff.BY_ADDRESS else 0)
        return found

    monkeypatch.setattr(db, "fetch", slowly)
    assert UniqueViolationError in {type(one) for one in await both_add()}


async def they_demote_each_other() -> list[Any]:
    claire, ben = await boss(), await staff.add("Ben", "ben@campus.test", "admin", by="test")
    return await at_once(
        staff.set_role(ben.id, "organiser", by=f"person:{claire.id}"), staff.leave(claire.id, by=f"person:{ben.id}")
    )


async def test_of_two_administrators_who_demote_each_other_exactly_one_stays() -> None:
    assert kinds(await they_demote_each_other()) == {"NoneType": 1, "LastAdmin": 1}
    assert await admins() == 1


async def test_without_the_lock_none_would_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    _without_lock(monkeypatch)
    check = staff._check_not_last_admin

    async def slowly(person: UUID) -> None:
        await check(person)
        await asyncio.sleep(0.05)

    monkeypatch.setattr(staff, "_check_not_last_admin", slowly)
    assert kinds(await they_demote_each_other()) == {"NoneType": 2}
    assert await admins() == 0


async def test_who_alone_may_change_the_staff_stays_whatever_they_try() -> None:
    person = await boss()
    for change in (staff.leave(person.id, by="test"), staff.set_role(person.id, "door", by="test")):
        with pytest.raises(LastAdmin):
            await change
    assert await admins() == 1


def _without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing() -> None:
        return None

    monkeypatch.setattr(staff, "_alone", nothing)
