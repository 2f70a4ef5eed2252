"""What the lists share: what they are asked for, a search that knows neither accents nor case, pages of fifty."""

from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from service import text

PAGE = 50
MOST_WORDS = 6
Line = TypeVar("Line")


def plain(columns: str) -> str:
    """The SQL of these columns in one text without accents and case, whatever the database's locale."""
    return rf"""
replace(lower(regexp_replace(normalize(concat_ws(' ', {columns}), NFKD), '[\u0300-\u036f]', '', 'g')), 'œ', 'oe')
"""


def words_of(typed: str) -> list[str]:
    """What is searched for: each word must stand somewhere in ``plain`` columns."""
    return text.key(typed).replace("œ", "oe").split()[:MOST_WORDS]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list was asked for; empty values ask for nothing."""

    q: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for."""
        return self == type(self)()

    @property
    def words(self) -> list[str]:
        """The words that are searched for."""
        return words_of(self.q)

    def as_query(self, **more: Any) -> dict[str, Any]:
        """The query of a link that keeps all this."""
        return {**{each.name: getattr(self, each.name) for each in fields(self)}, **more}


@dataclass(frozen=True, slots=True)
class Found(Generic[Line]):
    """One page of a list: ``total`` lines match in all."""

    lines: list[Line]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE))
