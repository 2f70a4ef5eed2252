"""Every page in every state that a visitor can meet: what the accessibility, budget and gallery tests walk over."""

from service.bookings.dossiers import guardian_token
from service.web.house import PAGES
from tests.browser import (
    class_situations,
    host_situations,
    office_situations,
    openers,
    proposal_situations,
    stage,
)
from tests.browser.situation import Situation, at
from tests.browser.stage import Stage
from tests.makers import link_of

CYBER = "/events/atelier-cyber"
CLEAR_NAMES = "\n".join(f"Élève-{letter} DE LA TOUR" for letter in "ABCDEFGHIJKLMN")
ODD_NAMES = """Léa Da Silva
DUPONT MARIE
DUPONT;Marie;12/03/2010
O’BRIEN
Ali M’BARKI Ben
Léa Da Silva
Marie-Antoinette-Éléonore DE LA ROCHEFOUCAULD-VANDENBROUCKE"""
WRONG_NAMES = "Marie DUPONT\n12/03/2010\n????????\n" + "É" * 101


async def empty() -> list[Situation]:
    """The service on its first day."""
    return [at("agenda-empty", "/"), at("agenda-empty-en", "/?lang=en"), at("month-empty", "/?view=month")]


async def all_situations() -> list[Situation]:
    """The demo's season, every state of a booking, the pages of the house, and what can go wrong."""
    staged = await stage.set_up()
    return [
        *_agenda(),
        *_events(staged),
        *_posters(staged),
        *_bookings(staged),
        *await class_situations.all_situations(),
        *await office_situations.all_situations(),
        *await host_situations.all_situations(),
        *await proposal_situations.all_situations(),
        *_names(staged),
        *_minors(staged),
        *_house(),
        *_errors(staged),
    ]


def _agenda() -> list[Situation]:
    return [
        at("agenda", "/"),
        at("agenda-en", "/?lang=en"),
        at("agenda-second-page", "/?page=2"),
        at("agenda-filtered", "/?kind=workshop&with_seats=yes"),
        at("agenda-search", "/?q=robots"),
        at("agenda-nothing-matches", "/?town=Arques&level=BTS&kind=assembly"),
        at("agenda-nothing-matches-en", "/?q=aeronautique&lang=en"),
        at("agenda-nothing-this-week", "/?when=week&kind=assembly"),
        at("month", "/?view=month"),
        at("month-en", "/?view=month&lang=en"),
        at("month-nothing-later", "/?view=month&kind=assembly&q=introuvable"),
        at("host", "/hosts/lypso"),
        at("host-nothing-planned", "/hosts/sans-date"),
        at("place", "/places/saint-omer"),
    ]


def _events(staged: Stage) -> list[Situation]:
    states = ("full", "closed", "over", "off", "not-yet")
    return [
        at("event", CYBER),
        at("event-en", f"{CYBER}?lang=en"),
        at("event-several-slots", "/events/atelier-rv-maintenance"),
        at("event-many-days", f"/events/{staged.many_days.slug}"),
        at("event-without-date", f"/events/{staged.dateless.slug}"),
        at("event-classes-only", "/events/visite-verrerie"),
        at("event-members-only", "/events/ag-ordinaire"),
        at("event-past-with-presence", "/events/atelier-vision-ia"),
        *[at(f"event-{state}", f"/events/{staged.slots[state].slug}") for state in states],
        at("event-long-title", f"/events/{staged.slots['single'].slug}"),
        at("event-queue", f"/events/{staged.slots['queue'].slug}"),
        at("event-queue-en", f"/events/{staged.slots['queue'].slug}?lang=en"),
        at("event-queue-several", f"/events/{staged.slots['queues'].slug}"),
        at("event-last-hour", f"/events/{staged.slots['last-hour'].slug}"),
        Situation("event-refused", openers.refused(CYBER)),
        Situation("event-refused-en", openers.refused(f"{CYBER}?lang=en")),
        Situation("event-just-full", openers.just_full(staged.slots["single"])),
    ]


def _posters(staged: Stage) -> list[Situation]:
    return [
        at("poster", "/events/visite-tableaux-electriques/poster"),
        at("poster-en", "/events/visite-tableaux-electriques/poster?lang=en"),
        at("poster-several-slots", "/events/atelier-rv-maintenance/poster"),
        at("poster-assembly", "/events/ag-ordinaire/poster"),
        at("poster-many-days", f"/events/{staged.many_days.slug}/poster"),
        at("poster-longest-title", f"/events/{staged.slots['longest'].slug}/poster"),
        at("poster-without-date", f"/events/{staged.dateless.slug}/poster"),
    ]


