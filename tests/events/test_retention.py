"""How long the data of an event are kept."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from service import db
from service.events import retention
from service.events.retention import KeptTooShort
from service.events.tables import Event
from service.events.versions import EditedMeanwhile
from tests.events.writing import ADA, BEN, a_date, make_draft, publish, row_of
from tests.makers import at_paris, make_slot
from tests.visits import settings_with
from tests.web.office.harness import somebody

DAY = timedelta(days=1)
LAST = date(2031, 11, 24)


async def a_draft() -> UUID:
    """A draft whose only date is the 24 November 2031."""
    return await make_draft(first=a_date(at_paris("2031-11-24 14:00")))


async def dates_of(event: UUID) -> tuple[date, date]:
    row = await row_of(event)
    return row["contacts_erased_on"], row["names_erased_on"]


async def follow(event: UUID) -> None:
    async with db.transaction():
        await retention.follow(event)


async def add_date(event: UUID, day: str) -> None:
    await db.fetch("UPDATE event SET state = 'published' WHERE id = $1", event)
    known = await Event.objects().get(Event.id == event)
    await make_slot(event=known, starts_at=at_paris(f"{day} 14:00"))
    await follow(event)


@pytest.mark.parametrize(
    ("last", "contacts", "names"),
    [
        ("2031-11-24 14:00", date(2031, 12, 24), date(2032, 11, 24)),
        ("2032-02-29 14:00", date(2032, 3, 30), date(2033, 2, 28)),
        ("2031-12-31 23:30", date(2032, 1, 30), date(2032, 12, 31)),  # a day of the campus, not of Greenwich
    ],
)
def test_contacts_go_after_thirty_days_and_names_after_twelve_months(last: str, contacts: date, names: date) -> None:
    assert retention.dates_after(at_paris(last)) == (contacts, names)


async def test_an_event_has_its_dates_from_the_beginning_and_they_follow_its_last_slot() -> None:
    event = await a_draft()
    assert await dates_of(event) == (date(2031, 12, 24), date(2032, 11, 24))
    await add_date(event, "2032-01-10")
    assert await dates_of(event) == (date(2032, 2, 9), date(2033, 1, 10))


async def test_publishing_sets_the_dates_of_an_event_that_has_none() -> None:
    event = await a_draft()
    await db.fetch("UPDATE event SET contacts_erased_on = NULL, names_erased_on = NULL")
    await publish(event, ADA)
    assert await dates_of(event) == (date(2031, 12, 24), date(2032, 11, 24))


async def test_dates_set_by_hand_stay_with_their_reason_in_the_journal() -> None:
    event = await a_draft()
    chosen = date(2031, 12, 1), date(2033, 11, 24)
    await retention.keep_until(event, chosen, "Enquête à un an", before=await dates_of(event), by=ADA)
    await add_date(event, "2031-11-30")

    assert await dates_of(event) == chosen
    [row] = await db.fetch("SELECT facts ->> 'reason' AS reason, actor FROM journal WHERE verb = 'keep_until'")
    assert tuple(row) == ("Enquête à un an", ADA)


async def test_nothing_is_erased_before_the_last_date_even_when_it_was_set_by_hand() -> None:
    event = await a_draft()
    await retention.keep_until(event, (LAST, LAST), "Rien à garder", before=await dates_of(event), by=ADA)
    await add_date(event, "2032-01-10")
    assert await dates_of(event) == (date(2032, 1, 10), date(2032, 1, 10))


async def test_a_day_before_the_last_date_is_refused() -> None:
    event = await a_draft()
    for chosen in ((LAST - DAY, LAST), (LAST, LAST - DAY)):
        with pytest.raises(KeptTooShort) as refusal:
            await retention.keep_until(event, chosen, "Vite", before=await dates_of(event), by=ADA)
        assert refusal.value.last == LAST


async def test_who_saw_other_dates_overwrites_nothing() -> None:
    ada, event = await somebody("admin"), await a_draft()
    seen = await dates_of(event)
    await retention.keep_until(event, (LAST, LAST), "Rien à garder", before=seen, by=f"person:{ada.id}")

    with pytest.raises(EditedMeanwhile) as refusal:
        await retention.keep_until(event, (LAST + DAY, LAST + DAY), "Un jour", before=seen, by=BEN)
    assert (refusal.value.by, await dates_of(event)) == ("Ada admin", (LAST, LAST))


async def test_following_needs_a_transaction() -> None:
    with pytest.raises(db.NoTransaction):
        await retention.follow(await a_draft())


async def test_data_are_kept_as_long_as_the_campus_says() -> None:
    with settings_with(contacts_kept_days=10, names_kept_months=6):
        assert retention.dates_after(at_paris("2031-08-31 16:00")) == (date(2031, 9, 10), date(2032, 2, 29))
