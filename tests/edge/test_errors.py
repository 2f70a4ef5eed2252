"""Which status a failure means, and what of it is written down."""

import asyncpg
import pytest
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from structlog.testing import capture_logs

from service import db
from service.edge import errors
from service.events.slots import UnknownSlot
from service.refusal import Refusal

SOMEBODY: errors.Visit = Request({"type": "http", "headers": [], "method": "GET"})  # type: ignore[arg-type]


def told(problem: Exception) -> Refusal | int:
    """What the words are asked for."""
    asked: list[Refusal | int] = []

    def tell(_: errors.Visit, what: Refusal | int) -> Response[str]:
        asked.append(what)
        return Response("")

    errors.handler(tell)(SOMEBODY, problem)
    return asked[0]


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (NotFoundException(), 404),
        (MethodNotAllowedException(), 405),
        (HTTPException(status_code=418), 418),
        (ConnectionRefusedError(), 503),
        (TimeoutError(), 503),
        (asyncpg.ConnectionDoesNotExistError(), 503),
        (asyncpg.CannotConnectNowError(), 503),
        (asyncpg.AdminShutdownError(), 503),
        (asyncpg.TooManyConnectionsError(), 503),
        (asyncpg.LockNotAvailableError(), 503),
        (asyncpg.InterfaceError("closed"), 503),
        (asyncpg.UniqueViolationError(), 500),
        (asyncpg.CheckViolationError(), 500),
        (db.NotCommitted(), 500),
        (ValueError("Zoé"), 500),
        (RecursionError(), 500),
    ],
)
def test_a_failure_means_a_status(problem: Exception, status: int) -> None:
    assert told(problem) == status


def test_a_refusal_is_handed_on_as_it_is() -> None:
    refusal = UnknownSlot()

    assert told(refusal) is refusal


def test_what_an_exception_says_beside_its_status_is_kept() -> None:
    answer = errors.handler(lambda *_: Response(""))(SOMEBODY, MethodNotAllowedException(headers={"Allow": "GET"}))

    assert answer.headers == {"Allow": "GET"}


def test_what_nobody_planned_is_written_down_without_what_was_typed() -> None:
    with capture_logs() as lines:
        told(_caught("Zoé", " D’Hôte"))

    assert [(line["event"], line["log_level"], line["trouble"]) for line in lines] == [
        ("unexpected", "error", "ValueError")
    ]
    assert "in _caught" in "".join(lines[0]["frames"])
    assert "Zoé D’Hôte" not in str(lines)


def test_what_was_planned_is_not_written_down() -> None:
    with capture_logs() as lines:
        told(NotFoundException())
        told(UnknownSlot())

    assert lines == []


def broken(*_: object) -> Response[str]:
    """Whoever was to find the words cannot."""
    raise _caught("Zoé", " D’Hôte")


@pytest.mark.parametrize(
    ("problem", "status"),
    [(ValueError(), 500), (NotFoundException(), 500), (UnknownSlot(), 500), (ConnectionRefusedError(), 503)],
)
def test_when_even_the_page_fails_a_page_that_stands_ready_is_the_answer(problem: Exception, status: int) -> None:
    with capture_logs() as lines:
        answer = errors.handler(broken)(SOMEBODY, problem)

    assert (answer.status_code, answer.content) == (status, errors.LAST_RESORT)
    assert answer.headers == {"Retry-After": "60"}
    assert answer.media_type == "text/html"
    assert lines[-1]["trouble"] == "ValueError"
    assert "Zoé D’Hôte" not in str(lines)


def test_a_page_that_needs_a_database_that_is_away_is_a_503() -> None:
    def away(*_: object) -> Response[str]:
        raise ConnectionRefusedError

    assert errors.handler(away)(SOMEBODY, ValueError()).status_code == 503


def _caught(*typed: str) -> Exception:
    try:
        int("".join(typed))
    except ValueError as problem:
        return problem
    raise AssertionError
