"""A company proposes on a phone, hosts what comes of it, and is thanked with figures."""

import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page

from service import clock, db
from service.operations import demo
from tests.bookings.harness import mail_goes_out, text_of
from tests.browser.steps import DESK, HOUR, MOVE, PHONE, PLAIN, book, link_in, opened, path_of, sign_in
from tests.visits import Page as Read
from tests.visits import demonstration

pytestmark = pytest.mark.browser

HOST, CAMPUS, FOLLOW = "ines@verrerie.test", "contact@campus.test", "/proposals"
TITLE = "Du sable au flacon"
IDEA = {
    "organisation_name": "Verrerie d’Essai", "contact_name": "Inès Lemaire", "email": HOST, "title": TITLE,
    "words": "Une heure et demie le long de la ligne, du four à l’emballage.", "from_1": "14:00", "to_1": "16:00",
    "seats": "24",
}  # fmt: skip
QUESTION, ANSWER = "Combien de groupes à la fois ?", "Deux groupes de douze, à une demi-heure d’écart."
WISH = "Une demi-heure de plus."


async def test_a_company_proposes_on_a_phone_hosts_and_is_thanked(browser: Browser, site: str, tmp_path: Path) -> None:
    host, student, office = [await opened(browser, **size, **PLAIN) for size in (PHONE, PHONE, DESK)]

    # Proposed on a phone; the campus is told, and asks a question.
    await _propose(host, site)
    letters = await _letters(tmp_path)
    assert FOLLOW in host.url
    assert TITLE not in text_of(letters[HOST])  # nobody has answered from that address yet
    await sign_in(office, site, tmp_path)
    await office.goto(link_in(letters[CAMPUS], site, "/office/proposals"))
    assert TITLE in await office.locator("h1").inner_text()
    await _say(office, "/ask", QUESTION)

    # Read in the mail, answered on the page; accepted, and published.
    await host.goto(link_in((await _letters(tmp_path))[HOST], site, FOLLOW))
    assert QUESTION in await host.locator("main").inner_text()
    await _say(host, "/answer", ANSWER)
    await _accept_and_publish(office)
    event = site + await path_of(office, "Voir la page publique")
    published = (await _letters(tmp_path))[HOST]
    assert event.removeprefix(site) in text_of(published)

    # A student books: the company sees one, by its number only.
    await book(student, event, "Zoe")
    await host.goto(link_in(published, site, FOLLOW))
    await _sees_one(host)

    # The day: one tap at the door, and the final list, without names.
    await db.fetch(MOVE, clock.now(), clock.now() + 2 * HOUR)
    await office.get_by_role("link", name="Aujourd’hui").first.click()
    await office.get_by_role("link", name="Pointer").click()
    await office.locator("#rows button:has-text('Zoe')").click()
    await host.reload()
    await host.locator('a[href$="/list"]').click()
    await _sees_one(host)

    # Afterwards: thanks, with figures, in the mail and on the page; and a word back.
    await db.fetch(MOVE, clock.now() - 5 * HOUR, clock.now() - 3 * HOUR)
    await _letters(tmp_path)
    thanks = (await _letters(tmp_path))[HOST]
    assert len(re.findall(r"\b1 personne\b", text_of(thanks))) == 2  # booked, and present
    await host.goto(link_in(thanks, site, FOLLOW))
    assert re.findall(r"\b1\b", await host.locator(".figures").inner_text()) == ["1", "1"]
    await _look_back(host)
    await office.goto(link_in(letters[CAMPUS], site, "/office/proposals"))
    assert WISH in await office.locator("main").inner_text()
    for page in (host, student, office):
        await page.context.close()


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_each_proposal_of_the_demonstration_opens_its_page(lang: str) -> None:
    """Without a browser: it stands here because every page behind these links is needed."""
    await demo.load()
    async with demonstration() as visitor:
        shown = Read.of(await visitor.get("/demo", params={"lang": lang}))
        links = [one for one in shown.addresses if re.match(r"/(propose\b|proposals/(?!find))", one)]
        assert len(set(links)) == 13
        for path in links:
            assert (path, (await _opened(visitor, path)).all("html")) == (path, [{"lang": lang}])


async def _opened(visitor: httpx.AsyncClient, path: str) -> Read:
    answer = await visitor.get(path)
    assert (path, answer.status_code) == (path, 200)
    return Read.of(answer)


async def _propose(page: Page, site: str) -> None:
    """Eight questions on a phone, without a script; what is folded stays so."""
    await page.goto(f"{site}/propose")
    await page.locator('input[name="kind"][value="visit"] + label').click()
    for name, value in {**IDEA, "day_1": f"{clock.now() + timedelta(days=30):%Y-%m-%d}"}.items():
        await page.locator(f"#{name}").fill(value)
    await page.wait_for_timeout(1100)  # no hand is faster
    await page.get_by_role("button", name="Envoyer la proposition").click()


async def _say(page: Page, action: str, words: str) -> None:
    """Write it into the box that leads there, and send it."""
    form = page.locator(f'form[action$="{action}"]')
    folded = page.locator("details:not([open])", has=form).locator("summary")
    if await folded.count():
        await folded.click()
    await form.locator("textarea").fill(words)
    await form.locator("button").click()


async def _accept_and_publish(page: Page) -> None:
    """The answer stands on the page; one button makes the draft, one publishes it as it is."""
    await page.reload()
    assert ANSWER in await page.locator("main").inner_text()
    await page.locator('form[action$="/accept"] button').click()
    await page.locator('main a[href^="/office/events/"]').first.click()
    assert TITLE in await page.locator("h1").inner_text()
    await page.get_by_role("button", name="Publier").click()
    assert "Publié" in await page.locator(".notice").inner_text()


async def _sees_one(page: Page) -> None:
    """How many come, and nothing of who."""
    seen = await page.locator("main").inner_text()
    assert re.search(r"\b1 personne attendue", seen)
    assert [secret for secret in ("delattre", "zoe") if secret in seen.lower()] == []


async def _look_back(page: Page) -> None:
    """Two questions."""
    form = page.locator('form[action$="/feedback"]')
    await form.locator('input[name="again"][value="yes"] + label').click()
    await form.locator("textarea").fill(WISH)
    await form.locator("button").click()
    assert WISH in await page.locator("main").inner_text()


async def _letters(folder: Path) -> dict[str, EmailMessage]:
    """The last letter that each address has got now."""
    return {letter["To"].addresses[0].addr_spec: letter for letter in await mail_goes_out(folder)}
