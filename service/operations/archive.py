"""The file of a backup: a zip with a manifest and the rows of each table as text, written whole and read with doubt."""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

from service.operations.rows import Refused

FORMAT = 1
NOTE, MANIFEST = "passerelle-backup.txt", "manifest.json"
SEAL = "passerelle-backup sha256:"
WORDS = """This is a backup of Passerelle. It holds personal data: keep it as you keep the database.
`passerelle restore FILE --verify` brings it back. Each table is one file, as PostgreSQL's COPY writes text.
"""
PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Kept:
    """One table of a backup. ``last`` says how far its numbered columns had come."""

    name: str
    columns: list[str]
    rows: int
    sha256: str
    last: dict[str, int]

    @property
    def file(self) -> str:
        """Where its rows stand in the zip."""
        return file_of(self.name)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; its tables in the order in which they can be loaded."""

    written_at: str
    passerelle: str
    postgresql: str
    secret_fingerprint: str
    migrations: list[str]
    tables: list[Kept]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup, while it is being written."""

    place: Path
    member: IO[bytes]
    seen: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    async def take(self, piece: bytes) -> None:
        """Write the next bytes. The command has nothing else to do meanwhile, so it may block."""
        self.seen.update(piece)
        with _disk(self.place):
            self.member.write(piece)


class Draft:
    """A backup that is being written beside its place. It takes its name when it is whole, or is dropped."""

    def __init__(self, place: Path) -> None:
        self._place = place
        with _disk(place):
            place.parent.mkdir(parents=True, exist_ok=True)  # the first night finds its folder missing
            handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")  # 0600
            self._path, self._file = Path(name), os.fdopen(handle, "wb")
            self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)

    def introduce(self) -> None:
        """Begin with what the file is, for whoever finds it."""
        with _disk(self._place):
            self._zip.writestr(NOTE, WORDS, zipfile.ZIP_STORED)

    @contextmanager
    def entry(self, name: str) -> Iterator[Entry]:
        """One more file, which takes bytes until the block ends."""
        with _disk(self._place):
            member = self._zip.open(name, "w", force_zip64=True)
        try:
            yield Entry(self._place, member)
        finally:
            with _disk(self._place):
                member.close()

    def seal(self, manifest: Manifest) -> int:
        """Add the manifest, make everything durable and give the file its name; returns its size in bytes."""
        text = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode()
        with _disk(self._place):
            self._zip.writestr(MANIFEST, text)
            self._zip.comment = (SEAL + hashlib.sha256(text).hexdigest()).encode()
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(self._place)
            _make_durable(self._place.parent)
            return self._place.stat().st_size

    def drop(self) -> None:
        """Leave nothing behind."""
        for close in (self._zip.close, self._file.close, self._path.unlink):
            with suppress(OSError, ValueError):
                close()


@contextmanager
def draft(place: Path) -> Iterator[Draft]:
    """A backup to be filled and sealed within the block; nothing is left of one that was not. Refuses: Refused."""
    made = Draft(place)
    try:
        made.introduce()
        yield made
    except BaseException:
        made.drop()
        raise


def file_of(table: str) -> str:
    """Where the rows of a table stand in the zip."""
    return f"tables/{table}.txt"


class Archive:
    """A backup that was checked, byte by byte, before anything of it is used."""

    def __init__(self, file: Path, opened: zipfile.ZipFile) -> None:
        self._file, self._zip = file, opened
        self.manifest = self._manifest()

    def check(self) -> None:
        """Compare every table with its fingerprint. Refuses: Refused."""
        for table in self.manifest.tables:
            with _doubt(self._file), self._zip.open(table.file) as rows:
                found = hashlib.sha256()
                while piece := rows.read(PIECE):
                    found.update(piece)
            if found.hexdigest() != table.sha256:
                raise _damaged(self._file)

    @contextmanager
    def rows(self, table: Kept) -> Iterator[BinaryIO]:
        """The rows of one table, as a file that refuses instead of failing."""
        with self._zip.open(table.file) as rows:
            yield cast(BinaryIO, _Doubting(self._file, rows))

    def _manifest(self) -> Manifest:
        with _doubt(self._file):
            text = self._zip.read(MANIFEST)
            seal = SEAL + hashlib.sha256(text).hexdigest()
            said = json.loads(text)
            written = said.pop("format")
        if written > FORMAT:
            raise Refused(
                f"{self._file} was written by a newer Passerelle ({said['passerelle']}): restore it with that."
            )
        if self._zip.comment != seal.encode():
            raise _damaged(self._file)
        with _doubt(self._file):
            return Manifest(**{**said, "tables": [Kept(**table) for table in said["tables"]]})


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Open a backup and check the whole of it. Refuses: Refused, when it is none, cut short, changed or newer."""
    with _doubt(file), file.open("rb") as beginning:
        is_ours = NOTE.encode() in beginning.read(PIECE >> 8)
    if not is_ours:
        raise Refused(f"{file} is no backup of Passerelle.")
    with _doubt(file):
        archive = zipfile.ZipFile(file)
    with archive:
        checked = Archive(file, archive)
        checked.check()
        yield checked


@dataclass(frozen=True, slots=True)
class _Doubting:
    """A file within the zip; what goes wrong with it is said of the backup, not of the database it goes to."""

    file: Path
    rows: IO[bytes]

    def read(self, size: int) -> bytes:
        with _doubt(self.file):
            return self.rows.read(size)


@contextmanager
def _doubt(file: Path) -> Iterator[None]:
    try:
        yield
    except Refused:
        raise
    except FileNotFoundError:
        raise Refused(f"{file}: there is no such file.") from None
    except PermissionError as trouble:
        raise Refused(f"{file}: {trouble.strerror}.") from None
    except Exception as broken:  # a changed byte may make the zip module stumble anywhere
        raise _damaged(file) from broken


def _damaged(file: Path) -> Refused:
    return Refused(f"{file} is damaged or cut short: it is not what was written. Use another backup.")


@contextmanager
def _disk(place: Path) -> Iterator[None]:
    """Trouble with the disk, told apart from trouble with the database."""
    try:
        yield
    except OSError as trouble:
        raise Refused(f"{place} cannot be written: {trouble.strerror or trouble}.") from trouble


def _make_durable(folder: Path) -> None:
    """The name of a new file is its folder's to keep."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
