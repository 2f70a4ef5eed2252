"""What may be refused to who writes an event."""

from service import i18n
from service.events.editing import EventCalledOff
from service.events.publishing import DraftInUse, NotADraft, NotReady
from service.events.retention import KeptTooShort
from service.events.versions import EditedMeanwhile
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain, somebody_was_faster

MISSING = {
    "slot": N_("A date to come is missing."),
    "summary": N_("The sentence below the title is missing."),
    "audience": N_("It does not say who may book."),
}


def _not_ready(refusal: NotReady, words: Words, __: str) -> Answer:
    return Answer(
        words.gettext("Not quite ready"),
        " ".join(words.gettext(MISSING[name]) for name in refusal.missing),
        words.gettext("Add it, then publish."),
    )


def _kept_too_short(refusal: KeptTooShort, words: Words, language: str) -> Answer:
    last = i18n.short_date(refusal.last, language)
    return Answer(
        words.gettext("Too early to erase"),
        words.gettext("The event lasts until %(day)s.") % {"day": last},
        words.gettext("Choose that day or a later one."),
    )


SENTENCES: Sentences = {
    EditedMeanwhile: somebody_was_faster,
    NotReady: _not_ready,
    KeptTooShort: _kept_too_short,
    EventCalledOff: plain(
        N_("This event is called off"),
        N_("It stays as it is, for those who look for it. Nothing was changed."),
        N_("Duplicate it to plan it again."),
    ),
    NotADraft: plain(
        N_("This event is public"),
        N_("Only a draft can be deleted. Nothing was changed."),
        N_("Call it off instead: everybody who booked is told."),
    ),
    DraftInUse: plain(
        N_("This draft is in use"),
        N_("Somebody is booked or expected there, or a company’s accepted proposal needs it. Nothing was deleted."),
        N_("Remove them or decline the proposal first, or keep the draft."),
    ),
}
