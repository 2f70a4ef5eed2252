"""What a visit needs: a form as one fills it in, a page as a browser reads it, the database as it was before."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from piccolo.querystring import QueryString

from service import app, clock, db, settings, worker
from service.attendance import doors
from service.bookings import attendees, changes, dossiers, lapses, offers, pending, waiting
from service.bookings.dossiers import Booker
from service.bookings.names import Name
from service.bookings.plans import NOBODY, Party
from service.bookings.tables import Dossier
from service.events import partners
from service.events.slots import BookableSlot
from service.events.tables import Event
from service.web import house
from tests.bookings.classes import a_class, a_class_of, class_event, class_slot, over
from tests.conftest import EMPTYING_ORDER
from tests.makers import a_pupil, link_of, make_booking, make_event, make_organisation, make_slot
from tests.proposals import making
from tests.proposals.hosts import pages_of_hosts

TABLES = tuple(table for table in EMPTYING_ORDER if table != "rate_clock")
ZOE = {"first_name": "Zoé", "last_name": "D’Hôte", "email": "zoe@exemple.test", "school": "LYPSO"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWN_FORM = {**FORM, "Sec-Fetch-Site": "same-origin"}  # as browsers say it; beside a session, it must be said
CLOSED_PORT = "postgresql://nobody@127.0.0.1:1/nothing"

Typed = str | bytes


def typed(slot: BookableSlot, /, **changes: Typed) -> dict[str, Typed]:
    """The booking form of ``slot`` as Zoé fills it in."""
    return {"slot": str(slot.id), **ZOE, **changes}


async def book(
    visitor: httpx.AsyncClient, slot: BookableSlot, /, *, lang: str = "fr", **changes: Typed
) -> httpx.Response:
    """Send the booking form; odd characters travel as their bytes."""
    return await send(visitor, f"/events/{slot.slug}/bookings", typed(slot, **changes), lang=lang)


async def send(
    visitor: httpx.AsyncClient, path: str, fields: dict[str, Any] | None = None, *, lang: str = "fr"
) -> httpx.Response:
    """Send any form, as a browser encodes it."""
    body = urlencode(fields or {}, errors="surrogatepass")
    headers = OWN_FORM if visitor.cookies else FORM
    return await visitor.post(path, content=body, headers=headers, params={"lang": "en"} if lang == "en" else None)


async def dump() -> dict[str, list[str]]:
    """Every row of every table that there is, but for the clocks of the rate limits."""
    return {
        table: [row["line"] for row in await db.fetch(f'SELECT t::text AS line FROM "{table}" t ORDER BY 1')]
        for table in TABLES
        if (await db.fetch("SELECT to_regclass($1) AS known", f'"{table}"'))[0]["known"]
    }


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    seen: list[str] = []
    run = db.engine.run_querystring

    async def counting(querystring: QueryString, *more: Any, **named: Any) -> Any:
        seen.append(querystring.compile_string()[0])
        return await run(querystring, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db.engine, "run_querystring", counting)
        yield seen


@contextmanager
def settings_with(**changes: Any) -> Iterator[None]:
    """Other settings for a while."""
    before = settings.base()
    settings.use(replace(settings.current(), **changes))
    try:
        yield
    finally:
        settings.use(before)  # what the office had laid over it is gone: nothing of it may become the base


@asynccontextmanager
async def demonstration() -> AsyncIterator[httpx.AsyncClient]:
    """A visitor of the demonstration, whose mailbox holds what is due."""
    with settings_with(demo=True, smtp_url=None):
        await worker.run_once()
        transport = httpx.ASGITransport(app=app.create_app(settings.current()))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=settings.current().public_url) as client:
            yield client


@asynccontextmanager
async def database_away() -> AsyncIterator[None]:
    """Nobody answers where the database was."""
    before = db.engine.pool
    await db.engine.open(CLOSED_PORT)
    try:
        yield
    finally:
        await db.engine.close()
        db.engine.pool = before


@dataclass(frozen=True)
class Queue:
    """A slot of one seat, who holds it, and who waits for it."""

    slot: BookableSlot
    holder: Dossier
    waiting: list[Dossier]

    async def free(self) -> None:
        """The holder cancels: the seat is offered to the first."""
        await changes.cancel(self.holder)

    async def lapse(self) -> None:
        """The time of the offer runs out, and the worker comes by."""
        await db.fetch(
            "UPDATE booking SET expires_at = $1 WHERE state = 'offered' AND slot = $2", clock.now(), self.slot.id
        )
        await waiting.expire_in(self.slot.id)


async def make_queue(*people: Booker, event: Event | None = None, **values: Any) -> Queue:
    """A full slot for which these people wait, one pupil when nobody is named."""
    slot = await make_slot(1, event=event, **values)
    holder = await make_booking(slot, a_pupil())
    return Queue(slot, holder, [await waiting.join(slot, who) for who in people or (a_pupil(),)])


async def classes() -> dict[str, Dossier]:
    """A class in each of its states."""
    event = await class_event(names_required_days=5)
    chosen = [await make_slot(40, event=event, starts_in=timedelta(weeks=weeks)) for weeks in (1, 2)]
    full = await class_slot(10)
    await make_booking(full)
    found = {
        "option over two slots": await over(chosen, Party(12, 1), Party(10, 1)),
        "confirmed": await a_class(await class_slot(40, option_days=None)),
        "pending": await a_class(await class_slot(40, needs_approval=True)),
        "waiting": await a_class(full, NOBODY, later=Party(10, 0)),
        "cancelled": await a_class(await class_slot(40)),
    }
    await changes.cancel(found["cancelled"])
    return found


async def open_door() -> str:
    """The token of a link that opens a door today, at which somebody is expected."""
    slot = await make_slot(starts_at=clock.now())
    await a_class_of(slot, pupils=3)
    return await doors.open_link(slot.id, "test")


async def somebody_who_came(who: Dossier | None = None) -> str:
    """The token of a booking, or of this class, whose people were all there, weeks ago."""
    dossier = who or await make_booking(await make_slot(), a_pupil())
    await db.fetch(
        "UPDATE slot SET starts_at = starts_at - interval '30 d', ends_at = ends_at - interval '30 d',"
        " closes_at = closes_at - interval '30 d' WHERE id IN (SELECT slot FROM booking WHERE dossier = $1)",
        dossier.id,
    )
    await db.fetch(
        "INSERT INTO presence (id, slot, booking, people, noted_at)"
        " SELECT gen_random_uuid(), slot, id, seats, now() FROM booking WHERE dossier = $1",
        dossier.id,
    )
    return link_of(dossier).rpartition("/")[2]


async def every_page() -> dict[str, str]:
    """The path of each page that a visitor may see, in each of its states."""
    host = await make_organisation()
    event = await make_event(takes_classes=True, age_min=15, host=host.id)
    slots = [await make_slot(event=event, capacity=n) for n in (2, 3, 4)]
    booked, cancelled, erased = [await make_booking(slots[0]), *[await make_booking(slots[1], a_pupil()) for _ in "12"]]
    full = await make_slot(1)
    await make_booking(full)
    queued, offered, lapsed, declined, left = [await make_queue() for _ in range(5)]
    for queue in (offered, lapsed, declined):
        await queue.free()
    await lapsed.lapse()
    await offers.decline(declined.waiting[0])
    await changes.cancel(left.waiting[0])
    await db.fetch(
        "UPDATE booking SET state = 'cancelled', ended_at = now(), ended_by = 'booker' WHERE dossier = $1", cancelled.id
    )
    await db.fetch("UPDATE slot SET seats_taken = 1 WHERE id = $1", slots[1].id)
    await db.fetch("UPDATE dossier SET erase_asked_at = now() WHERE id = $1", erased.id)
    return {
        "agenda": "/",
        "agenda of nothing": "/?town=Nulle+part",
        "month": "/?view=month",
        "host": f"/hosts/{host.slug}",
        "place": "/places/arques",
        "poster": f"/events/{slots[0].slug}/poster",
        "event": f"/events/{slots[0].slug}",
        "event by a partner's link": f"/events/{slots[0].slug}?partner={partners.token_of(event.id)}",
        "full event": f"/events/{full.slug}",
        "event with a queue": f"/events/{queued.slot.slug}",
        "waiting": link_of(queued.waiting[0]),
        "offered": link_of(offered.waiting[0]) + "?from=mail",
        "offer lapsed": link_of(lapsed.waiting[0]),
        "offer declined": link_of(declined.waiting[0]),
        "list left": link_of(left.waiting[0]),
        **await pages_of_minors(),
        "booking": link_of(booked) + "?booked=yes",
        "booking from the mail": link_of(booked) + "?from=mail",
        "cancelled booking": link_of(cancelled),
        "erased booking": link_of(erased),
        "form for a class": f"/events/{slots[0].slug}/class",
        **{f"class, {name}": link_of(dossier) for name, dossier in (await classes()).items()},
        "names of a class": link_of(await a_class_of(await make_slot(40))) + "/names",
        "door": f"/door/{await open_door()}",
        "came": f"/bookings/{await somebody_who_came()}",
        "certificate": f"/bookings/{await somebody_who_came()}/certificate",
        "class that came": f"/bookings/{await class_that_came()}",
        "certificates of a class": f"/bookings/{await class_that_came()}/certificate",
        **await pages_of_hosts(),
        **await pages_of_proposals(),
        "find": "/bookings/find",
        **{path: path for path in house.PAGES},
        "no such page": "/nowhere",
    }


async def pages_of_proposals() -> dict[str, str]:
    """The path of the form, and of a proposal's page in each state in which no event is public yet."""
    states = ("draft", "submitted", "asked", "accepted", "declined", "withdrawn")
    made = {state: await making.make_proposal(state, email=f"{state}@verrerie.test") for state in states}
    links = {state: making.link_of(one) for state, one in made.items()}
    return {
        "propose": "/propose",
        "find proposals": "/proposals/find",
        **{f"proposal, {state}": link for state, link in links.items()},
        "proposal just sent": f"{links['submitted']}?sent=yes",
        "proposal to edit": f"{links['asked']}/edit",
        "proposal that is settled": f"{links['accepted']}/edit",
    }


