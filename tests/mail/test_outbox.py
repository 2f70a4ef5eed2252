"""The outbox: a letter exists if and only if its change was committed, and one worker at a time holds it."""

import asyncio
import random
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from asyncpg import UniqueViolationError

from service import clock, db
from service.bookings import changes, seats
from service.mail import outbox
from service.mail.outbox import Claimed
from tests.mail.makers import (
    UID,
    Subject,
    a_subject,
    claimed,
    elsewhere,
    post,
    post_cancel,
    post_request,
    postpone,
    rows,
    states,
    the_row,
)
from tests.makers import BEN, CLEO, make_booking, make_slot

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
A_LEASE = timedelta(seconds=61)


class Refused(Exception):
    """A verb says no at its very end."""


# --- posted with its change ------------------------------------------------------------------------------


async def test_a_letter_is_there_once_its_change_is_committed_and_not_before() -> None:
    async with db.transaction():
        await outbox.post("confirmation", "ben@exemple.test", "fr", {}, a_subject())
        assert await elsewhere(outbox.claim()) is None

    assert await outbox.claim() is not None


async def test_a_change_that_is_rolled_back_leaves_no_letter() -> None:
    with suppress(Refused):
        async with db.transaction():
            await outbox.post("confirmation", "ben@exemple.test", "fr", {}, a_subject())
            raise Refused

    assert await rows() == []


async def test_a_booking_posts_one_letter_and_a_refused_one_none() -> None:
    slot = await make_slot(capacity=1)

    await make_booking(slot, BEN)
    with pytest.raises(seats.SoldOut):
        await make_booking(slot, CLEO)

    assert [(row.letter, row.recipient) for row in await rows()] == [("confirmation", BEN.email)]


async def test_nothing_is_posted_or_withdrawn_outside_a_transaction() -> None:
    with pytest.raises(db.NoTransaction):
        await outbox.post("confirmation", "ben@exemple.test", "fr", {}, a_subject())
    with pytest.raises(db.NoTransaction):
        await outbox.withdraw_unsent(a_subject())


async def test_the_same_letter_cannot_be_posted_twice() -> None:
    subject = a_subject()
    await post(subject, revision=1)

    with pytest.raises(UniqueViolationError):
        await post(subject, revision=1)

    await post(subject, revision=2)
    assert len(await rows()) == 2


async def test_what_a_letter_says_is_frozen_when_it_is_posted() -> None:
    subject = ("booking", UUID(int=7))
    await post(subject, "confirmation", revision=3, calendar=("REQUEST", UID))

    email = await claimed()

    assert (email.message_id, outbox.root_message_id(subject)) == (
        f"<confirmation.3.{UUID(int=7).hex}@campus.test>",
        f"<booking.{UUID(int=7).hex}@campus.test>",
    )
    assert (email.facts, email.method, email.invitation_uid) == ({"title": "Verrerie"}, "REQUEST", UID)
    assert (email.content, email.attempts, email.failures) == (None, 1, 0)


# --- claimed under a lease, with a fence -----------------------------------------------------------------


async def take_all(workers: int, letters: int) -> list[int]:
    """Many workers at once: which letters they got into their hands, while none is settled."""
    for _ in range(letters):
        await post()

    held: list[int] = []

    async def work() -> None:
        while email := await outbox.claim():
            held.append(email.id)

    await asyncio.gather(*(work() for _ in range(workers)))
    return sorted(held)


async def test_two_workers_never_hold_the_same_letter() -> None:
    held = await take_all(workers=8, letters=60)

    assert held == [row.id for row in await rows()]


async def test_workers_that_look_first_and_take_then_do_hold_the_same_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look = "SELECT id FROM email WHERE state = 'due' ORDER BY id LIMIT 1"
    take = "UPDATE email SET state = 'sending' WHERE id = $1 RETURNING *"

    async def claim() -> Claimed | None:
        first = await db.fetch(look)
        taken = await db.fetch(take, first[0]["id"]) if first else []
        names = [name for name in Claimed.__slots__ if name != "is_overtaken"]
        return Claimed(**{name: taken[0][name] for name in names}, is_overtaken=False) if taken else None

    monkeypatch.setattr(outbox, "claim", claim)
    held = await take_all(workers=8, letters=20)

    assert len(held) > len(set(held)) == 20


