"""Options: one button confirms, a reminder comes three days before the end, then the seats go to others."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest

from service import clock, settings
from service.bookings import lapses, options, waiting
from service.bookings.held import held_by
from service.bookings.options import OptionOver
from service.bookings.plans import NOBODY, Party
from service.bookings.tables import Dossier
from tests.bookings.classes import WEEK, a_class, again, class_event, class_slot, end_of, has, over
from tests.bookings.harness import at_once, booking_of, calendar_of, held, journal_of, kinds, mail_goes_out, text_of
from tests.bookings.queues import DAY, HOUR, MINUTE, SECOND, after
from tests.makers import BEN, make_slot


def kinds_of(messages: list[EmailMessage]) -> list[str]:
    """The method of each letter's calendar part, or nothing."""
    return sorted(calendar_of(message).get("METHOD", "") for message in messages)


async def test_one_button_confirms_every_slot_of_the_class_with_an_invitation_each(tmp_path: Path) -> None:
    event = await class_event()
    chosen = [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (2, 3)]
    dossier = await over(chosen, Party(12, 1), Party(12, 1))
    assert kinds_of(await mail_goes_out(tmp_path)) == [""]

    await options.confirm(dossier)

    assert await has(dossier) == [("confirmed", 12, 1), ("confirmed", 12, 1)]
    assert kinds_of(await mail_goes_out(tmp_path)) == ["", "REQUEST", "REQUEST"]


async def test_confirming_twice_is_confirming_once(tmp_path: Path) -> None:
    dossier = await a_class(await class_slot(40))
    assert kinds(await at_once(options.confirm(dossier), options.confirm(dossier))) == {"NoneType": 2}
    await options.confirm(dossier)

    assert kinds_of(await mail_goes_out(tmp_path)) == ["REQUEST"]  # what was to be confirmed needs no telling any more
    assert (await journal_of((await booking_of(dossier)).id)).count(("booker", "confirm")) == 1


async def test_an_option_that_is_over_cannot_be_confirmed_even_before_a_worker_came_by() -> None:
    dossier = await a_class(await class_slot(40))
    with after(10 * DAY), pytest.raises(OptionOver):
        await options.confirm(dossier)


@pytest.mark.parametrize(("days", "written_to"), [(6.9, 0), (7.1, 1), (9.9, 1)])
async def test_a_reminder_comes_three_days_before_the_end_and_once(
    tmp_path: Path, days: float, written_to: int
) -> None:
    await a_class(await class_slot(40))
    await mail_goes_out(tmp_path)
    with after(days * DAY):
        assert await options.remind() == written_to
        assert await options.remind() == 0
        assert len(await mail_goes_out(tmp_path)) == written_to


@pytest.mark.parametrize(("days", "written_to"), [(2.9, 0), (3.1, 1)])
async def test_how_long_before_the_end_the_reminder_comes_is_what_the_office_set(days: float, written_to: int) -> None:
    await a_class(await class_slot(40))
    settings.overlay({"option_reminder_days": 7})
    with after(days * DAY):
        assert await options.remind() == written_to


async def test_two_workers_remind_once() -> None:
    await a_class(await class_slot(40))
    with after(8 * DAY):
        assert sum(await at_once(options.remind(), options.remind())) == 1


async def test_who_took_the_option_shortly_before_its_end_has_just_read_of_it_and_is_not_reminded() -> None:
    await a_class(await class_slot(40, starts_in=2 * DAY))
    with after(DAY):
        assert await options.remind() == 0


async def test_an_option_that_nobody_confirmed_lapses_and_its_seats_go_to_those_who_wait() -> None:
    slot = await class_slot(30)
    dossier = await a_class(slot, Party(28, 2))
    ben = await waiting.join(await again(slot), BEN)

    with after(10 * DAY + SECOND):
        assert await lapses.expire() == 1
        assert await lapses.expire() == 0

    assert await has(dossier) == [("expired", 28, 2)]
    assert [one.booking.state for one in await held_by(ben)] == ["offered"]
    assert await held(slot) == 1


