"""A sentence for every refusal: what is so, and what one can do next."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from gettext import NullTranslations
from typing import Any

from service import clock, i18n
from service.bookings.attendees import AlreadyOver, TooManyNames
from service.bookings.changes import AddressSettled, AlreadyStarted, TooLateToRestore
from service.bookings.dossiers import UnknownLink
from service.bookings.groups import ClassTooLarge, TooFewChaperones
from service.bookings.invitations import NoInvitation
from service.bookings.numbers import NothingToCount
from service.bookings.options import OptionOver
from service.bookings.pending import AuthorisationOver, NothingPending, UnknownAuthorisation
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.waiting import FewerThanTaken, OfferOver, TooLateToWait
from service.edge.loading import NotAllowed, NotSignedIn
from service.edge.requests import OtherSite, WrongHost
from service.events.details import UnknownEvent
from service.events.places import UnknownHost, UnknownPlace
from service.events.slots import (
    BookingClosed,
    CalledOff,
    ClassesOnly,
    MembersOnly,
    NoClasses,
    NotYetOpen,
    SlotOver,
    UnknownSlot,
)
from service.limits.keys import KeyReused
from service.limits.rates import TooOften
from service.people.sessions import UnknownSession
from service.people.sign_in import OtherBrowser, WayInOver, WrongCode
from service.people.staff import AlreadyStaff, LastAdmin, UnknownPerson
from service.refusal import Refusal
from service.web.forms import Form, TooFast


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says, under which status."""

    title: str
    sentence: str
    next_step: str = ""
    status: int = 409
    headers: Mapping[str, str] = field(default_factory=dict)


Words = NullTranslations
Speaker = Callable[[Any, Words, str], Answer]


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


def to_the_queue(said: Answer, language: str) -> Answer:
    """The answer on a page whose form holds the waiting list ready: one more press joins it."""
    words = i18n.translations(language)
    return replace(said, next_step=words.gettext("Press the button once more to join the waiting list."))


def standing(form: Form, refusal: Answer | None) -> dict[str, Any]:
    """How a page stands around its form: fresh (200), with mistakes (422), or under a refusal."""
    if refusal:
        return {"status": refusal.status, "headers": refusal.headers, "refusal": refusal}
    return {"status": 200 if form.ok else 422, "refusal": None}


def _sold_out(refusal: SoldOut, words: Words, __: str) -> Answer:
    others = words.gettext("Choose another date, or look at the other events of the agenda.")
    if refusal.seats_waiting:
        promised = words.gettext("What comes free is for those on the waiting list. Nothing was booked.")
        return Answer(words.gettext("No seat left"), promised, others)
    return Answer(
        words.gettext("No seat left"), words.gettext("The last seat has just gone. Nothing was booked."), others
    )


def _fewer_than_taken(refusal: FewerThanTaken, words: Words, __: str) -> Answer:
    taken = words.ngettext("%(num)s seat is taken.", "%(num)s seats are taken.", refusal.seats_taken)
    return Answer(
        words.gettext("Too few seats"),
        taken % {"num": refusal.seats_taken},
        words.gettext("Choose at least that number, or cancel bookings first."),
    )


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


def _closed(refusal: BookingClosed, words: Words, language: str) -> Answer:
    since = i18n.at_moment(i18n.local(refusal.since), language)
    return Answer(
        words.gettext("Booking is closed"),
        words.gettext("The list has been closed since %(since)s.") % {"since": since},
        words.gettext("Write to us: an organiser may still be able to add you."),
    )


def _not_yet(refusal: NotYetOpen, words: Words, language: str) -> Answer:
    opens = i18n.at_moment(i18n.local(refusal.opens_at), language)
    return Answer(
        words.gettext("Booking is not open yet"),
        words.gettext("You can book from %(opens)s.") % {"opens": opens},
        words.gettext("Come back then: the page will show the form."),
    )


def _called_off(refusal: CalledOff, words: Words, __: str) -> Answer:
    reason = words.gettext("Reason given: %(reason)s.") % {"reason": refusal.reason} if refusal.reason else ""
    return Answer(
        words.gettext("This date is called off"),
        " ".join(filter(None, [words.gettext("It will not take place."), reason])),
        words.gettext("Choose another date, or look at the other events of the agenda."),
    )


