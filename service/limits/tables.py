"""Idempotency keys and the clocks of the rate limits."""

from piccolo.columns import UUID, Timestamptz, Varchar
from piccolo.table import Table


class IdempotencyKey(Table, tablename="idempotency_key"):
    """One form, already answered: the same key gets the first answer. Kept 24 h."""

    key = Varchar(length=80, primary_key=True)
    body_hash = Varchar(length=64)
    dossier_id = UUID(default=None, null=False)
    used_at = Timestamptz(index=True)


class RateClock(Table, tablename="rate_clock"):
    """Until when one name has used its allowance up (GCRA). Unlogged: losing it in a crash only forgives."""

    name = Varchar(length=100, primary_key=True)
    busy_until = Timestamptz()
