"""Processes of the platform that nothing finds any more are listed, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from glmkit.local import launcher, orphans, state, weights
from tests.conftest import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def pids() -> set[int]:
    return {orphan.pid for orphan in orphans.find()}


def test_an_engine_whose_platform_died_is_an_orphan_and_stopped() -> None:
    # It waits for its first line, from a pipe that somebody else still holds open.
    start = (
        "import os, subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-m', 'glmkit.local.engine'],"
        " stdin=0); print(child.pid, flush=True); os._exit(0)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        engine = int(parent.stdout.readline())
        parent.wait()
        (found,) = wait_for(lambda: [o for o in orphans.find() if o.pid == engine])
        assert str(found) == f"an engine without a platform (process {engine})"
        assert found in launcher.strays()
        assert found in launcher.stop()
        wait_for(lambda: engine not in pids())


def test_a_platform_whose_record_is_gone_is_an_orphan_once_it_has_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = launcher.ensure()
    state.path(weights.find()).unlink()
    assert running.pid not in pids()  # it may be a start that has not finished
    monkeypatch.setattr(orphans, "_STARTING_S", 0.0)
    assert running.pid in pids()
    os.kill(running.pid, signal.SIGTERM)
    wait_for(lambda: running.pid not in pids())


def test_a_running_platform_and_its_engine_are_no_orphans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(orphans, "_STARTING_S", 0.0)
    running = launcher.ensure()
    assert running.pid not in pids()
    assert running not in launcher.strays()
    launcher.stop()
