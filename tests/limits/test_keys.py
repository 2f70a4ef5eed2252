"""Idempotency keys: a form that was answered gets its first answer again, for a day."""

from datetime import timedelta
from uuid import uuid4

import pytest

from service import clock, db
from service.bookings import seats
from service.bookings.seats import AlreadyBooked
from service.limits import keys
from service.limits.keys import Key, KeyReused
from tests.bookings.harness import at_once, held
from tests.makers import BEN, make_slot

FORM = {"slot": "1", "first_name": "Ben"}
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def a_key(value: str = "screen", **changes: str) -> Key:
    key = Key.of(value, {**FORM, **changes})
    assert key is not None
    return key


def test_a_key_knows_its_form_whatever_the_order_of_its_fields() -> None:
    assert Key.of("screen", {"a": "1", "b": "2"}) == Key.of("screen", {"b": "2", "a": "1"})
    assert Key.of("screen", {"a": "1", "b": "2"}) != Key.of("screen", {"a": "12", "b": ""})
    assert a_key() != a_key(first_name="Cléo")
    assert "Ben" not in repr(a_key())


async def test_a_form_without_key_is_guarded_by_nothing() -> None:
    assert Key.of("", FORM) is None
    assert await keys.answered(None) is None
    async with db.transaction():
        assert await keys.claim(None, uuid4())


async def test_a_key_is_claimed_once_and_answers_with_its_dossier() -> None:
    dossier = uuid4()
    assert await keys.answered(a_key()) is None
    async with db.transaction():
        assert await keys.claim(a_key(), dossier)
    async with db.transaction():
        assert not await keys.claim(a_key(), uuid4())
    assert await keys.answered(a_key()) == dossier


async def test_a_key_of_another_form_is_refused() -> None:
    async with db.transaction():
        await keys.claim(a_key(), uuid4())
    with pytest.raises(KeyReused):
        await keys.answered(a_key(first_name="Cléo"))


async def test_a_claim_that_is_rolled_back_never_was() -> None:
    async def claim_and_fail() -> None:
        async with db.transaction():
            await keys.claim(a_key(), uuid4())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await claim_and_fail()
    assert await keys.answered(a_key()) is None


async def test_a_claim_needs_an_open_transaction() -> None:
    with pytest.raises(db.NoTransaction):
        await keys.claim(a_key(), uuid4())


async def test_of_a_crowd_that_claims_a_key_one_gets_it() -> None:
    async def claim() -> bool:
        async with db.transaction():
            return await keys.claim(a_key(), uuid4())

    assert sum(await at_once(*(claim() for _ in range(50)))) == 1


async def test_a_key_is_kept_for_a_day_and_then_forgotten() -> None:
    slot = await make_slot()
    dossier = await seats.book(slot, BEN, key=a_key())
    with clock.at(clock.now() + DAY - SECOND):
        await keys.forget_old()
        assert (await seats.book(slot, BEN, key=a_key())).id == dossier.id
    with clock.at(clock.now() + DAY + SECOND):
        await keys.forget_old()
        with pytest.raises(AlreadyBooked):  # the table of bookings still keeps the two apart
            await seats.book(slot, BEN, key=a_key())
    assert await held(slot) == 1
