"""The attendance sheet in words: the same for the page, the PDF and the spreadsheets."""

from collections.abc import Iterator
from datetime import date, datetime
from gettext import NullTranslations
from typing import Any

from service import i18n, settings
from service.attendance.sheets import Row, Section, Sheet
from service.documents import xlsx

Line = list[xlsx.Cell]


def shown(found: list[Sheet], title: str, spoken: str) -> dict[str, Any]:
    """All that the page and the PDF say of these sheets, ``title`` being that of the whole."""
    words = i18n.translations(spoken)
    return {
        "lang": spoken,
        "heading": words.gettext("Attendance sheet"),
        "title": title,
        "campus": settings.current().campus_name,
        "funders": settings.current().funders,
        "header": header(words),
        "words": {
            "present": words.gettext("Present:"),
            "speaker_signs": words.gettext("Signature of the speaker"),
            "organiser_signs": words.gettext("Signature of the organiser"),
        },
        "sheets": [_sheet(sheet, spoken) for sheet in found],
    }


def header(words: NullTranslations) -> list[str]:
    """What the columns hold."""
    return [
        words.gettext("No."),
        words.gettext("LAST NAME First name"),
        words.gettext("School or class"),
        words.gettext("Signature"),
    ]


def rows(sheet: Sheet, words: NullTranslations) -> list[Line]:
    """A line for each who is expected; each says itself of which class it is, for a spreadsheet sorts them anew."""
    return [
        [row.number, row.name, _origin(row, section, words), ""] for section in sheet.sections for row in section.rows
    ]


def header_of_day(words: NullTranslations) -> list[str]:
    """What the columns of a whole day hold."""
    slot = [words.gettext("Date"), words.gettext("Start"), words.gettext("End"), words.gettext("Event")]
    return [*slot, *header(words)]


def rows_of_day(sheet: Sheet, day: date, words: NullTranslations) -> Iterator[tuple[Line, Line]]:
    """The same, each with the slot that it is of."""
    begins, ends = sheet.starts_at.time(), sheet.halves[-1][1].time()
    return (([day, begins, ends, sheet.title], row) for row in rows(sheet, words))


def as_worksheet(sheet: Sheet, spoken: str) -> xlsx.Sheet:
    """The sheet as a page of a workbook, named by its hour and its event."""
    words = i18n.translations(spoken)
    return xlsx.Sheet(
        name=f"{i18n.wall_clock(sheet.starts_at, spoken)} {sheet.title}",
        header=header(words),
        rows=rows(sheet, words),
        title=sheet.title,
        facts=[
            (words.gettext("Organiser"), settings.current().campus_name),
            *_facts(sheet, (sheet.starts_at, sheet.halves[-1][1]), spoken),
            *([(words.gettext("Funding"), funders)] if (funders := settings.current().funders) else []),
        ],
    )


def _sheet(sheet: Sheet, spoken: str) -> dict[str, Any]:
    words = i18n.translations(spoken)
    return {
        "title": sheet.title,
        "halves": [_facts(sheet, half, spoken) for half in sheet.halves],
        "sections": [
            *(_section(section, _heading(section, spoken), spoken) for section in sheet.sections),
            _section(Section(sheet.walk_ins), words.gettext("Without a booking"), spoken),
        ],
        "destroyed": _destroyed(sheet, spoken),
    }


def _section(section: Section, heading: str, spoken: str) -> dict[str, Any]:
    words = i18n.translations(spoken)
    return {
        "heading": heading,
        "rows": [
            {"number": str(row.number), "name": row.name, "origin": _told(row.origin, row, words)}
            for row in section.rows
        ],
    }


def _heading(section: Section, spoken: str) -> str:
    """The line above a class; nothing above those who come alone."""
    counted = i18n.party(section.pupils, section.chaperones, spoken)
    return f"{section.label}, {section.school} – {counted}" if section.label else ""


def _origin(row: Row, section: Section, words: NullTranslations) -> str:
    return _told(f"{section.label}, {section.school}" if section.label else row.origin, row, words)


def _told(origin: str, row: Row, words: NullTranslations) -> str:
    """Where somebody comes from, and that their seat is not confirmed yet, if so."""
    to_confirm = words.gettext("to confirm")
    return f"{origin} ({to_confirm})" if row.to_confirm else origin


def _facts(sheet: Sheet, half: tuple[datetime, datetime], spoken: str) -> list[tuple[str, str]]:
    """When, where, with whom. The organiser's name stands above."""
    words = i18n.translations(spoken)
    told = [
        (words.gettext("Date"), f"{i18n.long_date(half[0].date(), spoken)}, {i18n.time_range(*half, spoken)}"),
        (words.gettext("Where"), sheet.place),
        (words.gettext("Speaker"), sheet.speaker),
    ]
    return [(label, value) for label, value in told if value]


def _destroyed(sheet: Sheet, spoken: str) -> str:
    if sheet.destroyed_on is None:
        return ""
    wanted = i18n.translations(spoken).gettext("To be destroyed on %(day)s.")
    return wanted % {"day": i18n.long_date(sheet.destroyed_on, spoken)}