def _over(refusal: SlotOver, words: Words, language: str) -> Answer:
    ended = i18n.short_date(i18n.local(refusal.ended_at).date(), language)
    return Answer(
        words.gettext("This date is over"),
        words.gettext("It took place on %(day)s.") % {"day": ended},
        words.gettext("Look at what comes next in the agenda."),
    )


def _started(refusal: AlreadyStarted, words: Words, language: str) -> Answer:
    since = i18n.at_moment(i18n.local(refusal.since), language)
    return Answer(
        words.gettext("It has already begun"),
        words.gettext("It began on %(since)s: the booking can no longer be changed here.") % {"since": since},
        words.gettext("Write to us if something is wrong."),
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


def _too_often(refusal: TooOften, words: Words, language: str) -> Answer:
    when = i18n.wall_clock(i18n.local(refusal.retry_at), language)
    return Answer(
        words.gettext("That is a lot at once"),
        words.gettext("Too many requests came from here. Nothing was lost."),
        words.gettext("Try again after %(time)s.") % {"time": when},
        status=429,
        headers={"Retry-After": str(max(1, math.ceil((refusal.retry_at - clock.now()).total_seconds())))},
    )


def _plain(title: str, sentence: str, next_step: str = "", status: int = 409) -> Speaker:
    """A refusal without facts: its English sentences are looked up when they are said."""

    def speak(_: Refusal, words: Words, __: str) -> Answer:
        return Answer(words.gettext(title), words.gettext(sentence), next_step and words.gettext(next_step), status)

    return speak


def N_(message: str) -> str:  # noqa: N802 - the name that extraction tools look for
    """Mark a sentence for the catalogue."""
    return message


SENTENCES: dict[type[Refusal], Speaker] = {
    SoldOut: _sold_out,
    BookingClosed: _closed,
    NotYetOpen: _not_yet,
    CalledOff: _called_off,
    SlotOver: _over,
    AlreadyStarted: _started,
    TooOften: _too_often,
    TooManyNames: _too_many_names,
    AlreadyOver: _list_over,
    FewerThanTaken: _fewer_than_taken,
    TooLateToWait: _plain(
        N_("Too late for the waiting list"),
        N_("In the last hour before closing, the waiting list takes nobody any more. Nothing was booked."),
        N_("A seat that comes free now is open to all: look again."),
    ),
    OfferOver: _plain(
        N_("The offer is over"),
        N_("Its time has run out, or it was answered already. Nothing was changed."),
        N_("This page says where you stand now."),
    ),
    TooFewChaperones: _too_few_chaperones,
    ClassTooLarge: _class_too_large,
    OptionOver: _plain(
        N_("Your option is over"),
        N_("Its time has run out, or it was given back. Nothing was changed."),
        N_("This page says where you stand now."),
    ),
    NothingToCount: _plain(
        N_("There is nothing to change here"),
        N_("This class has no seats in this slot. Nothing was changed."),
        N_("To come with nobody, cancel instead."),
    ),
    NoClasses: _plain(
        N_("Not for classes"),
        N_("This event takes single visitors, no classes."),
        N_("Each pupil may book alone, or look for another event in the agenda."),
        404,
    ),
    AlreadyBooked: _plain(
        N_("Check your mailbox"), N_("If a booking exists for this address, its link is on its way.")
    ),
    MembersOnly: _plain(
        N_("For members only"),
        N_("This assembly is for the members of the association."),
        N_("Members answer as their convocation says."),
    ),
    ClassesOnly: _plain(
        N_("For classes only"),
        N_("This event takes classes, not single visitors."),
        N_("Ask your teacher, or write to us."),
    ),
    TooLateToRestore: _plain(
        N_("Too late to take it back"),
        N_("A cancellation can be taken back for 15 minutes."),
        N_("If seats are left, simply book again."),
    ),
    AddressSettled: _plain(
        N_("The address is settled"),
        N_("Somebody has already answered from this address, so it can no longer be changed here."),
        N_("Write to us: an organiser can change it."),
    ),
    TooFast: _plain(
        N_("That was very fast"),
        N_("The form came back within a second, as robots send it. Nothing was booked."),
        N_("If you are a person, please send it once more: all you typed is still there."),
        422,
    ),
    KeyReused: _plain(
        N_("This form was sent before"),
        N_("It was already sent with other details. Nothing was changed."),
        N_("Open the event again and fill in a fresh form."),
        422,
    ),
    WayInOver: _plain(
        N_("This way in is over"),
        N_("It was used, it is older than ten minutes, or its code was mistyped five times."),
        N_("Ask for a new e-mail."),
        410,
    ),
    WrongCode: _plain(
        N_("This is not the code"),
        N_("Only the code of the last e-mail works, and you have five tries."),
        N_("Look at it again, then type it once more."),
        422,
    ),
    OtherBrowser: _plain(
        N_("Another browser asked for this e-mail"),
        N_("The link alone opens the office only there."),
        N_("Type the code of the e-mail here, or go back to that browser."),
    ),
    UnknownSession: _plain(
        N_("This session is over"),
        N_("It has ended, or was never yours."),
        N_("Look at the sessions that you have."),
        404,
    ),
    NotSignedIn: _plain(
        N_("Please sign in"),
        N_("This page is for the staff of the campus. If you were signed in, your session is over."),
        N_("Nothing was changed: sign in, then do it again."),
        401,
    ),
    NotAllowed: _plain(
        N_("Not with your role"),
        N_("You are signed in, but your role does not reach this page."),
        N_("Ask an administrator of the campus."),
        403,
    ),
    UnknownPerson: _plain(
        N_("We do not know this person"),
        N_("Nobody of the staff stands under this address."),
        N_("Look at the list of the staff."),
        404,
    ),
    AlreadyStaff: _plain(
        N_("Already there"),
        N_("Somebody signs in with this address already. Nothing was changed."),
        N_("Change their role instead, or add another address."),
    ),
    LastAdmin: _plain(
        N_("The last administrator stays"),
        N_("Nobody else could change the staff any more. Nothing was changed."),
        N_("Make somebody else an administrator first."),
    ),
    OtherSite: _plain(
        N_("This form came from another site"),
        N_("For your safety nothing was done."),
        N_("Open our page and send the form from there."),
        403,
    ),
    WrongHost: _plain(
        N_("This is not our address"),
        N_("The page was asked for under a name that is not ours."),
        N_("Use the address that you were given."),
        400,
    ),
    UnknownEvent: _plain(
        N_("We cannot find this event"),
        N_("It may have moved, or the address has a slip in it."),
        N_("All that is to come stands in the agenda."),
        404,
    ),
    UnknownHost: _plain(
        N_("We do not know this host"),
        N_("It may have moved, or the address has a slip in it."),
        N_("All that is to come stands in the agenda."),
        404,
    ),
    UnknownPlace: _plain(
        N_("Nothing happens there"),
        N_("No event of ours ever took place under this address."),
        N_("All that is to come stands in the agenda."),
        404,
    ),
    UnknownSlot: _plain(
        N_("We cannot find this date"),
        N_("It may have moved, or the address has a slip in it."),
        N_("Choose one of the dates on the event's page."),
        404,
    ),
    NoInvitation: _plain(
        N_("No calendar file"),
        N_("A booking without an e-mail address, or on the waiting list, has no invitation."),
        N_("Note the date from the booking's page."),
        404,
    ),
    NothingPending: _plain(
        N_("Nothing is awaited any more"),
        N_("The booking was answered, or its time has run out. Nothing was changed."),
        N_("Open the booking again: its page says where it stands."),
    ),
    AuthorisationOver: _plain(
        N_("Your answer is no longer needed"),
        N_("The request was answered or cancelled, or its time has run out. Nothing was changed."),
        N_("To ask for a seat again, book it anew from the page of the event."),
    ),
    UnknownAuthorisation: _plain(
        N_("We do not know this link"),
        N_("It may be cut short or replaced by a newer one, or the request was erased."),
        N_("Look for a newer e-mail from us, or write to us."),
        404,
    ),
    UnknownLink: _plain(
        N_("We do not know this link"),
        N_("It may be cut short, or replaced by a newer one."),
        N_("Have your link sent again: your e-mail address is enough."),
        404,
    ),
}
