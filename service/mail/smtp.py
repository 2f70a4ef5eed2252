"""Delivering ready bytes, to a mail server or into a folder, and saying exactly what became of them."""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPStatus,
)
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from service.mail.folder import FolderCourier
from service.mail.outcomes import Courier, Kind, Outcome
from service.mail.verdicts import Phase, SetUp, Trouble, without_addresses

Scheme = Literal["smtp", "smtp+starttls", "smtps"]

DEFAULT_PORTS: dict[str, int] = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
URL_FORMS = "smtp://host, smtp+starttls://user:password@host:587 or smtps://user:password@host:465"


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over. A password never crosses a network in clear: ValueError."""

    scheme: Scheme
    host: str
    port: int
    user: str | None = None
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.user and self.scheme == "smtp" and not is_loopback(self.host):
            raise ValueError("signing in needs smtp+starttls:// or smtps://, unless the server is this machine")


def parse(url: str) -> Server:
    """Read a mail server's URL. Raises ValueError with one line that never quotes the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
        user, password = _credentials(parts)
    except ValueError:  # the standard library's words would quote parts of a password
        raise ValueError(f"not a mail server's URL: expected {URL_FORMS}") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"not a mail server's URL: expected {URL_FORMS}")
    if parts.path not in ("", "/") or "?" in url or "#" in url:
        raise ValueError("a mail server's URL ends after the port (in a password, write / ? # as %2F %3F %23)")
    if port == 0 or bool(user) != bool(password):
        raise ValueError("a mail server's URL needs a port above 0, and user and password together")
    return Server(cast(Scheme, parts.scheme), parts.hostname, port or DEFAULT_PORTS[parts.scheme], user, password)


def courier_for(
    smtp_url: str | None, folder: Path, *, own_name: str | None = None, tls: ssl.SSLContext | None = None
) -> Courier:
    """The courier the settings ask for: without a mail server, letters become files in ``folder``."""
    if not smtp_url:
        return FolderCourier(folder)
    return SmtpCourier(parse(smtp_url), own_name=own_name, tls=tls)


@dataclass(eq=False)
class SmtpCourier:
    """Hands messages to one mail server over one connection, kept and reused. Times in seconds.

    ``own_name`` is what we call ourselves in EHLO (else the machine's name, which asks the resolver);
    ``tls`` replaces the system's trusted authorities. Deliveries asked for at once wait for each other.
    A cancelled delivery cuts its connection; whether its mail went out is then unknown.
    """

    server: Server
    own_name: str | None = None
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    connect_timeout: float = 15
    command_timeout: float = 60
    answer_timeout: float = 600  # after the final dot: RFC 5321 §4.5.3.2.6
    idle_timeout: float = 60
    messages_per_connection: int = 100

    def __post_init__(self) -> None:
        self._turn = asyncio.Lock()
        self._client: SMTP | None = None
        self._messages = 0
        self._idle: asyncio.TimerHandle | None = None

    async def deliver(self, sender: str, recipient: str, content: bytes) -> Outcome:
        """Offer ``content`` once, for one recipient, and say what became of it."""
        async with self._turn:
            try:
                answer = await self._converse(sender, recipient, content)
            except Trouble as trouble:
                if not trouble.line_is_usable:
                    self._cut()
                outcome = Outcome(trouble.kind, without_addresses(trouble.words, recipient))
            except BaseException:
                self._cut()
                raise
            else:
                words = f"{answer.code} {answer.message}"
                outcome = Outcome(Kind.sent, without_addresses(words, recipient))
            self._keep()
            return outcome

    async def rehearse(self, sender: str) -> dict[str, Any] | None:
        """Go as far as MAIL and take it back: no letter is offered. Returns the server's certificate, if any.

        Raises Trouble, which says how far it came.
        """
        async with self._turn:
            client = await self._line()
            async with self._step(Phase.sender):
                await _say(client, b"MAIL", b"FROM:" + _path(sender))
                await client.rset()
                return cast("dict[str, Any] | None", client.get_transport_info("peercert"))

    async def close(self) -> None:
        """Take leave of the server, once a delivery under way has ended."""
        async with self._turn:
            self._stop_idling()
            try:
                if self._client:
                    async with asyncio.timeout(_FAREWELL):
                        await self._client.quit()
            except (SMTPException, OSError):
                pass
            finally:
                self._cut()

    async def _converse(self, sender: str, recipient: str, content: bytes) -> SMTPResponse:
        body = _on_the_wire(content)
        client = await self._line()
        self._messages += 1
        async with self._step(Phase.sender):
            await _say(client, b"MAIL", b"FROM:" + _path(sender))
        async with self._step(Phase.recipient):
            await _say(client, b"RCPT", b"TO:" + _path(recipient))
        async with self._step(Phase.content):
            protocol = await _begin_data(client)
            await _write_all(protocol, body)
            # The last thing before the phase changes, with no await between: if this write raises,
            # no dot has left; once it has returned, nothing but an answer can tell what happened.
            protocol.write(b".\r\n")
        async with self._step(Phase.answer, self.answer_timeout):
            return _accepted(await protocol.read_response())

    async def _line(self) -> SMTP:
        """The connection we have, if it still answers, or a new one."""
        self._stop_idling()
        if self._client and await self._still_answers(self._client):
            return self._client
        self._cut()
        return await self._connect()

    async def _still_answers(self, client: SMTP) -> bool:
        """RSET, because a refused transaction may be open, and because servers hang up on the idle."""
        with suppress(SMTPException, OSError):
            async with asyncio.timeout(self.connect_timeout):
                await client.rset()
                return True
        return False

    async def _connect(self) -> SMTP:
        self._messages = 0
        async with self._step(Phase.connect, self.connect_timeout):
            client = self._client = self._new_client()
            await client.connect()
        async with self._step(Phase.hello):
            await client.ehlo()
        if self.server.scheme == "smtp+starttls":
            async with self._step(Phase.hello):
                await _encrypt(client)
        if self.server.user:
            async with self._step(Phase.sign_in):
                await _sign_in(client, self.server.user, self.server.password)
        return client

    def _new_client(self) -> SMTP:
        """Without aiosmtplib's own time limits: on Python 3.11 they can swallow a cancellation."""
        return SMTP(
            hostname=self.server.host,
            port=self.server.port,
            use_tls=self.server.scheme == "smtps",
            start_tls=False,
            tls_context=self.tls,
            local_hostname=self.own_name,
            timeout=None,
        )

    @asynccontextmanager
    async def _step(self, phase: Phase, seconds: float | None = None) -> AsyncIterator[None]:
        """One step of the conversation: its time limit, and what a failure in it means."""
        try:
            async with asyncio.timeout(seconds or self.command_timeout):
                yield
        except (SMTPException, OSError, ValueError) as error:
            raise Trouble(phase, error) from error

    def _keep(self) -> None:
        """Hold the connection for the next message, for a while."""
        if self._client and self._messages >= self.messages_per_connection:
            self._leave()
        elif self._client:
            self._idle = asyncio.get_running_loop().call_later(self.idle_timeout, self._leave)

    def _stop_idling(self) -> None:
        if self._idle:
            self._idle.cancel()

    def _leave(self) -> None:
        """Say QUIT without waiting for the answer."""
        with suppress(SMTPException, OSError):
            if self._client and self._client.protocol:
                self._client.protocol.write(b"QUIT\r\n")
        client, self._client = self._client, None
        if client:
            client.close()

    def _cut(self) -> None:
        """Drop the connection at once: closing would first wait for a frozen server to read the rest."""
        client, self._client = self._client, None
        if client and client.transport:
            cast(asyncio.WriteTransport, client.transport).abort()
        if client:
            client.close()


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine, so that what is said to it crosses no network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_ACCEPTED = range(200, 300)
_PIECE = 65_536
_FAREWELL = 2.0  # a stopping worker has better things to wait for
_PLAIN_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")


