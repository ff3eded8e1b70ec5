"""The switch for nested event loops."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glmkit.notebook import nested_event_loop
from glmkit.types.errors import ConfigError


def test_python_where_it_fails_is_told_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package of another day: it applies, and nests nothing."""
    (tmp_path / "nest_asyncio.py").write_text("def apply(loop=None): pass\n")
    paths = [str(tmp_path), os.environ["PYTHONPATH"]]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    before = asyncio.run
    with pytest.raises(ConfigError, match="running event loop"):
        nested_event_loop.switch_on()
    assert asyncio.run is before


_INSIDE = """
import asyncio
from glmkit.notebook import nested_event_loop

async def inner():
    await asyncio.sleep(0)
    return asyncio.get_running_loop()

async def outer():
    nested_event_loop.switch_on()
    here = asyncio.get_running_loop()
    assert asyncio.run(inner()) is here
    assert asyncio.run(inner(), debug=None, loop_factory=None) is here
    other = asyncio.run(inner(), loop_factory=asyncio.new_event_loop)
    assert other is not here and other.is_closed()
    return 7

print(asyncio.new_event_loop().run_until_complete(outer()))
"""


def test_a_loop_factory_is_taken_as_by_pythons_own_run() -> None:
    command = [sys.executable, "-W", "ignore", "-c", _INSIDE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "7\n", done.stderr
