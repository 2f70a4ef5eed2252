"""The dates that a company names in a form: rows of a day and two hours."""

from service import clock
from service.proposals.contents import When
from service.web.forms import Form

ROWS = 6


def read(form: Form, *, required: bool) -> list[When]:
    """The dates of the rows that are filled in; each mistake is noted beside its field."""
    words = form.words
    found = [when for row in range(1, ROWS + 1) if (when := _row(form, row))]
    if required and not found and form.ok:
        form.refuse("day_1", words.gettext("Please name at least one date."))
    return found


def _row(form: Form, row: int) -> When | None:
    words, names = form.words, (f"day_{row}", f"from_{row}", f"to_{row}")
    if not any(form.raw(name).strip() for name in names):
        return None
    missing = words.gettext("Please give the day and the hours.")
    starts = form.moment(names[0], names[1], missing=missing)
    ends = form.moment(names[0], names[2], missing=missing)
    if starts and starts <= clock.now():
        form.refuse(names[0], words.gettext("This is in the past. Choose a later day."))
    if starts and ends and ends <= starts:
        form.refuse(names[2], words.gettext("It ends after it begins."))
    return (starts, ends) if starts and ends and form.ok else None
