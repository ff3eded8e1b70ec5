"""One answer on its way into a widget: asked, read and shown on a thread of its own."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable
from threading import Event, Thread

from glmkit.client.call.streams import Stream
from glmkit.render.answer import Rendering
from glmkit.render.answer.badge import NOTHING, About, badge_of, partial_of
from glmkit.render.answer.pace import Pace
from glmkit.render.answer.views import MARKDOWN, View
from glmkit.transport.background_loop import SETTLE_S
from glmkit.types.errors import Interrupted, told_of
from glmkit.types.plain_text import escaped
from glmkit.types.replies import Reply
from glmkit_widgets.shared.feed import Feed


class AnswerRun:
    """Asks, shows the answer as it comes, and ends with one finished text.

    `open` returns the stream that is read; it is called on the thread of the run, so
    that the tools of a conversation run there. `ended(run)` is called on it at the
    end, whatever came: then `.reply` holds what arrived, or None, and `.error` says
    why the answer is not whole. `grew()` is called there too, whenever more is shown.
    `badged` False leaves the line of costs to who shows them elsewhere.

    A notebook's cell does the same on the thread that waits for it.
    """

    def __init__(
        self,
        feed: Feed,
        open: Callable[[], Stream],
        ended: Callable[[AnswerRun], None] = lambda run: None,
        *,
        view: View = MARKDOWN,
        about: Callable[[], About] = lambda: NOTHING,
        grew: Callable[[], None] = lambda: None,
        badged: bool = True,
    ) -> None:
        self._feed = feed
        self._open = open
        self._ended = ended
        self._view = view
        self._about = about
        self._grew = grew
        self._badged = badged
        self._rendering = Rendering(view.fence)
        self._stream: Stream | None = None
        self._stop = Event()
        self._done = Event()
        self.reply: Reply | None = None
        self.error: BaseException | None = None
        #: When something to show came first, by the clock of `time.monotonic`.
        self.arrived_at: float | None = None
        #: The finished answer as the page shows it.
        self.html = ""

    def start(self) -> None:
        """Begin; returns at once."""
        context = contextvars.copy_context()
        Thread(
            target=context.run, args=(self._run,), name="glmkit widget", daemon=True
        ).start()

    @property
    def running(self) -> bool:
        """Whether the answer is still under way."""
        return not self._done.is_set()

    @property
    def text(self) -> str:
        """The answer's text, as far as it has come."""
        return self._rendering.text

    @property
    def stopping(self) -> bool:
        """Whether it was stopped; the thread may still be settling."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Close the connection; what arrived is kept and marked. From any thread."""
        self._stop.set()
        if self._stream is not None:
            self._stream.close()

    def wait(self, seconds: float = SETTLE_S) -> bool:
        """Wait until it has ended, and say whether it has."""
        return self._done.wait(seconds)

    def _run(self) -> None:
        try:
            self._read()
        except BaseException as exc:  # a stop cancels; whatever else is shown
            self.error = exc
        try:
            self._finish()
            self._ended(self)
        finally:
            self._done.set()

    def _read(self) -> None:
        if self._stop.is_set():
            return
        pace = Pace(self._rendering, self._show, self._rendering.pause_s)
        with self._open() as self._stream:
            pace.follow(self._stream, self._stop.is_set)

    def _show(self) -> None:
        if self.arrived_at is None and self._rendering.size:
            self.arrived_at = time.monotonic()
        self._feed.follow(self._rendering)
        self._grew()

    def _finish(self) -> None:
        """Keep what arrived, and show it as it stays."""
        arrived = self._stream.reply if self._stream is not None else None
        self.reply = arrived if arrived is not None and arrived.calls else None
        if self._stop.is_set():
            self.error = Interrupted(self.reply)
        self.html = self._html()
        self._feed.end(self.html)

    def _html(self) -> str:
        failed = self.error if isinstance(self.error, Exception) else None
        inside = wrong(failed) if failed else ""
        partial = partial_of(self.reply, self.error)
        if self.reply is None:
            badge, shown = None, None
        else:
            badge = badge_of(self.reply, self._about()) if self._badged else None
            shown = None if self.error else self._view.shown(self.reply)
        return self._rendering.inside(badge, partial, shown) + inside


def wrong(error: Exception) -> str:
    """Return an error as HTML: what happened, and the next step."""
    said, hint = told_of(error)
    step = f'<p class="glmkit-hint">{escaped(hint)}</p>' if hint else ""
    return f'<div class="glmkit-wrong" role="alert"><p>{escaped(said)}</p>{step}</div>'
