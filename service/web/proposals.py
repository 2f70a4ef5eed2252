"""The page of a proposal, by its link."""

from litestar import Response, get
from litestar.params import FromPath

from service.proposals import record
from service.web import host_page
from service.web.forms import Form
from service.web.pages import Visit

PUBLIC = {"public": True}


@get("/proposals/{token:str}", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """Where it stands; once its event is published, who comes to it."""
    return await host_page.answer(request, await record.by_token(token), Form())


HANDLERS = [show]
