"""Languages: French first, English complete. Catalogues, dates and times as people say them."""

from datetime import date, datetime, time
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from service import clock, settings

LANGUAGES = ("fr", "en")
CATALOGUES = Path(__file__).parent / "locale"


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of one language. English is what the code itself says; French is compiled at first use."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def local(moment: datetime) -> datetime:
    """The wall time of ``moment`` where the campus is."""
    return moment.astimezone(ZoneInfo(settings.current().time_zone))


def begin_of(day: date) -> datetime:
    """The moment at which a day begins where the campus is."""
    return datetime.combine(day, time(), ZoneInfo(settings.current().time_zone))


def today() -> date:
    """The day it is where the campus is."""
    return local(clock.now()).date()


@lru_cache(maxsize=4096)
def long_date(day: date, language: str) -> str:
    """mardi 24 novembre 2026 · Tuesday 24 November 2026."""
    if language == "fr":
        return format_date(day, "EEEE d MMMM y", locale="fr").replace(" 1 ", " 1er ")
    return format_date(day, "EEEE d MMMM y", locale="en_GB")


def short_date(day: date, language: str) -> str:
    """The long date; without its year when that is this year."""
    full = long_date(day, language)
    return full if day.year != today().year else full.removesuffix(f" {day.year}")


def wall_clock(moment: datetime, language: str) -> str:
    """14 h, 14 h 30 · 14:00, 14:30."""
    if language != "fr":
        return f"{moment:%H:%M}"
    return f"{moment.hour}\u00a0h" + (f"\u00a0{moment:%M}" if moment.minute else "")


def time_range(starts: datetime, ends: datetime, language: str) -> str:
    """14 h – 16 h · 14:00–16:00; the other day is named when it ends on another."""
    if starts.date() != ends.date():
        return f"{wall_clock(starts, language)} – {at_moment(ends, language)}"
    dash = "\u00a0– " if language == "fr" else "–"
    return wall_clock(starts, language) + dash + wall_clock(ends, language)


def at_moment(moment: datetime, language: str) -> str:
    """mardi 24 novembre à 14 h · Tuesday 24 November at 14:00."""
    joint = "à" if language == "fr" else "at"
    return f"{short_date(moment.date(), language)} {joint} {wall_clock(moment, language)}"


def party(pupils: int, chaperones: int, language: str) -> str:
    """28 élèves et 3 accompagnateurs · 28 pupils and 3 chaperones; who is nobody is not spoken of."""
    words = translations(language)
    counted = [
        words.ngettext("%(num)s pupil", "%(num)s pupils", pupils) % {"num": pupils} if pupils else "",
        words.ngettext("%(num)s chaperone", "%(num)s chaperones", chaperones) % {"num": chaperones}
        if chaperones
        else "",
    ]
    return words.gettext(" and ").join(filter(None, counted))