async def class_that_came() -> str:
    """The token of a class that was there whole, and whose names are known."""
    dossier = await a_class_of(await make_slot(40), pupils=3)
    [group] = await attendees.groups(dossier)
    await attendees.save(dossier, {group.id: [Name("ZOLA", "Ana"), Name("D’HÔTE", "Léa")]})
    return await somebody_who_came(dossier)


async def pages_of_minors() -> dict[str, str]:
    """The path of each page that a minor who comes alone, or their parent, may see."""
    evening = await make_slot(event=await make_event(outside_school_time=True, needs_approval=True, age_min=15))
    minor = replace(a_pupil(), age_band="15_17")
    made = {
        name: await make_booking(
            evening, replace(minor, email=f"{name}@exemple.test", guardian_email=f"parent-{name}@exemple.test")
        )
        for name in ("asked", "given", "refused", "lapsed", "gone")
    }
    parents = {name: f"/authorisations/{dossiers.guardian_token(one.id, 0)}" for name, one in made.items()}
    await pending.authorise(made["given"])
    await pending.refuse_as_guardian(made["refused"])
    await changes.cancel(made["gone"])
    await db.fetch("UPDATE booking SET expires_at = $2 WHERE dossier = $1", made["lapsed"].id, clock.now())
    await lapses.expire()
    return {
        "event outside school time": f"/events/{evening.slug}",
        "pending": link_of(made["asked"]) + "?booked=yes",
        "pending, a parent agreed": link_of(made["given"]),
        "refused": link_of(made["refused"]),
        "unanswered": link_of(made["lapsed"]),
        "paper form": link_of(made["asked"]) + "/authorisation",
        **{f"parent, {name}": path for name, path in parents.items()},
    }


