"""Reading people out of what a spreadsheet gives, pasted or as a file. Pure: it keeps nothing."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from service import text
from service.bookings import names
from service.bookings.dossiers import Booker
from service.bookings.names import Understood

MOST_ROWS, MOST_COLUMNS, MOST_LINES = 500, 50, 5000
LONGEST = {"first_name": 100, "last_name": 100, "email": 254, "school": 200, "level": 20}  # as their columns hold
UNDECODED = "\ufffd"  # what is left of bytes that were no text
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
TOLD = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # how Excel says what parts the columns
WHOLE = "whole_name"

HEADINGS = {
    "first_name": names.FIRST_NAMES,
    "last_name": names.LAST_NAMES,
    WHOLE: {"nom prenom", "prenom nom", "nom et prenom", "prenom et nom", "nom complet", "participant", "eleve", "name",
            "full name"},
    "email": {"e mail", "email", "mail", "mel", "courriel", "adresse e mail", "adresse email",
              "adresse mail", "adresse electronique", "e mail address", "email address"},
    "school": {"etablissement", "ecole", "college", "lycee", "structure", "etablissement ou structure", "organisme",
               "entreprise", "school", "organisation", "organization", "company"},
    "level": {"niveau", "classe", "division", "level", "class", "grade"},
}  # fmt: skip


class Odd(StrEnum):
    """Why nothing at all can be read."""

    no_text = "no_text"  # a picture, a workbook
    quotes = "quotes"  # a quotation mark is opened and never closed, or a cell has no end
    too_many = "too_many"
    empty = "empty"


class Unreadable(Exception):
    """Nothing of it can be read, for this reason."""

    def __init__(self, why: Odd) -> None:
        super().__init__(why)
        self.why = why


class Why(StrEnum):
    """Why one line cannot be taken."""

    characters = "characters"
    nameless = "nameless"
    too_long = "too_long"
    address = "address"
    twice = "twice"  # the same person stands above
    booked = "booked"  # they have a seat of the slot, or wait for one


@dataclass(frozen=True, slots=True)
class Line:
    """One person as they were understood, and what is wrong with the line; ``number`` counts from 1."""

    number: int
    who: Booker
    why: tuple[Why, ...] = ()


def decoded(content: bytes) -> str:
    """The text of a file, as French spreadsheets save it. Raises Unreadable for what is no text."""
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "cp1252"):
        try:
            found = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not CONTROLS.search(found):
            return found
    raise Unreadable(Odd.no_text)


def read(pasted: str) -> list[Line]:
    """Each person of the list with what is wrong with them; blank lines and the heading are left out.

    Columns are parted by tabs, semicolons or commas; a heading says what they hold, else the address is known by its
    sign and the others by their order: first name, last name, school, level. Raises Unreadable.
    """
    if CONTROLS.search(pasted):
        raise Unreadable(Odd.no_text)
    rows = list(_rows(pasted.removeprefix("\ufeff")))
    columns = _headed(rows[0][1]) if rows else {}
    people = rows[1:] if columns else rows
    if not people:
        raise Unreadable(Odd.empty)
    if len(people) > MOST_ROWS:
        raise Unreadable(Odd.too_many)
    columns = _with_email(columns, people) if columns else _guessed([cells for _, cells in people])
    return list(_without_doubles(_line(number, cells, columns) for number, cells in people))


def _rows(pasted: str) -> Iterator[tuple[int, list[str]]]:
    """The filled lines with their numbers, cut into cells; one more than may be, so that it is seen."""
    lines = pasted.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise Unreadable(Odd.too_many)
    told = TOLD.fullmatch(lines[0])
    sign = told[1] if told else _sign(next((line for line in lines if line.strip()), ""))
    reader = csv.reader(
        (f"{line}\n" for line in lines[bool(told) :]), delimiter=sign, skipinitialspace=True, strict=True
    )
    found = 0
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row[:MOST_COLUMNS]]
            if any(cells):
                found += 1
                yield reader.line_num + bool(told), cells
            if found > MOST_ROWS + 1:
                return
    except csv.Error:
        raise Unreadable(Odd.quotes) from None


def _sign(line: str) -> str:
    return next((sign for sign in "\t;," if sign in line), ";")


def _headed(cells: Sequence[str]) -> dict[str, int]:
    """Which column holds what, when the line says so and names nobody."""
    if any("@" in cell for cell in cells):
        return {}
    keys = [text.key(cell) for cell in cells]
    found = {
        field: at
        for field, known in HEADINGS.items()
        if (at := next((at for at, key in enumerate(keys) if key in known), None)) is not None
    }
    if "last_name" in found and "first_name" not in found:  # "Nom", and both stand in it
        found[WHOLE] = found.pop("last_name")
    return found if found.keys() & {"last_name", WHOLE} else {}


def _with_email(columns: dict[str, int], people: Sequence[tuple[int, list[str]]]) -> dict[str, int]:
    """The columns of a heading that calls the address something else."""
    email = _email_column([cells for _, cells in people])
    return columns if email is None or "email" in columns else {**columns, "email": email}


def _email_column(rows: Sequence[Sequence[str]]) -> int | None:
    with_sign = Counter(at for cells in rows for at, cell in enumerate(cells) if "@" in cell)
    return with_sign.most_common(1)[0][0] if with_sign else None


def _guessed(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Which column holds what, by what stands in them."""
    email = _email_column(rows)
    filled = sorted({at for cells in rows for at, cell in enumerate(cells) if cell} - {email})
    before = [at for at in filled if email is None or at < email]
    whole = len(before) == 1 or len(filled) < 2  # noqa: PLR2004 - a first and a last name
    order = [WHOLE] if whole else _order(rows, filled)
    columns = dict(zip([*order, "school", "level"], filled, strict=False))
    return columns if email is None else {**columns, "email": email}


