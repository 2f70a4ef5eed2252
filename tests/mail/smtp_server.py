"""A real SMTP server for tests, in the test's own loop, that fails where and how it is told to.

    async with smtp_server() as server:
        server.fail("rcpt", Answer("550 5.1.1 No such user"), to="ben@example.org")
        …  # deliver to server.url
        assert [mail.recipient for mail in server.received] == ["cleo@example.org"]

Places, as a conversation goes: ``connect`` (instead of the banner), ``ehlo``, ``starttls``, ``auth``,
``mail``, ``rcpt``, ``data`` (the answer to DATA), ``content`` (DATA was answered 354; the message is not
read), ``dot`` (it was read, and is not kept), ``kept`` (it is kept; only the answer fails), ``rset``.
"""

# ruff: noqa: N802  (aiosmtpd calls its commands smtp_EHLO and so on)

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, AnyStr, Literal, cast
from urllib.parse import quote

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Place = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "content", "dot", "kept", "rset"]
Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True)
class Answer:
    """Say this line (lines) instead."""

    line: str


@dataclass(frozen=True)
class Drop:
    """Hang up."""


@dataclass(frozen=True)
class Freeze:
    """Stay connected and say nothing more."""


@dataclass(frozen=True)
class Slow:
    """Go on after this many seconds."""

    seconds: float


What = Answer | Drop | Freeze | Slow


@dataclass
class Fault:
    """Something that goes wrong at a place, for one recipient or for all, some times or always."""

    place: Place
    what: What
    to: str | None = None  # known from RCPT on
    times: int | None = None

    def happens(self, place: Place, recipient: str | None) -> bool:
        """Whether this is its moment; counts down."""
        if self.place != place or self.times == 0 or (self.to and self.to != recipient):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Received:
    """A message the server took over: its envelope, its bytes as they came (dots undone), over what."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    user: str | None

    @property
    def recipient(self) -> str:
        """The one recipient."""
        (recipient,) = self.recipients
        return recipient


@dataclass(eq=False)
class SmtpServer:
    """What the server was asked, took over and let through."""

    security: Security = "none"
    certificate: ssl.SSLContext | None = None
    user: str | None = None
    password: str = ""
    faults: list[Fault] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)  # RCPT commands, by recipient
    steps: list[str] = field(default_factory=list)  # the places reached, and "quit", over all connections
    connections: int = 0
    port: int = 0
    _open: set["_Conversation"] = field(default_factory=set)
    _listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens, in the form SMTP_URL takes."""
        scheme = {"none": "smtp", "starttls": "smtp+starttls", "tls": "smtps"}[self.security]
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{scheme}://{who}127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many are connected now."""
        return len(self._open)

    def fail(self, place: Place, what: What, *, to: str | None = None, times: int | None = None) -> None:
        """From now on, ``what`` happens at ``place`` (to this recipient only) (so many times)."""
        self.faults.append(Fault(place, what, to, times))

    def heal(self) -> None:
        """Everything works from now on, for whoever is not frozen yet."""
        self.faults.clear()

    async def start(self) -> None:
        """Listen; after ``stop``, on the same port again."""
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: _Conversation(self),
            "127.0.0.1",
            self.port,
            ssl=self.certificate if self.security == "tls" else None,
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections and drop those that are open."""
        if self._listener:
            self._listener.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Drop the open connections, as a server does with the idle."""
        tasks = [conversation.hang_up() for conversation in list(self._open)]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def until_empty(self) -> None:
        """Wait until everyone has hung up."""
        await self.until(lambda: not self._open)

    async def until(self, it_is_so: Callable[[], bool], seconds: float = 10) -> None:
        """Wait for something to be true of this server, or raise TimeoutError."""
        async with asyncio.timeout(seconds):
            while not it_is_so():
                await asyncio.sleep(0.001)


