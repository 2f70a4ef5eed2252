"""The input filter: what anyone types is cleaned here, once, before it goes anywhere."""

import itertools
import re
import unicodedata
from collections.abc import Collection

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
LOCAL = re.compile(r"[!#$&'*+/=^_`{|}~0-9A-Za-z-]+(?:\.[!#$&'*+/=^_`{|}~0-9A-Za-z-]+)*")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?:{LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{0,58}}[a-z0-9])")
LONGEST_LOCAL, LONGEST = 64, 254


class Unreadable(ValueError):
    """The text holds a character that has no place in a line of text."""


def line(raw: str) -> str:
    """One line, NFC, blanks trimmed and folded. Refuses control and bidirectional characters: Unreadable."""
    if any(_is_control(letter) for letter in raw.strip()):
        raise Unreadable
    return " ".join(unicodedata.normalize("NFC", raw).split())


def key(raw: str) -> str:
    """A form for comparing: no accents, no case, no punctuation (``Élodie  D'Or`` → ``elodie d or``)."""
    folded = unicodedata.normalize("NFKD", raw).casefold()
    plain = (c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return " ".join("".join(c if _is_in_words(c) else " " for c in plain).split())


def slug(raw: str) -> str:
    """A name as a part of an address (``Aire-sur-la-Lys`` → ``aire-sur-la-lys``)."""
    return key(raw).replace(" ", "-")


def ascii_slug(raw: str, most: int) -> str:
    """The same in ASCII, of at most so many characters and cut between words; empty where no letter is Latin."""
    plain = key(raw).replace("œ", "oe").replace("æ", "ae").replace("ø", "o").replace("ł", "l")
    words = re.findall(r"[a-z0-9]+", plain)
    while len("-".join(words)) > most and len(words) > 1:
        words.pop()
    return "-".join(words)[:most]


def numbered(name: str, taken: Collection[str]) -> str:
    """``name``, or with the first number from 2 on that is not taken (``visite-2``)."""
    numbers = (f"{name}-{number}" for number in itertools.count(2))
    return name if name not in taken else next(one for one in numbers if one not in taken)


def address(raw: str) -> str:
    """The address as typed, its domain in lower case and ASCII (punycode).

    Raises ValueError when it has not the form of one that mail and calendars can carry; the message does not repeat it.
    """
    local, _, domain = line(raw).rpartition("@")
    host = ascii_domain(domain)
    fits = len(local) <= LONGEST_LOCAL and len(local) + 1 + len(host) <= LONGEST
    if not (fits and LOCAL.fullmatch(local) and DOMAIN.fullmatch(host)):
        raise ValueError("not the form of an address")
    return f"{local}@{host}"


def address_key(raw: str) -> str:
    """The address normalised, for finding it again whatever case it was typed in."""
    return unicodedata.normalize("NFKC", raw).casefold()


def typeset(raw: str) -> str:
    """French spaces that do not break: before ``: ; ! ?`` and ``»``, after ``«`` (a colon never begins a line)."""
    narrow = re.sub(r"(?<=\S) (?=[;!?](?:\s|$))", "\u202f", raw)
    return re.sub(r"(?<=\S) (?=(?::|»)(?:\s|$|[.,;)]))|(?<=«) ", "\u00a0", narrow)


def ascii_domain(domain: str) -> str:
    """The domain in lower case, in punycode where it is not ASCII (``école.fr`` → ``xn--cole-9oa.fr``)."""
    # Not the codec "idna": it is of 2003 and writes "ß" as "ss", which is another domain.
    labels = unicodedata.normalize("NFKC", domain.strip().lower()).replace("。", ".").split(".")
    return ".".join(x if x.isascii() or not _is_visible(x) else "xn--" + x.encode("punycode").decode() for x in labels)


def _is_visible(label: str) -> bool:
    return not any(unicodedata.category(letter)[0] in "CZ" for letter in label)


def _is_in_words(letter: str) -> bool:
    """Letters and digits, and the vowel signs that are no accents but letters of their own (हिन्दी)."""
    return letter.isalnum() or unicodedata.category(letter) in ("Mc", "Mn")


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp") or letter in BIDI
