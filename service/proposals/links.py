"""The permanent link of a proposal, by which its company follows it and hosts what comes of it."""

from uuid import UUID

from service import tokens

KIND = "proposal"


def token_of(proposal_id: UUID, generation: int = 0) -> str:
    """The token: derived, so that every letter can carry it again."""
    return tokens.derive(KIND, proposal_id, generation)
