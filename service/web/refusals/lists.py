"""What may be refused to who writes to many, or adds many at once."""

from service.bookings.imports import PeopleThere, TooManyPeople
from service.bookings.messages import NobodyToWriteTo
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _too_many(refusal: TooManyPeople, words: Words, __: str) -> Answer:
    people = words.ngettext("%(num)s person", "%(num)s people", refusal.people) % {"num": refusal.people}
    left = words.ngettext("%(num)s seat left", "%(num)s seats left", refusal.seats_left) % {"num": refusal.seats_left}
    too_many = refusal.people - refusal.seats_left
    said = words.ngettext(
        "The list names %(people)s, for %(left)s: %(num)s too many.",
        "The list names %(people)s, for %(left)s: %(num)s too many.",
        too_many,
    )
    return Answer(
        words.gettext("Not enough seats for the list"),
        said % {"people": people, "left": left, "num": too_many},
        words.gettext("Nobody was added. Shorten the list, or give the date more seats."),
    )


def _there(refusal: PeopleThere, words: Words, __: str) -> Answer:
    booked = words.ngettext(
        "%(num)s person of the list has booked meanwhile.",
        "%(num)s people of the list have booked meanwhile.",
        refusal.people,
    )
    return Answer(
        words.gettext("Somebody was faster"),
        booked % {"num": refusal.people},
        words.gettext("Nobody was added. Take them off the list, and check it again."),
    )


SENTENCES: Sentences = {
    TooManyPeople: _too_many,
    PeopleThere: _there,
    NobodyToWriteTo: plain(
        N_("Nobody to write to"),
        N_("None of these people has an e-mail address, or nobody is among them any more. Nothing was sent."),
        N_("Choose others, and look again."),
    ),
}
