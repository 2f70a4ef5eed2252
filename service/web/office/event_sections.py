"""What the form of an event asks: its fields, in their sections, with their labels and bounds."""

from dataclasses import dataclass
from functools import partial

from service.web.refusals.speaking import N_

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


NEEDED = {
    "title": N_("Give the event a title."),
    "summary": N_("Say in one sentence what it is."),
    "host": N_("Say who welcomes."),
    "place": N_("Say where it takes place."),
    "seats": N_("Say how many seats there are."),
    "day": N_("Choose a day."),
    "reason": N_("Give the reason."),
}
number = partial(Field, look="number")
tick = partial(Field, look="tick")
line = partial(Field, look="line")

SECTIONS = (
    Section(
        "read",
        N_("What people read first"),
        (
            line("title", label=N_("Title"), missing=NEEDED["title"]),
            line("summary", label=N_("In one sentence"), most=300, hint=N_("It stands below the title.")),
            Field(
                "description",
                "block",
                N_("What you will do there"),
                N_("An empty line begins a paragraph. **Two stars** for bold, a dash for a list."),
                LONGEST_DESCRIPTION,
            ),
            Field("host", "host", N_("Who welcomes"), most=200, missing=NEEDED["host"]),
            line(
                "place",
                label=N_("Place"),
                most=250,
                missing=NEEDED["place"],
                hint=N_("With street, postcode and town."),
            ),
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
            tick("host_gets_names", label=N_("The host reads the names once the list is closed")),
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
