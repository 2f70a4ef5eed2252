"""The public address, asked as a visitor's browser would ask."""

import asyncio
import http.client
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from service.operations.doctor import certificates, variables
from service.operations.doctor.findings import Finding, aside, bad, look, ok, words
from service.settings import Settings

STEP_SECONDS = 5.0
LONGEST_ANSWER = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from the public address."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    certificate: dict[str, Any] | None

    @property
    def is_ours(self) -> bool:
        """Whether Passerelle said it: the words of /healthz, with a header that every answer of ours has."""
        return self.body == b"ok\n" and "frame-ancestors" in self.headers.get("Content-Security-Policy", "")


async def ask(url: str) -> Answer:
    """GET /healthz there. Raises OSError, http.client.HTTPException, TimeoutError."""
    async with asyncio.timeout(2 * STEP_SECONDS):  # a server that says one letter now and then is silent, too
        return await aside(lambda: _ask(url))


async def public_address(chosen: Settings) -> list[Finding]:
    """Name, connection, certificate, answer, and what a proxy may have changed."""
    where = f"{chosen.public_url}/healthz"
    try:
        answer = await ask(chosen.public_url)
    except (OSError, ValueError, http.client.HTTPException) as trouble:
        verdict = bad if variables.is_public(chosen) else look
        return [verdict(f"{where}: {words(trouble)}", "is `passerelle serve` running, and the proxy in front of it?")]
    if answer.status in range(300, 400):
        to = answer.headers.get("Location", "elsewhere")[:100]
        return [bad(f"{where} sends visitors to {to}", "set PUBLIC_URL to where people end up")]
    if answer.status != http.client.OK or not answer.is_ours:
        return [bad(f"{where} answers {answer.status}, and not as Passerelle does", "where does the proxy lead?")]
    return [ok(f"{where} answers"), *_protection(chosen, answer)]


def _protection(chosen: Settings, answer: Answer) -> list[Finding]:
    found = [certificates.judge(answer.certificate)] if answer.certificate else []
    if chosen.is_https and not answer.headers.get("Strict-Transport-Security"):
        found.append(look("no Strict-Transport-Security header", "does the proxy remove it?"))
    return found


def _ask(url: str) -> Answer:
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    try:
        connection.connect()
        certificate = connection.sock.getpeercert() if isinstance(connection.sock, ssl.SSLSocket) else None
        connection.request("GET", "/healthz", headers={"Accept": "text/plain", "Connection": "close"})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read(LONGEST_ANSWER), certificate)
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=STEP_SECONDS, context=context)
    return http.client.HTTPConnection(host, port, timeout=STEP_SECONDS)
