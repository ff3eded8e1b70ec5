"""Threads that come to a type for the first time at one moment do not crash."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")

#: Forks children in which nothing was used yet; each uses it from many threads at
#: once. Prints how many of them a signal has ended.
_RACE = """
import os, re, sys, threading, types
from pathlib import Path

path, use, ready = sys.argv[1:]
source = Path(path).read_text("utf-8")
if ready == "no":
    source, found = re.subn(r"(?m)^msgspec\\.json\\.Decoder\\(.*\\)$", "", source)
    assert found == 1, "there is nothing to leave out"
module = types.ModuleType("raced")
module.__file__ = path
sys.modules["raced"] = module
exec(compile(source, path, "exec"), vars(module))
sys.setswitchinterval(1e-6)

def once():
    go = threading.Barrier(12)
    def work():
        go.wait()
        eval(use, vars(module))
    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

died = 0
for _ in range(150):
    child = os.fork()
    if not child:
        once()
        os._exit(0)
    died += os.WIFSIGNALED(os.waitpid(child, 0)[1])
print(died)
"""
_USE = "request_of('Why?', {'temperature': 0.5})"


def died(ready: str) -> int:
    """Return how many of 150 processes a crash has ended."""
    path = ROOT / "glmkit/types/messages.py"
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _RACE, str(path), _USE, ready],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return int(child.stdout)


def test_many_threads_may_ask_first_at_one_moment() -> None:
    assert died("yes") == 0


def test_without_the_look_at_the_types_they_would_crash() -> None:
    assert died("no") > 0
