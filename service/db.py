"""The one door to PostgreSQL: the engine, its pool and its transactions."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

import asyncpg
from piccolo.columns import Serial
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString
from piccolo.table import Table

os.environ["PICCOLO_CONF"] = "service.schema"  # where Piccolo looks for the engine that its tables run on

ACQUIRE_SECONDS = 5.0
COMMAND_SECONDS = 12.0
CLOSE_SECONDS = 5.0
UNHURRIED_SECONDS = 86_400.0
TIME_LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
    "idle_session_timeout": "10min",
    # A statement whose client is gone (cancelled request, killed process) would keep its locks until it ends.
    "client_connection_check_interval": "1s",
}

# What it looks like from here when the database is away, starting, stopping or too busy to answer.
TROUBLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # "not currently accepting connections"
    asyncpg.IdleInTransactionSessionTimeoutError,
)

Connection = Any  # asyncpg's pool lends a proxy that it does not type as a Connection


class NestedTransaction(Exception):
    """A transaction was opened inside another: stock Piccolo would join the two and keep half a change."""


class NoTransaction(Exception):
    """An inner step was called outside a transaction."""


class NotCommitted(Exception):
    """PostgreSQL answered ROLLBACK to COMMIT: an error was caught inside, nothing was kept."""


class Transaction:
    """An open transaction, as Piccolo's queries look it up: they run on its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._task = asyncio.current_task()

    @property
    def connection(self) -> Connection:
        """The connection, for the task that opened the transaction only: a spawned one could outlive it."""
        if not self.is_mine():
            raise NoTransaction
        return self._connection

    def is_mine(self) -> bool:
        """Whether the running task is the one that opened the transaction."""
        return asyncio.current_task() is self._task

    async def take_your_time(self) -> None:
        """Lift the limits on a statement's length, on both sides, until the end: for a migration."""
        await self.connection.execute("SET LOCAL statement_timeout = 0")
        self._connection = _Unhurried(self._connection)


class Database(PostgresEngine):
    """Piccolo's engine, with an address given at start and transactions that never leak a connection."""

    current_transaction: Any  # Piccolo's type asks for its own transactions

    def __init__(self) -> None:
        super().__init__(config={})

    async def check_version(self) -> None:
        """Importing the tables must not need a database (the stock engine asks for its version at once)."""

    async def open(self, url: str, *, size: int = 5, name: str = "passerelle") -> None:
        """Open a pool of at most ``size`` connections to ``url``. Raises OSError or asyncpg errors."""
        self.pool = await asyncpg.create_pool(
            url,
            min_size=0,  # a server that is away at the start is waited for like one that goes away later
            max_size=size,
            timeout=ACQUIRE_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings={"application_name": name, **TIME_LIMITS},
            # No session state is ever set, so the round trip that would reset it is spared.
            reset=_keep_session,
        )

    async def close(self) -> None:
        """Close the pool; what still runs after 5 s is cut off."""
        pool, self.pool = self.pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:  # type: ignore[override]
        """All or nothing: COMMIT at the end, ROLLBACK when anything flies out.

        Raises NestedTransaction; NotCommitted when the server kept nothing; TimeoutError when no connection
        is free. However it ends, the pool gets its place back and a connection in doubt is never used again.
        """
        if self.current_transaction.get() is not None:
            raise NestedTransaction
        async with self._lent() as connection:
            await _or_end(connection, "BEGIN")
            transaction = Transaction(connection)
            token = self.current_transaction.set(transaction)
            try:
                yield transaction
            except BaseException as why:
                await _roll_back(connection, why)
                raise
            else:
                if await _or_end(connection, "COMMIT") != "COMMIT":
                    raise NotCommitted
            finally:
                self.current_transaction.reset(token)

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Connection]:
        """A connection of the pool, which gets it back even when this task is being cancelled."""
        pool = self.pool
        if pool is None:
            raise RuntimeError("the database is not open")
        async with asyncio.timeout(ACQUIRE_SECONDS):
            connection = await pool.acquire()  # its own timeout can swallow a cancellation
        try:
            yield connection
        except asyncpg.InternalClientError as lost:  # the server's farewell lay unread: said as any other loss is
            raise asyncpg.ConnectionDoesNotExistError(str(lost)) from lost
        finally:
            if not _has_ended(connection) and connection.is_in_transaction():
                connection.terminate()
            # The pool has its place back in any case; what was committed must not look as if it had failed.
            with suppress(Exception):
                await pool.release(connection, timeout=ACQUIRE_SECONDS)

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        async with self._lent() as connection:
            return await connection.fetch(query, *(args or ()))

    async def get_new_connection(self) -> Connection:
        """Refuse: outside the pool there are no time limits and no address."""
        raise RuntimeError("the database is not open")


