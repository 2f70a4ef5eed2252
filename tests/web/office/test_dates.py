"""One date in the office: changed with the step that says who will be told, deleted, called off."""

from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from service import clock, db, i18n
from service.events import dates
from service.events.slots import BookableSlot
from service.mail.tables import Email
from tests.bookings.harness import journal_of
from tests.bookings.news import DAY, changed, moved
from tests.bookings.queues import full_slot, joined, state_of
from tests.makers import BEN, CLEO, a_pupil, at_paris, make_booking, make_event, make_slot
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

HOSTILE = ["\x00", "9" * 400, "²", "-1", "\ufffd", "2027-02-30", "25:99", "<b>"]


def typed(slot: BookableSlot, by: timedelta = timedelta(0), /, **fields: str) -> dict[str, str]:
    """The form of the date as somebody fills it in: so much later."""
    starts, ends = i18n.local(slot.starts_at + by), i18n.local(slot.ends_at + by)
    return {
        "day": f"{starts:%Y-%m-%d}",
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "seats": str(slot.capacity),
        "fill": "best_fit",
        "version": str(slot.version),
    } | fields


async def a_slot(**values: object) -> BookableSlot:
    """At two in the afternoon, in three weeks: no field of it goes over midnight."""
    starts = i18n.local(clock.now() + timedelta(weeks=3)).replace(hour=14, minute=0, second=0, microsecond=0)
    return await make_slot(**{"starts_at": starts} | values)  # type: ignore[arg-type]


async def stands(slot: BookableSlot) -> dates.Dated:
    return await dates.load(slot.id)


def edit(slot: BookableSlot) -> str:
    return f"/office/slots/{slot.id}/edit"


# Changing


async def test_the_form_shows_the_date_as_it_is(app: Litestar) -> None:
    event = await make_event(title="Visite du four", list_closes_days=2)
    slot = await a_slot(event=event, capacity=12)
    opens = at_paris("2026-12-01 08:30")
    await db.fetch("UPDATE slot SET opens_at = $1, fill = 'strict'", opens)
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(edit(slot), params={"lang": "en"}))
    shown = {name: page.typed(name) for name in typed(slot)}
    assert shown == typed(slot, fill="strict")
    assert (page.typed("opens_day"), page.typed("opens_hour"), page.typed("closes_day")) == ("2026-12-01", "08:30", "")
    assert "2 days before, as the event says" in page.words
    assert "Visite du four" in page.words


async def test_what_is_typed_is_saved_and_leads_back_to_the_event(app: Litestar) -> None:
    slot = await a_slot()
    fields = typed(slot, DAY, seats="25", fill="strict", closes_day=f"{slot.starts_at:%Y-%m-%d}", closes_hour="09:00")
    person = await somebody("organiser")
    async with browser_of(app, person) as client:
        answer = await send(client, edit(slot), fields)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"/office/events/{slot.event_id}")
    now = await stands(slot)
    assert (now.starts_at, now.capacity, now.fill) == (slot.starts_at + DAY, 25, "strict")
    assert i18n.local(now.closes_at).hour == 9
    assert (f"person:{person.id}", "edit_slot") in await journal_of(slot.id)


async def test_before_people_are_told_of_another_time_they_are_counted_and_both_are_shown(app: Litestar) -> None:
    slot = await a_slot()
    for who in (BEN, CLEO):
        await make_booking(slot, who)
    fields = typed(slot, DAY)
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        asked = await send(client, edit(slot), fields, lang="en")
        page = Page.of(asked)
        assert (asked.status_code, await dump() == before) == (200, True)
        assert "2 people will be told" in page.words
        shown = [one["datetime"] for one in page.all("time")]
        both = [i18n.local(one) for one in (slot.starts_at, slot.starts_at + DAY)]
        assert shown == [moment.isoformat(timespec="minutes") for moment in both]
        again = {one["name"]: one["value"] for one in page.all("input", type="hidden")}
        back = await send(client, edit(slot), {**again, "step": "back"}, lang="en")
        assert (back.status_code, Page.of(back).typed("day")) == (200, fields["day"])
        assert (await stands(slot)).starts_at == slot.starts_at
        done = await send(client, edit(slot), again)
    assert (done.status_code, "told=2" in done.headers["location"]) == (303, True)
    assert (await stands(slot)).starts_at == slot.starts_at + DAY
    assert await Email.count().where(Email.letter == "moved") == 2


