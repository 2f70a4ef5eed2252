"""The measures. Rounds are interleaved: each round asks every side once, and its ratios are its own."""

import asyncio
import http.client
import itertools
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import load, pgbench, seeds, servers, statements
from tests.bench.load import Answers, Job
from tests.bench.plan import Plan
from tests.bench.servers import Server
from tests.bench.stage import Stage

KINDS = {"over 100 slots": seeds.SPREAD, "one hot slot": seeds.HOT}
KEPT = """
SELECT count(*) FROM booking JOIN dossier ON dossier.id = booking.dossier
JOIN email ON email.subject_id = booking.id AND email.letter = 'confirmation'
WHERE dossier.email_key LIKE 'bench.%'
"""
SHAPES = ("pdf", "xlsx", "csv", "html")
_runs = itertools.count(1)

Facts = dict[str, Any]


def everything(stage: Stage, plan: Plan, say: Callable[[str], None]) -> Facts:
    """All figures. The pages come first, while the tables are small; memory last, after the load."""
    say("statements")
    counted = asyncio.run(statements.count(stage.url, stage.slots, stage.pages))
    say("pages")
    _warm(stage, plan)
    shown, ceiling = pages(stage, plan), client_ceiling(stage, plan)
    say("attendance sheets")
    signed = sheets(stage, plan)
    say("bookings")
    booked = bookings(stage, plan)
    say("a crowd for one seat")
    fought = crowd(stage, plan)
    say("memory")
    return {
        "bookings": booked,
        "pages": shown,
        "sheets": signed,
        "crowd": fought,
        "client_ceiling": ceiling,
        "memory": memory(stage, plan),
        "statements": counted,
    }


def bookings(stage: Stage, plan: Plan) -> Facts:
    """Form post → committed booking with its mail row, against the same rows by pgbench. All are counted."""
    tool, missing = _pgbench()
    rows: dict[tuple[str, int], list[Facts]] = defaultdict(list)
    before, answered = stage.value(KEPT), 0
    for _ in plan.rounds_until(0.8):
        for kind, numbers in KINDS.items():
            floor = tool and pgbench.run(tool, stage.url, numbers, plan.clients, plan.booking_seconds)
            for server in stage.ours.values():
                answers = load.ask(_booking(stage, plan, server, numbers, plan.booking_seconds))
                answered += only(303, answers)
                rows[kind, server.processes].append(compared(answers, floor or None))
    return {
        "against": f"pgbench -M prepared ({tool})" if tool else missing,
        "rows": _rows(rows),
        "answered": answered,
        "kept_with_mail": stage.value(KEPT) - before,
    }


def pages(stage: Stage, plan: Plan) -> Facts:
    """The agenda and an event, against a handler that only sends the same bytes."""
    rows: dict[tuple[str, int], list[Facts]] = defaultdict(list)
    for _ in plan.rounds_until(0.3):
        for name, path in stage.pages.items():
            for server in stage.ours.values():
                bare = load.ask(_page(plan, stage.bare[server.processes], f"/{name}"))
                ours = load.ask(_page(plan, server, path))
                only(200, bare), only(200, ours)
                rows[name, server.processes].append(compared(ours, bare.rate))
    kilobytes = {name: (stage.folder / "pages" / name).stat().st_size / 1024 for name in stage.pages}
    return {"against": "a bare Litestar handler", "rows": _rows(rows), "kilobytes": kilobytes}


def sheets(stage: Stage, plan: Plan) -> Facts:
    """How long an organiser waits for the sheet of 300 names in each of its shapes: the median of some askings."""
    port, cookie = stage.ours[plan.processes[0]].port, {"Cookie": stage.session}
    return {"names": seeds.NAMES} | {
        kind: median(_asked(port, f"{stage.sheet}.{kind}", cookie) for _ in range(3 * plan.rounds)) for kind in SHAPES
    }


def client_ceiling(stage: Stage, plan: Plan) -> Facts:
    """What the clients reach when a handler answers two bytes, and how busy their process is then."""
    found = [load.ask(_page(plan, each, "/small")) for each in stage.bare.values()]
    best = max(found, key=lambda answers: answers.rate)
    return {"rate": best.rate, "client_cpu": best.client_cpu}


