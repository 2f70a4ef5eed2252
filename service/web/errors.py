"""The page for what goes wrong: what is so, and what one can do next."""

from gettext import NullTranslations
from typing import Any
from urllib.parse import quote

from litestar import Response

from service import i18n, templates
from service.bookings.dossiers import UnknownLink
from service.edge.errors import RETRY
from service.edge.loading import NotSignedIn
from service.proposals.record import UnknownProposal
from service.refusal import Refusal
from service.web import refusals
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer

Words = NullTranslations
Step = tuple[str, str]
ALIKE = {405: 404}  # a page that is there for another method is none to a reader
SERVER = 500
PASSING = (429, 500, 503)  # over in a while: the same page may be asked for again
STEPS = {404: ("agenda", "find", "help"), 503: ("help",)}  # the help needs no database
USUAL = ("agenda", "find")
BEHIND_LINKS: dict[type, tuple[str, ...]] = {
    UnknownLink: ("find", "agenda", "help"),
    UnknownProposal: ("proposals", "agenda", "help"),
}


def tell(request: Visit, problem: Refusal | int) -> Response[Any]:
    """The page for a refusal, or for a status that no verb knows. Who is not signed in is asked to, and comes back."""
    if isinstance(problem, NotSignedIn) and request.method == "GET":
        return see(request, "/office/sign-in", next=request.url.path)
    spoken = language(request)
    said = refusals.answer(problem, spoken) if isinstance(problem, Refusal) else _answer(problem, spoken)
    sentence = " ".join(filter(None, [said.sentence, said.next_step]))
    names = {"title": said.title, "sentence": sentence, "steps": _steps(request, problem, said.status)}
    return page(request, "error", status=said.status, headers=said.headers, here="/", **names)


def _answer(status: int, spoken: str) -> Answer:
    words = i18n.translations(spoken)
    known = _known(words)
    title, sentence, next_step = known.get(_read(status)) or known[400 if status < SERVER else SERVER]
    return Answer(title, sentence, next_step, status, RETRY if status in PASSING else {})


def _steps(request: Visit, problem: Refusal | int, status: int) -> list[Step]:
    """What one can do next, the likeliest first."""
    spoken = language(request)
    words = i18n.translations(spoken)
    ways = {
        "agenda": (words.gettext("See the agenda"), templates.path(spoken, "/")),
        "find": (words.gettext("Find my booking"), templates.path(spoken, "/bookings/find")),
        "proposals": (words.gettext("Find my proposal"), templates.path(spoken, "/proposals/find")),
        "help": (words.gettext("Help"), templates.path(spoken, "/help")),
    }
    chosen = BEHIND_LINKS.get(type(problem)) or STEPS.get(_read(status), USUAL)
    again = _again(request) if status in PASSING else ""
    return [*([(words.gettext("Try again"), again)] if again else []), *(ways[way] for way in chosen)]


def _read(status: int) -> int:
    """The status as a reader understands it."""
    return ALIKE.get(status, status)


def _again(request: Visit) -> str:
    """The page that was asked for, to ask for it again; nothing after a form, nor for what leads elsewhere."""
    path = request.scope["path"]
    if request.method != "GET" or path.startswith("//"):
        return ""
    query = quote(request.scope["query_string"], safe="%&=+")  # encoded already, by whoever asked
    return quote(path) + (f"?{query}" if query else "")


def _known(words: Words) -> dict[int, tuple[str, str, str]]:
    return {
        400: (
            words.gettext("We did not understand that"),
            words.gettext("What was sent holds something we cannot read. Nothing was changed."),
            words.gettext("Go back, and try again."),
        ),
        404: (
            words.gettext("There is no such page"),
            words.gettext("It may have moved, or the address has a slip in it."),
            words.gettext("All that is to come stands in the agenda."),
        ),
        409: (
            words.gettext("Something has changed meanwhile"),
            words.gettext("What you saw is no longer so. Nothing was changed."),
            words.gettext("Open the page again, and go on from there."),
        ),
        413: (
            words.gettext("That is too much at once"),
            words.gettext("What was sent is larger than any form of ours. Nothing was changed."),
            words.gettext("Shorten it, and send it again."),
        ),
        429: (
            words.gettext("That is a lot at once"),
            words.gettext("Too many requests came from here. Nothing was lost."),
            words.gettext("Try again in a minute."),
        ),
        500: (
            words.gettext("Something broke on our side"),
            words.gettext("It is not your fault, and it has been noted."),
            words.gettext("Try again in a few minutes; a form sent twice is booked once."),
        ),
        503: (
            words.gettext("A short break"),
            words.gettext("Our database does not answer at the moment."),
            words.gettext("Try again in a minute: a form sent twice is booked once."),
        ),
    }
