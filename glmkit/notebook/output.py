"""One answer in a cell: shown while it streams, then one static output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from IPython.core.interactiveshell import InteractiveShell

from glmkit.client.call.streams import Stream
from glmkit.notebook.front_ends import front_ends, place_of
from glmkit.notebook.surfaces import Bundle, Surface, surface
from glmkit.render import Badge
from glmkit.render.answer import Rendering, rendering_of
from glmkit.render.answer.badge import NOTHING, About, badge_of, partial_of
from glmkit.render.answer.pace import Pace
from glmkit.render.answer.views import MARKDOWN, Shown, View
from glmkit.types.errors import Interrupted
from glmkit.types.events import Event
from glmkit.types.plain_text import one_line, say
from glmkit.types.replies import Reply
from glmkit.types.translation import _


class Display:
    """Shows the events of one answer to the user; a context manager.

    `show(batch)` for each batch of events, then `end(reply)`. An exception that
    leaves the `with` marks what arrived as partial. `quiet` shows nothing; `about`
    returns what the badge says of the cell.

    The way to show it is chosen once, when there is something to show. A display that
    fails does not cost the answer: it is printed, with the fault below it.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        *,
        quiet: bool = False,
        view: View = MARKDOWN,
        about: Callable[[Reply], About] = lambda reply: NOTHING,
    ) -> None:
        self._shell = shell
        self._quiet = quiet
        self._view = view
        self._about = about
        self._rendering = Rendering(view.fence)
        self._pace = Pace(self._rendering, self._show, self._pause_s)
        self._stream: Stream | None = None
        self._surface: Surface | None = None
        self._fault: Exception | None = None
        self._open = False

    def __enter__(self) -> Self:
        self._open = True
        self._guarded(lambda: front_ends.probe(self._shell, place_of(self._shell)))
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
        """Show an answer while it arrives; a replayed one is shown at its end."""
        self._stream = stream
        self._pace.follow(stream)

    def _show(self) -> None:
        self._guarded(lambda: self._chosen().show(self._rendering))

    def _pause_s(self) -> float:
        if self._stream is not None and self._stream.replaying:
            return float("inf")
        self._guarded(self._choose)
        chosen = None if self._fault else self._surface
        return chosen.pause_s(self._rendering) if chosen else float("inf")

    def end(self, reply: Reply | None, error: BaseException | None = None) -> None:
        """Leave one static output: the answer, a note if it is not whole, the badge."""
        if not self._open:
            return
        self._open = False
        final = _Final(self._rendering, self._view, self._about, reply, error)
        if self._surface is not None or not final.empty:
            self._guarded(lambda: self._chosen().end(self._rendering, final))
        if self._fault is not None:
            _report(self._fault, self._rendering.text)

    def whole(self, reply: Reply) -> None:
        """Show a reply that is there already."""
        self._rendering, self._open = rendering_of(reply), True
        self.end(reply)

    def _choose(self) -> None:
        if self._surface is None:
            self._surface = surface(self._shell, self._view)

    def _chosen(self) -> Surface:
        self._choose()
        assert self._surface is not None
        return self._surface

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do what may fail in somebody else's display, unless it has failed already."""
        if self._quiet or self._fault is not None:
            return
        try:
            work()
        except Exception as exc:
            self._fault = exc


class _Final:
    """What stays of an answer, made when it is needed."""

    def __init__(
        self,
        rendering: Rendering,
        view: View,
        about: Callable[[Reply], About],
        reply: Reply | None,
        error: BaseException | None,
    ) -> None:
        self._rendering = rendering
        self._view = view
        self._about = about
        self._reply = reply
        self._error = error

    @property
    def empty(self) -> bool:
        """Whether nothing came before an error: the error says it all."""
        return self._error is not None and self._rendering.empty

    def bundle(self) -> Bundle:
        """Return it as an output."""
        return self._rendering.final(*self._parts())

    def html(self) -> str:
        """Return it as safe HTML without the frame of an output."""
        return self._rendering.inside(*self._parts())

    def _parts(self) -> tuple[Badge | None, str, Shown | None]:
        reply, partial = self._reply, partial_of(self._reply, self._error)
        if reply is None:
            return None, partial, None
        shown = self._view.shown(reply) if self._error is None else None
        return badge_of(reply, self._about(reply)), partial, shown


def _report(fault: Exception, text: str) -> None:
    """Print an answer that could not be displayed, and why, as far as that goes."""
    reason = one_line(f"{type(fault).__name__}: {fault}")
    with suppress(Exception):
        say(text)
    with suppress(Exception):
        say(
            _("The answer could not be displayed ({reason}).", reason=reason),
            _("It is kept: glmkit.last() returns the reply."),
            file=sys.stderr,
        )


def read(stream: Stream, shown: Display) -> Reply:
    """Show an answer while it arrives; raise Interrupted with what had come."""
    with stream as answer, shown:
        try:
            shown.follow(answer)
        except KeyboardInterrupt:
            answer.close()
            raise Interrupted(answer.reply) from None
        shown.end(answer.reply)
    return answer.reply
