"""Progress bars: tqdm's, or those of a notebook that has its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from glmkit.types.plain_text import say

#: Makes a bar from the arguments of `tqdm.tqdm`.
BarMaker = Callable[..., Any]

_notebook: BarMaker | None = None


def use(maker: BarMaker | None) -> None:
    """Let a notebook make the bars of this process; None leaves them to tqdm."""
    global _notebook
    _notebook = maker


def progress_bar(**how: Any) -> Any:
    """Return a bar as `tqdm.tqdm(**how)` does.

    Make it on the caller's thread: tqdm warns, and silences that for the whole process.
    """
    if _notebook is not None:
        return _notebook(**how)
    from tqdm.auto import tqdm

    return tqdm(**how)


def say_after(*lines: str) -> None:
    """Print lines beside a bar: on stderr, which a notebook would show as an error."""
    if lines:
        say(*lines, file=None if _notebook else sys.stderr)
