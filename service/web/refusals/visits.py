"""What may be refused to any request: what it asks for is unknown, it comes too often, or from elsewhere."""

import math

from service import clock, i18n
from service.edge.requests import OtherSite, WrongHost
from service.events.details import UnknownEvent
from service.events.places import UnknownHost, UnknownPlace
from service.events.slots import UnknownSlot
from service.limits.keys import KeyReused
from service.limits.rates import TooOften
from service.web.forms import TooFast
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _too_often(refusal: TooOften, words: Words, language: str) -> Answer:
    when = i18n.wall_clock(i18n.local(refusal.retry_at), language)
    return Answer(
        words.gettext("That is a lot at once"),
        words.gettext("Too many requests came from here. Nothing was lost."),
        words.gettext("Try again after %(time)s.") % {"time": when},
        status=429,
        headers={"Retry-After": str(max(1, math.ceil((refusal.retry_at - clock.now()).total_seconds())))},
    )


SENTENCES: Sentences = {
    TooOften: _too_often,
    TooFast: plain(
        N_("That was very fast"),
        N_("The form came back within a second, as robots send it. Nothing was booked."),
        N_("If you are a person, please send it once more: all you typed is still there."),
        422,
    ),
    KeyReused: plain(
        N_("This form was sent before"),
        N_("It was already sent with other details. Nothing was changed."),
        N_("Open the event again and fill in a fresh form."),
        422,
    ),
    OtherSite: plain(
        N_("This form came from another site"),
        N_("For your safety nothing was done."),
        N_("Open our page and send the form from there."),
        403,
    ),
    WrongHost: plain(
        N_("This is not our address"),
        N_("The page was asked for under a name that is not ours."),
        N_("Use the address that you were given."),
        400,
    ),
    UnknownEvent: plain(
        N_("We cannot find this event"),
        N_("It may have moved, or the address has a slip in it."),
        N_("All that is to come stands in the agenda."),
        404,
    ),
    UnknownHost: plain(
        N_("We do not know this host"),
        N_("It may have moved, or the address has a slip in it."),
        N_("All that is to come stands in the agenda."),
        404,
    ),
    UnknownPlace: plain(
        N_("Nothing happens there"),
        N_("No event of ours ever took place under this address."),
        N_("All that is to come stands in the agenda."),
        404,
    ),
    UnknownSlot: plain(
        N_("We cannot find this date"),
        N_("It may have moved, or the address has a slip in it."),
        N_("Choose one of the dates on the event's page."),
        404,
    ),
}