@dataclass
class Page:
    """The elements of a page: (tag, attributes) in their order, and its words."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: str = ""

    @classmethod
    def of(cls, answer: httpx.Response) -> "Page":
        """Read an answer."""
        page = cls()
        _Reader(page).feed(answer.text)
        return page

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """The attributes of each ``tag`` that has these ones."""
        return [
            has for name, has in self.elements if name == tag and all(has.get(a) == v for a, v in attributes.items())
        ]

    def typed(self, name: str) -> str:
        """What stands in a field, or which of its choices is taken."""
        fields = self.all("input", name=name)
        chosen = [one for one in fields if one.get("type") not in ("radio", "checkbox") or "checked" in one]
        return chosen[0].get("value", "") if chosen else ""

    def has_mistake(self, name: str) -> bool:
        """Whether a sentence stands at the field, and one in the summary leads to it."""
        beside = self.all("p", id=f"{name}-error")
        summed_up = self.all("a", href=f"#{name}")
        return bool(beside) and bool(summed_up) and bool(self.all("div", id="mistakes"))

    @property
    def addresses(self) -> list[str]:
        """Every address that the page leads to, sends to or loads."""
        names = ("href", "src", "action")
        return [has[name] for _, has in self.elements for name in names if name in has and not _is_named(has)]

    @property
    def loaded(self) -> list[str]:
        """The addresses that a browser asks for by itself."""
        tags = ("link", "script", "img", "iframe", "use")
        found = [
            has.get("src") or has.get("href", "") for tag, has in self.elements if tag in tags and not _is_named(has)
        ]
        return [one for one in found if one and not one.startswith("#")]

    @property
    def inside(self) -> list[str]:
        """The addresses that lead to pages of the service."""
        paths = [urlsplit(one) for one in self.addresses]
        return [one.geturl() for one in paths if not one.scheme and not one.netloc and one.path and _is_page(one.path)]


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._page.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self._page.words += data


def language_of(address: str) -> list[str]:
    """Which language an address asks for."""
    return parse_qs(urlsplit(address).query).get("lang", [])


def _is_named(has: dict[str, str]) -> bool:
    """Whether a ``link`` only says what the page is called elsewhere: nobody loads it."""
    return has.get("rel") in ("canonical", "alternate")


def _is_page(path: str) -> bool:
    return not path.startswith("/static/") and not path.endswith("/html")
