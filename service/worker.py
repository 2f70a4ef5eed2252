"""The worker: renders and delivers what the outbox holds, and finishes what was begun. Knows every letter."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from service import alive, clock, db, settings
from service.bookings import (
    class_emails,
    erasure,
    lapses,
    message_emails,
    news_emails,
    options,
    pending,
    pending_emails,
    waiting,
)
from service.bookings import emails as bookings_emails
from service.campus import preferences
from service.limits import keys, rates
from service.mail import letters, outbox, smtp
from service.mail.letters import Letter
from service.mail.outbox import Claimed
from service.mail.outcomes import Courier, Kind, Outcome
from service.people import delivery, sessions, sign_in
from service.people import emails as people_emails
from service.proposals import keeping, telling
from service.proposals import letters as proposal_letters

LETTERS: dict[str, Letter] = {
    **bookings_emails.LETTERS,
    **class_emails.LETTERS,
    **pending_emails.LETTERS,
    **news_emails.LETTERS,
    **message_emails.LETTERS,
    **people_emails.LETTERS,
    **proposal_letters.LETTERS,
}
LANES = 4
IDLE_SECONDS = 0.5
RENEW_SECONDS = 20.0
STOP_SECONDS = 20.0
HOUSEKEEPING_SECONDS = 5.0
OURS_IN_A_ROW = 5
QUEUE_STOP = timedelta(minutes=15)

log = structlog.get_logger()


@dataclass
class Faults:
    """What all lanes of a worker know together: how many faults in a row were ours."""

    ours_in_a_row: int = 0
    stopped_until: datetime | None = None


@dataclass
class Gate:
    """Whether a lane may go on: shut while the mail server turns it away; for all, when the fault is ours.

    A server that takes only so many connections at once turns some lanes away: the others must go on.
    """

    faults: Faults = field(default_factory=Faults)
    shut_until: datetime | None = None

    @property
    def is_shut(self) -> bool:
        """Whether to leave the mail server alone for now."""
        return any(until and clock.now() < until for until in (self.shut_until, self.faults.stopped_until))

    def note(self, outcome: Outcome) -> None:
        """Learn from one outcome: the server's trouble makes a pause, five faults of ours in a row a stop."""
        faults = self.faults
        faults.ours_in_a_row = faults.ours_in_a_row + 1 if outcome.kind is Kind.ours else 0
        if outcome.kind is Kind.server:
            self.shut_until = clock.now() + outbox.SERVER_PAUSE
            log.warning("mail server away", detail=outcome.detail)
        elif faults.ours_in_a_row >= OURS_IN_A_ROW:
            faults.stopped_until = clock.now() + QUEUE_STOP
            log.error("mail queue stopped: the mail server refuses what we send", detail=outcome.detail)


@dataclass
class Worker:
    """``LANES`` deliveries at once, each over a connection of its own, until ``stop`` is set."""

    courier: Callable[[], Courier]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    faults: Faults = field(default_factory=Faults)

    async def run(self) -> None:
        """Work until stopped; what is in hand then gets 20 s, and is abandoned to its lease."""
        tasks = [asyncio.create_task(self._lane()) for _ in range(LANES)]
        tasks.append(asyncio.create_task(self._repeat(_tidy, HOUSEKEEPING_SECONDS)))
        await self.stop.wait()
        _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _lane(self) -> None:
        courier, gate = self.courier(), Gate(self.faults)
        try:
            await self._repeat(lambda: self._deliver_all(courier, gate), IDLE_SECONDS)
        finally:
            await courier.close()

    async def _deliver_all(self, courier: Courier, gate: Gate) -> None:
        while not self.stop.is_set() and not gate.is_shut:
            email = await outbox.claim()
            if email is None:
                return
            await deliver(email, courier, gate)

    async def _repeat(self, step: Callable[[], Awaitable[object]], seconds: float) -> None:
        """One step after another; neither the database's absence nor a defect of ours ends it."""
        while not self.stop.is_set():
            await _attempt(step)
            await _wait(self.stop, seconds)


async def deliver(email: Claimed, courier: Courier, gate: Gate) -> None:
    """One letter, from its claim to its fate. No connection to the database is held meanwhile."""
    content = await _content(email)
    if content is None:
        return
    async with _leased(email):
        outcome = await _try(email, courier, content)
    gate.note(outcome)
    await _settle(email, outcome)


async def run_once() -> int:
    """Deliver what is due now with the mail server of the settings; returns how many letters."""
    await preferences.refresh()
    courier = _courier()
    try:
        return await drain(courier)
    finally:
        await courier.close()


async def drain(courier: Courier) -> int:
    """Deliver all that is due now and return how many letters; stops when the mail server turns us away.

    Then what else is due is done; the first failure of it is raised once all of it was tried.
    """
    gate, done = Gate(), 0
    while not gate.is_shut and (email := await outbox.claim()) is not None:
        await deliver(email, courier, gate)
        done += 1
    for failure in await _tidy():
        raise failure
    return done


async def run(stop: asyncio.Event) -> None:
    """The worker as the service runs it, with the mail server of the settings."""
    async with preferences.followed():
        await asyncio.gather(Worker(_courier, stop).run(), alive.beat(settings.current().data_dir, stop))


