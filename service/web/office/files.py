"""What the office gives out as files: their names, their kinds, and the day that an address names."""

import re
from datetime import date

from litestar import Response
from litestar.exceptions import NotFoundException

from service import text

DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def day_of(named: str) -> date:
    """The day of an address (``2026-11-24``). Raises NotFoundException for what is none of this century."""
    try:
        if DAY.fullmatch(named):
            return date.fromisoformat(named)
    except ValueError:  # 31 February
        pass
    raise NotFoundException


def name_of(day: date, title: str = "") -> str:
    """A file's name: the day and what it is about, in letters that every system takes."""
    return f"{day:%Y-%m-%d}-{text.slug(title)[:60] or 'emargement'}"


def pdf_file(content: bytes, name: str) -> Response[bytes]:
    """A PDF to keep."""
    return _file(content, "application/pdf", f"{name}.pdf")


def xlsx_file(content: bytes, name: str) -> Response[bytes]:
    """A workbook to keep."""
    return _file(content, SPREADSHEET, f"{name}.xlsx")


def csv_file(content: bytes, name: str) -> Response[bytes]:
    """A table as text to keep."""
    return _file(content, "text/csv; charset=utf-8", f"{name}.csv")


def _file(content: bytes, media_type: str, name: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
