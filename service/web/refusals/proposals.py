"""What may be refused about a proposal: to the company that made it, and to the organisers who answer it."""

from service.proposals.acceptance import HostWithdrew
from service.proposals.drafting import Incomplete, ProposalChanged
from service.proposals.following import NoNewDate
from service.proposals.record import ProposalMoved, UnknownProposal
from service.proposals.review import DateAnswered
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain

MISSING = {
    "organisation_name": N_("Company or structure"),
    "contact_name": N_("Your first and last name"),
    "kind": N_("Visit or workshop"),
    "title": N_("Title"),
    "words": N_("In a few words"),
    "seats": N_("How many people at a time"),
    "dates": N_("A date to come"),
}
# Where it stands, and what is left to do there: to the company, and to the campus.
STANDS = {
    "draft": (N_("It has not been sent yet."), N_("Send it first.")),
    "submitted": (N_("It is with the campus now."), N_("Nothing is left to do: we write to you.")),
    "asked": (N_("The campus has asked a question."), N_("Answer it on this page.")),
    "accepted": (N_("It has been accepted: the campus prepares the event."), N_("Write to us to change something.")),
    "declined": (N_("The campus could not take it up."), N_("This page says why; you may propose another one.")),
    "withdrawn": (N_("It was withdrawn."), N_("You may propose another one.")),
    "published": (N_("Its event is public."), N_("Tell us on this page if something must change.")),
}
TO_CAMPUS = {
    "draft": N_("The company has not sent it yet."),
    "submitted": N_("It waits for the campus."),
    "asked": N_("It waits for the company’s answer."),
    "accepted": N_("It has been accepted."),
    "declined": N_("It has been declined."),
    "withdrawn": N_("The company has withdrawn it."),
    "published": N_("Its event is public."),
}
BY_COLLEAGUE = {
    "ask": N_("%(name)s has asked the company a question."),
    "accept": N_("%(name)s has accepted it."),
    "decline": N_("%(name)s has declined it."),
}
NEXT = {
    "draft": N_("Wait until it comes in."),
    "submitted": N_("Read what it says now, then decide."),
    "asked": N_("Accept or decline it, or wait for the answer."),
    "accepted": N_("Go on with the event that came of it."),
    "declined": N_("Nothing is left to do."),
    "withdrawn": N_("Nothing is left to do, but for its draft event if it has one."),
    "published": N_("To stop it, call the event off: everybody who booked is told."),
}


def _moved(refusal: ProposalMoved, words: Words, __: str) -> Answer:
    stands, next_step = STANDS[refusal.state]
    unchanged = words.gettext("Nothing was changed.")
    return Answer(
        words.gettext("Your proposal has moved on"), f"{words.gettext(stands)} {unchanged}", words.gettext(next_step)
    )


def _moved_to_campus(refusal: ProposalMoved, words: Words, __: str) -> Answer:
    stands = words.gettext(TO_CAMPUS[refusal.state])
    if refusal.by and refusal.verb in BY_COLLEAGUE:
        stands = words.gettext(BY_COLLEAGUE[refusal.verb]) % {"name": refusal.by}
    unchanged = words.gettext("Nothing was changed.")
    next_step = words.gettext(NEXT[refusal.state])
    return Answer(words.gettext("It has moved on"), f"{stands} {unchanged}", next_step)


def _incomplete(refusal: Incomplete, words: Words, __: str) -> Answer:
    what = ", ".join(words.gettext(MISSING[name]) for name in refusal.missing)
    return Answer(
        words.gettext("Not quite complete"),
        words.gettext("Still missing: %(what)s.") % {"what": what},
        words.gettext("Add it, then send the proposal."),
    )


SENTENCES: Sentences = {
    ProposalMoved: _moved,
    Incomplete: _incomplete,
    UnknownProposal: plain(
        N_("We do not know this proposal"),
        N_("Its link may be cut short, or replaced by a newer one."),
        N_("Have your link sent again: your e-mail address is enough."),
        404,
    ),
    ProposalChanged: plain(
        N_("Somebody else was faster"),
        N_("The proposal was changed since you opened this form."),
        N_("Nothing of yours was saved yet: compare, then save again."),
    ),
    NoNewDate: plain(
        N_("No new date"),
        N_("None of these dates is to come, or all are named already. Nothing was changed."),
        N_("Name another one."),
    ),
    HostWithdrew: plain(
        N_("Its host is no longer there"),
        N_("The proposal that this event came of was withdrawn or declined. Nothing was published."),
        N_("On the page of the proposal, let the event go on without it, or delete the draft."),
    ),
    DateAnswered: plain(
        N_("This date has been answered"),
        N_("Somebody has taken it up or declined it, or it is gone. Nothing was changed."),
        N_("Look at the dates once more."),
    ),
}
# A colleague is named to colleagues only.
TO_STAFF: Sentences = {
    ProposalMoved: _moved_to_campus,
    UnknownProposal: plain(
        N_("We do not know this proposal"),
        N_("It may be of another installation, or the address has a slip in it."),
        N_("Look for it in the list of proposals."),
        404,
    ),
}
