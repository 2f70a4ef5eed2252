"""Makers of letters: posted, looked at, and taken to a test's own mail server."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from service import clock, db, worker
from service.mail import outbox
from service.mail.outbox import Claimed
from service.mail.smtp import SmtpCourier, parse
from service.mail.tables import Email
from service.worker import Gate
from tests.mail.smtp_server import SmtpServer

T = TypeVar("T")
Subject = tuple[str, UUID]
UID = "xyz@campus.test"


def a_subject() -> Subject:
    """Something that a letter may be about."""
    return ("booking", uuid4())


async def post(
    subject: Subject | None = None, letter: str = "confirmation", *, to: str = "ben@exemple.test", **how: Any
) -> None:
    """One letter, posted and committed."""
    async with db.transaction():
        await outbox.post(letter, to, "fr", {"title": "Verrerie"}, subject or a_subject(), **how)


async def post_request(subject: Subject, uid: str = UID, **how: Any) -> None:
    """An invitation to the subject."""
    await post(subject, calendar=("REQUEST", uid), **how)


async def post_cancel(subject: Subject, uid: str = UID, *, revision: int = 1) -> None:
    """Its end, as a verb tells of it: what is still unsent is withdrawn in the same transaction."""
    async with db.transaction():
        await outbox.withdraw_unsent(subject)
        await outbox.post(
            "cancellation",
            "ben@exemple.test",
            "fr",
            {"title": "Verrerie"},
            subject,
            revision=revision,
            calendar=("CANCEL", uid),
        )


async def claimed() -> Claimed:
    """The next letter, of which there must be one."""
    email = await outbox.claim()
    assert email is not None
    return email


async def postpone(email: Claimed, detail: str = "later", **how: Any) -> bool:
    """The letter goes back into the queue."""
    async with db.transaction():
        return await outbox.postpone(email, detail, **how)


async def rows() -> list[Email]:
    """The whole outbox, in the order of posting."""
    return await Email.objects().order_by(Email.id)


async def the_row() -> Email:
    """The only letter of the outbox."""
    (row,) = await rows()
    return row


async def states() -> list[str]:
    """The states of the outbox, in the order of posting."""
    return [row.state for row in await rows()]


async def deliver_due(
    server: SmtpServer, *, after: timedelta = timedelta(0), gate: Gate | None = None, **times: Any
) -> int:
    """What a worker does with what is due ``after`` a while; returns how many letters it had in hand.

    ``times`` are the courier's.
    """
    courier = courier_to(server, **times)
    gate, done = gate or Gate(), 0
    with clock.at(clock.now() + after):
        while not gate.is_shut and (email := await outbox.claim()):
            await worker.deliver(email, courier, gate)
            done += 1
    await courier.close()
    return done


def courier_to(server: SmtpServer, **times: Any) -> SmtpCourier:
    """A courier for the test's own server."""
    return SmtpCourier(parse(server.url), own_name="client.test", **times)


def elsewhere(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Somebody else does this meanwhile: outside the transaction that is open here."""
    return asyncio.create_task(work, context=Context())
