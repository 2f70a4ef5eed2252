"""The permanent link of a proposal, by which its company follows it and hosts what comes of it."""

from uuid import UUID

from service import db, tokens

KIND = "proposal"
SOME = "SELECT id, generation FROM proposal WHERE id > $1 ORDER BY id LIMIT 1000"
RELINK = """
UPDATE proposal SET token_hash = made.token_hash
FROM unnest($1::uuid[], $2::text[]) made (id, token_hash) WHERE proposal.id = made.id
"""


def token_of(proposal_id: UUID, generation: int = 0) -> str:
    """The token: derived, so that every letter can carry it again."""
    return tokens.derive(KIND, proposal_id, generation)


async def derive_again() -> int:
    """Give every proposal the link that the present SECRET_KEY derives: those sent so far lead nowhere any more.

    Needs an open transaction. Returns how many proposals there are.
    """
    db.inside_transaction()
    done, last = 0, UUID(int=0)
    while rows := await db.fetch(SOME, last):
        hashes = [tokens.fingerprint(token_of(row["id"], row["generation"])) for row in rows]
        await db.fetch(RELINK, [row["id"] for row in rows], hashes)
        done, last = done + len(rows), rows[-1]["id"]
    return done
