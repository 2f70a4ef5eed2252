"""The worker: what becomes of a letter, whatever the mail server, the database or we ourselves do wrong."""

import asyncio
import functools
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from service import clock, db, settings, worker
from service.bookings import addresses, changes, emails, erasure, lapses, waiting
from service.limits import keys, rates
from service.mail import letters, outbox
from service.mail.letters import Letter
from service.mail.outcomes import Courier, Outcome
from service.people import delivery
from service.worker import LETTERS, Faults, Gate, Worker
from tests.mail.makers import claimed, courier_to, deliver_due, rows, states, the_row
from tests.mail.smtp_server import Answer, Drop, Fault, Freeze, Place, Slow, SmtpServer, What, smtp_server
from tests.makers import BEN, CLEO, a_pupil, link_of, make_booking, make_slot

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
A_LEASE = timedelta(seconds=61)
LATER = Answer("451 4.3.0 Not now")


@dataclass(frozen=True)
class Fate:
    """What became of one letter after one try."""

    state: str = "due"
    failures: int = 0
    attempts: int = 1
    marked: bool = False
    paused: bool = False
    may_have_arrived: bool = False


TEMPORARY = Fate(failures=1)
SERVER = Fate(paused=True)
PERMANENT = Fate(state="failed", marked=True)
OURS = Fate(failures=1)
UNKNOWN = Fate(failures=1, may_have_arrived=True)


async def fate_of_one_letter(server: SmtpServer, **times: Any) -> Fate:
    await make_booking(await make_slot())
    gate = Gate()

    await deliver_due(server, gate=gate, **times)

    row = await the_row()
    marked = await delivery.is_undeliverable(BEN.email_key)
    return Fate(row.state, row.failures, row.attempts, marked, gate.is_shut, row.may_have_arrived)


# --- the table of outcomes -------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [Answer("450 4.2.1 Full"), LATER, Drop(), Freeze()])
@pytest.mark.parametrize("place", ["mail", "rcpt", "data"])
async def test_a_fault_before_the_final_dot_is_temporary(place: Place, what: What) -> None:
    times = {"command_timeout": 0.2} if isinstance(what, Freeze) else {}
    async with smtp_server(Fault(place, what)) as server:
        assert await fate_of_one_letter(server, **times) == TEMPORARY


async def test_a_4xx_after_the_dot_is_temporary() -> None:
    async with smtp_server(Fault("dot", LATER)) as server:
        assert await fate_of_one_letter(server) == TEMPORARY


@pytest.mark.parametrize("place", ["connect", "ehlo", "mail", "rcpt", "data", "dot"])
async def test_421_and_432_pause_the_server_and_count_nothing_against_the_letter(place: Place) -> None:
    async with smtp_server(Fault(place, Answer("421 4.3.2 Too busy"))) as server:
        assert await fate_of_one_letter(server) == SERVER


async def test_432_pauses_the_server_too() -> None:
    async with smtp_server(Fault("rcpt", Answer("432 4.3.2 Too many"))) as server:
        assert await fate_of_one_letter(server) == SERVER


@pytest.mark.parametrize("what", [Drop(), Freeze()])
async def test_a_server_that_does_not_greet_is_paused(what: What) -> None:
    async with smtp_server(Fault("connect", what)) as server:
        assert await fate_of_one_letter(server, connect_timeout=0.2, command_timeout=0.2) == SERVER


async def test_a_server_that_is_not_there_is_paused() -> None:
    async with smtp_server() as server:
        await server.stop()
        assert await fate_of_one_letter(server) == SERVER


async def test_5xx_on_the_recipient_is_one_attempt_and_a_marked_address() -> None:
    async with smtp_server(Fault("rcpt", Answer("550 5.1.1 No such user"))) as server:
        assert await fate_of_one_letter(server) == PERMANENT

        await deliver_due(server, after=HOUR)

        assert server.attempts == {BEN.email: 1}
    assert (await the_row()).detail == "550 5.1.1 No such user"


