"""Whether mail reaches an address."""

from service import clock, db, text

MARK = """
INSERT INTO address (email_key, undeliverable_since, reason) VALUES ($1, $2, $3)
ON CONFLICT (email_key) DO UPDATE SET undeliverable_since = coalesce(address.undeliverable_since, $2), reason = $3
"""
CLEAR = "DELETE FROM address WHERE email_key = $1"


async def mark_undeliverable(address: str, reason: str) -> None:
    """Note that the mail server refuses this address for good."""
    await db.fetch(MARK, text.address_key(address), clock.now(), reason)


async def mark_reached(address: str) -> None:
    """Note that a mail was taken: an earlier refusal is over, and nothing is left to keep of the address."""
    await db.fetch(CLEAR, text.address_key(address))


async def is_undeliverable(email_key: str) -> bool:
    """Whether the last word about this address was a refusal."""
    known = "SELECT 1 FROM address WHERE email_key = $1 AND undeliverable_since IS NOT NULL"
    return bool(await db.fetch(known, email_key))
