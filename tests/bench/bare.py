"""The floor of a page: the same bytes from a handler that does nothing, under the same server.

``python -m tests.bench.bare FOLDER`` serves the files of FOLDER by their names.
"""

import os
import sys
from functools import cache
from pathlib import Path

from litestar import Litestar, MediaType, Response, get

from service import cli
from service.settings import Settings

FOLDER = "BENCH_FOLDER"


def make() -> Litestar:
    """The application: bytes read once, when first asked for, and sent as they are."""
    kept = cache(lambda name: (Path(os.environ[FOLDER]) / name).read_bytes())

    @get("/readyz")
    async def ready() -> Response[bytes]:
        return Response(b"ready\n", media_type=MediaType.TEXT)

    @get("/{name:str}")
    async def show(name: str) -> Response[bytes]:
        return Response(kept(name), media_type=MediaType.HTML)

    return Litestar([ready, show], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    os.environ[FOLDER] = sys.argv[1]
    chosen = Settings.from_environment()
    cli._serve(chosen, "tests.bench.bare:make", chosen.workers)
