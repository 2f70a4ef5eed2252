"""The demonstration's own pages: the situations to try, and its mailbox as programs see what was written."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from service import db, i18n, settings, templates
from service.bookings.dossiers import guardian_token
from service.events import details, partners
from service.mail import reading
from service.mail.reading import SANDBOX
from service.mail.tables import Email
from service.operations import demo
from service.operations.demo import companies, season, stories
from service.operations.demo.companies import Followed
from service.operations.demo.stories import Found
from service.people import sessions
from service.web.booking_page import address_of
from service.web.office.sign_in import signed_in_answer
from service.web.pages import Visit, language, page

NEWEST = 100
PUBLIC = {"public": True}


EVENT, CLASS_FORM, PARTNER_LINK = "/events/{}", "/events/{}/class", "/events/{}?partner"
BOOKING, NAMES, PARENT, PAPER = "booking", "names", "parent", "paper"
FORM, PROPOSAL = "form", "proposal"

# What may be tried by whom: its name, what opens, and of which event or which story.
SITUATIONS = {
    "student": (
        ("seats", EVENT, stories.CYBER),
        ("queue", EVENT, stories.ELECTRIC),
        ("booked", BOOKING, "booked"),
        ("waiting", BOOKING, "waiting"),
        ("offered", BOOKING, "offered"),
        ("evening", EVENT, stories.EVENING),
        ("minor", BOOKING, "minor"),
    ),
    "teacher": (
        ("class", CLASS_FORM, "visite-logistique"),
        ("proposal", CLASS_FORM, stories.BISCUITS),
        ("option", BOOKING, "option"),
        ("option_ending", BOOKING, "option_ending"),
        ("option_lapsed", BOOKING, "option_lapsed"),
        ("class_offered", BOOKING, "class_offered"),
        ("three_slots", BOOKING, "three_slots"),
        ("rest_waits", BOOKING, "rest_waits"),
        ("approval", BOOKING, "approval"),
        ("named", NAMES, "named"),
        ("half_named", NAMES, "half_named"),
    ),
    "parent": (
        ("asked", PARENT, "minor"),
        ("paper", PAPER, "minor"),
        ("given", PARENT, "minor_authorised"),
        ("refused", PARENT, "minor_refused"),
    ),
    "company": (("propose", FORM, "/propose"), *((name, PROPOSAL, name) for name in companies.STORIES)),
    "partner": (
        ("link", PARTNER_LINK, stories.PARCOURS),
        ("partner_booked", BOOKING, "partner"),
    ),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """One that can be looked at now; ``has_moved`` on when somebody has tried it."""

    name: str
    path: str
    has_moved: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """What of the season is there now, for somebody who reads this language."""

    stories: dict[str, Found]
    proposals: dict[str, Followed]
    events: set[str]
    spoken: str

    def situation(self, name: str, opens: str, of: str) -> Situation | None:
        """What opens under this name, if it is there."""
        if opens in (BOOKING, NAMES, PARENT, PAPER):
            story = self.stories.get(of)
            return self._at(name, _page_of(story, opens), has_moved=story.has_moved) if story else None
        if opens == PROPOSAL:
            proposal = self.proposals.get(of)
            return self._at(name, proposal.path, has_moved=proposal.has_moved) if proposal else None
        if opens == FORM:
            return self._at(name, of) if self.proposals else None
        partner = partners.token_of(season.event_id(of)) if opens == PARTNER_LINK else ""
        address = CLASS_FORM if opens == CLASS_FORM else EVENT
        return self._at(name, address.format(of), partner=partner) if of in self.events else None

    def _at(self, name: str, path: str, *, has_moved: bool = False, **query: str) -> Situation:
        return Situation(name, templates.path(self.spoken, path, **query), has_moved)


@dataclass(frozen=True, slots=True)
class Shown:
    """One letter as it was sent."""

    id: int
    recipient: str
    subject: str
    sent_at: datetime | None
    state: str
    text: str
    html: str
    calendar: str

    @property
    def html_path(self) -> str:
        """Where the frame finds its HTML."""
        return f"/demo/mailbox/{self.id}/html"


@get("/demo", opt=PUBLIC)
async def situations(request: Visit) -> Response[str]:
    """The situations to try, by who meets them; those whose booking was erased are left out."""
    events = set(await details.published())
    loaded = Loaded(await stories.found(), await companies.found(), events, language(request))
    groups = {who: [one for row in each if (one := loaded.situation(*row))] for who, each in SITUATIONS.items()}
    return page(request, "demo/situations", groups={who: each for who, each in groups.items() if each})


@get("/demo/mailbox", opt=PUBLIC)
async def mailbox(request: Visit) -> Response[str]:
    """Every letter written, the newest first."""
    rendered = Email.objects().where(Email.content.is_not_null())
    rows = await rendered.order_by(Email.id, ascending=False).limit(NEWEST)
    return page(request, "demo/mailbox", letters=[_shown(row) for row in rows])


@get("/demo/mailbox/{number:int}", opt=PUBLIC)
async def letter(request: Visit, number: FromPath[int]) -> Response[str]:
    """One letter."""
    shown = await _letter(number)
    return page(request, "demo/letter", letter=shown, pieces=_pieces(shown.text, language(request)))


@get("/demo/mailbox/{number:int}/html", opt=PUBLIC)
async def letter_html(number: FromPath[int]) -> Response[str]:
    """The HTML of one letter, for a sandboxed frame: its own policy, nothing loads, nothing runs."""
    headers = {"Content-Security-Policy": SANDBOX}
    return Response((await _letter(number)).html, media_type=MediaType.HTML, headers=headers)


@post("/demo/office", opt=PUBLIC)
async def enter_office(request: Visit) -> Response[Any]:
    """Open the office as the invented organiser, in one press."""
    person = await demo.organiser()
    async with db.transaction():
        token = await sessions.open_session(person)
    return signed_in_answer(request, token, "")


HANDLERS = [situations, enter_office, mailbox, letter, letter_html]


def _page_of(story: Found, opens: str) -> str:
    dossier = story.dossier
    if opens == PARENT:
        return f"/authorisations/{guardian_token(dossier.id, dossier.guardian_generation)}"
    return address_of(dossier) + {BOOKING: "", NAMES: "/names", PAPER: "/authorisation"}[opens]


def _pieces(letter_text: str, spoken: str) -> list[tuple[str, str]]:
    """A letter's text as (words, path): with a path on this very server, in the reader's language, for our links."""
    own = settings.current().public_url
    words = re.split(rf"({re.escape(own)}/[^\s]*[\w/])", letter_text)
    return [(one, _path_of(one.removeprefix(own), spoken) if turn % 2 else "") for turn, one in enumerate(words)]


def _path_of(link: str, spoken: str) -> str:
    parts = urlsplit(link)
    query = {name: value for name, value in parse_qsl(parts.query) if name != "lang"}
    return templates.path(spoken, parts.path, **query)


async def _letter(number: int) -> Shown:
    known = 0 < number < 2**62
    row = await Email.objects().get(Email.id == number) if known else None
    if row is None or row.content is None:
        raise NotFoundException
    return _shown(row)


def _shown(row: Email) -> Shown:
    letter = reading.read(row.content or b"")
    return Shown(
        id=row.id,
        recipient=row.recipient,
        subject=letter.subject,
        sent_at=row.settled_at and i18n.local(row.settled_at),
        state=row.state,
        text=letter.text,
        html=letter.html,
        calendar=letter.calendar,
    )
