"""What may be refused to who plans, moves and calls off the dates of an event."""

from service import i18n
from service.bookings.moving import HasBegun, InUse, WasCalledOff
from service.events.dates import DatesChanged, PastDate
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _past(refusal: PastDate, words: Words, language: str) -> Answer:
    when = i18n.at_moment(i18n.local(refusal.starts_at), language)
    return Answer(
        words.gettext("This date is in the past"),
        words.gettext("It would have begun on %(moment)s. Nothing was changed.") % {"moment": when},
        words.gettext("Choose a later one."),
    )


def _begun(refusal: HasBegun, words: Words, language: str) -> Answer:
    since = i18n.at_moment(i18n.local(refusal.since), language)
    return Answer(
        words.gettext("This date has begun"),
        words.gettext("It began on %(since)s: it can no longer be changed or called off.") % {"since": since},
        words.gettext("Its attendance sheet and its bookings stay as they are."),
    )


def _was_called_off(refusal: WasCalledOff, words: Words, __: str) -> Answer:
    reason = words.gettext("Reason given: %(reason)s.") % {"reason": refusal.reason} if refusal.reason else ""
    return Answer(
        words.gettext("This date was called off"),
        " ".join(filter(None, [words.gettext("Those who had booked were written to."), reason])),
        words.gettext("It stays called off: add a new date instead."),
    )


SENTENCES: Sentences = {
    PastDate: _past,
    HasBegun: _begun,
    WasCalledOff: _was_called_off,
    DatesChanged: plain(
        N_("The dates have changed meanwhile"),
        N_("Somebody added or deleted dates, or this form was sent twice. Nothing was added."),
        N_("Look at the marks below, then add what is still missing."),
    ),
    InUse: plain(
        N_("This date is in use"),
        N_("Somebody booked it, or its host or its door knows of it. Nothing was deleted."),
        N_("Call it off instead: those who booked are told."),
    ),
}
