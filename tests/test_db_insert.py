"""Inserting a row: all its columns, the database's own numbers, and a value that stands there already."""

import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest

from service import clock, db
from service.journal.tables import Entry
from service.limits.tables import IdempotencyKey
from service.schema import APP_CONFIG


async def test_a_row_is_kept_as_it_was_given_and_numbered_by_the_database() -> None:
    subject = uuid4()
    for verb in ("book", "cancel"):
        entry = Entry(at=clock.now(), actor="x", verb=verb, subject_kind="b", subject_id=subject, facts='{"n": 1}')
        assert await db.insert(entry)

    rows = await Entry.select().order_by(Entry.id)
    assert [(row["verb"], row["subject_id"], json.loads(row["facts"])) for row in rows] == [
        ("book", subject, {"n": 1}),
        ("cancel", subject, {"n": 1}),
    ]
    assert rows[0]["id"] < rows[1]["id"]


async def test_the_same_value_is_an_error_unless_it_is_expected() -> None:
    def key() -> IdempotencyKey:
        return IdempotencyKey(key="one", body_hash="x", dossier_id=uuid4(), used_at=clock.now())

    inserted = await asyncio.gather(*(db.insert(key(), unless="key") for _ in range(5)))
    assert sorted(inserted) == [False, False, False, False, True]
    with pytest.raises(asyncpg.UniqueViolationError):
        await db.insert(key())


async def test_every_table_of_ours_can_be_written_so() -> None:
    """Their defaults are values, not expressions that only Piccolo's own statement would understand."""
    for table in APP_CONFIG.table_classes:
        row = table(_ignore_missing=True)
        for column in db._columns(table):
            assert not hasattr(getattr(row, column), "template"), (table, column)
