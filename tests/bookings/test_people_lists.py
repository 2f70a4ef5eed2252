"""Lists as people have them: with a heading or without, from Excel or typed, and what cannot be read."""

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.bookings import people_lists
from service.bookings.people_lists import MOST_ROWS, Line, Odd, Unreadable, Why, decoded

LEA = ("Léa", "Dupont", "lea@exemple.fr", "LYPSO", "2de")


def people(pasted: str) -> list[tuple[str, ...]]:
    return [_fields(line) for line in people_lists.read(pasted)]


def wrong(pasted: str) -> list[tuple[int, tuple[Why, ...]]]:
    return [(line.number, line.why) for line in people_lists.read(pasted) if line.why]


def _fields(line: Line) -> tuple[str, ...]:
    who = line.who
    return (who.first_name, who.last_name, who.email, who.school, who.level)


def odd(read: Any, given_: Any) -> Odd | None:
    try:
        read(given_)
    except Unreadable as refused:
        return refused.why
    return None


@pytest.mark.parametrize(
    "pasted",
    [
        "Léa;Dupont;lea@exemple.fr;LYPSO;2de",
        "Léa,Dupont,lea@exemple.fr,LYPSO,2de",
        "Léa\tDupont\tlea@exemple.fr\tLYPSO\t2de",
        "sep=;\nLéa;Dupont;lea@exemple.fr;LYPSO;2de",
        "\ufeff\n\nLéa ; Dupont ; lea@exemple.fr ; LYPSO ; 2de\r\n\r\n",
        '"Léa";"Dupont";"lea@exemple.fr";"LYPSO";"2de"',
        "Prénom;Nom;E-mail;Établissement;Classe\nLéa;Dupont;lea@exemple.fr;LYPSO;2de",
        "N°;Nom;Prénom;Niveau;Né le;Courriel;Lycée\n1;Dupont;Léa;2de;01/02/2010;lea@exemple.fr;LYPSO",
        "First name,Last name,Email address,School,Level\nLéa,Dupont,lea@exemple.fr,LYPSO,2de",
        "NOM;PRENOM;ADRESSE;ECOLE;DIVISION\nDupont;Léa;lea@exemple.fr;LYPSO;2de",
        "lea@exemple.fr;Léa;Dupont;LYPSO;2de",
    ],
)
def test_a_list_is_understood_whatever_it_was_saved_by(pasted: str) -> None:
    assert people(pasted) == [LEA]


@pytest.mark.parametrize(
    ("pasted", "first", "last"),
    [
        ("DUPONT;Léa;lea@x.fr\nBEN SALAH;Ali;ali@x.fr", "Léa", "DUPONT"),
        ("Nom et prénom;E-mail\nDUPONT Léa;lea@x.fr", "Léa", "DUPONT"),
        ("Nom;E-mail\nDUPONT Léa;lea@x.fr", "Léa", "DUPONT"),
        ("Léa DUPONT;lea@x.fr", "Léa", "DUPONT"),
        ("Léa DUPONT", "Léa", "DUPONT"),
        ("Léa;Dupont", "Léa", "Dupont"),
        ("Nom;Prénom\nDE LA TOUR;Marie-Antoinette", "Marie-Antoinette", "DE LA TOUR"),
        ("李;小龙;x@y.test", "李", "小龙"),
    ],
)
def test_a_name_is_known_by_its_column_or_its_capitals(pasted: str, first: str, last: str) -> None:
    assert people(pasted)[0][:2] == (first, last)


def test_without_addresses_the_third_column_is_the_school() -> None:
    assert people("Léa;Dupont;LYPSO;2de\nAli;Ben;Ferry") == [
        ("Léa", "Dupont", "", "LYPSO", "2de"), ("Ali", "Ben", "", "Ferry", ""),
    ]  # fmt: skip
    assert people("Léa;Dupont;;LYPSO;2de") == [("Léa", "Dupont", "", "LYPSO", "2de")]