engine = Database()


def transaction() -> Any:
    """Open the transaction of a public verb: ``async with db.transaction():``."""
    return engine.transaction()


def inside_transaction() -> None:
    """Assert that the caller, an inner step, runs within its verb's transaction."""
    current = engine.current_transaction.get()
    if current is None or not current.is_mine():
        raise NoTransaction


async def fetch(sql: str, *values: Any) -> list[Any]:
    """Run one hand-written statement with ``$1``-style values; inside the open transaction, if any."""
    return list(await engine.run_querystring(_Plain(sql, values)))


async def insert(row: Table, *, unless: str = "") -> bool:
    """Insert one row, by a statement that is put together once a table: Piccolo does it anew for every row.

    With ``unless`` naming a unique column, a row that has its value already is no error: False, and nothing is done.
    """
    columns = _columns(type(row))
    clash = f' ON CONFLICT ("{unless}") DO NOTHING' if unless else ""
    values = [getattr(row, name) for name in columns]
    return bool(await fetch(_insert(type(row)) + clash + " RETURNING 1", *values))


@cache
def _columns(table: type[Table]) -> list[str]:
    """All columns but those that the database numbers."""
    return [column._meta.name for column in table._meta.columns if not isinstance(column, Serial)]  # noqa: SLF001


@cache
def _insert(table: type[Table]) -> str:
    names = _columns(table)
    listed, places = ", ".join(f'"{name}"' for name in names), ", ".join(f"${n}" for n in range(1, len(names) + 1))
    return f'INSERT INTO "{table._meta.tablename}" ({listed}) VALUES ({places})'  # noqa: S608, SLF001 - names of ours


class _Plain(QueryString):
    """A statement that is SQL already: its values are bound by the server, nothing is put into the text."""

    def __init__(self, sql: str, values: Sequence[Any]) -> None:
        super().__init__("")
        self.sql, self.values = sql, list(values)

    def compile_string(self, engine_type: str = "postgres") -> tuple[str, list[Any]]:  # noqa: ARG002
        return self.sql, self.values


class _Unhurried:
    """A connection whose queries get a day instead of ``command_timeout``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self._connection.fetch(query, *args, timeout=UNHURRIED_SECONDS)


async def _keep_session(_: Connection) -> None:
    return None


async def _or_end(connection: Connection, statement: str) -> str:
    """Run it and return its tag. A failed one may have been heard or not: the connection ends."""
    try:
        return str(await connection.execute(statement))
    except BaseException:
        _end(connection)
        raise


async def _roll_back(connection: Connection, why: BaseException) -> None:
    """Undo, unless the connection is in doubt: after a cancellation or a cut it is ended instead."""
    if _has_ended(connection) or isinstance(why, asyncio.CancelledError | GeneratorExit):
        _end(connection)
        return
    try:
        await connection.execute("ROLLBACK", timeout=2)
    except BaseException as failed:
        _end(connection)
        if not isinstance(failed, Exception):
            raise


def _has_ended(connection: Connection) -> bool:
    """Whether the connection is gone: asyncpg then takes it back by itself, and answers nothing any more."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def _end(connection: Connection) -> None:
    with suppress(asyncpg.InterfaceError):
        connection.terminate()
