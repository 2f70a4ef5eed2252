"""What may be refused to a teacher."""

from service import i18n
from service.bookings.attendees import AlreadyOver, TooManyNames
from service.bookings.groups import ClassTooLarge, TooFewChaperones
from service.bookings.numbers import NothingToCount
from service.bookings.options import OptionOver
from service.events.slots import NoClasses
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _too_few_chaperones(refusal: TooFewChaperones, words: Words, __: str) -> Answer:
    needed = words.ngettext(
        "So many pupils need %(num)s chaperone.", "So many pupils need %(num)s chaperones.", refusal.needed
    )
    return Answer(
        words.gettext("More chaperones are needed"),
        needed % {"num": refusal.needed},
        words.gettext("Each group carries its own. Nothing was changed."),
    )


def _class_too_large(refusal: ClassTooLarge, words: Words, __: str) -> Answer:
    most = words.ngettext(
        "At most %(num)s seat for a class, chaperones included.",
        "At most %(num)s seats for a class, chaperones included.",
        refusal.most,
    )
    return Answer(
        words.gettext("The class is too large"),
        most % {"num": refusal.most},
        words.gettext("Come with fewer, or write to us. Nothing was changed."),
    )


def _too_many_names(refusal: TooManyNames, words: Words, __: str) -> Answer:
    counted = words.ngettext("There is %(num)s name", "There are %(num)s names", refusal.names)
    pupils = words.ngettext("for %(num)s pupil.", "for %(num)s pupils.", refusal.pupils)
    return Answer(
        words.gettext("More names than pupils"),
        f"{counted % {'num': refusal.names}} {pupils % {'num': refusal.pupils}}",
        words.gettext("Take some out, or change the number of pupils first."),
    )


def _list_over(refusal: AlreadyOver, words: Words, language: str) -> Answer:
    since = i18n.at_moment(i18n.local(refusal.since), language)
    return Answer(
        words.gettext("This date is over"),
        words.gettext("It ended on %(since)s: its names can no longer be changed.") % {"since": since},
        words.gettext("Write to us if something is wrong."),
    )


SENTENCES: Sentences = {
    TooManyNames: _too_many_names,
    AlreadyOver: _list_over,
    TooFewChaperones: _too_few_chaperones,
    ClassTooLarge: _class_too_large,
    OptionOver: plain(
        N_("Your option is over"),
        N_("Its time has run out, or it was given back. Nothing was changed."),
        N_("This page says where you stand now."),
    ),
    NothingToCount: plain(
        N_("There is nothing to change here"),
        N_("This class has no seats in this slot. Nothing was changed."),
        N_("To come with nobody, cancel instead."),
    ),
    NoClasses: plain(
        N_("Not for classes"),
        N_("This event takes single visitors, no classes."),
        N_("Each pupil may book alone, or look for another event in the agenda."),
        404,
    ),
}
