"""The day of an organiser, from the first sign-in to the certificates, on the phones of all who take part in it."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from service import clock, db
from tests.bookings.harness import mail_goes_out
from tests.browser.steps import (
    DESK,
    HOUR,
    MOVE,
    PHONE,
    PLAIN,
    book,
    fill_slowly,
    link_in,
    opened,
    path_of,
    sign_in,
)
from tests.live import served
from tests.makers import make_organisation

pytestmark = pytest.mark.browser

EVENT = {
    "title": "Visite de la cristallerie", "summary": "Du four à la caisse : suivez un verre.",
    "host": "Cristallerie d’Essai", "place": "12 rue du Four, 62510 Arques", "hour": "14:00", "seats": "40",
}  # fmt: skip
CLASS = {
    "last_name": "Cappelaere", "first_name": "Manon", "email": "manon@exemple.test", "school": "LYPSO",
    "class_label": "2de 4", "pupils": "12", "chaperones": "2",
}  # fmt: skip


async def test_the_day_of_an_organiser(browser: Browser, site: str, tmp_path: Path) -> None:
    await make_organisation(name=EVENT["host"])
    office, phone = [await opened(browser, **size, **PLAIN) for size in (DESK, PHONE)]
    await sign_in(office, site, tmp_path)
    await _create_and_publish(office)

    # Two students and a class book; the teacher confirms from the mail. Somebody telephones.
    event = await path_of(office, "Voir la page publique")
    for name in ("Zoe", "Tom"):
        await book(phone, site + event, name)
    await _book_class(phone, site + event)
    mail = {letter["To"].addresses[0].username: link_in(letter, site) for letter in await mail_goes_out(tmp_path)}
    await phone.goto(mail["manon"])
    await phone.locator('form[action*="/confirm"] button').click()
    code = await _add_by_hand(office)

    # The morning of the day: print, and let somebody else stand at the door.
    await db.fetch(MOVE, clock.now(), clock.now() + 2 * HOUR)
    await office.get_by_role("link", name="Aujourd’hui").first.click()
    await _print(office, tmp_path)
    await office.get_by_role("link", name="Pointer").click()
    await office.get_by_role("link", name="Lien et équipe").click()
    await office.locator('form[action*="/door/open"] button').click()
    assert await office.locator(".door-qr svg").count() == 1
    await _at_the_door(browser, await office.locator(".address").inner_text(), code)
    await office.get_by_role("link", name="Pointer").click()
    assert await office.locator("#tally").inner_text() == "15 / 17 présents + 1 non inscrit"

    # Afterwards: who was absent, and what the figures say.
    await db.fetch(MOVE, clock.now() - 3 * HOUR, clock.now() - HOUR)
    await office.reload()
    await office.get_by_role("button", name="Marquer les absents").click()
    assert "1 inscription est marquée absente" in await office.locator("#settled").inner_text()
    await _export(office, tmp_path)
    await _certificates(phone, mail, tmp_path)
    for page in (office, phone):
        await page.context.close()


async def test_the_start_page_of_the_demonstration_opens_the_office(browser: Browser, tmp_path: Path) -> None:
    async with served(tmp_path, command="demo") as site:
        page = await opened(browser, **PHONE, **PLAIN)
        await page.goto(site)
        await page.get_by_role("button", name="Ouvrir l’espace organisateurs").click()
        assert page.url == f"{site}/office"
        assert await page.locator(".filling").count() > 0
        await page.context.close()


async def _create_and_publish(page: Page) -> None:
    """Six questions, a look at it as visitors will see it, and out."""
    await page.get_by_role("link", name="Événements").first.click()
    await page.get_by_role("link", name="Nouvel événement").first.click()
    await page.locator("a.model.is-visit").click()
    for name, value in {**EVENT, "day": f"{clock.now() + timedelta(days=30):%Y-%m-%d}"}.items():
        await page.locator(f"#{name}").fill(value)
    await page.get_by_role("button", name="Créer le brouillon").click()
    await page.get_by_role("link", name="Aperçu").click()
    assert await page.locator("h1").inner_text() == EVENT["title"]
    await page.get_by_role("link", name="Retour à l’événement").click()
    await page.get_by_role("button", name="Publier").click()
    assert "Publié" in await page.locator(".notice").inner_text()


async def _book_class(page: Page, event: str) -> None:
    await page.goto(event)
    await page.get_by_role("link", name="Réserver pour une classe").click()
    await page.locator('input[value="compulsory"] + label').click()
    await fill_slowly(page, CLASS)
    await page.locator("form:has(#pupils) button").click()


async def _add_by_hand(page: Page) -> str:
    """See who booked, and add Léo, who has no address; returns the code that is told on the telephone."""
    await page.get_by_role("link", name="Inscrits du prochain créneau").click()
    assert await page.locator(".bookings tbody th").all_inner_texts() == [
        "CAPPELAERE Manon", "DELATTRE Tom", "DELATTRE Zoe",
    ]  # fmt: skip
    await page.get_by_role("link", name="Ajouter quelqu’un").click()
    for name, value in {"first_name": "Léo", "last_name": "Vandamme"}.items():
        await page.locator(f"#{name}").fill(value)
    await page.get_by_role("button", name="Ajouter").click()
    found = re.search(r"[A-Z0-9]{3}-[A-Z0-9]{3}", await page.locator(".notice").inner_text())
    assert found
    return found[0]


async def _print(page: Page, folder: Path) -> None:
    """From Today to the sheet and back: everybody stands on it, the class as blank lines."""
    await page.locator(".filling").get_by_role("link", name="Imprimer").click()
    names = await page.locator(".signing td:nth-child(2)").all_inner_texts()
    assert [name for name in names if name] == ["DELATTRE Tom", "DELATTRE Zoe", "VANDAMME Léo"]
    assert len(await page.locator(".signing td:nth-child(3):text-is('2de 4')").all()) == 14
    sheet = await _taken(page, page.get_by_role("link", name="PDF"), folder)
    assert sheet.startswith(b"%PDF")
    assert len(sheet) > 10_000
    await page.get_by_role("link", name="Aujourd’hui").first.click()


async def _at_the_door(browser: Browser, address: str, code: str) -> None:
    """A helper without account: a wrong tap, its undo, the right one, a code, a class, and one who never booked."""
    phone = await opened(browser, **PHONE)
    await phone.goto(address)
    rows, tally = phone.locator("#rows"), phone.locator("#tally b")
    for name, count in (("Tom", "1 / 17"), ("Tom", "0 / 17"), ("Zoe", "1 / 17")):
        await rows.locator(f"button:has-text('{name}')").click()
        await expect(tally).to_have_text(count)
        await phone.wait_for_timeout(1000)  # a second tap at once would be a finger that bounces
    await phone.locator("#by-code summary").click()
    await phone.locator("#code").fill(code.lower())
    await phone.locator("#by-code button").click()
    await expect(tally).to_have_text("2 / 17")
    await rows.locator(".is-group [name=present]").click()
    await rows.locator(".is-group [name=less]").click()
    await expect(tally).to_have_text("15 / 17")
    await phone.get_by_role("button", name="+1 non inscrit").click()
    await expect(phone.locator("#tally")).to_contain_text("1 non inscrit")
    await phone.context.close()


async def _export(page: Page, folder: Path) -> None:
    """From the door to the list: all bookings as files, in which stands who was there, and all certificates in one."""
    await page.get_by_role("link", name="Inscriptions").click()
    assert "16 " in await page.locator(".slot-head .counts").inner_text()
    await page.locator("details.more summary").click()
    table = await _taken(page, page.get_by_role("link", name="(CSV)"), folder)
    rows = csv.DictReader(table.decode("utf-8-sig").splitlines(), delimiter=";")
    assert {row["Prénom"]: row["Présents"] for row in rows} == {"Zoe": "1", "Tom": "0", "Manon": "13", "Léo": "1"}
    assert (await _taken(page, page.get_by_role("link", name="(XLSX)"), folder)).startswith(b"PK")
    assert (await _taken(page, page.get_by_role("link", name="Attestations"), folder)).startswith(b"%PDF")


async def _certificates(page: Page, mail: dict[str, str], folder: Path) -> None:
    """From the links of the mails: one for who came, one for the class, and a sentence for who did not."""
    for name, whose in (("zoe", "DELATTRE Zoe"), ("manon", "La classe 2de 4")):
        await page.goto(mail[name])
        await page.get_by_role("link", name="Attestation").click()
        assert whose in await page.locator(".certificate .of-whom").inner_text()
        assert (await _taken(page, page.get_by_role("link", name="PDF"), folder)).startswith(b"%PDF")
    await page.goto(mail["tom"])
    assert await page.get_by_role("link", name="Attestation").count() == 0
    assert "Aucune présence n’a été notée" in await page.locator(".page-head").inner_text()
    await page.goto(mail["tom"].partition("?")[0] + "/certificate")
    assert "Aucune présence n’a été notée" in await page.locator("main").inner_text()


async def _taken(page: Page, link: Locator, folder: Path) -> bytes:
    """The file behind a link."""
    async with page.expect_download() as coming:
        await link.click()
    await (await coming.value).save_as(folder / "taken")
    return (folder / "taken").read_bytes()
