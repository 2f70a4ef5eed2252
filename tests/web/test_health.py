"""What machines ask: is the process alive, is the service ready?"""

import asyncio
import socket

import httpx
import pytest

from service import db
from tests.visits import database_away


async def test_all_is_well(visitor: httpx.AsyncClient) -> None:
    answers = [await visitor.get(path) for path in ("/healthz", "/readyz")]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "ok\n"), (200, "ready\n")]


async def test_without_its_database_the_process_lives_but_is_not_ready(visitor: httpx.AsyncClient) -> None:
    async with database_away():
        answers = [await visitor.get(path) for path in ("/healthz", "/readyz")]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "ok\n"), (503, "database away\n")]
    assert (await visitor.get("/readyz")).status_code == 200


async def test_a_database_that_does_not_answer_within_a_second_is_away(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls, says nothing
        address = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        monkeypatch.setattr("tests.visits.CLOSED_PORT", address)
        async with database_away():
            started = loop.time()
            answer = await visitor.get("/readyz")
            took = loop.time() - started

    assert (answer.status_code, answer.text) == (503, "database away\n")
    assert took < 4


async def test_a_database_of_another_schema_is_not_ready(visitor: httpx.AsyncClient) -> None:
    (last,) = await db.fetch("SELECT id, name, app_name FROM migration ORDER BY id DESC LIMIT 1")
    await db.fetch("UPDATE migration SET name = 'unknown' WHERE id = $1", last["id"])
    try:
        answer = await visitor.get("/readyz")
    finally:
        await db.fetch("UPDATE migration SET name = $2 WHERE id = $1", last["id"], last["name"])

    assert (answer.status_code, answer.text) == (503, "migrations missing\n")


async def test_a_probe_may_ask_under_any_name(visitor: httpx.AsyncClient) -> None:
    answers = [await visitor.get(path, headers={"Host": "10.0.0.7:8000"}) for path in ("/healthz", "/readyz", "/")]

    assert [answer.status_code for answer in answers] == [200, 200, 400]