def _courier() -> Courier:
    """A connection to the mail server of the settings; it greets with our own name, so that none is looked up."""
    chosen = settings.current()
    own_name = urlsplit(chosen.public_url).hostname
    return smtp.courier_for(chosen.smtp_url, chosen.data_dir / "mail", own_name=own_name)


async def _content(email: Claimed) -> bytes | None:
    """The bytes to send: stored already, or rendered and stored now. None when there is nothing to send."""
    if email.is_overtaken:
        await _end(email, "superseded")
        return None
    if email.content is not None:
        return email.content
    if email.method == "CANCEL" and not await outbox.has_reached(email):
        if email.letter == "withdrawn":  # nothing ever reached that address: nothing to take back
            await _end(email, "superseded")
            return None
        email.method = ""
    try:
        content = letters.render(email, LETTERS[email.letter])
    except Exception as broken:  # noqa: BLE001 - a broken template is ours to mend; the letter waits for it
        log.error("cannot be rendered", letter=email.letter, email=email.id, defect=_where(broken))  # noqa: TRY400
        await _postpone(email, f"cannot be rendered: {_where(broken)}")
        return None
    return content if await outbox.keep(email, content) else None


async def _try(email: Claimed, courier: Courier, content: bytes) -> Outcome:
    try:
        return await courier.deliver(settings.current().mail_from, email.recipient, content)
    except Exception as defect:  # noqa: BLE001 - a courier never raises; if one did, its letter would circle
        return Outcome(Kind.unknown, f"the courier failed: {_where(defect)}")


async def _settle(email: Claimed, outcome: Outcome) -> None:
    """Note what happened. The mail server cannot be asked again: a database that is away is waited for."""
    log.info("mail", email=email.id, letter=email.letter, outcome=outcome.kind.value, detail=outcome.detail)
    while True:
        try:
            return await _note(email, outcome)
        except db.TROUBLE as trouble:
            log.warning("database away", trouble=type(trouble).__name__)
            await asyncio.sleep(IDLE_SECONDS)


async def _note(email: Claimed, outcome: Outcome) -> None:
    match outcome.kind:
        case Kind.sent:  # at once, in one statement: a worker that dies before it sends the letter twice
            await _end(email, "sent")
            await delivery.mark_reached(email.recipient)
        case Kind.permanent:
            async with db.transaction():
                if await _end(email, "failed", outcome.detail):
                    await delivery.mark_undeliverable(email.recipient, outcome.detail)
        case Kind.server:
            await _postpone(email, outcome.detail, counts=False)
        case Kind.temporary | Kind.ours | Kind.unknown:
            await _postpone(email, outcome.detail, may_have_arrived=outcome.kind is Kind.unknown)


async def _end(email: Claimed, state: str, detail: str = "") -> bool:
    return await outbox.settle(email, state, detail, forget=_is_fleeting(email))


async def _postpone(email: Claimed, detail: str, *, counts: bool = True, may_have_arrived: bool = False) -> None:
    forget = _is_fleeting(email)
    async with db.transaction():
        await outbox.postpone(email, detail, counts=counts, may_have_arrived=may_have_arrived, forget=forget)


def _is_fleeting(email: Claimed) -> bool:
    """Whether nothing of it may stay once it is settled; the demo's mailbox shows them all."""
    letter = LETTERS.get(email.letter)
    return letter is not None and (letter.secret or (letter.fleeting and not settings.current().demo))


@asynccontextmanager
async def _leased(email: Claimed) -> AsyncIterator[None]:
    """Renew the lease while a slow server keeps us."""
    renewing = asyncio.create_task(_renew(email))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _renew(email: Claimed) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            await outbox.renew(email)
        except db.TROUBLE as trouble:
            log.warning("lease not renewed", trouble=type(trouble).__name__)


async def _tidy() -> list[Exception]:
    """All that is due beside letters; what fails holds up none of the rest. Returns the failures, which are logged."""
    due = (waiting.expire, lapses.expire, options.remind, pending.remind)
    of_hosts = (keeping.remind_campus, keeping.remind_company, telling.tell_hosts, telling.tell_lists, keeping.thank)
    steps = (
        *due,
        *of_hosts,
        erasure.finish,
        keys.forget_old,
        rates.forget_old,
        sign_in.forget_old,
        sessions.forget_old,
    )
    return [failure for step in steps if (failure := await _attempt(step))]


async def _attempt(step: Callable[[], Awaitable[object]]) -> Exception | None:
    """Do one step; returns what it failed of, in the log's words only: a trace may tell names."""
    try:
        await step()
    except db.TROUBLE as trouble:
        log.warning("database away", trouble=type(trouble).__name__)
        return trouble
    except Exception as defect:  # noqa: BLE001 - whatever it is, the other letters must go out
        log.error("worker step failed", defect=_where(defect))  # noqa: TRY400
        return defect
    return None


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _where(defect: Exception) -> str:
    """What failed in which file and line (the template's, if it was one), and nothing that a letter says."""
    frames = traceback.extract_tb(defect.__traceback__)
    place = next((frame for frame in reversed(frames) if not frame.filename.endswith(".py")), frames[-1])
    return f"{type(defect).__name__} in {Path(place.filename).name}:{place.lineno}"
