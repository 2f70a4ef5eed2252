"""The office's events: their list, one event in each of its states, and what one press does."""

from datetime import date, timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from service import db, i18n
from service.events import partners
from tests.bookings.queues import joined
from tests.events.writing import ADA, make_draft, publish, row_of, slots_of
from tests.makers import make_booking, make_event, make_organisation, make_slot
from tests.visits import Page, counted, dump, send
from tests.web.office.harness import browser_of, somebody

DAY = timedelta(days=1)
WRITTEN = {"duplicate", "bookings.csv", "bookings.xlsx", "messages/new"}


async def page_of(client: httpx.AsyncClient, path: str, **query: str) -> Page:
    answer = await client.get(path, params={"lang": "en", **query})
    assert answer.status_code == 200
    return Page.of(answer)


def actions(page: Page, event: UUID) -> set[str]:
    """What the page of the event leads to or sends, below the event's own address."""
    base = f"/office/events/{event}/"
    return {
        one.removeprefix(base).partition("?")[0].partition("#")[0] for one in page.addresses if one.startswith(base)
    }


async def test_the_list_shows_drafts_and_what_is_public_with_their_seats(app: Litestar) -> None:
    slot = await make_slot(1, event=await make_event(title="Verre et robots"))
    await make_booking(slot)
    await joined(slot)
    await make_draft(title="Une ébauche")
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, "/office/events")
    assert "1 of 1 seat taken" in page.words
    assert "1 on the waiting list" in page.words
    assert ("Une ébauche" in page.words, "Draft" in page.words) == (True, True)
    assert page.all("meter", value="1", max="1")
    assert page.all("a", href=f"/office/events/{slot.event_id}?lang=en")


async def test_the_list_is_narrowed_by_its_address(app: Litestar) -> None:
    await make_slot(event=await make_event(title="Élan"))
    await make_slot(event=await make_event(title="Ancien"), starts_in=-3 * DAY)
    async with browser_of(app, await somebody("reader")) as client:
        for query, shown in (({"q": "elan"}, "Élan"), ({"when": "past"}, "Ancien"), ({"kind": "visit"}, "Élan")):
            words = (await page_of(client, "/office/events", **query)).words
            assert (shown in words, "Élan" in words and "Ancien" in words) == (True, False)
        assert "Nothing matches" in (await page_of(client, "/office/events", q="introuvable")).words
        assert "All events" in (await page_of(client, "/office/events", state="called_off")).words


@pytest.mark.parametrize(
    "query", ["page=99", "page=x", "page=-1", "state=<b>&when=7&kind=%00", "q=%00%ff", "q=" + "x" * 500]
)
async def test_an_odd_address_of_the_list_is_no_error(app: Litestar, query: str) -> None:
    await make_event()
    async with browser_of(app, await somebody("admin")) as client:
        assert (await client.get(f"/office/events?{query}")).status_code == 200


async def test_an_empty_list_says_what_to_do(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, "/office/events")
    assert "No event to come" in page.words
    assert page.all("a", href="/office/events/new?lang=en")


async def test_list_and_page_cost_the_same_with_one_and_with_three_hundred(app: Litestar) -> None:
    host = (await make_organisation()).id
    event = await make_event(host=host)
    async with browser_of(app, await somebody("organiser")) as client:
        costs = []
        for more in (1, 299):
            for _ in range(more):
                await make_slot(event=await make_event(host=host))
                await make_slot(event=event)
            for path in ("/office/events", f"/office/events/{event.id}"):
                with counted() as statements:
                    page = await page_of(client, path)
                costs.append(len(statements))
                assert len(page.all("meter")) <= 50
    assert costs == [2, 4, 2, 4]


async def test_a_draft_that_is_ready_offers_to_publish_and_one_that_is_not_says_why(app: Litestar) -> None:
    ready, bare = await make_draft(), await make_draft(summary="", takes_individuals=False, takes_classes=False)
    await db.fetch("DELETE FROM slot WHERE event = $1", bare)
    async with browser_of(app, await somebody("organiser")) as client:
        assert "publish" in actions(await page_of(client, f"/office/events/{ready}"), ready)
        page = await page_of(client, f"/office/events/{bare}")
        assert "publish" not in actions(page, bare)
        for sentence in ("Add a date to come", "Write the sentence below the title", "Say who may book"):
            assert sentence in page.words
        answer = await send(client, f"/office/events/{bare}/publish", lang="en")
    assert (answer.status_code, "Not quite ready" in Page.of(answer).words) == (409, True)
    assert (await row_of(bare))["state"] == "draft"


