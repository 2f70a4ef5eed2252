"""Signing in to the office over HTTP: cookies, the way back, and what stays closed."""

import re
from pathlib import Path

import httpx
import pytest

from service import db, settings
from service.people import staff
from tests.bookings.harness import mail_goes_out, text_of
from tests.visits import Page, dump, send

ADA = "ada@campus.test"
HERE = "/office/sign-in"


async def ask(visitor: httpx.AsyncClient, folder: Path, **fields: str) -> tuple[str, str]:
    """Ask for a way in; the path of the letter's link, and its code."""
    answer = await send(visitor, HERE, {"email": ADA, **fields})
    assert answer.status_code == 303
    [letter] = await mail_goes_out(folder)
    words = text_of(letter)
    return re.findall(r"/office/sign-in/\w{32}", words)[0], re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}", words)[0]


@pytest.fixture
async def _ada() -> None:
    await staff.add("Ada Vandamme", ADA, "organiser", by="test")


pytestmark = pytest.mark.usefixtures("_ada")


async def test_the_link_in_the_same_browser_opens_the_office(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    link, _ = await ask(visitor, tmp_path)
    shown = await visitor.get(link)
    assert (shown.status_code, Page.of(shown).all("input", name="code")) == (200, [])
    answer = await send(visitor, link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/office")
    assert (await visitor.get("/office")).status_code == 200


async def test_opening_the_link_changes_nothing(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    link, _ = await ask(visitor, tmp_path)
    before = await dump()
    for _ in range(3):
        await visitor.get(link)
        await visitor.head(link)
    assert await dump() == before


async def test_elsewhere_the_link_asks_for_the_code(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    link, code = await ask(visitor, tmp_path)
    visitor.cookies.clear()
    page = Page.of(await visitor.get(link))
    assert page.all("input", name="code")
    assert (await send(visitor, link)).status_code == 409
    assert (await send(visitor, link, {"code": "AAAA-AAAA"})).status_code == 422
    assert (await send(visitor, link, {"code": code})).status_code == 303
    assert (await visitor.get("/office")).status_code == 200


async def test_the_code_leads_back_to_where_one_was_going(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    away = await visitor.get("/office/sessions")
    assert (away.status_code, away.headers["location"]) == (303, f"{HERE}?next=%2Foffice%2Fsessions")
    _, code = await ask(visitor, tmp_path, next="/office/sessions")
    answer = await send(visitor, f"{HERE}/code", {"code": code, "next": "/office/sessions"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/office/sessions")


@pytest.mark.parametrize(
    "evil",
    ["//evil.test", "https://evil.test", "/\\evil.test", "\\\\evil.test", "javascript:alert(1)", "/a b", "/\n/evil"],
)
async def test_nobody_is_sent_to_another_site(visitor: httpx.AsyncClient, tmp_path: Path, evil: str) -> None:
    _, code = await ask(visitor, tmp_path, next=evil)
    answer = await send(visitor, f"{HERE}/code", {"code": code, "next": evil})
    assert answer.headers["location"] == "/office"


async def test_the_cookies_are_bound_to_this_host_unreadable_to_scripts_and_lax(
    visitor: httpx.AsyncClient, tmp_path: Path
) -> None:
    asked = await send(visitor, HERE, {"email": ADA})
    [pending] = asked.headers.get_list("set-cookie")
    [letter] = await mail_goes_out(tmp_path)
    code = re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}", text_of(letter))[0]
    answer = await send(visitor, f"{HERE}/code", {"code": code})
    session = next(one for one in answer.headers.get_list("set-cookie") if "session" in one)
    for cookie, name, lasts in ((pending, "__Host-pending", "600"), (session, "__Host-session", "43200")):
        assert cookie.startswith(f"{name}=")
        rest = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/", f"max-age={lasts}"} <= rest
        assert not any(part.startswith("domain") for part in rest)
    assert settings.current().is_https


async def test_a_session_that_an_attacker_chose_is_never_taken_over(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    visitor.cookies.set("__Host-session", "chosen-by-another", domain="agenda.campus.test")
    _, code = await ask(visitor, tmp_path)
    await send(visitor, f"{HERE}/code", {"code": code})
    [row] = await db.fetch("SELECT token_hash FROM session")
    assert "chosen-by-another" not in str(dict(row))
    assert "chosen-by-another" not in str(visitor.cookies.get("__Host-session", domain="agenda.campus.test", path="/"))


async def test_signing_out_ends_the_session_not_only_its_cookie(visitor: httpx.AsyncClient, tmp_path: Path) -> None:
    _, code = await ask(visitor, tmp_path)
    await send(visitor, f"{HERE}/code", {"code": code})
    kept = dict(visitor.cookies)
    await send(visitor, "/office/sign-out")
    visitor.cookies.update(kept)
    assert (await visitor.get("/office")).status_code == 303


async def test_a_form_of_the_office_without_a_session_says_so_and_changes_nothing(visitor: httpx.AsyncClient) -> None:
    before = await dump()
    answer = await send(visitor, "/office/sign-out", lang="en")
    assert (answer.status_code, "Please sign in" in Page.of(answer).words) == (401, True)
    assert await dump() == before


async def test_visitors_get_no_cookie_even_from_the_sign_in_page(visitor: httpx.AsyncClient) -> None:
    for path in ("/", HERE, f"{HERE}/code", "/office"):
        assert "set-cookie" not in (await visitor.get(path)).headers


async def test_an_address_that_nobody_knows_is_answered_alike(visitor: httpx.AsyncClient) -> None:
    known, unknown = [await send(visitor, HERE, {"email": email}) for email in (ADA, "nobody@campus.test")]
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert len(known.headers["set-cookie"]) == len(unknown.headers["set-cookie"])
    assert (await send(visitor, HERE, {"email": "x"})).status_code == 422
