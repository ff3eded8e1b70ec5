"""How soon the prompt is back after the kernel's interrupt: 200 at random moments.

    python -m tests.bench.interrupts [--rounds 200]

Each is sent while a real kernel streams an answer from the paced server, and measured
from the interrupt to the kernel's `idle`. Goal: 0.5 s for 95 of 100.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.conftest import ROOT, serving

GOAL_S = 0.5


@contextmanager
def running_kernel() -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def until(client: BlockingKernelClient, cell: str, last: str) -> list[dict[str, Any]]:
    """Return the messages of a cell up to one of a kind, or to the kernel's `idle`."""
    messages = []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != cell:
            continue
        messages.append(message)
        idle = message["content"].get("execution_state") == "idle"
        if idle or message["msg_type"] == last:
            return messages


def interrupted_s(
    manager: KernelManager, client: BlockingKernelClient, after_s: float
) -> float | None:
    """Return how long an interrupt took; None where the cell had ended before."""
    cell = client.execute("%%glm -o answer\nHi")
    until(client, cell, "execute_input")  # before that nobody hears an interrupt
    time.sleep(after_s)
    began = time.perf_counter()
    manager.interrupt_kernel()
    messages = until(client, cell, "idle")
    seconds = time.perf_counter() - began
    failed = [m["content"]["ename"] for m in messages if m["msg_type"] == "error"]
    return seconds if failed else None


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    # A shell's background job ignores Ctrl-C, and so would the kernel.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chance = random.Random(7)
    times: list[float] = []
    with (
        tempfile.TemporaryDirectory() as home,
        serving("tests.support.paced") as server,
    ):
        for name in ("GLMKIT_DATA_DIR", "GLMKIT_STATE_DIR", "IPYTHONDIR"):
            os.environ[name] = home
        url = f"{server}/lane=stop/tokens=100000/rate=200/text=mixed/api/paas/v4"
        with running_kernel() as (manager, client):
            until(client, client.execute("%load_ext glmkit"), "idle")
            set_up = client.execute(f"%glm config endpoint {url}")
            until(client, set_up, "idle")
            for _ in range(rounds):
                seconds = interrupted_s(manager, client, chance.uniform(0, 1))
                times += [] if seconds is None else [seconds]
    middle, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    figures = {
        "interrupts": len(times),
        "median_s": round(middle, 3),
        "p95_s": round(late, 3),
        "worst_s": round(max(times), 3),
        "goal_p95_s": GOAL_S,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
