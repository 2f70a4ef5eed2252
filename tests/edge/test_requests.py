"""What every request passes at the door: its host, the site it comes from, the rate of its network."""

import asyncio
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from litestar.datastructures import Headers

from service import db, settings
from service.edge.requests import OtherSite, WrongHost, beyond_proxies, check_host, check_same_site
from service.settings import DEFAULT_RATES, Rate
from tests.live import served
from tests.makers import link_of, make_booking, make_slot
from tests.visits import Page, dump, send, settings_with

HOST = "agenda.campus.test"
PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("host", "over_https", "over_http"),
    [
        ("agenda.campus.test", True, True),
        ("AGENDA.campus.test", True, True),
        ("agenda.campus.test:443", True, True),
        ("agenda.campus.test:8000", True, True),
        ("localhost:8000", False, True),
        ("127.0.0.1:8000", False, True),
        ("[::1]:8000", False, True),
        ("[::1]", False, True),
        ("", False, False),
        ("evil.test", False, False),
        ("agenda.campus.test.evil.test", False, False),
        ("evil-agenda.campus.test", False, False),
        ("campus.test", False, False),
        ("agenda.campus.test.", False, False),
        ("agenda.campus.test@evil.test", False, False),
        ("evil.test@agenda.campus.test", False, False),
        ("agenda.campus.test/evil", False, False),
        ("agenda.campus.test:80:80", False, False),
        ("agenda.campus.test:", False, False),
        ("agenda.campus.test, evil.test", False, False),
        ("agenda.campus.test evil.test", False, False),
        ("[::1", False, False),
        ("::1", False, False),
        ("127.1", False, False),
        ("0.0.0.0", False, False),
        ("\r\nagenda.campus.test", False, False),
    ],
)
def test_only_our_own_names_are_answered(host: str, over_https: bool, over_http: bool) -> None:
    def is_ours(public_url: str) -> bool:
        with settings_with(public_url=public_url):
            try:
                check_host(host)
            except WrongHost:
                return False
            return True

    assert (is_ours(f"https://{HOST}"), is_ours(f"http://{HOST}:8000")) == (over_https, over_http)


def test_a_service_known_by_a_number_is_answered_under_it() -> None:
    for public_url, host in (
        ("http://192.168.1.7:8000", "192.168.1.7:8000"),
        ("http://[fd00::7]:8000", "[fd00::7]:8000"),
    ):
        with settings_with(public_url=public_url):
            check_host(host)


@pytest.mark.parametrize("path", ["/", "/bookings/find", "/bookings/x", "/static/favicon.svg"])
async def test_another_host_gets_a_page_that_names_no_address(visitor: httpx.AsyncClient, path: str) -> None:
    answer = await visitor.get(path, headers={"Host": "evil.test"}, params={"lang": "en"})

    assert answer.status_code == 400
    assert "The page was asked for under a name that is not ours." in Page.of(answer).words
    assert "evil.test" not in answer.text


SITES: list[tuple[dict[str, str], bool, bool]] = [
    # headers, from us without a session, from us with one
    ({}, True, False),
    ({"Sec-Fetch-Site": "same-origin"}, True, True),
    ({"Sec-Fetch-Site": "none"}, True, True),
    ({"Sec-Fetch-Site": "same-site"}, False, False),
    ({"Sec-Fetch-Site": "cross-site"}, False, False),
    ({"Sec-Fetch-Site": ""}, False, False),
    ({"Sec-Fetch-Site": "nonsense"}, False, False),
    ({"Origin": f"https://{HOST}"}, True, True),
    ({"Origin": f"https://{HOST.upper()}"}, True, True),
    ({"Origin": f"http://{HOST}"}, False, False),
    ({"Origin": f"https://{HOST}:8443"}, False, False),
    ({"Origin": "https://evil.test"}, False, False),
    ({"Origin": f"https://{HOST}.evil.test"}, False, False),
    ({"Origin": f"https://evil.test@{HOST}"}, False, False),
    ({"Origin": "https://[::1"}, False, False),
    ({"Origin": ""}, False, False),
    ({"Origin": "null"}, True, False),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.test"}, True, True),
    ({"Sec-Fetch-Site": "cross-site", "Origin": f"https://{HOST}"}, False, False),
]


@pytest.mark.parametrize(("headers", "alone", "with_session"), SITES)
def test_forms_come_from_our_own_pages(headers: dict[str, str], alone: bool, with_session: bool) -> None:
    def is_ours(has_session: bool) -> bool:
        try:
            check_same_site(Headers({"Host": HOST, **headers}), has_session)
        except OtherSite:
            return False
        return True

    assert (is_ours(has_session=False), is_ours(has_session=True)) == (alone, with_session)


