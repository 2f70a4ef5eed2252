"""CSV for a French spreadsheet: opens right, calculates nothing, loses nothing."""

import csv as reader
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.documents import csv


def read(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(reader.reader(content.decode("utf-8-sig").splitlines(keepends=True), delimiter=";"))


@pytest.mark.parametrize(
    "hostile",
    ["=1+1", "+33 3", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "＠x", '=HYPERLINK("http://evil.test")'],
)
def test_a_cell_that_a_spreadsheet_would_calculate_is_neutralised(hostile: str) -> None:
    assert csv.harmless(hostile) == f"'{hostile}"


@pytest.mark.parametrize(
    "label", ["3-2", "6/1", "3E4", "0612345678", "12:30", "1,5", "50 %", "2026", "1 000", "Faux", "VRAI"]
)
def test_a_text_that_a_spreadsheet_would_take_for_a_value_stays_a_text(label: str) -> None:
    assert csv.harmless(label) == f"'{label}"


@pytest.mark.parametrize(
    "plain", ["2de 4", "3e B", "K7M-4TQ", "LYPSO", "D’HÔTE-VANDAMME", "62510 Arques", "", "–", "%"]
)
def test_any_other_text_is_left_as_it_is(plain: str) -> None:
    assert csv.harmless(plain) == plain


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert read(csv.table(["N°", "Nom"], [[-3, None], [12, "D’HÔTE;“x”"]])) == [
        ["N°", "Nom"], ["-3", ""], ["12", "D’HÔTE;“x”"],
    ]  # fmt: skip


def test_days_and_times_are_such_in_every_language() -> None:
    row: list[csv.Cell] = [date(2026, 11, 24), time(14, 5), datetime(2026, 11, 24, 14, 5, tzinfo=UTC)]
    assert read(csv.table(["a", "b", "c"], [row]))[1] == ["2026-11-24", "14:05", "2026-11-24 14:05"]


@given(st.lists(st.lists(st.text(max_size=30), min_size=2, max_size=2), max_size=5))
def test_every_row_comes_back_with_all_its_cells_and_none_begins_like_a_formula(rows: list[list[str]]) -> None:
    found = read(csv.table(["a", "b"], rows))
    assert [len(row) for row in found] == [2] * (len(rows) + 1)
    for row in found[1:]:
        assert not any(cell.lstrip().startswith(csv.FORMULA) for cell in row)
