"""The fields of a proposal: as a company fills them in, and as they are filled in again."""

from collections.abc import Sequence
from dataclasses import fields

from service.events.dates import LARGEST
from service.proposals.contents import ADDRESSED, LONGEST_WORDS, Idea
from service.proposals.tables import KINDS
from service.web import proposed_dates
from service.web.forms import Form
from service.web.refusals.speaking import N_

SAFETY = ("ppe", "dress", "age_min", "chaperone_ratio", "group_max", "access", "photos", "parking")
NAMES = tuple(each.name for each in fields(Idea) if each.name not in (*ADDRESSED, "dates"))
FIELDS = ("email", *NAMES, *proposed_dates.FIELDS)
NEEDED = {
    "kind": N_("Please say what it would be."),
    "title": N_("Please give it a title."),
    "words": N_("Please say in a few words what people would see and do."),
    "seats": N_("Please say how many people you can welcome at a time."),
}


def read(form: Form, language: str, *, whole: bool, address: str = "") -> Idea:
    """What the form says; its mistakes are noted in the form, in the order of the page.

    ``whole``: all that a proposal needs must be there; else only who writes. ``address``: settled, and not asked for.
    """
    words = form.words
    missing = {name: words.gettext(said) if whole else "" for name, said in NEEDED.items()}
    who = words.gettext("Please name your company or structure.")
    return Idea(
        organisation_name=form.text("organisation_name", most=200, missing=who),
        contact_name=form.text("contact_name", missing=words.gettext("Please type your first and last name.")),
        email=address or form.address("email"),
        language=language,
        kind=form.choice("kind", KINDS, missing=missing["kind"], required=whole),
        title=form.text("title", most=200, missing=missing["title"]),
        words=_words(form, missing["words"]),
        dates=proposed_dates.read(form, required=whole),
        seats=form.whole_number("seats", least=1, most=LARGEST, missing=missing["seats"]),
        ppe=form.text("ppe", most=200, missing=""),
        dress=form.text("dress", most=200, missing=""),
        age_min=form.whole_number("age_min", least=3, most=99),
        chaperone_ratio=form.whole_number("chaperone_ratio", least=1, most=100),
        group_max=form.whole_number("group_max", least=1, most=1000),
        access=form.text("access", most=200, missing=""),
        photos=form.text("photos", most=200, missing=""),
        parking=form.text("parking", most=90, missing=""),
    )


def typed_of(idea: Idea) -> dict[str, str]:
    """The fields as somebody would have typed them."""
    values = {name: getattr(idea, name) for name in NAMES}
    typed = {name: "" if value is None else str(value) for name, value in values.items()}
    return typed | proposed_dates.typed_of(idea.dates)


def version_of(form: Form) -> int:
    """The version that the form was opened with; one that never was, where something else came."""
    typed = form.raw("version")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 9 else -1  # noqa: PLR2004 - digits


def is_about_safety(form: Form) -> bool:
    """Whether the folded part has something in it, or something wrong."""
    return any(form.value(name) or form.error(name) for name in SAFETY)


def anchors(missing: Sequence[str]) -> list[tuple[str, str]]:
    """What is missing, with the id of the field that asks for it."""
    return [(name, "day_1" if name == "dates" else name) for name in missing]


def _words(form: Form, missing: str) -> str:
    return form.block("words", most=LONGEST_WORDS, missing=missing).strip()
