"""A script's cold start to the first answer of a fast server, beside zai-sdk.

    python -m tests.bench.cold_start [ROUNDS]

Whole processes against the paced wire server, which answers at once. Goal: below
zai-sdk's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

from tests.bench.rounds import interleaved, middle

KEY = "k" * 32 + "." + "s" * 16
ASK = "[{'role': 'user', 'content': 'hi'}]"


def codes(url: str) -> dict[str, str]:
    named = f"base_url={url!r}, api_key={KEY!r}"
    create = f"create(model='glm-4.6', messages={ASK})"
    return {
        "bare python": "pass",
        "glmkit": (
            "import glmkit\n"
            f"client = glmkit.Client({url!r}, api_key={KEY!r}, model='glm-4.6')\n"
            "assert client.chat('hi').text"
        ),
        "httpx": (
            "import httpx\n"
            f"asked = {{'model': 'glm-4.6', 'messages': {ASK}}}\n"
            f"assert httpx.post({url + '/chat/completions'!r}, json=asked).json()"
        ),
        "zai": (
            "from zai import ZaiClient\n"
            f"assert ZaiClient({named}).chat.completions.{create}.choices"
        ),
        "openai": (
            "from openai import OpenAI\n"
            f"assert OpenAI({named}).chat.completions.{create}.choices"
        ),
    }


def main(rounds: int) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.paced"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    url = json.loads(server.stdout.readline())["url"] + "/tokens=8/api/paas/v4"
    with tempfile.TemporaryDirectory() as home:
        own = {"GLMKIT_DATA_DIR": home, "GLMKIT_STATE_DIR": home}
        costs = interleaved(codes(url), rounds, own)
    server.stdin.close()
    server.wait()
    zai = middle(costs["zai"], "wall_ms")
    print(f"{'client':14}{'wall ms':>9}{'CPU ms':>9}{'of zai':>9}")
    for name, each in costs.items():
        wall = middle(each, "wall_ms")
        told = "   (goal: below 1)" if name == "glmkit" else ""
        cpu = middle(each, "cpu_ms")
        print(f"{name:14}{wall:9.0f}{cpu:9.0f}{wall / zai:9.2f}{told}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
