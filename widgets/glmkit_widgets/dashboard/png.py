"""A figure as an image, for what shows neither live views nor HTML: a PDF, a preview.

kaleido draws it in a browser of its own, where both are installed. That takes seconds:
nothing may wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from threading import Lock
from typing import Any

_OPTIONS = {"format": "png", "scale": 1.5}
_one_at_a_time = Lock()
_failed = False


def offered() -> bool:
    """Whether there is a kaleido that has not failed yet in this process."""
    return not _failed and find_spec("kaleido") is not None


def png(figure: Mapping[str, Any]) -> bytes | None:
    """Draw a figure's plain data as PNG; None where it can not be drawn here.

    After a failure (no browser is found, mostly) it is not tried again.
    """
    global _failed
    with _one_at_a_time:
        if not offered():
            return None
        import kaleido

        # It would fetch MathJax from the network; plotly's script it finds beside it.
        own = {"mathjax": False}
        try:
            return bytes(kaleido.calc_fig_sync(dict(figure), _OPTIONS, kopts=own))
        except Exception:  # a browser's faults are of every kind
            _failed = True
            return None
