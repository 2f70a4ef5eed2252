"""The outbox. A row exists if and only if the change it tells of was committed."""

from piccolo.columns import (
    JSONB,
    UUID,
    BigSerial,
    Boolean,
    Bytea,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Email(Table, tablename="email"):
    """One letter to one recipient: what it says is frozen here, its bytes once it has been rendered."""

    id = BigSerial(primary_key=True)
    letter = Varchar(length=40)
    recipient = Varchar(length=254)
    language = Varchar(length=2, default="fr")
    facts = JSONB(default="{}")
    subject_kind = Varchar(length=20)
    subject_id = UUID(default=None, null=False)
    revision = Integer(default=0)
    invitation_uid = Varchar(length=191)
    method = Varchar(length=10)
    message_id = Varchar(length=250)
    posted_at = Timestamptz()
    priority = SmallInt(default=5)
    state = Varchar(length=12, default="due")
    next_try_at = Timestamptz()
    give_up_at = Timestamptz(default=None, null=False)
    attempts = Integer(default=0)
    failures = Integer(default=0)
    lease_until = Timestamptz(null=True, default=None)
    may_have_arrived = Boolean(default=False)
    content = Bytea(null=True, default=None)
    settled_at = Timestamptz(null=True, default=None)
    detail = Text()

    state_known = Check("state IN ('due', 'sending', 'sent', 'failed', 'superseded')")
    once = Unique([subject_kind, subject_id, letter, revision])
