"""Tables as CSV that opens right in a French spreadsheet: semicolons, UTF-8 with its mark, no formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

# What a spreadsheet takes for a formula, also behind blanks, and in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A class called 3-2 or 3E4 is no day in February, and not thirty thousand; Monsieur Faux is no falsehood.
LIKE_A_VALUE = re.compile(r"[\d\s.,/:-]*\d[\d\s.,/:-]*(?:E\s*\d+)?\s*%?|\s*(?:vrai|faux|true|false)\s*", re.IGNORECASE)

Cell = str | int | date | time | None


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The table with its header line; whole numbers stay numbers, days and times are such, nothing is a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in header])
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return written.getvalue().encode("utf-8-sig")


def harmless(cell: Cell) -> str | int:
    """The cell as text that no spreadsheet calculates or takes for a value; an apostrophe goes before what it might."""
    if cell is None or isinstance(cell, int):
        return "" if cell is None else cell
    if not isinstance(cell, str):
        return _moment(cell)
    plain = "".join(letter if letter.isprintable() or letter in "\t\r\n" else " " for letter in cell)
    is_taken = plain.startswith(FORMULA) or plain.lstrip().startswith(FORMULA) or LIKE_A_VALUE.fullmatch(plain)
    return f"'{plain}" if is_taken else plain


def _moment(cell: date | time) -> str:
    """A day, a wall time or both, as every spreadsheet reads them, whatever language it speaks."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return f"{cell:%H:%M}" if isinstance(cell, time) else f"{cell:%Y-%m-%d}"
