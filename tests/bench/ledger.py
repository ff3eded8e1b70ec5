"""A call's row, opened and closed, against one plain insert of the same durability.

Run as `python tests/bench/ledger.py`. The two take turns in one run, so that the
ratio of their medians means something on a busy machine. Goal: at most 3.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from glmkit.calls import Answer, Call, Where
from glmkit.events import Usage
from glmkit.ledger import Ledger, rows, schema
from glmkit.messages import request_of
from glmkit.money import Money

ROUNDS = 40
BLOCK = 100

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
    """Open a file of the same table and the same durability."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = wal")
    db.execute("PRAGMA synchronous = NORMAL")
    schema.migrate(db)
    return db


def plain_insert(db: sqlite3.Connection) -> float:
    """Time one statement that writes the whole row at once."""
    values = (1, *rows.opening(_PENDING))
    started = time.perf_counter()
    db.execute(rows.INSERT, values)
    return time.perf_counter() - started


async def open_and_close(ledger: Ledger) -> tuple[float, float]:
    """Time the pending row, and the completion."""
    started = time.perf_counter()
    call = await ledger.open(_PENDING)
    opened = time.perf_counter()
    done = msgspec.structs.replace(_DONE, id=call.id, group=call.group)
    closing = time.perf_counter()
    await ledger.close(done)
    return opened - started, time.perf_counter() - closing


async def measure(folder: Path) -> None:
    """Print the medians and their ratio."""
    ledger, plain = Ledger(folder / "ledger.db"), plain_connection(folder / "plain.db")
    plains: list[float] = []
    pairs: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        plains += [plain_insert(plain) for _ in range(BLOCK)]
        pairs += [await open_and_close(ledger) for _ in range(BLOCK)]
    plain.close()
    ledger.disconnect()
    one = statistics.median(plains)
    both = statistics.median(sum(pair) for pair in pairs)
    opened = statistics.median(pair[0] for pair in pairs)
    closed = statistics.median(pair[1] for pair in pairs)
    print(f"plain insert      {one * 1e6:6.1f} µs")
    print(f"pending row       {opened * 1e6:6.1f} µs")
    print(f"completion        {closed * 1e6:6.1f} µs")
    print(f"both / plain      {both / one:6.2f}   (goal: at most 3)")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name)))
