"""The service, put together: who may ask what, what a page may weigh, which language it speaks."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from service import app as service_app
from service import clock, db, settings, templates
from service.bookings import attendees, changes
from service.settings import BadSetting
from tests.bookings.classes import a_class_of
from tests.bookings.minors import parents_link, pending_minor
from tests.makers import at_paris, link_of, make_booking, make_event, make_organisation, make_slot
from tests.proposals.hosts import close_list, hosted
from tests.proposals.making import link_of as proposal_link
from tests.proposals.making import make_proposal
from tests.visits import (
    Page,
    book,
    demonstration,
    dump,
    every_page,
    language_of,
    open_door,
    send,
    settings_with,
    somebody_who_came,
    typed,
)

PUBLIC = {
    "GET /",
    "GET /hosts/{slug:str}",
    "GET /places/{slug:str}",
    "GET /events/{slug:str}",
    "GET /events/{slug:str}/poster",
    "GET /e/{number:int}",
    "GET /robots.txt",
    "GET /sitemap.xml",
    "POST /events/{slug:str}/bookings",
    "GET /events/{slug:str}/class",
    "POST /events/{slug:str}/class",
    "GET /bookings/find",
    "POST /bookings/find",
    "GET /bookings/{token:str}",
    "GET /bookings/{token:str}/invitation.ics",
    "POST /bookings/{token:str}/cancel",
    "POST /bookings/{token:str}/restore",
    "POST /bookings/{token:str}/accept",
    "POST /bookings/{token:str}/decline",
    "POST /bookings/{token:str}/rejoin",
    "POST /bookings/{token:str}/erase",
    "POST /bookings/{token:str}/email",
    "POST /bookings/{token:str}/confirm",
    "POST /bookings/{token:str}/numbers",
    "GET /bookings/{token:str}/names",
    "POST /bookings/{token:str}/names",
    "POST /bookings/{token:str}/names/save",
    "POST /bookings/{token:str}/guardian",
    "GET /bookings/{token:str}/authorisation",
    "GET /authorisations/{token:str}",
    "POST /authorisations/{token:str}/give",
    "POST /authorisations/{token:str}/refuse",
    "GET /bookings/{token:str}/certificate",
    "GET /bookings/{token:str}/certificate.pdf",
    "GET /proposals/{token:str}",
    "POST /proposals/{token:str}/dates",
    "POST /proposals/{token:str}/report",
    "POST /proposals/{token:str}/feedback",
    "GET /proposals/{token:str}/slots/{slot:uuid}/list",
    "POST /proposals/{token:str}/slots/{slot:uuid}/list",
    "GET /propose",
    "POST /propose",
    "GET /proposals/find",
    "POST /proposals/find",
    "GET /proposals/{token:str}/edit",
    "POST /proposals/{token:str}/edit",
    "POST /proposals/{token:str}/hand-in",
    "POST /proposals/{token:str}/answer",
    "POST /proposals/{token:str}/withdraw",
    "GET /door/{token:str}",
    "GET /door/{token:str}/list",
    "POST /door/{token:str}/tap",
    "POST /door/{token:str}/walk-in",
    "POST /door/{token:str}/code",
    "GET /office/sign-in",
    "POST /office/sign-in",
    "GET /office/sign-in/code",
    "POST /office/sign-in/code",
    "GET /office/sign-in/{token:str}",
    "POST /office/sign-in/{token:str}",
    "GET /legal",
    "GET /privacy",
    "GET /accessibility",
    "GET /help",
    "GET /help/{who:str}",
    "GET /healthz",
    "GET /readyz",
    "GET /static/{file_path:path}",
    "HEAD /static/{file_path:path}",
}
# Whom one may complain to: links, which nothing follows by itself.
AUTHORITIES = {
    "/privacy": {"www.cnil.fr"},
    "/accessibility": {"formulaire.defenseurdesdroits.fr", "www.defenseurdesdroits.fr"},
}
DATA = {"type": "application/ld+json"}  # read by search engines, run by nobody
STATIC = (
    "passerelle.css",
    "agenda.css",
    "month.css",
    "poster.css",
    "paper.css",
    "demo.css",
    "house.css",
    "classes.css",
    "office.css",
    "names.css",
    "door.css",
    "certificate.css",
    "host.css",
    "proposals.css",
    "passerelle.js",
    "favicon.svg",
)
DEMO = {
    "POST /demo/office",
    "GET /demo",
    "GET /demo/mailbox",
    "GET /demo/mailbox/{number:int}",
    "GET /demo/mailbox/{number:int}/html",
}


def handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Each method and path with its handler; OPTIONS are Litestar's own."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            yield from ((f"{method} {route.path}", handler) for method in handler.http_methods if method != "OPTIONS")


def test_these_routes_are_public_and_there_are_no_others(app: Litestar) -> None:
    routes = dict(handlers(app))

    assert {name for name, handler in routes.items() if handler.opt.get("public") is True} == PUBLIC
    assert all(handler.opt.get("roles") for name, handler in routes.items() if name not in PUBLIC)


async def test_the_demonstration_has_its_mailbox_besides() -> None:
    with settings_with(demo=True):
        routes = dict(handlers(service_app.create_app(settings.current())))

    assert {name for name, handler in routes.items() if handler.opt.get("public") is True} == PUBLIC | DEMO


def test_a_time_zone_without_a_checked_calendar_is_refused() -> None:
    with pytest.raises(BadSetting, match="TIME_ZONE"):
        service_app.check(replace(settings.current(), time_zone="Pacific/Chatham"))


async def test_no_get_changes_anything() -> None:
    host = (await make_organisation(slug="verre")).id  # a host, a place and an event of one name: one path for all
    slot = await make_slot(event=await make_event(slug="verre", town="Verre", host=host, takes_classes=True))
    link = link_of(await make_booking(slot))
    cancelled = await make_booking(await make_slot())
    of_a_class = link_of(await a_class_of(await make_slot(40))).rpartition("/")[2]
    async with demonstration() as visitor:
        await send(visitor, f"{link_of(cancelled)}/cancel", {"sure": "yes"})
        numbers = [row["id"] for row in await db.fetch("SELECT id FROM email WHERE content IS NOT NULL")]
        await db.fetch("UPDATE event SET number = $1 WHERE slug = 'verre'", numbers[0] % 2**31)
        parts = {"slug:str": slot.slug, "number:int": str(numbers[0]), "who:str": "student"}
        parts["file_path:path"] = "passerelle.css"
        tokens = [one.rpartition("/")[2] for one in (link, link_of(cancelled))]
        minors = [await pending_minor() for _ in range(2)]
        parents = [(await parents_link(one)).rpartition("/")[2] for one in minors]
        hosting, [hosted_slot, _] = await hosted(host_gets_names=True)
        await close_list(hosted_slot)
        parts["slot:uuid"] = str(hosted_slot.id)
        hosts = [proposal_link(hosting).rpartition("/")[2]] * 2
        doors, attended = [await open_door() for _ in range(2)], [await somebody_who_came() for _ in range(2)]
        proposals = [proposal_link(await make_proposal(s, email=f"{s}@verrerie.test"))[11:] for s in ("draft", "asked")]
        fitting = {
            "/proposals/{token:str}": [proposals[1], hosts[0]],
            "/proposals/{token:str}/edit": proposals,
            "/authorisations/{token:str}": parents,
            "/proposals/{token:str}/slots/{slot:uuid}/list": hosts,
            "/door/{token:str}": doors,
            "/door/{token:str}/list": doors,
            "/bookings/{token:str}/certificate": attended,
            "/bookings/{token:str}/certificate.pdf": attended,
            "/bookings/{token:str}/authorisation": [link_of(one).rpartition("/")[2] for one in minors],
        }
        paths = [
            _filled(path, {**parts, "token:str": of_a_class if path.endswith("/names") else token})
            for method, path in (name.split() for name in PUBLIC | DEMO)
            if method in ("GET", "HEAD")
            for token in fitting.get(path, tokens)
        ]
        before = await dump()
        rates = await db.fetch("SELECT * FROM rate_clock ORDER BY name")

        for path in paths:
            for query in ("", "?from=mail&sure=yes&email=c@exemple.test", "?booked=yes&lang=en"):
                asked = [(await visitor.request(method, path + query)).status_code for method in ("GET", "HEAD")]
                assert (path, asked) == (path, [302, 302] if path.startswith("/e/") else [200, 200])

        assert len(paths) == 2 * len([name for name in PUBLIC | DEMO if not name.startswith("POST")])
        assert await dump() == before
        assert await db.fetch("SELECT * FROM rate_clock ORDER BY name") == rates


async def answers_in_both_languages(visitor: httpx.AsyncClient) -> list[tuple[str, str, httpx.Response]]:
    """Every page and what a wrong form answers, in French and in English."""
    found = []
    for name, path in (await every_page()).items():
        for lang in ("fr", "en"):
            english = ("&" if "?" in path else "?") + "lang=en" if lang == "en" else ""
            found.append((name, lang, await visitor.get(path + english)))
    slot = await make_slot(event=await make_event(age_min=15))
    link = link_of(await make_booking(slot))
    full = await make_slot(1)
    await make_booking(full)
    of_a_class = await a_class_of(await make_slot(40))
    names, [group] = f"{link_of(of_a_class)}/names", await attendees.groups(of_a_class)
    minor, gone = await pending_minor(), await pending_minor()
    await changes.cancel(gone)
    late = await parents_link(gone)
    host = proposal_link((await hosted())[0])
    proposal = proposal_link(await make_proposal("asked", email="une-autre@verrerie.test"))
    for lang in ("fr", "en"):
        found += [
            ("nothing proposed", lang, await send(visitor, "/propose", {}, lang=lang)),
            ("wrong date", lang, await send(visitor, "/propose", {"day_6": "x", "age_min": "x"}, lang=lang)),
            ("robot's proposal", lang, await send(visitor, "/propose", {"website": "x"}, lang=lang)),
            (
                "links of proposals",
                lang,
                await send(visitor, "/proposals/find", {"email": "n@exemple.test"}, lang=lang),
            ),
            ("no address of proposals", lang, await send(visitor, "/proposals/find", {"email": ""}, lang=lang)),
            ("no answer", lang, await send(visitor, f"{proposal}/answer", {}, lang=lang)),
            ("unsure to withdraw", lang, await send(visitor, f"{proposal}/withdraw", {"words": "x"}, lang=lang)),
            ("emptied proposal", lang, await send(visitor, f"{proposal}/edit", {"version": "0"}, lang=lang)),
            ("unknown proposal", lang, await send(visitor, "/proposals/x/withdraw", {}, lang=lang)),
        ]
        found += [
            (f"names: {lines}", lang, await send(visitor, names, {f"names-{group.id}": lines}, lang=lang))
            for lines in ("Marie DE LA TOUR\nLéa Da Silva", "", "12/03/2010")
        ]
        found += [
            ("wrong form", lang, await book(visitor, slot, lang=lang, email="<b>", first_name="")),
            ("full", lang, await book(visitor, full, lang=lang)),
            ("check your mailbox", lang, await send(visitor, "/bookings/find", {"email": "n@exemple.test"}, lang=lang)),
            ("wrong address", lang, await send(visitor, "/bookings/find", {"email": ""}, lang=lang)),
            ("no tick", lang, await send(visitor, f"{link}/cancel", lang=lang)),
            ("nothing to restore", lang, await send(visitor, f"{link}/restore", lang=lang)),
            ("no parent's answer", lang, await send(visitor, "/authorisations/x/give", lang=lang)),
            ("no parent's address", lang, await send(visitor, f"{link_of(minor)}/guardian", lang=lang)),
            ("late parent", lang, await send(visitor, f"{late}/give", lang=lang)),
            *[(f"host: {c}", lang, await send(visitor, f"{host}/{c}", lang=lang)) for c in ("dates", "report")],
            ("unknown link", lang, await send(visitor, "/bookings/x/erase", lang=lang)),
        ]
    async with demonstration() as demo:
        number = (await db.fetch("SELECT id FROM email WHERE content IS NOT NULL LIMIT 1"))[0]["id"]
        for lang in ("fr", "en"):
            asked = {"lang": lang} if lang == "en" else None
            for path in ("/demo/mailbox", f"/demo/mailbox/{number}", "/"):
                found.append((path, lang, await demo.get(path, params=asked)))
    return found


async def test_every_link_keeps_the_language_and_french_has_none(visitor: httpx.AsyncClient) -> None:
    for name, lang, answer in await answers_in_both_languages(visitor):
        page = Page.of(answer)
        other = "en" if lang == "fr" else "fr"
        switch = page.all("a", hreflang=other)
        inside = [one for one in page.inside if one != switch[0]["href"]]

        assert (name, page.all("html")) == (name, [{"lang": lang}])
        assert (name, len(switch)) == (name, 1)
        assert language_of(switch[0]["href"]) == ([] if other == "fr" else ["en"])
        wanted = [] if lang == "fr" else ["en"]
        hidden = page.all("input", name="lang", value="en")
        assert [
            (name, one) for one in inside if language_of(one) != wanted and not (hidden and one.startswith("/?"))
        ] == []
        assert inside


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/", "/?lang=en"),
        ("/?kind=visit&town=Arques&page=2", "/?kind=visit&town=Arques&page=2&lang=en"),
        ("/?lang=en&kind=visit", "/?kind=visit"),
        ("/bookings/find?lang=en", "/bookings/find"),
        ("/nowhere?x=1", "/?lang=en"),
    ],
)
async def test_the_switch_leads_to_the_same_page(visitor: httpx.AsyncClient, path: str, there: str) -> None:
    page = Page.of(await visitor.get(path))

    assert [link["href"] for link in page.all("a") if "hreflang" in link] == [there]


async def test_the_switch_after_a_form_leads_to_a_page_that_can_be_read(visitor: httpx.AsyncClient) -> None:
    for name, lang, answer in await answers_in_both_languages(visitor):
        if answer.request.method == "POST":
            there = next(link["href"] for link in Page.of(answer).all("a") if "hreflang" in link)
            read = await visitor.get(there)
            assert (name, read.status_code) == (name, 200)
            assert Page.of(read).all("html") == [{"lang": "en" if lang == "fr" else "fr"}]


async def test_a_booking_goes_on_in_the_language_it_began_in(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()
    booked = await book(visitor, slot, lang="en")
    link = booked.headers["location"].partition("?")[0]
    cancelled = await send(visitor, f"{link}/cancel", {"sure": "yes"}, lang="en")

    assert booked.headers["location"] == f"{link}?booked=yes&lang=en"
    assert cancelled.headers["location"] == f"{link}?lang=en"
    assert {row["language"] for row in await db.fetch("SELECT language FROM email")} == {"en"}


async def test_no_page_holds_what_the_policy_forbids_or_names_another_host(visitor: httpx.AsyncClient) -> None:
    for name, _, answer in await answers_in_both_languages(visitor):
        for tag, has in Page.of(answer).elements:
            assert (name, tag) not in ((name, "style"), (name, "base"), (name, "object"), (name, "embed"))
            assert (name, tag, [a for a in has if a == "style" or a.startswith("on")]) == (name, tag, [])
            assert tag != "script" or has.get("src", "").startswith("/static/") or has == DATA
            sent = [has[a] for a in ("src", "action", "srcset", "poster", "formaction") if a in has]
            assert (name, [one for one in sent if not re.match(r"/(?!/)|#", one)]) == (name, [])
        assert (name, [one for one in Page.of(answer).loaded if not re.match(r"/(?!/)", one)]) == (name, [])
        hosts = {urlsplit(one).netloc for one in Page.of(answer).addresses} - {""}
        assert (name, hosts) == (name, AUTHORITIES.get(name, set()))


async def test_style_and_script_load_nothing(visitor: httpx.AsyncClient) -> None:
    for file in STATIC:
        content = (await visitor.get(f"/static/{file}")).text
        assert re.findall(r"@import|url\((?!['\"]?(?:data:|#))|fetch\(|XMLHttp|sendBeacon|cookie", content) == []
        assert set(re.findall(r"https?://[\w.]+", content)) <= {"http://www.w3.org"}


async def test_a_page_weighs_little(visitor: httpx.AsyncClient) -> None:
    """At most 25 kB of HTML, 20 kB of style, 10 kB of script, 60 kB and 4 requests in all."""
    weights = {templates.static(file): len((await visitor.get(f"/static/{file}")).content) for file in STATIC}

    for name, _, answer in await answers_in_both_languages(visitor):
        if name == "door":  # a tool of the office with a style and a script of its own, behind a link of one day
            continue
        loaded = set(Page.of(answer).loaded) - {"/demo/mailbox"}
        assert (name, len(answer.content)) <= (name, 25_000)
        assert (name, len({one for one in loaded if not one.startswith("/demo/")}) + 1) <= (name, 4)
        for suffix, most in ((".css", 20_000), (".js", 10_000), ("", 35_000)):
            weight = sum(weights[one] for one in loaded if one in weights and suffix in one)
            assert (name, suffix, weight) <= (name, suffix, most)


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_a_full_agenda_weighs_little_too(visitor: httpx.AsyncClient, lang: str) -> None:
    """Twenty events with long names, each on a day of its own, all that a card can say."""
    with clock.at(at_paris("2031-11-24 08:00")):
        for number in range(45):
            event = await make_event(
                slug=f"programmer-un-robot-collaboratif-a-la-verrerie-{number}",
                title="Programmer un robot collaboratif sur une ligne de verrerie automatisée",
                theme="robotique",
                kind=("visit", "workshop")[number % 2],
                town="Saint-Martin-lez-Tatinghem",
                levels=["4e", "3e", "2de", "1re", "Tle", "CAP", "BTS"],
            )
            slot = await make_slot(
                20, event=event, starts_at=clock.now().replace(microsecond=0) + timedelta(days=number + 1)
            )
            await db.fetch("UPDATE slot SET capacity = 250 WHERE id = $1", slot.id)

        pages = [await visitor.get("/", params={"page": n, **({"lang": "en"} if lang == "en" else {})}) for n in (1, 2)]

    assert [len(Page.of(answer).all("li", **{"class": "card"})) for answer in pages] == [20, 20]
    assert max(len(answer.content) for answer in pages) <= 25_000


GET_PATHS = [
    "/",
    "/events/{}",
    "/bookings/{}",
    "/bookings/{}/invitation.ics",
    "/bookings/{}/names",
    "/bookings/{}/authorisation",
    "/authorisations/{}",
    "/bookings/{}/certificate",
    "/bookings/{}/certificate.pdf",
    "/door/{}",
    "/door/{}/list",
    "/proposals/{}",
    "/proposals/{0}/slots/{0}/list",
    "/bookings/find",
    "/propose",
    "/proposals/{}",
    "/proposals/{}/edit",
    "/help/{}",
    "/{}",
    "/static/{}",
    "/healthz",
]
POST_PATHS = [
    "/events/{}/bookings",
    "/bookings/find",
    *[
        f"/bookings/{{}}/{c}"
        for c in ("cancel", "restore", "accept", "decline", "rejoin", "erase", "email", "guardian")
    ],
    *[f"/bookings/{{}}/{c}" for c in ("names", "names/save", "confirm", "numbers")],
    "/authorisations/{}/give",
    "/authorisations/{}/refuse",
    "/propose",
    "/proposals/find",
    *[f"/proposals/{{}}/{c}" for c in ("edit", "hand-in", "answer", "withdraw")],
    "/door/{}/tap",
    "/door/{}/walk-in",
    "/door/{}/code",
    *[f"/proposals/{{}}/{c}" for c in ("dates", "report", "feedback")],
    "/proposals/{0}/slots/{0}/list",
]
FIELDS = ["slot", "first_name", "last_name", "email", "school", "level", "age_band", "website", "opened_at", "key"]
FIELDS += ["sure", "from", "lang", "page", "town", "from_date", "until_date", "kind", "with_seats", "parent_email"]
FIELDS += ["present", "undo", "more", "less", "times", "remove", "code", "name", "q", "pupil", "chosen", "said", "of"]
FIELDS += ["day_1", "from_1", "to_1", "day_6", "what", "words", "again", "done"]
FIELDS += ["organisation_name", "contact_name", "title", "words", "seats", "day_1", "from_1", "to_6", "age_min"]
FIELDS += ["later", "version"]
ODD_TEXT = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=30),
    st.sampled_from(["yes", "mail", "en", "2de", "15_17", "a@b.test", "Zoé", "\0", "9" * 30, "2026-01-01", "{real}"]),
)


@how(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    method=st.sampled_from(["GET", "POST", "POST", "HEAD", "PUT", "OPTIONS"]),
    path=st.sampled_from(GET_PATHS + POST_PATHS),
    name=ODD_TEXT,
    query=st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text(max_size=8)), ODD_TEXT, max_size=6),
    fields=st.dictionaries(st.sampled_from(FIELDS), ODD_TEXT, max_size=12),
    raw=st.one_of(st.none(), st.binary(max_size=300)),
    kind=st.sampled_from(
        ["application/x-www-form-urlencoded"] * 4 + ["multipart/form-data; boundary=x", "application/json", "\xe9;;="]
    ),
    header=st.sampled_from(
        ["X-Forwarded-For", "Origin", "Idempotency-Key", "Cookie", "If-None-Match", "Range", "Accept"]
    ),
    value=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=255), max_size=40),
)
async def test_nothing_that_is_sent_breaks_the_service(  # noqa: PLR0913, PLR0917 - each is a part of a request
    visitor: httpx.AsyncClient,
    method: str,
    path: str,
    name: str | bytes,
    query: dict[str, Any],
    fields: dict[str, Any],
    raw: bytes | None,
    kind: str,
    header: str,
    value: str,
) -> None:
    slot = await make_slot()
    real = {"/events": slot.slug, "/bookings": link_of(await make_booking(slot)).rpartition("/")[2]}
    real["/authorisations"] = (await parents_link(await pending_minor())).rpartition("/")[2]
    real["/door"] = await open_door()
    is_hosts = any(part in path for part in ("/dates", "/report", "/feedback", "/slots"))
    proposal = (await hosted())[0] if is_hosts else await make_proposal("asked", email=f"{uuid4()}@verrerie.test")
    real["/proposals"] = proposal_link(proposal).rpartition("/")[2]
    part = real.get("/" + path.split("/")[1], "x") if name == "{real}" else quote(name, safe="")
    given_fields = {"slot": str(slot.id), **fields} if "events" in path else fields
    body = urlencode(given_fields).encode() if raw is None else raw

    answer = await visitor.request(
        method,
        path.format(part) + ("?" + urlencode(query) if query else ""),
        content=body if method in ("POST", "PUT") else None,
        headers=[(b"Content-Type", kind.encode("latin-1")), (header.encode(), value.encode("latin-1"))],
    )

    assert answer.status_code < 500
    assert "Traceback" not in answer.text


async def test_a_mistaken_form_weighs_little_however_much_was_typed(visitor: httpx.AsyncClient) -> None:
    slot = await make_slot()

    answer = await book(visitor, slot, **{name: "é" * 1500 for name in typed(slot) if name != "slot"})

    assert (answer.status_code, len(answer.content) <= 25_000) == (422, True)


def _filled(path: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        path = path.replace(f"{{{name}}}", part)
    return path
