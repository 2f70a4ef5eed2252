"""What may be refused to who keeps the structures and their people."""

from service.people.contacts import KnownContact, UnknownContact
from service.people.structures import OrganisationChanged, SameName, UnknownOrganisation
from service.proposals.merging import AlreadyMerged, SameOrganisation
from service.web.refusals.speaking import N_, Answer, Sentences, Words, plain, somebody_was_faster


def _same_name(refusal: SameName, words: Words, __: str) -> Answer:
    return Answer(
        words.gettext("This name is taken"),
        words.gettext("There is a structure “%(name)s” already. Nothing was saved.") % {"name": refusal.name},
        words.gettext("Open it, or merge the two if they are one."),
    )


def _known_contact(refusal: KnownContact, words: Words, __: str) -> Answer:
    return Answer(
        words.gettext("Already there"),
        words.gettext("%(name)s has this address already. Nothing was saved.") % {"name": refusal.name},
        words.gettext("Correct them instead, or type another address."),
    )


def _already_merged(refusal: AlreadyMerged, words: Words, __: str) -> Answer:
    into = words.gettext("One of the two was merged with “%(name)s” a moment ago.") % {"name": refusal.name}
    return Answer(
        words.gettext("Somebody else was faster"),
        into if refusal.name else words.gettext("One of the two is not there any more."),
        words.gettext("Nothing was changed: look at the list."),
    )


SENTENCES: Sentences = {
    OrganisationChanged: somebody_was_faster,
    SameName: _same_name,
    KnownContact: _known_contact,
    AlreadyMerged: _already_merged,
    UnknownOrganisation: plain(
        N_("We do not know this structure"),
        N_("None stands under this address."),
        N_("Look at the list of the structures."),
        404,
    ),
    UnknownContact: plain(
        N_("We do not know this person"),
        N_("Nobody of this structure stands under this address."),
        N_("Look at the page of the structure."),
        404,
    ),
    SameOrganisation: plain(
        N_("This is one and the same"),
        N_("A structure cannot be merged with itself."),
        N_("Choose the other one."),
        422,
    ),
}
