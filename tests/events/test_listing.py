"""The office's list of events: what it shows, how it is narrowed, what it costs."""

from datetime import timedelta
from uuid import uuid4

import pytest

from service import db
from service.events import listing
from service.events.details import UnknownEvent
from service.events.listing import Filters
from tests.bookings.queues import joined
from tests.makers import make_booking, make_event, make_organisation, make_slot
from tests.visits import counted

DAY = timedelta(days=1)


async def titles(**asked: str) -> list[str]:
    return [line.title for line in (await listing.found(Filters(**asked))).lines]


async def season() -> None:
    """A draft without a date, events to come, past and called off."""
    await make_event(title="Ébauche", state="draft", kind="workshop")
    await make_slot(event=await make_event(title="Loin"), starts_in=9 * DAY)
    await make_slot(event=await make_event(title="Près", kind="assembly", takes_individuals=False), starts_in=DAY)
    await make_slot(event=await make_event(title="Passé"), starts_in=-9 * DAY)
    await make_slot(event=await make_event(title="Annulé", state="called_off"), starts_in=2 * DAY, state="called_off")


async def test_what_comes_next_stands_first_and_drafts_without_a_date_last() -> None:
    await season()
    assert await titles() == ["Près", "Annulé", "Loin", "Ébauche"]
    assert await titles(when="past") == ["Passé"]
    assert len(await titles(when="all")) == 5


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": "assembly"}, ["Près"]),
        ({"state": "draft"}, ["Ébauche"]),
        ({"state": "called_off"}, ["Annulé"]),
        ({"q": "EBAUCHE"}, ["Ébauche"]),
        ({"q": "passe", "when": "all"}, ["Passé"]),
        ({"q": "pres introuvable"}, []),
        ({"q": "100 %_' OR"}, []),
    ],
)
async def test_the_list_is_narrowed_and_searched_without_accents(asked: dict[str, str], found: list[str]) -> None:
    await season()
    assert await titles(**asked) == found


async def test_the_search_looks_at_host_and_town_too() -> None:
    host = await make_organisation(name="Verrerie de l’Aa")
    await make_event(title="Verre", host=host.id, town="Arques")
    await make_event(title="Bois", town="Merville", place="Merville")
    assert (await titles(q="l'aa"), await titles(q="mervil")) == (["Verre"], ["Bois"])


async def test_a_line_counts_the_seats_of_what_is_to_come() -> None:
    event = await make_event()
    await make_slot(7, event=event, starts_in=-3 * DAY)
    first = await make_slot(1, event=event, starts_in=DAY)
    await make_slot(5, event=event, starts_in=2 * DAY)
    await make_slot(90, event=event, starts_in=3 * DAY, state="called_off")
    await make_booking(first)
    await joined(first)
    [line] = (await listing.found(Filters())).lines

    assert (line.slots, line.slots_to_come, line.next_at) == (4, 3, first.starts_at)
    assert (line.capacity, line.seats_taken, line.seats_waiting) == (6, 1, 1)


async def test_it_costs_one_statement_with_one_event_and_with_three_hundred() -> None:
    host = (await make_organisation()).id
    costs = []
    for more in (1, 299):
        for _ in range(more):
            await make_slot(event=await make_event(host=host))
        with counted() as statements:
            found = await listing.found(Filters())
        costs.append((len(statements), len(found.lines), found.total, found.pages))
    assert costs == [(1, 1, 1, 1), (1, 50, 300, 6)]


async def test_a_page_beyond_the_last_says_how_many_there_are() -> None:
    await make_event()
    beyond = await listing.found(Filters(), 9)
    assert (beyond.lines, beyond.total, beyond.pages) == ([], 1, 1)


async def test_one_event_is_seen_in_any_state_with_its_dates_in_two_statements() -> None:
    event = await make_event()
    for days in (3, -3):
        await make_slot(event=event, starts_in=days * DAY)
    await db.fetch("UPDATE event SET state = 'draft'")
    with counted() as statements:
        seen = await listing.overview(event.id)

    assert (len(statements), seen.host_name.startswith("Verrerie")) == (2, True)
    assert [slot.is_over for slot in seen.slots] == [True, False]
    assert (seen.has_coming, seen.is_over, seen.next_slot) == (True, False, seen.slots[1])
    with pytest.raises(UnknownEvent):
        await listing.overview(uuid4())
