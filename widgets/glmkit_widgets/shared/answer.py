"""The live answer: a view that gets only the changes, while an answer streams."""

from __future__ import annotations

from typing import Any

import anywidget

from glmkit_widgets.shared.assets import module, style
from glmkit_widgets.shared.feed import Feed


class LiveAnswer(anywidget.AnyWidget):
    """Shows one answer while it streams; all HTML in it comes from `glmkit.render`.

    `.feed` takes the changes. No text is kept in a trait, so none is left in a saved
    notebook.
    """

    _esm = module("shared/live", "shared/answer")
    _css = style("shared/live")

    def __init__(self) -> None:
        self.feed = Feed(self.send)
        super().__init__()
        self.on_msg(self._heard)

    def replaced(self) -> None:
        """Tell the page that a static output replaces the view next."""
        self.send({"ends": True})

    def close(self) -> None:
        """Remove it from the page, with its layout."""
        super().close()
        self.layout.close()

    def _heard(self, _widget: object, content: Any, _buffers: object) -> None:
        """Reply to a view that is ready, or has missed a change."""
        if isinstance(content, dict):
            self.feed.heard(content.get("n"))
