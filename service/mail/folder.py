"""Letters as files in a folder, for a laptop without a mail server."""

import asyncio
import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from service.mail.outcomes import Kind, Outcome


@dataclass(frozen=True)
class FolderCourier:
    """Writes each message as a file, for a laptop without a mail server. A repeat overwrites its file."""

    folder: Path

    async def deliver(self, sender: str, recipient: str, content: bytes) -> Outcome:  # noqa: ARG002
        """Write ``content``, whole or not at all, under a name that sorts by the message's own date."""
        name = _file_name(content)
        try:
            await asyncio.to_thread(_write_whole, self.folder, name, content)
        except OSError as error:
            return Outcome(Kind.server, f"cannot write to the mail folder: {error.strerror}")
        return Outcome(Kind.sent, name)

    async def close(self) -> None:
        """Nothing to close."""


def _file_name(content: bytes) -> str:
    headers = BytesHeaderParser().parsebytes(content)
    identity = str(headers.get("Message-ID", "")).strip().encode() or content
    return f"{_moment(headers)}-{hashlib.sha256(identity).hexdigest()[:16]}.eml"


def _moment(headers: "Message[str, str]") -> str:
    """The message's own date, in UTC: the time of writing would give a repeat another name."""
    try:
        date = parsedate_to_datetime(str(headers["Date"]))
    except ValueError:
        return "undated"
    return f"{date.astimezone(UTC) if date.tzinfo else date:%Y%m%dT%H%M%SZ}"


def _write_whole(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(folder / name)
    except BaseException:
        Path(draft).unlink()
        raise
