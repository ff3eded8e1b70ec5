"""`glmkit serve` ends whole: by signals, with its terminal, its parent, its reader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from glmkit.local import launcher
from glmkit.local.state import Platform
from tests.conftest import LIMIT_S, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SERVE = [sys.executable, "-P", "-m", "glmkit", "serve", "--json"]
#: Runs a command as its child and waits for it.
PARENT = "import subprocess, sys; subprocess.run(sys.argv[1:])"
#: The same in a terminal of its own, which closes when this process dies.
TERMINAL = "import pty, sys; pty.spawn(sys.argv[1:])"


def tree(pid: int) -> set[int]:
    """Return the ids of a process and of all below it."""
    found = {pid}
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in path.read_text().split():
                found |= tree(int(child))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody reaps here does not."""
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def left(pids: set[int]) -> set[int]:
    return {pid for pid in pids if alive(pid)}


@contextmanager
def served(command: list[str], **how: Any) -> Iterator[tuple[int, set[int]]]:
    """Start a platform; yield the id of the started process, and of all it started."""
    pids: set[int] = set()
    with ExitStack() as ending:
        child = ending.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, **how)
        )
        ending.callback(kill, pids)
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        pids |= tree(child.pid) | tree(said["pid"])
        assert len(pids) >= 3, "serve, the platform and the engine"
        yield child.pid, pids
        # Whatever still held the pipe would keep its reader waiting.
        assert child.stdout.read() == b""


def kill(pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


ENDS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL]


@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_nothing_that_serve_started_outlives_a_signal(number: signal.Signals) -> None:
    with served(SERVE) as (pid, pids):
        os.kill(pid, number)
        wait_for(lambda: left(pids), lambda found: not found)
    assert launcher.running() == []


@pytest.mark.parametrize("number", ENDS[::3], ids=lambda number: number.name)
def test_an_engine_that_still_loads_is_ended_with_serve(
    number: signal.Signals,
) -> None:
    with subprocess.Popen(SERVE, stdout=subprocess.DEVNULL) as child:
        pids = wait_for(lambda: tree(child.pid), lambda seen: len(seen) == 3)
        os.kill(child.pid, number)
        wait_for(lambda: left(pids), lambda found: not found)


def test_without_the_pipe_a_platform_would_outlive_serve() -> None:
    code = (
        "from glmkit.local import foreground, launcher;"
        "foreground.run(launcher.serve_command(['--json']))"
    )
    with served([sys.executable, "-c", code]) as (pid, pids):
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: alive(pid), lambda still: not still)
        (found,) = launcher.running()
        assert found.pid in pids
        launcher.stop()
        wait_for(lambda: left(pids), lambda found: not found)


@pytest.mark.parametrize("runner", [PARENT, TERMINAL], ids=["parent", "terminal"])
def test_serve_ends_with_its_parent_and_with_its_terminal(runner: str) -> None:
    with served([sys.executable, "-c", runner, *SERVE]) as (pid, pids):
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: left(pids), lambda found: not found)


def test_serve_ends_when_its_reader_leaves() -> None:
    line = subprocess.run(
        ["sh", "-c", '"$@" | head -1', "sh", *SERVE],
        capture_output=True,
        check=True,
        timeout=LIMIT_S,
    ).stdout
    pid = json.loads(line)["pid"]
    assert not alive(pid)


def test_serve_leaves_the_platform_of_the_kernels_alone() -> None:
    shared = launcher.ensure()
    try:
        with served(SERVE) as (pid, pids):
            assert len(launcher.running()) == 2
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: left(pids), lambda found: not found)
        assert launcher.running() == [shared]
    finally:
        launcher.stop()


@pytest.mark.parametrize(
    ("trap", "watched"), [("", True), ('trap "" HUP;', False)], ids=["plain", "nohup"]
)
def test_nohup_keeps_serve_without_its_parent(trap: str, watched: bool) -> None:
    code = (
        "import sys, threading; from glmkit.local import foreground;"
        "foreground.run([sys.executable, '-c', '']);"
        "print('glmkit-parent' in [one.name for one in threading.enumerate()])"
    )
    run = ["sh", "-c", f'{trap} exec "$@"', "sh", sys.executable, "-c", code]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert said == f"{watched}\n"


def test_stop_ends_a_served_platform_and_names_it() -> None:
    with served(SERVE) as (_, pids):
        (ended,) = launcher.stop()
        assert isinstance(ended, Platform)
        assert ended.pid in pids
        assert "run by `glmkit serve`" in str(ended)
        wait_for(lambda: left(pids), lambda found: not found)
    assert launcher.stop() == []


@pytest.mark.parametrize("status", [0, 3])
def test_the_exit_status_is_the_platforms(status: int) -> None:
    code = (
        "import sys; from glmkit.local import foreground;"
        f"child = [sys.executable, '-c', 'raise SystemExit({status})'];"
        "sys.exit(foreground.run(child))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == status


def test_a_child_that_ignores_its_input_is_killed() -> None:
    code = (
        "from glmkit.local import foreground; foreground._END_S = 0.1;"
        "foreground.run([sys.executable, '-c', 'import time; print(1, flush=True);"
        "time.sleep(60)'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"import sys; {code}"], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        pids = tree(child.pid)
        child.terminate()
        wait_for(lambda: left(pids), lambda found: not found)