@pytest.mark.parametrize("fields", [{"seats": "30"}, {"fill": "strict"}])
async def test_what_concerns_nobody_who_booked_is_saved_at_once(app: Litestar, fields: dict[str, str]) -> None:
    slot = await a_slot()
    await make_booking(slot)
    async with browser_of(app, await somebody("organiser")) as client:
        assert (await send(client, edit(slot), typed(slot, **fields))).status_code == 303
    assert await Email.count().where(Email.letter == "moved") == 0


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"day": ""}, "day"),
        ({"starts": "25:00"}, "starts"),
        ({"ends": "13:00"}, "ends"),
        ({"ends": "14:00"}, "ends"),
        ({"seats": "0"}, "seats"),
        ({"seats": ""}, "seats"),
        ({"day": "2020-01-07"}, "day"),
        ({"fill": "whoever"}, "fill"),
        ({"closes_day": "2090-01-01", "closes_hour": "10:00"}, "closes_day"),
        ({"closes_day": "2026-12-01"}, "closes_hour"),
        ({"opens_day": "2090-01-01", "opens_hour": "10:00"}, "opens_day"),
    ],
)
async def test_a_mistake_stands_at_its_field_and_nothing_is_lost(
    app: Litestar, fields: dict[str, str], at: str
) -> None:
    slot = await a_slot()
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await send(client, edit(slot), typed(slot, capacity="17", **fields), lang="en")
        page = Page.of(answer)
        assert (answer.status_code, await dump() == before) == (422, True)
    assert page.has_mistake(at)
    assert page.typed("starts") == {**typed(slot), **fields}["starts"]
    assert page.typed("version") == "0"


async def test_fewer_seats_than_taken_are_refused_with_the_number(app: Litestar) -> None:
    slot = await a_slot(capacity=4)
    for _ in range(3):
        await make_booking(slot, a_pupil())
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, edit(slot), typed(slot, seats="2"), lang="en")
        page = Page.of(answer)
    assert (answer.status_code, page.typed("seats")) == (409, "2")
    assert "3 seats are taken" in page.words


async def test_who_comes_second_is_told_by_whom_and_overwrites_only_what_they_have_seen(app: Litestar) -> None:
    slot = await a_slot()
    async with (
        browser_of(app, ada := await somebody("admin")) as hers,
        browser_of(app, await somebody("organiser")) as his,
    ):
        assert (await send(hers, edit(slot), typed(slot, DAY, seats="33"))).status_code == 303
        second = await send(his, edit(slot), typed(slot, seats="44"), lang="en")
        page = Page.of(second)
        assert second.status_code == 409
        assert (ada.name in page.words, "33 seats" in page.words, page.typed("seats")) == (True, True, "44")
        assert (await stands(slot)).capacity == 33
        again = typed(slot, seats="44", version=page.typed("version"))
        assert (await send(his, edit(slot), again)).status_code == 303
    assert (await stands(slot)).capacity == 44


async def test_what_has_begun_or_was_called_off_shows_no_form_and_takes_none(app: Litestar) -> None:
    begun = await make_slot(starts_in=timedelta(hours=-1))
    off = await a_slot(state="called_off", called_off_reason="Panne")
    async with browser_of(app, await somebody("organiser")) as client:
        for slot, words in ((begun, "This date has begun"), (off, "Reason given: Panne.")):
            page = await client.get(edit(slot), params={"lang": "en"})
            assert (page.status_code, words in Page.of(page).words) == (409, True)
            assert Page.of(page).all("input", name="day") == []
            before = await dump()
            later = typed(slot, 4 * DAY, starts="14:00", ends="16:00")
            assert (await send(client, edit(slot), later)).status_code == 409
            assert await dump() == before