async def test_publishing_from_the_page_twice_is_no_error(app: Litestar) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        for _ in range(2):
            answer = await send(client, f"/office/events/{event}/publish", lang="en")
            assert answer.headers["location"] == f"/office/events/{event}?done=published&lang=en"
        page = await page_of(client, f"/office/events/{event}", done="published")
    assert "Published: everybody can see it now" in page.words
    [line] = await db.fetch("SELECT actor FROM journal WHERE verb = 'publish'")
    assert line["actor"].startswith("person:")


async def test_the_page_of_a_public_event_leads_to_all_that_one_does_with_it(app: Litestar) -> None:
    event = await make_event(kept_for_partners=3)
    slot = await make_slot(event=event)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, f"/office/events/{event.id}")
    assert actions(page, event.id) == {
        "edit", "slots/new", "messages/new", "duplicate", "call-off", "bookings.csv", "bookings.xlsx",
    }  # fmt: skip
    for path in ("", "/attendance.html", "/edit", "/duplicate"):
        assert f"/office/slots/{slot.id}{path}?lang=en" in page.addresses
    assert f"/office/door/{slot.id}?lang=en" in page.addresses
    assert f"https://agenda.campus.test/events/{event.slug}" in page.addresses
    partner = partners.token_of(event.id)
    assert f"https://agenda.campus.test/events/{event.slug}?partner={partner}" in page.addresses


@pytest.mark.parametrize(
    ("state", "starts_in", "word", "may"),
    [
        ("called_off", 3 * DAY, "It will not take place.", WRITTEN),
        ("published", -3 * DAY, "It took place.", WRITTEN | {"edit", "slots/new"}),
    ],
)
async def test_what_is_called_off_or_over_says_so(
    app: Litestar, state: str, starts_in: timedelta, word: str, may: set[str]
) -> None:
    slot = await make_slot(event=await make_event(state=state), starts_in=starts_in)
    async with browser_of(app, await somebody("organiser")) as client:
        page = await page_of(client, f"/office/events/{slot.event_id}")
    assert word in page.words
    assert actions(page, slot.event_id) == may


async def test_a_reader_sees_all_and_may_do_nothing(app: Litestar) -> None:
    slot, draft = await make_slot(), await make_draft()
    async with browser_of(app, await somebody("reader")) as client:
        assert not (await page_of(client, "/office/events")).all("a", href="/office/events/new?lang=en")
        public, private = [await page_of(client, f"/office/events/{one}") for one in (slot.event_id, draft)]
    assert (actions(public, slot.event_id), actions(private, draft)) == (set(), {"preview"})
    assert [one["action"] for one in public.all("form")] == ["/office/sign-out?lang=en"]
    assert f"/office/slots/{slot.id}?lang=en" in public.addresses


async def test_the_preview_is_the_public_page_whose_form_sends_nothing(app: Litestar) -> None:
    event = await make_draft(title="Ébauche", description="Avec du **gras**.")
    async with browser_of(app, await somebody("reader")) as client:
        page = await page_of(client, f"/office/events/{event}/preview")
        assert "A preview: this is how visitors will see it" in page.words
        assert ("Book my seat" in page.words, "gras" in page.words) == (True, True)
        assert page.all("form") == [{"method": "dialog"}]  # which sends nothing, inside of what nobody can press
        assert "inert" in page.all("div", **{"class": "sheet-side"})[0]
        assert [one["content"] for one in page.all("meta", name="robots")] == ["noindex"]
        slug = (await row_of(event))["slug"]
        assert (await client.get(f"/events/{slug}")).status_code == 404
        assert not [one for one in page.addresses if f"/events/{slug}/poster" in one]
        await publish(event, ADA)
        public = Page.of(await client.get(f"/events/{slug}", params={"lang": "en"}))
    assert [one["action"] for one in public.all("form")] == [f"/events/{slug}/bookings?lang=en"]


