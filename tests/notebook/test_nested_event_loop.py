"""The switch for nested event loops."""

import asyncio
import os
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