def _credentials(parts: SplitResult) -> tuple[str | None, str]:
    user, password = (unquote(part or "", errors="strict") for part in (parts.username, parts.password))
    return user or None, password


async def _encrypt(client: SMTP) -> None:
    """STARTTLS, then EHLO once more: what was said in clear counts for nothing."""
    if not client.supports_extension("starttls"):
        raise SetUp("the server offers no STARTTLS")
    await client.starttls()
    await client.ehlo()


async def _sign_in(client: SMTP, user: str, password: str) -> None:
    """One method, one try: a wrong password tried three ways gets the account locked."""
    offered = client.supported_auth_methods
    if "plain" in offered:
        await client.auth_plain(user, password)
    elif "login" in offered:
        await client.auth_login(user, password)
    elif "cram-md5" in offered:
        await client.auth_crammd5(user, password)
    else:
        raise SetUp("the server offers no way to sign in that we know")


async def _say(client: SMTP, *words: bytes) -> None:
    _accepted(await client.execute_command(*words))


def _path(address: str) -> bytes:
    """The address in angle brackets. Not aiosmtplib's: of "x <eve@…>" it would write to Eve."""
    if not _PLAIN_ADDRESS.fullmatch(address):
        raise ValueError("not an address that SMTP can carry")
    return f"<{address}>".encode()


async def _begin_data(client: SMTP) -> SMTPProtocol:
    """DATA by hand: aiosmtplib's own does not tell whether the final dot had been written."""
    response = await client.execute_command(b"DATA")
    if response.code != SMTPStatus.start_input:
        raise SMTPResponseException(response.code, response.message)
    if client.protocol is None:
        raise SMTPServerDisconnected("Connection lost")
    return client.protocol


async def _write_all(protocol: SMTPProtocol, body: bytes) -> None:
    """Write, and wait until nothing is left in our buffer, so that the dot is not queued behind it.

    By pieces, because TLS counts as unwritten only what is more than the socket's own buffer takes.
    """
    for start in range(0, len(body), _PIECE):
        protocol.write(body[start : start + _PIECE])
        while _is_unwritten(protocol):  # noqa: ASYNC110  (the event is aiosmtplib's private affair)
            await asyncio.sleep(0.005)


def _is_unwritten(protocol: SMTPProtocol) -> bool:
    transport = cast(asyncio.WriteTransport | None, protocol.transport)
    return transport is not None and transport.get_write_buffer_size() > 0


def _accepted(response: SMTPResponse) -> SMTPResponse:
    if response.code not in _ACCEPTED:
        raise SMTPResponseException(response.code, response.message)
    return response


_LINE_END = re.compile(rb"\r\n|\n|\r")
_LEADING_DOT = re.compile(rb"(?m)^\.")


def _on_the_wire(content: bytes) -> bytes:
    """CRLF everywhere (a bare LF before a dot is how messages are smuggled), dots doubled."""
    body = _LINE_END.sub(b"\r\n", content)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return _LEADING_DOT.sub(b"..", body)