@pytest.mark.parametrize("place", ["mail", "data", "dot"])
async def test_5xx_elsewhere_is_ours_and_marks_nobody(place: Place) -> None:
    async with smtp_server(Fault(place, Answer("554 5.7.1 Refused"))) as server:
        assert await fate_of_one_letter(server) == OURS


async def test_a_refused_sign_in_is_ours() -> None:
    async with smtp_server(Fault("auth", Answer("535 5.7.8 Bad")), user="ada", password="secret") as server:
        assert await fate_of_one_letter(server) == OURS


@pytest.mark.parametrize(("place", "what"), [("kept", Drop()), ("kept", Freeze()), ("dot", Freeze())])
async def test_no_answer_after_the_final_dot_is_unknown(place: Place, what: What) -> None:
    async with smtp_server(Fault(place, what)) as server:
        assert await fate_of_one_letter(server, answer_timeout=0.2) == UNKNOWN


async def test_a_server_that_takes_it_settles_it() -> None:
    async with smtp_server() as server:
        assert await fate_of_one_letter(server) == Fate(state="sent")
    assert (await the_row()).settled_at is not None


# --- what follows ----------------------------------------------------------------------------------------


async def test_an_unknown_letter_goes_again_with_the_very_same_bytes() -> None:
    async with smtp_server(Fault("kept", Drop(), times=1)) as server:
        await fate_of_one_letter(server)

        await deliver_due(server, after=2 * MINUTE)

        first, second = server.received
    assert first.content == second.content
    assert ((await the_row()).state, (await the_row()).attempts) == ("sent", 2)


async def test_after_a_crash_between_storing_and_sending_the_stored_bytes_go_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await make_booking(await make_slot())
    email = await claimed()
    stored = letters.render(email, LETTERS[email.letter])
    await outbox.keep(email, stored)

    meanwhile = replace(settings.current(), campus_name="Renamed")
    monkeypatch.setattr(settings, "_current", meanwhile)
    async with smtp_server() as server:
        await deliver_due(server, after=A_LEASE)

    assert letters.render(email, LETTERS[email.letter]) != stored
    assert [mail.content for mail in server.received] == [stored]


async def test_an_address_that_takes_a_letter_again_is_no_longer_marked() -> None:
    slot = await make_slot()
    async with smtp_server(Fault("rcpt", Answer("550 5.1.1 No such user"), times=1)) as server:
        await make_booking(slot)
        await deliver_due(server)
        assert await delivery.is_undeliverable(BEN.email_key)
        await make_booking(slot, replace(BEN, first_name="Basile"))
        await deliver_due(server)

    assert not await delivery.is_undeliverable(BEN.email_key)


async def test_a_server_that_is_away_is_left_alone_for_half_a_minute() -> None:
    slot = await make_slot()
    for _ in range(3):
        await make_booking(slot, a_pupil())
    gate = Gate()
    async with smtp_server(Fault("connect", Answer("421 4.3.2 Closing"), times=1)) as server:
        assert await deliver_due(server, gate=gate) == 1
        assert await deliver_due(server, gate=gate) == 0
        assert await deliver_due(server, gate=gate, after=timedelta(seconds=31)) == 3
        assert len(server.received) == 3


async def test_five_faults_of_ours_in_a_row_stop_the_queue_for_every_lane() -> None:
    slot = await make_slot()
    for _ in range(7):
        await make_booking(slot, a_pupil())
    faults = Faults()
    async with smtp_server(Fault("dot", Answer("554 5.7.1 We know you"))) as server:
        assert await deliver_due(server, gate=Gate(faults)) == 5
        server.heal()
        assert await deliver_due(server, gate=Gate(faults)) == 0
        assert await deliver_due(server, gate=Gate(faults), after=14 * MINUTE) == 0
        assert await deliver_due(server, gate=Gate(faults), after=16 * MINUTE) == 7
        assert len(server.received) == 7


async def test_faults_of_ours_that_are_not_in_a_row_stop_nothing() -> None:
    slot = await make_slot()
    pupils = [a_pupil() for _ in range(9)]
    for pupil in pupils:
        await make_booking(slot, pupil)
    async with smtp_server() as server:
        for number, pupil in enumerate(pupils):
            if number != 4:
                server.fail("dot", Answer("554 5.7.1 Spam"), to=pupil.email)
        assert await deliver_due(server) == 9


