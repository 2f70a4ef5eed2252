"""How much is measured: the figures differ between two runs, the ratios of one run do not."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Plan:
    """Up to ``rounds`` repetitions, interleaved so that a noisy neighbour hits all sides; times in seconds.

    A machine that is too busy for all rounds in ``budget`` seconds gets fewer, at least one of each.
    """

    rounds: int
    booking_seconds: float
    page_seconds: float
    budget: float
    clients: int = 16
    crowd: int = 200
    processes: tuple[int, ...] = (1, 2)
    worker_seconds: float = 3.0
    started: float = field(default_factory=time.monotonic)

    def rounds_until(self, part: float) -> Iterator[int]:
        """The rounds that can begin before ``part`` of the budget is spent."""
        for number in range(self.rounds):
            if number and time.monotonic() - self.started > self.budget * part:
                return
            yield number


PLANS = {
    "full": lambda: Plan(rounds=3, booking_seconds=2.5, page_seconds=1.2, budget=100),
    "quick": lambda: Plan(rounds=2, booking_seconds=0.7, page_seconds=0.3, budget=20, worker_seconds=1.0),
    "tiny": lambda: Plan(
        rounds=1,
        booking_seconds=0.2,
        page_seconds=0.1,
        budget=1,
        clients=4,
        crowd=12,
        processes=(1,),
        worker_seconds=0.2,
    ),
}
