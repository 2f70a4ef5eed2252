"""What may be refused to organisers about bookings; and what they hear otherwise than the public does."""

from service.bookings.by_hand import NotSo, OthersWait
from service.bookings.changes import AlreadyStarted, UnknownBooking
from service.bookings.decisions import NoAddress
from service.bookings.seats import AlreadyBooked, SoldOut
from service.bookings.waiting import TooLateToWait
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _others_wait(refusal: OthersWait, words: Words, __: str) -> Answer:
    free = words.ngettext("%(num)s seat is free", "%(num)s seats are free", refusal.seats_left)
    wait = words.ngettext("and %(num)s is waited for.", "and %(num)s are waited for.", refusal.seats_waiting)
    return Answer(
        words.gettext("Others wait for these seats"),
        f"{free % {'num': refusal.seats_left}} {wait % {'num': refusal.seats_waiting}}",
        words.gettext("To pass those who wait, tick the box. The journal keeps it."),
    )


def _sold_out(refusal: SoldOut, words: Words, __: str) -> Answer:
    left = words.ngettext("Only %(num)s seat is left.", "Only %(num)s seats are left.", refusal.seats_left)
    return Answer(
        words.gettext("Not enough seats"),
        left % {"num": refusal.seats_left} if refusal.seats_left else words.gettext("Every seat is taken."),
        words.gettext("Nothing was changed. Give the date more seats, or choose another."),
    )


SENTENCES: Sentences = {
    OthersWait: _others_wait,
    NotSo: plain(
        N_("It has moved on"),
        N_("This cannot be done to a booking that stands like this. Nothing was changed."),
        N_("Look at where it stands now."),
    ),
    NoAddress: plain(
        N_("Nobody to write to"),
        N_("This booking was entered without an e-mail address."),
        N_("Add an address first, or telephone."),
    ),
    UnknownBooking: plain(
        N_("We do not know this booking"),
        N_("It may be of another installation, or the address has a slip in it."),
        N_("Look for it in the list of its date."),
        404,
    ),
}
# To organisers, "write to us" is no advice, and what a stranger must not learn is.
TO_STAFF: Sentences = {
    SoldOut: _sold_out,
    AlreadyBooked: plain(
        N_("Already booked"),
        N_("This person, this class or this address has a booking on this date already. Nothing was changed."),
        N_("Look for it in the list; a cancelled one can be restored."),
    ),
    AlreadyStarted: plain(
        N_("It has already begun"),
        N_("What was booked stays as it was when it began."),
        N_("Who came is noted at the door."),
    ),
    TooLateToWait: plain(
        N_("Too late for the waiting list"),
        N_("In the last hour before closing, nothing is offered to it any more. Nothing was changed."),
        N_("Give the date more seats, or choose another."),
    ),
}