async def test_a_class_over_several_slots_lapses_as_a_whole_with_one_letter(tmp_path: Path) -> None:
    event = await class_event()
    chosen = [await make_slot(13, event=event, starts_in=weeks * WEEK) for weeks in (2, 3)]
    dossier = await over(chosen, Party(12, 1), Party(12, 1))
    await mail_goes_out(tmp_path)

    with after(10 * DAY + SECOND):
        assert await lapses.expire() == 2
        [letter] = await mail_goes_out(tmp_path)

    assert await has(dossier) == [("expired", 12, 1), ("expired", 12, 1)]
    assert dossier.code in text_of(letter)


async def test_the_rest_that_waited_ends_with_the_option() -> None:
    slot = await class_slot(20)
    await options.confirm(await a_class(slot, Party(10, 0), "2de 1"))
    dossier = await a_class(slot, Party(10, 0), "2de 2", later=Party(5, 0))
    with after(10 * DAY + SECOND):
        await lapses.expire()
    assert [state for state, _, _ in await has(dossier)] == ["expired", "expired"]
    assert (await again(slot)).seats_waiting == 0


async def test_two_workers_end_one_option_once(tmp_path: Path) -> None:
    await a_class(await class_slot(40))
    await mail_goes_out(tmp_path)
    with after(10 * DAY + SECOND):
        assert sum(await at_once(lapses.expire(), lapses.expire())) == 1
        assert len(await mail_goes_out(tmp_path)) == 1


async def test_confirming_against_the_deadline_ends_as_one_of_the_two_never_as_both() -> None:
    for _ in range(5):
        slot = await class_slot(40)
        dossier = await a_class(slot)
        with clock.at(await end_of(dossier) - timedelta(milliseconds=3)):
            await at_once(options.confirm(dossier), lapses.expire(), options.confirm(dossier), lapses.expire())
            [(state, _, _)] = await has(dossier)
            assert await held(slot) == {"confirmed": 31, "expired": 0, "option": 31}[state]


@pytest.mark.parametrize(
    ("starts_in", "closes_days", "lasts"),
    [
        (30 * DAY, 0, 10 * DAY),  # ten days
        (8 * DAY, 3, 5 * DAY),  # not past the closing
        (4 * DAY, 3, DAY),  # at least 24 h, though the list closes by then
        (3 * DAY + HOUR, 3, DAY),
        (20 * HOUR, 0, 20 * HOUR),  # never past the start
        (90 * MINUTE, 0, 90 * MINUTE),
    ],
)
async def test_an_option_gets_at_least_a_day_and_never_past_the_start(
    starts_in: timedelta, closes_days: int, lasts: timedelta
) -> None:
    dossier = await a_class(await class_slot(40, starts_in=starts_in, list_closes_days=closes_days))
    assert abs(await end_of(dossier) - clock.now() - lasts) < 2 * SECOND


async def test_a_class_that_waits_has_no_option_to_confirm() -> None:
    slot = await class_slot(10)
    await a_class(slot, Party(10, 0), "2de 1")
    dossier = await a_class(slot, NOBODY, "2de 2", later=Party(5, 0))
    with pytest.raises(OptionOver):
        await options.confirm(dossier)


async def test_one_class_that_cannot_be_ended_keeps_no_other_from_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    slot = await class_slot(40)
    broken, other = sorted([await a_class(slot, Party(9, 1), label) for label in ("2de 1", "2de 2")], key=_id)
    ends = lapses.expire_of

    async def fails_once(dossier: UUID) -> int:
        if dossier == broken.id:
            raise RuntimeError("planted")
        return await ends(dossier)

    monkeypatch.setattr(lapses, "expire_of", fails_once)
    with after(10 * DAY + SECOND), pytest.raises(RuntimeError, match="planted"):
        await lapses.expire()
    assert [(await has(one))[0][0] for one in (broken, other)] == ["option", "expired"]


def _id(dossier: Dossier) -> UUID:
    found: UUID = dossier.id
    return found
