"""The fields of a structure: how each is read from its form, shown again, and told beside another."""

from dataclasses import asdict, replace
from gettext import NullTranslations
from typing import Any

from service.people import organisations
from service.people.structures import COLUMNS, Facts
from service.web.forms import Form
from service.web.office import event_fields

LONGEST = {"name": 200, "town": 100, "sector": 200, "authority_area": 200}


def read(form: Form, present: Facts | None = None) -> Facts:
    """What the form says; after a conflict, without what is to stay as it is ``present``. Mistakes are noted."""
    missing = {"name": form.words.gettext("Please type the name of the structure.")}
    lines = {name: form.text(name, most=most, missing=missing.get(name, "")) for name, most in LONGEST.items()}
    facts = Facts(kind=form.choice("kind", organisations.KINDS), **lines)
    if present is None:
        return facts
    return replace(facts, **{name: getattr(present, name) for name in form.chosen("keep", COLUMNS)})


def as_fields(facts: Facts) -> dict[str, str | list[str]]:
    """The fields of a fresh form."""
    return {**asdict(facts)}


def compared(mine: Facts, theirs: Facts, language: str, words: NullTranslations) -> list[dict[str, Any]]:
    """Each fact in which the two differ, both in words."""
    return [
        {
            "name": name,
            "label": labels(words)[name],
            "mine": told(mine, name, language) or words.gettext("nothing"),
            "theirs": told(theirs, name, language) or words.gettext("nothing"),
        }
        for name in mine.changed_from(theirs)
    ]


def told(facts: Facts, name: str, language: str) -> str:
    """One fact as people read it; empty where nothing is known."""
    value = str(getattr(facts, name))
    return dict(event_fields.host_kinds(language)).get(value, value) if name == "kind" else value


def labels(words: NullTranslations) -> dict[str, str]:
    """What each fact is called."""
    return {
        "name": words.gettext("Name"),
        "kind": words.gettext("What it is"),
        "town": words.gettext("Town"),
        "sector": words.gettext("Sector of activity"),
        "authority_area": words.gettext("Local authority area"),
    }
