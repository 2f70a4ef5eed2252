"""New dates in the office: one, several by a rule, one like another; the list in between, and all or nothing."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from service import clock, db, i18n
from service.events import dates
from service.events.dates import Plan
from service.events.tables import Event
from tests.bookings.harness import at_once
from tests.bookings.news import ADA, DAY
from tests.makers import at_paris, make_event, make_slot
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

TUESDAY = {"day": "2026-11-24", "starts": "14:00", "ends": "16:00", "seats": "12", "every": "once"}
EARLY = at_paris("2026-11-01 09:00")


def new(event: Event) -> str:
    return f"/office/events/{event.id}/slots/new"


def add(event: Event) -> str:
    return f"/office/events/{event.id}/slots/add"


def fields_of(page: Page) -> dict[str, str]:
    """What a browser sends of the list: every field as it stands, and the boxes that are ticked."""
    sent = [one for one in page.all("input") if one.get("type") != "checkbox" or "checked" in one]
    return {one["name"]: one.get("value", "") for one in sent}


async def starts(event: Event) -> list[str]:
    return [f"{i18n.local(one.starts_at):%Y-%m-%d %H:%M}" for one in await dates.of_event(event.id)]


async def listed(client: httpx.AsyncClient, event: Event, **fields: str) -> Page:
    answer = await send(
        client, new(event), {**TUESDAY, "every": "week", "count": "6", "seen": "0", **fields}, lang="en"
    )
    assert answer.status_code == 200
    return Page.of(answer)


async def test_one_date_is_added_at_once(app: Litestar) -> None:
    event = await make_event(state="draft", list_closes_days=2)
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            answer = await send(client, new(event), {**TUESDAY, "seen": "0"})
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"/office/events/{event.id}")
    [one] = await dates.of_event(event.id)
    assert (one.starts_at, one.ends_at, one.capacity) == (
        at_paris("2026-11-24 14:00"),
        at_paris("2026-11-24 16:00"),
        12,
    )
    assert one.closes_at == at_paris("2026-11-22 14:00")


async def test_every_tuesday_six_times_is_listed_first_and_added_as_it_was_edited(app: Litestar) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            before = await dump()
            page = await listed(client, event)
            assert await dump() == before
            assert "6 dates to add" in page.words
            fields = fields_of(page)
            assert [fields[f"day_{number}"] for number in range(1, 7)] == [
                "2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22", "2026-12-29",
            ]  # fmt: skip
            edited = {name: value for name, value in fields.items() if name != "keep_6"}
            edited |= {"day_5": "2026-12-21", "starts_5": "09:30", "ends_5": "11:30", "seats_5": "8"}
            answer = await send(client, add(event), edited)
    assert (answer.status_code, "number=5" in answer.headers["location"]) == (303, True)
    assert await starts(event) == [
        "2026-11-24 14:00", "2026-12-01 14:00", "2026-12-08 14:00", "2026-12-15 14:00", "2026-12-21 09:30",
    ]  # fmt: skip
    assert [one.capacity for one in await dates.of_event(event.id)] == [12, 12, 12, 12, 8]


async def test_the_wall_time_of_a_rule_stays_over_the_change_of_clocks(app: Litestar) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            page = await listed(client, event, day="2027-03-23", count="2")
            await send(client, add(event), fields_of(page))
    assert [f"{one.starts_at:%H}" for one in await dates.of_event(event.id)] == ["13", "12"]


async def test_what_is_there_past_or_closed_is_marked_and_left_out_unless_it_is_wanted(app: Litestar) -> None:
    event = await make_event(list_closes_days=10)
    await make_slot(event=event, starts_at=at_paris("2026-12-05 14:00"))
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(at_paris("2026-11-21 12:00")):
            page = await listed(client, event, day="2026-11-28", count="3", seen="1")
            fields = fields_of(page)
            assert [f"keep_{number}" in fields for number in (1, 2, 3)] == [True, False, True]
            assert "A date begins then already" in page.words
            assert "Its list would be closed at once" in page.words
            assert page.words.count("Weekend") == 3
            past = await send(client, add(event), {**fields, "day_1": "2026-11-14"}, lang="en")
            assert (past.status_code, Page.of(past).has_mistake("day_1")) == (422, True)
            assert "In the past" in Page.of(past).words
            without = {name: value for name, value in fields.items() if name != "keep_1"}
            assert (await send(client, add(event), {**without, "day_1": "2026-11-14"})).status_code == 303
    assert await starts(event) == ["2026-12-05 14:00", "2026-12-12 14:00"]


async def test_a_single_date_that_is_there_already_is_asked_about(app: Litestar) -> None:
    event = await make_event()
    await make_slot(event=event, starts_at=at_paris("2026-11-24 14:00"))
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            asked = await send(client, new(event), {**TUESDAY, "seen": "1"}, lang="en")
            page = Page.of(asked)
            assert (asked.status_code, "A date begins then already" in page.words) == (200, True)
            nothing = await send(client, add(event), fields_of(page))
            assert (nothing.status_code, Page.of(nothing).has_mistake("keep_1")) == (422, True)
            assert (await send(client, add(event), {**fields_of(page), "keep_1": "yes"})).status_code == 303
    assert await starts(event) == ["2026-11-24 14:00"] * 2


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"day": ""}, "day"),
        ({"day": "2026-10-01"}, "day"),
        ({"ends": "13:59"}, "ends"),
        ({"seats": "many"}, "seats"),
        ({"every": ""}, "every"),
        ({"every": "week"}, "count"),
        ({"every": "week", "count": "61"}, "count"),
        ({"every": "week", "until": "2026-11-23"}, "until"),
        ({"every": "week", "until": "2099-12-31"}, "until"),
    ],
)
async def test_a_mistake_of_a_rule_stands_at_its_field(app: Litestar, fields: dict[str, str], at: str) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            answer = await send(client, new(event), {**TUESDAY, **fields})
    assert (answer.status_code, Page.of(answer).has_mistake(at)) == (422, True)
    assert await starts(event) == []


async def test_a_mistake_in_one_row_keeps_all_of_them_out(app: Litestar) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            fields = fields_of(await listed(client, event))
            answer = await send(client, add(event), {**fields, "ends_3": "13:00", "seats_5": ""})
            page = Page.of(answer)
            assert (answer.status_code, page.has_mistake("ends_3"), page.has_mistake("seats_5")) == (422, True, True)
            assert fields_of(page) == {**fields, "ends_3": "13:00", "seats_5": ""}
    assert await starts(event) == []


async def test_sixty_dates_are_added_at_once(app: Litestar) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            page = await listed(client, event, count="60")
            assert (await send(client, add(event), fields_of(page))).status_code == 303
    assert len(await starts(event)) == 60


async def test_a_list_that_is_sent_twice_is_added_once(app: Litestar) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            fields = fields_of(await listed(client, event))
            answers = await at_once(*(send(client, add(event), fields, lang="en") for _ in range(3)))
            assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
            late = Page.of(next(answer for answer in answers if answer.status_code == 409))
            assert late.words.count("A date begins then already") == 6
            once = {**TUESDAY, "day": "2027-01-05", "seen": "6"}
            answers = await at_once(*(send(client, new(event), once) for _ in range(2)))
            assert sorted(answer.status_code for answer in answers) in ([200, 303], [303, 409])
    assert len(await starts(event)) == 7


async def test_the_next_date_is_proposed_a_week_after_the_last_one_or_in_the_days_to_come(app: Litestar) -> None:
    event, old, empty = [await make_event() for _ in range(3)]
    for of, day in ((event, "2026-11-24"), (old, "2026-09-01")):
        with clock.at(at_paris("2026-08-01 09:00")):
            plan = Plan(at_paris(f"{day} 14:30"), at_paris(f"{day} 16:00"), 9)
            await dates.add(of.id, [plan], ADA)
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            pages = [Page.of(await client.get(new(one))) for one in (event, old, empty)]
    assert [page.typed("day") for page in pages] == ["2026-12-01", "2026-11-03", ""]
    assert (pages[0].typed("starts"), pages[0].typed("ends"), pages[0].typed("seats")) == ("14:30", "16:00", "9")


async def test_a_duplicate_is_like_the_first_but_a_week_later_and_without_its_bookings(app: Litestar) -> None:
    event = await make_event()
    with clock.at(EARLY):
        slot = await make_slot(
            event=event, capacity=7, starts_at=at_paris("2027-03-23 14:00"), fill="strict",
            opens_at=at_paris("2027-01-04 08:00"),
        )  # fmt: skip
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            path = f"/office/slots/{slot.id}/duplicate"
            page = Page.of(await client.get(path))
            assert (page.typed("day"), page.typed("starts"), page.typed("seats")) == ("2027-03-30", "14:00", "7")
            answer = await send(client, path, fields_of(page))
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"/office/events/{event.id}")
            wrong = await send(client, path, {**fields_of(page), "seats": "0"})
            assert (wrong.status_code, Page.of(wrong).has_mistake("seats")) == (422, True)
    _, copy = await dates.of_event(event.id)
    assert (copy.starts_at, copy.capacity, copy.fill) == (at_paris("2027-03-30 14:00"), 7, "strict")
    assert (copy.opens_at, copy.seats_taken) == (at_paris("2027-01-04 08:00"), 0)


async def test_a_duplicate_that_is_asked_about_is_like_the_first_still(app: Litestar) -> None:
    slot = await make_slot(capacity=7, starts_at=at_paris("2027-03-23 14:00"), fill="strict")
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            fields = {**TUESDAY, "day": "2027-03-23", "seen": "1"}
            page = Page.of(await send(client, f"/office/slots/{slot.id}/duplicate", fields))
            event = await dates.head(slot.event_id)
            again = {**fields_of(page), "keep_1": "yes"}
            assert (await send(client, f"/office/events/{event.id}/slots/add", again)).status_code == 303
    assert [one.fill for one in await dates.of_event(slot.event_id)] == ["strict", "strict"]


@pytest.mark.parametrize("evil", ["\x00", "9" * 400, "²", "-1", "\ufffd", "1e9", "", "<script>"])
async def test_no_input_breaks_the_list(app: Litestar, evil: str) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        with clock.at(EARLY):
            fields = fields_of(await listed(client, event, count="1"))
            for name in (*fields, "like"):
                answer = await send(client, add(event), {**fields, name: evil})
                assert answer.status_code in (303, 409, 422)
                for one in await dates.of_event(event.id):
                    await db.fetch("DELETE FROM slot WHERE id = $1", one.id)
            for name in (*TUESDAY, "seen", "count", "until"):
                answer = await send(client, new(event), {**TUESDAY, "every": "week", "count": "2", name: evil})
                assert answer.status_code in (200, 303, 409, 422)


async def test_an_event_that_is_not_there_has_no_dates(app: Litestar) -> None:
    nothing = UUID(int=1)
    async with browser_of(app, await somebody("organiser")) as client:
        for path in (f"/office/events/{nothing}/slots/new", f"/office/slots/{nothing}/duplicate"):
            assert (await client.get(path)).status_code == 404


async def test_the_form_costs_the_same_statements_with_one_date_and_with_many(app: Litestar) -> None:
    event = await make_event()
    async with browser_of(app, await somebody("organiser")) as client:
        found = []
        for number in (1, 40):
            for day in range(number):
                await make_slot(event=event, starts_in=(number + day) * DAY)
            with counted() as statements:
                await client.get(new(event))
            found.append(len(statements))
    assert found[0] == found[1]


async def test_a_date_proposed_is_never_in_the_past(app: Litestar) -> None:
    event = await make_event()
    await make_slot(event=event, starts_in=-timedelta(days=15))
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(new(event)))
    assert page.typed("day") > f"{i18n.today():%Y-%m-%d}"
