"""One handler for all that goes wrong: whoever speaks for the edge turns it into a page or a document.

If even that fails, a page that stands here ready is the answer: no template, no catalogue, no setting makes it.
"""

import traceback
from collections.abc import Callable
from typing import Any

import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from service import db
from service.refusal import Refusal

Visit = Request[Any, Any, Any]
Teller = Callable[[Visit, Refusal | int], Response[Any]]

RETRY = {"Retry-After": "60"}
AWAY = 503
LAST_RESORT = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Une panne de notre côté · Passerelle</title>
<link rel="stylesheet" href="/static/passerelle.css">
</head>
<body>
<main class="wrap">
<header class="page-head">
<h1>Une panne de notre côté</h1>
<p class="lead">Vous n’y êtes pour rien, et l’incident a été noté. Réessayez dans quelques minutes.</p>
</header>
<p class="actions"><a class="button is-primary" href="/">Voir l’agenda</a></p>
<section class="change" lang="en">
<h2>Something broke on our side</h2>
<p>It is not your fault, and it has been noted. Try again in a few minutes.</p>
<p><a class="inline" href="/?lang=en">See the agenda</a></p>
</section>
</main>
</body>
</html>
"""

log = structlog.get_logger()


def handler(tell: Teller) -> Callable[[Visit, Exception], Response[Any]]:
    """The exception handler of the application, which lets ``tell`` find the words."""

    def handle(request: Visit, problem: Exception) -> Response[Any]:
        what = problem if isinstance(problem, Refusal) else _status(problem)
        try:
            answer = tell(request, what)
        except Exception as broken:  # noqa: BLE001 - whatever it is, who asked gets a page
            return _last_resort(broken, what)
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
        return AWAY
    # The stack, not the message: a database's message may quote what people typed.
    log.error("unexpected", trouble=type(problem).__name__, frames=traceback.format_tb(problem.__traceback__))
    return 500


def _last_resort(broken: Exception, what: Refusal | int) -> Response[str]:
    """The page for when the page for what went wrong goes wrong; a database that is away stays a 503."""
    status = AWAY if AWAY in (_status(broken), what) else 500
    return Response(LAST_RESORT, status_code=status, headers=RETRY, media_type=MediaType.HTML)
