"""Partners: whoever comes by an event's partner link books on the partners' share of its seats."""

import hmac
from uuid import UUID

from service import tokens

KIND = "partner"


def token_of(event_id: UUID) -> str:
    """The token of the link that an organiser gives to the partners of an event."""
    return tokens.derive(KIND, event_id)


def is_partner(event_id: UUID, token: str) -> bool:
    """Whether it is the event's partner token, compared in constant time; what is none is no error."""
    return hmac.compare_digest(token_of(event_id).encode(), token.encode("utf-8", "surrogatepass"))