def _order(rows: Sequence[Sequence[str]], filled: Sequence[int]) -> list[str]:
    """First name, last name; the other way round where the first column is in capitals and the second is not."""
    pairs = [tuple(cells[at] if at < len(cells) else "" for at in filled[:2]) for cells in rows]
    loud = sum(one.isupper() and not other.isupper() for one, other in pairs)
    return ["last_name", "first_name"] if loud * 2 > len(pairs) else ["first_name", "last_name"]


def _line(number: int, cells: Sequence[str], columns: dict[str, int]) -> Line:
    raw = {field: cells[at] if at < len(cells) else "" for field, at in columns.items()}
    if WHOLE in raw:
        raw["last_name"], raw["first_name"] = _parted(raw[WHOLE])
    why: set[Why] = set()
    found = {field: _cell(raw.get(field, ""), most, why) for field, most in LONGEST.items()}
    found["email"] = _address(found["email"], why)
    if not any(letter.isalnum() for letter in found["first_name"] + found["last_name"]):
        why.add(Why.nameless)
    who = Booker(found["first_name"], found["last_name"], found["email"], found["school"], level=found["level"])
    return Line(number, who, tuple(one for one in Why if one in why))


def _cell(raw: str, most: int, why: set[Why]) -> str:
    """The cell, cleaned as any field of a form; what is wrong with it is noted, and it is shown as far as it can be."""
    try:
        found = text.line(raw)
    except text.Unreadable:
        found = "".join(letter if letter.isprintable() else " " for letter in raw)
        why.add(Why.characters)
    if UNDECODED in found:
        why.add(Why.characters)
    if len(found) > most:
        why.add(Why.too_long)
        return found[:most] + "…"
    return found


def _address(raw: str, why: set[Why]) -> str:
    try:
        return text.address(raw) if raw else ""
    except ValueError:
        why.add(Why.address)
        return raw


def _parted(whole: str) -> tuple[str, str]:
    """Last and first name of what stands in one cell."""
    understood = [line.name for line in names.read(whole) if isinstance(line, Understood)]
    return (understood[0].last_name, understood[0].first_name) if understood else (whole, "")


def _without_doubles(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, marked where the same person stands above: a name counts once an address."""
    seen: set[tuple[str, str]] = set()
    for line in lines:
        key = (line.who.name_key, line.who.email_key)
        is_double = key in seen and Why.nameless not in line.why
        seen.add(key)
        yield replace(line, why=(*line.why, Why.twice)) if is_double else line
