"""One handler for all that goes wrong: whoever speaks for the edge turns it into a page or a document."""

import traceback
from collections.abc import Callable
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from service import db
from service.refusal import Refusal

Visit = Request[Any, Any, Any]
Teller = Callable[[Visit, Refusal | int], Response[Any]]

log = structlog.get_logger()


def handler(tell: Teller) -> Callable[[Visit, Exception], Response[Any]]:
    """The exception handler of the application, which lets ``tell`` find the words."""

    def handle(request: Visit, problem: Exception) -> Response[Any]:
        answer = tell(request, problem if isinstance(problem, Refusal) else _status(problem))
        if isinstance(problem, HTTPException):
            answer.headers.update(problem.headers or {})  # a 405 says what is allowed
        return answer

    return handle


def _status(problem: Exception) -> int:
    """Which status an exception means. What is nobody's plan is logged with its trace, and is a 500."""
    if isinstance(problem, HTTPException):
        return problem.status_code
    if isinstance(problem, db.TROUBLE):
        log.warning("database away", trouble=type(problem).__name__)
        return 503
    # The stack, not the message: a database's message may quote what people typed.
    log.error("unexpected", trouble=type(problem).__name__, frames=traceback.format_tb(problem.__traceback__))
    return 500