async def test_a_date_over_midnight_keeps_its_last_day(app: Litestar) -> None:
    starts = at_paris("2027-06-04 20:00")
    slot = await make_slot(starts_at=starts, ends_at=starts + timedelta(hours=10))
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(edit(slot)))
        assert page.typed("last_day") == "2027-06-05"
        fields = typed(slot, last_day="2027-06-05", seats="7")
        assert (await send(client, edit(slot), fields)).status_code == 303
    now = await stands(slot)
    assert (now.ends_at, now.capacity) == (slot.ends_at, 7)


async def test_the_wall_time_that_is_typed_is_the_one_that_stands_on_the_day_clocks_change(app: Litestar) -> None:
    slot = await a_slot()
    async with browser_of(app, await somebody("organiser")) as client:
        assert (await send(client, edit(slot), typed(slot, day="2027-10-31"))).status_code == 303
        assert (await stands(slot)).starts_at == at_paris("2027-10-31 14:00")
        skipped = typed(slot, day="2027-03-28", starts="02:30", version=str((await stands(slot)).version))
        answer = await send(client, edit(slot), skipped)
    assert (answer.status_code, Page.of(answer).has_mistake("starts")) == (422, True)


async def test_more_seats_are_offered_to_who_waits(app: Litestar) -> None:
    slot, _ = await full_slot(1, starts_at=(await a_slot()).starts_at)
    entry = await joined(slot)
    async with browser_of(app, await somebody("organiser")) as client:
        assert (await send(client, edit(slot), typed(slot, seats="2"))).status_code == 303
    assert await state_of(entry) == ["offered"]


@pytest.mark.parametrize("evil", HOSTILE)
async def test_no_input_breaks_the_form(app: Litestar, evil: str) -> None:
    slot = await a_slot()
    async with browser_of(app, await somebody("organiser")) as client:
        for name in typed(slot):
            for path, fields in ((edit(slot), typed(slot)), (f"/office/slots/{slot.id}/duplicate", typed(slot, DAY))):
                answer = await send(client, path, {**fields, name: evil, "seen": evil})
                assert answer.status_code in (200, 303, 409, 422)


# Deleting


async def test_a_date_that_nobody_booked_is_deleted_and_one_that_was_is_not(app: Litestar) -> None:
    free, used = await a_slot(), await a_slot()
    await make_booking(used)
    async with browser_of(app, await somebody("organiser")) as client:
        for slot, has_button in ((free, True), (used, False)):
            page = Page.of(await client.get(edit(slot)))
            assert bool(page.all("form", action=f"/office/slots/{slot.id}/delete")) == has_button
        assert (await send(client, f"/office/slots/{free.id}/delete")).status_code == 303
        refused = await send(client, f"/office/slots/{used.id}/delete", lang="en")
        assert (refused.status_code, "This date is in use" in Page.of(refused).words) == (409, True)
        assert (await client.get(edit(free))).status_code == 404
        assert (await send(client, f"/office/slots/{free.id}/delete")).status_code == 404


# Calling off


async def test_calling_off_asks_for_a_reason_and_a_tick_and_says_how_many_are_told(app: Litestar) -> None:
    slot = await a_slot()
    for who in (BEN, CLEO):
        await make_booking(slot, who)
    path = f"/office/slots/{slot.id}/call-off"
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        page = Page.of(await client.get(path, params={"lang": "en"}))
        assert "2 people will be told" in page.words
        nothing = await send(client, path, {"reason": " "}, lang="en")
        assert [Page.of(nothing).has_mistake(name) for name in ("reason", "sure")] == [True, True]
        unsure = await send(client, path, {"reason": "Panne de four"})
        assert (unsure.status_code, Page.of(unsure).typed("reason")) == (422, "Panne de four")
        assert await dump() == before
        done = await send(client, path, {"reason": "Panne de four", "sure": "yes"})
        assert (done.status_code, done.headers["location"]) == (
            303,
            f"/office/events/{slot.event_id}?done=date_called_off&told=2",
        )
        late = await client.get(path, params={"lang": "en"})
        assert (late.status_code, "This date was called off" in Page.of(late).words) == (409, True)
        assert (await send(client, path, {"reason": "Encore", "sure": "yes"})).status_code == 303
    assert (await stands(slot)).reason == "Panne de four"
    assert await Email.count().where(Email.letter == "called_off") == 2


