"""Tables as XLSX: every text a text, so that nothing is calculated; numbers, days and times are such."""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

Cell = str | int | date | time | None
Looks = dict[str, Any]
SAFE = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
    "in_memory": True,
}
A4, NARROWEST, WIDEST, BLANK, ROW_HEIGHT, LONGEST_NAME = 9, 6, 40, 28, 32, 31
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table under its header. One with a ``title`` and ``facts`` (label, value) above it is there to be printed."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    facts: Sequence[tuple[str, str]] = ()


def book(title: str, sheets: Sequence[Sheet]) -> bytes:
    """One worksheet each, by its name (cut, and numbered where two are alike). There must be one at least."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, SAFE) as opened:
        opened.set_properties({"title": title})
        to_print, to_work_with = _looks(opened, {"border": 1, "text_wrap": True}), _looks(opened, {})
        for name, sheet in zip(_names(sheets), sheets, strict=True):
            page = opened.add_worksheet(name)
            if sheet.title:
                _print(page, sheet, to_print)
            else:
                _fill(page, sheet, 0, to_work_with)
                page.freeze_panes(1, 0)
                page.autofilter(0, 0, len(sheet.rows), len(sheet.header) - 1)
    return made.getvalue()


def _print(page: Any, sheet: Sheet, looks: Looks) -> None:
    """A sheet for paper: what it is about in lines over the columns, then rows that are high enough to sign in."""
    page.write_string(0, 0, sheet.title, looks["title"])
    for line, (label, value) in enumerate(sheet.facts, 1):
        page.write_rich_string(line, 0, looks["bold"], f"{label} ", looks["plain"], value)
    top = len(sheet.facts) + 2
    for line in range(top + 1, top + 1 + len(sheet.rows)):
        page.set_row(line, ROW_HEIGHT)
    _fill(page, sheet, top, looks)
    page.repeat_rows(top)
    page.set_paper(A4)
    page.fit_to_pages(1, 0)


def _fill(page: Any, sheet: Sheet, top: int, looks: Looks) -> None:
    for column, words in enumerate(sheet.header):
        page.write_string(top, column, words, looks["head"])
    for number, row in enumerate(sheet.rows, top + 1):
        for column, held in enumerate(row):
            _write(page, number, column, held, looks)
    for column, width in enumerate(_widths(sheet)):
        page.set_column(column, column, width)


def _write(page: Any, line: int, column: int, held: Cell, looks: Looks) -> None:
    if held is None or held == "":
        page.write_blank(line, column, None, looks["cell"])
    elif isinstance(held, int):
        page.write_number(line, column, held, looks["cell"])
    elif isinstance(held, str):
        page.write_string(line, column, held, looks["text"])
    else:
        kind = "moment" if isinstance(held, datetime) else "time" if isinstance(held, time) else "day"
        page.write_datetime(line, column, held, looks[kind])


def _looks(opened: Any, cell: dict[str, Any]) -> Looks:
    cell = {**cell, "valign": "vcenter"}
    described: Looks = {
        "title": {"bold": True, "font_size": 14},
        "bold": {"bold": True},
        "plain": {},
        "head": {**cell, "bold": True, "bg_color": "#F3F0E8"},
        "cell": cell,
        "text": {**cell, "num_format": "@"},
        "day": {**cell, "num_format": "dd/mm/yyyy", "align": "left"},
        "time": {**cell, "num_format": "hh:mm", "align": "left"},
        "moment": {**cell, "num_format": "dd/mm/yyyy hh:mm", "align": "left"},
    }
    return {name: opened.add_format(look) for name, look in described.items()}


def _widths(sheet: Sheet) -> Iterator[int]:
    """As wide as what stands in the column, within reason; what is left blank is to be written into."""
    for column, words in enumerate(sheet.header):
        widest = max((_width(row[column]) for row in sheet.rows), default=0)
        yield min(max(NARROWEST, len(words) + 2, widest + 2), WIDEST) if widest or not sheet.title else BLANK


def _width(held: Cell) -> int:
    if isinstance(held, datetime):
        return len("24/11/2026 14:00")
    return len("24/11/2026") if isinstance(held, date | time) else len(str(held or ""))


def _names(sheets: Sequence[Sheet]) -> Iterator[str]:
    """Names as a spreadsheet takes them: short, without its own signs, each once whatever its case."""
    seen: set[str] = set()
    for number, sheet in enumerate(sheets, 1):
        plain = " ".join(NOT_IN_NAMES.sub(" ", sheet.name).split()).strip(" '") or str(number)
        name, turn = plain[:LONGEST_NAME].strip(" '"), 1
        while name.casefold() in seen or name.casefold() == "history":  # which Excel keeps for itself
            turn += 1
            end = f" ({turn})"
            name = plain[: LONGEST_NAME - len(end)] + end
        seen.add(name.casefold())
        yield name
