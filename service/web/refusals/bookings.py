"""What may be refused to whoever books alone, and what any booking meets."""

from service import i18n
from service.bookings.addresses import AddressSettled
from service.bookings.changes import AlreadyStarted, TooLateToRestore
from service.bookings.dossiers import UnknownLink
from service.bookings.invitations import NoInvitation
from service.bookings.pending import AuthorisationOver, NothingPending, UnknownAuthorisation
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.waiting import FewerThanTaken, OfferOver, TooLateToWait
from service.events.slots import BookingClosed, CalledOff, ClassesOnly, MembersOnly, NotYetOpen, SlotOver
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _sold_out(refusal: SoldOut, words: Words, __: str) -> Answer:
    others = words.gettext("Choose another date, or look at the other events of the agenda.")
    if refusal.seats_waiting:
        promised = words.gettext("What comes free is for those on the waiting list. Nothing was booked.")
        return Answer(words.gettext("No seat left"), promised, others)
    return Answer(
        words.gettext("No seat left"), words.gettext("The last seat has just gone. Nothing was booked."), others
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


def _fewer_than_taken(refusal: FewerThanTaken, words: Words, __: str) -> Answer:
    taken = words.ngettext("%(num)s seat is taken.", "%(num)s seats are taken.", refusal.seats_taken)
    return Answer(
        words.gettext("Too few seats"),
        taken % {"num": refusal.seats_taken},
        words.gettext("Choose at least that number, or cancel bookings first."),
    )


SENTENCES: Sentences = {
    SoldOut: _sold_out,
    BookingClosed: _closed,
    NotYetOpen: _not_yet,
    CalledOff: _called_off,
    SlotOver: _over,
    AlreadyStarted: _started,
    TooLateToWait: plain(
        N_("Too late for the waiting list"),
        N_("In the last hour before closing, the waiting list takes nobody any more. Nothing was booked."),
        N_("A seat that comes free now is open to all: look again."),
    ),
    OfferOver: plain(
        N_("The offer is over"),
        N_("Its time has run out, or it was answered already. Nothing was changed."),
        N_("This page says where you stand now."),
    ),
    AlreadyBooked: plain(N_("Check your mailbox"), N_("If a booking exists for this address, its link is on its way.")),
    MembersOnly: plain(
        N_("For members only"),
        N_("This assembly is for the members of the association."),
        N_("Members answer as their convocation says."),
    ),
    ClassesOnly: plain(
        N_("For classes only"),
        N_("This event takes classes, not single visitors."),
        N_("Ask your teacher, or write to us."),
    ),
    TooLateToRestore: plain(
        N_("Too late to take it back"),
        N_("A cancellation can be taken back for 15 minutes."),
        N_("If seats are left, simply book again."),
    ),
    AddressSettled: plain(
        N_("The address is settled"),
        N_("Somebody has already answered from this address, so it can no longer be changed here."),
        N_("Write to us: an organiser can change it."),
    ),
    UnknownLink: plain(
        N_("We do not know this link"),
        N_("It may be cut short, or replaced by a newer one."),
        N_("Have your link sent again: your e-mail address is enough."),
        404,
    ),
    NoInvitation: plain(
        N_("No calendar file"),
        N_("A booking without an e-mail address, or on the waiting list, has no invitation."),
        N_("Note the date from the booking's page."),
        404,
    ),
    NothingPending: plain(
        N_("Nothing is awaited any more"),
        N_("The booking was answered, or its time has run out. Nothing was changed."),
        N_("Open the booking again: its page says where it stands."),
    ),
    AuthorisationOver: plain(
        N_("Your answer is no longer needed"),
        N_("The request was answered or cancelled, or its time has run out. Nothing was changed."),
        N_("To ask for a seat again, book it anew from the page of the event."),
    ),
    UnknownAuthorisation: plain(
        N_("We do not know this link"),
        N_("It may be cut short or replaced by a newer one, or the request was erased."),
        N_("Look for a newer e-mail from us, or write to us."),
        404,
    ),
    FewerThanTaken: _fewer_than_taken,
}
