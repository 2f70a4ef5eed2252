"""Reading the names of a class as teachers paste them. Pure: it keeps nothing, and raises nothing."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from service import text

MOST_LINES, LONGEST_NAME, LONGEST_LINE = 100, 100, 500
UNDECODED = "\ufffd"  # what is left of bytes that were no text

LINE_ENDS = re.compile(r"\r\n|\r|\n")
COLUMN_ENDS = re.compile(r"[\t;,；，،؛]")
ASIDE = re.compile(r"\([^()]*\)")
NUMBERED = re.compile(r"\W*\d{1,3}(?:\s*[.):°–-]+|(?=\s|$))")
OPENING = re.compile(r"(?:[dl]['’]|Ma?c)(?=\w)")  # small letters before capitals: d'HÔTE, McDONALD
SHORT = 4  # up to so many letters, a point or an apostrophe belongs to its word: "Jr.", "D'"
SMALL_WORDS = ("'t", "’t", "'s", "’s")
PARTICLES = {
    "de", "du", "des", "d", "d'", "d’", "la", "le", "les", "l'", "l’", "da", "do", "dos", "das", "di", "del", "della",
    "el", "al", "van", "von", "der", "den", "ten", "mc", "mac", "st", "ste", "saint", "sainte",
}  # fmt: skip

LAST_NAMES = {
    "nom", "noms", "nom de famille", "nom d usage", "nom de naissance",
    "last name", "lastname", "surname", "family name",
}  # fmt: skip
FIRST_NAMES = {"prenom", "prenoms", "prenom s", "first name", "firstname", "given name", "forename"}
HEADINGS = {
    "nom", "noms", "prenom", "prenoms", "eleve", "eleves",
    "name", "names", "surname", "surnames", "firstname", "lastname", "forename",
}  # fmt: skip
BESIDE_HEADINGS = HEADINGS | {
    "n", "no", "numero", "s", "l", "d", "de", "des", "et", "famille", "usage", "naissance",
    "and", "first", "last", "given", "family",
}  # fmt: skip

Words = list[str]
Heading = tuple[int, int]  # where the last and the first names stand


class Doubt(StrEnum):
    """Why a line that was understood should be looked at."""

    order = "order"  # no capitals tell which is the last name
    capitals = "capitals"  # all in capitals: the last word was taken for the first name
    alone = "alone"  # a last name, and no first name
    mixed = "mixed"  # the capitals stand in several places
    left_out = "left_out"  # there was more than a name
    twice = "twice"  # the same name stands above


class Why(StrEnum):
    """Why a line could not be read."""

    characters = "characters"
    too_long = "too_long"
    nameless = "nameless"
    too_many = "too_many"


@dataclass(frozen=True, slots=True)
class Name:
    """What one pupil is called; the first name may be unknown."""

    last_name: str
    first_name: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """A line with a name in it."""

    line: int
    name: Name
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Unclear:
    """A line that could not be read."""

    line: int
    why: Why


def read(pasted: str) -> list[Understood | Unclear]:
    """What each line says, in its order; ``line`` counts from 1, blank lines and headings included.

    Words in capitals are the last name wherever they stand; of two columns, the first is. What else is there (a
    number, a class, a date of birth) is left out. After 100 lines nothing is read any more.
    """
    found: list[Understood | Unclear] = []
    seen: set[Name] = set()
    heading: Heading | None = None
    for number, raw in enumerate(LINE_ENDS.split(pasted.removeprefix("\ufeff")), 1):
        try:
            cells, is_more = _cells(raw)
        except text.Unreadable:
            found.append(Unclear(number, Why.characters))
            continue
        heading = _heading(cells) or heading
        line = _line(number, raw, _picked(cells, heading), is_more=is_more)
        if line is None or _heading(cells):
            continue
        if len(found) == MOST_LINES:
            return [*found, Unclear(number, Why.too_many)]
        found.append(_doubted(line, seen))
    return found


def rendered(names: Iterable[Name]) -> str:
    """The names as lines which ``read`` understands as the very same."""
    return "\n".join(_rendered(name) for name in names)


def _rendered(name: Name) -> str:
    plain = f"{name.last_name} {name.first_name}".strip()
    understood = [line.name for line in read(plain) if isinstance(line, Understood)]
    return plain if understood == [name] else f"{name.last_name}; {name.first_name}"


def _line(number: int, raw: str, picked: tuple[list[Words], bool], *, is_more: bool) -> Understood | Unclear | None:
    """The name in the columns that were picked; None for a line that holds none and needs none."""
    columns, is_wider = picked
    if len(raw) > LONGEST_LINE:
        return Unclear(number, Why.too_long)
    if not columns:
        return Unclear(number, Why.nameless) if is_more or _is_filled(raw) else None
    name, doubts = _from_columns(*columns) if len(columns) > 1 else _from_words(columns[0])
    if _is_heading(name):
        return None
    if max(len(name.last_name), len(name.first_name)) > LONGEST_NAME:
        return Unclear(number, Why.too_long)
    return Understood(number, name, (*doubts, *([Doubt.left_out] if is_more or is_wider else [])))


def _doubted(line: Understood | Unclear, seen: set[Name]) -> Understood | Unclear:
    """The line, marked when its name was there before."""
    if isinstance(line, Unclear):
        return line
    if line.name in seen:
        return Understood(line.line, line.name, (*line.doubts, Doubt.twice))
    seen.add(line.name)
    return line


def _from_columns(last: Words, first: Words) -> tuple[Name, tuple[Doubt, ...]]:
    doubts = (Doubt.mixed,) if all(_by_case(last)) else ()
    if _in_capitals(first) and not _in_capitals(last):
        last, first = first, last
    return Name(" ".join(last), " ".join(first)), doubts


def _from_words(words: Words) -> tuple[Name, tuple[Doubt, ...]]:
    if len(words) == 1:
        return Name(words[0]), (Doubt.alone,)
    last, first = _by_case(words)
    if not last:
        return Name(" ".join(words[1:]), words[0]), (Doubt.order,)
    if not first:
        return _from_capitals(words)
    is_clear = last in (words[: len(last)], words[-len(last) :])
    return Name(" ".join(last), " ".join(first)), () if is_clear else (Doubt.mixed,)


def _from_capitals(words: Words) -> tuple[Name, tuple[Doubt, ...]]:
    """NOM PRENOM, as school lists print it: last names have blanks in them more often than first names."""
    *last, first = words
    if all(word.casefold() in PARTICLES for word in last) or not _is_capital(last[-1]):
        return Name(" ".join(words)), (Doubt.alone,)
    return Name(" ".join(last), first), (Doubt.capitals,)


def _by_case(words: Words) -> tuple[Words, Words]:
    """The words in capitals, with the particles that lead to one (``de LA TOUR``), and the others."""
    is_last = [False] * len(words)
    for at in reversed(range(len(words))):
        leads = words[at] in PARTICLES or words[at][-1] in "'’"
        is_last[at] = _is_capital(words[at]) or (leads and at + 1 < len(words) and is_last[at + 1])
    pairs = list(zip(words, is_last, strict=True))
    return [word for word, last in pairs if last], [word for word, last in pairs if not last]


def _in_capitals(words: Words) -> bool:
    return not _by_case(words)[1]


def _is_capital(word: str) -> bool:
    """Two letters or more, all of them capitals: one alone begins a word or stands for it."""
    rest = OPENING.sub("", word, count=1) if OPENING.match(word) else word
    letters = "".join(letter for letter in rest if letter.isalpha())
    return len(letters) > 1 and letters == letters.upper() != letters.lower()


def _picked(cells: list[Words], heading: Heading | None) -> tuple[list[Words], bool]:
    """The columns of the last and the first name, and whether others hold words too."""
    if heading and max(heading) < len(cells) and cells[heading[0]]:
        others = [cell for at, cell in enumerate(cells) if cell and at not in heading]
        return [cells[at] for at in heading if cells[at]], bool(others)
    filled = [cell for cell in cells if cell]
    return filled[:2], len(filled) > 2  # noqa: PLR2004 - a last and a first name


def _cells(raw: str) -> tuple[list[Words], bool]:
    """The words of each column, and whether something that is no name was left out. Raises Unreadable."""
    if UNDECODED in raw:
        raise text.Unreadable
    columns = [text.line(column) for column in COLUMN_ENDS.split(raw[: LONGEST_LINE + 1])]
    columns[0] = NUMBERED.sub("", columns[0], count=1) if NUMBERED.match(columns[0]) else columns[0]
    read_columns = [_words(column) for column in columns]
    return [words for words, _ in read_columns], any(is_more for _, is_more in read_columns)


def _words(column: str) -> tuple[Words, bool]:
    kept = column
    while (without := ASIDE.sub(" ", kept)) != kept:
        kept = without
    spoken = [word for word in kept.split() if not _is_data(word)]
    is_more = kept != column or len(spoken) < len(kept.split())
    return [bare for word in spoken if (bare := _bare(word))], is_more


def _is_data(word: str) -> bool:
    """Whether it is part of a date, a class or an address: never kept."""
    return "@" in word or any(letter.isdigit() for letter in word)


def _bare(word: str) -> str:
    """The word without the quotes, bullets and commas around it."""
    if word in SMALL_WORDS:
        return word
    begin, end = 0, len(word)
    while begin < end and not word[begin].isalpha():
        begin += 1
    while begin < end and not _may_end(word[begin:end]):
        end -= 1
    return word[begin:end]


def _may_end(word: str) -> bool:
    is_sign = word[-1] in ".'’" and len(word) <= SHORT
    return is_sign or word[-1].isalpha() or unicodedata.category(word[-1]).startswith("M")


def _is_filled(raw: str) -> bool:
    """Whether a line without words is more than a blank one with its number or its bullet."""
    return any(letter.isdigit() for letter in NUMBERED.sub("", raw, count=1)) or len(raw.strip()) > SHORT


def _heading(cells: list[Words]) -> Heading | None:
    """Where the names stand, when the line says so and names nobody."""
    keys = [text.key(" ".join(words)) for words in cells]
    last = next((at for at, key in enumerate(keys) if key in LAST_NAMES), None)
    first = next((at for at, key in enumerate(keys) if key in FIRST_NAMES), None)
    return None if last is None or first is None else (last, first)


def _is_heading(name: Name) -> bool:
    words = set(text.key(f"{name.last_name} {name.first_name}").split())
    return bool(words & HEADINGS) and words <= BESIDE_HEADINGS
