"""The table for people and the file for machines."""

import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
RATES = "{:<22}{:>10}{:>12}{:>12}{:>9}{:>9}{:>9}{:>9}"
NOTHING = "–"


def table(figures: Facts) -> str:
    """The report, as lines of text."""
    return "\n".join(_lines(figures)) + "\n"


def write(path: Path, figures: Facts) -> None:
    """The same as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def machine(cores: int | None, server: str) -> Facts:
    """What it ran on."""
    return {
        "cores": cores,
        "python": platform.python_version(),
        "postgresql": server,
        "system": platform.platform(),
    }


def _lines(figures: Facts) -> Iterator[str]:
    on = figures["machine"]
    took = f"{figures['seconds']:.0f} s"
    yield f"{on['cores']} cores, Python {on['python']}, PostgreSQL {on['postgresql']}, {took}"
    yield from _rates("Bookings", figures["bookings"], "pgbench/s")
    booked = figures["bookings"]
    yield f"  {booked['answered']} answered with 303, {booked['kept_with_mail']} kept with their mail row"
    yield from _rates("Pages", figures["pages"], "bare/s")
    yield _sheets(figures["sheets"])
    yield from _crowd(figures["crowd"])
    ceiling = figures["client_ceiling"]
    busy = _percent(ceiling["client_cpu"])
    yield f"\nClients: at most {ceiling['rate']:.0f} answers/s of 2 bytes, {busy} of a core"
    yield from _memory(figures["memory"])
    yield from _statements(figures["statements"])


def _rates(title: str, measured: Facts, floor: str) -> Iterator[str]:
    yield f"\n{title}, against {measured['against']}"
    yield RATES.format("", "processes", "ours/s", floor, "ratio", "p50 ms", "p99 ms", "client")
    for row in measured["rows"]:
        yield RATES.format(
            row["what"], row["processes"], _whole(row["rate"]), _whole(row["floor"]), _percent(row["ratio"]),
            _whole(row["p50_ms"], 1), _whole(row["p99_ms"], 1), _percent(row["client_cpu"]),
        )  # fmt: skip


def _sheets(took: Facts) -> str:
    """The shapes are named by what they are called everywhere."""
    shapes = ", ".join(f"{kind.upper()} {took[kind]:.0f} ms" for kind in took if kind != "names")
    return f"\nAttendance sheet, {took['names']} names: {shapes}"


def _crowd(rows: list[Facts]) -> Iterator[str]:
    yield f"\nA crowd of {rows[0]['attempts']} at once for one seat"
    for row in rows:
        yield (
            f"  {row['processes']} process(es): winners {row['winners']}, seats taken {row['seats_taken']}, "
            f"errors {row['server_errors']}, p50 {row['p50_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms"
        )


def _memory(memory: Facts) -> Iterator[str]:
    yield "\nMemory after the load (RSS, MiB)"
    for each in memory["web"]:
        main, web = (", ".join(_whole(one) for one in each[part]) for part in ("main", "web"))
        yield f"  serving with {each['processes']}: main {main}; web {web}"
    files = memory["letters_a_second_to_files"]
    yield f"  worker: {memory['worker']:.0f} (at {files:.0f} letters/s into files)"


def _statements(counted: dict[str, Facts]) -> Iterator[str]:
    yield "\nSQL statements (and BEGIN, COMMIT, each one more round trip)"
    for name, each in counted.items():
        yield f"  {name:<22}{each['statements']:>3} + {each['brackets']}"


def _whole(value: float | None, digits: int = 0) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def _percent(part: float | None) -> str:
    return NOTHING if part is None else f"{part * 100:.1f} %"
