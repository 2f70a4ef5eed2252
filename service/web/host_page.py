"""The page of a host, under the link of its proposal: who comes to each date, and what was said afterwards."""

from litestar import Response

from service.proposals.tables import Proposal
from service.web.forms import Form
from service.web.pages import Visit
from service.web.refusals import Answer


async def answer(request: Visit, proposal: Proposal, form: Form, refused: Answer | None = None) -> Response[str]:
    """The page of a proposal whose event was published, with what was typed and what was refused."""
    raise NotImplementedError
