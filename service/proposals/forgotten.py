"""Links that were lost: what was proposed from an address is written to it again."""

from contextlib import suppress
from typing import Any
from uuid import uuid4

from service import db, text
from service.limits import rates
from service.mail import outbox

URGENT = 3  # somebody waits for it
# A title is what somebody typed who may not own the address: it is repeated once the campus has answered it.
OF_ADDRESS = """
SELECT id, generation, kind, state, created_at, CASE WHEN EXISTS (
    SELECT 1 FROM proposal_note WHERE proposal = proposal.id AND verb IN ('ask', 'accept', 'decline')
) THEN title ELSE '' END AS title
FROM proposal WHERE email_key = $1 ORDER BY created_at DESC, id LIMIT 20
"""


class _NothingProposed(Exception):
    """The address has proposed nothing."""


async def send_links(address: str, language: str) -> None:
    """Send the link of every proposal of an address to it. Nothing tells the caller whether there was any."""
    key = text.address_key(address)
    try:
        await rates.spend_letter(key)
    except rates.TooOften:
        return  # said to no one: it would tell that the address is known
    rows = await db.fetch(OF_ADDRESS, key)
    facts = {"proposals": [_as_link(row) for row in rows]}
    with suppress(_NothingProposed):  # the same work for an address that nobody knows, undone
        async with db.transaction():
            await outbox.post("proposal_links", address, language, facts, ("proposal_links", uuid4()), priority=URGENT)
            if not rows:
                raise _NothingProposed


def _as_link(row: Any) -> dict[str, Any]:
    return {
        "proposal": str(row["id"]),
        "generation": row["generation"],
        "title": row["title"],
        "state": row["state"],
        "kind": row["kind"],
        "created_at": row["created_at"].isoformat(),
    }
