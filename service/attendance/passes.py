"""What a booking's QR code says, and which booking of a slot a code read at the door means."""

import hmac
from collections.abc import Iterable
from uuid import UUID

from service import tokens

PREFIX = "PASSERELLE:"


def of(booking: UUID) -> str:
    """What the door reads: 160 random-looking bits, no name and no link inside."""
    return PREFIX + tokens.derive("check-in", booking).upper()


def is_scanned(code: str) -> bool:
    """Whether it was read from a QR code of ours, and not typed."""
    return code.upper().startswith(PREFIX)


def meant_by(code: str, bookings: Iterable[UUID]) -> UUID | None:
    """The one of these bookings whose pass it is. Each is compared, and each for as long."""
    read, found = code.upper().encode(), None
    for booking in bookings:
        if hmac.compare_digest(of(booking).encode(), read):
            found = booking
    return found


def typed(code: str) -> str:
    """A short code as it is kept, however it was typed (``k7m 4tq`` → ``K7M-4TQ``)."""
    bare = "".join(letter for letter in code.upper() if letter.isalnum())
    return f"{bare[:3]}-{bare[3:]}"
