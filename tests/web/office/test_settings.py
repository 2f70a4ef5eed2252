"""The settings page: shown, saved, refused, and what the other pages make of what was set."""

import html
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar

from service import db, settings
from service.campus import preferences
from service.campus.preferences import KNOWN
from service.people.tables import Person
from tests.campus.test_preferences import EXAMPLES, NONSENSE, put, rows
from tests.makers import make_slot
from tests.visits import Page, counted, dump, send, settings_with
from tests.web.office.harness import browser_of, somebody

HERE = "/office/settings"
NAME = "Campus <b>« Été »</b> & l’Arche"


@pytest.fixture
async def ada() -> Person:
    return await somebody("admin")


@pytest.fixture
async def client(app: Litestar, ada: Person) -> AsyncIterator[httpx.AsyncClient]:
    """The browser in which Ada is signed in."""
    async with browser_of(app, ada) as hers:
        yield hers


async def opened(client: httpx.AsyncClient, lang: str = "en") -> Page:
    answer = await client.get(HERE, params={"lang": lang})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return Page.of(answer)


def filled(page: Page, **typed: Any) -> dict[str, Any]:
    """The form as it was opened, with some fields typed anew."""
    return {**preferences.standing({}), "opened": page.typed("opened"), **typed}


async def save(client: httpx.AsyncClient, lang: str = "en", **typed: Any) -> httpx.Response:
    return await send(client, HERE, filled(await opened(client), **typed), lang=lang)


async def test_it_shows_each_setting_and_what_stands_without_it(client: httpx.AsyncClient) -> None:
    await preferences.save({"campus_name": "D’ici"}, preferences.fingerprint({}), "test")
    with settings_with(campus_name="De là-bas", hosting=""):
        page = await opened(client)
    fields = {has.get("name") for tag, has in page.elements if tag in ("input", "select", "textarea")}
    assert fields == {*KNOWN, "opened"}
    assert page.typed("campus_name") == "D’ici"
    assert "Without an entry: De là-bas" in page.words
    assert page.typed("option_days") == "10"
    for name in KNOWN:
        labels = page.all("label", **{"for": name})
        assert (name, len(labels), len(page.all("p", id=f"{name}-hint")) <= 1) == (name, 1, True)
    assert {"/legal?lang=en", "/privacy?lang=en", "/accessibility?lang=en"} <= set(page.addresses)


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_what_is_saved_counts_at_once_and_is_said(client: httpx.AsyncClient, ada: Person, lang: str) -> None:
    answer = await save(client, lang, **EXAMPLES)
    assert answer.status_code == 303
    assert await rows() == {name: (value, f"person:{ada.id}") for name, value in EXAMPLES.items()}
    page = Page.of(await client.get(answer.headers["location"]))
    assert page.all("div", role="status")
    assert page.typed("campus_name") == EXAMPLES["campus_name"]
    assert EXAMPLES["hosting"] in page.words


async def test_every_page_of_the_process_has_the_new_name_at_once(client: httpx.AsyncClient) -> None:
    slot = await make_slot()
    await save(client, campus_name=NAME, contact_email="bonjour@campus.test", contact_phone="03 21 00 00 00")
    for path in ("/", f"/events/{slot.slug}", "/privacy", "/help", HERE, "/office"):
        answer = await client.get(path)
        page = Page.of(answer)
        assert (path, NAME in page.words, "<b>« Été »" in answer.text) == (path, True, False)
        assert page.all("a", href="mailto:bonjour@campus.test")
        assert page.all("a", href="tel:0321000000")
    told = (await client.get(f"/events/{slot.slug}")).text  # what search engines read of it
    assert '"organizer"' in told
    assert "Arche" in told.partition('"organizer"')[2][:200]


async def test_the_legal_notice_and_the_statement_say_what_was_typed(client: httpx.AsyncClient) -> None:
    await save(client, **EXAMPLES)
    legal = Page.of(await client.get("/legal", params={"lang": "en"}))
    told = ("publisher", "publisher_address", "publisher_id", "publication_director", "hosting", "contact_phone")
    assert [name for name in told if EXAMPLES[name] not in legal.words] == []
    assert "not complete yet" not in legal.words
    assert EXAMPLES["privacy_email"] in Page.of(await client.get("/privacy")).words
    statement = Page.of(await client.get("/accessibility", params={"lang": "en"}))
    assert EXAMPLES["accessibility_audit"] in statement.words
    assert "partially compliant" in statement.words


