"""What may be refused at the door, to who opens it to others, and to who asks for a certificate."""

from service import i18n
from service.attendance.certificates import MoreThanCame, NoPresence, NotOverYet
from service.attendance.check_in import MoreThanBooked, NotExpected, NotOnTheList, StillWaiting
from service.attendance.closing import NotBegun
from service.attendance.days import DoorNotOpen, DoorOver
from service.attendance.doors import DoorLinkNotYet, DoorLinkOver, UnknownDoor
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _not_open(refusal: DoorNotOpen, words: Words, language: str) -> Answer:
    day = i18n.short_date(i18n.local(refusal.opens_at).date(), language)
    return Answer(
        words.gettext("Not today"),
        words.gettext("People are checked in on the day itself: %(day)s.") % {"day": day},
        words.gettext("Nothing was noted."),
    )


def _over(refusal: DoorOver, words: Words, language: str) -> Answer:
    when = i18n.at_moment(i18n.local(refusal.since), language)
    return Answer(
        words.gettext("This day is over"),
        words.gettext("Presences could be noted until %(moment)s.") % {"moment": when},
        words.gettext("What was noted stays as it is."),
    )


def _link_not_yet(refusal: DoorLinkNotYet, words: Words, language: str) -> Answer:
    day = i18n.short_date(i18n.local(refusal.opens_at).date(), language)
    return Answer(
        words.gettext("This link opens on the day itself"),
        words.gettext("It will open the door on %(day)s.") % {"day": day},
        words.gettext("Keep it, and come back then."),
        status=404,
    )


def _not_expected(refusal: NotExpected, words: Words, language: str) -> Answer:
    when = i18n.at_moment(i18n.local(refusal.since), language)
    return Answer(
        words.gettext("This booking is cancelled"),
        words.gettext("It has held no seat since %(moment)s.") % {"moment": when},
        words.gettext("If there is room, count one more person who had not booked."),
    )


def _more_than_booked(refusal: MoreThanBooked, words: Words, _: str) -> Answer:
    booked = words.ngettext(
        "%(num)s seat is booked for them, not more.", "%(num)s seats are booked for them, not more.", refusal.seats
    )
    return Answer(
        words.gettext("More than they booked"),
        booked % {"num": refusal.seats},
        words.gettext("Count whoever comes besides as not booked."),
    )


def _not_begun(refusal: NotBegun, words: Words, language: str) -> Answer:
    when = i18n.at_moment(i18n.local(refusal.opens_at), language)
    return Answer(
        words.gettext("Nobody is absent yet"),
        words.gettext("It begins on %(moment)s.") % {"moment": when},
        words.gettext("Mark the absent once it has begun."),
    )


def _not_over_yet(refusal: NotOverYet, words: Words, language: str) -> Answer:
    when = i18n.at_moment(i18n.local(refusal.ends_at), language)
    return Answer(
        words.gettext("No certificate yet"),
        words.gettext("There is one after the end: %(moment)s.") % {"moment": when},
        words.gettext("Come back then, by the same link."),
    )


def _more_than_came(refusal: MoreThanCame, words: Words, _: str) -> Answer:
    came = words.ngettext(
        "%(num)s person of the class was counted at the door.",
        "%(num)s people of the class were counted at the door.",
        refusal.people,
    )
    return Answer(
        words.gettext("More names than people who came"),
        came % {"num": refusal.people},
        words.ngettext(
            "%(num)s name is ticked: untick who was absent.",
            "%(num)s names are ticked: untick who was absent.",
            refusal.names,
        )
        % {"num": refusal.names},
    )


SENTENCES: Sentences = {
    DoorNotOpen: _not_open,
    DoorOver: _over,
    DoorLinkNotYet: _link_not_yet,
    DoorLinkOver: plain(
        N_("This link is over"),
        N_("It opened the door for one day only, and that day is over."),
        N_("Ask an organiser, if something must be put right."),
        404,
    ),
    UnknownDoor: plain(
        N_("This link opens no door"),
        N_("It was withdrawn or renewed, or the address has a slip in it."),
        N_("Ask an organiser to show you the code of today."),
        404,
    ),
    NotExpected: _not_expected,
    StillWaiting: plain(
        N_("On the waiting list"),
        N_("No seat is theirs."),
        N_("If there is room, count one more person who had not booked."),
    ),
    NotOnTheList: plain(
        N_("Not on this list"),
        N_("No booking of this date has this code."),
        N_("Look the name up, or count one more person who had not booked."),
    ),
    MoreThanBooked: _more_than_booked,
    NotBegun: _not_begun,
    NotOverYet: _not_over_yet,
    NoPresence: plain(
        N_("No certificate"),
        N_("Nobody noted a presence for this booking."),
        N_("If you were there, write to the campus: it can put that right."),
        404,
    ),
    MoreThanCame: _more_than_came,
}
