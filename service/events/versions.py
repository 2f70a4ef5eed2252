"""Two who edit at once: what a form shows has a version, and who edits an older one is told who was faster."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from service import clock, db
from service.refusal import Refusal

# What makes the next version: whoever wrote to its people, or opened its door, has changed nothing.
EDITS = ("edit", "edit_slot", "call_off")
LAST = """
SELECT journal.at, coalesce(person.name, '') AS name
FROM journal LEFT JOIN person ON journal.actor = 'person:' || person.id
WHERE journal.subject_id = ANY($1) AND journal.verb = ANY($2) ORDER BY journal.id DESC LIMIT 1
"""


class EditedMeanwhile(Refusal):
    """Somebody saved first: ``by`` whom (empty where the journal names nobody), ``at`` what time, which ``fields``."""

    def __init__(self, by: str, at: datetime, fields: Collection[str] = ()) -> None:
        self.by, self.at, self.fields = by, at, frozenset(fields)


async def edited_meanwhile(*subjects: UUID) -> EditedMeanwhile:
    """The refusal that says who changed any of these last, and when."""
    found = await db.fetch(LAST, list(subjects), list(EDITS))
    return EditedMeanwhile(found[0]["name"], found[0]["at"]) if found else EditedMeanwhile("", clock.now())
