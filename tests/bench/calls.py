"""CPU of one plain call, beside other clients in one run.

Run as `python -m tests.bench.calls`. Goal: at most 0.6 of zai-sdk's and of openai's,
for threads and for event loops, with the ledger and the limiter on.
"""

from __future__ import annotations

import argparse
import statistics

from tests.bench import fast, peers

GOAL = 0.6
PAIRS = (
    ("glmkit", "zai-sdk"),
    ("glmkit", "openai"),
    ("glmkit-async", "zai-sdk"),
    ("glmkit-async", "openai"),
    ("glmkit-async", "openai-async"),
)


def main() -> None:
    """Print microseconds a call, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000, help="calls in a round")
    asked = parser.parse_args()
    with fast.running() as origin:
        figures = peers.in_turns(
            "calls",
            list(peers.PEERS),
            f"{origin}/api/paas/v4",
            asked.count,
            asked.rounds,
        )
    for name, seconds in figures.items():
        print(f"{name:14} {statistics.median(seconds) / asked.count * 1e6:7.0f} µs")
    for ours, theirs in PAIRS:
        found = peers.ratio(figures, ours, theirs)
        print(f"{ours} / {theirs}: {found:.2f} (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
