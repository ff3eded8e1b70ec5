"""CPU of one streamed event, typed, beside other clients in one run.

Run as `python -m tests.bench.streams`. Goal: at most 0.03 of zai-sdk's and 0.07 of
openai's, for threads and for event loops.
"""

from __future__ import annotations

import argparse
import statistics

from tests.bench import fast, peers

PAIRS = (
    ("glmkit", "zai-sdk", 0.03),
    ("glmkit", "openai", 0.07),
    ("glmkit-async", "zai-sdk", 0.03),
    ("glmkit-async", "openai-async", 0.07),
)


def main() -> None:
    """Print microseconds an event, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=2000, help="in one stream")
    parser.add_argument("--count", type=int, default=5, help="streams in a round")
    asked = parser.parse_args()
    with fast.running() as origin:
        figures = peers.in_turns(
            "streams",
            list(peers.PEERS),
            f"{origin}/events={asked.events}/api/paas/v4",
            asked.count,
            asked.rounds,
        )
    events = asked.count * asked.events
    for name, seconds in figures.items():
        print(f"{name:14} {statistics.median(seconds) / events * 1e6:7.2f} µs")
    for ours, theirs, goal in PAIRS:
        found = peers.ratio(figures, ours, theirs)
        print(f"{ours} / {theirs}: {found:.3f} (goal: at most {goal})")


if __name__ == "__main__":
    main()