@asynccontextmanager
async def smtp_server(
    *faults: Fault,
    security: Security = "none",
    certificate: ssl.SSLContext | None = None,
    user: str | None = None,
    password: str = "",
) -> AsyncIterator[SmtpServer]:
    """A server on a free port of 127.0.0.1 for as long as the block lasts.

    With ``security`` give a ``certificate`` (see ``Authority``); with ``user`` it demands sign-in.
    """
    server = SmtpServer(security, certificate, user, password, list(faults))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class Authority:
    """A private certificate authority."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def certificate(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """What a server called ``name`` shows."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(name).configure_cert(context)
        return context

    def trusted(self) -> ssl.SSLContext:
        """What a client needs to believe it."""
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context


class _Conversation(SMTP):
    """One connection: aiosmtpd's protocol, with a fault looked up before each step."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        super().__init__(
            _Inbox(self),
            hostname="localhost",
            loop=asyncio.get_running_loop(),
            tls_context=server.certificate if server.security == "starttls" else None,
            auth_require_tls=server.user is None,  # False offers sign-in without STARTTLS, too
            authenticator=self.check_user,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self not in self._server._open:  # STARTTLS makes it a second time
            self._server._open.add(self)
            self._server.connections += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._server._open.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> "asyncio.Task[None]":
        """Drop the connection; the task to wait for."""
        task = self._handler_coroutine
        assert task is not None
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()
        task.cancel()
        return task

    async def _handle_client(self) -> None:
        try:
            if not await self._trips("connect"):
                await super()._handle_client()
        except ConnectionError:
            pass
        finally:
            self._writer.close()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._trips("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._trips("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._trips("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        assert self.session is not None
        if self._server.user and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
        elif not await self._trips("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        recipient = (arg or "").partition("<")[2].partition(">")[0]
        self._server.attempts[recipient] += 1
        if not await self._trips("rcpt", recipient):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._trips("data"):
            await super().smtp_DATA(arg)

    async def push(self, status: AnyStr) -> None:
        await super().push(status)
        if isinstance(status, str) and status.startswith("354"):
            await self._trips("content")

    async def smtp_RSET(self, arg: str) -> None:
        if not await self._trips("rset"):
            await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        self._server.steps.append("quit")
        await super().smtp_QUIT(arg)

    def check_user(self, _smtp: SMTP, _session: Session, _envelope: Envelope, _how: str, who: Any) -> AuthResult:
        """Compare with the one user there is."""
        known = LoginPassword((self._server.user or "").encode(), self._server.password.encode())
        return AuthResult(success=who == known, handled=False, auth_data=who)

    async def take(self, envelope: Envelope) -> str | bytes:
        """The whole message is here: the answer to it."""
        refusal = await self._fate("dot")
        if refusal is not None:
            return refusal
        self._server.received.append(self._message(envelope))
        return await self._fate("kept") or "250 2.0.0 Kept"

    def _message(self, envelope: Envelope) -> Received:
        assert self.session is not None
        return Received(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            content=cast(bytes, envelope.content),
            encrypted=self.session.ssl is not None or self._server.security == "tls",
            user=cast(LoginPassword, self.session.auth_data).login.decode() if self.session.authenticated else None,
        )

    async def _trips(self, place: Place, recipient: str | None = None) -> bool:
        """Let a fault of this place happen. True if it answered in the step's stead."""
        answer = await self._fate(place, recipient)
        if answer is not None:
            await self.push(answer)
        return answer is not None

    async def _fate(self, place: Place, recipient: str | None = None) -> bytes | None:
        """Let a fault of this place happen. The answer it wants given, if any."""
        self._server.steps.append(place)
        if recipient is None and self.envelope and self.envelope.rcpt_tos:
            recipient = self.envelope.rcpt_tos[0]
        what = next((fault.what for fault in self._server.faults if fault.happens(place, recipient)), None)
        match what:
            case Answer(lines):
                return lines.replace("\n", "\r\n").encode("latin-1")
            case Slow(seconds):
                await asyncio.sleep(seconds)
            case Drop():
                self.hang_up()
                await asyncio.Event().wait()
            case Freeze():
                await asyncio.Event().wait()
        return None


class _Inbox:
    """aiosmtpd's handler: what it asks when a message is complete."""

    def __init__(self, conversation: _Conversation) -> None:
        self._conversation = conversation

    async def handle_DATA(self, _smtp: SMTP, _session: Session, envelope: Envelope) -> str | bytes:
        """Pass it on."""
        return await self._conversation.take(envelope)