async def test_a_letter_whose_row_is_locked_is_skipped_and_not_waited_for() -> None:
    for _ in range(2):
        await post()
    first, second = await rows()

    async with db.transaction():
        await db.fetch("SELECT 1 FROM email WHERE id = $1 FOR UPDATE", first.id)
        async with asyncio.timeout(1):
            others = await elsewhere(outbox.claim())

    assert others is not None
    assert others.id == second.id


async def test_a_letter_in_hand_is_nobody_elses_until_the_lease_runs_out() -> None:
    await post()
    await claimed()

    with clock.at(clock.now() + timedelta(seconds=59)):
        assert await outbox.claim() is None
    with clock.at(clock.now() + A_LEASE):
        assert (await claimed()).attempts == 2


async def test_a_renewed_lease_holds_for_another_minute() -> None:
    await post()
    email = await claimed()

    with clock.at(clock.now() + timedelta(seconds=50)):
        assert await outbox.renew(email)
    with clock.at(clock.now() + timedelta(seconds=105)):
        assert await outbox.claim() is None
    with clock.at(clock.now() + timedelta(seconds=115)):
        assert (await claimed()).attempts == 2


async def test_who_lost_the_lease_changes_nothing_any_more() -> None:
    await post()
    late = await claimed()
    with clock.at(clock.now() + A_LEASE):
        await claimed()
    before = (await the_row()).to_dict()

    assert not await outbox.renew(late)
    assert not await outbox.keep(late, b"other bytes")
    assert not await outbox.settle(late, "sent")
    assert not await postpone(late, may_have_arrived=True)

    assert (await the_row()).to_dict() == before


async def test_a_settled_letter_stays_settled() -> None:
    await post()
    email = await claimed()
    await outbox.settle(email, "sent")
    before = (await the_row()).to_dict()

    assert not await outbox.settle(email, "failed", "said twice")
    assert not await postpone(email)
    assert not await outbox.renew(email)

    assert (await the_row()).to_dict() == before


async def test_a_letter_to_forget_keeps_only_that_it_was() -> None:
    await post()
    email = await claimed()
    await outbox.keep(email, b"To: ben@exemple.test")

    await outbox.settle(email, "sent", forget=True)

    row = await the_row()
    assert (row.state, row.recipient, row.facts, row.content is None) == ("sent", "", "{}", True)


async def test_who_takes_over_a_letter_with_bytes_does_not_know_whether_it_arrived() -> None:
    for _ in range(2):
        await post()
    await outbox.keep(await claimed(), b"sent, perhaps")
    await claimed()

    with clock.at(clock.now() + A_LEASE):
        await claimed()
        await claimed()

    assert [row.may_have_arrived for row in await rows()] == [True, False]


# --- the order of letters --------------------------------------------------------------------------------


async def deliver_in_a_crowd(subjects: int, letters: int) -> dict[UUID, list[str]]:
    """Eight workers deliver letters of random length at once; what began and ended, by subject."""
    dice = random.Random(20_261_122)
    about = [a_subject() for _ in range(subjects)]
    for number in range(letters):
        for subject in about:
            await post(subject, revision=number, priority=dice.choice([1, 5, 9]))
    heard: dict[UUID, list[str]] = defaultdict(list)

    async def work() -> None:
        while set(await states()) & {"due", "sending"}:
            if email := await outbox.claim():
                heard[email.subject_id].append(f"{email.revision} begins")
                await asyncio.sleep(dice.uniform(0, 0.01))
                heard[email.subject_id].append(f"{email.revision} ends")
                await outbox.settle(email, "sent")

    await asyncio.gather(*(work() for _ in range(8)))
    return heard


def one_after_the_other(letters: int) -> list[str]:
    return [f"{number} {what}" for number in range(letters) for what in ("begins", "ends")]


