"""Reading a form: every mistake is collected, what was typed is kept."""

from datetime import UTC, date, datetime, timedelta

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


@pytest.mark.parametrize("typed", ["2026-11-24", " 2026-11-24 ", "24/11/2026", "24.11.2026", "24-11-2026"])
def test_a_day_is_read_as_a_browser_sends_it_and_as_people_type_it(typed: str) -> None:
    assert Form({"day": typed}).day("day") == date(2026, 11, 24)


@pytest.mark.parametrize(
    "typed",
    ["2026-02-30", "0001-01-01", "9999-12-31", "20261124", "2026-W48-2", "٢٠٢٦-١١-٢٤", "demain", "\0", "9" * 500],
)
def test_what_is_no_day_of_this_century_is_a_mistake(typed: str) -> None:
    form = Form({"day": typed}, "en")

    assert form.day("day") is None
    assert form.mistakes == [("day", "This is no day we know. It looks like 24/11/2026.")]


def test_a_day_may_be_left_out_unless_it_is_missed() -> None:
    form = Form({"day": " "}, "en")

    assert (form.day("day"), form.ok) == (None, True)
    assert (form.day("day", missing="Which day?"), form.error("day")) == (None, "Which day?")


@pytest.mark.parametrize("typed", ["14:30", "14:30:00", "14h30", "14 h 30", "14\u00a0h\u00a030", "14H30"])
def test_a_moment_is_a_wall_time_of_the_campus(typed: str) -> None:
    read = Form({"day": "2026-11-24", "hour": typed}).moment("day", "hour", missing="When?")

    assert read is not None
    assert (read.isoformat(), read.astimezone(UTC).hour) == ("2026-11-24T14:30:00+01:00", 13)


def test_an_hour_may_stand_alone() -> None:
    read = Form({"day": "2026-07-01", "hour": "9h"}).moment("day", "hour", missing="When?")

    assert read == datetime(2026, 7, 1, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["24:00", "12:60", "12", "midi", "١٢:٠٠", "-1:00", "12:00:99999", "1e1:00", "\0"])
def test_what_is_no_time_of_the_day_is_a_mistake(typed: str) -> None:
    form = Form({"day": "2026-11-24", "hour": typed}, "en")

    assert form.moment("day", "hour", missing="When?") is None
    assert form.mistakes == [("hour", "This is no time of the day. It looks like 14:30.")]


def test_of_a_moment_each_part_that_is_missing_is_said() -> None:
    form = Form({"hour": ""}, "en")

    assert form.moment("day", "hour", missing="When?") is None
    assert form.mistakes == [("day", "When?"), ("hour", "When?")]


def test_a_moment_that_may_be_left_out_is_left_out_whole() -> None:
    half = Form({"day": "2026-11-24"}, "en")

    assert (Form({"day": "", "hour": " "}).moment("day", "hour", missing=""), Form().ok) == (None, True)
    assert half.moment("day", "hour", missing="") is None
    assert half.mistakes == [("hour", "Please give the day and the time.")]


def test_a_time_that_the_clocks_skip_is_a_mistake() -> None:
    form = Form({"day": "2027-03-28", "hour": "02:30"}, "en")

    assert form.moment("day", "hour", missing="When?") is None
    assert form.mistakes == [
        ("hour", "The clocks skip this time that day. Please choose another."),
    ]


def test_a_time_that_comes_twice_is_its_first() -> None:
    read = Form({"day": "2026-10-25", "hour": "02:30"}).moment("day", "hour", missing="When?")

    assert read is not None
    assert read.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_of_several_boxes_of_one_name_all_that_are_ticked_are_chosen() -> None:
    form = Form({"levels": ["1re", "2de"], "level": "2de"}, "en")

    assert form.chosen("levels", ["2de", "1re", "Tle"]) == ["2de", "1re"]
    assert (form.chosen("level", ["2de"]), form.chosen("none", ["2de"]), form.ok) == (["2de"], [], True)
    assert (form.has_chosen("levels", "1re"), form.has_chosen("levels", "Tle")) == (True, False)


def test_a_box_that_was_not_offered_is_a_mistake() -> None:
    form = Form({"levels": ["2de", "<b>"]}, "en")

    assert form.chosen("levels", ["2de"]) == ["2de"]
    assert form.mistakes == [("levels", "Please choose one of these.")]


def test_every_other_reader_takes_the_last_of_a_field_sent_twice() -> None:
    form = Form({"level": ["2de", "1re"], "none": []})

    assert (form.value("level"), form.choice("level", ["1re"]), form.value("none")) == ("1re", "1re", "")


@pytest.mark.parametrize("typed", ["", " ", "–"])
def test_a_line_that_is_not_needed_may_say_nothing(typed: str) -> None:
    form = Form({"town": typed}, "en")
    assert (form.text("town", missing=""), form.ok) == (typed.strip(), True)


def test_several_lines_that_are_needed_say_something_and_the_first_mistake_stays() -> None:
    form = Form({"dashes": "--\n…", "said": "\n a", "long": "x" * 9}, "en")
    assert [form.block(name, most=8, missing="Please write.") for name in ("dashes", "said", "long", "none")] == [
        "--\n…", "\n a", "", "",
    ]  # fmt: skip
    assert form.mistakes == [
        ("dashes", "Please write."), ("long", "At most 8 characters, please."), ("none", "Please write."),
    ]  # fmt: skip
