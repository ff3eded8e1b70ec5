"""A widget without a view, which a page answers if it can show live answers at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
from ipywidgets.widgets import widget as registry

from glmkit_widgets.shared.assets import module


class Probe(anywidget.AnyWidget):
    """Calls `answered()` once, when a page has run its module, and closes itself."""

    _esm = module("shared/probe")

    def __init__(self, answered: Callable[[], None]) -> None:
        self._answered = answered
        super().__init__()
        self.on_msg(self._heard)

    def close(self) -> None:
        """Remove it from the page, with its layout."""
        super().close()
        self.layout.close()

    def _heard(self, _widget: object, _content: Any, _buffers: object) -> None:
        self._answered()
        self.close()


def captures(message_id: str) -> bool:
    """Whether an Output widget captures what is displayed for a message.

    Front ends do not update an output inside of one: jupyter-widgets/ipywidgets#1844.
    """
    known = list(registry._instances.values())
    outputs = (one for one in known if isinstance(one, ipywidgets.Output))
    return any(output.msg_id == message_id for output in outputs)
