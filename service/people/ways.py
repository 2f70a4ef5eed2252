"""What a way in is made of: both its link and its code are derived from its id."""

import hmac
from uuid import UUID

from service import settings, tokens

KIND = "sign-in"


def link_token(way: UUID) -> str:
    """The token of the link (160 bits): derived, so that no table and no letter's facts hold it."""
    return tokens.derive(KIND, way)


def code_of(way: UUID) -> str:
    """Its code of eight letters and digits, nothing that is misread."""
    digest = hmac.digest(settings.current().secret_key.encode(), f"{KIND}-code:{way}".encode(), "sha256")
    return "".join(tokens.CODE_LETTERS[byte % len(tokens.CODE_LETTERS)] for byte in digest[:8])