async def test_every_kind_can_be_previewed_with_and_without_a_date(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        for kind in ("visit", "workshop", "assembly"):
            event = await make_draft(kind)
            await page_of(client, f"/office/events/{event}/preview")
            await db.fetch("DELETE FROM slot WHERE event = $1", event)
            await page_of(client, f"/office/events/{event}/preview")


async def test_a_copy_is_made_with_or_without_dates(app: Litestar) -> None:
    event = await make_event()
    for days in (2, 4):
        await make_slot(event=event, starts_in=days * DAY)
    day = i18n.today() + 30 * DAY
    async with browser_of(app, await somebody("organiser")) as client:
        for typed, count in (("", 0), (str(day), 2)):
            answer = await send(client, f"/office/events/{event.id}/duplicate", {"first_day": typed}, lang="en")
            copy = UUID(answer.headers["location"].split("/")[3].partition("?")[0])
            slots = await slots_of(copy)
            assert (answer.status_code, len(slots)) == (303, count)
            assert [i18n.local(slot["starts_at"]).date() for slot in slots[:1]] == [day][:count]
            assert "The copy is there" in Page.of(await client.get(answer.headers["location"])).words


@pytest.mark.parametrize("typed", ["2020-01-01", "demain", str(date(2031, 1, 1))[:-1]])
async def test_a_copy_is_not_made_in_the_past_or_on_no_day(app: Litestar, typed: str) -> None:
    slot = await make_slot()
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        answer = await send(client, f"/office/events/{slot.event_id}/duplicate", {"first_day": typed})
    assert (answer.status_code, Page.of(answer).has_mistake("first_day"), await dump()) == (422, True, before)


async def test_a_draft_is_deleted_once_the_box_is_ticked(app: Litestar) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        without = await send(client, f"/office/events/{event}/delete")
        assert (without.status_code, Page.of(without).has_mistake("sure")) == (422, True)
        answer = await send(client, f"/office/events/{event}/delete", {"sure": "yes"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/office/events?done=deleted")
        assert (await client.get(f"/office/events/{event}")).status_code == 404
        assert "The draft is deleted" in (await page_of(client, "/office/events", done="deleted")).words


async def test_a_public_event_is_not_deleted_by_a_form_that_is_made_up(app: Litestar) -> None:
    slot = await make_slot()
    async with browser_of(app, await somebody("admin")) as client:
        answer = await send(client, f"/office/events/{slot.event_id}/delete", {"sure": "yes"}, lang="en")
    assert (answer.status_code, "Only a draft can be deleted." in Page.of(answer).words) == (409, True)


async def test_looking_changes_nothing(app: Litestar) -> None:
    event = await make_draft()
    async with browser_of(app, await somebody("organiser")) as client:
        before = await dump()
        for path in ("", "/preview", "/edit"):
            assert (await client.get(f"/office/events/{event}{path}")).status_code == 200
        for verb in ("publish", "duplicate", "delete", "retention"):
            assert (await client.get(f"/office/events/{event}/{verb}")).status_code == 405
        assert {name: rows for name, rows in (await dump()).items() if name != "session"} == {
            name: rows for name, rows in before.items() if name != "session"
        }


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"done": "dates_added", "number": "6"}, "6 dates are added"),
        ({"done": "date_changed", "told": "3"}, "The date is changed3 people are told."),
        ({"done": "date_deleted"}, "The date is deleted"),
        ({"done": "date_called_off", "told": "1"}, "The date was called off1 person is told."),
        ({"done": "event_called_off", "told": "2"}, "The event was called off2 people are told."),
    ],
)
async def test_what_was_done_to_its_dates_is_said_where_one_comes_back_to(
    app: Litestar, query: dict[str, str], words: str
) -> None:
    event = await make_event()
    here = f"/office/events/{event.id}"
    async with browser_of(app, await somebody("organiser")) as client:
        assert words in (await page_of(client, here, **query)).words
        assert words not in (await page_of(client, here, done="nonsense")).words
