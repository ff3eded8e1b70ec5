"""A call under a budget, opened, closed and summed, against one plain insert.

Run as `python tests/bench/ledger.py`. Both have the same durability and take turns in
one run, and the thread's own time counts, so that the ratio means something on a busy
machine. Goal: at most 4, with the
pending row, the reservation, the completion and the call's share of the sums.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from glmkit.ledger import Ledger, rows
from glmkit.types.events import Usage
from glmkit.types.money import Money
from glmkit.types.replies import Answer, Call, Where
from glmkit.types.requests import request_of

ROUNDS = 10
BLOCK = 400

_REQUEST = request_of("Why is the sky blue? " * 20, {"temperature": 0.3})
_PENDING = Call(
    at=time.time(),
    endpoint="local",
    model="glm-4-flash-250414",
    request=_REQUEST,
    where=Where("first.ipynb", "cell-7", "physics"),
)
_DONE = msgspec.structs.replace(
    _PENDING,
    state="done",
    answer=Answer(
        "20261121-abc",
        "glm-4-flash-250414",
        text="Because of scattering. " * 20,
        usage=Usage(120, 90, 210),
        finish_reason="stop",
    ),
    cost=Money(0, "CNY"),
    list_cost=Money(210_000_000, "CNY"),
    seconds=0.8,
    first_token_s=0.2,
)


def plain_connection(path: Path) -> sqlite3.Connection:
    """Open a file with one table of all that is known of a call, as a log would."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = wal")
    db.execute("PRAGMA synchronous = NORMAL")
    names = [f"c{number}" for number in range(len(_ROW))]
    db.execute(f"CREATE TABLE calls (id INTEGER PRIMARY KEY, {', '.join(names)})")
    return db


#: The whole call in one row: what is asked, what came of it.
_ROW = (1, *rows.opening(_PENDING, None, False), *rows.closing(_DONE, False))
_INSERT = f"INSERT INTO calls VALUES (NULL, {', '.join('?' * len(_ROW))})"
_RESERVED = Money(10**9, "CNY")


def plain_insert(db: sqlite3.Connection) -> float:
    """Time one statement that writes the whole row at once."""
    started = time.thread_time()
    db.execute(_INSERT, _ROW)
    return time.thread_time() - started


async def open_and_close(ledger: Ledger) -> tuple[float, float]:
    """Time the pending row, and the completion."""
    started = time.thread_time()
    call = await ledger.open(_PENDING, _RESERVED)
    opened = time.thread_time()
    done = msgspec.structs.replace(_DONE, id=call.id, group=call.group)
    closing = time.thread_time()
    await ledger.close(done)
    return opened - started, time.thread_time() - closing


def fold(ledger: Ledger) -> float:
    """Time the sums of what has ended since the last time."""
    started = time.thread_time()
    ledger._fold()
    return time.thread_time() - started


async def measure(folder: Path, budget: bool) -> None:
    """Print the medians and their ratio."""
    ledger, plain = Ledger(folder / "ledger.db"), plain_connection(folder / "plain.db")
    if budget:
        ledger.set_budget("session", ledger.session, Money(10**18, "CNY"))
    plains: list[float] = []
    pairs: list[tuple[float, float]] = []
    folds: list[float] = []
    for _ in range(ROUNDS):
        plains += [plain_insert(plain) for _ in range(BLOCK)]
        pairs += [await open_and_close(ledger) for _ in range(BLOCK)]
        folds.append(fold(ledger) / BLOCK)
    plain.close()
    ledger.disconnect()
    one = statistics.median(plains)
    opened = statistics.median(pair[0] for pair in pairs)
    closed = statistics.median(pair[1] for pair in pairs)
    both = statistics.median(sum(pair) for pair in pairs)
    summed = statistics.median(folds)
    print(f"plain insert      {one * 1e6:6.1f} µs")
    print(f"pending row       {opened * 1e6:6.1f} µs {'with a reservation' * budget}")
    print(f"completion        {closed * 1e6:6.1f} µs")
    print(f"sums, its share   {summed * 1e6:6.1f} µs")
    print(f"all / plain       {(both + summed) / one:6.2f}   (goal: at most 4)")


if __name__ == "__main__":
    for with_budget in (False, True):
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(measure(Path(name), with_budget))
