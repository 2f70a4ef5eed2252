"""Partial indexes and an unlogged table: Piccolo's columns have no words for them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-22T10:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "one live booking a person and slot; the outbox queue; rate clocks without a log"

FORWARDS = """
CREATE UNIQUE INDEX one_holding_booking ON booking (slot, email_key, name_key)
    WHERE state IN ('confirmed', 'option', 'pending', 'offered') AND email_key <> '';
CREATE UNIQUE INDEX one_waiting_booking ON booking (slot, email_key, name_key)
    WHERE state = 'waiting' AND email_key <> '';
CREATE INDEX email_queue ON email (priority, next_try_at, id) WHERE state IN ('due', 'sending');
CREATE INDEX email_unsettled ON email (subject_kind, subject_id, id) WHERE state IN ('due', 'sending');
CREATE INDEX dossier_to_erase ON dossier (erase_asked_at) WHERE erase_asked_at IS NOT NULL AND erased_at IS NULL;
ALTER TABLE rate_clock SET UNLOGGED;
"""

BACKWARDS = """
ALTER TABLE rate_clock SET LOGGED;
DROP INDEX dossier_to_erase;
DROP INDEX email_unsettled;
DROP INDEX email_queue;
DROP INDEX one_waiting_booking;
DROP INDEX one_holding_booking;
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
