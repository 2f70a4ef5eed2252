"""Reading a form: every mistake is collected, what was typed is kept."""

from datetime import timedelta

import pytest

from service import clock
from service.web.forms import Form, TooFast


def test_a_fresh_form_is_ok_and_empty() -> None:
    form = Form()

    assert (form.ok, form.mistakes, form.value("first_name"), form.error("first_name")) == (True, [], "", "")


def test_mistakes_stand_in_the_order_in_which_they_are_read() -> None:
    form = Form({"school": "x" * 201}, "en")

    form.text("last_name", missing="Please fill this in.")
    form.text("school", most=200, missing="Please fill this in.")
    form.address("email")
    form.choice("level", ["2de"])
    form.ticked("sure", "Tick the box first.")

    assert form.mistakes == [
        ("last_name", "Please fill this in."),
        ("school", "At most 200 characters, please."),
        ("email", "Please type your e-mail address."),
        ("level", "Please choose one of these."),
        ("sure", "Tick the box first."),
    ]
    assert not form.ok


def test_the_first_mistake_of_a_field_stays() -> None:
    form = Form({}, "en")

    form.text("first_name", missing="Please fill this in.")
    form.refuse("first_name", "Another sentence.")

    assert form.error("first_name") == "Please fill this in."


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  Zoé ", "Zoé"),
        ("Zoé\u00a0 D’Hôte", "Zoé D’Hôte"),
        ("Zoe\u0301", "Zoé"),
        ("\nZoé\n", "Zoé"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("7", "7"),
    ],
)
def test_a_line_is_tidied(typed: str, read: str) -> None:
    assert Form({"first_name": typed}).text("first_name", missing="Please fill this in.") == read


@pytest.mark.parametrize(
    "typed", ["Zo\0é", "Zo\u202eé", f"Zo{chr(0xD800)}é", "Zo\ufffdé", "Zo\né", "\x7fZoé", "Zo\u2028é"]
)
def test_a_line_with_an_unreadable_character_is_a_mistake(typed: str) -> None:
    form = Form({"first_name": typed}, "en")

    assert form.text("first_name", missing="Please fill this in.") == ""
    assert form.error("first_name") == "This holds a character we cannot read. Please type it again."


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Zo\0\u202eé", "Zoé"),
        ("Zoé\nD’Hôte\tx", "Zoé D’Hôte x"),
        ("Jean\u00a0Paul", "Jean Paul"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("<b>&amp;", "<b>&amp;"),
        ("Zo\ufffdé", "Zo\ufffdé"),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_what_was_typed_is_shown_again_as_far_as_it_can_be(typed: str, shown: str) -> None:
    assert Form({"first_name": typed}).value("first_name") == shown


def test_what_may_be_left_out_may_be_empty() -> None:
    form = Form({})

    assert form.choice("level", ["2de"], required=False) == ""
    assert form.ok


def test_a_choice_is_one_of_those_offered() -> None:
    form = Form({"level": "2de", "age_band": "adult"})

    assert form.choice("level", ["2de"], required=False) == "2de"
    assert form.choice("age_band", ["15_17"], required=False) == ""
    assert [name for name, _ in form.mistakes] == ["age_band"]


def test_only_yes_is_a_tick() -> None:
    assert [Form({"sure": said}).ticked("sure") for said in ("yes", "on", "1", "")] == [True, False, False, False]


def test_the_fields_of_a_key_are_named_even_when_they_are_missing() -> None:
    assert Form({"slot": "1", "website": ""}).body("slot", "email") == {"slot": "1", "email": ""}


@pytest.mark.parametrize(
    "stamp", ["", "x", "-1", "nan", "inf", "1e3", "١٢٣", "9" * 400, "1.", " 1", "0x1", "2000000000\n"]
)
def test_an_unreadable_time_stamp_says_nothing(stamp: str) -> None:
    Form({"opened_at": stamp}).check_pace()


def test_a_form_is_too_fast_for_its_first_second() -> None:
    opened = clock.now()
    form = Form({"opened_at": f"{opened.timestamp():.6f}"})

    with pytest.raises(TooFast):
        form.check_pace()
    with clock.at(opened + timedelta(seconds=1)):
        form.check_pace()
    with clock.at(opened - timedelta(seconds=30)):
        form.check_pace()


def test_a_block_keeps_its_lines_and_its_tabs() -> None:
    form = Form({"names": "\ufeffZoé\tD’Hôte\r\nBen\rCleo\n", "other": ""})

    assert form.block("names") == form.lines("names") == "Zoé\tD’Hôte\nBen\nCleo\n"
    assert (form.block("other"), form.block("nothing"), form.ok) == ("", "", True)
    assert (form.has("other"), form.has("nothing")) == (True, False)


@pytest.mark.parametrize("typed", ["Zo\0é", "Zo\u202eé", f"Zo{chr(0xD800)}é", "Zo\ufffdé", "Zo\x0bé", "Zo\u2028é"])
def test_a_block_says_which_line_cannot_be_read(typed: str) -> None:
    form = Form({"names": f"Ben\r\n{typed}\r\n{typed}"}, "en")

    assert form.block("names") == ""
    assert form.error("names") == "Line 2 holds a character we cannot read. Please type it again."


def test_a_block_is_as_long_as_it_may_be_and_no_longer() -> None:
    form = Form({"names": "x" * 8000, "more": "x" * 8001}, "en")

    assert (len(form.block("names")), form.ok) == (8000, True)
    assert (form.block("more"), form.error("more")) == ("", "At most 8000 characters, please.")
    assert form.lines("more") == "x" * 8000


def test_a_block_is_shown_again_without_what_cannot_be_read() -> None:
    assert Form({"names": "\r\nZo\0é\tD’Hôte\u202e\r\n"}).lines("names") == "\nZoé\tD’Hôte\n"
