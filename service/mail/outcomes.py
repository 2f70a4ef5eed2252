"""What may become of a delivery, and what a courier is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What became of a delivery, as far as the outbox has to tell it apart."""

    sent = "sent"  # the server took it over
    temporary = "temporary"  # this mail not now: try again later
    server = "server"  # nobody's mail now: pause the server, count nothing against the mail
    permanent = "permanent"  # this address never
    ours = "ours"  # the fault is in our set-up or our mail, and will not go away by itself
    unknown = "unknown"  # everything was said, no answer heard: it may have arrived


@dataclass(frozen=True, slots=True)
class Outcome:
    """A kind, and one line for the log and the organiser (SMTP code and first line, never an address)."""

    kind: Kind
    detail: str = ""


class Courier(Protocol):
    """Whoever takes one message to one recipient. Never raises for what a server or a disk may do."""

    async def deliver(self, sender: str, recipient: str, content: bytes) -> Outcome:
        """Offer ``content`` once, and say what became of it. Addresses are bare and ASCII."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...
