"""Whole processes measured in turns, so that a busy machine troubles all alike."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    cpu_ms: float
    wall_ms: float


def once(code: str, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a piece of Python in a new process."""
    start = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        # As installed packages are, ours is compiled once; the first round does it.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"failed: {code}")
    return Cost((used.ru_utime + used.ru_stime) * 1e3, wall * 1e3)


def interleaved(
    codes: Mapping[str, str],
    rounds: int,
    environment: Mapping[str, str] | None = None,
) -> dict[str, list[Cost]]:
    """Run each code once a round; the first round only warms the disk's cache."""
    costs: dict[str, list[Cost]] = {name: [] for name in codes}
    for number in range(rounds + 1):
        for name, code in codes.items():
            cost = once(code, environment)
            if number:
                costs[name].append(cost)
    return costs


def middle(costs: list[Cost], kind: str) -> float:
    """Return the median of "cpu_ms" or "wall_ms"."""
    return median(getattr(cost, kind) for cost in costs)
