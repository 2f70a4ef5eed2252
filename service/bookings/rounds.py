"""What a worker does for many, one after the other: one that fails keeps the others from nothing."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from service import db

Due = TypeVar("Due")


async def each(due: Iterable[Due], step: Callable[[Due], Awaitable[int]]) -> int:
    """Do the step for each that is due, in a transaction of its own; returns the sum of what the steps return.

    The first failure is raised once all were tried, but a database that is away is at once.
    """
    done, failures = 0, []
    for one in due:
        try:
            done += await step(one)
        except db.TROUBLE:
            raise
        except Exception as failure:  # noqa: BLE001 - whatever it is, the others' time has come too
            failures.append(failure)
    if failures:
        raise failures[0]
    return done
