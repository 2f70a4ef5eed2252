"""The page for what goes wrong: what is so, and what one can do next."""

from gettext import NullTranslations
from typing import Any

from litestar import Response

from service import i18n, templates
from service.refusal import Refusal
from service.web import refusals
from service.web.pages import Visit, language, page
from service.web.refusals import Answer

Words = NullTranslations
ALIKE = {405: 404}  # a page that is there for another method is none to a reader
SERVER = 500


def tell(request: Visit, problem: Refusal | int) -> Response[Any]:
    """The page for a refusal, or for a status that no verb knows."""
    spoken = language(request)
    said = refusals.answer(problem, spoken) if isinstance(problem, Refusal) else _answer(problem, spoken)
    words = i18n.translations(spoken)
    steps = [
        (words.gettext("See the agenda"), templates.path(spoken, "/")),
        (words.gettext("Find my booking"), templates.path(spoken, "/bookings/find")),
    ]
    sentence = " ".join(filter(None, [said.sentence, said.next_step]))
    names = {"title": said.title, "sentence": sentence, "steps": steps}
    return page(request, "error", status=said.status, headers=said.headers, here="/", **names)


def _answer(status: int, spoken: str) -> Answer:
    words = i18n.translations(spoken)
    known = _known(words)
    title, sentence, next_step = known.get(ALIKE.get(status, status)) or known[400 if status < SERVER else SERVER]
    return Answer(title, sentence, next_step, status)


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
        413: (
            words.gettext("That is too much at once"),
            words.gettext("What was sent is larger than any form of ours. Nothing was changed."),
            words.gettext("Shorten it, and send it again."),
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
