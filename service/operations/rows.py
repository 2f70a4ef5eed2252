"""Rows as text: how whole tables leave the database and come back, the same for every version of PostgreSQL."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

import asyncpg
from piccolo.table import sort_table_classes

from service import db, schema
from service.db import Connection
from service.limits.tables import RateClock

FLEETING = (RateClock._meta.tablename,)  # noqa: SLF001 - unlogged: the server itself forgets them in a crash
# The text of a value depends on these; with them, equal rows are equal bytes on every server.
FORMS = (
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL idle_in_transaction_session_timeout = 0",  # a slow disk between two tables is no reason to give up
)
COLUMNS = """
SELECT class.relname AS table, array_agg(attname::text ORDER BY attnum) AS columns,
       array_agg(pg_get_serial_sequence(quote_ident(relname), attname) ORDER BY attnum) AS sequences,
       array_agg(CASE WHEN attnum = ANY(indkey::int2[])
                      THEN quote_ident(attname) || CASE WHEN attcollation <> 0 THEN ' COLLATE "C"' ELSE '' END END
                 ORDER BY attnum) AS keys
FROM pg_class class JOIN pg_attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
LEFT JOIN pg_index ON indrelid = class.oid AND indisprimary
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname = ANY($1) GROUP BY relname
"""
ALL_TABLES = """
SELECT relname::text AS table FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
"""


class Refused(Exception):
    """What the operator asked for is not done; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as the database has it: ``keys`` put its rows in order, ``sequences`` number a column's new rows."""

    name: str
    columns: list[str]
    keys: list[str]
    sequences: dict[str, str]

    @property
    def query(self) -> str:
        """All its rows, in an order that does not depend on the server."""
        listed = ", ".join(f'"{column}"' for column in self.columns)
        order = f" ORDER BY {', '.join(self.keys)}" if self.keys else ""
        return f'SELECT {listed} FROM "{self.name}"{order}'  # noqa: S608 - names of ours


@dataclass(slots=True)
class Digest:
    """The fingerprint of what passes through; a place for rows to go, as COPY wants one."""

    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    async def take(self, piece: bytes) -> None:
        """Count the next bytes in."""
        self.hash.update(piece)


def names() -> list[str]:
    """The tables of this code that are worth keeping: what refers to another comes after it."""
    sorted_tables = sort_table_classes(list(schema.APP_CONFIG.table_classes))
    return [name for table in sorted_tables if (name := table._meta.tablename) not in FLEETING]  # noqa: SLF001


async def shapes(wanted: list[str]) -> list[Shape]:
    """Those of the wanted tables that exist, in the order in which they were asked for."""
    found = {row["table"]: row for row in await db.fetch(COLUMNS, wanted)}
    return [_shape(found[name]) for name in wanted if name in found]


async def strangers() -> list[str]:
    """The tables in the database that this code does not know."""
    ours = {table._meta.tablename for table in schema.APP_CONFIG.table_classes} | {"migration"}  # noqa: SLF001
    return sorted(row["table"] for row in await db.fetch(ALL_TABLES) if row["table"] not in ours)


async def copy_out(connection: Connection, shape: Shape, sink: Callable[[bytes], Awaitable[None]]) -> int:
    """Pass all rows of a table to ``sink``, piece by piece; returns how many there were."""
    tag = await connection.copy_from_query(
        shape.query, output=sink, encoding="UTF8", timeout=db.UNHURRIED_SECONDS
    )  # fmt: skip
    return _counted(tag)


async def copy_in(connection: Connection, name: str, columns: list[str], source: BinaryIO) -> int:
    """Load all rows that ``source`` holds; returns how many there were."""
    tag = await connection.copy_to_table(
        name, source=source, columns=columns, encoding="UTF8", timeout=db.UNHURRIED_SECONDS
    )
    return _counted(tag)


async def digest(connection: Connection, shape: Shape) -> str:
    """The fingerprint of all rows of a table, as their text in a backup has it."""
    seen = Digest()
    await copy_out(connection, shape, seen.take)
    return seen.hash.hexdigest()


@contextmanager
def refusals() -> Iterator[None]:
    """What the server says no to, said in one line; that it is away is another matter."""
    try:
        yield
    except asyncpg.LockNotAvailableError as held:
        raise Refused("Somebody holds the tables (a migration, a service that runs?): try again without.") from held
    except db.TROUBLE:
        raise
    except asyncpg.PostgresError as no:
        raise Refused(f"The database refuses: {no.args[0]}.") from no


def _shape(row: asyncpg.Record) -> Shape:
    sequences = {column: name for column, name in zip(row["columns"], row["sequences"], strict=True) if name}
    return Shape(row["table"], row["columns"], [key for key in row["keys"] if key], sequences)


def _counted(tag: str) -> int:
    """``COPY 12`` is twelve."""
    return int(tag.rpartition(" ")[2])
