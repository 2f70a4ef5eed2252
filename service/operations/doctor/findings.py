"""What an examination finds, and how it waits for what may never answer."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeVar

import asyncpg

T = TypeVar("T")
Verdict = Literal["ok", "look", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How something is, and what to do about it."""

    verdict: Verdict
    what: str
    do: str = ""


def ok(what: str) -> Finding:
    """All is well."""
    return Finding("ok", what)


def look(what: str, do: str = "") -> Finding:
    """It works, and somebody should think about it."""
    return Finding("look", what, do)


def bad(what: str, do: str = "") -> Finding:
    """It does not work."""
    return Finding("bad", what, do)


async def aside(work: Callable[[], T]) -> T:
    """Run what may block for ever (DNS, a dead disk) in a thread that nobody has to wait for."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    results: list[T | BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
            results.append(error)
        with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, daemon=True).start()
    await done.wait()
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]


def words(trouble: BaseException) -> str:
    """Why it failed, in one line without secrets: libraries quote parts of an address they cannot read."""
    if isinstance(trouble, TimeoutError):
        return "no answer in time"
    said: object = ""
    if isinstance(trouble, asyncpg.PostgresError):
        said = trouble.args[0] if trouble.args else ""
    elif isinstance(trouble, OSError):
        said = getattr(trouble, "verify_message", "") or trouble.strerror or trouble
    return " ".join(str(said).split())[:200] or type(trouble).__name__
