"""How many SQL statements each answer costs, counted on the connection."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import httpx

from service import db, settings
from service.app import create_app
from tests.bench import seeds
from tests.bench.seeds import Target

BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK")
_people = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Counted:
    """Statements that do something, and those that begin or end a transaction: each is one round trip."""

    statements: int
    brackets: int


async def count(url: str, slots: dict[int, Target], pages: dict[str, str]) -> dict[str, dict[str, int]]:
    """Statements by page and by kind of booking, each counted at its second time, with all caches warm."""
    counted = {}
    async with _visitor(url) as (visitor, seen):
        for name, ask in (await _questions(visitor, slots, pages)).items():
            for _ in range(2):
                seen.clear()
                await ask()
            counted[name] = asdict(_counted(seen))
    return counted


async def _questions(
    visitor: httpx.AsyncClient, slots: dict[int, Target], pages: dict[str, str]
) -> dict[str, Callable[[], Awaitable[Any]]]:
    ordinary, single = slots[seeds.ORDINARY[0]], slots[seeds.SINGLE[-1]]
    booked = (await _book(visitor, ordinary)).headers["location"]
    return {
        **{name: partial(visitor.get, path) for name, path in pages.items()},
        "page of a booking": partial(visitor.get, booked),
        "booking": lambda: _book(visitor, ordinary, key=f"bench-{next(_people)}"),
        "booking without a key": partial(_book, visitor, ordinary),
        "booking sent twice": partial(_book, visitor, ordinary, key="bench-twice", **_person()),
        "sold out": partial(_book, visitor, single),
    }


@asynccontextmanager
async def _visitor(url: str) -> AsyncIterator[tuple[httpx.AsyncClient, list[str]]]:
    """The service in this process, on one connection that tells what it is asked."""
    seen: list[str] = []
    await db.engine.open(url, size=1)
    try:
        pool: Any = db.engine.pool
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda record: seen.append(record.query))
        transport = httpx.ASGITransport(app=create_app(settings.current()))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=settings.current().public_url) as client:
            yield client, seen
    finally:
        await db.engine.close()


def _counted(seen: list[str]) -> Counted:
    brackets = sum(sql.strip().upper() in BRACKETS for sql in seen)
    return Counted(len(seen) - brackets, brackets)


def _person() -> dict[str, str]:
    number = next(_people)
    return {
        "first_name": f"Élève {number}",
        "last_name": "Delattre",
        "email": f"statements.{number}@exemple.test",
        "school": "LYPSO",
    }


async def _book(visitor: httpx.AsyncClient, target: Target, **fields: str) -> httpx.Response:
    slug, slot = target
    return await visitor.post(f"/events/{slug}/bookings", data={"slot": slot, **_person(), **fields})
