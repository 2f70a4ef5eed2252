"""The fields of an event: what the form asks, in which section, and how each is read and shown again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from gettext import NullTranslations
from typing import Any
from uuid import UUID

from service import i18n, text
from service.events import places
from service.events.agenda import LEVEL_ORDER
from service.events.contents import Content
from service.people import organisations
from service.people.organisations import Newcomer
from service.web.forms import Form
from service.web.refusals.speaking import N_

MOST_LINES, LONGEST_LINE = 20, 200
LONGEST_DESCRIPTION = 8000


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its column, its label, and what its ``look`` needs. ``missing`` is said where it must be filled in."""

    name: str
    look: str  # line, address, block, lines, host, boxes, tick, number
    label: str
    hint: str = ""
    most: int = 200
    least: int = 0
    missing: str = ""
    empty: int | None = None  # what no number means


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading, which folds."""

    name: str
    title: str
    fields: tuple[Field, ...]
    is_for_bookings: bool = False  # an assembly has none


NEEDED = N_("Please fill this in.")
number = partial(Field, look="number")
tick = partial(Field, look="tick")
line = partial(Field, look="line")

SECTIONS = (
    Section(
        "read",
        N_("What people read first"),
        (
            line("title", label=N_("Title"), missing=NEEDED),
            line("summary", label=N_("In one sentence"), most=300, hint=N_("It stands below the title.")),
            Field(
                "description",
                "block",
                N_("What you will do there"),
                N_("An empty line begins a paragraph. **Two stars** for bold, a dash for a list."),
                LONGEST_DESCRIPTION,
            ),
            Field("host", "host", N_("Who welcomes"), most=200, missing=NEEDED),
            line("place", label=N_("Place"), most=250, missing=NEEDED, hint=N_("With street, postcode and town.")),
            line("town", label=N_("Town"), most=100, hint=N_("The agenda can be narrowed by it.")),
            line("theme", label=N_("Theme"), most=40, hint=N_("A word or two, beside the kind.")),
        ),
    ),
    Section(
        "more",
        N_("To know and bring"),
        (
            Field("requirements", "lines", N_("What to bring, what to wear"), N_("One thing a line.")),
            tick("id_document", label=N_("The site asks for an identity document at the door")),
            Field("levels", "boxes", N_("Levels")),
            number("age_min", label=N_("From which age"), least=3, most=99, hint=N_("Empty: any age.")),
            line("access", label=N_("Access"), most=300, hint=N_("For wheelchairs, by bus, where to park.")),
            line("photos", label=N_("Photos")),
            line("speaker", label=N_("Speaker")),
            line("contact_name", label=N_("Contact")),
            Field("contact_email", "address", N_("E-mail address of the contact"), most=254),
        ),
    ),
    Section(
        "who",
        N_("Who may book"),
        (
            tick("takes_individuals", label=N_("Single visitors")),
            tick("takes_classes", label=N_("Classes, booked by a teacher")),
            tick("needs_approval", label=N_("An organiser decides on each request")),
            tick("outside_school_time", label=N_("Outside school time: a minor needs a parent’s agreement")),
        ),
        is_for_bookings=True,
    ),
    Section(
        "classes",
        N_("For classes"),
        (
            number(
                "group_max", label=N_("Pupils in a group, at most"), least=1, most=1000, hint=N_("Empty: any number.")
            ),
            number("chaperone_ratio", label=N_("Pupils for one chaperone"), least=1, most=100),
            number("chaperones_min", label=N_("Chaperones for each group, at least"), most=50, empty=0),
            number("class_seats_max", label=N_("Seats for one class, at most"), least=1, most=10000),
            number(
                "option_days",
                label=N_("Days that a class may hesitate"),
                least=1,
                most=90,
                hint=N_("Its seats are held so long. Empty: they are confirmed at once."),
            ),
            number(
                "names_required_days",
                label=N_("Names needed, days before"),
                most=90,
                hint=N_("For a gate list. Empty: never."),
            ),
        ),
        is_for_bookings=True,
    ),
    Section(
        "seats",
        N_("Kept seats and closing"),
        (
            number("kept_for_classes", label=N_("Seats kept for classes"), most=10000, empty=0),
            number("kept_for_individuals", label=N_("Seats kept for single visitors"), most=10000, empty=0),
            number("kept_for_partners", label=N_("Seats kept for partners"), most=10000, empty=0),
            number(
                "kept_days",
                label=N_("Kept until so many days before"),
                most=365,
                empty=0,
                hint=N_("Then all may have them. 0: until the list closes."),
            ),
            number(
                "list_closes_days",
                label=N_("The list closes so many days before"),
                most=365,
                empty=0,
                hint=N_("0: at the start."),
            ),
        ),
        is_for_bookings=True,
    ),
)


def sections(kind: str) -> list[Section]:
    """The sections that an event of this kind has."""
    return [section for section in SECTIONS if kind != "assembly" or not section.is_for_bookings]


def fields(kind: str) -> list[Field]:
    """Their fields, in their order."""
    return [each for section in sections(kind) for each in section.fields]


async def read(form: Form, kind: str, present: Content) -> Content:
    """What the form says of an event that says ``present``; mistakes are noted in the form."""
    values = {each.name: READERS[each.look](form, each, present) for each in fields(kind) if each.look != "host"}
    content = replace(present, **values, host=await read_host(form) or present.host)
    if kind != "assembly" and not (content.takes_individuals or content.takes_classes):
        form.refuse("takes_individuals", form.words.gettext("Somebody must be able to book: tick one of these."))
    return content


async def read_host(form: Form) -> UUID | Newcomer | None:
    """The structure that the form names: its id, or a newcomer whose kind the form says; None after a mistake."""
    name = form.text("host", most=200, missing=form.words.gettext(NEEDED))
    if not name:
        return None
    known = await organisations.named(name)
    if known:
        return known
    new = form.words.gettext("We do not know this structure yet: choose what it is, or correct its name.")
    kind = form.choice("host_kind", organisations.KINDS, missing=new)
    return Newcomer(name, kind, places.town_in(form.value("place"))) if kind else None


def as_fields(content: Content, kind: str, host_name: str) -> dict[str, str | list[str]]:
    """The fields of a fresh form for an event that says this."""
    shown = {each.name: _shown(getattr(content, each.name), each.look) for each in fields(kind)}
    newcomer = content.host if isinstance(content.host, Newcomer) else None
    return {**shown, "host": newcomer.name if newcomer else host_name, "host_kind": newcomer.kind if newcomer else ""}


def host_kinds(language: str) -> list[tuple[str, str]]:
    """What a structure may be, with the words that pages say for it."""
    words = i18n.translations(language)
    labels = {
        "company": words.gettext("Company"),
        "school": words.gettext("School"),
        "training": words.gettext("Training centre"),
        "lab": words.gettext("Laboratory"),
        "authority": words.gettext("Local authority"),
        "association": words.gettext("Association"),
        "other": words.pgettext("structure", "Other"),
    }
    return [(kind, labels[kind]) for kind in organisations.KINDS]


def told(value: Any, words: NullTranslations, hosts: Mapping[UUID, str]) -> str:
    """A value as people read it, where it stands beside another."""
    if isinstance(value, UUID):
        return hosts.get(value, "")
    if isinstance(value, Newcomer):
        return value.name
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, list):
        return ", ".join(value) or "–"
    return "–" if value in (None, "") else str(value)


def _shown(value: Any, look: str) -> str | list[str]:
    if isinstance(value, list):
        return "\n".join(value) if look == "lines" else value
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _line(form: Form, each: Field, _: Content) -> str:
    return form.text(each.name, most=each.most, missing=each.missing and form.words.gettext(each.missing))


def _address(form: Form, each: Field, _: Content) -> str:
    return form.address(each.name) if form.raw(each.name).strip() else ""


def _block(form: Form, each: Field, _: Content) -> str:
    return form.block(each.name, most=each.most).strip()


def _lines(form: Form, each: Field, _: Content) -> list[str]:
    found = [text.line(one.replace("\t", " ")) for one in form.block(each.name).split("\n") if one.strip()]
    if len(found) > MOST_LINES or any(len(one) > LONGEST_LINE for one in found):
        wanted = form.words.gettext("At most %(lines)s lines of %(most)s characters, please.")
        form.refuse(each.name, wanted % {"lines": MOST_LINES, "most": LONGEST_LINE})
        return []
    return found


def _boxes(form: Form, each: Field, present: Content) -> list[str]:
    return form.chosen(each.name, level_choices(present))


def _tick(form: Form, each: Field, _: Content) -> bool:
    return form.ticked(each.name)


def _number(form: Form, each: Field, _: Content) -> int | None:
    read = form.whole_number(each.name, least=each.least, most=each.most)
    return each.empty if read is None else read


def level_choices(present: Content) -> list[str]:
    """The levels that one may tick: the usual ones, and what the event has beside them."""
    return [*LEVEL_ORDER, *(level for level in present.levels if level not in LEVEL_ORDER)]


READERS: Mapping[str, Callable[[Form, Field, Content], Any]] = {
    "line": _line,
    "address": _address,
    "block": _block,
    "lines": _lines,
    "boxes": _boxes,
    "tick": _tick,
    "number": _number,
}
