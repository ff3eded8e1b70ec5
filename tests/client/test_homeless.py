"""Calls of a user whom the system does not know, who has no home folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Paced
from tests.ledger.test_faults import public

__all__ = ["public"]  # a fixture

CALLS = """
import os, sys
import glmkit
from glmkit.transport import limiter
url, folder = sys.argv[1:]
glmkit.Client(url, "a.b").chat("Hi")  # all that is loaded late is loaded now
os.environ.pop("HOME", None)
if os.geteuid() == 0:
    os.setgid(54321)
    os.setuid(54321)
os.environ["GLMKIT_DATA_DIR"] = folder + "/data"
os.environ["GLMKIT_STATE_DIR"] = folder + "/state"
print(glmkit.Client(url).chat("Hi").text)
print(glmkit.Client("local").access.endpoint.name, limiter.sharing_fault())
print(len(glmkit.ledger.Ledger().read().rows))
del os.environ["GLMKIT_STATE_DIR"]
print(glmkit.Client(url).chat("Hi").text)
"""


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has users without a home")
def test_user_without_a_home_calls_with_the_two_folders(
    paced: Callable[..., Paced], public: Path
) -> None:
    public.chmod(0o777)
    place = paced(text="echo")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CALLS, place.url, str(public)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["Hi", "local ", "1", "Hi"]
