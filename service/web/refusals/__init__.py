"""A sentence for every refusal: what is so, and what one can do next."""

from dataclasses import replace
from typing import Any

from service import i18n
from service.bookings.seats import SoldOut
from service.refusal import Refusal
from service.web.forms import Form
from service.web.refusals import (
    bookings,
    campus,
    classes,
    dates,
    door,
    events,
    hosting,
    lists,
    office,
    organisations,
    proposals,
    staff,
    visits,
)
from service.web.refusals.speaking import Answer, Sentences

__all__ = [
    "SENTENCES",
    "TO_STAFF",
    "Answer",
    "answer",
    "answer_to_class",
    "answer_to_staff",
    "standing",
    "to_the_queue",
]

SENTENCES: Sentences = {
    **bookings.SENTENCES,
    **campus.SENTENCES,
    **classes.SENTENCES,
    **visits.SENTENCES,
    **staff.SENTENCES,
    **events.SENTENCES,
    **dates.SENTENCES,
    **office.SENTENCES,
    **door.SENTENCES,
    **lists.SENTENCES,
    **proposals.SENTENCES,
    **hosting.SENTENCES,
    **organisations.SENTENCES,
}
TO_STAFF: Sentences = {**office.TO_STAFF, **proposals.TO_STAFF}


def answer(refusal: Refusal, language: str) -> Answer:
    """The sentence for a refusal, in the visitor's language."""
    return SENTENCES[type(refusal)](refusal, i18n.translations(language), language)


def answer_to_class(refusal: Refusal, language: str, next_step: str = "") -> Answer:
    """The same for a teacher, to whom "the last seat is gone" would be untrue: there may be seats, but too few."""
    if not isinstance(refusal, SoldOut):
        return answer(refusal, language)
    words, left = i18n.translations(language), refusal.seats_left
    sentence = words.gettext("No seat is left on this date.")
    if refusal.seats_waiting:
        sentence = words.gettext("Others wait for the seats of this date already.")
    elif left > 0:
        sentence = words.ngettext("This date has %(num)s seat left.", "This date has %(num)s seats left.", left)
    return Answer(words.gettext("Not enough seats for your class"), sentence % {"num": left}, next_step)


def answer_to_staff(refusal: Refusal, language: str) -> Answer:
    """The same for an organiser, who may know what a stranger must not, and whom nobody else can help."""
    said = TO_STAFF.get(type(refusal), SENTENCES[type(refusal)])
    return said(refusal, i18n.translations(language), language)


def to_the_queue(said: Answer, language: str) -> Answer:
    """The answer on a page whose form holds the waiting list ready: one more press joins it."""
    words = i18n.translations(language)
    return replace(said, next_step=words.gettext("Press the button once more to join the waiting list."))


def standing(form: Form, refusal: Answer | None) -> dict[str, Any]:
    """How a page stands around its form: fresh (200), with mistakes (422), or under a refusal."""
    if refusal:
        return {"status": refusal.status, "headers": refusal.headers, "refusal": refusal}
    return {"status": 200 if form.ok else 422, "refusal": None}
