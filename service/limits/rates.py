"""How often one address, network or dossier may ask (GCRA: one row, one upsert, no counter to reset)."""

import hmac
from datetime import datetime, timedelta

from service import clock, db, settings
from service.refusal import Refusal

SPEND = """
INSERT INTO rate_clock AS kept (name, busy_until) VALUES ($1, $2::timestamptz + $3::interval)
ON CONFLICT (name) DO UPDATE SET busy_until = greatest(kept.busy_until, $2) + $3
WHERE greatest(kept.busy_until, $2) + $3 <= $2 + $4::interval
RETURNING busy_until
"""
BUSY = "SELECT busy_until FROM rate_clock WHERE name = $1"
LATE = timedelta(seconds=1)  # how much later a request may be counted than another that came after it


class TooOften(Refusal):
    """The allowance is used up until ``retry_at``."""

    def __init__(self, retry_at: datetime) -> None:
        self.retry_at = retry_at


async def spend(rate: str, who: str) -> None:
    """Count one request of ``who`` against the rate of that name. Its own statement, before any transaction.

    Needs a rate of ``settings.DEFAULT_RATES``. Refuses: TooOften.
    """
    limit = settings.current().rate_limits[rate]
    window = timedelta(seconds=limit.seconds)
    step = window / limit.count
    window += min(LATE, step / 2)  # which covers a step that was rounded up, too
    now, name = clock.now(), _name(rate, who)
    if not await db.fetch(SPEND, name, now, step, window):
        kept = await db.fetch(BUSY, name)
        raise TooOften(kept[0]["busy_until"] + step - window if kept else now)


async def spend_letter(email_key: str) -> None:
    """Count one letter to an address, beyond the one that each booked event brings. Refuses: TooOften."""
    await spend("letters_hour", email_key)
    await spend("letters_day", email_key)


async def forget_old() -> None:
    """Drop the clocks that ran out."""
    await db.fetch("DELETE FROM rate_clock WHERE busy_until < $1", clock.now())


def _name(rate: str, who: str) -> str:
    """The row's name: no address and no network in clear."""
    return rate + ":" + hmac.digest(settings.current().secret_key.encode(), who.encode(), "sha256").hex()[:32]
