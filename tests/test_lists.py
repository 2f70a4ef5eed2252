"""What the lists share: their search and their pages."""

from dataclasses import dataclass

import pytest

from service import db
from service.lists import Asked, Found, plain, words_of


@dataclass(frozen=True, slots=True)
class Some(Asked):
    """A list that asks for one thing more."""

    kind: str = ""


@pytest.mark.parametrize(
    ("typed", "stands"), [("ELAN coeur", True), ("élan", True), ("d'or", True), ("100 %", True), ("élan bois", False)]
)
async def test_a_search_knows_neither_accents_nor_case_nor_a_letter_of_its_own(typed: str, stands: bool) -> None:
    sql = (
        f"SELECT NOT EXISTS (SELECT FROM unnest($1::text[]) word WHERE strpos({plain('$2::text, $3::text')}, word) = 0)"
    )
    [row] = await db.fetch(f"{sql} AS stands", words_of(typed), "Élan d’or, au Cœur", "100 fois")
    assert row["stands"] is stands


def test_at_most_six_words_are_searched_for() -> None:
    assert words_of("un deux trois quatre cinq six sept") == ["un", "deux", "trois", "quatre", "cinq", "six"]


def test_a_link_keeps_what_was_asked_and_changes_what_it_says() -> None:
    asked = Some(q="Élan", kind="visit")
    assert asked.as_query(kind="", page=2) == {"q": "Élan", "kind": "", "page": 2}
    assert (asked.is_empty, Some().is_empty, asked.words) == (False, True, ["elan"])


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (1, 1), (50, 1), (51, 2)])
def test_there_is_one_page_at_least(total: int, pages: int) -> None:
    found: Found[str] = Found([], total, 1)
    assert found.pages == pages