async def test_what_is_emptied_goes_back_to_the_environment(client: httpx.AsyncClient) -> None:
    await save(client, **EXAMPLES)
    answer = await save(client, **dict.fromkeys(EXAMPLES, " "))
    assert answer.status_code == 303
    assert (await rows(), settings.current()) == ({}, settings.base())


async def test_a_text_in_several_lines_and_odd_blanks_becomes_one_line(client: httpx.AsyncClient) -> None:
    await save(client, publisher_address="1 rue du Four\r\n\r\n  62510\u00a0Arques ", funders="La\tRégion\n")
    assert (await rows())["publisher_address"][0] == "1 rue du Four 62510 Arques"
    assert (await rows())["funders"][0] == "La Région"


MISTAKES = [
    ("campus_name", "C" * 121),
    ("campus_name", "Campus\x00"),
    ("campus_name", "Campus \u202eenvers"),
    ("campus_name", "Campus\u00ad"),
    ("contact_email", "contact"),
    ("contact_email", "contact@campus.test\r\nBcc: x@exemple.test"),
    ("privacy_email", "<script>@campus.test"),
    ("contact_phone", "03\x0012"),
    ("publisher", "P" * 301),
    ("hosting", "H\ud800"),
    ("accessibility_state", "perfect"),
    ("accessibility_audit", "A" * 9000),
    ("funders", "F" * 301),
    ("list_closes_days", "-1"),
    ("list_closes_days", "61"),
    ("contacts_kept_days", "0"),
    ("names_kept_months", "douze"),
    ("option_days", "9" * 30),
    ("option_days", "८"),
    ("option_reminder_days", "10"),
    ("option_reminder_days", "31"),
]


@pytest.mark.parametrize(("name", "value"), MISTAKES)
async def test_a_mistake_stands_beside_its_field_and_nothing_is_saved(
    client: httpx.AsyncClient, name: str, value: str
) -> None:
    page = await opened(client)
    before = await dump()
    answer = await send(client, HERE, filled(page, funders="La Région") | {name: value}, lang="en")
    page = Page.of(answer)
    assert (answer.status_code, page.has_mistake(name)) == (422, True)
    assert await dump() == before
    assert settings.current() == settings.base()
    if name != "funders":
        assert "La Région" in page.words  # what else was typed is kept


async def test_one_mistake_hides_no_other(client: httpx.AsyncClient) -> None:
    page = Page.of(await save(client, contact_email="x", option_days="2", campus_name="C" * 130))
    assert [page.has_mistake(name) for name in ("contact_email", "option_reminder_days", "campus_name")] == [True] * 3
    assert "3 things to correct" in page.words


@pytest.mark.parametrize(
    "phone", ['"><script>alert(1)</script>', "javascript:alert(1)", "tel:+33", "☎ 3631", "'" * 300]
)
async def test_a_hostile_telephone_number_is_text_and_no_more(client: httpx.AsyncClient, phone: str) -> None:
    assert (await save(client, contact_phone=phone)).status_code == 303
    for path in ("/", "/legal", HERE):
        answer = await client.get(path)
        page = Page.of(answer)
        assert (path, "<script>alert" in answer.text) == (path, False)
        assert phone in page.words or phone in html.unescape(answer.text)
        dialled = [has["href"] for has in page.all("a") if has.get("href", "").startswith(("tel:", "javascript:"))]
        assert [one for one in dialled if not one.removeprefix("tel:").lstrip("+").isdigit()] == []


# --- two administrators