def _bookings(staged: Stage) -> list[Situation]:
    links = {name: link_of(dossier) for name, dossier in staged.dossiers.items()}
    return [
        at("booked", f"{links['held']}?booked=yes"),
        at("booked-en", f"{links['held']}?lang=en"),
        at("booked-long-name", links["long"]),
        at("booked-undeliverable", links["lost"]),
        at("booked-restored", links["restored"]),
        at("booked-over", links["over"]),
        at("booked-called-off", links["off"]),
        at("cancelled", links["gone"]),
        at("waiting", links["waiting"]),
        at("waiting-en", f"{links['waiting']}?lang=en"),
        at("waiting-joined", f"{links['waiting']}?booked=yes"),
        Situation("leave-without-tick", openers.submitted(links["waiting"], "/cancel")),
        at("offered", f"{links['offered']}?from=mail"),
        at("offered-en", f"{links['offered']}?from=mail&lang=en"),
        at("offer-lapsed", links["offer-lapsed"]),
        at("offer-declined", links["offer-declined"]),
        at("left", links["left"]),
        at("list-closed", links["list-closed"]),
        at("erased", links["erased"]),
        Situation("booked-details", openers.opened(links["held"], "Mes données")),
        Situation("cancel-without-tick", openers.submitted(links["held"], "/cancel")),
        Situation("erase-without-tick", openers.submitted(links["held"], "/erase")),
        Situation("correct-without-address", openers.submitted(links["held"], "/email")),
        at("find", "/bookings/find"),
        Situation("find-refused", openers.submitted("/bookings/find", "/bookings/find")),
        Situation("check-mail", openers.asked("/bookings/find")),
    ]


def _names(staged: Stage) -> list[Situation]:
    one, three, over = [f"{link_of(staged.dossiers[name])}/names" for name in ("class", "class-named", "class-over")]
    return [
        at("names", one),
        at("names-en", f"{one}?lang=en"),
        at("names-filled", three),
        at("names-over", over),
        Situation("names-understood", openers.pasted(one, CLEAR_NAMES)),
        Situation("names-to-check", openers.pasted(three, ODD_NAMES)),
        Situation("names-to-check-en", openers.pasted(f"{three}?lang=en", ODD_NAMES)),
        Situation("names-blank", openers.pasted(one, "")),
        Situation("names-with-mistakes", openers.pasted(three, WRONG_NAMES)),
    ]


def _minors(staged: Stage) -> list[Situation]:
    links = {name: link_of(dossier) for name, dossier in staged.dossiers.items()}
    parents = {name: f"/authorisations/{guardian_token(one.id, 0)}" for name, one in staged.dossiers.items()}
    evening = f"/events/{staged.slots['evening'].slug}"
    return [
        at("event-outside-school-time", evening),
        at("event-outside-school-time-en", f"{evening}?lang=en"),
        Situation("event-minor-refused", openers.refused_minor(evening)),
        at("pending", f"{links['minor']}?booked=yes"),
        at("pending-en", f"{links['minor']}?lang=en"),
        at("pending-both", links["minor-both"]),
        at("pending-long-name", links["minor-long"]),
        at("pending-parent-undeliverable", links["minor-lost"]),
        at("pending-approval", links["approval"]),
        Situation("pending-without-parents-address", openers.emptied(links["minor"], "/guardian", "parent_email")),
        at("refused-by-parent", links["minor-refused"]),
        at("refused-by-organiser", links["approval-refused"]),
        at("unanswered", links["minor-lapsed"]),
        at("paper-form", f"{links['minor']}/authorisation"),
        at("paper-form-en", f"{links['minor']}/authorisation?lang=en"),
        at("paper-form-long-name", f"{links['minor-long']}/authorisation"),
        at("parent-asked", parents["minor"]),
        at("parent-asked-en", f"{parents['minor']}?lang=en"),
        at("parent-asked-long-name", parents["minor-long"]),
        at("parent-given", parents["minor-given"]),
        at("parent-refused", parents["minor-refused"]),
        at("parent-over", parents["minor-gone"]),
        at("parent-unknown-link", "/authorisations/almost-right", status=404),
    ]


def _house() -> list[Situation]:
    return [
        *[at(_flat(path), path) for path in PAGES],
        *[at(f"{_flat(path)}-en", f"{path}?lang=en") for path in PAGES],
        Situation("legal-filled-in", openers.declared("/legal")),
        Situation("help-company-with-telephone", openers.declared("/help/company")),
        *[
            Situation(f"accessibility-{state}", openers.declared("/accessibility", state))
            for state in ("partial", "full")
        ],
    ]


def _flat(path: str) -> str:
    return path.strip("/").replace("/", "-")


def _errors(staged: Stage) -> list[Situation]:
    link = link_of(staged.dossiers["long"])
    return [
        at("error-404", "/nothing-here", status=404),
        at("error-404-en", "/nothing-here?lang=en", status=404),
        at("error-unknown-link", "/bookings/almost-right", status=404),
        at("error-unknown-host", "/hosts/unknown", status=404),
        Situation("error-413", openers.too_much("/bookings/find")),
        Situation("error-429", openers.too_often(link, "/cancel")),
        Situation("error-500", openers.broken("/events/atelier-vision-ia")),
        Situation("error-503", openers.away(CYBER)),
        Situation("error-last-resort", openers.last_resort),
    ]