# --- invitations and their end ---------------------------------------------------------------------------


def methods(server: SmtpServer) -> list[str]:
    """The METHOD of each message the server took; "none" without a calendar."""
    found = []
    for mail in server.received:
        _, _, after = mail.content.partition(b"text/calendar;")
        found.append(after.partition(b'method="')[2].partition(b'"')[0].decode() or "none")
    return found


async def test_a_cancel_follows_the_request_that_arrived() -> None:
    async with smtp_server() as server:
        dossier = await make_booking(await make_slot())
        await deliver_due(server)
        await changes.cancel(dossier)
        await deliver_due(server)

        assert methods(server) == ["REQUEST", "CANCEL"]


async def test_a_plain_letter_replaces_the_cancel_of_a_request_that_never_went_out() -> None:
    async with smtp_server() as server:
        dossier = await make_booking(await make_slot())
        await changes.cancel(dossier)
        await deliver_due(server)

        assert methods(server) == ["none"]
    assert await states() == ["superseded", "sent"]


@pytest.mark.parametrize(
    ("place", "what", "told"), [("kept", Drop(), ["REQUEST", "CANCEL"]), ("rcpt", LATER, ["none"])]
)
async def test_the_cancel_of_a_failed_request_depends_on_whether_it_may_have_arrived(
    place: Place, what: What, told: list[str]
) -> None:
    async with smtp_server(Fault(place, what, times=1)) as server:
        dossier = await make_booking(await make_slot())
        await deliver_due(server)
        await changes.cancel(dossier)
        await deliver_due(server)

        assert methods(server) == told
    assert await states() == ["superseded", "sent"]


async def test_a_request_refused_for_good_is_followed_by_a_plain_letter() -> None:
    async with smtp_server(Fault("rcpt", Answer("550 5.1.1 No such user"), times=1)) as server:
        dossier = await make_booking(await make_slot())
        await deliver_due(server)
        await changes.cancel(dossier)
        await deliver_due(server)

        assert methods(server) == ["none"]


async def test_a_request_is_not_sent_any_more_once_its_cancel_waits_behind_it() -> None:
    dossier = await make_booking(await make_slot())
    await claimed()  # by a worker that is then killed
    await changes.cancel(dossier)

    async with smtp_server() as server:
        await deliver_due(server, after=A_LEASE)

        assert methods(server) == ["none"]
    assert await states() == ["superseded", "sent"]


async def test_a_cancel_stays_one_when_a_killed_worker_may_have_sent_the_request() -> None:
    dossier = await make_booking(await make_slot())
    async with smtp_server(Fault("kept", Freeze(), times=1)) as server:
        email = await claimed()
        killed = asyncio.create_task(worker.deliver(email, courier_to(server), Gate()))
        await server.until(lambda: len(server.received) == 1)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        await changes.cancel(dossier)

        await deliver_due(server, after=A_LEASE)

        assert methods(server) == ["REQUEST", "CANCEL"]


async def test_a_cancel_never_overtakes_its_request_in_a_slow_conversation() -> None:
    dossier = await make_booking(await make_slot())
    async with smtp_server(Fault("kept", Slow(0.5), times=1)) as server, working(server):
        await server.until(lambda: len(server.received) == 1, 5)
        await changes.cancel(dossier)
        await settled()

        assert methods(server) == ["REQUEST", "CANCEL"]


@pytest.mark.parametrize(("reached", "told"), [(True, ["REQUEST", "CANCEL", "REQUEST"]), (False, ["REQUEST"])])
async def test_a_wrong_address_hears_of_the_correction_only_if_it_had_been_invited(
    reached: bool, told: list[str]
) -> None:
    dossier = await make_booking(await make_slot())
    async with smtp_server() as server:
        if reached:
            await deliver_due(server)
        await addresses.correct_address(dossier, CLEO.email)
        await deliver_due(server)

        assert methods(server) == told
    assert [row.state for row in await rows() if row.letter == "withdrawn"] == ["sent" if reached else "superseded"]
    assert [row.recipient for row in await rows() if row.letter == "withdrawn"] == [""]


