"""Tables as CSV that opens right in a French spreadsheet: semicolons, UTF-8 with its mark, no formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# What a spreadsheet takes for a formula, also behind blanks, and in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | None


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The table with its header line; whole numbers stay numbers, nothing becomes a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in header])
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return written.getvalue().encode("utf-8-sig")


def harmless(cell: Cell) -> str | int:
    """The cell as text that no spreadsheet calculates; an apostrophe goes before what it might."""
    if cell is None or isinstance(cell, int):
        return "" if cell is None else cell
    plain = "".join(letter if letter.isprintable() or letter in "\t\r\n" else " " for letter in cell)
    return f"'{plain}" if plain.startswith(FORMULA) or plain.lstrip().startswith(FORMULA) else plain
