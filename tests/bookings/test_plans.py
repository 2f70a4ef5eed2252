"""How a class fits into slots: the sums of product.md, and what must hold for any class and any slots."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.bookings import plans
from service.bookings.plans import NOBODY, Opening, Part, Party, Plan, Rules

A, B, C = (UUID(int=number) for number in (1, 2, 3))
BY_TWELVE = Rules(group_max=12, chaperone_ratio=12, chaperones_min=1)
parties = st.builds(Party, st.integers(1, 60), st.integers(0, 8))
rules = st.builds(Rules, st.none() | st.integers(1, 30), st.none() | st.integers(1, 15), st.integers(0, 3))
openings = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10), st.booleans()), min_size=1, max_size=5).map(
    lambda found: [Opening(UUID(int=n), free, free + more, queue) for n, (free, more, queue) in enumerate(found, 1)]
)


def slots(*seats_left: int) -> list[Opening]:
    return [Opening(UUID(int=number), seats, 40) for number, seats in enumerate(seats_left, 1)]


def in_words(plan: Plan) -> list[str]:
    """``1: 12+1`` — slot, pupils and chaperones — and ``, later 4+1``."""
    return [
        f"{one.slot.int}: {one.now.pupils}+{one.now.chaperones}"
        + (f", later {one.later.pupils}+{one.later.chaperones}" if one.later.seats else "")
        for one in plan
    ]


@pytest.mark.parametrize(
    ("pupils", "sizes", "chaperones"),
    [(28, [12, 12, 4], 3), (24, [12, 12], 2), (12, [12], 1), (1, [1], 1), (13, [12, 1], 2)],
)
def test_group_size_counts_pupils_and_each_group_carries_its_own_chaperones(
    pupils: int, sizes: list[int], chaperones: int
) -> None:
    assert BY_TWELVE.groups(pupils) == sizes
    assert BY_TWELVE.chaperones_for(pupils) == chaperones


def test_one_chaperone_for_ten_pupils_is_three_for_twenty_eight() -> None:
    assert Rules(chaperone_ratio=10).chaperones_for(28) == 3
    assert Rules(chaperone_ratio=10, chaperones_min=2).chaperones_for(5) == 2
    assert Rules().chaperones_for(28) == 0


def test_twenty_eight_pupils_come_as_twelve_twelve_and_four_over_three_slots() -> None:
    [over_three] = plans.propose(Party(28, 2), A, [*slots(13, 13, 13)], BY_TWELVE)[:1]
    assert in_words(over_three) == ["1: 12+1", "2: 12+1", "3: 4+1"]


def test_one_slot_takes_several_groups_where_it_has_the_seats() -> None:
    [over_two] = plans.propose(Party(28, 3), A, slots(26, 10), BY_TWELVE)[:1]
    assert in_words(over_two) == ["1: 24+2", "2: 4+1"]


def test_where_eighteen_seats_are_left_the_rest_may_wait() -> None:
    one_slot = [Opening(A, seats_left=18, capacity=30)]
    assert [in_words(plan) for plan in plans.propose(Party(28, 2), A, one_slot, Rules())] == [["1: 16+2, later 12+0"]]
    alone = plans.propose(Party(28, 0), A, one_slot, Rules())
    assert [in_words(plan) for plan in alone] == [["1: 18+0, later 10+0"]]
    with_chaperones = plans.propose(Party(26, 3), A, one_slot, Rules(chaperone_ratio=10))
    assert [in_words(plan) for plan in with_chaperones] == [["1: 15+3, later 11+0"]]


def test_a_class_that_finds_no_seat_at_all_may_wait_as_a_whole() -> None:
    full = [Opening(A, seats_left=0, capacity=30)]
    assert [in_words(plan) for plan in plans.propose(Party(20, 2), A, full, Rules())] == [["1: 0+0, later 20+2"]]


def test_the_rest_waits_only_where_the_whole_class_could_ever_come() -> None:
    assert plans.propose(Party(28, 2), A, [Opening(A, 18, capacity=24)], Rules()) == []
    assert plans.propose(Party(28, 2), A, [Opening(A, 18, capacity=40, takes_queue=False)], Rules()) == []


def test_a_class_with_too_few_chaperones_is_asked_for_one_more_in_the_slot_it_chose() -> None:
    assert [in_words(plan) for plan in plans.propose(Party(28, 2), A, slots(40, 40), Rules(chaperone_ratio=10))] == [
        ["1: 28+3"]
    ]


def test_chaperones_that_are_too_many_stay_at_home_before_a_pupil_does() -> None:
    assert [in_words(plan) for plan in plans.propose(Party(10, 5), A, slots(12, 12), Rules())] == [["1: 10+2"]]


def test_the_slots_after_the_chosen_one_come_first() -> None:
    [over_two] = plans.propose(Party(20, 2), B, slots(30, 12, 12), Rules(chaperone_ratio=10))[:1]
    assert in_words(over_two) == ["2: 10+1", "3: 10+1"]


def test_chaperones_beyond_those_needed_come_along_where_seats_are_left() -> None:
    [over_two] = plans.propose(Party(20, 5), A, slots(12, 20), Rules(chaperone_ratio=10))[:1]
    assert in_words(over_two) == ["1: 10+2", "2: 10+3"]


@given(parties, openings, rules)
def test_what_is_proposed_keeps_every_rule(party: Party, found: list[Opening], given_rules: Rules) -> None:
    room = {one.slot: one for one in found}
    for plan in plans.propose(party, found[0].slot, found, given_rules):
        assert sum(one.whole.pupils for one in plan) == party.pupils
        for one in plan:
            assert one.now.seats <= room[one.slot].seats_left
            assert one.now.chaperones >= given_rules.chaperones_for(one.now.pupils)
            assert one.whole.chaperones >= given_rules.chaperones_for(one.whole.pupils)
            assert one.whole.seats <= room[one.slot].capacity
            assert one.later == NOBODY or room[one.slot].takes_queue
            assert one.whole.pupils > 0
            assert min(one.later.pupils, one.later.chaperones) >= 0


@given(parties, openings, rules)
def test_a_plan_is_read_as_it_was_written(party: Party, found: list[Opening], given_rules: Rules) -> None:
    for plan in plans.propose(party, found[0].slot, found, given_rules):
        assert list(plans.read(plans.write(plan))) == list(plan)


@pytest.mark.parametrize(
    "field",
    ["", " ", "x", f"{A.hex}:1.0", f"{A.hex}:0.0-0.0", f"{A.hex}:0.3-0.0", f"{A.hex}:5.1-0.2",
     f"{A.hex}:-1.0-0.0", f"{A.hex}:1.0-0.0 {A.hex}:1.0-0.0", f"{A.hex}:1000.0-0.0",
     " ".join(f"{UUID(int=n).hex}:1.0-0.0" for n in range(7)), f"{A.hex}:١.0-0.0"],
)  # fmt: skip
def test_a_plan_that_no_button_sent_is_no_plan(field: str) -> None:
    with pytest.raises(ValueError, match=r"plan|nobody"):
        plans.read(field)


@given(parties, st.integers(0, 60), rules)
def test_a_split_loses_nobody_and_the_part_that_comes_has_its_chaperones(
    party: Party, seats: int, given_rules: Rules
) -> None:
    party = Party(party.pupils, max(party.chaperones, given_rules.chaperones_for(party.pupils)))
    now, later = plans.split(party, seats, given_rules)
    assert now + later == party
    assert now.seats <= seats
    assert now.chaperones >= given_rules.chaperones_for(now.pupils)
    assert party in (now, later) or now.pupils == party.pupils or now.seats == seats
    assert Part(A, now, later).whole == party
