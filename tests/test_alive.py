"""Whether server and worker live: asked from outside, as a container's health check asks."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service import alive, settings
from service.alive import beat, has_pulse, is_answering
from tests.live import free_port, served

OTHER_PLACES = ("0.0.0.0", "127.0.0.1", "localhost")


async def test_a_server_that_answers_lives_wherever_it_listens(tmp_path: Path) -> None:
    async with served(tmp_path, with_worker=False) as address:
        port = int(address.rpartition(":")[2])
        answers = [await asyncio.to_thread(is_answering, host, port) for host in OTHER_PLACES]

    assert answers == [True] * 3
    assert not await asyncio.to_thread(is_answering, "127.0.0.1", port)


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_who_answers_something_else_does_not_live(reply: bytes) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert not await asyncio.to_thread(is_answering, "127.0.0.1", port)


async def test_a_server_that_hangs_does_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "ANSWER_SECONDS", 0.2)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other side has enough
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert not await asyncio.to_thread(is_answering, "127.0.0.1", port)


async def test_a_worker_has_a_pulse_as_long_as_it_works(tmp_path: Path) -> None:
    stop = asyncio.Event()
    assert not has_pulse(tmp_path)

    beating = asyncio.create_task(beat(tmp_path / "data", stop))
    await _until(lambda: has_pulse(tmp_path / "data"))
    stop.set()
    await beating

    assert not has_pulse(tmp_path / "data")


async def test_a_pulse_grows_old(tmp_path: Path) -> None:
    """What a worker that hangs, or was killed, leaves behind."""
    pulse = alive._pulse(tmp_path)
    pulse.touch()
    written = pulse.stat().st_mtime
    assert has_pulse(tmp_path)

    os.utime(pulse, (written - 61, written - 61))
    assert not has_pulse(tmp_path)


async def test_a_folder_that_cannot_be_written_to_does_not_stop_the_worker(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    stop = asyncio.Event()
    beating = asyncio.create_task(beat(tmp_path / "file", stop))
    await asyncio.sleep(0.1)
    stop.set()
    await beating

    assert not has_pulse(tmp_path / "file")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [([], "The server does not answer."), (["worker"], "The worker has shown no sign of life for a minute.")],
)
async def test_bad_news_is_one_line_and_the_status(tmp_path: Path, arguments: list[str], line: str) -> None:
    assert await _asked(arguments, {"DATA_DIR": str(tmp_path), "PORT": str(free_port())}) == (1, f"{line}\n")


async def test_a_wrong_setting_is_bad_news_too() -> None:
    status, told = await _asked([], {"PORT": "many"})

    assert (status, told.startswith("PORT: ")) == (1, True)


async def test_asking_is_cheap(tmp_path: Path) -> None:
    """It is done twice a minute for years: neither Litestar nor Piccolo is imported."""
    code = "import sys, service.alive; print(sorted({'litestar', 'piccolo', 'jinja2', 'click'} & set(sys.modules)))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()

    assert told == b"[]\n"


async def _asked(arguments: list[str], variables: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.alive",
        *arguments,
        env={**os.environ, "SECRET_KEY": settings.current().secret_key, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, told.decode()


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)
