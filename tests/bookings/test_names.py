"""Names as teachers paste them: what is understood, what should be looked at, what cannot be read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import text
from service.bookings import names
from service.bookings.names import Doubt, Name, Unclear, Understood, Why, read, rendered

CONTROL = ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")
WORDS = "DUPONT Marie DE LA TOUR d' de O’BRIEN Nom Prénom last name 日本 محمد é A 12/03/2010 3. (x y) - • ' \" @ ."
PIECES = st.sampled_from([*WORDS.split(), *";,\t \n\r\0\u202e", "  ", "\r\n", "e\u0301", "Mc", "🎓"])
PASTED = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=25).map(" ".join), st.lists(PIECES).map("".join))


def names_in(pasted: str) -> list[tuple[str, str]]:
    """(last, first) of each line that was understood."""
    return [(line.name.last_name, line.name.first_name) for line in read(pasted) if isinstance(line, Understood)]


def doubts_in(pasted: str) -> list[tuple[Doubt, ...]]:
    return [line.doubts for line in read(pasted) if isinstance(line, Understood)]


def problems_in(pasted: str) -> list[tuple[int, Why]]:
    return [(line.line, line.why) for line in read(pasted) if isinstance(line, Unclear)]


@pytest.mark.parametrize(
    ("line", "last", "first"),
    [
        ("Marie DUPONT", "DUPONT", "Marie"),
        ("DUPONT Marie", "DUPONT", "Marie"),
        ("Marie DE LA TOUR", "DE LA TOUR", "Marie"),
        ("DE LA TOUR Marie-Ange", "DE LA TOUR", "Marie-Ange"),
        ("Marie de LA TOUR", "de LA TOUR", "Marie"),
        ("de la TOUR Marie Ange", "de la TOUR", "Marie Ange"),
        ("Élodie D'HÔTE-VANDAMME", "D'HÔTE-VANDAMME", "Élodie"),
        ("d’HÔTE Élodie", "d’HÔTE", "Élodie"),
        ("D' HÔTE Élodie", "D' HÔTE", "Élodie"),
        ("Ronald MC DONALD", "MC DONALD", "Ronald"),
        ("Ronald McDONALD", "McDONALD", "Ronald"),
        ("Sean O’BRIEN", "O’BRIEN", "Sean"),
        ("Léa M'BARKI", "M'BARKI", "Léa"),
        ("LI Wei", "LI", "Wei"),
        ("Jean P. DUPONT", "DUPONT", "Jean P."),
        ("Анна ИВАНОВА", "ИВАНОВА", "Анна"),
        ("ΠΑΠΑΔΟΠΟΥΛΟΥ Ελένη", "ΠΑΠΑΔΟΠΟΥΛΟΥ", "Ελένη"),
        ("LE GOFF  Yann\u00a0", "LE GOFF", "Yann"),
        ("E\u0301lodie D\u2019HO\u0302TE", "D’HÔTE", "Élodie"),
    ],
)
def test_the_words_in_capitals_are_the_last_name_wherever_they_stand(line: str, last: str, first: str) -> None:
    assert read(line) == [Understood(1, Name(last, first))]


@pytest.mark.parametrize(
    ("line", "last", "first"),
    [
        ("Léa Da Silva", "Da Silva", "Léa"),
        ("Marie Dupont", "Dupont", "Marie"),
        ("marie dupont", "dupont", "marie"),
        ("Marie D", "D", "Marie"),
        ("太郎 日本", "日本", "太郎"),
        ("محمد الفاسي", "الفاسي", "محمد"),
        ("Pieter 't Hooft", "'t Hooft", "Pieter"),
    ],
)
def test_without_capitals_the_first_word_is_guessed_to_be_the_first_name(line: str, last: str, first: str) -> None:
    assert read(line) == [Understood(1, Name(last, first), (Doubt.order,))]


@pytest.mark.parametrize(
    ("line", "last", "first"),
    [
        ("DUPONT MARIE", "DUPONT", "MARIE"),
        ("DE LA TOUR MARIE", "DE LA TOUR", "MARIE"),
        ("de LA TOUR MARIE", "de LA TOUR", "MARIE"),
        ("MARTIN DUPONT LÉA", "MARTIN DUPONT", "LÉA"),
    ],
)
def test_a_line_in_capitals_is_guessed_as_school_lists_print_it(line: str, last: str, first: str) -> None:
    assert read(line) == [Understood(1, Name(last, first), (Doubt.capitals,))]


@pytest.mark.parametrize("line", ["DUPONT", "Dupont", "O’BRIEN", "MC DONALD", "LE GOFF", "DUPONT de MARTIN", "日本"])
def test_a_last_name_without_a_first_one_is_to_be_looked_at(line: str) -> None:
    assert read(line) == [Understood(1, Name(line), (Doubt.alone,))]


@pytest.mark.parametrize(
    ("line", "last", "first"),
    [("DUPONT Marie MARTIN", "DUPONT MARTIN", "Marie"), ("Marie DUPONT Ange", "DUPONT", "Marie Ange")],
)
def test_capitals_in_several_places_are_to_be_looked_at(line: str, last: str, first: str) -> None:
    assert read(line) == [Understood(1, Name(last, first), (Doubt.mixed,))]


@pytest.mark.parametrize("end", [";", "\t", ",", "; ", " ;", "\t ", ", "])
@pytest.mark.parametrize(
    ("one", "other", "last", "first"),
    [
        ("DUPONT", "Marie", "DUPONT", "Marie"),
        ("Dupont", "Marie", "Dupont", "Marie"),
        ("DUPONT", "MARIE", "DUPONT", "MARIE"),
        ("Marie", "DUPONT", "DUPONT", "Marie"),
        ("Marie-Ange", "DE LA TOUR", "DE LA TOUR", "Marie-Ange"),
        ("Da Silva", "Léa", "Da Silva", "Léa"),
        ("日本", "太郎", "日本", "太郎"),
    ],
)
def test_columns_are_last_name_and_first_name(end: str, one: str, other: str, last: str, first: str) -> None:
    assert read(one + end + other) == [Understood(1, Name(last, first))]


@pytest.mark.parametrize(
    "line",
    [
        "DUPONT;Marie;12/03/2010",
        "DUPONT\tMarie\t2de 4\tF\tmarie@exemple.test",
        "DUPONT;12/03/2010;Marie",
        "DUPONT Marie 12/03/2010",
        "DUPONT Marie 12-03-2010 (absente)",
        "12.03.2010 DUPONT Marie",
        "Marie DUPONT\t2de4",
        "DUPONT Marie marie.dupont@exemple.test",
    ],
)
def test_what_is_no_name_is_left_out_and_said_so(line: str) -> None:
    assert read(line) == [Understood(1, Name("DUPONT", "Marie"), (Doubt.left_out,))]


@pytest.mark.parametrize(
    "line",
    [
        "1. DUPONT Marie",
        "1.DUPONT Marie",
        "12) DUPONT Marie",
        "12 DUPONT Marie",
        "3;DUPONT;Marie",
        "3\tDUPONT\tMarie\t",
        "- DUPONT Marie",
        "-DUPONT Marie",
        "• DUPONT Marie",
        "– 4: DUPONT Marie",
        '"DUPONT";"Marie"',
        '"DUPONT Marie"',
        "'DUPONT Marie'",
        "« DUPONT Marie »",
        "DUPONT - Marie",
        "DUPONT Marie.",
        "* DUPONT Marie,",
    ],
)
def test_numbers_bullets_and_quotes_around_a_name_are_dropped(line: str) -> None:
    assert read(line) == [Understood(1, Name("DUPONT", "Marie"))]


@pytest.mark.parametrize(
    "heading",
    [
        "Nom;Prénom",
        "NOM\tPRENOM",
        "Nom Prénom",
        "NOM Prénom(s)",
        "Nom et prénom",
        "Élèves",
        "N°;Nom de famille;Prénom;Né(e) le",
        "Last name, First name",
        "Last name",
        "LAST NAME\tFIRST NAME\tCLASS",
        "1. Nom Prénom",
    ],
)
def test_a_heading_is_skipped(heading: str) -> None:
    assert names_in(f"{heading}\nDUPONT;Marie") == [("DUPONT", "Marie")]
    assert problems_in(heading) == []


def test_a_heading_says_which_column_is_which() -> None:
    assert names_in("Prénom;Nom\nMarie;Dupont\nLéa;Da Silva") == [("Dupont", "Marie"), ("Da Silva", "Léa")]
    pasted = "Classe\tNom\tPrénom\nTerminale\tDupont\tMarie\nTerminale\t\t\n"
    assert read(pasted)[0] == Understood(2, Name("Dupont", "Marie"), (Doubt.left_out,))


def test_a_first_column_that_looks_like_a_whole_name_is_to_be_looked_at() -> None:
    assert doubts_in("Marie DUPONT;F") == [(Doubt.mixed,)]


def test_lines_end_as_windows_and_macs_end_them_and_blank_ones_do_not_count() -> None:
    pasted = "\ufeff\r\nMarie DUPONT\r\n\r\n  \t \rLéa M'BARKI\r\n4.\n-\nSean O’BRIEN\n"

    assert [(line.line, type(line)) for line in read(pasted)] == [(2, Understood), (5, Understood), (8, Understood)]
    assert read("") == read("\n\n") == []


def test_the_same_name_twice_is_to_be_looked_at_the_second_time() -> None:
    assert doubts_in("Marie DUPONT\nLéa DUPONT\nDUPONT Marie\nLéa Roy\nLéa Roy") == [
        (),
        (),
        (Doubt.twice,),
        (Doubt.order,),
        (Doubt.order, Doubt.twice),
    ]


@pytest.mark.parametrize("character", ["\0", "\a", "\x1b", "\x7f", "\x85", "\u2028", chr(0xD800), "\ufffd", *text.BIDI])
def test_a_line_with_a_character_that_no_line_holds_cannot_be_read(character: str) -> None:
    assert problems_in(f"Marie DUPONT\nLéa M{character}BARKI\nSean O’BRIEN") == [(2, Why.characters)]


@pytest.mark.parametrize("line", ["12/03/2010", "🎓🎓🎓🎓🎓", "??????", "DUPONT12 34", "a@exemple.test"])
def test_a_line_without_a_name_is_said_to_have_none(line: str) -> None:
    assert problems_in(line) == [(1, Why.nameless)]


def test_a_name_is_a_hundred_characters_long_at_most() -> None:
    assert names_in("É" * 100 + " Marie") == [("É" * 100, "Marie")]
    assert problems_in("É" * 101 + " Marie") == [(1, Why.too_long)]
    assert problems_in("Marie " * 90) == problems_in("1" * 501) == [(1, Why.too_long)]


def test_a_hundred_lines_are_read_and_the_next_one_is_said_to_be_too_many() -> None:
    pasted = "".join(f"Marie DUPONT{chr(65 + n // 26)}{chr(65 + n % 26)}\n" for n in range(100))

    assert (len(names_in(pasted)), problems_in(pasted)) == (100, [])
    assert (len(names_in(pasted * 2)), problems_in(pasted * 2)) == (100, [(101, Why.too_many)])


def test_forty_lines_are_forty_names() -> None:
    pasted = "\r\n".join(f"Élève{chr(97 + n % 26)} D’HÔTE-{'AB'[n // 26]}{chr(65 + n % 26)}" for n in range(40))

    assert len(set(names_in(pasted))) == 40
    assert set(doubts_in(pasted)) == {()}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (Name("DE LA TOUR", "Marie-Ange"), "DE LA TOUR Marie-Ange"),
        (Name("Da Silva", "Léa"), "Da Silva; Léa"),
        (Name("Dupont", ""), "Dupont"),
        (Name("DUPONT", "LÉA MARIE"), "DUPONT; LÉA MARIE"),
        (Name("日本", "太郎"), "日本; 太郎"),
    ],
)
def test_a_name_is_shown_again_as_a_line_that_says_the_same(name: Name, line: str) -> None:
    assert rendered([name]) == line
    assert [one.name for one in read(line) if isinstance(one, Understood)] == [name]


@given(PASTED)
def test_whatever_is_pasted_nothing_is_raised_and_no_control_character_kept(pasted: str) -> None:
    for line in read(pasted):
        kept = line.name.last_name + line.name.first_name if isinstance(line, Understood) else ""
        assert [c for c in kept if unicodedata.category(c) in CONTROL or c in text.BIDI or c.isdigit()] == []
        assert not isinstance(line, Understood) or line.name.last_name == text.line(line.name.last_name) != ""
        assert line.line <= len(names.LINE_ENDS.split(pasted))


@given(PASTED)
def test_what_was_understood_is_understood_again(pasted: str) -> None:
    understood = [line.name for line in read(pasted) if isinstance(line, Understood)]

    again = read(rendered(understood))

    assert [line.name for line in again if isinstance(line, Understood)] == understood
    assert len(again) == len(understood)
