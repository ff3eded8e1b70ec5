"""A live plotly figure whose data are plain: nothing of plotly runs in the kernel.

plotly's own FigureWidget sends 5 MB for each figure, checks every value in Python, and
to be imported reads the grammar of a format that no figure uses, for a second or three.
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

    A new picture is drawn in the old one's place; a person's zoom stays as long as
    `layout.uirevision` does. `views` counts the places where it is shown.

    >>> Plot(picture={"data": [], "layout": {}}).views
    0
    """

    _esm = module("shared/dom", "dashboard/plot")
    _css = style("dashboard/plot")

    picture: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    #: plotly.js, packed; it comes with the widget, as a kernel that is busy with the
    #: next cells could not answer a page that asks for it.
    library = traitlets.Bytes().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(library=packed(), **traits)
        self._view_count = 0  # None, the default, means that nobody counts

    @property
    def views(self) -> int:
        """How many views of it there are."""
        return self._view_count or 0


@lru_cache(maxsize=1)
def packed() -> bytes:
    """Return plotly.js as plotly ships it, packed: a third of its 5 MB."""
    shipped = resources.files("plotly").joinpath("package_data/plotly.min.js")
    return gzip.compress(shipped.read_bytes(), compresslevel=1, mtime=0)
