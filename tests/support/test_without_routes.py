"""A program without routes reaches loopback and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import without_routes
from tests.support.wheel import ROOT

SOURCE = """
import socket, os
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as exc:
    print(os.getcwd(), exc.strerror)
"""


def test_only_loopback_is_reached(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-c", SOURCE]  # -I: without the tests' own guard
    command = without_routes.command(tmp_path, words)
    if command is None:
        pytest.skip("this machine allows no network namespace")
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == f"{tmp_path} Network is unreachable\n", done.stderr
