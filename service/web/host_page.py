"""The page of a host, under the link of its proposal: who comes to each date, and what was said afterwards."""

from litestar import Response

from service import i18n
from service.proposals import hosting
from service.proposals.links import token_of
from service.proposals.tables import AGAIN, Proposal
from service.web.forms import Form
from service.web.pages import Visit, language, page
from service.web.refusals import Answer, standing

DONE = ("dates", "report", "feedback")


def address_of(proposal: Proposal) -> str:
    """The path of a proposal's page."""
    return f"/proposals/{token_of(proposal.id, proposal.generation)}"


async def answer(
    request: Visit, proposal: Proposal, form: Form, refused: Answer | None = None, sent: str = ""
) -> Response[str]:
    """The page of a proposal whose event was published, with what was typed and what was refused.

    ``sent`` says which of its forms that was (one of DONE). Refuses: ProposalMoved, where there is no such event.
    """
    hosted = await hosting.load(proposal)
    kept = {"again": proposal.again, "words": hosted.looked_back}
    fresh = Form({}, language(request))
    return page(
        request,
        "proposals/host",
        **standing(form, refused),
        here=address_of(proposal),
        link=address_of(proposal),
        proposal=proposal,
        hosted=hosted,
        event=hosted.event,
        form=form,
        sent=sent,
        forms={name: form if sent == name else fresh for name in ("dates", "report")}
        | {"feedback": form if sent == "feedback" else Form(kept, language(request))},
        done=next((name for name in DONE if request.query_params.get("done") == name), ""),
        again_choices=again_choices(language(request)),
    )


def again_choices(spoken: str) -> list[tuple[str, str]]:
    """Whether a host would do it again, with the words that pages say for it."""
    words = i18n.translations(spoken)
    labels = (words.gettext("Yes, gladly"), words.gettext("Perhaps"), words.gettext("No"))
    return list(zip(AGAIN, labels, strict=True))
