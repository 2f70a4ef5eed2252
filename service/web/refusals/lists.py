"""What may be refused to who writes to many."""

from service.bookings.messages import NobodyToWriteTo
from service.web.refusals.speaking import N_, Sentences, plain

SENTENCES: Sentences = {
    NobodyToWriteTo: plain(
        N_("Nobody to write to"),
        N_("None of these people has an e-mail address, or nobody is among them any more. Nothing was sent."),
        N_("Choose others, and look again."),
    ),
}
