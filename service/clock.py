"""The one clock: every verb asks it for the time, so that a test can set it."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_offset = timedelta(0)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + _offset


@contextmanager
def at(moment: datetime) -> "Iterator[None]":
    """Let the clock start from ``moment`` and run on from there (tests and the demo only)."""
    global _offset
    before, _offset = _offset, moment - datetime.now(UTC)
    try:
        yield
    finally:
        _offset = before
