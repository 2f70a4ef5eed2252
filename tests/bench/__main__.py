"""``python -m tests.bench [--quick] [--out var/bench.json]``: measure, print, write."""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from service import app
from tests.bench import measures, report
from tests.bench.plan import PLANS
from tests.bench.stage import stage

STARTED = time.monotonic()
ROOT = Path(__file__).parent.parent.parent


@click.command()
@click.option("--quick", "size", flag_value="quick", help="Half a minute instead of two: coarser.")
@click.option("--tiny", "size", flag_value="tiny", help="Seconds: that the bench itself works, no figures.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=ROOT / "var" / "bench.json", help="Where the JSON goes."
)
def main(size: str | None, out: Path) -> None:
    """Measure the service against the same work without it. Only ratios of one run compare."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    plan = PLANS[size or "full"]()
    app.configure_logging("ERROR")
    say("servers")
    with stage(plan) as here:
        figures = measures.everything(here, plan, say)
        server = here.value("SHOW server_version")
    figures |= {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": size or "full",
        "seconds": time.monotonic() - plan.started,
        "machine": report.machine(os.cpu_count(), server),
    }
    report.write(out, figures)
    click.echo("\n" + report.table(figures))


def say(step: str) -> None:
    """Tell who waits what is going on, and since when."""
    click.echo(f"{time.monotonic() - STARTED:5.1f} s  {step}", err=True)


if __name__ == "__main__":
    main()
