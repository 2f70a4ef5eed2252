"""The page of one event, its poster and its short address."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from service import clock, db
from tests.makers import at_paris, make_booking, make_event, make_organisation, make_slot
from tests.visits import Page, book, counted


async def test_an_event_shows_each_of_its_dates_with_its_seats(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    slots = [
        await make_slot(12, event=event),
        await make_slot(1, event=event),
        await make_slot(event=event, state="called_off", called_off_reason="Panne de four"),
        await make_slot(event=event, opens_at=clock.now() + timedelta(days=1)),
        await make_slot(event=event, starts_in=timedelta(days=-2)),
    ]
    await make_booking(slots[1])

    page = Page.of(await visitor.get(f"/events/{event.slug}", params={"lang": "en"}))

    radios = {radio["value"]: "disabled" not in radio for radio in page.all("input", name="slot")}
    assert radios == {
        f"queue.{slots[1].id}": True,
        **{str(slot.id): slot is slots[0] for slot in slots if slot != slots[1]},
    }
    assert all(word in page.words for word in ("12 seats left", "Full", "Panne de four", "Called off", "Over"))


@pytest.mark.parametrize(
    "values",
    [{"kind": "assembly", "takes_individuals": False}, {"takes_individuals": False, "takes_classes": True}],
)
async def test_an_event_not_for_individuals_shows_no_form(visitor: httpx.AsyncClient, values: dict[str, Any]) -> None:
    slot = await make_slot(event=await make_event(**values))

    answer = await visitor.get(f"/events/{slot.slug}")

    assert answer.status_code == 200
    assert Page.of(answer).all("form") == []


async def test_an_event_without_dates_is_a_page(visitor: httpx.AsyncClient) -> None:
    event = await make_event()

    answer = await visitor.get(f"/events/{event.slug}")

    assert (answer.status_code, Page.of(answer).all("form")) == (200, [])


async def test_a_description_is_markdown_without_html_or_harmful_links(visitor: httpx.AsyncClient) -> None:
    evil = (
        "**Gras** <b onclick=alert(1)>x</b> [a](javascript:alert(1)) ![b](https://tracker.test/p.gif)"
        " [c](https://exemple.test) <script>alert(1)</script> [d](data:text/html,x)"
    )
    slot = await make_slot(event=await make_event(description=evil))

    page = Page.of(await visitor.get(f"/events/{slot.slug}"))

    assert page.all("strong")
    assert page.all("img") == page.all("b", onclick="alert(1)") == []
    assert [link["href"] for link in page.all("a") if link["href"].startswith(("javascript:", "data:"))] == []
    assert page.all("a", href="https://exemple.test")
    assert [script.get("type") for script in page.all("script")] == [None, "application/ld+json"]


async def test_an_event_asks_as_much_of_the_database_for_one_date_and_for_three(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    for _ in range(2):
        await make_slot(event=event)
        with counted() as seen:
            await visitor.get(f"/events/{event.slug}")
        assert len(seen) == 2
        await make_slot(event=event)


async def test_an_event_that_is_over_says_how_many_came(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(starts_in=timedelta(days=-3))
    await db.fetch(
        "INSERT INTO presence (id, slot, people, noted_at) VALUES (gen_random_uuid(), $1, 17, now())", slot.id
    )

    page = Page.of(await visitor.get(f"/events/{slot.slug}", params={"lang": "en"}))

    assert "17 people were there." in page.words


async def test_search_engines_read_the_event_as_data(visitor: httpx.AsyncClient) -> None:
    host = await make_organisation(name="Verrerie")
    event = await make_event(slug="verre", title="Du verre </script><b>", speaker="Léa", age_min=15, host=host.id)
    slot = await make_slot(12, event=event, starts_at=at_paris("2027-03-28 14:00"))
    await make_booking(slot)

    answer = await visitor.get("/events/verre")

    assert structured(answer) == {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": "Du verre </script><b>",
        "description": "Du plan au contrôle final.",
        "url": "https://agenda.campus.test/events/verre",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "eventStatus": "https://schema.org/EventScheduled",
        "isAccessibleForFree": True,
        "inLanguage": "fr",
        "location": {
            "@type": "Place",
            "name": "Atelier, 62510 Arques",
            "address": {"@type": "PostalAddress", "addressLocality": "Arques", "addressCountry": "FR"},
        },
        "organizer": {
            "@type": "Organization",
            "name": "Campus des Métiers et des Qualifications",
            "url": "https://agenda.campus.test",
        },
        "performer": {"@type": "Person", "name": "Léa"},
        "typicalAgeRange": "15-",
        "startDate": "2027-03-28T14:00:00+02:00",
        "endDate": "2027-03-28T16:00:00+02:00",
        "maximumAttendeeCapacity": 12,
        "remainingAttendeeCapacity": 11,
    }


async def test_each_of_several_dates_is_an_event_of_its_own_in_the_data(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    await make_slot(3, event=event)
    await make_slot(event=event, state="called_off", starts_in=timedelta(days=8))
    await make_slot(event=event, starts_in=timedelta(days=-8))

    told = structured(await visitor.get(f"/events/{event.slug}"))

    assert [(one["eventStatus"], one["remainingAttendeeCapacity"]) for one in told["subEvent"]] == [
        ("https://schema.org/EventScheduled", 3),
        ("https://schema.org/EventCancelled", 0),
    ]


async def test_a_called_off_event_says_so_in_its_data(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(event=await make_event(state="called_off"))

    assert structured(await visitor.get(f"/events/{slot.slug}"))["eventStatus"] == "https://schema.org/EventCancelled"


async def test_a_chat_shows_the_event_with_its_title_and_its_address(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(event=await make_event(slug="verre", title="Le verre « à chaud »"))

    for lang, query in (("fr", ""), ("en", "?lang=en")):
        page = Page.of(await visitor.get(f"/events/{slot.slug}{query}&utm_source=x" if query else "/events/verre?x=1"))
        told = {one["property"]: one["content"] for one in page.all("meta") if "property" in one}
        assert told["og:title"] == "Le verre « à chaud »"
        assert told["og:url"] == f"https://agenda.campus.test/events/verre{query}"
        assert told["og:locale"] == {"fr": "fr_FR", "en": "en_GB"}[lang]
        assert page.all("link", rel="canonical") == [{"rel": "canonical", "href": told["og:url"]}]
        assert (await visitor.get(urlsplit(told["og:image"]).path)).headers["content-type"] == "image/png"


async def test_the_poster_tells_the_day_the_place_and_the_way_here(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(starts_at=at_paris("2027-03-28 14:00"))
    [row] = await db.fetch("SELECT number FROM event WHERE slug = $1", slot.slug)

    page = Page.of(await visitor.get(f"/events/{slot.slug}/poster"))

    assert all(word in page.words for word in ("dimanche", "28", "mars", "14\u00a0h", "Atelier, 62510 Arques"))
    assert f"agenda.campus.test/e/{row['number']}" in page.words
    assert "https://agenda" not in page.words
    assert page.all("svg", **{"class": "qr"})


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"kind": "assembly", "takes_individuals": False}, "For the members of the association"),
        ({"takes_individuals": False, "takes_classes": True}, "Come with your class"),
        ({}, "Book your seat"),
    ],
)
async def test_the_poster_calls_whom_the_event_is_for(
    visitor: httpx.AsyncClient, values: dict[str, Any], word: str
) -> None:
    slot = await make_slot(event=await make_event(**values))

    assert word in Page.of(await visitor.get(f"/events/{slot.slug}/poster", params={"lang": "en"})).words


async def test_a_poster_leaves_out_dates_that_are_over_or_called_off(visitor: httpx.AsyncClient) -> None:
    with clock.at(at_paris("2027-01-11 08:00")):
        event = await make_event()
        await make_slot(event=event, starts_in=timedelta(days=-3))
        await make_slot(event=event, starts_at=at_paris("2027-01-20 14:00"), state="called_off")
        await make_slot(event=event, starts_at=at_paris("2027-02-03 14:00"))

        page = Page.of(await visitor.get(f"/events/{event.slug}/poster", params={"lang": "en"}))

    assert page.all("time")[0]["datetime"] == "2027-02-03"
    assert "January" not in page.words


async def test_the_short_address_leads_to_the_event_in_the_language_of_its_poster(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    [row] = await db.fetch("SELECT number FROM event WHERE slug = $1", slot.slug)

    for query in ("", "?lang=en"):
        answer = await visitor.get(f"/e/{row['number']}{query}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"/events/{slot.slug}{query}")


@pytest.mark.parametrize("number", ["0", "-1", "99999999", "9" * 30, "x", "1.5"])
async def test_an_unknown_number_is_not_found(visitor: httpx.AsyncClient, number: str) -> None:
    assert (await visitor.get(f"/e/{number}")).status_code == 404


async def test_a_draft_has_neither_poster_nor_short_address(visitor: httpx.AsyncClient) -> None:
    draft = await make_event(state="draft")
    [row] = await db.fetch("SELECT number FROM event WHERE slug = $1", draft.slug)

    assert (await visitor.get(f"/events/{draft.slug}/poster")).status_code == 404
    assert (await visitor.get(f"/e/{row['number']}")).status_code == 404


async def test_twenty_dates_stand_on_a_page_and_the_others_are_a_link_away(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    for day in (-2, -1, *range(1, 48)):
        await make_slot(event=event, starts_in=timedelta(days=day))

    pages = [Page.of(await visitor.get(f"/events/{event.slug}", params=query)) for query in ({}, *ASKED)]

    assert [len(page.all("input", name="slot")) for page in pages] == [20, 20, 9, 20, 9]
    assert f"/events/{event.slug}?dates=2#booking" in pages[0].addresses
    assert f"/events/{event.slug}?dates=1#booking" in pages[1].addresses


ASKED = ({"dates": "2"}, {"dates": "3"}, {"dates": "0"}, {"dates": "999"})


async def test_the_dates_begin_where_something_is_still_to_come(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    for day in range(-25, 0):
        await make_slot(event=event, starts_in=timedelta(days=day))
    coming = await make_slot(event=event)

    page = Page.of(await visitor.get(f"/events/{event.slug}"))

    assert page.all("input", name="slot", value=str(coming.id))


async def test_a_form_comes_back_with_the_page_of_the_date_that_was_chosen(visitor: httpx.AsyncClient) -> None:
    event = await make_event()
    slots = [await make_slot(event=event, starts_in=timedelta(days=day)) for day in range(1, 30)]

    answer = await book(visitor, slots[25], first_name="")

    assert answer.status_code == 422
    assert Page.of(answer).typed("slot") == str(slots[25].id)


def structured(answer: httpx.Response) -> dict[str, Any]:
    """The data for search engines: read from the page as they read it."""
    start = answer.text.index('<script type="application/ld+json">') + 35
    told: dict[str, Any] = json.loads(answer.text[start : answer.text.index("</script>", start)])
    return told
