"""A figure as an image, where neither live views nor HTML are shown: PDFs, previews.

kaleido draws it in a browser of its own, where both are installed. That takes seconds,
so nothing may wait for it.
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
    """Whether kaleido is installed and has not failed in this process."""
    return not _failed and find_spec("kaleido") is not None


def png(figure: Mapping[str, Any]) -> bytes | None:
    """Draw a figure's plain data as PNG; None where it cannot be drawn.

    After a failure (mostly a missing browser) it is not tried again.
    """
    global _failed
    with _one_at_a_time:
        if not offered():
            return None
        import kaleido

        # Else it fetches MathJax from the network; plotly's script is installed.
        own = {"mathjax": False}
        try:
            return bytes(kaleido.calc_fig_sync(dict(figure), _OPTIONS, kopts=own))
        except Exception:  # a browser can fail in any way
            _failed = True
            return None
