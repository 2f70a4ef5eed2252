"""What an event begins with."""

from service.events.contents import rules_of
from tests.visits import settings_with


def test_an_event_begins_with_the_habits_of_the_campus() -> None:
    with settings_with(list_closes_days=4, option_days=7):
        visit, assembly = rules_of("visit"), rules_of("assembly")

    assert (visit["list_closes_days"], visit["option_days"], visit["chaperone_ratio"]) == (4, 7, 10)
    assert (assembly["list_closes_days"], assembly["option_days"]) == (4, None)
