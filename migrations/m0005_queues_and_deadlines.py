"""Partial indexes for the queue of a slot, and for what runs out (after its columns: raw SQL runs first)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-22T12:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "the queue of a slot, and what runs out"

FORWARDS = """
CREATE INDEX booking_queue ON booking (slot, queued_at, id) WHERE state = 'waiting';
CREATE INDEX booking_deadline ON booking (expires_at) WHERE expires_at IS NOT NULL;
"""

BACKWARDS = """
DROP INDEX booking_deadline;
DROP INDEX booking_queue;
"""


class RawTable(Table):
    """Piccolo runs raw SQL through a table; this one stands for none."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="passerelle", description=DESCRIPTION)
    manager.add_raw(_runner(FORWARDS))
    manager.add_raw_backwards(_runner(BACKWARDS))
    return manager


def _runner(script: str):
    async def run() -> None:
        for statement in filter(str.strip, script.split(";")):
            await RawTable.raw(statement)

    return run
