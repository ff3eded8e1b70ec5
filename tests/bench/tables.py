"""A verb over a table, beside the same calls by hand, each in a process of its own.

Run as `python -m tests.bench.tables`. The server answers after a fixed time, and the
right is that of the calls in flight. Goals: at least 0.92 of bare aiohttp's rate, at
most 1.3 of the CPU of our own async client, less than 150 MB more memory; 100,000 rows
start within 3 s, and their plan takes at most 15 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import fast, peers

NAMES = ("aiohttp", "glmkit-async", "df.glm")
#: Rows asked before the measurement, so that every connection is open.
_WARM = 200


def texts(rows: int, unique: float = 1.0) -> list[str]:
    """Return texts of 200 characters, of which a part is different."""
    different = max(1, round(rows * unique))
    return [f"row {row % different} ".ljust(200, "x") for row in range(rows)]


async def _in_flight(
    ask: Callable[[str], Awaitable[object]], asked: list[str], many: int
) -> None:
    left = iter(asked)

    async def worker() -> None:
        for text in left:
            await ask(text)

    await asyncio.gather(*(worker() for _ in range(many)))


async def _aiohttp(base: str, asked: list[str], many: int) -> tuple[float, float]:
    import aiohttp

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=many), headers=peers.HEADERS
    ) as session:

        async def ask(text: str) -> object:
            messages = [{"role": "user", "content": text}]
            body = {"model": peers.MODEL, "messages": messages}
            async with session.post(f"{base}/chat/completions", json=body) as reply:
                return json.loads(await reply.read())["choices"][0]["message"]

        await _in_flight(ask, texts(_WARM), many)
        return await _timed(_in_flight(ask, asked, many))


async def _by_hand(base: str, asked: list[str], many: int) -> tuple[float, float]:
    import glmkit

    async with glmkit.AsyncClient(
        base, peers.KEY, peers.MODEL, in_flight=many
    ) as client:
        await _in_flight(client.chat, texts(_WARM), many)
        return await _timed(_in_flight(client.chat, asked, many))


async def _timed(work: Awaitable[None]) -> tuple[float, float]:
    began, used = time.perf_counter(), peers.cpu()
    await work
    return time.perf_counter() - began, peers.cpu() - used


def _verb(base: str, asked: list[str], many: int) -> tuple[float, float]:
    import pandas as pd

    import glmkit
    import glmkit.pandas

    client = glmkit.Client(base, peers.KEY, peers.MODEL, in_flight=many)
    pd.DataFrame({"text": texts(_WARM)}).glm.map("Warm: {text}", client=client)
    frame = pd.DataFrame({"text": asked})
    began, used = time.perf_counter(), peers.cpu()
    out = frame.glm.map("{text}", client=client)
    assert (out["answer_status"] == "done").all()
    return time.perf_counter() - began, peers.cpu() - used


def measured(name: str, base: str, rows: int, unique: float, many: int) -> list[float]:
    """Return seconds, CPU seconds, and the growth of the peak memory in MB."""
    asked = texts(rows, unique)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if name == "df.glm":
        took = _verb(base, asked, many)
    else:
        work = {"aiohttp": _aiohttp, "glmkit-async": _by_hand}[name]
        took = asyncio.run(work(base, asked, many))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [*took, (peak - before) / 1024]


def plans(rows: int, base: str) -> dict[str, float]:
    """Return the seconds of a plan, and those until the first row is asked."""
    import pandas as pd

    import glmkit
    import glmkit.pandas
    from glmkit.tables.execution import TableRun
    from glmkit.tables.preparation import Preparation

    client = glmkit.Client(base, peers.KEY, peers.MODEL, in_flight=100)
    frame = pd.DataFrame({"text": texts(rows)})
    began = time.perf_counter()
    plan = frame.glm.map("{text}", client=client, run=False)
    next(TableRun(Preparation(plan.task)).places())
    first = time.perf_counter() - began
    began = time.perf_counter()
    str(frame.glm.map("{text}", client=client, run=False))
    return {"first": first, "plan": time.perf_counter() - began}


def _child(*words: object) -> object:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.tables", "--child", json.dumps(words)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(done.stdout)


def _run_child(words: list[object]) -> None:
    fast.pin(0)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GLMKIT_DATA_DIR"] = folder
        kind, *rest = words
        found = plans(*rest) if kind == "plans" else measured(*rest)  # type: ignore[arg-type]
        print(json.dumps(found), flush=True)


def main() -> None:
    """Print rates, CPU and memory, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--wait", type=int, default=200, help="milliseconds")
    parser.add_argument("--many", type=int, default=100, help="calls in flight")
    parser.add_argument("--unique", type=float, default=1.0, help="part of the rows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plan", type=int, default=100_000, help="rows of the plan")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        _run_child(json.loads(asked.child))
        return
    with fast.running() as origin:
        base = f"{origin}/wait={asked.wait}/api/paas/v4"
        found: dict[str, list[list[float]]] = {name: [] for name in NAMES}
        for _ in range(asked.rounds):
            for name in NAMES:
                one = _child("rows", name, base, asked.rows, asked.unique, asked.many)
                assert isinstance(one, list)
                found[name].append(one)
        for name, rounds in found.items():
            wall, used, grown = map(statistics.median, zip(*rounds, strict=True))
            print(
                f"{name:14} {asked.rows / wall:7.0f} rows/s   "
                f"{used / asked.rows * 1e6:5.0f} µs a row   {grown:5.0f} MB more"
            )
        for ours, theirs in (("df.glm", "aiohttp"), ("df.glm", "glmkit-async"),
                             ("glmkit-async", "aiohttp")):  # fmt: skip
            pairs = list(zip(found[ours], found[theirs], strict=True))
            rate = statistics.median(b[0] / a[0] for a, b in pairs)
            used = statistics.median(a[1] / b[1] for a, b in pairs)
            print(f"{ours} / {theirs}: rate {rate:.2f}, CPU {used:.2f}")
        print(f"{asked.plan:,} rows: {_child('plans', asked.plan, base)} s")


if __name__ == "__main__":
    main()
