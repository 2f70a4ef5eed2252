"""Noting who did what."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from service import clock, db
from service.journal.tables import Entry

NOTE_EACH = """
INSERT INTO journal (at, actor, verb, subject_kind, subject_id, facts)
SELECT $1, $2, $3, $4, subject, '{}' FROM unnest($5::uuid[]) AS subject
"""


async def note(actor: str, verb: str, subject_kind: str, subject_id: UUID, **facts: Any) -> None:
    """Write one line of the journal, in the transaction of what it tells of. No personal data in ``facts``."""
    db.inside_transaction()
    await db.insert(
        Entry(
            at=clock.now(),
            actor=actor,
            verb=verb,
            subject_kind=subject_kind,
            subject_id=subject_id,
            facts=json.dumps(facts),
        )
    )


async def note_each(actor: str, verb: str, subject_kind: str, subject_ids: Sequence[UUID]) -> None:
    """The same line for each of many subjects, with one statement."""
    db.inside_transaction()
    await db.fetch(NOTE_EACH, clock.now(), actor, verb, subject_kind, list(subject_ids))