async def test_letters_of_one_subject_keep_their_order_however_many_workers_there_are() -> None:
    heard = await deliver_in_a_crowd(subjects=6, letters=5)

    assert list(heard.values()) == [one_after_the_other(5)] * 6


async def test_without_looking_at_the_earlier_ones_the_order_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "CLAIM", outbox.CLAIM.replace("earlier.id < due.id", "false"))

    heard = await deliver_in_a_crowd(subjects=6, letters=5)

    assert list(heard.values()) != [one_after_the_other(5)] * 6


async def test_a_letter_waits_for_the_earlier_one_of_its_subject_also_while_that_one_fails() -> None:
    subject = a_subject()
    await post(subject)
    await post(subject, revision=1, priority=0)
    await postpone(await claimed())

    assert await outbox.claim() is None

    with clock.at(clock.now() + HOUR):
        assert (await claimed()).revision == 0


async def test_urgent_letters_go_first_and_equal_ones_in_their_order() -> None:
    for priority in (5, 9, 3, 5, 3):
        await post(priority=priority)
    posted = [row.id for row in await rows()]

    assert [(await claimed()).id for _ in posted] == [posted[n] for n in (2, 4, 0, 3, 1)]


# --- trying again, and giving up -------------------------------------------------------------------------


async def test_the_pauses_are_1_5_15_minutes_1_3_6_6_hours_give_or_take_half() -> None:
    for _ in range(12):
        await post()
    waited: list[list[timedelta]] = []
    for _ in range(7):
        now = max(row.next_try_at for row in await rows())
        with clock.at(now):
            for _ in range(12):
                await postpone(await claimed())
            waited.append([row.next_try_at - now for row in await rows()])

    bases = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR]
    shares = [wait / base for base, waits in zip(bases, waited, strict=True) for wait in waits]
    assert 0.5 <= min(shares) < 0.6
    assert 1.4 < max(shares) <= 1.51  # the clock has run on since
    assert [row.failures for row in await rows()] == [7] * 12


async def test_a_fault_of_the_server_is_a_pause_of_half_a_minute_and_no_failure() -> None:
    await post()
    now = clock.now()

    await postpone(await claimed(), "421 too busy", counts=False)

    row = await the_row()
    assert (row.state, row.failures, row.detail) == ("due", 0, "421 too busy")
    assert timedelta(seconds=30) <= row.next_try_at - now < timedelta(seconds=31)


@pytest.mark.parametrize("counts", [True, False])
async def test_the_last_try_is_when_the_time_is_over_and_then_it_is_given_up(counts: bool) -> None:
    await post()
    over = (await the_row()).give_up_at
    assert over - (await the_row()).posted_at == timedelta(hours=72)

    with clock.at(over - timedelta(seconds=10)):
        await postpone(await claimed(), counts=counts)
    assert (await the_row()).next_try_at == over
    with clock.at(over + timedelta(seconds=1)):
        await postpone(await claimed(), "no", counts=counts, may_have_arrived=True, forget=True)

    row = await the_row()
    assert (row.state, row.detail, row.may_have_arrived, row.recipient) == ("failed", "no", True, "")


async def test_a_letter_is_tried_until_its_event_is_over_and_72_hours_at_most() -> None:
    soon, late, past = clock.now() + HOUR, clock.now() + 100 * HOUR, clock.now() - HOUR
    for until in (soon, late, past):
        await post(until=until)

    assert [row.give_up_at - row.posted_at >= 72 * HOUR for row in await rows()] == [False, True, True]
    assert (await rows())[0].give_up_at == soon


async def test_a_letter_of_a_booking_is_worth_trying_until_the_slot_ends() -> None:
    slot = await make_slot(starts_in=HOUR)

    await make_booking(slot)

    assert (await the_row()).give_up_at == slot.ends_at


# --- requests and their end ------------------------------------------------------------------------------


async def test_a_request_not_yet_sent_is_superseded_by_its_cancel_and_forgotten() -> None:
    subject = a_subject()
    await post_request(subject)

    await post_cancel(subject)

    request, _ = await rows()
    assert (request.state, request.recipient, request.facts) == ("superseded", "", "{}")
    assert not await outbox.has_reached(await claimed())


