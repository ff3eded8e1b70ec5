"""A live plotly figure with plain data: plotly does not run in the kernel.

plotly's own FigureWidget sends 5 MB for each figure, checks every value in Python, and
takes one to three seconds to import.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib import resources
from typing import Any

import anywidget
import traitlets

from glmkit_widgets.shared.assets import module, style


class Plot(anywidget.AnyWidget):
    """Shows `picture`, a dict of `data` and `layout` as plotly.js takes them.

    A new picture replaces the old one; the user's zoom stays while `layout.uirevision`
    does. `views` counts the places where it is shown.

    >>> Plot(picture={"data": [], "layout": {}}).views
    0
    """

    _esm = module("shared/dom", "dashboard/plot")
    _css = style("dashboard/plot")

    picture: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._view_count = 0  # None, the default, switches counting off
        self.on_msg(self._heard)

    def _heard(self, _widget: object, content: Any, _buffers: object) -> None:
        """Send plotly.js to a page that does not have it: no saved state holds it."""
        if content == {"library": "wanted"}:
            self.send({"library": "plotly"}, buffers=[packed()])

    @property
    def views(self) -> int:
        """The number of its views."""
        return self._view_count or 0


@lru_cache(maxsize=1)
def packed() -> bytes:
    """Return plotly.js as plotly ships it, packed: a third of its 5 MB."""
    shipped = resources.files("plotly").joinpath("package_data/plotly.min.js")
    return gzip.compress(shipped.read_bytes(), compresslevel=1, mtime=0)