def test_a_cell_may_hold_the_sign_that_parts_columns_and_the_end_of_a_line() -> None:
    assert people('Léa;Dupont;lea@x.fr;"Lycée; section\n  pro";2de')[0][3] == "Lycée; section pro"


def test_what_is_wrong_is_told_line_by_line_and_each_line_has_its_number() -> None:
    pasted = (
        f"Prénom;Nom;E-mail\nLéa;Dupont;lea@x.fr\n\n;;x@y.fr\nAli;Ben;ali(at)x\n{'é' * 101};Zola;\nLÉA;DUPONT;Lea@X.fr"
    )
    assert wrong(pasted) == [
        (4, (Why.nameless,)),
        (5, (Why.address,)),
        (6, (Why.too_long,)),
        (7, (Why.twice,)),
    ]


def test_brothers_and_sisters_may_share_an_address_and_a_name_may_have_two() -> None:
    assert wrong("Léa;Dupont;parent@x.fr\nAli;Dupont;parent@x.fr\nLéa;Dupont;autre@x.fr") == []


@pytest.mark.parametrize("hidden", ["\u202e", "\ufffd", "\ue000"])
def test_a_character_that_nobody_can_read_is_told_and_not_kept(hidden: str) -> None:
    [line] = people_lists.read(f"Lé{hidden}a;Dupont;lea@x.fr")
    assert line.why == (Why.characters,)
    assert hidden == "\ufffd" or hidden not in line.who.first_name


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", Odd.empty),
        ("\n \t \n", Odd.empty),
        (";;;;\n;;", Odd.empty),
        ("Nom;Prénom", Odd.empty),
        ('Léa;"Dupont;lea@x.fr\nAli;Ben;', Odd.quotes),
        ('Léa;"Dup"ont;lea@x.fr', Odd.quotes),
        ("Léa;Dupont\x00;", Odd.no_text),
        ("Léa;" + "x" * 200_000, Odd.quotes),
        ("Léa;Dupont\n" * (MOST_ROWS + 1), Odd.too_many),
        ("\n" * 100_000, Odd.too_many),
    ],
)
def test_a_list_that_cannot_be_read_says_why(content: str, why: Odd) -> None:
    assert odd(people_lists.read, content) == why


def test_as_many_as_may_be_are_read_and_a_row_of_a_million_cells_is_one_row() -> None:
    many = "\n".join(f"Élève {number};Dupont;e{number}@x.fr" for number in range(MOST_ROWS))
    assert len(people_lists.read(many)) == MOST_ROWS
    assert len(people_lists.read("Prénom;Nom\n" + many)) == MOST_ROWS
    assert len(people_lists.read("Léa;Dupont" + ";" * 900_000)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_as_spreadsheets_save_it(encoding: str) -> None:
    assert people(decoded("Léa;D’Hôte;lea@x.fr".encode(encoding)))[0][:2] == ("Léa", "D’Hôte")


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04\x14\x00\x06\x00",
        b"\x89PNG\r\n\x1a\n\x00",
        bytes(range(256)),
        b"\x81\x8d",
        codecs.BOM_UTF16_LE + b"\x00",
        b"a\x00b",
    ],
)
def test_a_file_that_is_no_text_is_told_so(content: bytes) -> None:
    assert odd(decoded, content) == Odd.no_text


@given(st.one_of(st.text(max_size=300), st.lists(st.text(alphabet='é;,\t"\n@=x ', max_size=12)).map("\n".join)))
def test_whatever_is_pasted_is_read_or_refused(pasted: str) -> None:
    try:
        lines = people_lists.read(pasted)
    except Unreadable:
        return
    for line in lines:
        assert line.why or (line.who.first_name + line.who.last_name).strip()
        assert max(map(len, _fields(line))) <= 255


@given(st.binary(max_size=200))
def test_whatever_is_uploaded_is_text_or_refused(content: bytes) -> None:
    assert odd(decoded, content) in (None, Odd.no_text)
