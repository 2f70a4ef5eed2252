"""Every refusal has a sentence, in both languages, with its facts."""

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service import clock
from service.bookings.by_hand import OthersWait
from service.bookings.seats import SoldOut
from service.bookings.waiting import FewerThanTaken
from service.events.slots import BookingClosed, CalledOff, NotYetOpen, SlotOver
from service.limits.rates import TooOften
from service.proposals.drafting import Incomplete
from service.proposals.record import ProposalMoved
from service.proposals.tables import STATES
from service.refusal import Refusal
from service.web import refusals
from service.web.refusals import TO_STAFF

MOMENT = datetime(2031, 11, 24, 13, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "since": MOMENT,
    "opens_at": MOMENT,
    "ended_at": MOMENT,
    "ends_at": MOMENT,
    "retry_at": MOMENT,
    "reason": "Panne de four",
    "seats": 28,
    "people": 26,
    "seats_left": 0,
    "seats_waiting": 2,
    "seats_taken": 12,
    "names": 31,
    "pupils": 28,
    "needed": 3,
    "most": 30,
    "held_by": [],
    "by": "Ada Vandamme",
    "at": MOMENT,
    "missing": ("slot", "summary", "audience"),
    "last": MOMENT.date(),
    "starts_at": MOMENT,
    "state": "accepted",
    "verb": "accept",
    "closes_at": MOMENT,
    "other": UUID(int=7),
    "into": UUID(int=7),
    "name": "Verrerie de l’Aa",
}
# What a refusal of this name means by the same word.
OTHERWISE: dict[str, dict[str, Any]] = {"Incomplete": {"missing": ("title", "seats", "dates")}}


def kinds(root: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every refusal that the service knows."""
    for kind in root.__subclasses__():
        if kind.__module__.startswith("service."):
            yield kind
            yield from kinds(kind)


KINDS = sorted(kinds(), key=lambda kind: kind.__qualname__)


def an_example(kind: type[Refusal]) -> Refusal:
    """A refusal of this kind with its facts."""
    wanted = [name for name in inspect.signature(kind.__init__).parameters if name in FACTS]
    facts = {**FACTS, **OTHERWISE.get(kind.__name__, {})}
    return kind(**{name: facts[name] for name in wanted})


def test_every_refusal_has_its_sentence_and_every_sentence_its_refusal() -> None:
    assert set(refusals.SENTENCES) == set(kinds())


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_is_said_in_both_languages(kind: type[Refusal]) -> None:
    french, english = (refusals.answer(an_example(kind), language) for language in ("fr", "en"))

    assert french.status == english.status
    assert 400 <= english.status < 500
    for said in (french, english):
        assert said.title
        assert said.sentence.endswith(".")
        assert "%(" not in said.title + said.sentence + said.next_step
    assert (french.title, french.sentence) != (english.title, english.sentence)
    assert bool(french.next_step) == bool(english.next_step)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_is_short_and_says_what_to_do_next(kind: type[Refusal]) -> None:
    said = refusals.answer(an_example(kind), "fr")

    sentences = [part for part in f"{said.sentence} {said.next_step}".replace("?", ".").split(".") if part.strip()]
    assert [part for part in sentences if len(part.split()) > 20] == []
    assert said.next_step or kind.__name__ == "AlreadyBooked"


@pytest.mark.parametrize(
    ("refusal", "french", "english"),
    [
        (BookingClosed(MOMENT), "lundi 24 novembre 2031 à 14\u00a0h", "Monday 24 November 2031 at 14:00"),
        (NotYetOpen(MOMENT), "lundi 24 novembre 2031 à 14\u00a0h", "Monday 24 November 2031 at 14:00"),
        (SlotOver(MOMENT), "lundi 24 novembre 2031", "Monday 24 November 2031"),
        (CalledOff("Panne de four"), "Panne de four", "Panne de four"),
        (FewerThanTaken(12), "12 places sont prises.", "12 seats are taken."),
        (SoldOut(0), "La dernière place vient de partir.", "The last seat has just gone."),
        (SoldOut(1, 2), "vont aux personnes de la liste d’attente.", "is for those on the waiting list."),
    ],
)
def test_a_refusal_names_its_facts(refusal: Refusal, french: str, english: str) -> None:
    assert french in refusals.answer(refusal, "fr").sentence
    assert english in refusals.answer(refusal, "en").sentence


@pytest.mark.parametrize("kind", TO_STAFF)
def test_organisers_hear_the_same_refusal_in_words_of_their_own(kind: type[Refusal]) -> None:
    for language in ("fr", "en"):
        public, staff = (said(an_example(kind), language) for said in (refusals.answer, refusals.answer_to_staff))
        assert staff.status == public.status
        assert (staff.sentence, staff.next_step) != (public.sentence, public.next_step)
        assert "%(" not in staff.sentence
    assert refusals.answer_to_staff(SoldOut(2), "en").sentence == "Only 2 seats are left."
    assert refusals.answer_to_staff(BookingClosed(MOMENT), "en") == refusals.answer(BookingClosed(MOMENT), "en")


def test_who_would_be_passed_is_counted() -> None:
    said = refusals.answer(OthersWait(1, 3), "en")
    assert said.sentence == "1 seat is free and 3 are waited for."


def test_called_off_without_a_reason_leaves_it_out() -> None:
    assert refusals.answer(CalledOff(""), "en").sentence == "It will not take place."


def test_who_asks_too_often_hears_when_to_come_back() -> None:
    said = refusals.answer(TooOften(clock.now() + timedelta(seconds=90)), "en")

    assert said.status == 429
    assert 89 <= int(said.headers["Retry-After"]) <= 90
    assert said.next_step.startswith("Try again after ")


def test_the_wait_is_never_nothing() -> None:
    assert refusals.answer(TooOften(clock.now() - timedelta(seconds=5)), "en").headers == {"Retry-After": "1"}


@pytest.mark.parametrize("state", [*STATES, "published"])
def test_where_a_proposal_stands_is_said_to_each_side_and_a_colleague_is_named_to_colleagues_only(state: str) -> None:
    verb = {"asked": "ask", "accepted": "accept", "declined": "decline"}.get(state, "")
    for language in ("fr", "en"):
        moved = ProposalMoved(state, verb, "Ada Vandamme" if verb else "")
        company, campus = (said(moved, language) for said in (refusals.answer, refusals.answer_to_staff))
        assert "Ada" not in company.sentence + company.next_step
        assert ("Ada Vandamme" in campus.sentence) == bool(verb)
        assert company.next_step
        assert campus.next_step


def test_what_a_proposal_lacks_is_named() -> None:
    said = refusals.answer(Incomplete(("kind", "dates")), "en")
    assert said.sentence == "Still missing: Visit or workshop, A date to come."
