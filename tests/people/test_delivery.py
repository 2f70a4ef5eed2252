"""Whether mail reaches an address: the last word counts, and nothing else is kept of it."""

from datetime import timedelta

from service import clock, db
from service.people import delivery
from tests.bookings.harness import at_once

BEN = "ben@exemple.test"


async def test_an_address_is_taken_to_work_until_it_is_refused() -> None:
    assert not await delivery.is_undeliverable(BEN)
    await delivery.mark_undeliverable("Ben@Exemple.test", "550 no such user")
    assert await delivery.is_undeliverable(BEN)
    assert not await delivery.is_undeliverable("cleo@exemple.test")


async def test_an_address_that_takes_mail_again_works_again() -> None:
    await delivery.mark_undeliverable(BEN, "550 no such user")
    await delivery.mark_reached("BEN@exemple.test")
    assert not await delivery.is_undeliverable(BEN)
    await delivery.mark_undeliverable(BEN, "552 full")
    assert await delivery.is_undeliverable(BEN)


async def test_an_address_that_takes_mail_leaves_no_trace() -> None:
    await delivery.mark_reached(BEN)
    await delivery.mark_undeliverable(BEN, "550 no such user")
    await delivery.mark_reached(BEN)
    assert await db.fetch("SELECT * FROM address") == []


async def test_an_address_is_undeliverable_since_its_first_refusal_for_its_last_reason() -> None:
    await delivery.mark_undeliverable(BEN, "550 no such user")
    first = (await db.fetch("SELECT undeliverable_since FROM address"))[0][0]
    with clock.at(clock.now() + timedelta(days=1)):
        await delivery.mark_undeliverable(BEN, "552 full")
    [row] = await db.fetch("SELECT * FROM address")
    assert tuple(row) == (BEN, first, "552 full")


async def test_a_crowd_of_refusals_is_one_mark() -> None:
    await at_once(*(delivery.mark_undeliverable(BEN, "550") for _ in range(20)))
    assert (await db.fetch("SELECT count(*) FROM address"))[0][0] == 1
