"""What a company writes of what it would host, as its form holds it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from service import clock

When = tuple[datetime, datetime]
LONGEST_WORDS = 2000  # characters, of all that either side writes in its own words
ADDRESSED = ("email", "language")  # who is written to: it stays once the proposal is begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """Everything that the form holds. Of a draft all but the contact may be empty; ``seats`` counts people a date."""

    organisation_name: str
    contact_name: str
    email: str
    language: str = "fr"
    kind: str = ""
    title: str = ""
    words: str = ""
    seats: int | None = None
    dates: Sequence[When] = ()
    ppe: str = ""
    dress: str = ""
    age_min: int | None = None
    chaperone_ratio: int | None = None
    group_max: int | None = None
    access: str = ""
    photos: str = ""
    parking: str = ""

    def values(self) -> list[Any]:
        """What its columns hold, in the order of COLUMNS."""
        return [getattr(self, name) for name in COLUMNS]

    def missing(self) -> tuple[str, ...]:
        """The names of what it lacks before it can be handed in; "dates" when none of them is to come."""
        told = ("organisation_name", "contact_name", "kind", "title", "words", "seats")
        lacks = tuple(name for name in told if not getattr(self, name))
        return lacks if any(starts > clock.now() for starts, _ in self.dates) else (*lacks, "dates")


COLUMNS = tuple(each.name for each in fields(Idea) if each.name not in (*ADDRESSED, "dates"))
