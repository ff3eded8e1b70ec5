"""One answer in a cell: live while it streams, then one static output.

Where a widget front end answers, a live view gets what changed; else the output is
painted again at growing intervals; in a terminal the text is written as it comes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

from IPython import display as ipython
from IPython.core.interactiveshell import InteractiveShell

from glmkit import render
from glmkit.client.call.streams import Stream
from glmkit.notebook import terminal
from glmkit.render.answer import Telling, told
from glmkit.render.answer.badge import NOTHING, About, badge_of, partial_of
from glmkit.render.answer.pace import Pace
from glmkit.render.answer.views import MARKDOWN, View
from glmkit.types.errors import Interrupted
from glmkit.types.events import Event
from glmkit.types.replies import Reply

#: An output by its MIME types.
Bundle = dict[str, str]

# IPython types it too loosely for a strict reading.
display: Any = ipython.display

#: Live answers in a row without a word of a view, after which none is awaited.
_PATIENCE = 3


class Views:
    """Whether the page's live views answer; they can only do so between cells."""

    def __init__(self) -> None:
        self.unanswered = 0

    def ready(self) -> None:
        """Note that a view spoke."""
        self.unanswered = 0

    def expected(self) -> bool:
        """Whether a page with widgets is likely to look at this kernel."""
        return self.unanswered < _PATIENCE and (
            bool(os.environ.get("JPY_SESSION_NAME") or os.environ.get("VSCODE_PID"))
            or "google.colab" in sys.modules
        )


views = Views()


class _Surface(Protocol):
    """A place where an answer is shown."""

    def begin(self) -> None:
        """Show that an answer is awaited."""

    def pause_s(self, telling: Telling) -> float:
        """Seconds to let pass before the next `show`."""

    def show(self, telling: Telling) -> None:
        """Show what is new."""

    def end(self, telling: Telling, final: Callable[[], Bundle]) -> None:
        """Leave the final output, which takes a moment to be made."""


class _Live:
    """A widget that gets what changed."""

    def begin(self) -> None:
        from glmkit_widgets.shared.answer import Answer

        views.unanswered += 1
        self._view = Answer(on_ready=views.ready)
        self._handle = display(self._view, display_id=True)

    def pause_s(self, telling: Telling) -> float:
        return telling.pause_s()

    def show(self, telling: Telling) -> None:
        self._view.feed.follow(telling)

    def end(self, telling: Telling, final: Callable[[], Bundle]) -> None:
        self.show(telling)
        bundle = final()
        self._view.replaced()
        self._handle.update(bundle, raw=True)
        self._view.close()


class _Painted:
    """An output that is painted again."""

    def begin(self) -> None:
        # Nothing would be seen yet, and each output costs a kernel half a millisecond.
        self._handle: Any = None

    def pause_s(self, telling: Telling) -> float:
        return telling.pause_s(whole=True)

    def show(self, telling: Telling) -> None:
        self._paint(telling.bundle())

    def end(self, telling: Telling, final: Callable[[], Bundle]) -> None:
        self._paint(final())

    def _paint(self, bundle: Bundle) -> None:
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class _Written:
    """The text on a terminal, with styles where it is Markdown and they are wanted."""

    def __init__(self, shell: InteractiveShell, view: View) -> None:
        self._light = str(shell.colors).lower() == "lightbg"
        self._quiet = terminal.dim if terminal.wanted(shell) else str
        self._styled = terminal.wanted(shell) and not view.fence

    def begin(self) -> None:
        self._length = 0
        self._thought = not self._styled  # it is no part of what a file keeps
        self._styler = terminal.Styler(light=self._light) if self._styled else None

    def pause_s(self, telling: Telling) -> float:
        return 0.0

    def show(self, telling: Telling) -> None:
        text = telling.text
        if telling.begun_anew:
            self.begin()
            sys.stdout.write("\n")
        telling.take()
        if telling.waiting and not text:
            sys.stdout.write(self._quiet(f"({render.plain(telling.waiting)})") + "\n")
        if telling.thinks and not self._thought:
            sys.stdout.write(self._quiet("thinking …") + "\n")
            self._thought = True
        new = text[self._length :]
        write = self._styler.feed if self._styler else render.plain
        sys.stdout.write(write(new))
        sys.stdout.flush()
        self._length = len(text)

    def end(self, telling: Telling, final: Callable[[], Bundle]) -> None:
        self.show(telling)
        told, whole = render.plain(telling.text), final()["text/plain"]
        if not (told or whole):
            return
        if self._styler:
            sys.stdout.write(self._styler.close())
        gap = "\n\n" if told and not whole.startswith(told) else ""
        shown, _, last = whole.removeprefix(told).rpartition("\n")
        sys.stdout.write(f"{gap}{shown}\n" if shown else gap)
        sys.stdout.write(self._quiet(last) + "\n")


class Display:
    """Folds the events of one answer to what the person sees; a context manager.

    `show(batch)` for each batch of events, then `end(reply)`. An exception that
    leaves the `with` marks what arrived as partial. `quiet` shows nothing; `about` is
    what the badge says of the cell.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        *,
        quiet: bool = False,
        view: View = MARKDOWN,
        about: About = NOTHING,
    ) -> None:
        self._surface = None if quiet else _surface(shell, view)
        self._view = view
        self._telling = Telling(view.fence)
        self.about = about
        self._pace = Pace(self._telling, self._show, self._pause_s)
        self._open = False

    def __enter__(self) -> Self:
        self._open = True
        if self._surface is not None:
            self._surface.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end(getattr(value, "reply", None), value)

    def show(self, events: Sequence[Event] = ()) -> None:
        """Take the next events; they are shown now or, if that was just done, later.

        A caller that waits for events may call it without any, so that nothing
        that came stays unseen.
        """
        self._pace.add(events)

    def follow(self, stream: Stream) -> None:
        """Show an answer while it arrives."""
        self._pace.follow(stream)

    def _show(self) -> None:
        if self._surface is not None:
            self._surface.show(self._telling)

    def _pause_s(self) -> float:
        return self._surface.pause_s(self._telling) if self._surface else 0.0

    def end(self, reply: Reply | None, error: BaseException | None = None) -> None:
        """Leave one static output: the answer, a note if it is not whole, the badge."""
        if self._open and self._surface is not None:
            self._surface.end(self._telling, partial(self._final, reply, error))
        self._open = False

    def whole(self, reply: Reply) -> None:
        """Show a reply that is there already."""
        self._telling = told(reply)
        if isinstance(self._surface, _Written):
            self._surface.begin()
            self._surface.end(self._telling, partial(self._final, reply))
        elif self._surface is not None:
            display(self._final(reply), raw=True)

    def _final(self, reply: Reply | None, error: BaseException | None = None) -> Bundle:
        if reply is None:
            return self._telling.final(None, partial_of(reply, error))
        shown = self._view.shown(reply) if error is None else None
        badge = badge_of(reply, self.about)
        return self._telling.final(badge, partial_of(reply, error), shown)


def read(stream: Stream, shown: Display, about: Callable[[Reply], About]) -> Reply:
    """Show an answer while it arrives; raise Interrupted with what had come."""
    with stream as answer, shown:
        try:
            shown.follow(answer)
        except KeyboardInterrupt:
            answer.close()
            raise Interrupted(answer.reply) from None
        shown.about = about(answer.reply)
        shown.end(answer.reply)
    return answer.reply


def _surface(shell: InteractiveShell, view: View) -> _Surface:
    if not hasattr(shell, "kernel"):
        return _Written(shell, view)
    return _Live() if views.expected() else _Painted()