async def test_a_fleeting_letter_that_is_given_up_is_forgotten_like_one_that_was_sent() -> None:
    await make_booking(await make_slot())
    async with smtp_server() as server:
        await deliver_due(server)
        await emails.send_links(BEN.email, BEN.email_key, clock.now(), "fr")
        server.fail("rcpt", LATER)
        await deliver_due(server, after=73 * HOUR)

    links = (await rows())[-1]
    assert (links.letter, links.state, links.detail) == ("links", "failed", "451 4.3.0 Not now")
    assert (links.recipient, links.facts, links.content is None) == ("", "{}", True)


# --- our own defects -------------------------------------------------------------------------------------


async def test_a_broken_template_refuses_no_booking_and_loses_no_letter(
    monkeypatch: pytest.MonkeyPatch, visitor: Any
) -> None:
    async with smtp_server() as server:
        with monkeypatch.context() as broken:
            broken.setitem(LETTERS, "confirmation", Letter(lambda _: {}))
            dossier = await make_booking(await make_slot())
            await deliver_due(server)
            row = await the_row()
            assert (row.state, row.failures, row.may_have_arrived) == ("due", 1, False)
            assert re.fullmatch(r"cannot be rendered: \w+ in subject\.txt:1", row.detail)
            assert (await visitor.get(link_of(dossier))).status_code == 200

        await deliver_due(server, after=2 * MINUTE)

        assert len(server.received) == 1
    assert await states() == ["sent"]


async def test_a_broken_letter_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    slot = await make_slot()
    broken = await make_booking(slot, BEN)
    await make_booking(slot, CLEO)
    names = LETTERS["confirmation"].names

    def names_but_one(email: outbox.Claimed) -> dict[str, Any]:
        return names(email) if email.facts["dossier"] != str(broken.id) else {}

    monkeypatch.setitem(LETTERS, "confirmation", replace(LETTERS["confirmation"], names=names_but_one))
    async with smtp_server() as server, working(server):
        await server.until(lambda: len(server.received) == 1, 5)

        assert server.received[0].recipient == CLEO.email


async def test_a_letter_of_another_version_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    await make_booking(await make_slot())
    monkeypatch.delitem(LETTERS, "confirmation")

    async with smtp_server() as server:
        await deliver_due(server)

    assert ((await the_row()).state, (await the_row()).failures) == ("due", 1)


class Defective:
    """A courier with a defect of its own, for some recipients; otherwise a good one."""

    def __init__(self, courier: Courier, *recipients: str) -> None:
        self.courier, self.recipients = courier, recipients

    async def deliver(self, sender: str, recipient: str, content: bytes) -> Outcome:
        if recipient in self.recipients:
            raise AssertionError("a defect")
        return await self.courier.deliver(sender, recipient, content)

    async def close(self) -> None:
        await self.courier.close()


async def test_a_defect_of_the_courier_is_one_letters_failure_and_the_lanes_go_on() -> None:
    slot = await make_slot(capacity=20)
    pupils = [a_pupil() for _ in range(12)]
    for pupil in pupils:
        await make_booking(slot, pupil)
    unlucky = [pupil.email for pupil in pupils[:6]]  # more than there are lanes

    async with smtp_server() as server, working(server, lambda good: Defective(good, *unlucky)):
        await until(tried)

    assert Counter((row.state, row.failures) for row in await rows()) == {("sent", 0): 6, ("due", 1): 6}


async def test_a_step_that_fails_in_an_unforeseen_way_does_not_end_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim, failures = outbox.claim, iter(range(8))

    async def claim_at_last() -> outbox.Claimed | None:
        if next(failures, None) is not None:
            raise LookupError
        return await claim()

    monkeypatch.setattr(outbox, "claim", claim_at_last)
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.05)
    await make_booking(await make_slot())

    async with smtp_server() as server, working(server):
        await server.until(lambda: len(server.received) == 1, 5)


