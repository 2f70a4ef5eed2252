"""The fields of one date: as the office types them, as they are shown again, and what to mark beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service import clock, i18n
from service.events import rules
from service.events.dates import FILLS, LARGEST, Dated, EventHead, Plan
from service.web.forms import Form

LONGEST_NUMBER = 9  # digits


@dataclass(frozen=True, slots=True)
class Marks:
    """What is odd about a date: none of it forbids it, but the past."""

    is_past: bool = False
    is_there: bool = False
    is_weekend: bool = False
    is_closed: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether it is left out unless somebody wants it all the same."""
        return self.is_past or self.is_there


def plan_of(form: Form, row: str = "", *, like: Dated | None = None) -> Plan | None:
    """The date of these fields (those of one ``row`` of a list), or None beside their mistakes.

    What is not asked for is as in the one that it is ``like``.
    """
    words = form.words
    when = words.gettext("Please give the day and the hours.")
    starts = form.moment(f"day{row}", f"starts{row}", missing=when)
    last_day = f"last_day{row}" if form.raw(f"last_day{row}").strip() else f"day{row}"
    ends = form.moment(last_day, f"ends{row}", missing=when)
    if starts and starts <= clock.now():
        form.refuse(f"day{row}", words.gettext("This is in the past. Choose a later day."))
    if starts and ends and ends <= starts:
        form.refuse(f"ends{row}", words.gettext("It ends after it begins."))
    missing = words.gettext("Please say how many seats there are.")
    capacity = form.whole_number(f"seats{row}", least=1, most=LARGEST, missing=missing)
    if not form.ok or starts is None or ends is None or capacity is None:
        return None
    if like is None:
        return Plan(starts, ends, capacity)
    opens = like.opens_at if like.opens_at and clock.now() < like.opens_at < starts else None
    return Plan(starts, ends, capacity, opens, None, like.fill)


def whole_plan_of(form: Form, event: EventHead) -> Plan | None:
    """The same with the times at which its list opens and closes, and who is served first."""
    words = form.words
    plan = plan_of(form)
    opens = form.moment("opens_day", "opens_hour", missing="")
    closes = form.moment("closes_day", "closes_hour", missing="")
    fill = form.choice("fill", FILLS)
    if plan and closes and closes > plan.starts_at:
        form.refuse("closes_day", words.gettext("The list closes by the start at the latest."))
    if plan and opens and opens >= (closes or event.closing_of(plan.starts_at)):
        form.refuse("opens_day", words.gettext("The list opens before it closes."))
    if plan is None or not form.ok:
        return None
    return Plan(plan.starts_at, plan.ends_at, plan.capacity, opens, closes, fill)


def hidden_number(form: Form, name: str) -> int | None:
    """A number that nobody types; None where something else came."""
    typed = form.raw(name)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER else None


def typed_of(plan: Plan | Dated, row: str = "") -> dict[str, str]:
    """The fields as somebody would have typed them."""
    starts, ends = i18n.local(plan.starts_at), i18n.local(plan.ends_at)
    return {
        f"day{row}": _day(starts),
        f"starts{row}": _hour(starts),
        f"ends{row}": _hour(ends),
        f"last_day{row}": _day(ends) if ends.date() != starts.date() else "",
        f"seats{row}": str(plan.capacity),
    }


def whole_typed_of(slot: Dated, event: EventHead) -> dict[str, str]:
    """The same with its list: what is as the event says is left empty."""
    closes = slot.closes_at if slot.closes_at != event.closing_of(slot.starts_at) else None
    return {
        **typed_of(slot),
        "opens_day": _day(slot.opens_at),
        "opens_hour": _hour(slot.opens_at),
        "closes_day": _day(closes),
        "closes_hour": _hour(closes),
        "fill": slot.fill,
        "version": str(slot.version),
    }


def marks_of(starts_at: datetime, event: EventHead, there: Sequence[Dated]) -> Marks:
    """What is odd about a date that starts then, beside those of the event that are there."""
    return Marks(
        is_past=starts_at <= clock.now(),
        is_there=any(one.starts_at == starts_at and not one.is_called_off for one in there),
        is_weekend=rules.is_weekend(i18n.local(starts_at).date()),
        is_closed=event.closing_of(starts_at) <= clock.now() < starts_at,
    )


def _day(moment: datetime | None) -> str:
    return f"{i18n.local(moment):%Y-%m-%d}" if moment else ""


def _hour(moment: datetime | None) -> str:
    return f"{i18n.local(moment):%H:%M}" if moment else ""