def crowd(stage: Stage, plan: Plan) -> list[Facts]:
    """Everybody at once for one seat: one winner, and no answer of the 5xx."""
    singles = iter(seeds.SINGLE)
    rows = []
    for server in stage.ours.values():
        numbers = [next(singles) for _ in plan.rounds_until(0.85)]
        tries = [load.ask(_crowd(stage, plan, server, number)) for number in numbers]
        places = ", ".join(f"'{stage.slots[number][1]}'" for number in numbers)
        taken = stage.value(f"SELECT max(seats_taken) FROM slot WHERE id IN ({places})")
        rows.append({"processes": server.processes, "seats_taken": taken, **fight(tries)})
    return rows


def fight(tries: list[Answers]) -> Facts:
    """The figures of a crowd: its winners at each try, the medians of its waits, all of its troubles."""
    return {
        "attempts": tries[0].total,
        "winners": [each.of(303) for each in tries],
        "turned_away": [each.of(409) for each in tries],
        "server_errors": sum(each.total - each.of(303) - each.of(409) for each in tries),
        "p50_ms": median(each.p50_ms for each in tries),
        "p99_ms": median(each.p99_ms for each in tries),
    }


def memory(stage: Stage, plan: Plan) -> Facts:
    """Resident memory after the load, in MiB: each web process, and a worker that has delivered."""
    web = [{"processes": each.processes, **each.rss_mb()} for each in stage.ours.values()]
    sent = "SELECT count(*) FROM email WHERE state = 'sent'"
    with servers.running(["service.cli", "work"], stage.environ, _log(stage, "work")) as worker:
        while process_works(worker.poll()) and not stage.value(sent):
            time.sleep(0.1)
        before, started = stage.value(sent), time.monotonic()
        time.sleep(plan.worker_seconds)
        letters = (stage.value(sent) - before) / (time.monotonic() - started)
        return {"web": web, "worker": servers.rss_mb(worker.pid), "letters_a_second_to_files": letters}


def process_works(status: int | None) -> bool:
    """True while it runs; a worker that ended by itself is an error."""
    if status is not None:
        raise RuntimeError(f"the worker ended with status {status}")
    return True


def compared(ours: Answers, floor: float | None) -> Facts:
    """One round of one row."""
    ratio = ours.rate / floor if floor else None
    return {
        "rate": ours.rate,
        "floor": floor,
        "ratio": ratio,
        "p50_ms": ours.p50_ms,
        "p99_ms": ours.p99_ms,
        "client_cpu": ours.client_cpu,
    }


def medians(rounds: list[Facts]) -> Facts:
    """The median of each figure over the rounds; a figure that a round lacks is lacking."""
    columns = {name: [each[name] for each in rounds] for name in rounds[0]}
    return {
        "rounds": len(rounds),
        **{name: None if None in values else median(values) for name, values in columns.items()},
    }


def only(status: int, answers: Answers) -> int:
    """How many answers, all of which must have this status: a fast error is no speed."""
    if answers.of(status) != answers.total:
        raise RuntimeError(f"not all answers were {status}: {answers.statuses}")
    return answers.total


def _asked(port: int, path: str, headers: dict[str, str]) -> float:
    """Milliseconds until the whole answer was there."""
    started = time.perf_counter()
    status, _ = servers.fetch(port, path, headers)
    if status != http.client.OK:
        raise RuntimeError(f"{path} answers {status}")
    return (time.perf_counter() - started) * 1000


def _rows(rows: dict[tuple[str, int], list[Facts]]) -> list[Facts]:
    return [{"what": what, "processes": number, **medians(each)} for (what, number), each in rows.items()]


def _warm(stage: Stage, plan: Plan) -> None:
    for server in stage.ours.values():
        for path in stage.pages.values():
            load.ask(_page(plan, server, path))
        load.ask(_booking(stage, plan, server, seeds.SPREAD, plan.page_seconds))


def _page(plan: Plan, server: Server, path: str) -> Job:
    return Job(server.port, plan.clients, plan.page_seconds, path=path)


def _booking(stage: Stage, plan: Plan, server: Server, numbers: range, seconds: float) -> Job:
    return Job(server.port, plan.clients, seconds, run=str(next(_runs)), targets=stage.targets(numbers))


def _crowd(stage: Stage, plan: Plan, server: Server, number: int) -> Job:
    return Job(server.port, plan.crowd, 0, run=str(next(_runs)), targets=(stage.slots[number],))


def _log(stage: Stage, name: str) -> Path:
    return stage.folder / f"{name}.log"


def _pgbench() -> tuple[Path | None, str]:
    try:
        return pgbench.find(), ""
    except pgbench.Missing as missing:
        return None, str(missing)
