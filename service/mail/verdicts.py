"""What a failure in an SMTP conversation means: for the mail, for the server, for us."""

import re
import ssl
from enum import StrEnum

from aiosmtplib import SMTPException, SMTPResponseException

from service.mail.outcomes import Kind

_ADDRESS = re.compile(r"""("[^"]*"|[^\s<>"'()\[\],;:]+)(@|%40)[^\s<>"'(),;:]+""")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Phase(StrEnum):
    """How far the conversation has come. The words go into the detail."""

    connect = "connecting"
    hello = "greeting"
    sign_in = "signing in"
    sender = "MAIL"
    recipient = "RCPT"
    content = "DATA"
    answer = "after the final dot"


# Until MAIL is said nothing has been asked about this mail, so a failure is not the mail's.
_BEFORE_THE_MAIL = (Phase.connect, Phase.hello, Phase.sign_in)
_REFUSED, _FOR_GOOD = range(400, 600), range(500, 600)
_SERVER_IS_BUSY = (421, 432)
# RCPT is also where a server says that it does not know *us*: blaming the address would mark every
# address of the queue as dead because of one wrong setting.
_NOT_SIGNED_IN = (503, 530, 538)
_NO_RELAYING = re.compile(r"\brelay", re.IGNORECASE)


class SetUp(SMTPException):
    """What the URL asks for, the server does not offer."""


class Trouble(Exception):
    """A step failed: how, and whether the connection may carry the next message."""

    def __init__(self, phase: Phase, error: Exception) -> None:
        self.phase = phase
        refusal = error if isinstance(error, SMTPResponseException) and error.code in _REFUSED else None
        self.kind = _judge_refusal(phase, refusal) if refusal else _judge(phase, error)
        self.words = _words(phase, error)
        in_step = refusal is not None and phase not in _BEFORE_THE_MAIL
        self.line_is_usable = in_step and self.kind is not Kind.server


def _judge_refusal(phase: Phase, refusal: SMTPResponseException) -> Kind:
    if refusal.code in _SERVER_IS_BUSY or phase is Phase.connect:
        return Kind.server
    if refusal.code not in _FOR_GOOD:
        return Kind.server if phase in _BEFORE_THE_MAIL else Kind.temporary
    if phase is not Phase.recipient:
        return Kind.ours
    about_us = refusal.code in _NOT_SIGNED_IN or _NO_RELAYING.search(refusal.message)
    return Kind.ours if about_us else Kind.permanent


def _judge(phase: Phase, error: Exception) -> Kind:
    if phase is Phase.answer:
        return Kind.unknown
    if isinstance(error, SetUp) or _is_untrusted(error):
        return Kind.ours
    if isinstance(error, ValueError):
        return Kind.permanent if phase is Phase.recipient else Kind.ours
    return Kind.server if phase in _BEFORE_THE_MAIL else Kind.temporary


def _is_untrusted(error: Exception) -> bool:
    """TLS verification failed; aiosmtplib wraps it when connecting and not after STARTTLS."""
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in (error, error.__cause__))


def _words(phase: Phase, error: Exception) -> str:
    if isinstance(error, SMTPResponseException) and error.code > 0:
        return f"{error.code} {error.message}"
    if isinstance(error, TimeoutError):
        return f"{phase.value}: no answer in time"
    return f"{phase.value}: {error.__cause__ or error}"


def without_addresses(words: str, recipient: str) -> str:
    """The first line, short and fit for a log: no address, not even half of one, no stray bytes."""
    line = words.partition("\n")[0].encode("utf-8", "replace").decode()
    line = _ADDRESS.sub("…", line)
    name = re.escape(recipient.rpartition("@")[0] or recipient)
    line = re.sub(rf"(?<![\w.+-]){name}(?![\w+-])", "…", line, flags=re.IGNORECASE)
    return _UNPRINTABLE.sub(" ", line).strip()[:200]
