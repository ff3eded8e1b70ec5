"""What the magic adds to `client.stream`, and how long `%load_ext glmkit` takes.

    python -m tests.bench.magic [--rounds 200]

The calls are made in a real kernel: they alternate between the magic, with its output,
and the bare stream over the same paced server; the median of the differences counts.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
began = time.perf_counter()
shell.run_line_magic("load_ext", "glmkit")
print(time.perf_counter() - began)
"""


def load_s(rounds: int) -> list[float]:
    """Return the seconds of `%load_ext glmkit`, each in a process of its own."""
    return [
        float(subprocess.check_output([sys.executable, "-c", _LOAD], text=True))
        for _ in range(rounds)
    ]


def added_s(url: str, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of calls by the magic and by the client alone.

    Runs in the kernel.
    """
    from IPython.core.interactiveshell import InteractiveShell

    import glmkit

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "glmkit")
    shell.run_line_magic("glm", f"config endpoint {url}")
    client = glmkit.Client(url)
    shell.user_ns["word"] = "sky"
    magic: list[float] = []
    bare: list[float] = []
    for number in range(rounds + 20):
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            shell.run_cell_magic("glm", "-t 0.5 -o answer", "Why is the {word} blue?")
        middle = time.perf_counter()
        with client.stream("Why is the sky blue?", temperature=0.5) as stream:
            for _ in stream.batches():
                pass
        if number >= 20:
            magic.append(middle - began)
            bare.append(time.perf_counter() - middle)
    return magic, bare


def in_kernel(url: str, rounds: int) -> tuple[list[float], list[float]]:
    """Run `added_s` in a kernel of its own."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    out = Path(os.environ["GLMKIT_DATA_DIR"]) / "times.json"
    client.execute_interactive(
        "import json, pathlib; from tests.bench.magic import added_s\n"
        f"times = added_s({url!r}, {rounds})\n"
        f"pathlib.Path({str(out)!r}).write_text(json.dumps(times))",
        output_hook=lambda message: None,
        timeout=600,
    )
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    magic, bare = json.loads(out.read_text("utf-8"))
    return magic, bare


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as home:
        for name in ("GLMKIT_DATA_DIR", "GLMKIT_STATE_DIR", "IPYTHONDIR"):
            os.environ[name] = home
        loads = load_s(7)
        print(f"%load_ext glmkit: {statistics.median(loads) * 1e3:.0f} ms (goal 300)")
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.paced"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            origin = json.loads(child.stdout.readline())["url"]
            url = f"{origin}/lane=bench/tokens=20/api/paas/v4"
            magic, bare = in_kernel(url, rounds)
            child.stdin.close()
    middle = [statistics.median(times) * 1e3 for times in (magic, bare)]
    added = statistics.median(m - b for m, b in zip(magic, bare, strict=True)) * 1e3
    print(f"magic {middle[0]:.2f} ms, client.stream {middle[1]:.2f} ms a call")
    print(
        f"added by the magic: {added:.2f} ms a call (median of {rounds} pairs; goal 3)"
    )


if __name__ == "__main__":
    main()
