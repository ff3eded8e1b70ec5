"""A ledger of 1,000,000 calls: how long the sums take to read.

Run as `python -m tests.bench.long_log [CALLS]`. Goals: `usage(by="model")` within
0.1 s, by model and day at most 5 ms of processor time in SQL.
"""

from __future__ import annotations

import argparse
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from glmkit.catalog.cards import card
from glmkit.catalog.prices import cost
from glmkit.ledger import Ledger, rows
from glmkit.ledger.measures import TIMINGS
from glmkit.ledger.views import frames
from glmkit.types.events import Usage
from glmkit.types.replies import Answer, Call, Where
from glmkit.types.requests import request_of

MODELS = ("glm-4.6", "glm-4.7", "glm-4-plus", "glm-4-flash-250414", "mystery")
DAYS = 365


def calls(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a year's calls, in twenty notebooks of ten cells each."""
    chance = random.Random(12)
    request = request_of("Why is the sky blue?", {"temperature": 0.3})
    now = time.time()
    for number in range(count):
        model = chance.choice(MODELS)
        day = int(DAYS * number / count)
        notebook = f"notebook-{(day + chance.randrange(3)) % 20}.ipynb"
        usage = Usage(chance.randrange(10, 60_000), chance.randrange(1, 900))
        opened = Call(
            at=now - 86400 * (DAYS - day),
            where=Where(notebook, f"cell-{chance.randrange(10)}", "study"),
            endpoint="bigmodel",
            model=model,
            request=request,
        )
        ended = msgspec.structs.replace(
            opened,
            id=number + 1,
            state="done",
            answer=Answer(model=model, usage=usage, text="Because of scattering."),
            cost=cost(card(model), usage, "CNY"),
            list_cost=cost(card(model), usage, "CNY"),
            seconds=chance.lognormvariate(0.5, 0.8),
            first_token_s=chance.lognormvariate(-1, 0.6),
        )
        yield (1, *rows.opening(opened, None, False), *rows.closing(ended, False))


def fill(path: Path, count: int) -> None:
    """Write the calls, faster than one at a time."""
    names = (*rows._OPENING, *(f"closed_{name}" for name in rows._CLOSING))
    names += ("closed_reserved", "closed_currency", "closed_id", "closed_at")
    final = {name: f"closed_{name}" for name in rows._CLOSING}
    final |= {"reserved": "closed_reserved", "reserved_currency": "closed_currency"}
    columns = {name: name for name in rows._OPENING} | final
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute(f"CREATE TEMP TABLE made ({', '.join(names)})")
    db.execute("BEGIN")
    db.executemany(
        f"INSERT INTO made VALUES ({', '.join('?' * len(names))})", calls(count)
    )
    db.execute(
        f"INSERT INTO calls ({', '.join(columns)}) "
        f"SELECT {', '.join(columns.values())} FROM made"
    )
    db.execute("COMMIT")
    db.close()


def timed(
    what: str, work: Callable[[], object], rounds: int = 5, goal: str = ""
) -> None:
    """Print how long something takes, beside its goal."""
    took, cpu = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        work()
        took.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    wall, own = statistics.median(took) * 1e3, statistics.median(cpu) * 1e3
    told = f"   (goal: at most {goal})" if goal else ""
    print(f"{what:44} {wall:9.1f} ms, {own:9.1f} ms of CPU{told}", flush=True)


def measure(path: Path, count: int) -> None:
    ledger = Ledger(path)
    ledger.read(newest=1)
    timed(f"fill {count:,} calls", lambda: fill(path, count), 1)
    timed("fold all of them", lambda: frames.usage("model", ledger=ledger), 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for by in ("model", "day", ["model", "day"], "notebook", "cell", "tag"):
        timed(
            f"usage(by={by!r})",
            lambda by=by: frames.usage(by, ledger=ledger),
            goal="100 ms" if by == "model" else "",
        )
    timed(
        "ledger.read by model and day",
        lambda: ledger.read(("model", "day")),
        goal="5 ms of CPU",
    )
    chosen = {"model": "glm-4.6", "notebook": "notebook-3.ipynb"}
    timed(
        "the same, filtered", lambda: frames.usage("day", where=chosen, ledger=ledger)
    )
    for kind in TIMINGS:
        timed(
            f"timings({kind!r}, by='model')",
            lambda kind=kind: frames.timings(kind, "model", ledger=ledger),
            goal="100 ms: three make a page of 300 ms",
        )
    timed("repriced as glm-4.5", lambda: frames.repriced("glm-4.5", ledger=ledger))
    timed("usage(newest=300)", lambda: frames.usage(newest=300, ledger=ledger))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"memory grown by {grown / 1024:.0f} MB   (goal 200 MB)")
    timed(
        "usage(by='state'), from the rows",
        lambda: frames.usage("state", ledger=ledger),
        1,
    )
    timed("verify", lambda: print(ledger.verify()), 1)
    print(f"file {path.stat().st_size / 2**20:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", nargs="?", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name) / "ledger.db", asked.calls)
