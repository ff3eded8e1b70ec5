"""CPU of `import glmkit` beside its peers, above bare Python.

    python -m tests.bench.imports [ROUNDS]

Goals: 20 ms at most, and at most 0.03 of `import openai`.
"""

from __future__ import annotations

import sys

from tests.bench.rounds import interleaved, middle

BARE = "bare python"
GOAL_MS, GOAL_SHARE = 20, 0.03
IMPORTS = {
    BARE: "pass",
    "glmkit": "import glmkit",
    "httpx": "import httpx",
    "zai": "from zai import ZaiClient",
    "openai": "from openai import OpenAI",
}


def main(rounds: int) -> None:
    costs = interleaved(IMPORTS, rounds)
    floor = middle(costs[BARE], "cpu_ms")
    above = {name: middle(costs[name], "cpu_ms") - floor for name in IMPORTS}
    print(f"{'import':14}{'CPU ms':>9}{'above bare':>12}{'of openai':>11}")
    for name in IMPORTS:
        total = middle(costs[name], "cpu_ms")
        share = above[name] / above["openai"]
        goal = f"   (goal: at most {GOAL_MS} and {GOAL_SHARE})"
        told = goal if name == "glmkit" else ""
        print(f"{name:14}{total:9.1f}{above[name]:12.1f}{share:11.3f}{told}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
