"""What the office writes about an event: all that its form holds, and what an event of each kind begins with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from service import settings
from service.people.organisations import Newcomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything of an event that the office edits; ``host`` is one that is known, or a newcomer."""

    title: str
    host: UUID | Newcomer
    place: str
    town: str = ""
    theme: str = ""
    summary: str = ""
    description: str = ""
    speaker: str = ""
    contact_name: str = ""
    contact_email: str = ""
    levels: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    photos: str = ""
    access: str = ""
    id_document: bool = False
    age_min: int | None = None
    takes_individuals: bool = True
    takes_classes: bool = False
    needs_approval: bool = False
    outside_school_time: bool = False
    option_days: int | None = 10
    class_seats_max: int | None = None
    kept_for_classes: int = 0
    kept_for_individuals: int = 0
    kept_for_partners: int = 0
    kept_days: int = 0
    group_max: int | None = None
    chaperone_ratio: int | None = None
    chaperones_min: int = 0
    list_closes_days: int = 0
    names_required_days: int | None = None
    host_gets_names: bool = False

    def values(self) -> list[Any]:
        """What its columns hold, in the order of COLUMNS."""
        return [getattr(self, name) for name in COLUMNS]

    def changed_from(self, before: "Content") -> list[str]:
        """The names of what differs, in the order of the form."""
        return [name for name in COLUMNS if getattr(self, name) != getattr(before, name)]


@dataclass(frozen=True, slots=True)
class Model:
    """What an event of one kind begins with: its slots' length and seats, their usual hour, and its rules."""

    minutes: int
    capacity: int
    hour: str
    rules: Mapping[str, Any]


COLUMNS = tuple(each.name for each in fields(Content))
MODELS: Mapping[str, Model] = {
    "visit": Model(
        minutes=120,
        capacity=24,
        hour="14:00",
        rules={
            "takes_classes": True,
            "group_max": 12,
            "chaperone_ratio": 10,
            "chaperones_min": 1,
            "requirements": ["Chaussures fermées"],
        },
    ),
    "workshop": Model(minutes=120, capacity=16, hour="14:00", rules={"takes_classes": True, "chaperones_min": 1}),
    # Members answer a summons: nobody books, and there is nothing to hold.
    "assembly": Model(minutes=120, capacity=80, hour="18:00", rules={"takes_individuals": False, "option_days": None}),
}


def rules_of(kind: str) -> dict[str, Any]:
    """The rules that an event of this kind begins with: the campus's habits under those of its model."""
    habits = settings.current()
    return {"list_closes_days": habits.list_closes_days, "option_days": habits.option_days, **MODELS[kind].rules}


def content_of(row: Mapping[str, Any]) -> Content:
    """The content of an event from its row."""
    return Content(**{name: row[name] for name in COLUMNS})
