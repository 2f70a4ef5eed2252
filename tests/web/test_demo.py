"""The demonstration's mailbox."""

from email.message import EmailMessage

import httpx
import pytest

from service import db
from tests.makers import a_pupil, make_booking, make_event, make_slot
from tests.visits import Page, demonstration, dump, settings_with


async def _number() -> int:
    rows = await db.fetch("SELECT id FROM email ORDER BY id DESC LIMIT 1")
    return int(rows[0]["id"])


async def test_the_mailbox_is_empty_until_somebody_books() -> None:
    async with demonstration() as visitor:
        page = Page.of(await visitor.get("/demo/mailbox", params={"lang": "en"}))

    assert "No e-mail yet" in page.words


async def test_the_mailbox_shows_each_letter_as_programs_see_it() -> None:
    await make_booking(await make_slot(event=await make_event(title="Verre & robots")))

    async with demonstration() as visitor:
        listed = Page.of(await visitor.get("/demo/mailbox"))
        number = await _number()
        letter = Page.of(await visitor.get(f"/demo/mailbox/{number}"))
        html = await visitor.get(f"/demo/mailbox/{number}/html")

    assert listed.all("a", href=f"/demo/mailbox/{number}")
    assert "Verre & robots" in listed.words
    assert "BEGIN:VCALENDAR" in letter.words
    assert letter.all("iframe", src=f"/demo/mailbox/{number}/html", sandbox="")
    assert html.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_html_of_a_letter_stands_under_a_policy_of_its_own() -> None:
    await make_booking(await make_slot())

    async with demonstration() as visitor:
        html = await visitor.get(f"/demo/mailbox/{await _number()}/html")

    policy = html.headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


async def test_a_letter_without_html_is_shown_all_the_same() -> None:
    """As an older one, or one whose calendar part was left out."""
    await make_booking(await make_slot())
    async with demonstration() as visitor:
        number = await _number()
        message = EmailMessage()
        message["Subject"] = "Rien que du texte"
        message.set_content("Bonjour")
        await db.fetch("UPDATE email SET content = $2 WHERE id = $1", number, message.as_bytes())

        answers = [await visitor.get(f"/demo/mailbox{path}") for path in ("", f"/{number}", f"/{number}/html")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("number", ["0", "-1", "999999", "9" * 40, "1e3", "x", "%00", "1.0", "١"])
async def test_a_letter_that_is_none_is_no_page(number: str) -> None:
    async with demonstration() as visitor:
        assert (await visitor.get(f"/demo/mailbox/{number}")).status_code == 404
        assert (await visitor.get(f"/demo/mailbox/{number}/html")).status_code == 404


async def test_a_letter_that_still_waits_is_not_shown(visitor: httpx.AsyncClient) -> None:
    async with demonstration() as demo:
        await make_booking(await make_slot(), a_pupil())

        assert (await demo.get(f"/demo/mailbox/{await _number()}")).status_code == 404


async def test_reading_the_mailbox_changes_nothing() -> None:
    await make_booking(await make_slot())
    async with demonstration() as visitor:
        before = await dump()
        number = await _number()
        for path in ("", f"/{number}", f"/{number}/html"):
            assert (await visitor.get(f"/demo/mailbox{path}")).status_code == 200

        assert await dump() == before


async def test_the_strip_says_whether_mail_leaves() -> None:
    async with demonstration() as visitor:
        on_disk = Page.of(await visitor.get("/", params={"lang": "en"}))
        with settings_with(smtp_url="smtp://127.0.0.1"):
            leaving = Page.of(await visitor.get("/", params={"lang": "en"}))

    assert "Demonstration: everything is invented, no e-mail leaves." in on_disk.words
    assert "Demonstration: everything is invented." in leaving.words
    assert "no e-mail leaves" not in leaving.words


async def test_without_the_demonstration_there_is_no_mailbox(visitor: httpx.AsyncClient) -> None:
    assert [(await visitor.get(f"/demo/mailbox{path}")).status_code for path in ("", "/1", "/1/html")] == [404] * 3
