"""Tables as XLSX: every text a text, so that nothing is calculated."""

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

Cell = str | int | None


def table(title: str, facts: Sequence[tuple[str, str]], header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet: what it is about as (label, value) lines, then the table under its header, repeated when printed."""
    made = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(made, safe) as book:
        book.set_properties({"title": title})
        sheet = book.add_worksheet("Feuille")
        bold, cell = book.add_format({"bold": True}), book.add_format({"border": 1, "valign": "vcenter"})
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#F3F0E8"})
        sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        for line, (label, value) in enumerate(facts, 1):
            sheet.write_string(line, 0, label, bold)
            sheet.write_string(line, 1, value)
        top = len(facts) + 2
        for column, words in enumerate(header):
            sheet.write_string(top, column, words, head)
        for number, row in enumerate(rows, top + 1):
            for column, held in enumerate(row):
                if isinstance(held, int):
                    sheet.write_number(number, column, held, cell)
                else:
                    sheet.write_string(number, column, held or "", cell)
        sheet.repeat_rows(top)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 6)
        sheet.set_column(1, len(header), 28)
    return made.getvalue()
