"""Rows of dates that a company could host: read from whatever form has them, and filled in again."""

from collections.abc import Iterable
from datetime import datetime

from service import clock, i18n
from service.proposals.contents import When
from service.web.forms import Form

MOST = 6
PARTS = ("day", "from", "to")
FIELDS = tuple(f"{part}_{row}" for row in range(1, MOST + 1) for part in PARTS)


def read(form: Form, *, required: bool) -> list[When]:
    """The dates of its rows, in their order; what is wrong with a row is noted beside its fields.

    An empty row is none. Where one is ``required``, no row at all is a mistake of the first.
    """
    found: list[When] = []
    for row in range(1, MOST + 1):
        if when := _row(form, row):
            if any(when[0] == other[0] for other in found):
                form.refuse(f"day_{row}", form.words.gettext("This date is in the list already."))
            found.append(when)
    if required and not any(_typed(form, row) for row in range(1, MOST + 1)):
        form.refuse("day_1", form.words.gettext("Please name at least one date."))
    return found


def typed_of(dates: Iterable[When]) -> dict[str, str]:
    """The rows as somebody would have typed them; what has passed is left out, for no form would take it again."""
    fields: dict[str, str] = {}
    to_come = [when for when in dates if when[0] > clock.now()]
    for row, (starts_at, ends_at) in enumerate(to_come[:MOST], 1):
        fields |= {f"day_{row}": f"{i18n.local(starts_at):%Y-%m-%d}", f"from_{row}": _hour(starts_at)}
        fields[f"to_{row}"] = _hour(ends_at)
    return fields


def _row(form: Form, row: int) -> When | None:
    if not _typed(form, row):
        return None
    words, names = form.words, [f"{part}_{row}" for part in PARTS]
    if empty := [name for name in names if not form.raw(name).strip()]:
        form.refuse(empty[0], words.gettext("Please give the day and the hours."))
        return None
    day, since, until = names
    starts, ends = form.moment(day, since, missing=""), form.moment(day, until, missing="")
    if starts is None or ends is None:
        return None
    if starts <= clock.now():
        form.refuse(day, words.gettext("This is in the past. Choose a later day."))
    if ends <= starts:
        form.refuse(until, words.gettext("It ends after it begins."))
    return starts, ends


def _typed(form: Form, row: int) -> bool:
    return any(form.raw(f"{part}_{row}").strip() for part in PARTS)


def _hour(moment: datetime) -> str:
    return f"{i18n.local(moment):%H:%M}"
