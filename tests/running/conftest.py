"""What the image would hold, built once; and a real nginx, when the machine has one: REQUIRE_NGINX=1 demands it."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import where_nginx_is
from tests.running import container


@pytest.fixture(scope="session")
def root() -> Iterator[Path]:
    """The root of the image: the builder's lines were done below it (about half a minute)."""
    with TemporaryDirectory(prefix="passerelle-image-") as folder:
        container.build(Path(folder))
        yield Path(folder)


@pytest.fixture(scope="session")
def nginx() -> str:
    """Where nginx is."""
    program = where_nginx_is()
    if program is None:
        if os.environ.get("REQUIRE_NGINX") == "1":
            pytest.fail("no nginx found, and REQUIRE_NGINX=1 asks for one")
        pytest.skip("no nginx found")
    return program
