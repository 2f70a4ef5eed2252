"""The service as it really runs: its server and its worker as processes of their own, on this test's database."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from service import settings

START_SECONDS = 30.0


@asynccontextmanager
async def served(
    data_dir: Path,
    *,
    smtp_url: str = "",
    workers: int = 1,
    with_worker: bool = True,
    command: str = "serve",
    **more: str,
) -> AsyncIterator[str]:
    """Run server and worker while the block runs, or ``demo``; yields the server's address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DATABASE_URL": settings.current().database_url or "",
        "SECRET_KEY": settings.current().secret_key,
        "MAIL_FROM": settings.current().mail_from,
        "CONTACT_EMAIL": settings.current().contact_email,
        "PUBLIC_URL": address,
        "PORT": str(port),
        "WORKERS": str(workers),
        "DATA_DIR": str(data_dir),
        "SMTP_URL": smtp_url,
        "LOG_LEVEL": "ERROR",
        **more,
    }
    arguments = [command, *(["--with-worker"] if command == "serve" and with_worker else [])]
    process = await start(arguments, environment)
    try:
        await _until_ready(address, process)
        yield address
    finally:
        await end(process)


async def start(arguments: list[str], environment: dict[str, str]) -> asyncio.subprocess.Process:
    """Start ``passerelle`` with these arguments."""
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "service.cli", *arguments, env=environment)


async def end(process: asyncio.subprocess.Process) -> int:
    """Ask a process to stop, and wait for it."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(process.wait(), START_SECONDS)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _until_ready(address: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            try:
                if (await client.get(f"{address}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError(f"the server ended with {process.returncode}")