async def test_a_step_of_housekeeping_that_fails_holds_up_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def step(name: str, failure: Exception | None = None) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            done.append(name)
            if failure:
                raise failure

        return run

    monkeypatch.setattr(waiting, "expire", step("offers", LookupError()))
    monkeypatch.setattr(lapses, "expire", step("options", ConnectionRefusedError()))
    monkeypatch.setattr(erasure, "finish", step("erasures", ValueError()))
    monkeypatch.setattr(keys, "forget_old", step("keys"))
    monkeypatch.setattr(rates, "forget_old", step("rates"))

    failures = await worker._tidy()

    assert done == ["offers", "options", "erasures", "keys", "rates"]
    assert [type(failure) for failure in failures] == [LookupError, ConnectionRefusedError, ValueError]
    log = capsys.readouterr().out
    assert [log.count(words) for words in ("worker step failed", "database away")] == [2, 1]
    assert "LookupError in test_worker.py" in log


async def test_once_says_what_failed_after_all_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails() -> int:
        raise LookupError

    forgotten: list[bool] = []

    async def forget() -> None:
        forgotten.append(True)

    monkeypatch.setattr(waiting, "expire", fails)
    monkeypatch.setattr(rates, "forget_old", forget)
    with pytest.raises(LookupError):
        await worker.run_once()
    assert forgotten == [True]


# --- many letters, slow servers --------------------------------------------------------------------------


class Sometimes(Fault):
    """In one conversation of ten, one of these happens."""

    KINDS: tuple[tuple[Place, What], ...] = (
        *((place, LATER) for place in ("mail", "data", "dot")),
        *((place, Drop()) for place in ("connect", "mail", "content", "kept")),
        ("mail", Answer("421 4.3.2 Busy")),
        ("dot", Answer("554 5.6.0 Odd")),
        ("kept", Freeze()),
    )

    def __init__(self, dice: random.Random) -> None:
        super().__init__("connect", LATER)
        self.dice, self.happened = dice, 0
        self.next: Place | None = None

    def happens(self, place: Place, recipient: str | None) -> bool:
        if place == "mail" and self.dice.random() < 0.1:
            self.next, self.what = self.dice.choice(self.KINDS)
        if place != self.next:
            return False
        self.next, self.happened = None, self.happened + 1
        return True


async def test_sixty_letters_with_one_fault_in_ten_all_arrive_and_a_5xx_is_tried_once() -> None:
    dice = random.Random(20_261_122)
    slot = await make_slot(capacity=60)
    pupils = [a_pupil() for _ in range(60)]
    for pupil in pupils:
        await make_booking(slot, pupil)
    refused = {pupil.email for pupil in dice.sample(pupils, 6)}

    async with smtp_server(faults := Sometimes(dice)) as server:
        for address in refused:
            server.fail("rcpt", Answer("550 5.1.1 No such user"), to=address)
        while waiting := [row.next_try_at for row in await rows() if row.state == "due"]:
            soon = min(waiting) - clock.now() + timedelta(seconds=1)
            await deliver_due(server, after=max(soon, timedelta(0)), answer_timeout=0.2)

        taken = Counter(mail.recipient for mail in server.received)
        assert set(taken) == {pupil.email for pupil in pupils} - refused
        assert {address: server.attempts[address] for address in refused} == dict.fromkeys(refused, 1)
        assert len({mail.content for mail in server.received}) == len(taken)
        assert faults.happened >= 3
    assert Counter(await states()) == {"sent": 54, "failed": 6}


class TwoAtMost(Fault):
    """The first two connections are welcome, the others are turned away."""

    def __init__(self) -> None:
        super().__init__("connect", Answer("421 4.7.0 Too many connections"))
        self.greeted = 0

    def happens(self, place: Place, recipient: str | None) -> bool:
        self.greeted += place == "connect"
        return place == "connect" and self.greeted > 2


