"""The ways to show one answer in a cell: a live view, an output, or written text."""

from __future__ import annotations

from typing import Any, Protocol

from IPython import display as ipython
from IPython.core.interactiveshell import InteractiveShell

from glmkit.notebook import terminal
from glmkit.notebook.front_ends import front_ends
from glmkit.render.answer import Rendering
from glmkit.render.answer.views import View
from glmkit.types.plain_text import plain, write

#: An output by its MIME types.
Bundle = dict[str, str]

# IPython types it too loosely for a strict reading.
display: Any = ipython.display


def show(bundle: dict[str, str]) -> None:
    """Show a bundle; a console that cannot encode its text gets `?` in places."""
    try:
        display(bundle, raw=True)
    except UnicodeEncodeError:
        write(bundle["text/plain"] + "\n")


def show_text(text: str, html: str = "") -> None:
    """Show a text as an output of its own, filtered, or as the HTML of `render`."""
    shown = {"text/html": html} if html else {}
    show({"text/plain": plain(text), **shown})


class Final(Protocol):
    """Makes what stays of an answer, which takes a moment."""

    def bundle(self) -> Bundle:
        """Return it as an output."""

    def html(self) -> str:
        """Return it as safe HTML without the frame of an output."""


class Surface(Protocol):
    """A place where an answer is shown."""

    def pause_s(self, rendering: Rendering) -> float:
        """Return the seconds to let pass before the next `show`."""

    def show(self, rendering: Rendering) -> None:
        """Show what is new."""

    def end(self, rendering: Rendering, final: Final) -> None:
        """Leave the final output."""


class LiveView:
    """A widget that gets what changed, and makes way for a static output."""

    def __init__(self) -> None:
        from glmkit_widgets.shared.answer import LiveAnswer

        self._view = LiveAnswer()
        self._handle = display(self._view, display_id=True)

    def pause_s(self, rendering: Rendering) -> float:
        """Return the pause for what changes: the open end of the text."""
        return rendering.pause_s()

    def show(self, rendering: Rendering) -> None:
        """Send what changed."""
        self._view.feed.follow(rendering)

    def end(self, rendering: Rendering, final: Final) -> None:
        """Put the static output in the place of the view."""
        self.show(rendering)
        bundle = final.bundle()
        self._view.replaced()
        self._handle.update(bundle, raw=True)
        self._view.close()


class KeptView(LiveView):
    """A widget that keeps the answer: its output cannot be updated."""

    def end(self, rendering: Rendering, final: Final) -> None:
        """Show the finished answer in the view, which stays."""
        self._view.feed.end(final.html())


class Repainted:
    """An output that is painted again at growing intervals."""

    def __init__(self) -> None:
        self._handle: Any = None

    def pause_s(self, rendering: Rendering) -> float:
        """Return the pause for all of the text."""
        return rendering.pause_s(whole=True)

    def show(self, rendering: Rendering) -> None:
        """Paint the answer as it stands."""
        self._paint(rendering.bundle())

    def end(self, rendering: Rendering, final: Final) -> None:
        """Paint what stays."""
        self._paint(final.bundle())

    def _paint(self, bundle: Bundle) -> None:
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class Once:
    """One output, when all is there."""

    def pause_s(self, rendering: Rendering) -> float:
        """Return a pause that does not end."""
        return float("inf")

    def show(self, rendering: Rendering) -> None:
        """Show nothing yet."""

    def end(self, rendering: Rendering, final: Final) -> None:
        """Display what stays."""
        display(final.bundle(), raw=True)


class Written:
    """The text on a terminal, with styles where it is Markdown and they are wanted."""

    def __init__(self, shell: InteractiveShell, view: View) -> None:
        self._light = str(shell.colors).lower() == "lightbg"
        self._quiet = terminal.dim if terminal.wanted(shell) else str
        self._styled = terminal.wanted(shell) and not view.fence
        self._begin()

    def _begin(self) -> None:
        self._length = 0
        self._thought = not self._styled  # it is not part of what a file keeps
        self._styler = terminal.Styler(light=self._light) if self._styled else None

    def pause_s(self, rendering: Rendering) -> float:
        """Return no pause: each piece is written as it comes."""
        return 0.0

    def show(self, rendering: Rendering) -> None:
        """Write what is new."""
        text = rendering.text
        if rendering.restarted:
            self._begin()
            write("\n")
        rendering.take()
        if rendering.waiting and not text:
            write(self._quiet(f"({plain(rendering.waiting)})") + "\n")
        if rendering.thinks and not self._thought:
            write(self._quiet("thinking …") + "\n")
            self._thought = True
        new = text[self._length :]
        write(self._styler.feed(new) if self._styler else plain(new))
        self._length = len(text)

    def end(self, rendering: Rendering, final: Final) -> None:
        """Write the rest, and the badge."""
        self.show(rendering)
        text, whole = plain(rendering.text), final.bundle()["text/plain"]
        if not (text or whole):
            return
        if self._styler:
            write(self._styler.close())
        gap = "\n\n" if text and not whole.startswith(text) else ""
        shown, _, last = whole.removeprefix(text).rpartition("\n")
        write(f"{gap}{shown}\n" if shown else gap)
        write(self._quiet(last) + "\n")


def surface(shell: InteractiveShell, view: View) -> Surface:
    """Return how an answer is shown here and now."""
    match front_ends.way(shell):
        case "text":
            return Written(shell, view)
        case "live":
            return LiveView()
        case "contained":
            return KeptView()
        case "updates":
            return Repainted()
        case "final":
            return Once()
