"""How much of the ideal rate is reached with many calls in flight.

Run as `python -m tests.bench.in_flight`. The server answers after a fixed time; the
ideal rate is the calls in flight by that time. Goals: 50 at 50 ms at least 0.96, 100
at 50 ms 0.92, 500 at 2 s 0.95. Where the server's own timer is late, the share of a
client that does nothing is less than 1 too.
"""

from __future__ import annotations

import argparse
import statistics

from tests.bench import fast, peers

#: In flight, milliseconds of the server, calls one after another, the goal.
LOADS = ((50, 50, 40, 0.96), (100, 50, 40, 0.92), (500, 2000, 2, 0.95))
NAMES = ("glmkit-async", "httpx-async", "openai-async", "zai-sdk")


def main() -> None:
    """Print the share of the ideal rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=NAMES, choices=peers.PEERS)
    asked = parser.parse_args()
    with fast.running() as origin:
        for many, wait_ms, each, goal in LOADS:
            figures = peers.in_turns(
                "in_flight",
                asked.peers,
                f"{origin}/wait={wait_ms}/api/paas/v4",
                each,
                asked.rounds,
                many,
            )
            print(f"{many} in flight at {wait_ms} ms (goal: at least {goal})")
            for name, seconds in figures.items():
                shares = [each * wait_ms / 1000 / taken for taken in seconds]
                middle, best = statistics.median(shares), max(shares)
                print(f"  {name:14} {middle:.2f}   best round {best:.2f}")


if __name__ == "__main__":
    main()
