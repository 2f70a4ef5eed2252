"""Booking by a partner's link: its seats are shown, its token is kept, and a wrong one is nobody's business."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from service import db
from service.bookings.tables import Booking
from service.events import partners
from service.events.slots import BookableSlot
from tests.bookings.queues import ask, some
from tests.makers import make_event, make_slot
from tests.visits import Page, book, counted

NOTICE = "You book with a partner’s link"


async def partner_slot(capacity: int = 4, **kept: Any) -> tuple[BookableSlot, str]:
    """A slot that keeps seats for partners, and their token."""
    slot = await make_slot(capacity, event=await make_event(**({"kept_for_partners": 2} | kept)))
    return slot, partners.token_of(slot.event_id)


async def audiences() -> list[str]:
    """For whom the bookings count, in their order."""
    return [row["audience"] for row in await Booking.select(Booking.audience).order_by(Booking.created_at)]


async def read(visitor: httpx.AsyncClient, slot: BookableSlot, **query: str) -> Page:
    """The event's page."""
    return Page.of(await visitor.get(f"/events/{slot.slug}", params={"lang": "en", **query}))


async def test_the_page_of_a_partner_s_link_says_so_and_shows_a_partner_s_seats(visitor: httpx.AsyncClient) -> None:
    slot, token = await partner_slot()
    await some(slot, "individual", 2)

    others, partner = await read(visitor, slot), await read(visitor, slot, partner=token)

    assert (NOTICE in others.words, others.typed("partner"), "Full" in others.words) == (False, "", True)
    assert NOTICE in partner.words
    assert "2 seats are kept for you." in partner.words
    assert "2 seats left" in partner.words
    assert partner.typed("partner") == token
    await ask(slot, "partner")
    assert "1 seat is kept for you." in (await read(visitor, slot, partner=token)).words


async def test_a_partner_hears_when_nothing_is_kept_any_more(visitor: httpx.AsyncClient) -> None:
    slot, token = await partner_slot(kept_days=30)
    assert (
        "No seat is kept for you any more: you book like everybody else."
        in (await read(visitor, slot, partner=token)).words
    )


async def test_of_several_dates_a_partner_hears_how_many_seats_a_date_keeps(visitor: httpx.AsyncClient) -> None:
    event = await make_event(kept_for_partners=3)
    slots = [await make_slot(4, event=event), await make_slot(2, event=event)]
    page = await read(visitor, slots[0], partner=partners.token_of(event.id))
    assert "3 seats of a date are kept for you, at most." in page.words


async def test_the_form_of_a_partner_books_a_partner_s_seat(visitor: httpx.AsyncClient) -> None:
    slot, token = await partner_slot(2)
    assert (await book(visitor, slot)).status_code == 409
    assert (await book(visitor, slot, partner=token)).status_code == 303
    assert await audiences() == ["partner"]


@pytest.mark.parametrize("wrong", ["", "x", "é", "another event's"])
async def test_a_wrong_token_is_simply_ignored(visitor: httpx.AsyncClient, wrong: str) -> None:
    slot, _ = await partner_slot()
    _, other = await partner_slot()
    token = other if wrong == "another event's" else wrong

    page = await read(visitor, slot, partner=token)
    answer = await book(visitor, slot, partner=token)

    assert (NOTICE in page.words, page.typed("partner"), answer.status_code) == (False, "", 303)
    assert token == "" or not any(token in address for address in page.addresses)
    assert await audiences() == ["individual"]


async def test_a_page_with_a_token_is_kept_by_nobody_and_tells_nobody(visitor: httpx.AsyncClient) -> None:
    slot, token = await partner_slot()
    answer = await visitor.get(f"/events/{slot.slug}", params={"partner": token})
    told = {name: answer.headers[name] for name in ("cache-control", "referrer-policy")}
    assert told == {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    public = [link["href"] for link in Page.of(answer).all("link") if link.get("rel") in ("canonical", "alternate")]
    assert not any(token in address for address in public)


async def test_shown_again_the_form_and_the_links_keep_the_token(visitor: httpx.AsyncClient) -> None:
    event = await make_event(kept_for_partners=1)
    slots = [await make_slot(1, event=event) for _ in range(25)]
    token = partners.token_of(event.id)
    await ask(slots[0], "partner")

    fresh = await visitor.get(f"/events/{event.slug}", params={"partner": token})
    mistaken = await book(visitor, slots[1], partner=token, email="none")
    refused = await book(visitor, slots[0], partner=token)

    for answer, status in ((fresh, 200), (mistaken, 422), (refused, 409)):
        page = Page.of(answer)
        assert (answer.status_code, page.typed("partner")) == (status, token)
        kept = [parse_qs(urlsplit(link["href"]).query).get("partner") for link in page.all("a") if _leads_here(link)]
        assert kept == [[token]] * 2  # the other language, and the next dates


def _leads_here(link: dict[str, str]) -> bool:
    return link.get("class") == "language" or link.get("rel") == "next"


async def test_a_full_date_holds_the_partner_s_queue_ready(visitor: httpx.AsyncClient) -> None:
    slot, token = await partner_slot(1, kept_for_partners=1)
    await ask(slot, "partner")

    refused = await book(visitor, slot, lang="en", partner=token)
    joined = await book(visitor, slot, slot=f"queue.{slot.id}", partner=token)

    assert "Press the button once more to join the waiting list." in Page.of(refused).words
    assert joined.status_code == 303
    assert await audiences() == ["partner", "partner"]


async def test_a_partner_s_link_costs_no_query_more(visitor: httpx.AsyncClient) -> None:
    slot, token = await partner_slot()
    for query in ({}, {"partner": token}):
        with counted() as seen:
            await read(visitor, slot, **query)
        assert len(seen) == 2


async def test_the_same_form_with_and_without_the_token_is_two_forms(visitor: httpx.AsyncClient) -> None:
    slot, token = await partner_slot()
    first, second = await book(visitor, slot, key="k"), await book(visitor, slot, key="k", partner=token)
    assert (first.status_code, second.status_code) == (303, 422)
    assert len(await db.fetch("SELECT 1 FROM booking")) == 1