async def test_a_server_that_takes_two_connections_at_once_gets_all_letters_without_a_stop() -> None:
    slot = await make_slot(capacity=40)
    for _ in range(40):
        await make_booking(slot, a_pupil())

    async with smtp_server(TwoAtMost()) as server, working(server):
        await server.until(lambda: len(server.received) == 38, 15)  # two were turned away, and wait


@pytest.mark.parametrize(("renewing", "copies"), [(0.25, 1), (60, 2)])
async def test_a_letter_stays_in_hand_for_as_long_as_its_lease_is_renewed(
    monkeypatch: pytest.MonkeyPatch, renewing: float, copies: int
) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=1))
    monkeypatch.setattr(worker, "RENEW_SECONDS", renewing)
    await make_booking(await make_slot())

    async with smtp_server(Fault("kept", Slow(2.5), times=1)) as server:
        async with working(server), working(server):
            await settled()
            await asyncio.sleep(1)

        assert len(server.received) == copies
        assert len({mail.content for mail in server.received}) == 1


# --- stopping, and the database's absence ----------------------------------------------------------------


async def test_stopping_abandons_what_takes_too_long_to_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "STOP_SECONDS", 0.3)
    await make_booking(await make_slot())
    async with smtp_server(Fault("kept", Freeze(), times=1)) as server:
        async with asyncio.timeout(5):
            async with working(server):
                await server.until(lambda: len(server.received) == 1, 3)
        await server.until_empty()
        assert await states() == ["sending"]

        await deliver_due(server, after=A_LEASE)

        first, second = server.received
    assert (first.content, await states()) == (second.content, ["sent"])


async def test_the_worker_goes_on_by_itself_when_its_connections_are_cut(
    monkeypatch: pytest.MonkeyPatch, server_url: str
) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=4))  # a claim whose answer was lost waits for it
    monkeypatch.setattr(worker, "RENEW_SECONDS", 1)
    database = (await db.fetch("SELECT current_database() AS name"))[0]["name"]
    slot = await make_slot(capacity=40)
    for _ in range(40):
        await make_booking(slot, a_pupil())

    async with smtp_server(Fault("data", Slow(0.05))) as server, working(server):
        for _ in range(5):
            enough = len(server.received) + 5
            await server.until(functools.partial(has_taken, server, enough), 10)
            await end_sessions(server_url, database)
        await settled()

        taken_over = Counter(mail.recipient for mail in server.received)
    assert Counter(await states()) == {"sent": 40}
    assert set(taken_over.values()) == {1}


async def test_once_means_what_is_due_now_and_into_files_without_a_mail_server() -> None:
    await make_booking(await make_slot())

    assert [await worker.run_once(), await worker.run_once()] == [1, 0]

    sent = {file.read_bytes() for file in (settings.current().data_dir / "mail").glob("*.eml")}
    assert (await the_row()).content in sent


# --- what the tests are made of --------------------------------------------------------------------------


def has_taken(server: SmtpServer, letters: int) -> bool:
    return len(server.received) >= letters


@asynccontextmanager
async def working(
    server: SmtpServer, dressed: Callable[[Courier], Courier] = lambda courier: courier
) -> AsyncIterator[None]:
    """A worker with all its lanes, in this process, for as long as the block lasts."""
    one = Worker(lambda: dressed(courier_to(server)))
    running = asyncio.create_task(one.run())
    try:
        yield
    finally:
        one.stop.set()
        await running


async def until(it_is_so: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await it_is_so():
            await asyncio.sleep(0.05)


async def settled() -> None:
    """Wait until the outbox has nothing left to do."""

    async def nothing_is_open() -> bool:
        try:
            return not {"due", "sending"} & set(await states())
        except db.TROUBLE:  # ours was among the connections that were cut
            return False

    await until(nothing_is_open)


async def tried() -> bool:
    """Whether every letter was tried once."""
    return all(row.attempts and row.state != "sending" for row in await rows())


async def end_sessions(server_url: str, database: str) -> None:
    """Cut every connection to the test's database."""
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    await on_the_server(server_url, ending, database)


async def on_the_server(server_url: str, statement: str, *values: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()
