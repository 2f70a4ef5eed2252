"""The columns of an export: what each says of a booking, and which of them only those read who write to people."""

from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations

from service import i18n
from service.bookings.exports import Row
from service.bookings.tables import LIVE
from service.documents.xlsx import Cell
from service.web.asking import outings
from service.web.events import age_bands


@dataclass(frozen=True, slots=True)
class Column:
    """One column. A ``private`` one tells how to reach somebody, or what they need."""

    name: str
    value: Callable[[Row], Cell]
    private: bool = False


def columns(spoken: str, *, with_contacts: bool) -> list[Column]:
    """The columns in their order, in this language."""
    words = i18n.translations(spoken)
    found = [*_of_slot(words), *_of_person(words, spoken), *_of_party(words, spoken), *_of_story(words)]
    return [one for one in found if with_contacts or not one.private]


def _of_slot(words: NullTranslations) -> list[Column]:
    kinds = {
        "visit": words.gettext("Company visit"),
        "workshop": words.gettext("Workshop"),
        "assembly": words.gettext("Assembly"),
    }
    return [
        Column(words.gettext("Event"), lambda row: row.title),
        Column(words.gettext("Kind"), lambda row: kinds[row.kind]),
        Column(words.gettext("Date"), lambda row: row.starts_at.date()),
        Column(words.gettext("Start"), lambda row: row.starts_at.time()),
        Column(words.gettext("End"), lambda row: row.ends_at.time()),
        Column(words.gettext("Place"), lambda row: row.place),
        Column(words.gettext("Host"), lambda row: row.host),
    ]


def _of_person(words: NullTranslations, spoken: str) -> list[Column]:
    states, bands, yes = _states(words), dict(age_bands(spoken)), words.gettext("yes")
    return [
        Column(words.gettext("State"), lambda row: _state(row, states)),
        Column(words.gettext("Last name"), lambda row: row.last_name),
        Column(words.gettext("First name"), lambda row: row.first_name),
        Column(words.gettext("E-mail"), lambda row: row.email, private=True),
        Column(words.gettext("E-mails do not arrive"), lambda row: yes if row.is_unreached else "", private=True),
        Column(words.gettext("A parent's e-mail"), lambda row: row.guardian_email, private=True),
        Column(words.gettext("School or organisation"), lambda row: row.school),
        Column(words.gettext("Class"), lambda row: row.class_label),
        Column(words.gettext("Level"), lambda row: row.level),
        Column(words.gettext("Age"), lambda row: bands.get(row.age_band, "")),
        Column(words.gettext("Welcome needs"), lambda row: row.needs, private=True),
    ]


def _of_party(words: NullTranslations, spoken: str) -> list[Column]:
    kinds = {
        "individual": words.gettext("On their own"),
        "class": words.gettext("Class"),
        "partner": words.gettext("Partner"),
    }
    outing = dict(outings(spoken))
    return [
        Column(words.gettext("Comes as"), lambda row: kinds[row.audience]),
        Column(words.gettext("Seats"), lambda row: row.seats),
        Column(words.gettext("Pupils"), lambda row: row.pupils or None),
        Column(words.gettext("Chaperones"), lambda row: row.chaperones if row.pupils else None),
        Column(words.gettext("Of whom girls"), lambda row: row.girls),
        Column(words.gettext("Names given"), lambda row: row.named if row.pupils else None),
        Column(words.gettext("Outing"), lambda row: outing.get(row.outing, "")),
        Column(words.gettext("Present"), lambda row: row.present),
    ]


def _of_story(words: NullTranslations) -> list[Column]:
    enders = _enders(words)
    return [
        Column(words.gettext("Booked on"), lambda row: row.created_at),
        Column(words.gettext("On the waiting list since"), lambda row: row.queued_at),
        Column(words.gettext("Held until"), lambda row: row.expires_at),
        Column(words.gettext("Ended on"), lambda row: row.ended_at),
        Column(words.gettext("Ended by"), lambda row: _ender(row, enders)),
        Column(words.gettext("Code"), lambda row: row.code),
        Column(words.gettext("Language"), lambda row: row.language),
    ]


def _states(words: NullTranslations) -> dict[str, str]:
    return {
        "confirmed": words.pgettext("booking", "confirmed"),
        "option": words.pgettext("booking", "option to confirm"),
        "approval": words.pgettext("booking", "to be approved"),
        "guardian": words.pgettext("booking", "awaits a parent"),
        "offered": words.pgettext("booking", "seat offered"),
        "waiting": words.pgettext("booking", "on the waiting list"),
        "cancelled": words.pgettext("booking", "cancelled"),
        "refused": words.pgettext("booking", "refused"),
        "declined": words.pgettext("booking", "offer declined"),
        "expired": words.pgettext("booking", "lapsed"),
        "off": words.pgettext("booking", "called off"),
    }


def _state(row: Row, states: dict[str, str]) -> str:
    """How it stands, in words: what a pending one awaits first, and who refused one that is over."""
    if row.is_off and row.state in LIVE:
        return states["off"]
    if row.state == "pending":
        return states["approval" if row.awaits_approval else "guardian"]
    is_refused = row.state == "cancelled" and row.ended_by in ("organiser", "guardian")
    return states["refused" if is_refused else row.state]


def _enders(words: NullTranslations) -> dict[str, str]:
    booker, organiser, deadline = (
        words.gettext("the booker"),
        words.gettext("the organisers"),
        words.gettext("the deadline"),
    )
    return {
        "": "",
        "booker": booker,
        "leaving": booker,
        "erasure": booker,
        "guardian": words.gettext("a parent"),
        "deadline": deadline,
        "closing": deadline,
        "organiser": organiser,
    }


def _ender(row: Row, enders: dict[str, str]) -> str:
    return enders.get(row.ended_by, enders["organiser"])
