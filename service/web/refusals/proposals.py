"""What may be refused to who proposes something, and to who reads it."""

from service.proposals.acceptance import HostWithdrew
from service.proposals.drafting import Incomplete, ProposalChanged
from service.proposals.following import NoNewDate
from service.proposals.record import ProposalMoved, UnknownProposal
from service.proposals.review import DateAnswered
from service.web.refusals.speaking import N_, Sentences, plain

_MOVED = plain(
    N_("It stands elsewhere by now"),
    N_("Something has happened to the proposal meanwhile. Nothing was changed."),
    N_("Open its page again, and go on from there."),
)
SENTENCES: Sentences = {
    UnknownProposal: plain(
        N_("We do not know this proposal"),
        N_("The link is not whole, or a newer one replaced it."),
        N_("Look for the link in our latest e-mail."),
        404,
    ),
    **dict.fromkeys((ProposalMoved, HostWithdrew, Incomplete, ProposalChanged, NoNewDate, DateAnswered), _MOVED),
}
