"""The static picture of a widget: what a saved notebook shows without a kernel.

A front end that knows a widget's view shows nothing else of that output, even where no
kernel answers. So the picture is an output of its own, before the view; while the view
is alive the picture is hidden, and where there is none the picture stands alone.
"""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Callable
from importlib import resources
from typing import Any
from uuid import uuid4

from glmkit.types.plain_text import plain
from glmkit_widgets.shared.throttled_worker import ThrottledWorker

#: The class on the root of every live view; the style sheet looks for it.
LIVE = "glmkit-live"
_VIEW = "application/vnd.jupyter.widget-view+json"
#: A heading without attributes, as the widgets write it.
_HEADING = re.compile(r"<(h[1-6])>")


class StaticPicture:
    """The picture of one widget, kept up to date in every place where it is shown.

    `draw` returns the picture as safe HTML and as plain text. While it changes it is
    sent at most once in `pause_s` seconds, and in any case at the end of a running
    cell. Where `saved_by_page` is set, the page writes it into the notebook as that is
    saved, and nothing is sent until `close`.
    """

    def __init__(
        self, draw: Callable[[], tuple[str, str]], pause_s: float = 0.25
    ) -> None:
        self._draw = draw
        self._id = uuid4().hex
        self._image: dict[str, str] = {}
        self._sent: dict[str, str] | None = None
        self._stale = False
        self._worker = ThrottledWorker(self._send_if_stale, pause_s)
        self._events: Any = None
        self._in_cell = False
        self.saved_by_page = False

    @property
    def mark(self) -> str:
        """What tells this picture from others in the saved notebook."""
        return f'data-picture="{self._id}"'

    def show(self, model_id: str) -> None:
        """Display the picture, then the live view of the widget with that id."""
        from IPython.display import display

        self._stale = False
        self._sent = self._bundle()
        display(self._sent, raw=True, display_id=self._id)  # type: ignore[no-untyped-call]
        view = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        display({_VIEW: view, "text/plain": ""}, raw=True)  # type: ignore[no-untyped-call]
        self._listen()

    def update(self, *, now: bool = False) -> None:
        """Draw it again soon, where it is shown; `now`: at once, unless a cell runs."""
        self._stale = True
        if self._sent is None or self.saved_by_page:
            return
        if now and not self._in_cell:
            self.send()
        else:
            self._worker.ask()

    def send(self) -> None:
        """Draw it again now, where it is shown; an unchanged picture is not sent."""
        self._stale = False
        if self._sent is None:
            return
        from IPython.display import update_display

        bundle = self._bundle()
        if bundle != self._sent:
            self._sent = bundle
            update_display(bundle, raw=True, display_id=self._id)  # type: ignore[no-untyped-call]

    def add_image(self, png: bytes) -> None:
        """Keep an image beside the numbers, for front ends that show no HTML."""
        self._image = {"image/png": b64encode(png).decode()}
        self.send()

    def close(self) -> None:
        """Send what was not sent yet, for the last time."""
        self._worker.close()
        if self._events is not None:
            self._events.unregister("pre_run_cell", self._before_cell)
            self._events.unregister("post_run_cell", self._after_cell)
            self._events = None
        if not sys.is_finalizing():
            self._send_if_stale()

    def framed(self, html: str) -> str:
        """Return the HTML of a picture with its style sheet and the mark of its place.

        Its headings stay out of the notebook's table of contents.
        """
        marked = _HEADING.sub(r'<\1 class="jp-toc-ignore">', html)
        return (
            f"<style>{_style()}</style>"
            f'<div class="glmkit-still" {self.mark}>{marked}</div>'
        )

    def _listen(self) -> None:
        """Send what has changed at the end of each cell: a notebook that is executed
        without a front end keeps nothing that comes later."""
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        if self._events is None and shell is not None:
            self._in_cell = True
            self._events = shell.events
            self._events.register("pre_run_cell", self._before_cell)
            self._events.register("post_run_cell", self._after_cell)

    def _before_cell(self, _info: object = None) -> None:
        self._in_cell = True

    def _after_cell(self, _result: object = None) -> None:
        self._in_cell = False
        if not self.saved_by_page:
            self._send_if_stale()

    def _send_if_stale(self) -> None:
        if self._stale:
            self.send()

    def _bundle(self) -> dict[str, str]:
        html, text = self._draw()
        picture = {"text/html": self.framed(html), "text/plain": plain(text)}
        return picture | self._image


def _style() -> str:
    sheet = resources.files(__package__).joinpath("static_picture.css")
    return sheet.read_text("utf-8")
