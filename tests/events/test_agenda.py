"""The agenda: what is next, by week, twenty a page; and the page of one event."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from service import clock, db
from service.bookings import seats
from service.events import agenda, details
from service.events.agenda import Filters
from service.events.cards import SlotCard
from service.events.details import UnknownEvent
from service.events.shares import Room
from tests.makers import BEN, at_paris, make_event, make_organisation, make_slot

MONDAY = at_paris("2027-01-11 08:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


# What is shown


async def test_what_is_next_comes_first_whatever_its_event() -> None:
    with clock.at(MONDAY):
        visit, workshop = await make_event(title="Visite"), await make_event(title="Atelier", kind="workshop")
        for event, days in ((visit, 9), (workshop, 2), (visit, 1)):
            await make_slot(event=event, starts_in=days * DAY)
        assert await titles() == ["Visite", "Atelier", "Visite"]


async def test_a_slot_leaves_the_agenda_when_it_ends() -> None:
    slot = await make_slot()
    with clock.at(slot.ends_at - timedelta(seconds=1)):
        assert len(await titles()) == 1
    with clock.at(slot.ends_at):
        assert await titles() == []


async def test_a_draft_is_nowhere() -> None:
    published, draft = await make_event(), await make_event(state="draft", town="Lens", levels=["CAP"])
    slot = await make_slot(event=published)
    await db.fetch(
        "INSERT INTO slot (id, event, starts_at, ends_at, capacity, closes_at)"
        " SELECT gen_random_uuid(), $1, starts_at, ends_at, capacity, closes_at FROM slot WHERE id = $2",
        draft.id,
        slot.id,
    )
    assert await titles() == [published.title]
    assert (await agenda.choices()).towns == ["Arques"]
    with pytest.raises(UnknownEvent):
        await details.event_page(draft.slug)
    with pytest.raises(UnknownEvent):
        await details.event_page("no such event")


async def test_a_card_says_where_when_and_how_many_seats() -> None:
    with clock.at(MONDAY):
        event = await make_event(title="Visite", slug="visite", theme="Verre")
        slot = await make_slot(capacity=3, event=event, starts_at=at_paris("2027-01-12 14:00"))
        await seats.book(slot, BEN)
        [card] = await cards()
    assert card == SlotCard(
        slot_id=slot.id,
        slug="visite",
        title="Visite",
        summary="Du plan au contrôle final.",
        kind="visit",
        theme="Verre",
        place="Atelier, 62510 Arques",
        town="Arques",
        starts_at=at_paris("2027-01-12 14:00"),
        ends_at=at_paris("2027-01-12 16:00"),
        capacity=3,
        seats_left=2,
        seats_waiting=0,
        opens_at=None,
        closes_at=at_paris("2027-01-12 14:00"),
        reason="",
        takes_individuals=True,
        takes_classes=False,
        status="open",
        room=Room(3, {"individual": 1, "class": 0, "partner": 0}, released_at=slot.closes_at),
    )


async def test_each_slot_says_what_one_may_do_with_it() -> None:
    soon = clock.now() + DAY
    assembly = await make_event(kind="assembly", takes_individuals=False)
    event = await make_event(list_closes_days=3)
    full = await make_slot(capacity=1)
    await seats.book(full, BEN)
    kinds = {
        "open": await make_slot(),
        "full": full,
        "not_yet": await make_slot(opens_at=soon),
        "closed": await make_slot(event=event, starts_in=2 * DAY),
        "members": await make_slot(event=assembly),
        "called_off": await make_slot(state="called_off", called_off_reason="Panne de four"),
        "over": await make_slot(starts_in=-DAY),
    }
    for status, slot in kinds.items():
        [card] = (await details.event_page(slot.slug)).slots
        assert card.status == status
    assert {card.status for card in await cards()} == set(kinds) - {"over"}
    whole = await make_slot(event=await make_event(state="called_off"))
    assert (await details.event_page(whole.slug)).slots[0].status == "called_off"
    [gone] = (await details.event_page(kinds["called_off"].slug)).slots
    assert gone.reason == "Panne de four"


async def test_a_slot_that_is_going_on_is_closed_and_then_over() -> None:
    slot = await make_slot()
    statuses = []
    for moment in (slot.starts_at - HOUR, slot.starts_at, slot.ends_at):
        with clock.at(moment):
            statuses.append((await details.event_page(slot.slug)).slots[0].status)
    assert statuses == ["open", "closed", "over"]


# Weeks and pages


async def test_slots_are_grouped_by_weeks_that_begin_on_monday() -> None:
    with clock.at(MONDAY + 2 * DAY):
        for day in ("2027-01-14 09:00", "2027-01-17 22:30", "2027-01-18 00:30", "2027-01-31 14:00"):
            await make_slot(starts_at=at_paris(day))
        weeks = [
            (week.starts_on, week.is_current, len(week.cards)) for week in (await agenda.upcoming(Filters())).weeks
        ]
    assert weeks == [
        (date(2027, 1, 11), True, 2),
        (date(2027, 1, 18), False, 1),
        (date(2027, 1, 25), False, 1),
    ]


async def test_the_last_week_of_the_year_is_one_week() -> None:
    with clock.at(at_paris("2026-12-28 08:00")):
        for day in ("2026-12-31 14:00", "2027-01-01 14:00", "2027-01-04 14:00"):
            await make_slot(starts_at=at_paris(day))
        weeks = [(week.starts_on, len(week.cards)) for week in (await agenda.upcoming(Filters())).weeks]
    assert weeks == [(date(2026, 12, 28), 2), (date(2027, 1, 4), 1)]


async def test_twenty_slots_a_page_each_on_one_page_only() -> None:
    event = await make_event()
    same_moment = clock.now() + 7 * DAY  # nothing but their ids to sort them by
    made = {(await make_slot(event=event, starts_at=same_moment)).id for _ in range(45)}
    pages = [await agenda.upcoming(Filters(), number) for number in (1, 2, 3, 4)]
    shown = [[card.slot_id for week in page.weeks for card in week.cards] for page in pages]
    assert [len(ids) for ids in shown] == [20, 20, 5, 0]
    assert {slot for ids in shown for slot in ids} == made
    assert [(page.total, page.pages, page.page) for page in pages] == [(45, 3, number) for number in (1, 2, 3, 4)]


async def test_an_empty_agenda_is_one_empty_page() -> None:
    page = await agenda.upcoming(Filters())
    assert (page.weeks, page.total, page.pages) == ([], 0, 1)


# Filters


async def test_one_filters_by_kind_town_and_level() -> None:
    a = await make_event(title="a", kind="visit", town="Arques", levels=["3e", "2de"])
    b = await make_event(title="b", kind="workshop", town="Calais", levels=["2de"])
    c = await make_event(title="c", kind="assembly", takes_individuals=False, town="Arques", levels=[])
    for event in (a, b, c):
        await make_slot(event=event)
    found = {
        "kind": await titles(kind="workshop"),
        "town": await titles(town="Arques"),
        "level": await titles(level="2de"),
        "all": await titles(kind="visit", town="Arques", level="3e"),
        "none": await titles(kind="visit", town="Calais"),
        "odd": await titles(town="' OR 1=1 --"),
    }
    assert {name: sorted(names) for name, names in found.items()} == {
        "kind": ["b"],
        "town": ["a", "c"],
        "level": ["a", "b"],
        "all": ["a"],
        "none": [],
        "odd": [],
    }


async def test_one_filters_by_dates_as_the_campus_counts_its_days() -> None:
    with clock.at(at_paris("2027-03-20 08:00")):
        for title, starts in (("late", "2027-03-27 23:30"), ("dawn", "2027-03-28 00:30"), ("eve", "2027-03-28 23:30")):
            await make_slot(
                event=await make_event(title=title), starts_at=at_paris(starts), ends_at=at_paris(starts) + HOUR / 4
            )
        the_day = date(2027, 3, 28)
        assert await titles(from_date=the_day) == ["dawn", "eve"]
        assert await titles(until_date=the_day) == ["late", "dawn", "eve"]
        assert await titles(from_date=the_day, until_date=the_day) == ["dawn", "eve"]
        assert await titles(from_date=the_day, until_date=date(2027, 3, 27)) == []
        assert await titles(until_date=date(2027, 3, 27)) == ["late"]


async def test_one_filters_by_seats_that_one_can_have() -> None:
    full = await make_slot(capacity=1, event=await make_event(title="full"))
    await seats.book(full, BEN)
    assembly = await make_event(kind="assembly", takes_individuals=False)
    closed = await make_event(list_closes_days=9)
    for event in (assembly, closed, await make_event(title="free"), await make_event(state="called_off")):
        await make_slot(event=event)
    await make_slot(state="called_off")
    assert await titles(with_seats=True) == ["free"]
    assert len(await titles()) == 6


async def test_the_total_counts_what_the_filters_leave() -> None:
    calais = await make_event(town="Calais")
    for _ in range(22):
        await make_slot(event=calais)
    await make_slot()
    assert (await agenda.upcoming(Filters(town="Calais"))).total == 22


async def test_the_filters_offer_the_towns_and_levels_of_what_is_to_come_in_school_order() -> None:
    await make_slot(event=await make_event(town="Calais", levels=["Tle", "3e", "BTS"]))
    await make_slot(event=await make_event(town="Arques", levels=["3e", "autre"]))
    await make_slot(event=await make_event(town="", levels=[]))
    await make_slot(event=await make_event(town="Lens", levels=["6e"]), starts_in=-DAY)
    choices = await agenda.choices()
    assert choices.towns == ["Arques", "Calais"]
    assert choices.levels == ["3e", "Tle", "BTS", "autre"]


async def test_this_week_is_from_monday_to_sunday_whatever_the_day() -> None:
    with clock.at(at_paris("2027-01-11 00:30")):
        for title, starts in (("sunday", "2027-01-17 22:00"), ("monday", "2027-01-18 00:30")):
            await make_slot(event=await make_event(title=title), starts_at=at_paris(starts))
        assert await titles(when="week") == ["sunday"]
        assert await titles(when="week", from_date=date(2027, 1, 18)) == ["sunday"]
    with clock.at(at_paris("2027-01-17 12:00")):
        assert await titles(when="week") == ["sunday"]
    with clock.at(at_paris("2027-01-18 00:10")):
        assert await titles(when="week") == ["monday"]


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("cablage", True),
        ("CÂBLAGE armoire", True),
        ("armoire  cablage", True),
        ("oeuvre", True),
        ("œuvre", True),
        ("l'aa", True),
        ("electro flandre", True),
        ("hazebrouck", True),
        ("prevot", True),
        ("4.0", True),
        ("cablage verre", False),
        ("%", True),  # nothing but signs: nothing is asked for
        ("", True),
        ("Ω", False),
    ],
)
async def test_a_search_finds_every_word_wherever_it_stands(typed: str, finds: bool) -> None:
    host = await make_organisation(name="Électro-Flandre")
    event = await make_event(
        title="Câblage : une armoire 4.0",
        summary="Le chef-d’œuvre de l’Aa",
        speaker="Mme Prévôt",
        town="Hazebrouck",
        host=host.id,
    )
    await make_slot(event=event)

    assert (await titles(q=typed) == [event.title]) is finds


async def test_only_the_choices_whose_end_would_show_something_are_offered_for_giving_up() -> None:
    workshop = await make_event(kind="workshop", town="Lens", title="Robots")
    for _ in range(2):
        await make_slot(event=workshop)
    await make_slot(event=await make_event(kind="visit", town="Arques", title="Verre"))

    tried = Filters(kind="visit", town="Lens", until_date=date(2999, 1, 1))

    assert [(one.given_up, one.total) for one in await agenda.wider(tried)] == [("town", 1), ("kind", 2)]
    assert await agenda.wider(Filters(town="Calais", q="nothing")) == []


def test_a_link_keeps_the_filters_and_changes_what_it_says() -> None:
    filters = Filters(kind="visit", from_date=date(2027, 1, 11), with_seats=True)
    assert filters.as_query(page=2) == {
        "q": "",
        "kind": "visit",
        "town": "",
        "level": "",
        "when": "",
        "from_date": date(2027, 1, 11),
        "until_date": None,
        "with_seats": "yes",
        "page": 2,
    }
    assert (filters.is_empty, Filters().is_empty) == (False, True)


# Clocks


@pytest.mark.parametrize(
    ("starts", "ends", "hours"),
    [
        ("2026-10-25 14:00", "2026-10-25 16:00", 2),
        ("2027-03-28 14:00", "2027-03-28 16:00", 2),
        ("2026-10-25 01:00", "2026-10-25 04:00", 4),  # the night with an hour more
        ("2027-03-28 01:00", "2027-03-28 04:00", 2),  # and the one with an hour less
        ("2026-12-31 22:00", "2027-01-01 01:00", 3),
    ],
)
async def test_a_card_says_the_wall_time_on_every_day_of_the_year(starts: str, ends: str, hours: int) -> None:
    with clock.at(at_paris(starts) - 10 * DAY):
        slot = await make_slot(starts_at=at_paris(starts), ends_at=at_paris(ends))
        [card] = await cards()
    assert (f"{card.starts_at:%Y-%m-%d %H:%M}", f"{card.ends_at:%Y-%m-%d %H:%M}") == (starts, ends)
    assert slot.ends_at - slot.starts_at == hours * HOUR


# As many queries for three slots as for one


async def test_every_list_asks_the_database_as_often_for_three_as_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    event = await make_event()

    lists: dict[str, Callable[[], Awaitable[Any]]] = {
        "agenda": lambda: agenda.upcoming(Filters()),
        "choices": agenda.choices,
        "event": lambda: details.event_page(event.slug),
    }

    async def queries() -> dict[str, int]:
        return {name: await asked(monkeypatch, read) for name, read in lists.items()}

    await make_slot(event=event, starts_in=DAY)
    for_one = await queries()
    await make_slot(event=event, starts_in=2 * DAY)
    await make_slot(starts_in=3 * DAY)
    assert await queries() == for_one == {"agenda": 1, "choices": 1, "event": 2}


async def asked(monkeypatch: pytest.MonkeyPatch, read: Callable[[], Awaitable[Any]]) -> int:
    """How often the database is asked by one reading."""
    statements: list[str] = []
    run = db.engine.run_querystring

    async def run_and_note(querystring: Any, *args: Any, **more: Any) -> Any:
        statements.append(str(querystring))
        return await run(querystring, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(db.engine, "run_querystring", run_and_note)
        await read()
    return len(statements)


async def cards(**filters: Any) -> list[SlotCard]:
    """The cards of the first page, in its order."""
    return [card for week in (await agenda.upcoming(Filters(**filters))).weeks for card in week.cards]


async def titles(**filters: Any) -> list[str]:
    """Their titles."""
    return [card.title for card in await cards(**filters)]
