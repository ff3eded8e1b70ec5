"""The static picture of a widget: what a saved notebook shows without a kernel.

A front end that knows a widget's view shows nothing else of that output, even where no
kernel answers. So the picture is an output of its own, before the view; while the view
is alive the picture is hidden, and where there is none the picture stands alone.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from importlib import resources
from uuid import uuid4

#: The class on the root of every live view; the style sheet looks for it.
LIVE = "glmkit-live"
_VIEW = "application/vnd.jupyter.widget-view+json"


class StaticPicture:
    """The picture of one widget, kept up to date in every place where it is shown.

    `draw` returns the picture as safe HTML and as plain text.
    """

    def __init__(self, draw: Callable[[], tuple[str, str]]) -> None:
        self._draw = draw
        self._id = uuid4().hex
        self._image: dict[str, str] = {}
        self._last: dict[str, str] | None = None

    def show(self, model_id: str) -> None:
        """Display the picture, then the live view of the widget with that id."""
        from IPython.display import display

        self._last = self._bundle()
        display(self._last, raw=True, display_id=self._id)  # type: ignore[no-untyped-call]
        view = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        display({_VIEW: view, "text/plain": ""}, raw=True)  # type: ignore[no-untyped-call]

    def update(self) -> None:
        """Draw anew where it is shown; nothing is sent while nothing changed."""
        if self._last is None:
            return
        from IPython.display import update_display

        bundle = self._bundle()
        if bundle != self._last:
            self._last = bundle
            update_display(bundle, raw=True, display_id=self._id)  # type: ignore[no-untyped-call]

    def add_image(self, png: bytes) -> None:
        """Keep an image beside the numbers, for what shows no HTML."""
        self._image = {"image/png": b64encode(png).decode()}
        self.update()

    def _bundle(self) -> dict[str, str]:
        html, plain = self._draw()
        style = (
            resources.files(__package__)
            .joinpath("static_picture.css")
            .read_text("utf-8")
        )
        picture = f'<style>{style}</style><div class="glmkit-still">{html}</div>'
        return {"text/html": picture, "text/plain": plain} | self._image
