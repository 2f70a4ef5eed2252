"""The demonstration's own pages: the situations to try, and the mailbox."""

from email.message import EmailMessage

import httpx
import pytest

from service import db, i18n
from service.bookings import changes, erasure
from service.operations import demo
from service.operations.demo import companies, stories
from service.proposals import following, record
from service.proposals.tables import Proposal
from service.web.demo import SITUATIONS
from tests.makers import a_pupil, make_booking, make_event, make_slot
from tests.visits import Page, demonstration, dump, send, settings_with

# What the page behind each situation says of it: msgids, looked for in both languages.
PROMISED = {
    "seats": ("Book a seat",),
    "queue": ("Full: join the waiting list",),
    "booked": ("You have a seat",),
    "waiting": ("You no longer want to wait?",),
    "offered": ("A seat is free for you",),
    "evening": ("A parent's e-mail address (under 18)",),
    "minor": ("Your seat is held, not yet confirmed",),
    "class": ("Book for a class",),
    "proposal": ("Book for a class",),
    "option": ("Your seats are held: please confirm", "I confirm my class"),
    "option_ending": ("Your seats are held: please confirm", "I confirm my class"),
    "option_lapsed": ("Your seats are no longer held",),
    "class_offered": ("Seats are free for your class", "We take the seats"),
    "three_slots": ("Your class is booked", "Give up this date only"),
    "rest_waits": ("Confirmed", "If seats are missing, put the rest on the waiting list"),
    "approval": ("Your class awaits the organisers’ decision", "Awaiting approval"),
    "named": ("The names of the class",),
    "half_named": ("The names of the class",),
    "asked": ("I agree", "I do not agree"),
    "paper": ("A parent's agreement",),
    "given": ("Thank you, you have agreed",),
    "refused": ("You have not agreed",),
    "link": ("You book with a partner’s link",),
    "partner_booked": ("You have a seat",),
}
NAMES_OF = [row[0] for each in SITUATIONS.values() for row in each]
COMPANY = {row[0] for row in SITUATIONS["company"]}


async def _links(visitor: httpx.AsyncClient, lang: str) -> dict[str, str]:
    """The link of each situation, in the order of the page."""
    shown = Page.of(await visitor.get("/demo", params={"lang": lang}))
    own = ("/events/", "/bookings/", "/authorisations/", "/propose", "/proposals/")
    tags = [tag for tag, _ in shown.elements]
    linked = [has["href"] for tag, has in shown.elements[tags.index("main") : tags.index("footer")] if tag == "a"]
    return dict(zip(NAMES_OF, [one for one in linked if one.startswith(own)], strict=True))


async def _proposal_of(name: str) -> Proposal:
    return await record.by_token((await companies.found())[name].path.rpartition("/")[2])


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_each_situation_opens_a_page_that_shows_it(lang: str) -> None:
    await demo.load()
    words = i18n.translations(lang)

    async with demonstration() as visitor:
        for name, path in (await _links(visitor, lang)).items():
            if name in COMPANY:
                continue
            answer = await visitor.get(path)
            said = Page.of(answer).words
            lacking = [one for one in PROMISED[name] if words.gettext(one) not in said]
            assert (name, answer.status_code, lacking) == (name, 200, [])

    assert set(PROMISED) | COMPANY == set(NAMES_OF)


async def test_the_links_keep_the_language() -> None:
    await demo.load()

    async with demonstration() as visitor:
        french, english = await _links(visitor, "fr"), await _links(visitor, "en")

    assert [one for one in french.values() if "lang=" in one] == []
    assert [one for one in english.values() if "lang=en" not in one] == []


async def test_the_situations_stand_under_who_meets_them() -> None:
    await demo.load()

    async with demonstration() as visitor:
        shown = Page.of(await visitor.get("/demo", params={"lang": "en"}))

    order = [
        "Pupil or student", "A seat that came free", "Teacher", "An option to confirm", "Parent", "Company",
        "A proposal that is begun", "A visit that is over", "Partner",
    ]  # fmt: skip
    places = [shown.words.index(one) for one in order]
    assert places == sorted(places)
    assert "it has moved on" not in shown.words


async def test_a_situation_that_somebody_tried_says_so_and_an_erased_one_is_left_out() -> None:
    await demo.load()
    found = await stories.found()
    await changes.cancel(found["booked"].dossier)
    await erasure.erase(found["waiting"].dossier)
    await following.withdraw(await _proposal_of("handed_in"))

    async with demonstration() as visitor:
        shown = Page.of(await visitor.get("/demo", params={"lang": "en"}))

    assert "or give the seat back. Somebody has tried it: it has moved on." in shown.words
    assert "and may still be changed. Somebody has tried it: it has moved on." in shown.words
    assert shown.words.count("it has moved on") == 2
    assert "A place on the waiting list" not in shown.words


async def test_before_the_season_is_loaded_there_is_no_situation() -> None:
    async with demonstration() as visitor:
        shown = Page.of(await visitor.get("/demo", params={"lang": "en"}))

    assert "No situation yet" in shown.words


async def test_the_letters_of_the_situations_stand_in_the_mailbox_with_their_links() -> None:
    await demo.load()
    parents = stories.ADAM.guardian_email

    async with demonstration() as visitor:
        listed = Page.of(await visitor.get("/demo/mailbox", params={"lang": "en"}))
        [row] = await db.fetch("SELECT id FROM email WHERE recipient = $1", parents)
        letter = Page.of(await visitor.get(f"/demo/mailbox/{row['id']}", params={"lang": "en"}))
        link = next(one for one in letter.addresses if one.startswith("/authorisations/"))
        opened = Page.of(await visitor.get(link))

    assert f"/demo/mailbox/{row['id']}?lang=en" in listed.addresses
    assert "May Adam Pruvost come?" in opened.words


async def test_every_page_of_the_demonstration_leads_to_the_situations() -> None:
    async with demonstration() as visitor:
        for path in ("/", "/demo/mailbox", "/help"):
            assert "/demo?lang=en" in Page.of(await visitor.get(path, params={"lang": "en"})).addresses


async def test_without_the_demonstration_there_are_no_situations(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/demo")).status_code == 404
    assert "/demo" not in Page.of(await visitor.get("/")).addresses


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
        for path in ("", "/mailbox", f"/mailbox/{number}", f"/mailbox/{number}/html"):
            assert (await visitor.get(f"/demo{path}")).status_code == 200

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


async def test_the_start_page_opens_the_office_in_one_press(visitor: httpx.AsyncClient) -> None:
    await demo.load()
    async with demonstration() as tried:
        assert len(Page.of(await tried.get("/")).all("form", action="/demo/office")) == 1
        await send(tried, "/demo/office")
        assert Page.of(await tried.get("/office")).all("form", action="/demo/office") == []
    assert Page.of(await visitor.get("/")).all("form", action="/demo/office") == []


async def test_one_press_opens_the_office_and_only_in_the_demonstration(visitor: httpx.AsyncClient) -> None:
    await demo.load()
    async with demonstration() as tried:
        for _ in range(2):
            assert (await send(tried, "/demo/office")).headers["location"] == "/office"
        page = Page.of(await tried.get("/office", params={"lang": "en"}))
        assert "To decide" in page.words
        assert "Camille Vandamme" in page.words
    assert (await send(visitor, "/demo/office")).status_code == 404