async def test_a_request_in_somebodys_hands_stays_and_its_cancel_waits_for_it() -> None:
    subject = a_subject()
    await post_request(subject)
    request = await claimed()

    await post_cancel(subject)

    assert (await states(), await outbox.claim()) == (["sending", "due"], None)
    await outbox.settle(request, "sent")
    cancel = await claimed()
    assert (cancel.letter, await outbox.has_reached(cancel)) == ("cancellation", True)


async def fail_request(subject: Subject, *, may_have_arrived: bool) -> None:
    await post_request(subject)
    await postpone(await claimed(), may_have_arrived=may_have_arrived)


@pytest.mark.parametrize("may_have_arrived", [True, False])
async def test_a_cancel_knows_whether_its_failed_request_may_have_arrived(may_have_arrived: bool) -> None:
    subject = a_subject()
    await fail_request(subject, may_have_arrived=may_have_arrived)

    await post_cancel(subject)

    cancel = await claimed()
    assert (cancel.letter, await outbox.has_reached(cancel)) == ("cancellation", may_have_arrived)
    request, _ = await rows()
    assert (request.state, request.recipient != "") == ("superseded", may_have_arrived)


@pytest.mark.parametrize("may_have_arrived", [True, False])
async def test_a_second_change_of_mind_keeps_a_cancel_only_if_its_request_may_have_arrived(
    may_have_arrived: bool,
) -> None:
    subject = a_subject()
    await fail_request(subject, may_have_arrived=may_have_arrived)
    await post_cancel(subject)
    await post_request(subject, "second@campus.test", revision=2)

    await post_cancel(subject, "second@campus.test", revision=3)

    first_cancel = "due" if may_have_arrived else "superseded"
    assert await states() == ["superseded", first_cancel, "superseded", "due"]


async def test_a_failing_request_that_its_cancel_overtook_is_superseded_at_once() -> None:
    subject = a_subject()
    await post_request(subject)
    request = await claimed()
    await post_cancel(subject)

    await postpone(request, "451 not now", may_have_arrived=True)

    cancel = await claimed()
    assert (cancel.letter, await outbox.has_reached(cancel)) == ("cancellation", True)
    assert (await rows())[0].state == "superseded"


async def test_a_request_that_fails_while_its_cancel_is_being_posted_is_superseded_too() -> None:
    subject = a_subject()
    await post_request(subject)
    request = await claimed()

    async with db.transaction():
        await outbox.withdraw_unsent(subject)
        failing = elsewhere(postpone(request))
        await asyncio.sleep(0.1)  # time to fail, had it not to wait for us
        await outbox.post("cancellation", "b@exemple.test", "fr", {}, subject, calendar=("CANCEL", UID))
    await failing

    assert await states() == ["superseded", "due"]


async def test_a_request_left_by_a_killed_worker_says_that_it_is_overtaken() -> None:
    subject = a_subject()
    await post_request(subject)
    await claimed()
    await post_cancel(subject)

    with clock.at(clock.now() + A_LEASE):
        request = await claimed()

    assert (request.method, request.is_overtaken) == ("REQUEST", True)


async def test_a_failing_cancel_is_not_superseded_by_the_cancel_of_another_invitation() -> None:
    subject = a_subject()
    await post_request(subject)
    await outbox.settle(await claimed(), "sent")
    await post_cancel(subject)
    cancel = await claimed()
    await post_request(subject, "second@campus.test", revision=2)
    await post_cancel(subject, "second@campus.test", revision=3)

    await postpone(cancel, "451 greylisted")

    assert await states() == ["sent", "due", "superseded", "due"]


async def test_taking_a_cancellation_back_and_cancelling_again_leaves_one_letter_to_send() -> None:
    dossier = await make_booking(await make_slot())
    await changes.cancel(dossier)
    await changes.restore(dossier)

    await changes.cancel(dossier)

    assert [(row.letter, row.state) for row in await rows()] == [
        ("confirmation", "superseded"),
        ("cancellation", "superseded"),
        ("confirmation", "superseded"),
        ("cancellation", "due"),
    ]