async def test_an_event_is_called_off_with_the_dates_that_are_listed(app: Litestar) -> None:
    event = await make_event(title="Visite du four")
    first, second = [await a_slot(event=event) for _ in range(2)]
    await make_booking(first)
    path = f"/office/events/{event.id}/call-off"
    async with browser_of(app, await somebody("organiser")) as client:
        page = Page.of(await client.get(path, params={"lang": "en"}))
        assert ("1 person will be told" in page.words, "2 dates to come" in page.words) == (True, True)
        answer = await send(client, path, {"reason": "Site fermé", "sure": "yes"})
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"/office/events/{event.id}")
        assert (await client.get(path)).status_code == 409
        for address in (f"/office/events/{event.id}/slots/new", f"/office/slots/{first.id}/duplicate"):
            page_of_it = await client.get(address, params={"lang": "en"})
            assert (page_of_it.status_code, "It stays as it is" in Page.of(page_of_it).words) == (409, True)
    assert [(await stands(one)).state for one in (first, second)] == ["called_off"] * 2


async def test_a_draft_is_not_called_off_and_its_dates_are_not_either(app: Litestar) -> None:
    event = await make_event()
    slot = await a_slot(event=event)
    await db.fetch("UPDATE event SET state = 'draft'")
    reason = {"reason": "Panne", "sure": "yes"}
    async with browser_of(app, await somebody("organiser")) as client:
        assert (await client.get(edit(slot))).status_code == 200
        for path in (f"/office/slots/{slot.id}/call-off", f"/office/events/{event.id}/call-off"):
            assert (await client.get(path)).status_code == 404
            assert (await send(client, path, reason)).status_code == 404


async def test_what_has_begun_is_not_called_off(app: Litestar) -> None:
    slot = await make_slot(starts_in=timedelta(hours=-1))
    async with browser_of(app, await somebody("organiser")) as client:
        path = f"/office/slots/{slot.id}/call-off"
        for answer in (await client.get(path), await send(client, path, {"reason": "Panne", "sure": "yes"})):
            assert answer.status_code == 409


async def test_a_page_costs_the_same_statements_with_one_booking_and_with_many(app: Litestar) -> None:
    slot = await a_slot(capacity=400)
    paths = (edit(slot), f"/office/slots/{slot.id}/call-off", f"/office/slots/{slot.id}/duplicate")
    async with browser_of(app, await somebody("organiser")) as client:
        found: list[httpx.Response | int] = []
        for more in (1, 30):
            for _ in range(more):
                await make_booking(slot, a_pupil())
            with counted() as statements:
                for path in paths:
                    await client.get(path)
            found.append(len(statements))
    assert found[0] == found[1]


async def test_an_edit_made_elsewhere_is_seen_by_the_page_that_asks(app: Litestar) -> None:
    slot = await a_slot()
    await make_booking(slot)
    async with browser_of(app, await somebody("organiser")) as client:
        asked = Page.of(await send(client, edit(slot), typed(slot, DAY)))
        again = {one["name"]: one["value"] for one in asked.all("input", type="hidden")}
        await changed(slot, capacity=11)
        await moved(slot, 2 * DAY)
        assert (await send(client, edit(slot), again)).status_code == 409
    assert (await stands(slot)).starts_at == slot.starts_at + 2 * DAY
