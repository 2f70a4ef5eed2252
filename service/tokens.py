"""Capability links: tokens derived from the secret, looked up by their hash, renewed by a generation."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from service import settings

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is misheard or misread as another
TOKEN_LENGTH = 32


def derive(kind: str, subject: UUID, generation: int = 0) -> str:
    """The token (160 bits, 32 characters) of one subject; the same whenever it is asked for again."""
    message = f"{kind}:{subject}:{generation}".encode()
    digest = hmac.new(settings.current().secret_key.encode(), message, hashlib.sha256).digest()
    return base64.b32encode(digest[:20]).decode().lower()


def fingerprint(token: str) -> str:
    """What is stored and looked up instead of the token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_code() -> str:
    """A short code to say on the phone, such as ``K7M-4TQ``; the caller makes sure that it is free."""
    letters = [secrets.choice(CODE_LETTERS) for _ in range(6)]
    return "".join(letters[:3]) + "-" + "".join(letters[3:])
