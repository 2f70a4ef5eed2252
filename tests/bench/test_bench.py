"""The bench itself: its arithmetic, and that it still runs. No figure is judged here, and no time."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bench import load, measures, report
from tests.bench.load import Answers


def _answers(rate: float, **statuses: int) -> Answers:
    return Answers(rate, 10.0, 20.0, {name.removeprefix("s"): times for name, times in statuses.items()}, 0.1)


def test_a_ratio_is_that_of_its_round_and_the_row_is_their_median() -> None:
    rounds = [measures.compared(_answers(rate), floor) for rate, floor in ((100, 200), (90, 100), (10, 100))]

    assert measures.medians(rounds)["ratio"] == 0.5
    assert measures.medians(rounds)["rate"] == 90


def test_without_a_floor_there_is_no_ratio() -> None:
    assert measures.medians([measures.compared(_answers(100), None)])["ratio"] is None


def test_the_99th_percentile_is_a_value_that_was_seen() -> None:
    assert load.percentile([float(n) for n in range(1, 201)], 0.99) == 198
    assert load.percentile([7.0], 0.5) == 7


def test_everything_that_is_neither_won_nor_turned_away_is_an_error() -> None:
    fought = measures.fight([_answers(1, s303=1, s409=9), _answers(1, s303=1, s409=7, s500=1, s0=1)])

    assert (fought["winners"], fought["turned_away"], fought["server_errors"]) == ([1, 1], [9, 7], 2)


def test_the_bench_runs_from_end_to_end(server_url: str, tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--tiny", "--out", str(out)]

    done = subprocess.run(
        command, env={**os.environ, "DATABASE_URL": server_url}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())
    assert report.table(figures) in done.stdout
    assert figures["bookings"]["answered"] == figures["bookings"]["kept_with_mail"] > 0
    assert [(row["winners"], row["seats_taken"], row["server_errors"]) for row in figures["crowd"]] == [([1], 1, 0)]
    assert {row["what"] for row in figures["pages"]["rows"]} == {"agenda", "event"}
    assert set(figures["sheets"]) == {"names", "pdf", "xlsx", "csv", "html"}
    assert "Attendance sheet, 300 names: PDF " in done.stdout
    assert figures["statements"]["agenda"] == {"statements": 2, "brackets": 0}
