"""Shares: what each audience sees of the seats, before and after what is kept for others is released."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import clock, db
from service.bookings import waiting
from service.bookings.tables import AUDIENCES
from service.events import agenda, details, shares, slots
from service.events.agenda import Filters
from service.events.cards import SlotCard
from service.events.shares import CLASS, INDIVIDUAL, PARTNER, Room
from service.events.slots import BookableSlot
from tests.bookings.queues import ask, some
from tests.makers import at_paris, make_event, make_slot

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COUNTS = st.dictionaries(st.sampled_from(AUDIENCES), st.integers(0, 12))
ROOMS = st.builds(Room, st.integers(0, 40), COUNTS, COUNTS)


async def kept_slot(capacity: int = 10, *, takes_individuals: bool = True, **kept: Any) -> BookableSlot:
    """A slot of an event that takes everybody and keeps seats."""
    event = await make_event(takes_classes=True, takes_individuals=takes_individuals, **kept)
    return await make_slot(capacity, event=event)


async def card_of(slot: BookableSlot) -> SlotCard:
    """The slot as pages show it now."""
    [card] = (await details.event_page(slot.slug)).slots
    return card


async def seen(slot: BookableSlot) -> dict[str, tuple[str, int]]:
    """(status, seats left) of the slot as each audience sees it."""
    cards = {audience: (await card_of(slot)).seen_by(audience) for audience in AUDIENCES}
    return {audience: (card.status, card.seats_left) for audience, card in cards.items()}


# The arithmetic


@given(ROOMS, st.integers(1, 9), st.sampled_from(AUDIENCES))
def test_who_stays_in_the_own_share_takes_nothing_from_others(room: Room, seats: int, audience: str) -> None:
    after = room.with_taken(seats, audience)
    if room.is_own(seats, audience):
        assert all(after.left_for(other) == room.left_for(other) for other in AUDIENCES if other != audience)
    assert all(after.unused(other) == room.unused(other) for other in AUDIENCES if other != audience)


@given(ROOMS, st.sampled_from(AUDIENCES))
def test_nobody_may_take_more_than_is_free_or_than_an_empty_slot_has_for_them(room: Room, audience: str) -> None:
    assert 0 <= room.left_for(audience) <= max(0, room.free)
    assert room.left_for(audience) <= max(0, room.most_for(audience))


def test_without_shares_everybody_sees_the_free_seats() -> None:
    room = Room(10, {INDIVIDUAL: 3, CLASS: 2})
    assert [room.left_for(audience) for audience in AUDIENCES] == [5, 5, 5]


def test_what_is_kept_is_released_so_many_times_24_hours_before_the_start_or_at_the_closing() -> None:
    starts = at_paris("2027-03-30 14:00")
    assert shares.released_at(starts, starts - DAY, 3) == starts - 3 * 24 * HOUR
    assert shares.released_at(starts, starts - 5 * DAY, 3) == starts - 5 * DAY
    assert shares.released_at(starts, starts - HOUR, 0) == starts - HOUR


# What pages say


async def test_each_audience_sees_the_seats_that_nobody_else_keeps() -> None:
    slot = await kept_slot(10, kept_for_classes=4, kept_for_partners=2)
    assert await seen(slot) == {INDIVIDUAL: ("open", 4), CLASS: ("open", 8), PARTNER: ("open", 6)}
    await ask(slot, CLASS, 3)
    await some(slot, INDIVIDUAL, 4)

    assert await seen(slot) == {INDIVIDUAL: ("full", 0), CLASS: ("open", 1), PARTNER: ("open", 2)}
    now = await slots.load(slot.id)
    assert (now.seats_left, now.has_seat_for(CLASS)) == (0, True)
    card = await card_of(slot)
    assert (card.status, card.seats_left, card.seats_left_for(CLASS)) == ("full", 0, 1)


async def test_a_released_share_is_everybody_s() -> None:
    slot = await kept_slot(10, kept_for_classes=4, kept_days=2)
    with clock.at(slot.starts_at - 2 * DAY - timedelta(seconds=1)):
        assert (await card_of(slot)).seats_left == 6
    with clock.at(slot.starts_at - 2 * DAY):
        assert (await card_of(slot)).seats_left == 10
        assert slot.seats_left == 10  # however old the glance


async def test_an_event_for_classes_shows_what_classes_see() -> None:
    slot = await kept_slot(10, takes_individuals=False, kept_for_partners=7)
    assert ((await card_of(slot)).seats_left, (await slots.load(slot.id)).seats_left) == (3, 3)
    await ask(slot, CLASS, 3)

    card = await card_of(slot)
    assert (card.status, card.takes_queue, card.takes_requests) == ("full", True, False)
    assert (card.seen_by(CLASS).takes_queue, card.seen_by(CLASS).takes_requests) == (True, True)
    assert (card.seen_by(INDIVIDUAL).takes_queue, card.seen_by(INDIVIDUAL).takes_requests) == (False, False)


async def test_who_waits_for_the_other_share_makes_nobody_s_own_one_full() -> None:
    slot = await kept_slot(4, kept_for_classes=2, kept_for_individuals=2)
    for wants in (2, 2):
        await ask(slot, CLASS, wants)

    assert await seen(slot) == {INDIVIDUAL: ("open", 2), CLASS: ("full", 0), PARTNER: ("full", 0)}
    await some(slot, INDIVIDUAL, 3)  # the third waits
    assert (await seen(slot))[INDIVIDUAL] == ("full", 0)


async def test_what_is_over_or_closed_is_so_for_everybody() -> None:
    slot = await kept_slot(4, kept_for_classes=4)
    with clock.at(slot.closes_at):
        assert {status for status, _ in (await seen(slot)).values()} == {"closed"}


@pytest.mark.parametrize("takes_individuals", [True, False])
@pytest.mark.parametrize("kept", [(0, 0, 0), (2, 2, 0), (0, 3, 1), (4, 0, 0), (2, 1, 1)])
async def test_the_agenda_filters_by_what_its_cards_say(takes_individuals: bool, kept: tuple[int, int, int]) -> None:
    event = await make_event(
        takes_classes=True,
        takes_individuals=takes_individuals,
        kept_for_individuals=kept[0],
        kept_for_classes=kept[1],
        kept_for_partners=kept[2],
        kept_days=2,
    )
    for wishes in ([], [(CLASS, 2)], [(CLASS, 3), (CLASS, 3)], [(INDIVIDUAL, 1)] * 5, [(PARTNER, 1), (CLASS, 4)]):
        slot = await make_slot(4, event=event, starts_in=5 * DAY)
        for audience, wants in wishes:
            await ask(slot, audience, wants)
    closing = (await details.event_page(event.slug)).slots[-1].closes_at
    for moment in (clock.now(), closing - DAY, closing - HOUR / 2):
        with clock.at(moment):
            cards = [card for week in (await agenda.upcoming(Filters())).weeks for card in week.cards]
            shown = [card for week in (await agenda.upcoming(Filters(with_seats=True))).weeks for card in week.cards]
            assert {card.slot_id for card in shown} == {card.slot_id for card in cards if card.status == "open"}
            assert len(cards) == 5
    with clock.at(closing - DAY):
        await waiting.expire()


async def test_shares_cost_a_page_no_query_more(monkeypatch: pytest.MonkeyPatch) -> None:
    slot = await kept_slot(4, kept_for_classes=2, kept_for_individuals=2)
    for wants in (2, 2):
        await ask(slot, CLASS, wants)
    asked: list[str] = []
    fetch = db.fetch

    async def counting(sql: str, *values: Any) -> list[Any]:
        asked.append(sql)
        return await fetch(sql, *values)

    monkeypatch.setattr(db, "fetch", counting)
    await agenda.upcoming(Filters())
    event = await details.event_page(slot.slug)
    assert [card.seen_by(audience).seats_left for card in event.slots for audience in AUDIENCES] == [2, 0, 0]
    assert len(asked) == 3
