"""What goes wrong is told in words, on a page that leads on."""

import httpx
import pytest

from service.bookings.seats import seats_left
from tests.makers import link_of, make_booking, make_slot
from tests.visits import Page, book, database_away, dump, send

ODD_PATHS = [
    "/nowhere",
    "/events",
    "/events/",
    "/bookings",
    "/%00",
    "/%FF",
    "/%ED%A0%80",
    "/..%2f..%2fetc/passwd",
    "/static/nothing.css",
    "/static/../app.py",
    "/static/%2e%2e/agenda.py",
    "/static/%00",
    "/static/" + "x" * 3000,
    "/wp-login.php",
    "/" + "a/" * 500,
    "/" + "x" * 8000,
    "/schema",
    "/docs",
    "/metrics",
]


@pytest.mark.parametrize("path", ODD_PATHS)
async def test_an_unknown_path_is_a_page_that_leads_on(visitor: httpx.AsyncClient, path: str) -> None:
    answer = await visitor.get(path, params={"lang": "en"})

    page = Page.of(answer)
    assert answer.status_code == 404
    assert "There is no such page" in page.words
    assert page.all("a", href="/?lang=en")
    assert page.all("a", href="/bookings/find?lang=en")
    assert page.all("meta", name="robots", content="noindex")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", {"GET", "OPTIONS"}),
        ("PUT", "/", {"GET", "OPTIONS"}),
        ("DELETE", "/bookings/x", {"GET", "OPTIONS"}),
        ("POST", "/bookings/x", {"GET", "OPTIONS"}),
        ("GET", "/events/x/bookings", {"POST", "OPTIONS"}),
        ("GET", "/bookings/x/cancel", {"POST", "OPTIONS"}),
        ("PATCH", "/bookings/x/erase", {"POST", "OPTIONS"}),
        ("PROPFIND", "/", {"GET", "OPTIONS"}),
        ("TRACE", "/", {"GET", "OPTIONS"}),
        ("POST", "/static/passerelle.css", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "OPTIONS"}),
    ],
)
async def test_a_wrong_method_is_a_page_that_says_which_are_right(
    visitor: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await visitor.request(method, path)

    assert answer.status_code == 405
    assert Page.of(answer).all("h1")
    assert set(answer.headers["allow"].split(", ")) == allowed


async def test_head_is_answered_like_get_without_the_body(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    link = link_of(await make_booking(slot))

    paths = ["/bookings/find", link, f"{link}/invitation.ics", "/", "/nowhere", "/healthz", "/static/favicon.svg"]
    for path in paths:
        got, head = await visitor.get(path), await visitor.head(path)
        assert head.content == b""
        assert head.status_code == got.status_code
        assert {**head.headers} == {**got.headers}
    assert (await visitor.head(f"/events/{slot.slug}")).status_code == 200
    assert (await visitor.head(f"/events/{slot.slug}/bookings")).status_code == 405


async def test_options_say_what_is_allowed(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.options("/bookings/find")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/events/visite"),
        ("GET", "/bookings/" + "a" * 32),
        ("POST", "/events/visite/bookings"),
        ("POST", "/bookings/find"),
        ("POST", "/bookings/" + "a" * 32 + "/cancel"),
    ],
)
async def test_while_the_database_is_away_pages_say_so(visitor: httpx.AsyncClient, method: str, path: str) -> None:
    async with database_away():
        answer = await visitor.request(method, path, params={"lang": "en"})

    assert answer.status_code == 503
    assert "Our database does not answer at the moment." in Page.of(answer).words
    assert "Try again in a minute: a form sent twice is booked once." in Page.of(answer).words


async def test_what_needs_no_database_is_there_without_it(visitor: httpx.AsyncClient) -> None:
    async with database_away():
        answers = [
            await visitor.get(path) for path in ("/healthz", "/bookings/find", "/static/favicon.svg", "/nowhere")
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 404]


async def test_a_form_sent_again_with_its_key_once_the_database_is_back_books_once(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot(1)
    before = await dump()
    async with database_away():
        away = await book(visitor, slot, key="once")
    assert (away.status_code, await dump()) == (503, before)

    answers = [await book(visitor, slot, key="once") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await seats_left(slot.id) == 0


async def test_a_fault_of_ours_is_a_page_without_a_trace(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one thing that is replaced here is ours, by something that is broken."""
    monkeypatch.setattr("service.events.agenda.choices", lambda: 1 / 0)

    answer = await visitor.get("/", params={"lang": "en"})

    assert answer.status_code == 500
    assert "It is not your fault, and it has been noted." in Page.of(answer).words
    assert "ZeroDivisionError" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_refusal_away_from_its_form_is_a_page_of_its_own(visitor: httpx.AsyncClient) -> None:
    french = Page.of(await send(visitor, "/bookings/x/cancel"))
    english = Page.of(await send(visitor, "/bookings/x/cancel", lang="en"))

    assert "We do not know this link" in english.words
    assert "Have your link sent again: your e-mail address is enough." in english.words
    assert french.words != english.words
