"""The letter that says what has changed: one for each booking, of what was told last, with its calendar part."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service import clock, db, i18n, worker
from service.bookings import changes, erasure, moving, news, offers, options
from service.bookings.emails import SETTLING
from service.bookings.plans import Party
from service.bookings.tables import Dossier
from service.events import slots
from service.events.slots import BookableSlot
from service.mail import outbox
from service.mail.outcomes import Kind
from service.mail.tables import Email
from tests.bookings.classes import a_class, class_slot, over
from tests.bookings.harness import Refusing, calendar_of, letters_about, mail_goes_out, text_of
from tests.bookings.news import DAY, HOUR, moved, news_of, plan_of
from tests.bookings.queues import full_slot, joined, state_of
from tests.makers import BEN, CLEO, a_pupil, make_booking, make_event, make_slot
from tests.visits import counted


async def told_in_time(folder: Path) -> list[Any]:
    """What goes out once all has settled."""
    with clock.at(clock.now() + 2 * SETTLING):
        return await mail_goes_out(folder)


async def edit(slot: BookableSlot, **facts: str) -> int:
    """The office writes other words into the event, and tells."""
    before = {slot.id: await slots.load(slot.id)}
    async with db.transaction():
        for name, value in facts.items():
            await db.fetch(f"UPDATE event SET {name} = $2 WHERE id = $1", slot.event_id, value)
        return await news.tell_change([slot.id], before)


# What it says


async def test_the_letter_waits_until_things_have_settled_and_brings_the_calendar_up_to_date(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    [confirmed] = await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    assert await mail_goes_out(tmp_path) == []

    [told] = await told_in_time(tmp_path)

    first, entry = calendar_of(confirmed), calendar_of(told)
    assert (entry["METHOD"], entry["SEQUENCE"], entry["UID"]) == ("REQUEST", "1", first["UID"])
    assert entry["DTSTART"] != first["DTSTART"]
    assert entry["DTSTAMP"] > first["DTSTAMP"]
    assert told["Message-ID"] != confirmed["Message-ID"]
    assert told["References"] == confirmed["References"]
    assert dossier.code in text_of(told)


@pytest.mark.parametrize(
    ("facts", "subject", "gone"),
    [
        ({"place": "Halle 9, Lumbres"}, "New place", "Atelier, 62510 Arques"),
        ({"title": "Le verre autrement"}, "New title", "Visite d’atelier"),
    ],
)
async def test_another_place_or_title_is_told_beside_the_old_one(
    tmp_path: Path, facts: dict[str, str], subject: str, gone: str
) -> None:
    slot = await make_slot()
    await make_booking(slot, replace(BEN, language="en"))
    await mail_goes_out(tmp_path)
    assert await edit(slot, **facts) == 1
    [told] = await told_in_time(tmp_path)
    said = text_of(told)
    assert str(told["Subject"]).startswith(subject)
    new, old = said.index(next(iter(facts.values()))), said.index(gone)
    assert new < said.index("Before, it was:") < old
    assert calendar_of(told)["SEQUENCE"] == "1"


async def test_each_is_told_how_they_stand_and_only_what_is_confirmed_has_a_calendar_part(tmp_path: Path) -> None:
    slot, [holder] = await full_slot(1)
    waits = await joined(slot, replace(CLEO, language="en"))
    option = await class_slot(starts_in=timedelta(days=21))
    await a_class(option)
    await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    await moved(option, DAY)
    arrived = {str(one["To"].addresses[0].addr_spec): one for one in await told_in_time(tmp_path)}
    assert bool(calendar_of(arrived[holder.email]))
    waiting_letter = arrived[waits.email]
    assert calendar_of(waiting_letter) == {}
    assert "Position: 1." in text_of(waiting_letter)
    assert "option" in text_of(arrived["m.cappelaere@lycee.test"])


async def test_who_has_no_address_or_is_being_erased_is_told_nothing() -> None:
    slot = await make_slot()
    silent, erased = await make_booking(slot), await make_booking(slot, CLEO)
    await erasure.erase(erased)
    await db.fetch("UPDATE dossier SET email = '', email_key = '' WHERE id = $1", silent.id)
    await db.fetch("UPDATE booking SET email_key = '' WHERE dossier = $1", silent.id)
    assert await news.people_to_tell([slot.id]) == 0
    assert await moved(slot, DAY) == 0
    assert [await news_of(one) for one in (silent, erased)] == [[], []]


async def test_the_number_of_people_counts_live_bookings_with_an_address_of_what_is_to_come() -> None:
    slot, [holder, _] = await full_slot(2)
    await joined(slot)
    over_already = await make_slot(starts_in=HOUR)
    await make_booking(over_already)
    assert await news.people_to_tell([slot.id, over_already.id]) == 4
    await changes.cancel(holder)
    with clock.at(clock.now() + 2 * HOUR):
        assert await news.people_to_tell([slot.id, over_already.id]) == 2
    assert await news.people_to_tell([]) == 0


# What was told last


async def test_moved_twice_within_five_minutes_one_letter_tells_the_first_and_the_last(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    await moved(slot, DAY)
    assert await news_of(dossier) == [("moved", slot.starts_at.isoformat(), (slot.starts_at + 2 * DAY).isoformat())]
    [told] = await told_in_time(tmp_path)
    assert calendar_of(told)["SEQUENCE"] == "2"


async def test_moved_and_moved_back_before_anybody_was_told_nobody_is(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await mail_goes_out(tmp_path)
    assert await moved(slot, DAY) == 1
    assert await moved(slot, -DAY) == 0
    assert await news_of(dossier) == []
    assert await told_in_time(tmp_path) == []


async def test_moved_back_after_people_were_told_they_are_told_again(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    await told_in_time(tmp_path)
    assert await moved(slot, -DAY) == 1
    assert await news_of(dossier) == [("moved", (slot.starts_at + DAY).isoformat(), slot.starts_at.isoformat())]
    [told] = await told_in_time(tmp_path)
    assert calendar_of(told)["SEQUENCE"] == "2"


async def test_a_letter_that_may_have_arrived_is_answered_even_where_all_is_as_it_was(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    with clock.at(clock.now() + 2 * SETTLING):
        await worker.drain(Refusing(Kind.unknown))
    assert await moved(slot, -DAY) == 1
    [letter] = await news_of(dossier)
    assert letter[2] == slot.starts_at.isoformat()


async def test_a_letter_in_a_worker_s_hands_tells_what_it_tells_and_the_next_one_goes_on_from_there() -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await db.fetch("UPDATE email SET state = 'sent'")
    await moved(slot, DAY)
    with clock.at(clock.now() + 2 * SETTLING):
        claimed = await outbox.claim()
    assert claimed is not None
    assert claimed.letter == "moved"
    await moved(slot, DAY)
    [letter] = await news_of(dossier)
    assert letter[1:] == ((slot.starts_at + DAY).isoformat(), (slot.starts_at + 2 * DAY).isoformat())


async def test_moved_and_renamed_at_once_both_are_told_in_one_letter(tmp_path: Path) -> None:
    slot = await make_slot()
    await make_booking(slot, replace(BEN, language="en"))
    await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    await edit(slot, place="Halle 9, Lumbres")
    [told] = await told_in_time(tmp_path)
    said = text_of(told)
    assert said.index("Halle 9") < said.index("Before, it was:") < said.index("Atelier, 62510 Arques")
    assert "New date" in str(told["Subject"])


# What follows it


async def test_who_cancels_before_the_letter_leaves_is_told_of_the_cancellation_only(tmp_path: Path) -> None:
    slot = await make_slot()
    dossier = await make_booking(slot)
    await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    await changes.cancel(dossier)
    [told] = await told_in_time(tmp_path)
    assert calendar_of(told)["METHOD"] == "CANCEL"
    assert [letter[:2] for letter in await letters_about(dossier)][1:] == [
        ("moved", "superseded"),
        ("cancellation", "sent"),
    ]


async def test_who_takes_an_offer_after_the_move_is_confirmed_for_the_new_date(tmp_path: Path) -> None:
    slot, [holder] = await full_slot(1)
    entry = await joined(slot)
    await changes.cancel(holder)
    await moved(slot, DAY)
    await offers.accept(entry)
    letters = [one for one in await told_in_time(tmp_path) if entry.email in str(one["To"])]
    assert calendar_of(letters[-1])["DTSTART"].startswith(f"{i18n.local(slot.starts_at + DAY):%Y%m%d}")
    assert await state_of(entry) == ["confirmed"]


async def test_the_unsent_summary_of_a_class_tells_the_new_date() -> None:
    event = await make_event(takes_classes=True)
    chosen = [await make_slot(40, event=event, starts_in=timedelta(weeks=weeks)) for weeks in (2, 3)]
    dossier = await over(chosen, Party(12, 1), Party(10, 1))
    await moved(chosen[0], DAY)
    [row] = await db.fetch(
        "SELECT facts FROM email WHERE letter = 'class' AND state = 'due' AND subject_id = $1", dossier.id
    )
    assert (chosen[0].starts_at + DAY).isoformat() in row["facts"]
    assert await Email.count().where(Email.letter == "moved", Email.state == "due") == 1


async def test_a_class_that_confirms_before_the_letter_leaves_is_invited_to_the_new_date(tmp_path: Path) -> None:
    slot = await class_slot()
    dossier = await a_class(slot)
    await mail_goes_out(tmp_path)
    await moved(slot, DAY)
    await options.confirm(dossier)
    with_calendar = [entry for one in await told_in_time(tmp_path) if (entry := calendar_of(one))]
    assert [entry["METHOD"] for entry in with_calendar] == ["REQUEST"]
    assert with_calendar[0]["DTSTART"].startswith(f"{i18n.local(slot.starts_at + DAY):%Y%m%d}")


# How much it takes


async def statements_of_a_move(people: int) -> int:
    slot = await make_slot(400)
    made: list[Dossier] = [await make_booking(slot, a_pupil()) for _ in range(people)]
    plan, version = await plan_of(slot.id, starts_at=slot.starts_at + DAY, ends_at=slot.ends_at + DAY)
    with counted() as statements:
        assert await moving.change(slot.id, plan, version, "ada") == len(made)
    return len(statements)


async def test_a_move_costs_one_statement_more_for_each_booking_its_letter() -> None:
    one, many = await statements_of_a_move(1), await statements_of_a_move(21)
    assert many - one == 20


async def test_the_inner_step_needs_an_open_transaction() -> None:
    slot = await make_slot()
    with pytest.raises(db.NoTransaction):
        await news.tell_change([slot.id], {slot.id: slot})
