"""Headers on every answer, and log lines that name nobody."""

import json
import re
import sys

import httpx
import pytest
import structlog
from litestar import Litestar
from structlog.testing import capture_logs

from service import app as service_app
from service import worker
from tests.makers import link_of, make_booking, make_slot
from tests.visits import FORM, Page, book, database_away, demonstration, every_page, send, settings_with

WANTED = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}
CANARIES = {
    "first_name": "Canarina",
    "last_name": "Canarelli",
    "email": "canarina@canari.test",
    "school": "Lycée Canari",
    "key": "canari-key",
}


def missing(answer: httpx.Response) -> dict[str, str]:
    """What the answer does not say of all it should."""
    return {name: value for name, value in WANTED.items() if answer.headers.get(name) != value}


async def test_every_answer_carries_the_headers(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    pages = await every_page()
    pages.pop("door")  # the one that may ask for the camera
    css = await visitor.get("/static/passerelle.css")
    answers = [css, *[await visitor.get(path) for path in pages.values()]]
    answers += [await visitor.get(path) for path in ("/healthz", "/readyz", "/nowhere", "/%00", "/static/nowhere")]
    answers += [await visitor.get(pages["booking"].partition("?")[0] + "/invitation.ics")]
    answers += [await visitor.get("/static/passerelle.css", headers={"If-None-Match": css.headers["etag"]})]
    answers += [await visitor.head("/"), await visitor.options("/"), await visitor.put("/")]
    answers += [await book(visitor, slot), await book(visitor, slot), await book(visitor, slot, email="")]
    answers += [await visitor.get("/", headers={"Host": "evil.test"})]
    answers += [await visitor.post("/bookings/find", headers={"Sec-Fetch-Site": "cross-site"})]
    answers += [await visitor.post("/bookings/find", content=b"x" * 70_000, headers=FORM)]
    async with database_away():
        answers += [await visitor.get("/"), await visitor.get("/readyz")]

    assert {answer.status_code for answer in answers} >= {200, 204, 303, 400, 403, 404, 405, 413, 422, 503}
    assert [(answer.url.path, missing(answer)) for answer in answers if missing(answer)] == []


async def test_a_fault_of_ours_carries_them_too(visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.events.agenda.choices", lambda: 1 / 0)

    answer = await visitor.get("/")

    assert (answer.status_code, missing(answer)) == (500, {})


async def test_over_plain_http_nothing_is_said_of_https(visitor: httpx.AsyncClient) -> None:
    with settings_with(public_url="http://agenda.campus.test"):
        answers = [await visitor.get("/"), await visitor.get("/nowhere")]

    assert [list(missing(answer)) for answer in answers] == [["strict-transport-security"]] * 2


async def test_no_answer_sets_a_cookie(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    paths = (await every_page()).values()

    answers = [await visitor.get(path) for path in paths]
    booked = await book(visitor, slot)
    link = booked.headers["location"].partition("?")[0]
    answers += [booked, await visitor.get(link), await send(visitor, f"{link}/cancel", {"sure": "yes"})]
    answers += [await send(visitor, f"{link}/restore"), await send(visitor, f"{link}/erase", {"sure": "yes"})]
    answers += [await send(visitor, "/bookings/find", {"email": "zoe@exemple.test"}), await visitor.get("/static/x")]

    assert [answer for answer in answers if "set-cookie" in answer.headers] == []
    assert list(visitor.cookies) == []


async def test_a_page_with_a_form_or_a_link_of_one_s_own_is_kept_nowhere(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    pages = await every_page()
    for name in ("event", "booking", "booking from the mail", "cancelled booking", "erased booking", "find"):
        assert (await visitor.get(pages[name])).headers["cache-control"] == "no-store"
    booked = await book(visitor, slot)
    ics = await visitor.get(booked.headers["location"].partition("?")[0] + "/invitation.ics")
    wrong = await book(visitor, slot, email="")

    assert [answer.headers["cache-control"] for answer in (booked, ics, wrong)] == ["no-store"] * 3


async def test_static_files_are_kept_for_a_year_under_an_address_of_their_content(visitor: httpx.AsyncClient) -> None:
    page = Page.of(await visitor.get("/bookings/find"))

    files = [one for one in page.addresses if one.startswith("/static/")]
    assert [re.sub(r"[0-9a-f]{12}$", "…", one) for one in files] == [
        "/static/favicon.svg?v=…",
        "/static/passerelle.css?v=…",
        "/static/passerelle.js?v=…",
    ]
    for file in files:
        answer = await visitor.get(file)
        assert set(answer.headers["cache-control"].split(", ")) == {"public", "immutable", "max-age=31536000"}
        assert answer.headers["content-type"].split(";")[0] in ("image/svg+xml", "text/css", "text/javascript")


async def test_each_request_leaves_one_line_with_its_route(visitor: httpx.AsyncClient) -> None:
    link = link_of(await make_booking(await make_slot()))

    with capture_logs() as lines:
        await visitor.get(f"{link}?from=mail")
        await visitor.head("/bookings/find")
        await visitor.get("/nowhere/at/all")
        await visitor.put("/")

    told = [(line["event"], line["method"], line["route"], line["status"]) for line in lines]
    assert told == [
        ("request", "GET", "/bookings/{token}", 200),
        ("request", "HEAD", "/bookings/find", 200),
        ("request", "GET", "unknown", 404),
        ("request", "PUT", "unknown", 405),
    ]
    assert all(isinstance(line["ms"], float) for line in lines)


async def test_the_log_of_a_whole_journey_names_nobody(
    visitor: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = await make_slot()
    with capture_logs() as lines:
        await visitor.get("/", params={"town": "canari-query", "canari-name": "1"})
        await visitor.get("/canari-path", headers={"Referer": "https://canari.test/", "User-Agent": "canari-agent"})
        booked = await book(visitor, slot, **CANARIES)
        link = booked.headers["location"].partition("?")[0]
        await book(visitor, slot, **{**CANARIES, "email": "canari"})
        await book(visitor, slot, **CANARIES)
        for path in (booked.headers["location"], f"{link}/invitation.ics", f"{link}x", link + "?from=canari-mail"):
            await visitor.get(path)
        await send(visitor, "/bookings/find", {"email": CANARIES["email"]})
        await send(visitor, f"{link}/cancel", {"sure": "yes", "from": "mail"})
        await send(visitor, f"{link}/restore")
        await send(visitor, f"{link}/email", {"email": "canarina2@canari.test"})
        await worker.run_once()
        async with database_away():
            await visitor.get(link)
            await book(visitor, slot, **CANARIES)
        monkeypatch.setattr("service.bookings.seats.book", _broken)
        assert (await book(visitor, slot, **CANARIES)).status_code == 500
        await send(visitor, f"{link}/erase", {"sure": "yes"})

    told = json.dumps(lines, default=repr) + caplog.text
    token = link.rpartition("/")[2]
    assert {line["event"] for line in lines} >= {"request", "mail", "database away", "unexpected"}
    assert re.findall(rf"(?i)canar\w*|{token}|{token[:12]}", told) == []


async def test_logs_are_lines_of_json(visitor: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    service_app.configure_logging("INFO")
    try:
        await visitor.get("/?town=canari")
        async with database_away():
            await visitor.get("/")
        sys.stderr.flush()
    finally:
        structlog.reset_defaults()

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("request", "info"),
        ("database away", "warning"),
        ("request", "info"),
    ]
    assert all("timestamp" in line for line in lines)


async def test_the_letter_in_its_frame_keeps_its_own_policy(app: Litestar) -> None:
    await make_booking(await make_slot())
    async with demonstration() as visitor:
        listed = Page.of(await visitor.get("/demo/mailbox"))
        path = next(one for one in listed.addresses if re.fullmatch(r"/demo/mailbox/\d+", one))
        answer = await visitor.get(f"{path}/html")

    assert list(missing(answer)) == ["content-security-policy"]


async def _broken(*typed: object, **_: object) -> None:
    raise RuntimeError(typed)
