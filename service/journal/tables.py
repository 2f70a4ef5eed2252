"""The journal's rows: kind and id, no foreign keys and no personal data, so that they outlive what they tell of."""

from piccolo.columns import JSONB, UUID, BigSerial, Timestamptz, Varchar
from piccolo.table import Table


class Entry(Table, tablename="journal"):
    """Somebody did something to something."""

    id = BigSerial(primary_key=True)
    at = Timestamptz()
    actor = Varchar(length=60)
    verb = Varchar(length=40)
    subject_kind = Varchar(length=20)
    subject_id = UUID(default=None, null=False, index=True)
    facts = JSONB(default="{}")
