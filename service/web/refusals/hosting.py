"""What may be refused to who hosts an event."""

from service import i18n
from service.proposals.following import HostedNoMore
from service.proposals.lists import ListStillOpen, NamesPutAway, NoNamesForHost
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain


def _still_open(refusal: ListStillOpen, words: Words, language: str) -> Answer:
    closes = i18n.at_moment(i18n.local(refusal.closes_at), language)
    return Answer(
        words.gettext("The list is not final yet"),
        words.gettext("People can book until %(moment)s.") % {"moment": closes},
        words.gettext("Come back then: the final list will stand here."),
    )


SENTENCES: Sentences = {
    ListStillOpen: _still_open,
    NoNamesForHost: plain(
        N_("This list holds no names"),
        N_("The host of this event does not receive the names of those who come."),
        N_("If your site needs them, ask the campus."),
        403,
    ),
    NamesPutAway: plain(
        N_("The names are put away"),
        N_("The visit is over: nobody needs the names any more."),
        N_("For a question about somebody, write to the campus."),
    ),
    HostedNoMore: plain(
        N_("This event is called off"),
        N_("It takes no new dates any more. Nothing was changed."),
        N_("To plan it again, write to the campus or propose it anew."),
    ),
}
