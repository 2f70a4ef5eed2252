"""Rates: so many at once, then one an interval, for each name apart; and no name in clear."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service import clock, db, settings
from service.limits import rates
from service.limits.rates import TooOften
from service.settings import DEFAULT_RATES, Rate
from tests.bookings.harness import at_once, kinds
from tests.makers import at_paris

NOON = at_paris("2027-01-11 12:00")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BEN, CLEO = "ben@exemple.test", "cleo@exemple.test"


@contextmanager
def limit(**changes: Rate) -> Iterator[None]:
    """These rates instead of the usual ones."""
    kept = settings.current()
    settings.use(replace(kept, rate_limits={**DEFAULT_RATES, **changes}))
    try:
        yield
    finally:
        settings.use(kept)


async def test_so_many_come_at_once_and_then_one_an_interval() -> None:
    with limit(network=Rate(3, 3600)):
        assert await allowed(NOON, 5) == 3
        assert await allowed(NOON + 20 * MINUTE - 2 * SECOND, 1) == 0
        assert await allowed(NOON + 20 * MINUTE, 2) == 1
        assert await allowed(NOON + 40 * MINUTE, 2) == 1
        assert await allowed(NOON + 60 * MINUTE, 2) == 1


async def test_who_waited_for_the_whole_time_has_the_whole_allowance_again() -> None:
    with limit(network=Rate(3, 3600)):
        await allowed(NOON, 3)
        assert await allowed(NOON + 60 * MINUTE, 9) == 3
        assert await allowed(NOON + timedelta(days=9), 9) == 3  # and no more, however long they waited


@pytest.mark.parametrize("rate", [Rate(1, 60), Rate(7, 86400), Rate(7, 3600), Rate(60, 3600), Rate(99, 86400)])
async def test_a_burst_is_exactly_the_count_whatever_the_interval(rate: Rate) -> None:
    with limit(network=rate):
        assert await allowed(NOON, rate.count + 3) == rate.count


async def test_refusals_cost_nothing() -> None:
    with limit(network=Rate(3, 3600)):
        await allowed(NOON, 50)
        assert await allowed(NOON + 20 * MINUTE, 1) == 1


async def test_each_name_and_each_rate_has_its_own_allowance() -> None:
    with limit(network=Rate(1, 3600), changes=Rate(1, 3600)):
        for rate in ("network", "changes"):
            for who in (BEN, CLEO):
                await rates.spend(rate, who)
                with pytest.raises(TooOften):
                    await rates.spend(rate, who)


@pytest.mark.parametrize("count", [1, 3, 20])
async def test_of_fifty_at_once_no_more_and_no_fewer_than_the_count_pass(count: int) -> None:
    with limit(network=Rate(count, 3600)):
        outcomes = await at_once(*(rates.spend("network", BEN) for _ in range(50)))
    assert kinds(outcomes) == {"NoneType": count, "TooOften": 50 - count}


async def test_who_is_refused_is_told_from_when_on_it_works_again() -> None:
    with limit(network=Rate(3, 3600)), clock.at(NOON):
        for _ in range(3):
            await rates.spend("network", BEN)
        with clock.at(NOON + 5 * MINUTE), pytest.raises(TooOften) as refusal:
            await rates.spend("network", BEN)
        said = refusal.value.retry_at
        assert timedelta(0) <= NOON + 20 * MINUTE - said <= 2 * SECOND
        assert await allowed(said - SECOND, 1) == 0
        assert await allowed(said, 1) == 1


async def test_a_letter_counts_for_its_hour_and_for_its_day() -> None:
    with limit(letters_hour=Rate(3, 3600), letters_day=Rate(5, 86400)):
        sent = []
        for hour in range(3):
            with clock.at(NOON + timedelta(hours=hour)):
                sent.append(kinds(await at_once(*(rates.spend_letter(BEN) for _ in range(4))))["NoneType"])
    assert sent == [3, 2, 0]


async def test_no_name_is_kept_in_clear_and_two_secrets_give_two_names() -> None:
    await rates.spend("network", "192.0.2.7")
    await rates.spend_letter(BEN)
    names = [row["name"] for row in await db.fetch("SELECT name FROM rate_clock ORDER BY name")]
    assert [name.partition(":")[0] for name in names] == ["letters_day", "letters_hour", "network"]
    assert [hidden for hidden in ("192.0.2.7", "ben", "exemple") if hidden in str(names)] == []
    kept = settings.current()
    settings.use(replace(kept, secret_key="another secret"))
    try:
        await rates.spend("network", "192.0.2.7")
    finally:
        settings.use(kept)
    assert (await db.fetch("SELECT count(*) FROM rate_clock"))[0][0] == 4


async def test_clocks_that_ran_out_are_forgotten() -> None:
    with limit(network=Rate(3, 3600)), clock.at(NOON):
        await rates.spend("network", BEN)
        await at_once(*(rates.spend("network", CLEO) for _ in range(3)))
        with clock.at(NOON + 30 * MINUTE):
            await rates.forget_old()
        assert (await db.fetch("SELECT count(*) FROM rate_clock"))[0][0] == 1
        assert await allowed(NOON, 1, CLEO) == 0


async def allowed(moment: datetime, attempts: int, who: str = BEN) -> int:
    """How many of so many attempts pass at one moment."""
    with clock.at(moment):
        passed = 0
        for _ in range(attempts):
            try:
                await rates.spend("network", who)
            except TooOften:
                continue
            passed += 1
        return passed
