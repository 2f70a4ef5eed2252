"""What the house says of itself is said on every page, in both languages, and is true."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from piccolo.table import Table

from service import i18n, settings
from service.limits import keys
from service.readers import CONFORMITY
from service.schema import APP_CONFIG
from service.settings import Rate
from service.web import house
from service.web.pages import dialled
from tests import catalogues
from tests.visits import Page, database_away, every_page, settings_with

SERVICE = Path(house.__file__).parent.parent
FILLED: dict[str, Any] = {
    "publisher": "Association Éphémère",
    "publisher_address": "1 rue du Four, 62510 Arques",
    "publisher_id": "RNA W626000000",
    "publication_director": "Camille d’Hôte",
    "hosting": "Hébergeur Fictif, 59140 Dunkerque",
    "contact_phone": "03 21 00 00 00 (9 h – 12 h)",
    "privacy_email": "donnees@campus.test",
}
MISSING = "not filled in by the campus yet"
LABELS = {
    "unaudited": ("non conforme", "not compliant"),
    "none": ("non conforme", "not compliant"),
    "partial": ("partiellement conforme", "partially compliant"),
    "full": ("totalement conforme", "fully compliant"),
}

# What each column of people's data is to a reader of the privacy page: the words that stand there.
NAME = "Your first and last name, also without accents"
ADDRESS = "Your e-mail address, as typed and in small letters"
SCHOOL = "Your school or organisation, your level if you gave it"
SPOKEN = "The language of the page"
WHEN = "When you booked, changed, cancelled or erased, and who ended it"
QUEUED = "On a waiting list: since when, how often others came before you, until when a seat is held"
LINK = "Your code, the fingerprint of your link, how often they were renewed"
CHOSEN = "The date you chose, the number of seats, the state of the booking"
AGE = "Your age band, where the event asks for it"
CLASS = "Of a class: its name, the kind of outing, how many girls and what it needs, if its teacher says so"
PARTY = "The number of pupils and of chaperones, and whose share of the seats they count against"
PUPILS = "The names of a class, if its teacher gives them"
GUARDIAN = "The e-mail address of a parent, where a minor comes alone, and when they answered"
CAME = "Whether you came, if somebody counted: a number and a time"
LETTER = "Each e-mail we sent you: address, language, content"
SENDING = "The kind, number and state of each e-mail, its times, its tries"
REPLY = "The answer of your mail server"
INVITED = "The number, version and state of that invitation"
REFUSED = "An address that our e-mails do not reach, since when and why"
JOURNAL = "A journal: what was done, when, to which booking number"
SENT_FORM = "A number for each form sent, a fingerprint of it, and the number of the booking"
CLOCK = "A fingerprint of your e-mail address, your network or your booking"
NUMBER = "Each row also has a number that ties it to the others."
WALKED_IN = "The name of somebody who came without booking, if they gave it"
UNUSED = ""  # nothing writes it yet
KEPT: dict[str, dict[str, str]] = {
    "dossier": {
        "id": NUMBER, "token_hash": LINK, "generation": LINK, "code": LINK, "first_name": NAME, "last_name": NAME,
        "email": ADDRESS, "email_key": ADDRESS, "school": SCHOOL, "level": SCHOOL, "class_label": CLASS,
        "outing": CLASS, "girls": CLASS, "needs": CLASS, "guardian_email": GUARDIAN, "guardian_hash": LINK,
        "guardian_generation": LINK, "guardian_answered_at": GUARDIAN,
        "language": SPOKEN, "created_at": WHEN, "erase_asked_at": WHEN, "erased_at": WHEN,
        "address_answered_at": "When somebody first answered from your address",
    },
    "booking": {
        "id": NUMBER, "dossier": NUMBER, "slot": CHOSEN, "seats": CHOSEN, "state": CHOSEN, "email_key": ADDRESS,
        "name_key": NAME, "age_band": AGE, "revision": WHEN, "created_at": WHEN, "ended_at": WHEN, "ended_by": WHEN,
        "expires_at": QUEUED, "queued_at": QUEUED, "passed_over": QUEUED, "audience": PARTY, "pupils": PARTY,
        "chaperones": PARTY, "awaits_approval": CHOSEN, "awaits_guardian": CHOSEN, "was": CHOSEN, "reminded_at": WHEN,
    },
    "attendee": {"id": NUMBER, "booking": NUMBER, "number": PUPILS, "last_name": PUPILS, "first_name": PUPILS},
    "invitation": {
        "id": NUMBER, "uid": INVITED, "subject_kind": NUMBER, "subject_id": NUMBER, "sequence": INVITED,
        "attendee": "The address that your calendar invitation went to", "stamp": INVITED, "partstat": INVITED,
        "ended_at": INVITED, "answered_at": UNUSED,
    },
    "email": {
        "id": NUMBER, "letter": SENDING, "recipient": LETTER, "language": LETTER, "facts": LETTER, "content": LETTER,
        "subject_kind": NUMBER, "subject_id": NUMBER, "revision": SENDING, "invitation_uid": SENDING,
        "method": SENDING, "message_id": SENDING, "posted_at": SENDING, "priority": SENDING, "state": SENDING,
        "next_try_at": SENDING, "give_up_at": SENDING, "attempts": SENDING, "failures": SENDING,
        "lease_until": SENDING, "may_have_arrived": SENDING, "settled_at": SENDING, "detail": REPLY,
    },
    "address": {"email_key": REFUSED, "undeliverable_since": REFUSED, "reason": REFUSED},
    "presence": {
        "id": NUMBER, "slot": CAME, "booking": CAME, "people": CAME, "noted_at": CAME, "walk_in_name": WALKED_IN,
        "noted_by": CAME,
    },
    "journal": {
        "id": NUMBER, "at": JOURNAL, "actor": JOURNAL, "verb": JOURNAL, "subject_kind": JOURNAL,
        "subject_id": JOURNAL, "facts": JOURNAL,
    },
    "idempotency_key": {"key": SENT_FORM, "body_hash": SENT_FORM, "dossier_id": SENT_FORM, "used_at": SENT_FORM},
    "rate_clock": {"name": CLOCK, "busy_until": CLOCK},
}  # fmt: skip
ANNOUNCED = "The name of a speaker or of a contact person stands on the page of their event, for everybody to read."
STAFF = "Of the staff of the campus, we keep the name, the work address, the role, and the sessions of the last day."
PROPOSED = (
    "We keep the name of your structure, your name, your address, the language, what you write, and the dates you name."
)
SAID = "The journal of your proposal keeps each step, with the questions and the answers."
TOLD = "For each date, we note what you were last told of it."
CONTACT = "Once it is accepted, you are noted as a contact of your structure, until you leave it."
STRUCTURE = "The campus may write notes about a structure, and keeps the addresses that its page once had."
SETTING = "Each setting tells who of them changed it last."
NOT_OF_VISITORS = {
    "event": ANNOUNCED, "slot": "", "organisation": "", "person": STAFF, "sign_in": STAFF, "session": STAFF,
    "door_grant": STAFF, "message": "", "preference": SETTING, "proposal": PROPOSED, "proposed_date": PROPOSED,
    "proposal_note": SAID, "hosted_date": TOLD, "contact": CONTACT, "organisation_note": STRUCTURE,
    "former_slug": STRUCTURE,
}  # fmt: skip

# What later parts will bring: a page may only say that it is not there.
NOT_BUILT = (
    "proxies", "by itself", "30 days", "12 months", "5 years", "automatically",
)  # fmt: skip
DENIAL = re.compile(r"\b(no|not|nothing|nowhere|neither|none)\b", re.IGNORECASE)


async def read(visitor: httpx.AsyncClient, path: str, lang: str = "en") -> Page:
    """The page at ``path``, which must be there."""
    answer = await visitor.get(path, params={"lang": "en"} if lang == "en" else None)
    assert (path, answer.status_code) == (path, 200)
    return Page.of(answer)


def plain(words: str) -> str:
    """The words with every blank folded into one."""
    return " ".join(words.split())


@pytest.mark.parametrize("path", house.PAGES)
async def test_a_page_of_the_house_is_there_in_both_languages_without_a_database(
    visitor: httpx.AsyncClient, path: str
) -> None:
    async with database_away():
        french, english = [await visitor.get(path, params=query) for query in (None, {"lang": "en"})]

    for answer, lang in ((french, "fr"), (english, "en")):
        page = Page.of(answer)
        assert answer.status_code == 200
        assert page.all("html") == [{"lang": lang}]
        assert len(page.all("h1")) == 1
        assert page.all("meta", name="description")
        assert page.all("link", rel="canonical", href=str(answer.url))
        assert answer.headers["cache-control"] == "no-cache"
        assert "%(" not in page.words
    assert Page.of(french).words != Page.of(english).words


@pytest.mark.parametrize("path", ["/help/nobody", "/help/", "/help/student/x", "/legal/x"])
async def test_there_are_no_other_pages(visitor: httpx.AsyncClient, path: str) -> None:
    assert (await visitor.get(path)).status_code == (200 if path == "/help/" else 404)


@pytest.mark.parametrize("path", house.PAGES)
async def test_every_way_from_the_house_leads_somewhere(visitor: httpx.AsyncClient, path: str) -> None:
    page = await read(visitor, path)
    ids = {has["id"] for _, has in page.elements if "id" in has}

    for inside in page.inside:
        assert (inside, (await visitor.get(inside)).status_code) == (inside, 200)
    assert {one["href"][1:] for one in page.all("a") if one["href"].startswith("#")} <= ids


async def test_what_the_campus_filled_in_stands_in_the_legal_notice(visitor: httpx.AsyncClient) -> None:
    with settings_with(**FILLED):
        page = await read(visitor, "/legal")

    for name, value in FILLED.items():
        assert (name, value in page.words) == (name, name != "privacy_email")
    assert settings.current().contact_email in page.words
    assert "Apache 2.0" in page.words
    assert page.all("a", href="tel:0321000000")
    assert MISSING not in page.words
    assert "not complete" not in page.words


async def test_what_is_not_filled_in_is_said_plainly(visitor: httpx.AsyncClient) -> None:
    page = await read(visitor, "/legal")

    assert len(page.all("mark")) == page.words.count(MISSING) == 6
    assert "This notice is not complete yet" in page.words


@pytest.mark.parametrize("name", [name for name in FILLED if name != "privacy_email"])
async def test_one_gap_is_enough_to_say_so(visitor: httpx.AsyncClient, name: str) -> None:
    with settings_with(**{**FILLED, name: ""}):
        page = await read(visitor, "/legal")

    assert len(page.all("mark")) == 1
    assert "This notice is not complete yet" in page.words


async def test_the_privacy_page_says_who_answers_where_it_is_kept_and_whom_to_ask(visitor: httpx.AsyncClient) -> None:
    bare = await read(visitor, "/privacy")
    with settings_with(**FILLED):
        filled = await read(visitor, "/privacy")

    assert f"{settings.current().campus_name} answers for these data." in bare.words
    assert MISSING in bare.words
    assert "Association Éphémère answers for these data." in filled.words
    assert FILLED["hosting"] in filled.words
    assert filled.all("a", href="mailto:donnees@campus.test")
    assert MISSING not in filled.words


async def test_the_privacy_page_names_every_column_that_tells_of_people(visitor: httpx.AsyncClient) -> None:
    words = plain((await read(visitor, "/privacy")).words)
    tables = {table._meta.tablename: columns_of(table) for table in APP_CONFIG.table_classes}

    assert set(tables) == set(KEPT) | set(NOT_OF_VISITORS)
    assert {name: set(columns) for name, columns in KEPT.items()} == {name: tables[name] for name in KEPT}
    sentences = {one for columns in KEPT.values() for one in columns.values()} | set(NOT_OF_VISITORS.values())
    assert [one for one in sentences if one not in words] == []


def test_what_the_privacy_page_leaves_out_nothing_writes() -> None:
    unused = [column for columns in KEPT.values() for column, said in columns.items() if said == UNUSED]
    allowed = {"tables.py", "erasure.py", "crowd.py"}  # the erasing blanks it; the demonstration invents it

    found = [
        (column, file.name)
        for column in unused
        for file in SERVICE.rglob("*.py")
        if file.name not in allowed and re.search(rf"\b{column}\b", file.read_text())
    ]
    assert found == []


async def test_the_times_on_the_privacy_page_are_those_of_the_code(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = plain((await read(visitor, "/privacy")).words)
    monkeypatch.setattr(keys, "KEPT", timedelta(hours=5))
    monkeypatch.setattr("service.mail.outbox.KEEP_TRYING", timedelta(hours=48))
    with settings_with(rate_limits={"network": Rate(10, 3600), "changes": Rate(1, 60)}):
        changed = plain((await read(visitor, "/privacy")).words)

    assert f"{SENT_FORM} A form sent twice is booked once 24 hours " in said
    assert f"{CLOCK} To stop robots and floods of e-mails 24 hours at most " in said
    assert "up to 72 hours if a mail server does not answer" in said
    assert f"{SENT_FORM} A form sent twice is booked once 5 hours " in changed
    assert f"{CLOCK} To stop robots and floods of e-mails 1 hour at most " in changed
    assert "up to 48 hours" in changed


async def test_the_privacy_page_says_what_a_demonstration_and_a_folder_change(visitor: httpx.AsyncClient) -> None:
    with settings_with(demo=True, smtp_url=None):
        demo = await read(visitor, "/privacy")
    with settings_with(demo=False, smtp_url="smtp://127.0.0.1"):
        real = await read(visitor, "/privacy")

    assert "This is a demonstration" in demo.words
    assert "Erasing does not reach these files." in demo.words
    assert "This is a demonstration" not in real.words
    assert "files on its machine" not in real.words


@pytest.mark.parametrize("state", CONFORMITY)
async def test_the_accessibility_statement_is_that_of_its_state(visitor: httpx.AsyncClient, state: str) -> None:
    audit = "Audit du 12 mars 2027 par Cabinet Fictif : 78 % des critères."
    with settings_with(accessibility_state=state, accessibility_audit="" if state == "unaudited" else audit):
        french, english = [await read(visitor, "/accessibility", lang) for lang in ("fr", "en")]

    assert f"Accessibilité\u00a0: {LABELS[state][0]}" in french.words
    assert f"Accessibility: {LABELS[state][1]}" in english.words
    assert ("No audit has been made yet." in english.words) == (state == "unaudited")
    assert (audit in english.words) == (state != "unaudited")
    compliance = {"full": "complies fully", "partial": "complies partially"}.get(state, "does not comply")
    assert f"This site {compliance} with the French accessibility rules (RGAA), version 4.1." in english.words
    assert ("This statement was drawn up on " in english.words) == (state == "unaudited")
    assert ("The audit found none." in english.words) == (state == "full")
    assert "09\u00a069\u00a039\u00a000\u00a000" in french.words
    assert "Libre réponse 71120, 75342 Paris CEDEX 07" in french.words
    headings = ["État de conformité", "Résultats des tests", "Contenus non accessibles", "Voies de recours"]
    headings += ["Établissement de cette déclaration", "Amélioration et contact"]
    assert [one for one in headings if one not in french.words] == []


async def test_an_audit_that_nobody_described_is_a_gap(visitor: httpx.AsyncClient) -> None:
    with settings_with(accessibility_state="partial"):
        assert MISSING in (await read(visitor, "/accessibility")).words


@pytest.mark.parametrize("state", CONFORMITY)
async def test_every_page_ends_with_the_way_to_the_house(visitor: httpx.AsyncClient, state: str) -> None:
    with settings_with(accessibility_state=state, contact_phone=FILLED["contact_phone"]):
        for name, path in (await every_page()).items():
            if name in ("poster", "paper form"):  # a sheet of paper
                continue
            page = Page.of(await visitor.get(path))
            footer = [has.get("href") for tag, has in page.elements[_footer(page) :] if tag == "a"]

            assert (name, footer[:7]) == (
                name,
                ["/", "/bookings/find", "/propose", "/help", "/legal", "/privacy", "/accessibility"],
            )
            assert (name, footer[7:]) == (name, ["mailto:contact@campus.test", "tel:0321000000"])
            assert f"Accessibilité\u00a0: {LABELS[state][0]}" in page.words


async def test_without_a_telephone_none_is_shown(visitor: httpx.AsyncClient) -> None:
    assert not [one for one in (await read(visitor, "/help")).all("a") if one["href"].startswith("tel:")]


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("03 21 00 00 00", "0321000000"),
        ("03.21.00.00.00", "0321000000"),
        ("03\u00a021\u202f00 00 00, de 9 h à 17 h", "0321000000"),
        ("+33 (0)3 21 00 00 00", "+33321000000"),
        ("Standard : 03-21-00-00-00 (9 h – 12 h)", "0321000000"),
        ("3631", "3631"),
        ("au lycée", ""),
        ("", ""),
    ],
)
def test_a_number_is_dialled_as_people_write_it(phone: str, number: str) -> None:
    assert dialled(phone) == number


async def test_a_telephone_that_is_no_number_is_no_link(visitor: httpx.AsyncClient) -> None:
    with settings_with(contact_phone="au lycée"):
        page = await read(visitor, "/help")

    assert "au lycée" in page.words
    assert not page.all("a", href="tel:")


async def test_no_page_promises_what_is_not_built(visitor: httpx.AsyncClient) -> None:
    assert promises("You give proxies. There are no proxies for now. Are there proxies?") == ["You give proxies."]
    for path in house.PAGES:
        assert (path, promises(plain((await read(visitor, path)).words))) == (path, [])


def test_what_a_page_quotes_stands_on_the_other_page() -> None:
    """Buttons and headings that an answer names are named as they are, in both languages."""
    words = i18n.translations("fr")
    quoting = [one for one in catalogues.french() if isinstance(one.id, str) and re.search("“[^%]*”", one.id)]
    assert quoting
    for message in quoting:
        labels = re.findall(r"“(.*?)”", str(message.id))
        french = re.findall("«\u00a0(.*?)\u00a0»", str(message.string))
        assert french == [words.gettext(label) for label in labels]
        assert all(("", label) in catalogues.said() for label in labels)


def promises(words: str) -> list[str]:
    """The sentences that tell of something to come, and neither deny it nor ask."""
    sentences = re.split(r"(?<=[.?!:;])\s", words)
    telling = [one for one in sentences if any(thing in one for thing in NOT_BUILT)]
    return [one for one in telling if not one.endswith("?") and not DENIAL.search(one)]


def columns_of(table: type[Table]) -> set[str]:
    """The names of a table's columns."""
    return {column._meta.name for column in table._meta.columns}


def _footer(page: Page) -> int:
    return next(place for place, (tag, _) in enumerate(page.elements) if tag == "footer")
