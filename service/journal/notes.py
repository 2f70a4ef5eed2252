"""Noting who did what."""

import json
from typing import Any
from uuid import UUID

from service import clock, db
from service.journal.tables import Entry


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