@pytest.mark.parametrize("cookie", ["__Host-session", "session"])
async def test_another_site_changes_nothing_with_somebody_s_session(visitor: httpx.AsyncClient, cookie: str) -> None:
    link = link_of(await make_booking(await make_slot()))
    before = await dump()

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {"Cookie": f"{cookie}=stolen"}):
        answer = await visitor.post(f"{link}/cancel", params={"lang": "en"}, data={"sure": "yes"}, headers=headers)
        assert answer.status_code == 403
        assert "For your safety nothing was done." in Page.of(answer).words
    assert await dump() == before


async def test_another_site_may_lead_to_any_page(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/", headers={"Sec-Fetch-Site": "cross-site", "Cookie": "session=1"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1", "10.0.0.3", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["nonsense"], "nonsense"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1::1", ["2001:db8:2::7"], "2001:db8:2::7"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_a_forwarded_address_counts_as_far_as_it_is_trusted(peer: str, forwarded: list[str], who: str) -> None:
    with settings_with(trusted_proxies=PROXIES):
        assert beyond_proxies(peer, forwarded) == who


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert settings.current().trusted_proxies == ()
    assert beyond_proxies("203.0.113.9", ["198.51.100.1"]) == "203.0.113.9"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("198.51.100.1", "198.51.100.1", True),
        ("198.51.100.1", "198.51.100.2", False),
        ("2001:db8:2::1", "2001:db8:2:0:ffff::9", True),
        ("2001:db8:2::1", "2001:db8:2:1::1", False),
        ("::ffff:198.51.100.1", "198.51.100.1", True),
        ("1.1.1.1, 198.51.100.1", "2.2.2.2, 198.51.100.1", True),
    ],
)
async def test_a_network_is_counted_as_one(visitor: httpx.AsyncClient, first: str, second: str, same: bool) -> None:
    with settings_with(trusted_proxies=(ip_network("127.0.0.0/8"),), rate_limits=_one_each()):
        answers = [
            await visitor.post("/bookings/find", data={}, headers={"X-Forwarded-For": who}) for who in (first, second)
        ]

    assert [answer.status_code for answer in answers] == [422, 429 if same else 422]


async def test_several_lines_of_forwarded_addresses_are_read_as_one(visitor: httpx.AsyncClient) -> None:
    with settings_with(trusted_proxies=(ip_network("127.0.0.0/8"),), rate_limits=_one_each()):
        answers = [
            await visitor.post(
                "/bookings/find", headers=[("X-Forwarded-For", fake), ("X-Forwarded-For", "198.51.100.1")]
            )
            for fake in ("1.1.1.1", "2.2.2.2")
        ]

    assert [answer.status_code for answer in answers] == [422, 429]


async def test_too_many_forms_of_one_network_are_asked_to_wait(visitor: httpx.AsyncClient) -> None:
    with settings_with(rate_limits=_one_each()):
        answers = [await send(visitor, "/bookings/find", lang="en") for _ in range(2)]
        still_readable = await visitor.get("/")

    page = Page.of(answers[1])
    assert [answer.status_code for answer in answers] == [422, 429]
    assert "Too many requests came from here. Nothing was lost." in page.words
    assert "Try again after " in page.words
    assert 3590 <= int(answers[1].headers["retry-after"]) <= 3600
    assert still_readable.status_code == 200


async def test_the_rows_of_the_limits_name_nobody(visitor: httpx.AsyncClient) -> None:
    await send(visitor, "/bookings/find", {"email": "zoe@exemple.test"})

    rows = [row["name"] for row in await db.fetch("SELECT name FROM rate_clock")]
    assert rows
    assert [row for row in rows if "127.0.0.1" in row or "zoe" in row] == []


@pytest.mark.parametrize("path", ["/events/%00", "/bookings/%0A", "/events/%E2%80%AE", "/events/" + "x" * 400])
async def test_what_no_path_looks_like_never_reaches_the_database(visitor: httpx.AsyncClient, path: str) -> None:
    assert (await visitor.get(path)).status_code == 404


@pytest.mark.parametrize("sends", [True, False])
async def test_nine_megabytes_are_answered_with_a_page_over_a_real_wire(tmp_path: Path, sends: bool) -> None:
    slot = await make_slot()
    async with served(tmp_path, with_worker=False) as address:
        host = urlsplit(address).netloc
        head = f"POST /events/{slot.slug}/bookings HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9000000\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
        head += "" if sends else "Expect: 100-continue\r\n"
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(head.encode() + b"\r\n" + (b"a=1&" * 2_250_000 if sends else b""))
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        odd = [await _asked(address, path) for path in (b"/%FF", b"/%00", b"/%ED%A0%80", b"/events/%FF", b"/\xff")]

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"<h1>" in answer
    assert [status.split()[1] for status in odd] == [b"404", b"404", b"404", b"404", b"400"]


async def _asked(address: str, path: bytes) -> bytes:
    host = urlsplit(address).netloc
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: close\r\n\r\n")
    status = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return status


def _one_each() -> dict[str, Any]:
    return {**DEFAULT_RATES, "network": Rate(1, 3600)}
