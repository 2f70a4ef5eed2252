"""What goes wrong is told in words, on a page that leads on."""

from typing import Any

import httpx
import pytest
from litestar import Response, route
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from service import settings
from service.bookings.seats import seats_left
from service.edge import errors, headers
from service.web.errors import tell
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


TITLES = {
    400: "We did not understand that",
    404: "There is no such page",
    405: "There is no such page",
    409: "Something has changed meanwhile",
    413: "That is too much at once",
    418: "We did not understand that",
    429: "That is a lot at once",
    500: "Something broke on our side",
    502: "Something broke on our side",
    503: "A short break",
}
PASSING = (429, 500, 503)


@route("/broken/{status:int}", http_method=["GET", "POST"], status_code=200)
async def _break(status: FromPath[int]) -> Response[Any]:
    raise HTTPException(status_code=status)


async def broken(method: str, path: str, **query: str) -> httpx.Response:
    """What a house answers in which everything ends with the status that is asked for."""
    handlers: Any = {Exception: errors.handler(tell)}
    site = headers.Guarded(
        route_handlers=[_break], exception_handlers=handlers, openapi_config=None, logging_config=None
    )
    transport = httpx.ASGITransport(app=site)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.current().public_url) as client:
        return await client.request(method, path, params=query)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", TITLES)
async def test_every_status_has_its_words_in_both_languages(method: str, status: int) -> None:
    english, french = await broken(method, f"/broken/{status}", lang="en"), await broken(method, f"/broken/{status}")

    for answer in (english, french):
        page = Page.of(answer)
        assert answer.status_code == status
        assert len(page.all("h1")) == 1
        assert page.all("meta", name="robots", content="noindex")
        assert page.all("a", href="mailto:contact@campus.test")
        assert answer.headers.get("retry-after") == ("60" if status in PASSING else None)
    assert TITLES[status] in Page.of(english).words
    assert TITLES[status] not in Page.of(french).words


@pytest.mark.parametrize(
    ("method", "status", "steps"),
    [
        ("GET", 400, ["/", "/bookings/find"]),
        ("GET", 404, ["/", "/bookings/find", "/help"]),
        ("GET", 405, ["/", "/bookings/find", "/help"]),
        ("GET", 409, ["/", "/bookings/find"]),
        ("GET", 500, ["/broken/500?town=Saint-Omer+%26+Arques", "/", "/bookings/find"]),
        ("GET", 503, ["/broken/503?town=Saint-Omer+%26+Arques", "/help"]),
        ("POST", 413, ["/", "/bookings/find"]),
        ("POST", 429, ["/", "/bookings/find"]),
        ("POST", 500, ["/", "/bookings/find"]),
        ("POST", 503, ["/help"]),
    ],
)
async def test_the_next_steps_fit_the_case(method: str, status: int, steps: list[str]) -> None:
    page = Page.of(await broken(method, f"/broken/{status}", town="Saint-Omer & Arques"))

    assert [one["href"] for one in page.all("a") if "button" in one.get("class", "")] == steps


async def test_trying_again_keeps_the_language_and_leads_nowhere_else(visitor: httpx.AsyncClient) -> None:
    async with database_away():
        english = Page.of(await visitor.get("/events/visite", params={"lang": "en", "x": '<"é'}))

    assert english.all("a", href="/events/visite?lang=en&x=%3C%22%C3%A9")


async def test_trying_again_never_leads_to_another_host(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two slashes begin a host's name: such a path has no page of ours, and gets no link even when all breaks."""

    def nothing_works(*_: object) -> None:
        raise HTTPException(status_code=500)

    monkeypatch.setattr("service.edge.requests.check_host", nothing_works)
    answer = await visitor.get("https://agenda.campus.test//evil.test/x")

    assert answer.status_code >= 400
    assert [one for one in Page.of(answer).addresses if "evil" in one] == []


async def test_a_lost_link_is_asked_for_first(visitor: httpx.AsyncClient) -> None:
    page = Page.of(await visitor.get("/bookings/x"))

    buttons = [one["href"] for one in page.all("a") if "button" in one.get("class", "")]
    assert buttons == ["/bookings/find", "/", "/help"]


@pytest.mark.parametrize("part", ["service.templates.environment", "service.i18n.today", "service.i18n.translations"])
async def test_when_pages_cannot_be_made_at_all_one_stands_ready(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def gone(*_: object) -> None:
        raise RuntimeError("Zoé")

    monkeypatch.setattr(part, gone)
    found = await visitor.get("/bookings/find")
    async with database_away():
        away = await visitor.get("/")

    for answer, status in ((found, 500), (away, 503)):
        page = Page.of(answer)
        assert answer.status_code == status
        assert answer.headers["retry-after"] == "60"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"]
        assert "Vous n’y êtes pour rien" in page.words
        assert "It is not your fault" in page.words
        assert page.all("a", href="/")
        assert page.all("a", href="/?lang=en")
        assert "Zoé" not in answer.text


async def test_the_page_that_stands_ready_needs_nothing(visitor: httpx.AsyncClient) -> None:
    assert "{" not in errors.LAST_RESORT
    assert "<style" not in errors.LAST_RESORT
    assert " style=" not in errors.LAST_RESORT
    assert (await visitor.get("/static/passerelle.css")).status_code == 200