async def test_of_two_administrators_the_second_is_told_and_keeps_what_both_typed(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    ours = await opened(client)
    async with browser_of(app, await somebody("organiser")) as other:
        assert (await other.get(HERE)).status_code == 403
    await save(client, contact_phone="03 21 00 00 00", funders="La Région")
    before = await dump()

    answer = await send(client, HERE, filled(ours, campus_name="Le mien", funders="L’Europe"), lang="en")

    page = Page.of(answer)
    assert answer.status_code == 409
    assert "Somebody else has changed the settings meanwhile" in page.words
    assert await dump() == before
    assert page.words.count("Set meanwhile:") == 2
    assert (page.typed("campus_name"), page.typed("contact_phone")) == ("Le mien", "03 21 00 00 00")
    assert "L’Europe" in page.words  # in its field; what stands there beside it
    assert "La Région" in page.words

    again = filled(page, campus_name="Le mien", funders="L’Europe", contact_phone="03 21 00 00 00")
    assert (await send(client, HERE, again)).status_code == 303
    held = {name: value for name, (value, _) in (await rows()).items()}
    assert held == {"campus_name": "Le mien", "funders": "L’Europe", "contact_phone": "03 21 00 00 00"}


@pytest.mark.parametrize("fingerprint", ["", "x", "-" * 500, "\x00", "0" * 900])
async def test_without_the_fingerprint_of_the_form_nothing_is_saved(
    client: httpx.AsyncClient, fingerprint: str
) -> None:
    before = await dump()
    answer = await send(client, HERE, {"campus_name": "Le mien", "opened": fingerprint})
    assert (answer.status_code, Page.of(answer).typed("campus_name")) == (409, "Le mien")
    assert await dump() == before


async def test_a_field_that_did_not_come_stays_as_it_is(client: httpx.AsyncClient) -> None:
    await save(client, **EXAMPLES)
    page = await opened(client)
    assert (await send(client, HERE, {"opened": page.typed("opened"), "funders": "L’Europe"})).status_code == 303
    held = {name: value for name, (value, _) in (await rows()).items()}
    assert held == {**EXAMPLES, "funders": "L’Europe"}


async def test_a_form_sent_twice_is_no_conflict(client: httpx.AsyncClient) -> None:
    form = filled(await opened(client), campus_name="Le mien")
    assert [(await send(client, HERE, form)).status_code for _ in range(2)] == [303, 303]


# --- what pages pay for it, and nonsense


async def test_no_page_asks_the_database_for_the_settings(client: httpx.AsyncClient) -> None:
    await save(client, **EXAMPLES)
    for path in ("/", "/legal", "/office"):
        with counted() as statements:
            await client.get(path)
        assert [one for one in statements if "preference" in one] == []


async def test_the_page_asks_once_however_much_is_set(client: httpx.AsyncClient) -> None:
    with counted() as bare:
        await opened(client)
    await save(client, **EXAMPLES)
    with counted() as full:
        await opened(client)
    assert len(bare) == len(full)
    assert len([one for one in full if "preference" in one]) == 1


async def test_nonsense_in_the_table_breaks_no_page_and_can_be_corrected(client: httpx.AsyncClient) -> None:
    await put(**NONSENSE)
    await preferences.apply()
    for path in ("/", "/legal", "/accessibility", "/office", HERE):
        assert (await client.get(path)).status_code == 200
    page = await opened(client)
    assert (await send(client, HERE, filled(page))).status_code == 303
    assert set(await rows()) == {"secret_key", ""}  # which is not ours to throw away


async def test_only_administrators_are_shown_the_way_to_it(app: Litestar) -> None:
    for role, ways in (("admin", 2), ("organiser", 0), ("reader", 0), ("door", 0)):
        async with browser_of(app, await somebody(role)) as client:
            page = Page.of(await client.get("/office"))
        found = [has for has in page.all("a") if has.get("href") in ("/office/staff", HERE)]
        assert (role, len(found)) == (role, ways)


async def test_the_journal_has_names_of_settings_and_who(client: httpx.AsyncClient, ada: Person) -> None:
    await save(client, contact_phone="03 21 00 00 00")
    [line] = await db.fetch("SELECT actor, facts FROM journal WHERE verb = 'set_preferences'")
    assert tuple(line) == (f"person:{ada.id}", '{"names": ["contact_phone"]}')
