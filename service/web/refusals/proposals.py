"""What may be refused to who proposes, hosts or reviews."""

from service.proposals.acceptance import HostWithdrew
from service.proposals.drafting import Incomplete, ProposalChanged
from service.proposals.following import NoNewDate
from service.proposals.record import ProposalMoved, UnknownProposal
from service.proposals.review import DateAnswered
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain

STEPS = {
    "": N_("Its state has changed meanwhile."),
    "submit": N_("It was handed in meanwhile."),
    "ask": N_("A question was asked meanwhile."),
    "answer": N_("The company has answered meanwhile."),
    "accept": N_("It was accepted meanwhile."),
    "decline": N_("It was declined meanwhile."),
    "withdraw": N_("The company has withdrawn it meanwhile."),
}


def _moved(refusal: ProposalMoved, words: Words, __: str) -> Answer:
    by = words.gettext("%(name)s was faster.") % {"name": refusal.by} if refusal.by else ""
    step = words.gettext(STEPS.get(refusal.verb, STEPS[""]))
    return Answer(
        words.gettext("The proposal has moved on"),
        " ".join(filter(None, [by, step])),
        words.gettext("Nothing of yours was sent: look at where it stands now."),
    )


SENTENCES: Sentences = {
    ProposalMoved: _moved,
    UnknownProposal: plain(
        N_("We do not know this proposal"),
        N_("No proposal has this link."),
        N_("Look at the link in our last e-mail."),
        404,
    ),
    HostWithdrew: plain(
        N_("The company hosts it no more"),
        N_("Its proposal was withdrawn or declined. Nothing was published."),
        N_("Go on without it, or delete the draft."),
    ),
    DateAnswered: plain(
        N_("This date is answered already"),
        N_("Somebody took or declined it meanwhile, or it is gone. Nothing was changed."),
        N_("Look at the dates as they stand now."),
    ),
    ProposalChanged: plain(
        N_("It was changed meanwhile"),
        N_("Somebody saved other changes since you opened this page. Nothing was saved."),
        N_("Look at it again, then save once more."),
    ),
    NoNewDate: plain(
        N_("No new date"),
        N_("These dates are past, or they are named already. Nothing was added."),
        N_("Name another one."),
    ),
    Incomplete: plain(
        N_("Something is missing"),
        N_("A proposal is handed in whole. Nothing was sent."),
        N_("Add what is missing, then hand it in."),
        422,
    ),
}
